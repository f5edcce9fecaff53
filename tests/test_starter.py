"""Starter recipes: each loads, is what it says, and stays so when all its comments are taken off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ocrsynth import Recipe
from ocrsynth.check import check
from ocrsynth.degrade.presets import preset_names, preset_summary
from ocrsynth.errors import CoverageError, OutputError
from ocrsynth.recipe import SECTIONS
from ocrsynth.starter import fonts_for, starter, write

if TYPE_CHECKING:
    from pathlib import Path

_LANGUAGES = ("pl", "ar", "hi", "zh-Hans", "ja", "th", "el", "kab")


def _recipe(language: str, preset: str) -> Recipe:
    return Recipe.for_language(language, preset, fonts=fonts_for(language))


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize("language", _LANGUAGES)
def test_it_reads_back_as_the_recipe(language: str, preset: str, tmp_path: Path) -> None:
    recipe = _recipe(language, preset)
    path = tmp_path / "recipe.yaml"
    path.write_text(starter(recipe, preset), encoding="utf-8")
    assert Recipe.load(path) == recipe


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize("language", ["pl", "ja"])
def test_taking_every_comment_off_changes_nothing(language: str, preset: str, tmp_path: Path) -> None:
    recipe = _recipe(language, preset)
    path = tmp_path / "recipe.yaml"
    text, n = re.subn(r"^( *)#(?=[a-z])", r"\1", starter(recipe, preset), flags=re.MULTILINE)
    assert n > 40
    path.write_text(text, encoding="utf-8")
    assert Recipe.load(path) == recipe


@pytest.mark.parametrize(("language", "preset"), [(lang, preset_names()[i]) for i, lang in enumerate(_LANGUAGES)])
def test_it_checks_clean(language: str, preset: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(starter(_recipe(language, preset), preset), encoding="utf-8")
    verdict = check(path)
    # Some system has a damaged font, which is left out and told; that is no fault of the starter.
    assert (verdict.faults, [note for note in verdict.notes if not note.startswith("font left out: /usr/")]) == ([], [])
    assert verdict.resolved["fonts"]["families"]


def test_every_key_of_every_section_is_in_it_with_its_meaning() -> None:
    text = starter(_recipe("pl", "receipt"), "receipt")
    for name, model in SECTIONS.items():
        assert f"\n{name}:\n" in text
        for key in model.model_fields:
            assert re.search(rf"^  #?{key}:", text, re.MULTILINE), f"{name}.{key}"
    assert preset_summary("receipt") in " ".join(text.replace("#", " ").split())
    assert "# A row of pins strikes an inked ribbon" in text
    assert re.search(r"- dot_matrix: \{.*dot_ratio: \[[\d.]+, [\d.]+\], p: 0[.]\d+\}", text)


def test_groups_and_borrowed_transforms_are_kept(tmp_path: Path) -> None:
    chain = [
        {"one_of": {"p": 0.7, "ops": [{"jpeg": {"weight": 2}}, {"sequence": {"ops": [{"fax": {}}, {"fog": {"p": 0.5}}]}}]}},
        {"albumentations": {"transform": "GaussianBlur", "arguments": {"sigma_limit": [0.3, 1.2]}, "p": 0.3}},
        {"some_of": {"n": [1, 2], "ops": [{"fold": {}}, {"vignette": {}}]}},
    ]
    recipe = Recipe.from_dict({"language": "en", "degrade": chain})
    path = tmp_path / "recipe.yaml"
    path.write_text(starter(recipe, "scan"), encoding="utf-8")
    assert Recipe.load(path) == recipe


def test_fonts_of_the_system_where_the_default_set_has_none() -> None:
    assert fonts_for("en") == {}
    assert fonts_for("hi") == {}
    assert fonts_for("ja") == {"sets": [], "system": True}


def test_no_font_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A machine without fonts of its own.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    text = (
        "--lang: no font here has all letters of Japanese, got 'ja'; give a folder of fonts with --fonts DIR, or install some "
        "(on Debian and Ubuntu: apt-get install fonts-noto-core fonts-noto-cjk)"
    )
    with pytest.raises(CoverageError, match=f"^{re.escape(text)}$"):
        fonts_for("ja")
    # Fonts in packages beyond the default set are found.
    folders = fonts_for("ar")["folders"]
    assert len(Recipe.for_language("ar", fonts={"sets": [], "folders": folders}).fonts.folders) == len(folders) >= 1


def test_a_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    write(str(path), "language: en\n", force=False)
    text = f"{path}: is there already; choose another file, or overwrite it with --force"
    with pytest.raises(OutputError, match=f"^{re.escape(text)}$"):
        write(str(path), "language: pl\n", force=False)
    assert path.read_text() == "language: en\n"
    write(str(path), "language: pl\n", force=True)
    assert path.read_text() == "language: pl\n"
    nowhere = tmp_path / "none" / "recipe.yaml"
    text = f"{nowhere}: cannot be written, No such file or directory; choose another file"
    with pytest.raises(OutputError, match=f"^{re.escape(text)}$"):
        write(str(nowhere), "", force=True)
