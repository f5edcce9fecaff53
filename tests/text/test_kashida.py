"""Strokes that draw words out between joined letters, in labels and in pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import fontpkg
import pytest
from click.testing import CliRunner
from texts import mixture_of

from ocrsynth import Recipe, make_sample
from ocrsynth.cli import cli
from ocrsynth.errors import RecipeError
from ocrsynth.explain import facts, in_words
from ocrsynth.fields import validate
from ocrsynth.fonts.config import FontConfig
from ocrsynth.fonts.faces import FontKey, open_instance
from ocrsynth.fonts.selection import FontSelector
from ocrsynth.records import PLAIN, TATWEEL, Setting, ShapedLine, TextLine
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet
from ocrsynth.text.kashida import drawn_out

if TYPE_CHECKING:
    from pathlib import Path

_FONT = FontKey(str(fontpkg.family("Noto Sans Arabic").files[0].path), 0, ())
_LINE = "والانتاج حتى اليوم مصدره حقل واحد، لا السَّلام"


def _shaped(text: str, setting: Setting = PLAIN) -> ShapedLine:
    return shape_line(TextLine(text, "test", "rtl", "Arab", "ar"), _FONT, (), setting)


def _glyphs(text: str) -> list[int]:
    return [glyph for run in _shaped(text).runs for glyph in run.glyph_ids]


def _drawn(text: str, n: int = 200, room: int = 2) -> list[str]:
    return [drawn_out(text, Stream(1, i, "test"), room) for i in range(n)]


class TestText:
    """Where strokes are put."""

    def test_the_letters_stay_and_a_word_has_one_stroke_at_most(self) -> None:
        lines = _drawn(_LINE)
        assert {line.replace(TATWEEL, "") for line in lines} == {_LINE}
        assert {line.count(TATWEEL) for line in lines} == {1, 2}
        assert all(word.count(TATWEEL) < 2 for line in lines for word in line.split())
        assert len(set(lines)) > 15, "not always in the same word"

    def test_letters_keep_the_forms_that_they_have_without(self) -> None:
        # HarfBuzz as the referee: a stroke in a wrong place would part letters, or take the form of an end.
        stroke = open_instance(_FONT).hb_font.get_nominal_glyph(ord(TATWEEL))
        plain = _glyphs(_LINE)
        for line in set(_drawn(_LINE)):
            assert [glyph for glyph in _glyphs(line) if glyph != stroke] == plain, line

    def test_lam_and_alef_are_not_parted(self) -> None:
        assert set(_drawn("لا لأ لآ لإ لَا لٱ")) == {"لا لأ لآ لإ لَا لٱ"}

    @pytest.mark.parametrize("text", ["دار ورد", "hello", "١٢٣", ""])
    def test_where_nothing_joins_nothing_is_drawn_out(self, text: str) -> None:
        assert set(_drawn(text, 20)) == {text}

    def test_there_is_no_more_than_room_for(self) -> None:
        assert set(_drawn(_LINE, 50, 0)) == {_LINE}
        assert {line.count(TATWEEL) for line in _drawn(_LINE, 50, 1)} == {1}


class TestShare:
    """How many lines have them, and of which languages."""

    @staticmethod
    def _share(language: str, **text: object) -> float:
        mixture = mixture_of(alphabet.load(language), length_clusters=[20, 40], **text)
        lines = [mixture.draw(Stream(3, i, "text"), i).text for i in range(600)]
        return sum(TATWEEL in line for line in lines) / len(lines)

    def test_arabic_has_some_by_itself_and_as_many_as_are_asked_for(self) -> None:
        assert 0.07 < self._share("ar") < 0.2
        assert self._share("ar", kashida=0) == 0
        assert self._share("ar", kashida=1, sources=[{"words": {}}]) > 0.9

    def test_texts_that_the_recipe_names_itself_are_left_alone(self) -> None:
        assert self._share("ar", sources=[{"words": {}}]) == 0

    def test_the_styles_of_the_default_have_them_and_not_in_texts_of_the_recipe(self) -> None:
        plain = Recipe.from_dict({"language": "ar", "fonts": {"sets": [], "folders": [str(_folder())]}})
        assert {style.recipe.text.kashida for style in plain.styles} == {0.15}
        own = Recipe.from_dict({"language": "ar", "text": {"sources": [{"words": {}}]}, "fonts": plain.fonts.model_dump()})
        assert {style.recipe.text.kashida for style in own.styles} == {0.0}

    def test_a_language_without_joined_letters_cannot_have_any(self) -> None:
        with pytest.raises(
            RecipeError, match=r"^text\.kashida: must be left out, for letters of English do not join, got 0\.1"
        ):
            self._share("en", kashida=0.1)

    def test_one_that_has_none_by_itself_may(self) -> None:
        assert TATWEEL not in alphabet.load("ug").characters
        assert self._share("ug", kashida=1, sources=[{"alphabet": {}}]) > 0.5

    def test_lines_of_a_corpus_may_hold_them(self, tmp_path: Path) -> None:
        corpus = tmp_path / "lines.txt"
        corpus.write_text("للبتـرول الخام\n", "utf-8")
        mixture = mixture_of(alphabet.load("ar"), sources=[{"corpus": {"file": str(corpus)}}])
        assert mixture.draw(Stream(1, 0, "text"), 0).text == "للبتـرول الخام"


def _folder() -> Path:
    return fontpkg.family("Noto Sans Arabic").files[0].path.parent


class TestShape:
    """How long they are in a line."""

    @pytest.mark.parametrize("length", [0.1, 0.6, 1.4])
    def test_a_stroke_is_as_long_as_the_setting_says_and_what_follows_makes_room(self, length: float) -> None:
        text = "واحـد"
        plain, drawn = _shaped(text), _shaped(text, Setting(kashida_em=length))
        at = text.index(TATWEEL)
        own = open_instance(_FONT).sum_of_advances(TATWEEL)
        assert drawn.advance_em == pytest.approx(plain.advance_em + length - own)
        widths = drawn.cluster_boxes_em[:, 2] - drawn.cluster_boxes_em[:, 0]
        before = plain.cluster_boxes_em[:, 2] - plain.cluster_boxes_em[:, 0]
        assert widths[at] == pytest.approx(before[at] * length / own)
        others = [i for i in range(len(text)) if i != at]
        assert widths[others] == pytest.approx(before[others])
        # What stands to its right, the beginning of the word, is moved; the end of the word is not.
        shift = drawn.cluster_boxes_em[:, 0] - plain.cluster_boxes_em[:, 0]
        assert shift[:at] == pytest.approx(length - own)
        assert shift[at + 1 :] == pytest.approx(0)

    def test_a_stroke_with_a_mark_on_it_keeps_its_length(self) -> None:
        assert _shaped("واحـَد", Setting(kashida_em=1.0)).advance_em == _shaped("واحـَد").advance_em

    def test_a_line_without_any_is_the_same(self) -> None:
        plain, drawn = _shaped(_LINE), _shaped(_LINE, Setting(kashida_em=1.0))
        assert plain.runs == drawn.runs


def test_the_picture_shows_the_stroke_where_its_quad_is() -> None:
    recipe = Recipe.from_dict(
        {
            "language": "ar",
            "degrade": "clean",
            "text": {"sources": [{"words": {"punctuation": 0, "numbers": 0}}], "kashida": 1, "length_clusters": [6, 20]},
            "fonts": {"sets": [], "folders": [str(_folder())]},
            "render": {"height_px": 64},
        }
    )
    seen, lengths = 0, set()
    for index in range(12):
        sample = make_sample(recipe, index)
        for cluster in sample.clusters:
            if sample.text[cluster.start : cluster.end] != TATWEEL:
                continue
            left, top = cluster.quad.min(axis=0)
            right, bottom = cluster.quad.max(axis=0)
            part = sample.image[int(top) + 1 : int(bottom), int(left) + 2 : int(right) - 2]
            ground = sample.image[:3].mean()
            # Ink along its whole length.
            assert (abs(part.mean(axis=0) - ground) > 25).mean() > 0.95
            seen += 1
            font = sample.provenance["font"]
            # The stroke reaches a little into the letters beside it.
            assert 0.9 < (right - left) / (font["kashida_em"] * font["size_px"]) < 1.6
            lengths.add(font["kashida_em"])
    assert seen >= 10
    assert len(lengths) > 5


def test_no_other_font_lends_the_stroke() -> None:
    config = validate(FontConfig, {"sets": [], "folders": [str(_folder())]}, "fonts")
    selector = FontSelector(config, frozenset("ا" + TATWEEL))
    assert selector.draw_fallback(Stream(1, 0, "fallback"), frozenset("ا")) is not None
    assert selector.draw_fallback(Stream(1, 0, "fallback"), frozenset(TATWEEL)) is None


def test_explain_and_languages_tell_of_it() -> None:
    folders = {"sets": [], "folders": [str(_folder())]}
    recipe = Recipe.from_dict({"language": "ar", "degrade": "clean", "fonts": folders, "text": {"kashida": 0.25}})
    assert "     25% with a word drawn out between joined letters" in in_words(facts(recipe)).splitlines()
    shown = {language: CliRunner().invoke(cli, ["languages", "show", language]).output for language in ("ar", "fr", "en")}
    assert "kashida:     in 15% of lines" in shown["ar"]
    assert "apart:       ; : ! ? « » in 90% of lines" in shown["fr"]
    assert "apart" not in shown["en"]
    assert "kashida" not in shown["en"]
