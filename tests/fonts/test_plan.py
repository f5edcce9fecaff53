"""`fonts plan` finds what is planted, and finds nothing wrong with the default set."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import fontpkg
import pytest
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from ocrsynth import font_plan
from ocrsynth.errors import AssetError
from ocrsynth.fonts import catalogue
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

_ARVO = next(f.path for f in fontpkg.family("Arvo").files if f.path.name.endswith("Regular.ttf"))
_ENGLISH = alphabet.load("en")


def _verdicts(folder: Path) -> dict[str, font_plan.Verdict]:
    families = catalogue.load((), (str(folder),))
    return {v.family.name: v for v in font_plan.plan(families, _ENGLISH)}


def _plant(folder: Path, name: str, outlines: dict[str, str | None] | None = None, lacking: str = "") -> None:
    """Write a copy of Arvo under another name, in which characters have the outlines of others, none, or are missing."""
    with TTFont(_ARVO) as font:
        for number in (1, 4, 16):
            font["name"].setName(name, number, 3, 1, 0x409)
        glyphs = font.getBestCmap()
        for to, source in (outlines or {}).items():
            font["glyf"][glyphs[ord(to)]] = font["glyf"][glyphs[ord(source)]] if source else TTGlyphPen(None).glyph()
        for table in font["cmap"].tables:
            for c in lacking:
                table.cmap.pop(ord(c), None)
        font.save(folder / f"{name}.ttf")


def _cli(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "ocrsynth", "fonts", *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_default_set_is_fit_for_english() -> None:
    verdicts = font_plan.plan(catalogue.load(("default",), ()), _ENGLISH)
    assert [(v.family.name, v.reasons) for v in verdicts if v.fitness == "unfit"] == []
    assert [(v.family.name, v.reasons) for v in verdicts if v.blank or v.same_outline or v.small_capitals] == []
    assert len(font_plan.suggest(verdicts)) == 12


def test_planted_faults_are_found(tmp_path: Path) -> None:
    _plant(tmp_path, "Good")
    _plant(tmp_path, "Twin")
    _plant(tmp_path, "Hollow", {"q": None, "b": "d"})
    _plant(tmp_path, "Caps", {c: c.upper() for c in "abdefghjlmnqrt"})
    _plant(tmp_path, "Lacks", lacking="xyz")
    found = _verdicts(tmp_path)
    assert found["Lacks"].lacking == ("x", "y", "z")
    assert found["Hollow"].blank == ("q",)
    assert found["Hollow"].same_outline == ("bd",)
    assert set("abdefghjlmnqrt") <= set(found["Caps"].small_capitals)
    assert (found["Good"].same_as, found["Twin"].same_as) == ("", "Good")
    assert {name: v.fitness for name, v in found.items()} == {
        "Good": "partial",  # It borrows some signs.
        "Twin": "unfit",
        "Hollow": "partial",
        "Lacks": "unfit",
        "Caps": "unfit",
    }
    assert set(font_plan.suggest(list(found.values()))) == {"Good", "Hollow"}


def test_letters_drawn_as_others_are_named() -> None:
    families = [f for f in catalogue.load(("default",), ()) if f.name in {"Shadows Into Light", "Kalam"}]
    verdicts = {v.family.name: v for v in font_plan.plan(families, alphabet.load("de"))}
    copying = verdicts["Shadows Into Light"]
    assert (copying.copied, copying.lacking, copying.fitness) == (("ß as B",), (), "unfit")
    assert copying.reasons == ["draws ß as B"]
    assert verdicts["Kalam"].copied == ()


def test_the_command_prints_a_section_for_the_recipe() -> None:
    out = _cli("plan", "--lang", "el")
    assert "fonts:\n  families:\n  - " in out
    assert "unfit" in out
    answer = json.loads(_cli("plan", "--lang", "el", "--json"))
    assert answer["language"] == "el_Grek"
    assert {f["fitness"] for f in answer["families"]} <= {"good", "partial", "unfit"}
    assert set(answer["suggested"]) <= {f["family"] for f in answer["families"]}


def test_the_list_by_language_is_shorter() -> None:
    everything = json.loads(_cli("list", "--json"))["families"]
    greek = json.loads(_cli("list", "--lang", "el", "--json"))["families"]
    assert len(everything) == 85
    assert 5 < len(greek) < 46
    assert "Lora" in _cli("list")


def test_every_font_of_the_default_set_is_free() -> None:
    rows = json.loads(_cli("licences", "--json"))
    assert {r["licence"] for r in rows} == {"OFL-1.1", "Apache-2.0"}
    # Their licences allow more than a few files' bits say.
    assert {r["family"]: r["embedding"] for r in rows if r["embedding"] != "installable"} == {
        "Zilla Slab": "installable; preview and print embedding"
    }


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (0, "installable"),
        (2, "restricted licence"),
        (4, "preview and print embedding"),
        (8, "editable embedding"),
        (0x0102, "restricted licence, no subsetting"),
        (0x0200, "installable, bitmaps only"),
    ],
)
def test_what_a_font_says_of_embedding(bits: int, words: str, tmp_path: Path, fontmaker: ModuleType) -> None:
    path = fontmaker.make_font(tmp_path / "a.ttf", "A")
    with TTFont(path) as font:
        font["OS/2"].fsType = bits
        font.save(tmp_path / "b.ttf")
    path.unlink()
    [family] = catalogue.load((), (str(tmp_path),))
    assert catalogue.embedding_of(family.faces[0]) == words


def test_a_folder_without_fonts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AssetError):
        catalogue.load((), (str(tmp_path),))


def test_a_capital_in_the_place_of_a_small_letter_is_told_as_such() -> None:
    families = [f for f in catalogue.load(("default",), ()) if f.name == "Fjalla One"]
    [verdict] = font_plan.plan(families, alphabet.load("ro"))
    assert (verdict.fitness, verdict.reasons) == ("unfit", ["has capitals in the places of small letters (ț)"])


@pytest.mark.parametrize(("language", "family"), [("ru", "Roboto"), ("ru", "Noto Sans"), ("tr", "Roboto"), ("el", "Roboto")])
def test_letters_that_are_alike_in_both_cases_by_design_are_no_fault(language: str, family: str) -> None:
    families = [f for f in catalogue.load(("default",), ()) if f.name == family]
    [verdict] = font_plan.plan(families, alphabet.load(language))
    assert verdict.small_capitals == ()
    assert verdict.fitness != "unfit"
