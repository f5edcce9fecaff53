"""Files that users write: every fault is named with its file and line, and no file can do harm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ocrsynth import assets
from ocrsynth.errors import AssetError, ExitCode

if TYPE_CHECKING:
    from pathlib import Path


def _refused(path: Path, text: str) -> None:
    with pytest.raises(AssetError, match=f"^{re.escape(text)}$") as caught:
        assets.read_yaml(path)
    assert caught.value.exit_code == ExitCode.ASSET


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recipe.yaml"


def test_a_mapping_is_read(path: Path) -> None:
    path.write_text("language: en\nrender: {height_px: 48}\nnote: „ąß字“\n", encoding="utf-8")
    assert assets.read_yaml(path) == {"language": "en", "render": {"height_px": 48}, "note": "„ąß字“"}


def test_a_byte_order_mark_is_no_part_of_a_key(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbflanguage: en\n")
    assert assets.read_yaml(path) == {"language": "en"}


def test_a_missing_file(path: Path) -> None:
    _refused(path, f"{path}: cannot be read, No such file or directory; check the path")


def test_a_folder(tmp_path: Path) -> None:
    _refused(tmp_path, f"{tmp_path}: cannot be read, Is a directory; check the path")


def test_not_utf8(path: Path) -> None:
    path.write_bytes("language: en\nname: Łódź\n".encode("iso8859-2"))
    _refused(path, f"{path}: is not UTF-8 at byte 19; save it as UTF-8")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "did not find expected ',' or ']'"),
        ("a: b: c\n", 1, "mapping values are not allowed in this context"),
        ("a: 1\n\tb: 2\n", 2, "found a tab character that violates indentation"),
        ("a: 'x\n", 2, "found unexpected end of stream"),
        ("a: 1\n---\nb: 2\n", 2, "but found another document"),
        ("ok: 1\n? [a]\n: 1\n", 2, "found unhashable key"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, None),
    ],
)
def test_a_syntax_error_is_named_with_its_line(path: Path, text: str, line: int, problem: str | None) -> None:
    path.write_text(text)
    if problem is None:
        problem = "could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'"
    _refused(path, f"{path}:{line}: is not valid YAML, {problem}")


@pytest.mark.parametrize("value", ["2024-13-45", "!!int many", "!!float much", "!!timestamp noon"])
def test_a_value_that_its_type_cannot_hold_is_named_with_its_file(path: Path, value: str) -> None:
    path.write_text(f"a: 1\nb: {value}\n")
    with pytest.raises(AssetError, match=f"^{re.escape(str(path))}(:2)?: is not valid YAML, "):
        assets.read_yaml(path)


def test_control_characters(path: Path) -> None:
    path.write_bytes(b"a: \x01\n")
    with pytest.raises(AssetError, match=f"^{re.escape(f'{path}: is not valid YAML, ')}.*#x0001"):
        assets.read_yaml(path)


def test_an_alias_bomb_is_refused_before_it_expands(path: Path) -> None:
    rows = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    path.write_text("\n".join(rows))
    _refused(path, f"{path}:2: uses a YAML alias '*a0'; write the value out")


def test_an_alias_to_itself_is_refused(path: Path) -> None:
    path.write_text("a: 1\nb: &x [*x]\n")
    _refused(path, f"{path}:2: uses a YAML alias '*x'; write the value out")


def test_deep_nesting_is_refused(path: Path) -> None:
    path.write_text("a: 1\nb: " + "[" * 5000 + "]" * 5000)
    _refused(path, f"{path}:2: is not valid YAML, it is nested too deeply")


def test_a_file_that_is_too_large_is_refused(path: Path) -> None:
    path.write_bytes(b"a: 1 #" + b"x" * 4_000_000)
    _refused(path, f"{path}: has more than the 4000000 bytes that a YAML file may have")


@pytest.mark.parametrize(
    ("text", "kind"), [("", "nothing"), ("# nothing\n", "nothing"), ("- 1\n- 2\n", "list"), ("en\n", "str"), ("5", "int")]
)
def test_what_is_no_mapping_is_refused(path: Path, text: str, kind: str) -> None:
    path.write_text(text)
    advice = "write 'key: value' lines, such as 'language: en'"
    _refused(path, f"{path}: must hold a mapping of keys to values, got {kind}; {advice}")


@pytest.mark.parametrize(("kind", "name"), [("alphabets", "en_Latn"), ("fonts", "default")])
def test_the_data_of_the_package_is_found(kind: str, name: str) -> None:
    assert name in assets.names(kind)
    assert assets.names(kind) == sorted(assets.names(kind))
    assert assets.read(kind, name)["id"] == name


def test_data_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(
        AssetError, match=f"^{re.escape('scents/: the folder is missing from this installation of ocrsynth; reinstall it')}$"
    ):
        assets.folder("scents")
    missing = f"{assets.folder('alphabets') / 'xx_Xxxx.yaml'}: cannot be read, No such file or directory; check the path"
    with pytest.raises(AssetError, match=f"^{re.escape(missing)}$"):
        assets.read("alphabets", "xx_Xxxx")
