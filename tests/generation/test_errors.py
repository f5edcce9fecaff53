"""Messages are an interface: each by its full text, from Python and from the command line, and nothing is written."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
import yaml
from commands import run_apart, run_here

from ocrsynth import Recipe, generate, make_sample
from ocrsynth.errors import (
    BY_EXIT_CODE,
    AssetError,
    CoverageError,
    ExitCode,
    MissingDependencyError,
    OcrsynthError,
    OutputError,
    RecipeError,
    SampleError,
    ThresholdError,
    VerifyError,
    WorkerError,
)
from ocrsynth.generation.parts import Part
from ocrsynth.generation.run import finish
from ocrsynth.generation.verify import verify
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator


def _tree(root: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else None for p in sorted(root.rglob("*"))}


def _cli(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return run_apart(folder, *arguments, **options) if options else run_here(folder, *arguments)


def _refused(done: subprocess.CompletedProcess[str], text: str, code: ExitCode) -> None:
    assert done.stderr == f"error: {text}\n"
    assert done.stdout == ""
    assert done.returncode == code


def _exactly(text: str) -> str:
    return f"^{re.escape(text)}$"


@pytest.fixture
def small() -> Recipe:
    return Recipe.for_language("en", preset="clean", output={"shard_size": 10})


def test_each_error_has_its_own_exit_code() -> None:
    codes = {
        OcrsynthError: 1,
        RecipeError: 2,
        AssetError: 3,
        CoverageError: 4,
        SampleError: 5,
        OutputError: 6,
        WorkerError: 7,
        VerifyError: 8,
        MissingDependencyError: 9,
        ThresholdError: 10,
    }
    assert {cls: int(cls.exit_code) for cls in codes} == codes
    assert {code: cls for cls, code in codes.items()} == BY_EXIT_CODE
    for cls, builtin in (
        (RecipeError, ValueError),
        (AssetError, FileNotFoundError),
        (OutputError, OSError),
        (MissingDependencyError, ImportError),
    ):
        assert issubclass(cls, builtin)
        assert issubclass(cls, OcrsynthError)
        assert str(cls("out/: is full")) == "out/: is full"
    assert ExitCode.INTERRUPTED == 130


def test_unknown_language(tmp_path: Path) -> None:
    with pytest.raises(RecipeError) as caught:
        Recipe.for_language("xx")
    advice = "give a BCP 47 tag such as 'en' or an id such as 'en_Latn'; ocrsynth languages lists them"
    text = f"language: no alphabet for 'xx'; {advice}"
    assert str(caught.value) == text
    _refused(_cli(tmp_path, "generate", "--lang", "xx", "-n", "3", "-o", "out"), text, ExitCode.RECIPE)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_language_offers_the_close_one() -> None:
    with pytest.raises(RecipeError, match=r"^language: no alphabet for 'en_Ltan'; did you mean 'en_Latn'\?$"):
        Recipe.for_language("en_Ltan")


_KEYS = "degrade, fonts, language, legibility, output, render, seed, styles, text"
_SEED_TEXT = "seed: must be a whole number from 0 to 9223372036854775807, got {}; take any such number"
_RECIPES: dict[str, tuple[str, str, type[OcrsynthError]]] = {
    "unknown key": (
        "rendr: {height_px: 32}",
        f"rendr: unknown key in a recipe, got 'rendr'; did you mean 'render'? (known: {_KEYS})",
        RecipeError,
    ),
    "unknown key of a section": (
        "output: {shard_sise: 3}",
        (
            "output: unknown key 'shard_sise'; did you mean 'shard_size'? "
            "(known: boxes, format, image, masks, quality, shard_size, split, unreadable)"
        ),
        RecipeError,
    ),
    "unknown key below a section": (
        "text: {case: {uper: 1}}",
        "text.case: unknown key 'uper'; did you mean 'upper'? (known: asis, mixed, sentence, title, upper)",
        RecipeError,
    ),
    "unknown key of an op": (
        "degrade: [{jpeg: {qality: [30, 90]}}]",
        "degrade[0].jpeg: unknown key 'qality'; did you mean 'quality'? (known: quality)",
        RecipeError,
    ),
    "reversed range": (
        "render: {margin_em: [0.5, 0.2]}",
        "render.margin_em: range is reversed, got [0.5, 0.2]; write it as [0.2, 0.5]",
        RecipeError,
    ),
    "reversed range of an op": (
        "degrade: [{rotation: {}}, {jpeg: {quality: [90, 30]}}]",
        "degrade[1].jpeg.quality: range is reversed, got [90, 30]; write it as [30, 90]",
        RecipeError,
    ),
    "number for a range": (
        "text: {length_clusters: 7}",
        "text.length_clusters: must be a range [low, high] of two numbers, got 7; write it as [7, 7]",
        RecipeError,
    ),
    "infinite range": (
        "text: {length_clusters: [1, .inf]}",
        "text.length_clusters: must be a range [low, high] of two finite numbers, got [1, inf]",
        RecipeError,
    ),
    "section that is no mapping": (
        "output: folder",
        "output: must be a mapping of keys to values, got 'folder'; write 'key: value' lines",
        RecipeError,
    ),
    "unknown format": (
        "output: {format: foldr}",
        "output.format: unknown format 'foldr'; did you mean 'folder'? (known: " + ", ".join(sorted(FORMATS)) + ")",
        RecipeError,
    ),
    "op that is no mapping": (
        "degrade: [{jpeg: 90}]",
        "degrade[0].jpeg: must be a mapping of keys to values, got 90; write 'key: value' pairs",
        RecipeError,
    ),
    "probability above one": (
        "degrade: [{jpeg: {p: 1.5}}]",
        "degrade[0].jpeg.p: must be a probability from 0 to 1, got 1.5; leave it out for 1",
        RecipeError,
    ),
    "weight of zero": (
        "text: {sources: [{words: {weight: 0}}]}",
        "text.sources[0].words.weight: must be a number above 0, got 0; leave it out for 1",
        RecipeError,
    ),
    "no case has a weight": (
        "text: {case: {asis: 0, sentence: 0, title: 0, upper: 0}}",
        "text.case: all weights are 0, got 0; give 'asis' a weight",
        RecipeError,
    ),
    "negative seed": ("seed: -1", _SEED_TEXT.format("-1"), RecipeError),
    "seed that is a truth": ("seed: true", _SEED_TEXT.format("True"), RecipeError),
    "seed beyond 63 bits": ("seed: 9223372036854775808", _SEED_TEXT.format("9223372036854775808"), RecipeError),
    "seed that is no whole number": ("seed: 1.5", _SEED_TEXT.format("1.5"), RecipeError),
    "missing font folder": (
        "fonts: {folders: [no/fonts]}",
        "fonts.folders: no such folder, got 'no/fonts'; check the path",
        AssetError,
    ),
    "unknown font set": (
        "fonts: {sets: [defualt]}",
        "fonts.sets: unknown font set 'defualt'; did you mean 'default'? (known: default)",
        AssetError,
    ),
}


@pytest.mark.parametrize("name", list(_RECIPES))
def test_a_wrong_recipe_is_refused_before_anything_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line, text, error = _RECIPES[name]
    with pytest.raises(error, match=_exactly(text)) as caught:
        generate(Recipe.from_dict({"language": "en", **yaml.safe_load(line)}), 3, tmp_path / "out")
    assert type(caught.value) is error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["unknown key", "reversed range of an op", "missing font folder"])
def test_a_wrong_recipe_file_is_named(name: str, tmp_path: Path) -> None:
    line, text, error = _RECIPES[name]
    (tmp_path / "my.yaml").write_text(f"language: en\n{line}\n")
    done = _cli(tmp_path, "generate", "my.yaml", "-n", "3", "-o", "out")
    # What is wrong with the text of the file bears its name and line; what is missing elsewhere does not.
    _refused(done, f"my.yaml:2: {text}" if error is RecipeError else text, error.exit_code)
    assert [p.name for p in tmp_path.iterdir()] == ["my.yaml"]


def test_a_recipe_without_language() -> None:
    text = "language: must name a language, got None; write for example 'language: en'"
    with pytest.raises(RecipeError, match=_exactly(text)):
        Recipe.from_dict({"seed": 3})


def test_unknown_preset(tmp_path: Path) -> None:
    folder = Path(sys.modules["ocrsynth.degrade.presets"].__file__ or "").parent / "presets"
    known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
    text = f"degrade: unknown preset 'scann'; did you mean 'scan'? (known: {known})"
    with pytest.raises(RecipeError, match=_exactly(text)):
        Recipe.for_language("en", preset="scann")
    _refused(_cli(tmp_path, "preview", "--lang", "en", "--preset", "scann", "-o", "s.png"), text, ExitCode.RECIPE)
    assert list(tmp_path.iterdir()) == []


def test_a_font_folder_without_fonts_and_one_with_a_broken_font(tmp_path: Path) -> None:
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    (fonts / "readme.txt").write_text("no font")
    text = f"fonts.folders: no font file in '{fonts}'; it needs files that end in "
    text += ".otc, .otf, .ttc, .ttf, .woff, .woff2"
    recipe = Recipe.for_language("en", fonts={"sets": [], "folders": [str(fonts)]})
    with pytest.raises(AssetError, match=_exactly(text)):
        generate(recipe, 3, tmp_path / "out")
    (fonts / "Broken.TTF").write_bytes(b"this is no font at all")
    with pytest.raises(
        AssetError, match=f"^fonts.folders: no font can be used, got {re.escape(str(fonts))}/Broken.TTF: is no font file; .+$"
    ):
        generate(recipe, 3, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_missing_and_unreadable_recipe_files(tmp_path: Path) -> None:
    text = "none.yaml: cannot be read, No such file or directory; check the path"
    for command in (("generate", "none.yaml", "-n", "3", "-o", "out"), ("render", "none.yaml", "--index", "0", "-o", "out")):
        _refused(_cli(tmp_path, *command), text, ExitCode.ASSET)
    assert list(tmp_path.iterdir()) == []
    path = tmp_path / "none.yaml"
    with pytest.raises(AssetError, match=_exactly(f"{path}: cannot be read, No such file or directory; check the path")):
        Recipe.load(path)
    unclosed = "did not find expected ',' or ']'"
    if not hasattr(yaml, "CSafeLoader"):
        unclosed = "expected ',' or ']', but got '<stream end>'"
    for content, text in (
        (b"language: en\nseed: [1\n", f":3: is not valid YAML, {unclosed}"),
        (
            b"- language: en\n",
            ": must hold a mapping of keys to values, got list; write 'key: value' lines, such as 'language: en'",
        ),
        (b"", ": must hold a mapping of keys to values, got nothing; write 'key: value' lines, such as 'language: en'"),
        (b"language: \xff\n", ": is not UTF-8 at byte 10; save it as UTF-8"),
        (b"language: &a en\nseed: *a\n", ":2: uses a YAML alias '*a'; write the value out"),
        (b"#" * 4_000_001, ": has more than the 4000000 bytes that a YAML file may have"),
    ):
        path.write_bytes(content)
        with pytest.raises(RecipeError, match=_exactly(f"{path}{text}")):
            Recipe.load(path)
    _refused(_cli(tmp_path, "generate", "none.yaml", "-n", "3", "-o", "out"), f"none.yaml{text}", ExitCode.RECIPE)


@pytest.mark.parametrize("n", [0, -5])
def test_count_and_workers_below_one(n: int, small: Recipe, tmp_path: Path) -> None:
    count = f"count: must be a whole number from 1 to 2**63 - 1, got {n}; say how many samples to make"
    workers = f"workers: must be a whole number from 1 to 2**63 - 1, got {n}; say how many processes to use"
    with pytest.raises(RecipeError, match=_exactly(count)):
        generate(small, n, tmp_path / "out")
    with pytest.raises(RecipeError, match=_exactly(workers)):
        generate(small, 3, tmp_path / "out", workers=n)
    if n == 0:
        _refused(_cli(tmp_path, "generate", "--lang", "en", "-n", "0", "-o", "out"), count, ExitCode.RECIPE)
        done = _cli(tmp_path, "generate", "--lang", "en", "-n", "3", "-o", "out", "--workers", "0")
        _refused(done, workers, ExitCode.RECIPE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n", [1e5, 3.5, "3", True, None, 2**63])
def test_counts_and_workers_that_are_no_whole_numbers(n: object, small: Recipe, tmp_path: Path) -> None:
    for name, wanted in (("count", "samples to make"), ("workers", "processes to use")):
        message = _exactly(f"{name}: must be a whole number from 1 to 2**63 - 1, got {n!r}; say how many {wanted}")
        with pytest.raises(RecipeError, match=message):
            generate(small, **({"count": 3, "out": tmp_path / "out"} | {name: n}))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_count_of_numpy(small: Recipe, tmp_path: Path) -> None:
    generate(small, np.int32(3), tmp_path / "out", workers=np.int64(1))  # type: ignore[arg-type]
    generate(small, 3, tmp_path / "same")
    assert (tmp_path / "out/plan.json").read_bytes() == (tmp_path / "same/plan.json").read_bytes()


@pytest.mark.parametrize(("given", "shown"), [("en", "'en'"), (None, "NoneType"), ({"language": "en"}, "dict")])
def test_what_is_no_recipe(given: Any, shown: str, tmp_path: Path) -> None:
    message = _exactly(f"recipe: must be a Recipe, got {shown}; Recipe.for_language, load and from_dict make one")
    with pytest.raises(RecipeError, match=message):
        generate(given, 3, tmp_path / "out")
    with pytest.raises(RecipeError, match=message):
        make_sample(given, 0)
    assert list(tmp_path.iterdir()) == []


def test_no_recipe_and_two_recipes(tmp_path: Path) -> None:
    text = "--lang: neither a recipe nor a language is given, got None; say for example --lang en"
    _refused(_cli(tmp_path, "generate", "-n", "3", "-o", "out"), text, ExitCode.RECIPE)
    text = "--lang: a recipe names its own language, got 'en' beside 'my.yaml'; give one of the two"
    _refused(_cli(tmp_path, "generate", "my.yaml", "--lang", "en", "-n", "3", "-o", "out"), text, ExitCode.RECIPE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("path", "why"), [("file/out", "cannot be made, Not a directory"), ("file", "is a file")])
def test_output_that_cannot_be_a_folder(path: str, why: str, small: Recipe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    out = tmp_path / path
    text = "{}/: {}; choose a folder that you may write to"
    with pytest.raises(OutputError, match=_exactly(text.format(out, why))):
        generate(small, 3, out)
    done = _cli(tmp_path, "generate", "--lang", "en", "-n", "3", "-o", path)
    _refused(done, text.format(path, why), ExitCode.OUTPUT)
    assert _tree(tmp_path) == {"file": b"precious"}


@pytest.mark.parametrize("command", [("render", "--index", "0"), ("preview", "-n", "1")])
def test_render_and_preview_that_cannot_write(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    what, path = ("folder", "file/out") if command[0] == "render" else ("file", "file/out.png")
    done = _cli(tmp_path, *command, "--lang", "en", "-o", path)
    _refused(done, f"{path}: cannot be written, Not a directory; choose another {what}", ExitCode.OUTPUT)
    assert _tree(tmp_path) == {"file": b"precious"}


def test_a_place_where_the_kernel_makes_no_folders(small: Recipe) -> None:
    out = Path("/proc/ocrsynth")
    text = "/proc/ocrsynth/: cannot be made, No such file or directory; choose a folder that you may write to"
    with pytest.raises(OutputError, match=_exactly(text)):
        generate(small, 3, out)


@pytest.mark.parametrize("others", [["notes.txt"], ["a", "b.txt", "c"], [".git"], ["dataset.json"], ["NOTICE"]])
def test_a_folder_that_holds_something_else(others: list[str], small: Recipe, tmp_path: Path) -> None:
    for name in others:
        (tmp_path / name).write_text("precious")
    before = _tree(tmp_path)
    text = f"is not empty and holds no plan, got {others[0]!r} and {len(others) - 1} more; choose an empty folder"
    with pytest.raises(OutputError, match=_exactly(f"{tmp_path}/: {text}")):
        generate(small, 3, tmp_path)
    if len(others) == 3:
        _refused(_cli(tmp_path, "generate", "--lang", "en", "-n", "3", "-o", "."), f"./: {text}", ExitCode.OUTPUT)
    assert _tree(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["data/thesis.txt", "data/000000.tar", "receipts/tax.pdf", "film.part-1.rar", "recipe.lock.yaml"]
)
def test_files_of_the_user_are_never_removed(name: str, small: Recipe, tmp_path: Path) -> None:
    """The folder holds no plan, so nothing in it is ours, whatever its name is."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("precious")
    before = _tree(tmp_path)
    with pytest.raises(OutputError, match=r"is not empty and holds no plan, got .+; choose an empty folder$"):
        generate(small, 3, tmp_path)
    assert _tree(tmp_path) == before


def test_files_of_the_user_in_a_finished_data_set_stay(small: Recipe, tmp_path: Path) -> None:
    generate(small, 12, tmp_path)
    (tmp_path / "film.part-1.rar").write_text("precious")
    (tmp_path / "README.md").write_text("precious")
    generate(small, 12, tmp_path)
    assert (tmp_path / "film.part-1.rar").read_text() == "precious"
    assert (tmp_path / "README.md").read_text() == "precious"


def _fingerprint(recipe: Recipe) -> str:
    import hashlib

    return hashlib.sha256(recipe.locked().encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    "changes",
    [{"seed": 5}, {"output": {"format": "folder"}}, {"output": {"shard_size": 5}}, {"render": {"height_px": 33}}],
    ids=["seed", "format", "shard_size", "height"],
)
def test_a_folder_with_the_data_set_of_another_recipe(changes: dict[str, Any], small: Recipe, tmp_path: Path) -> None:
    generate(small, 12, tmp_path)
    before = _tree(tmp_path)
    other = small.with_changes(**changes)
    text = (
        f"{tmp_path}/: holds a data set of recipe {_fingerprint(small)}, but this recipe is {_fingerprint(other)}; "
        "choose an empty folder"
    )
    with pytest.raises(OutputError, match=_exactly(text)):
        generate(other, 12, tmp_path)
    assert _tree(tmp_path) == before


def test_a_folder_with_another_count(small: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate(small, 12, out)
    before = _tree(out)
    text = "{}/: holds a data set with count 12, but this run has 13; choose an empty folder"
    with pytest.raises(OutputError, match=_exactly(text.format(out))):
        generate(small, 13, out)
    options = ("--lang", "en", "--preset", "clean", "--shard-size", "10", "-o", "out")
    _refused(_cli(tmp_path, "generate", *options, "-n", "13"), text.format("out"), ExitCode.OUTPUT)
    assert _tree(out) == before


def test_a_broken_plan(small: Recipe, tmp_path: Path) -> None:
    generate(small, 12, tmp_path)
    path = tmp_path / "plan.json"
    good = path.read_bytes()
    for content in (b"", good[:40], b"[]", b'{"schema": 1}', b"\xff\xfe", b"null"):
        path.write_bytes(content)
        before = _tree(tmp_path)
        pattern = rf"^{re.escape(str(path))}: is not a plan of this version of ocrsynth, .+; generate into another folder$"
        for call in (lambda: generate(small, 12, tmp_path), lambda: verify(tmp_path)):
            with pytest.raises(OutputError, match=pattern):
                call()
        assert _tree(tmp_path) == before


def test_a_changed_lock(small: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate(small, 12, out)
    path = out / "recipe.lock.yaml"
    path.write_bytes(path.read_bytes().replace(b"seed: 0", b"seed: 1"))
    text = "recipe.lock.yaml: was changed after plan.json was written; restore it or generate into another folder"
    with pytest.raises(OutputError, match=_exactly(f"{out}/{text}")):
        verify(out)
    _refused(_cli(tmp_path, "verify", "out"), f"out/{text}", ExitCode.OUTPUT)
    path.unlink()
    text = f"{path}: cannot be read, No such file or directory; generate into another folder"
    with pytest.raises(OutputError, match=_exactly(text)):
        verify(out)


def test_a_lock_of_another_installation(small: Recipe, tmp_path: Path) -> None:
    lock = yaml.safe_load(small.locked())
    lock["lock"]["opencv"] = "1.2.3"
    path = tmp_path / "recipe.lock.yaml"
    path.write_text(yaml.safe_dump(lock))
    import cv2

    text = (
        f"{path}: lock.opencv: this installation would make other samples, got {cv2.__version__!r} where the lock has '1.2.3'; "
        "install what the lock names, or remove the lock section"
    )
    with pytest.raises(AssetError, match=_exactly(text)):
        Recipe.load(path)


def test_verify_of_what_is_no_data_set(tmp_path: Path) -> None:
    text = "{}/: holds no data set, for plan.json is missing; give a folder that ocrsynth generate made"
    for out in (tmp_path, tmp_path / "none"):
        with pytest.raises(OutputError, match=_exactly(text.format(out))):
            verify(out)
    _refused(_cli(tmp_path, "verify", "none"), text.format("none"), ExitCode.OUTPUT)
    (tmp_path / "file").write_text("precious")
    _refused(_cli(tmp_path, "verify", "file"), text.format("file"), ExitCode.OUTPUT)


_FULL = "{}/: cannot be written, {}; free or fix it and run again to resume"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 600 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(["mount", *options], check=False).returncode != 0:
        pytest.skip("only root can mount a disk; the limit on file sizes is tested everywhere")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("fmt", ["webdataset", "folder"])
def test_a_full_disk(workers: int, fmt: str, tiny_disk: Path) -> None:
    out = tiny_disk / "out"
    recipe = Recipe.for_language("en", output={"format": fmt, "shard_size": 10})
    with pytest.raises(OutputError, match=_exactly(_FULL.format(out, "No space left on device"))):
        generate(recipe, 300, out, workers=workers)
    done = len(list((out / "receipts").glob("*.json")))
    assert 0 < done < 30
    assert not (out / "dataset.json").exists()
    subprocess.run(["mount", "-o", "remount,size=8m", str(tiny_disk)], check=True)
    result = generate(recipe, 300, out, workers=workers)
    assert result.resumed_shards == done
    assert verify(out).findings == []
    assert not [p for p in out.rglob("*") if ".part" in p.name]


def test_a_disk_too_full_to_begin(tiny_disk: Path, small: Recipe) -> None:
    left = os.statvfs(tiny_disk)
    (tiny_disk / "ballast").write_bytes(bytes(left.f_bavail * left.f_frsize))
    out = tiny_disk / "out"
    with pytest.raises(OutputError, match=_exactly(_FULL.format(out, "No space left on device"))):
        generate(small, 12, out)
    (tiny_disk / "ballast").unlink()
    generate(small, 12, out)
    assert verify(out).findings == []
    assert not [p for p in out.rglob("*") if ".part" in p.name]


def test_a_disk_that_can_only_be_read(tiny_disk: Path, small: Recipe) -> None:
    out = tiny_disk / "out"
    out.mkdir()
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(OutputError, match=_exactly(_FULL.format(out, "Read-only file system"))):
        generate(small, 12, out)
    below = out / "below"
    text = f"{below}/: cannot be made, Read-only file system; choose a folder that you may write to"
    with pytest.raises(OutputError, match=_exactly(text)):
        generate(small, 12, below)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_limit_on_the_size_of_files(workers: str, tmp_path: Path) -> None:
    """As a quota: shards of 200 samples do not fit, the small files do."""
    command = ("generate", "--lang", "en", "-n", "400", "--shard-size", "200", "-o", "out", "-q", "--workers", workers)
    limit = 100_000
    done = _cli(tmp_path, *command, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    # With workers the path is the one they are given, absolute.
    assert done.stderr in {f"error: {_FULL.format(out, 'File too large')}\n" for out in ("out", tmp_path / "out")}
    assert (done.returncode, done.stdout) == (ExitCode.OUTPUT, "")
    assert list((tmp_path / "out/receipts").iterdir()) == []
    again = _cli(tmp_path, *command)
    assert again.returncode == 0, again.stderr
    assert verify(tmp_path / "out").findings == []
    assert not [p for p in (tmp_path / "out").rglob("*") if ".part" in p.name]


def _too_faint(size: int) -> Recipe:
    faint = {"brightness_grey": [0, 0], "contrast_ratio": [0.05, 0.05], "p": 0.9}
    return Recipe.from_dict(
        {
            "language": "en",
            "degrade": [{"brightness_contrast": faint}],
            "legibility": {"attempts": 1},
            "output": {"shard_size": size},
        }
    )


_REJECTED = re.compile(
    r"^legibility\.rejects_per_sample: (\d+) draws of (\d+) samples were rejected as 'low_contrast', more than 1 a sample; "
    r"what is delivered would not be what the recipe asks for, so mend its cause$"
)


def _rejected(out: Path) -> tuple[int, int]:
    receipts = [orjson.loads(p.read_bytes()) for p in (out / "receipts").iterdir()]
    statistics = [r["statistics"] for r in receipts]
    return sum(s["rejected"]["low_contrast"] for s in statistics), sum(s["samples"] for s in statistics)


def test_too_many_rejections(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(SampleError, match=_REJECTED) as caught:
        generate(_too_faint(100), 600, out)
    found = _REJECTED.match(str(caught.value))
    assert found is not None
    rejected, samples = map(int, found.groups())
    # It says so as soon as 200 samples tell, and the numbers are those of the receipts.
    assert samples == 200
    assert (rejected, samples) == _rejected(out)
    assert not (out / "dataset.json").exists()
    (tmp_path / "faint.yaml").write_text(yaml.safe_dump(_too_faint(100).to_dict()))
    done = _cli(tmp_path, "generate", "faint.yaml", "-n", "600", "-o", "two", "--workers", "2", "-q")
    assert _REJECTED.match(done.stderr.removeprefix("error: ").rstrip("\n")), done.stderr
    assert (done.returncode, done.stdout) == (ExitCode.SAMPLE, "")
    assert not (tmp_path / "two/dataset.json").exists()


def test_too_many_lines_that_are_too_wide(tmp_path: Path) -> None:
    narrow = {"render": {"max_width_px": 400}, "text": {"length_clusters": [10, 40]}, "legibility": {"rejects_per_sample": 0.1}}
    recipe = Recipe.for_language("en", preset="clean", **narrow)
    text = (
        r"^legibility\.rejects_per_sample: \d+ draws of 200 samples were rejected as 'too_wide', more than 0\.1 a sample; "
        r"what is delivered would not be what the recipe asks for, so raise render\.max_width_px, or lower "
        r"text\.length_clusters or render\.height_px$"
    )
    with pytest.raises(SampleError, match=text):
        generate(recipe, 200, tmp_path / "out")


def test_too_many_rejections_are_not_forgiven_when_run_again(tmp_path: Path) -> None:
    """Each run of a recipe that cannot be delivered fails; going on where the last one failed must not get around it."""
    out = tmp_path / "out"
    for _ in range(4):
        with pytest.raises(SampleError, match=_REJECTED):
            generate(_too_faint(100), 300, out)
        assert not (out / "dataset.json").exists()


def test_more_rejections_can_be_allowed(tmp_path: Path) -> None:
    recipe = _too_faint(100).with_changes(legibility={"rejects_per_sample": 3.0})
    assert generate(recipe, 300, tmp_path).statistics.rejected["low_contrast"] > 300


@pytest.mark.parametrize(("fmt", "package"), [("lmdb", "lmdb"), ("parquet", "pyarrow"), ("kraken", "pyarrow")])
def test_a_package_that_is_missing_is_told_before_anything_is_written(
    fmt: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    recipe = Recipe.for_language("en", output={"format": ["webdataset", fmt]})
    with pytest.raises(MissingDependencyError, match=f"^format '{fmt}': needs package {package}, which is not installed"):
        generate(recipe, 5, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_only_a_weaker_chain_left_legible_is_counted(tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", preset="receipt", seed=3, output={"format": "folder"})
    result = generate(recipe.with_changes(legibility={"attempts": 1, "min_contrast_grey": 60}), 100, tmp_path)
    labels = (tmp_path / "data/labels.jsonl").read_text(encoding="utf-8").splitlines()
    left = [json.loads(line)["provenance"].get("weakened") for line in labels]
    assert {share for share in left if share is not None} <= {0.5, 0.25, 0.0}
    assert result.statistics.weakened == sum(share is not None for share in left) > 3
    assert json.loads((tmp_path / "dataset.json").read_bytes())["weakened"] == result.statistics.weakened


def test_rejections_are_told_as_they_come(tmp_path: Path) -> None:
    class Heard:
        def __init__(self) -> None:
            self.samples = 0
            self.rejected: Counter[str] = Counter()

        def start(self, total: int, already: int) -> None:
            pass

        def advance(self, samples: int, rejected: dict[str, int]) -> None:
            self.samples += samples
            self.rejected.update(rejected)

    heard = Heard()
    recipe = _too_faint(100).with_changes(legibility={"rejects_per_sample": 3.0}, text={"length_clusters": [1, 4]})
    result = generate(recipe, 70, tmp_path, progress=heard)
    assert result.statistics.rejected["low_contrast"] > 50
    assert (heard.samples, heard.rejected) == (70, result.statistics.rejected)


def test_a_negative_index(small: Recipe) -> None:
    from ocrsynth import make_sample

    with pytest.raises(ValueError, match=_exactly("index: must be a whole number from 0 to 2**64 - 1, got -1")):
        make_sample(small, -1)


def test_parts_that_rejected_too_much_are_no_data_set(tmp_path: Path) -> None:
    """Each part was told so; what they make together is not finished either."""
    legibility = {"min_contrast_grey": 80, "rejects_per_sample": 0.01}
    recipe = Recipe.for_language("en", preset="scan", legibility=legibility, output={"shard_size": 200})
    for number in (1, 2):
        with pytest.raises(SampleError, match="rejects_per_sample"):
            generate(recipe, 400, tmp_path / "out", part=Part(number, 2))
    assert len(list((tmp_path / "out/receipts").iterdir())) == 2
    with pytest.raises(SampleError, match="rejects_per_sample"):
        finish(tmp_path / "out")
    assert not (tmp_path / "out/dataset.json").exists()
