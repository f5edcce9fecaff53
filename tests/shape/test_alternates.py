"""OpenType features: a glyph that one puts in the place of another shows the same character, or the line is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocrsynth import Recipe
from ocrsynth.errors import Rejected
from ocrsynth.pipeline import Pipeline
from ocrsynth.records import FontKey, Setting, ShapedLine, TextLine
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def font(fontmaker: ModuleType, tmp_path: Path) -> FontKey:
    """A font whose features show letters of their own (ss01) and others (the rest)."""
    code = """
    feature ss01 { sub u0061 by a.round; } ss01;
    feature ss02 { sub u0062 by u0063; } ss02;
    feature ss03 { sub u0031 by u2460; } ss03;
    feature onum { sub u0030 by zero.old; } onum;
    feature dlig { sub u0066 u0069 by uFB01; sub u006F u0072 by uA75B; } dlig;
    """
    extra = {"a.round": (50, 0, 300, 450), "zero.old": fontmaker.box_of("o")}
    path = fontmaker.make_font(tmp_path / "f.ttf", "F", characters=fontmaker.ASCII + "①ﬁꝛ", extra=extra, features=code)
    return FontKey(str(path), 0, ())


def _shape(text: str, font: FontKey, *tags: str) -> ShapedLine:
    return shape_line(TextLine(text, "test", "ltr", "Latn", "en"), font, setting=Setting(tuple((tag, True) for tag in tags)))


def test_another_shape_of_the_same_letter_is_taken(font: FontKey) -> None:
    plain, round_ = _shape("aba", font), _shape("aba", font, "ss01")
    assert plain.runs[0].glyph_ids[0] != round_.runs[0].glyph_ids[0]
    assert round_.cluster_has_ink.all()


@pytest.mark.parametrize(
    ("tag", "text", "shown"), [("ss02", "abc", "b"), ("ss03", "a1", "1"), ("onum", "o0o", "0"), ("dlig", "or", "or")]
)
def test_another_character_is_refused(tag: str, text: str, shown: str, font: FontKey) -> None:
    with pytest.raises(Rejected, match=f"^other_character: feature {tag} shows another character than '{shown}'$"):
        _shape(text, font, tag)
    assert _shape(text, font).cluster_has_ink.all()
    assert _shape(text.replace(shown, "x"), font, tag).cluster_has_ink.all()


def test_a_ligature_of_its_own_letters_is_taken(font: FontKey) -> None:
    assert len(_shape("afib", font, "dlig").runs[0].glyph_ids) == 3


def test_no_figure_of_the_default_is_a_letter() -> None:
    """Of Bodoni Moda the old-style zero is the letter."""
    recipe = Recipe.for_language(
        "en",
        degrade="clean",
        fonts={"families": ["Bodoni Moda", "Roboto"], "features": {"onum": 1.0}, "spaced": 0},
        text={"sources": [{"pattern": {"templates": ["so 0o 10"]}}]},
    )
    samples = Pipeline(recipe).batch(range(30))
    assert {s.provenance["font"]["family"] for s in samples} == {"Roboto"}
    assert sum(s.provenance["rejected"].get("other_character", 0) for s in samples) > 5
