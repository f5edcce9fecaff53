"""The check of recipes: every fault with its line, and what a right recipe resolves to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ocrsynth import Recipe
from ocrsynth.check import check
from ocrsynth.errors import ExitCode, RecipeError
from ocrsynth.fonts import catalogue
from ocrsynth.locations import Locations, parsed, written

if TYPE_CHECKING:
    from pathlib import Path

_FAULTY = """\
# Sixteen faults, each in a line of its own.
language: en
seed: -4
rendr: {}
text:
  length_clusters: [9, 3]
  sources:
    - words: {wieght: 2}
    - wrods:
    - corpus: {}
render:
  height_px: 48
  heigth_px: 48
  paper_grey: [250, 175]
  height_px: 32
degrade:
  - jpeg: {quality: [40, 90]}
  - gausian_blur: {sigma_em: [0, 1]}
  - one_of:
      p: 2
      ops:
        - fax: {resolution_em: [1, 2]}
        - foge:
  - jpeg: {p: yes}
output:
  format: [webdatset]
  split: {train: 2}
"""
_FOUND = [
    (3, "seed: must be a whole number from 0"),
    (4, "rendr: unknown key in a recipe, got 'rendr'; did you mean 'render'?"),
    (6, "text.length_clusters: range is reversed, got [9, 3]; write it as [3, 9]"),
    (8, "text.sources[0].words: unknown key 'wieght'; known: "),
    (9, "text.sources[1]: unknown text source 'wrods'; did you mean 'words'?"),
    (10, "text.sources[2].corpus.file: field required, got {}"),
    (13, "render: unknown key 'heigth_px'; did you mean 'height_px'?"),
    (14, "render.paper_grey: range is reversed, got [250, 175]; write it as [175, 250]"),
    (15, "render.height_px: stands twice, in lines 12 and 15; keep one"),
    (18, "degrade[1]: unknown degrade op 'gausian_blur'; did you mean 'gaussian_blur'?"),
    (20, "degrade[2].one_of.p: must be a probability from 0 to 1, got 2"),
    (22, "degrade[2].one_of.ops[0].fax.resolution_em: must lie within [6, 60], got [1, 2]"),
    (23, "degrade[2].one_of.ops[1]: unknown degrade op 'foge'; did you mean 'fog'?"),
    (24, "degrade[3].jpeg.p: must be a probability from 0 to 1, got True"),
    (26, "output.format: unknown format 'webdatset'; did you mean 'webdataset'?"),
    (27, "output.split: shares must add up to 1, got 2"),
]


def test_every_fault_is_found_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(_FAULTY, encoding="utf-8")
    verdict = check(path)
    assert [fault.line for fault in verdict.faults] == [line for line, _ in _FOUND]
    for fault, (line, text) in zip(verdict.faults, _FOUND, strict=True):
        assert fault.message.startswith(text)
        assert str(fault) == f"{path}:{line}: {fault.message}"
        assert fault.exit_code is ExitCode.RECIPE
    assert (verdict.recipe, verdict.resolved) == (None, {})
    assert path.read_text(encoding="utf-8") == _FAULTY


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ("langauge: en", "langauge: unknown key in a recipe, got 'langauge'; did you mean 'language'?"),
        ("language: English", "language: no alphabet for 'English'; did you mean 'en_Latn'?"),
        ("language: 7", "language: must name a language, got 7"),
    ],
)
def test_a_wrong_language_hides_no_other_fault(first: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(f"{first}\nseed: -1\ndegrade:\n  - jpgg:\n", encoding="utf-8")
    language, seed, op = check(path).faults
    assert (language.line, seed.line, op.line) == (1, 2, 4)
    assert language.message.startswith(message)


_FAULTY_ENTRIES = """\
language: en
text:
  sources:
    - pattern:
        templates:
          - "{nothing}"
          - ok
          - "(a|b"
          - {text: "[z", weight: 2}
          - {text: x, weight: -1}
          - {txt: x}
    - corpus: {file: /nowhere}
    - words:
fonts: {families: [Nobody]}
"""
_ENTRY = "text.sources[0].pattern.templates"
_FOUND_LATER = [
    (6, f"{_ENTRY}[0]: column 1: has no generator 'nothing', got '{{nothing}}'; known: address, "),
    (8, f"{_ENTRY}[2]: column 1: has a group without its end, got '(a|b'; write ')' or '|' there"),
    (9, f"{_ENTRY}[3]: column 1: has a class without its end, got '[z'; write ']' behind it"),
    (10, f"{_ENTRY}[4].weight: must be above 0, got -1; give a larger one"),
    (11, f"{_ENTRY}[5]: unknown key 'txt'; did you mean 'text'?"),
    (12, "/nowhere: no such text file; check the path"),
    (14, "fonts.families: no family 'Nobody' in the sets and folders; "),
]


def test_every_fault_is_found_that_shows_beside_alphabet_and_fonts(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(_FAULTY_ENTRIES, encoding="utf-8")
    faults = check(path).faults
    assert [fault.line for fault in faults] == [line for line, _ in _FOUND_LATER]
    for fault, (_, text) in zip(faults, _FOUND_LATER, strict=True):
        assert fault.message.startswith(text)


def test_a_fault_of_a_style_is_told_once_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "style.yaml"
    path.write_text(
        "language: en\n"
        "text: {sources: [{foreign: {languages: [de]}}]}\n"
        "styles:\n"
        "  - {name: a, degrade: clean}\n"
        "  - name: b\n"
        "    degrade: clean\n"
        "    text: {sources: [{foreign: {languages: [ru]}}]}\n",
        encoding="utf-8",
    )
    [fault] = check(path).faults
    assert fault.line == 7
    assert fault.message.startswith("styles[1].text.sources[0].foreign.languages: must be written with the letters of English")


_EMPTY_GROUP = "one_of.ops: must list the members of the group, got []; write 'ops: [- op: {…}, …]'"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("degrade:\n  - one_of:\n      ops: []\n", 4, f"degrade[0].{_EMPTY_GROUP}"),
        ("degrade:\n  - one_of:\n      p: 0.5\n      ops: []\n", 5, f"degrade[0].{_EMPTY_GROUP}"),
        ("styles:\n  - {name: a, degrade: [one_of: {ops: []}]}\n", 3, f"styles[0].degrade[0].{_EMPTY_GROUP}"),
        (
            "styles:\n  - {name: a, degrade: clean}\n  - {name: b}\n  - {name: a, degrade: scan}\n",
            5,
            "styles[2].name: two styles have this name, got 'a'; give each its own",
        ),
        (
            "text: {sources: [{corpus: {file: 12}}]}\n",
            2,
            "text.sources[0].corpus.file: must be text, got 12",
        ),
        ("render: {paper: {kraft: a}}\n", 2, "render.paper.kraft: must be a number, got 'a'"),
        ("output: {split: {a: x, test: 0.5}}\n", 2, "output.split.a: must be a number, got 'x'"),
    ],
)
def test_what_lacks_when_a_fault_is_taken_out_is_no_fault(text: str, line: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(f"language: en\n{text}", encoding="utf-8")
    [fault] = check(path).faults
    assert fault.line == line
    assert fault.message.startswith(message)


def test_behind_two_styles_of_one_name_other_faults_are_found(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(
        "language: en\nstyles:\n  - {name: a}\n  - {name: a, render: {hight: 3}}\n  - {name: a, weight: 0}\n", encoding="utf-8"
    )
    assert [(fault.line, fault.message.partition(":")[0]) for fault in check(path).faults] == [
        (4, "styles[1].name"),
        (4, "styles[1].render"),
        (5, "styles[2].weight"),
        (5, "styles[2].name"),
    ]


_NOBODY = "fonts.families: no family 'Nobody' in the sets and folders; "


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("seed: -1\nfonts:\n  families: [Nobody]\n", {2: "seed: ", 4: _NOBODY}),
        ("fonts:\n  italic: 3\n  families: [Nobody]\n", {3: "fonts.italic: ", 4: _NOBODY}),
        (
            "seed: -1\nstyles:\n  - {name: a}\n  - {name: b, fonts: {families: [Nobody]}}\n",
            {2: "seed: ", 5: f"styles[1].{_NOBODY}"},
        ),
        # The family may be in the fonts that these keys were to name.
        ("fonts:\n  folders: 5\n  families: [Nobody]\n", {3: "fonts.folders: "}),
        ("fonts:\n  foldrs: [5]\n  families: [Nobody]\n", {3: "fonts: unknown key 'foldrs'"}),
        ("fonts:\n  families: [Nobody]\nfolder: [mine]\n", {4: "folder: unknown key"}),
    ],
)
def test_unknown_families_are_told_beside_other_faults(text: str, lines: dict[int, str], tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(f"language: en\n{text}", encoding="utf-8")
    faults = check(path).faults
    assert [fault.line for fault in faults] == list(lines)
    for fault, begin in zip(faults, lines.values(), strict=True):
        assert fault.message.startswith(begin)


def test_keys_without_effect_are_told(tmp_path: Path) -> None:
    path = tmp_path / "idle.yaml"
    styles = "styles:\n  - {name: a, degrade: clean, text: {length_clusters: [1, 5]}}\n  - {name: b, degrade: scan"
    head = "language: en\ntext: {length_clusters: [2, 3], empty_share: 0.1}\n"
    path.write_text(f"{head}{styles}, text: {{length_clusters: [1, 9]}}}}\n", encoding="utf-8")
    assert check(path).notes == [
        "without effect, for every style says something else: text.length_clusters; change it in the styles"
    ]
    path.write_text(f"{head}{styles}}}\n", encoding="utf-8")
    assert check(path).notes == []


def test_a_recipe_written_out_in_full_has_no_keys_without_effect() -> None:
    recipe = Recipe.for_language("en")
    assert Recipe.from_dict(recipe.to_dict()).idle == ()
    assert recipe.with_changes(render={"height_px": 48}).idle == ()


def test_other_commands_name_the_first_line_too(tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text("language: en\n\ndegrade:\n  - jpeg:\n  - jpg:\n", encoding="utf-8")
    with pytest.raises(RecipeError, match=f"^{re.escape(f'{path}:5: degrade[1]: unknown degrade op')}"):
        Recipe.load(path)
    path.write_text("language: en\nseed: 1\nlanguage: pl\n", encoding="utf-8")
    text = f"{path}:3: language: stands twice, in lines 1 and 3; keep one"
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        Recipe.load(path)


@pytest.mark.parametrize(
    ("text", "line", "message", "code"),
    [
        ("language: en\nseed: [1\n", 3, "is not valid YAML, ", ExitCode.RECIPE),
        ("a: &x 1\nlanguage: en\nb: *x\n", 3, "uses a YAML alias '*x'; write the value out", ExitCode.RECIPE),
        ("- language: en\n", None, "must hold a mapping of keys to values, got list", ExitCode.RECIPE),
        ("seed: 1\n", None, "language: must name a language, got None", ExitCode.RECIPE),
        ("seed: 1\nlanguage: xx-Nowhere\n", 2, "language: no alphabet for 'xx-Nowhere'", ExitCode.RECIPE),
        (
            "language: en\ntext:\n  sources:\n    - corpus: {file: none.txt}\n",
            4,
            "none.txt: no such text file; check the path",
            ExitCode.ASSET,
        ),
        ("language: en\nfonts:\n  folders: [none]\n", 3, "fonts.folders: no such folder, got 'none'", ExitCode.ASSET),
        ("language: en\nfonts:\n  sets: [none]\n", 3, "fonts.sets: unknown font set 'none'", ExitCode.ASSET),
        ("seed: 1\nlanguage: am\n", 2, "am_Ethi: no font of ", ExitCode.COVERAGE),
        ("language: en\nfonts: {families: [Lara]}\n", 2, "fonts.families: no family 'Lara'", ExitCode.RECIPE),
        ("language: en\nlock: {harfbuzz: '1'}\n", 2, "lock.", ExitCode.ASSET),
    ],
)
def test_faults_of_files_and_fonts(
    text: str, line: int | None, message: str, code: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    [fault] = check("r.yaml").faults
    assert fault.message.startswith(message)
    assert (fault.file, fault.line, fault.exit_code) == ("r.yaml", line, code)


def test_a_missing_file() -> None:
    [fault] = check("none.yaml").faults
    assert str(fault) == "none.yaml: cannot be read, No such file or directory; check the path"


def test_what_a_right_recipe_resolves_to(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("language: el\nseed: 5\noutput: {format: [folder, lmdb]}\n", encoding="utf-8")
    verdict = check(path)
    assert (verdict.faults, verdict.notes) == ([], [])
    assert verdict.recipe == Recipe.load(path)
    found = verdict.resolved
    assert found["language"] == {"id": "el_Grek", "name": "Greek", "script": "Grek", "direction": "ltr"}
    assert found["alphabet"]["letters"] > 48
    assert "EB Garamond" in found["fonts"]["families"]
    assert "Caveat" not in found["fonts"]["families"]
    assert found["fonts"]["of_families"] == len(catalogue.load(("default",), ()))
    # Each is rounded to four places.
    assert sum(source["share"] for source in found["sources"]) == pytest.approx(1, abs=5e-5 * len(found["sources"]))
    assert found["output"] == {"format": ["folder", "lmdb"], "image": "jpg"}
    assert [p.name for p in tmp_path.iterdir()] == ["r.yaml"]


def test_what_a_run_would_do_without_is_told(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("good words of a file\nпривет\n", encoding="utf-8")
    path = tmp_path / "r.yaml"
    path.write_text(f"language: en\ntext: {{sources: [{{corpus: {{file: {tmp_path}/corpus.txt}}}}]}}\n", encoding="utf-8")
    verdict = check(path)
    assert verdict.faults == []
    [note] = verdict.notes
    assert note.startswith(f"{tmp_path}/corpus.txt: ")


def test_paths_are_read_as_messages_write_them() -> None:
    for text in ("seed", "render.paper", "degrade[12].one_of.ops[0].jpeg.quality", "text.sources[0].pattern.templates[3]"):
        assert written(parsed(text)) == text
    assert parsed("degrade[12].one_of.p") == ("degrade", 12, "one_of", "p")


def test_lines_of_keys_and_members() -> None:
    places = Locations("a: 1\nb:\n  - c: 2\n    d: 3\n  - {e: 4, f: [5,\n      6]}\n")
    for path, line in {"a": 1, "b": 2, "b[0]": 3, "b[0].d": 4, "b[1].e": 5, "b[1].f[1]": 6}.items():
        assert places.nearest(parsed(path)) == (parsed(path), line)
    # What is not there is told by what it would stand in.
    assert places.nearest(parsed("b[0].x.y")) == (("b", 0), 3)
    assert places.nearest(parsed("x")) is None
    assert Locations("").nearest(("a",)) is None


@pytest.mark.parametrize("content", [b"language: [en", b"", b"\xff\xfe", b"a: &b 1\nc: *b\n"])
def test_what_is_no_recipe_at_all_is_a_wrong_recipe(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(content)
    [fault] = check(path).faults
    assert fault.exit_code is ExitCode.RECIPE
    with pytest.raises(RecipeError):
        Recipe.load(path)
