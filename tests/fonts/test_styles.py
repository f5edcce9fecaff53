"""Features, synthetic bold and slant, and spacing: each changes the picture, and none breaks the label."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import fontpkg
import numpy as np
import pytest

from ocrsynth import Recipe
from ocrsynth.errors import RecipeError, Rejected
from ocrsynth.fields import Range
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.coverage import copies, covered, drawn_alike, misdrawn_digits, misformed
from ocrsynth.fonts.faces import features_of, open_instance
from ocrsynth.pipeline import Pipeline
from ocrsynth.records import PLAIN, TATWEEL, Bleed, FontKey, Setting, ShapedLine, TextLine
from ocrsynth.render.layout import RenderConfig, lay_out
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

_ROBOTO = FontKey(str(fontpkg.family("Roboto").files[0].path), 0, ())
_GARAMOND = FontKey(str(fontpkg.family("EB Garamond").files[0].path), 0, ())
_ARABIC = FontKey(str(fontpkg.family("Noto Sans Arabic").files[0].path), 0, ())
_CONFIG = RenderConfig(
    height_px=64, margin_em=Range(0.3, 0.3), side_margin_em=Range(0.3, 0.3), looseness=Range(1, 1), max_width_px=32_000
)


def _line(text: str, script: str = "Latn", language: str = "en", direction: str = "ltr") -> TextLine:
    return TextLine(text, "test", direction, script, language)


def _drawn(shaped: ShapedLine) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the mask of a line and the boxes of its clusters, float64 (n, 4) in px."""
    layout = lay_out(shaped, _CONFIG, Stream(0, 0, "layout"))
    corners = layout.points[: 4 * len(shaped.cluster_ranges)].reshape(-1, 4, 2)
    return draw_mask(shaped, layout, Bleed(0, 0, 0, 0)), np.concatenate((corners.min(axis=1), corners.max(axis=1)), axis=1)


def _boxes_fit(shaped: ShapedLine) -> None:
    """Check that all ink lies in the boxes of clusters, and touches them."""
    mask, boxes = _drawn(shaped)
    inside = np.zeros_like(mask, bool)
    for (left, top, right, bottom), inked in zip(boxes, shaped.cluster_has_ink, strict=True):
        if inked:
            part = np.s_[int(np.floor(top)) : int(np.ceil(bottom)), int(np.floor(left)) : int(np.ceil(right))]
            inside[part] = True
            assert mask[part].any()
    assert not mask[~inside].any()


@pytest.mark.parametrize("text", ["Hamburgefonts 123", "fi ffl Ǻñ ,.;", "W", "l I ¡"])
@pytest.mark.parametrize("key", [_ROBOTO, _GARAMOND], ids=["Roboto", "EB Garamond"])
@pytest.mark.parametrize(
    ("bold", "slant"), [(0.03, 0.0), (0.0, 0.2), (0.045, 0.28), (0.02, -0.2)], ids=["bold", "slant", "both", "back"]
)
def test_boxes_hold_the_ink_of_synthetic_styles(text: str, key: FontKey, bold: float, slant: float) -> None:
    _boxes_fit(shape_line(_line(text), key._replace(bold_em=bold, slant=slant)))


def test_synthetic_styles_change_the_picture() -> None:
    plain, _ = _drawn(shape_line(_line("Hamburg"), _ROBOTO))
    bold, _ = _drawn(shape_line(_line("Hamburg"), _ROBOTO._replace(bold_em=0.04)))
    slanted, _ = _drawn(shape_line(_line("Hamburg"), _ROBOTO._replace(slant=0.25)))
    ink = [int(mask.sum()) for mask in (plain, bold, slanted)]
    assert ink[1] > 1.15 * ink[0]
    assert ink[2] == pytest.approx(ink[0], rel=0.05)
    assert slanted.shape != plain.shape or (slanted != plain).mean() > 0.02


@pytest.mark.parametrize(("bold", "slant"), [(0.03, 0.0), (0.0, 0.2), (0.03, -0.2)])
def test_an_empty_letter_stays_empty_in_synthetic_styles(
    bold: float, slant: float, fontmaker: ModuleType, tmp_path: Path
) -> None:
    """HarfBuzz gives such a glyph an extent; the proof must not take it for ink."""
    path = str(fontmaker.empty_l_stroke(tmp_path / "hollow.ttf"))
    with pytest.raises(Rejected, match="empty_glyph"):
        shape_line(_line("mały", language="pl"), FontKey(path, 0, (), bold, slant))


class TestSpacing:
    """Distances are added to advances: nothing else moves (TRAPS E10)."""

    def test_letters_stand_apart_and_spaces_stay(self) -> None:
        text = "ab cd ef"
        plain, wide = (shape_line(_line(text), _ROBOTO, (), s) for s in (PLAIN, Setting((), 0.1, 0.0)))
        shift = wide.cluster_boxes_em[:, 0] - plain.cluster_boxes_em[:, 0]
        assert shift.tolist() == pytest.approx([0.1 * i for i in range(len(text))], abs=1e-9)
        assert wide.advance_em == pytest.approx(plain.advance_em + 0.1 * len(text))
        spaces = [i for i, c in enumerate(text) if c == " "]
        widths = wide.cluster_boxes_em[:, 2] - wide.cluster_boxes_em[:, 0]
        assert all(widths[i] > 0.3 for i in spaces)
        _boxes_fit(wide)

    def test_words_stand_apart(self) -> None:
        plain, wide = (shape_line(_line("ab cd ef"), _ROBOTO, (), s) for s in (PLAIN, Setting((), 0.0, 0.4)))
        shift = wide.cluster_boxes_em[:, 0] - plain.cluster_boxes_em[:, 0]
        assert shift.tolist() == pytest.approx([0, 0, 0, 0.4, 0.4, 0.4, 0.8, 0.8], abs=1e-9)

    @pytest.mark.parametrize(("letter", "word"), [(-0.1, -0.15), (-0.1, 0.0), (0.0, -0.15)])
    def test_a_space_is_seen_however_close_words_are_set(self, letter: float, word: float) -> None:
        shaped = shape_line(_line("ab cd ef"), _ROBOTO, (), Setting((), letter, word))
        boxes = shaped.cluster_boxes_em
        for space in (2, 5):
            assert boxes[space + 1, 0] - boxes[space - 1, 2] > 0.12

    def test_kerning_and_marks_survive(self) -> None:
        text = "AVA q\u0301x"
        plain, wide = (shape_line(_line(text), _ROBOTO, (), s) for s in (PLAIN, Setting((), 0.2, 0.0)))
        n = len(plain.cluster_ranges)
        shift = wide.cluster_boxes_em[:, 0] - plain.cluster_boxes_em[:, 0]
        assert shift.tolist() == pytest.approx([0.2 * i for i in range(n)], abs=1e-9)

    def test_spaced_letters_have_no_ligatures(self) -> None:
        tied = shape_line(_line("office"), _GARAMOND)
        apart = shape_line(_line("office"), _GARAMOND, (), Setting((), 0.05, 0.0))
        assert tied.cluster_is_split.any() or len(tied.runs[0].glyph_ids) < 6
        assert len(apart.runs[0].glyph_ids) == 6

    def test_stressed_words_alone_stand_apart_and_untied(self) -> None:
        text = "office fi ffi end"
        setting = Setting((), 0.2, stressed=(0.3, 0.4))
        assert setting.spaced_range(text) == (7, 13)
        plain, apart = (shape_line(_line(text), _GARAMOND, (), s) for s in (Setting((("liga", False),)), setting))
        tied = shape_line(_line(text), _GARAMOND)
        shift = apart.cluster_boxes_em[:, 0] - plain.cluster_boxes_em[:, 0]
        # A letter of a ligature has its share of it; outside of them letters moved by what stands before.
        assert shift[[7, 8, 9, 10, 11, 12, 14, 15, 16]] - shift[7] == pytest.approx(
            [0, 0.2, 0.4, 0.8, 1, 1.2, 1.6, 1.6, 1.6], abs=1e-9
        )
        assert apart.cluster_is_split.tolist() == [a and not 7 <= i < 13 for i, a in enumerate(tied.cluster_is_split)]
        assert tied.cluster_is_split[7:13].any(), "the font has no ligature here: the test tests nothing"
        _boxes_fit(apart)

    @pytest.mark.parametrize("stressed", [(0, 0), (0.3, 0), (0.3, 0.7), (0.99, 0), (0, 0.99)])
    @pytest.mark.parametrize("letter_em", [0.08, 0.25, 0.5])
    def test_spaces_beside_stressed_words_are_wider_than_the_gaps_in_them(
        self, letter_em: float, stressed: tuple[float, float]
    ) -> None:
        text, setting = "nnn nnn nnn", Setting((), letter_em, stressed=stressed)
        begin, end = setting.spaced_range(text)
        boxes = shape_line(_line(text), _ROBOTO, (), setting).cluster_boxes_em
        widest = max(boxes[i + 1, 0] - boxes[i, 2] for i in range(10) if " " not in text[i : i + 2])
        spaces = [i for i in (3, 7) if begin - 1 <= i <= end]
        assert spaces
        for i in spaces:
            assert boxes[i + 1, 0] - boxes[i - 1, 2] > 1.5 * widest

    def test_a_feature_of_the_line_holds_beside_stressed_words(self) -> None:
        everywhere = (("dlig", True), ("onum", True))
        stressed, line = (
            shape_line(_line("act 12 act"), _GARAMOND, (), s)
            for s in (Setting(everywhere, 0.1, stressed=(0.9, 0)), Setting(everywhere))
        )
        assert stressed.runs[0].glyph_ids[:-3] == line.runs[0].glyph_ids[: len(stressed.runs[0].glyph_ids) - 3]
        assert line.cluster_is_split[1:3].all()
        assert stressed.cluster_is_split.tolist() == [False, True, True, *[False] * 7]

    @pytest.mark.parametrize(
        ("text", "stressed", "expected"),
        [
            ("one two six", (0, 0), "one"),
            ("one two six", (0.999, 0.999), "six"),
            ("one two six", (0, 0.999), "one two six"),
            ("one two six", (0.4, 0.6), "two six"),
            ("  a  b ", (0.5, 0), "b"),
            ("word", (0.7, 0.7), "word"),
            ("漢字かな", (0.5, 0.5), "漢字かな"),
            (" ", (0.5, 0.5), " "),
            ("one two", None, "one two"),
        ],
    )
    def test_stress_is_laid_on_whole_words(self, text: str, stressed: tuple[float, float] | None, expected: str) -> None:
        begin, end = Setting((), 0.1, stressed=stressed).spaced_range(text)
        assert text[begin:end] == expected

    def test_joined_scripts_are_never_torn(self) -> None:
        line = _line("سلام عليكم", "Arab", "ar", "rtl")
        plain, wide = (shape_line(line, _ARABIC, (), s) for s in (PLAIN, Setting((), 0.2, 0.0)))
        assert plain.advance_em == wide.advance_em
        assert plain.cluster_boxes_em.tolist() == wide.cluster_boxes_em.tolist()

    def test_letters_that_run_from_the_right_move_to_the_left_end(self) -> None:
        hebrew = FontKey(str(fontpkg.family("Open Sans").files[0].path), 0, ())
        line = _line("שלום", "Hebr", "he", "rtl")
        plain, wide = (shape_line(line, hebrew, (), s) for s in (PLAIN, Setting((), 0.1, 0.0)))
        shift = wide.cluster_boxes_em[:, 0] - plain.cluster_boxes_em[:, 0]
        assert shift.tolist() == pytest.approx([0.3, 0.2, 0.1, 0.0], abs=1e-9)


class TestFeatures:
    """OpenType features by tag."""

    def test_features_of_a_face(self) -> None:
        assert {"liga", "onum", "smcp"} <= features_of(_GARAMOND.path, 0)
        assert "zzzz" not in features_of(_GARAMOND.path, 0)

    @pytest.mark.parametrize(("tag", "text"), [("onum", "1234567890"), ("smcp", "abcdefg")])
    def test_a_feature_changes_the_glyphs(self, tag: str, text: str) -> None:
        plain, featured = (shape_line(_line(text), _GARAMOND, (), s) for s in (PLAIN, Setting(((tag, True),))))
        assert plain.runs[0].glyph_ids != featured.runs[0].glyph_ids
        _boxes_fit(featured)

    def test_ligatures_can_be_switched_off(self) -> None:
        on, off = (shape_line(_line("fi ffl"), _GARAMOND, (), s) for s in (PLAIN, Setting((("liga", False),))))
        assert len(on.runs[0].glyph_ids) < len(off.runs[0].glyph_ids)


def _fonts(count: int = 600, **section: Any) -> list[dict[str, Any]]:
    recipe = Recipe.for_language("en", preset="clean", seed=4, fonts=section)
    return [s.provenance["font"] for s in Pipeline(recipe).batch(range(count))]


class TestDraws:
    """The recipe's shares are those of the data."""

    def test_shares_of_spacing_bold_and_slant(self) -> None:
        fonts = _fonts(
            families=["Arvo", "Abril Fatface", "PT Sans Narrow"], spaced=0.3, synthetic_slant=0.4, synthetic_bold=0.5
        )
        assert 0.22 < sum(f["letter_spacing_em"] != 0 or f["word_spacing_em"] != 0 for f in fonts) / 600 < 0.38
        abril = [f for f in fonts if f["family"] == "Abril Fatface"]
        assert 0.25 < sum(f["slant"] != 0 for f in abril) / len(abril) < 0.55
        # Arvo has a bold and an italic of its own.
        assert all(f["slant"] == f["bold_em"] == 0 for f in fonts if f["family"] == "Arvo")

    @staticmethod
    def _stressed(count: int, language: str = "en", **section: Any) -> list[tuple[str, list[int], float]]:
        recipe = Recipe.for_language(
            language, preset="clean", seed=4, text={"length_clusters": [20, 40]}, fonts={"families": ["Vollkorn"]} | section
        )
        fonts = [(s.text, s.provenance["font"]) for s in Pipeline(recipe).batch(range(count))]
        return [(text, f["letter_spaced"], f["letter_spacing_em"]) for text, f in fonts if "letter_spaced" in f]

    def test_share_of_lines_in_which_a_few_words_are_stressed(self) -> None:
        found = self._stressed(600, spaced=0.5, stressed=0.5, stress_em=[0.1, 0.2])
        assert 0.2 < len(found) / 600 < 0.3
        for text, (begin, end), letter_em in found:
            assert {text[begin - 1 : begin], text[end : end + 1]} <= {" ", ""}
            assert not text[begin].isspace()
            assert not text[end - 1].isspace()
            assert 0.1 <= letter_em <= 0.2
        assert sum((begin, end) == (0, len(text)) for text, (begin, end), _ in found) < 0.3 * len(found)

    def test_of_a_cut_line_what_is_told_is_what_is_seen(self) -> None:
        fonts = {"families": ["Vollkorn"], "spaced": 0, "stressed": 1, "stress_em": [0.45, 0.5]}
        text = {"length_clusters": [15, 40], "sources": [{"words": {"numbers": 0, "punctuation": 0}}]}
        recipe = Recipe.for_language("en", preset="clean", text=text, fonts=fonts, render={"clip_share": 1, "height_px": 64})
        told = 0
        for sample in Pipeline(recipe).batch(range(240)):
            font, em_px = sample.provenance["font"], sample.provenance["font"]["size_px"]
            begin, end = font.get("letter_spaced", (0, 0))
            told += bool(end)
            assert bool(font["letter_spacing_em"]) == bool(end)
            edges = [(quad[:, 0].min(), quad[:, 0].max()) for quad in sample.cluster_quads]
            for i in range(len(edges) - 1):
                if not (sample.text[i] + sample.text[i + 1]).isalpha():
                    continue
                gap_em = (edges[i + 1][0] - edges[i][1]) / em_px
                assert (gap_em > 0.25) == (begin <= i < end), (sample.text, i, gap_em, begin, end)
        assert told > 20

    def test_nothing_is_told_where_nothing_was_set_apart(self) -> None:
        assert self._stressed(20, stressed=1, spaced=0, stress_em=[0, 0]) == []
        fonts = {"spaced": 0.5, "stressed": 1, "letter_spacing_em": [0.1, 0.2]}
        hindi = Pipeline(Recipe.for_language("hi", preset="clean", fonts=fonts)).batch(range(20))
        assert {s.provenance["font"]["letter_spacing_em"] for s in hindi} == {0}
        assert not any("letter_spaced" in s.provenance["font"] for s in hindi)

    def test_words_are_stressed_as_the_language_does_if_the_recipe_is_silent(self) -> None:
        assert self._stressed(200) == []
        assert 3 < len(self._stressed(200, "de-Latf")) < 35
        assert self._stressed(200, "de-Latf", stressed=0) == []
        assert len(self._stressed(50, "de-Latf", spaced=0, stressed=1)) == 50

    def test_none_are_drawn_if_none_are_asked_for(self) -> None:
        fonts = _fonts(200, spaced=0, synthetic_slant=0, synthetic_bold=0, features={})
        assert all(not f["features"] and f["slant"] == f["bold_em"] == f["letter_spacing_em"] == 0 for f in fonts)

    def test_styles_come_in_few_steps(self) -> None:
        fonts = _fonts(families=["Abril Fatface"], synthetic_slant=1, synthetic_bold=1)
        assert len({f["slant"] for f in fonts}) == 4

    @pytest.mark.parametrize("tag", ["toolong", "lig", "", "li a", "ﬁga"])
    def test_what_is_no_tag_is_refused(self, tag: str) -> None:
        with pytest.raises(RecipeError, match=f"fonts.features: '{tag}' is no OpenType tag of four letters and digits"):
            Recipe.for_language("en", fonts={"features": {tag: 0.5}})

    def test_features_are_drawn_by_their_share_where_the_font_has_them(self) -> None:
        fonts = _fonts(families=["EB Garamond", "Arvo"], features={"onum": 0.5, "liga": 0.5, "zzzz": 1.0})
        garamond = [f["features"] for f in fonts if f["family"] == "EB Garamond"]
        assert 0.4 < sum(f.get("onum", False) for f in garamond) / len(garamond) < 0.6
        assert 0.4 < sum(f.get("liga") is False for f in garamond) / len(garamond) < 0.6
        assert not any("zzzz" in f["features"] for f in fonts)

    def test_the_order_of_features_in_a_recipe_does_not_matter(self) -> None:
        ways = [{"onum": 0.5, "liga": 0.5, "zero": 0.5}, {"zero": 0.5, "liga": 0.5, "onum": 0.5}]
        assert _fonts(50, features=ways[0]) == _fonts(50, features=ways[1])

    def test_fonts_do_not_depend_on_texts(self) -> None:
        """TRAPS E23: each string in each font, not always the same pairs."""
        recipe = Recipe.for_language(
            "en",
            preset="clean",
            text={"sources": [{"alphabet": {"letters": 0, "punctuation": 0}}], "length_clusters": [1, 1]},
            fonts={"families": ["Lora", "Arvo", "Inter", "Roboto"], "classes": {"serif": 1, "slab": 1, "sans": 2}},
        )
        samples = Pipeline(recipe).batch(range(4000))
        pairs = Counter((s.text, s.provenance["font"]["family"]) for s in samples)
        assert len(pairs) == 40
        assert all(60 < n < 140 for n in pairs.values())


def test_thin_and_thick_instances_share_no_cache() -> None:
    thin, thick = open_instance(_ROBOTO), open_instance(_ROBOTO._replace(bold_em=0.04))
    glyph = thin.hb_font.get_nominal_glyph(ord("n"))
    a, b = thin.ink_box(glyph), thick.ink_box(glyph)
    assert a is not None
    assert b is not None
    assert b[2] - b[0] == pytest.approx(a[2] - a[0] + 0.04, abs=0.002)


class TestSigns:
    """Dashes and quotes that a face draws alike are as good as missing: they come from another font."""

    def test_what_is_drawn_as_a_plainer_sign(self) -> None:
        anton, arvo = (str(fontpkg.family(name).files[0].path) for name in ("Anton", "Arvo"))
        assert drawn_alike(anton, 0) == {"–"}
        assert drawn_alike(arvo, 0) == frozenset()
        assert covered(anton, 0, frozenset("a-–—")) == frozenset("a-—")

    @pytest.mark.parametrize(
        ("family", "signs", "alike"), [("Rubik", "٫٬،", "٬"), ("Fredoka", '"”״', "״"), ("Shadows Into Light", "l|–", "|–")]
    )
    def test_signs_of_other_scripts_and_bars(self, family: str, signs: str, alike: str) -> None:
        path = str(fontpkg.family(family).files[0].path)
        assert drawn_alike(path, 0) & set(signs) == set(alike)
        assert covered(path, 0, frozenset(signs)) == set(signs) - set(alike)

    def test_a_text_that_no_font_shows_is_drawn_again_at_once(self) -> None:
        pipeline = Pipeline(
            Recipe.for_language("fa", preset="clean", text={"sources": [{"pattern": {"templates": ["۱۲٬۵", "۱۲٫۵"]}}]})
        )
        samples = pipeline.batch(range(12))
        assert {sample.text for sample in samples} == {"۱۲٫۵"}
        rejected = Counter(
            reason for sample in samples for reason, n in sample.provenance["rejected"].items() for _ in range(n)
        )
        # Not a dozen fonts for each.
        assert 1 <= rejected["font_coverage"] <= 36

    def test_no_line_has_them_of_such_a_face(self) -> None:
        sources = [{"pattern": {"templates": ["on–off", "on-off"]}}]
        families = ["Anton", "Roboto", "Arvo"]
        recipe = Recipe.for_language(
            "en", preset="clean", fonts={"families": families}, text={"sources": sources, "case": {"asis": 1}}
        )
        samples = Pipeline(recipe).batch(range(120))
        lent = {(s.provenance["font"]["family"], s.text[2]): s.provenance["font"]["fallback"] for s in samples}
        assert lent["Anton", "–"] in {"Roboto", "Arvo"}
        assert lent["Anton", "-"] is lent["Arvo", "–"] is None

    def test_the_picture_has_the_dash_of_the_font_that_lends_it(self) -> None:
        fonts = {"families": ["Anton", "Roboto"], "classes": {"display": 1}}
        base: dict[str, Any] = {"fonts": fonts, "render": {"height_px": 48}}
        dash, hyphen = (
            Pipeline(
                Recipe.for_language("en", preset="clean", text={"sources": [{"pattern": {"templates": [text]}}]}, **base)
            ).sample(0)
            for text in ("on–off", "on-off")
        )
        # Anton draws both alike: the two labels must not stand under one picture.
        assert dash.provenance["font"]["family"] == hyphen.provenance["font"]["family"] == "Anton"
        assert dash.provenance["font"]["fallback"] == "Roboto"
        widths = [float(np.ptp(s.cluster_quads[2][:, 0])) for s in (dash, hyphen)]
        assert widths[0] > 1.15 * widths[1]

    @pytest.mark.parametrize(
        ("family", "text", "lent"),
        [("Anton", "on–off", "–"), ("Fjalla One", "ațb", "ț"), ("Poppins", "क १२", "१२"), ("Poppins", "क 12", "")],
    )
    def test_the_font_that_lends_them_draws_them(self, family: str, text: str, lent: str) -> None:
        own, other = (FontKey(str(fontpkg.family(name).files[0].path), 0, ()) for name in (family, "Noto Sans"))
        script = "Deva" if "क" in text else "Latn"
        lacking = frozenset(text) - covered(own.path, 0, frozenset(text) | set(text.upper()))
        shaped = shape_line(TextLine(text, "test", "ltr", script, "ro"), own, (other,), PLAIN, lacking)
        drawn = {c: run.font for run in shaped.runs for c in (text[i] for i in run.clusters or ())}
        assert {c for c, font in drawn.items() if font == other} == set(lent)


class TestCopies:
    """A face may draw a letter as another: then it lacks it, where a label could say either."""

    @pytest.mark.parametrize(
        ("family", "letters", "found"),
        [
            ("Shadows Into Light", "Bßbs", {"ß": "B"}),
            ("Inconsolata", "OƏoə", {"Ə": "O"}),
            ("Anton", "KƘkƙ", {"Ƙ": "K"}),
            ("Karla", "aªoº", {"ª": "a", "º": "o"}),
            ("Cardo", "ţțŢȚ", {"ţ": "ț", "Ţ": "Ț"}),
            ("Fjalla One", "țȚ", {"ț": "Ț"}),
            # Which of the two is drawn nobody can say but by looking.
            ("Dancing Script", "ẪẴẫẵ", {"Ẫ": "Ẵ", "Ẵ": "Ẫ"}),
            # And what no label could say is no danger.
            ("Shadows Into Light", "ßabc", {}),
            ("Fjalla One", "ț", {}),
            # One shape by design.
            ("Barlow Condensed", "IlÍĺ", {}),
            ("Lora", "ÐĐ", {}),
            ("Rubik", "ىیيكه", {}),
        ],
    )
    def test_the_plainer_of_two_is_what_the_picture_shows(self, family: str, letters: str, found: dict[str, str]) -> None:
        path = str(fontpkg.family(family).files[0].path)
        assert copies(path, 0, frozenset(letters)) == found
        assert covered(path, 0, frozenset(letters)) == set(letters) - found.keys()

    def test_letters_of_two_scripts_may_be_alike(self) -> None:
        path = str(fontpkg.family("Roboto").files[0].path)
        assert copies(path, 0, frozenset("aаoоcсAАBВΒ")) == {}


class TestJoinedForms:
    """A face that shows a letter, joined, by the form of another one lacks it."""

    @pytest.mark.parametrize(
        ("form", "wrong"),
        [
            ("", ""),
            ("feature fina { sub u06C1 by u06D2; } fina;", "ہ"),
            ("feature init { sub u06C1 by u0686; } init;", "ہ"),
            # Of one shape in some places: no fault of the font.
            ("feature init { sub u06CC by u064A; } init;", ""),
            # A glyph that is no character's is trusted, and so is a body with points of their own.
            ("feature medi { sub u06C1 by form; } medi;", ""),
            ("feature medi { sub u0628 by u066E dot; } medi;", ""),
        ],
    )
    def test_of_another_letter(self, form: str, wrong: str, fontmaker: ModuleType, tmp_path: Path) -> None:
        letters = "ابچہییےڡٮىي"
        extra = {"form": (50, 0, 333, 500), "dot": (50, 600, 99, 700)}
        languages = "languagesystem DFLT dflt; languagesystem arab dflt;"
        path = fontmaker.make_font(
            tmp_path / "a.ttf",
            "A",
            characters=letters + TATWEEL,
            extra=extra,
            features=languages + (form or "feature init { sub u0628 by u0628; } init;"),
        )
        assert misformed(str(path), 0, frozenset(letters)) == set(wrong)
        assert covered(str(path), 0, frozenset(letters)) == set(letters) - set(wrong)

    def test_none_of_the_default_set(self) -> None:
        arabic = frozenset("".join("".join(alphabet.load(name).characters) for name in ("ar", "fa", "ur", "ckb", "ug", "sd")))
        faces = [face for family in catalogue.load(("default",), ()) for face in family.faces]
        assert {c for face in faces for c in misformed(face.path, face.index, arabic)} == set()


class TestDigits:
    """A face may draw the digits of one numbering system as those of another: then it lacks them."""

    def test_poppins_draws_devanagari_digits_as_0_to_9(self) -> None:
        for file in fontpkg.family("Poppins").files:
            assert misdrawn_digits(str(file.path), 0) == set("०१२३४५६७८९")
            assert covered(str(file.path), 0, frozenset("कa1१")) == set("कa1")

    def test_the_other_families_of_the_default_set_have_each_their_own(self) -> None:
        families = [f for f in catalogue.load(("default",), ()) if f.name != "Poppins"]
        assert {digit for f in families for face in f.faces for digit in misdrawn_digits(face.path, face.index)} == set()

    @pytest.mark.parametrize("script", ["grek", "arab"])
    def test_digits_that_a_feature_turns_into_arabic_ones_are_lacking(
        self, fontmaker: ModuleType, tmp_path: Path, script: str
    ) -> None:
        font = str(fontmaker.with_arabic_digits(tmp_path / "f.ttf", script))
        # In Greek text no label here has them; in Arabic text the label would say 12 and the picture ١٢.
        assert misdrawn_digits(font, 0) == (set("0123456789") if script == "arab" else set())

    def test_no_line_shows_digits_of_another_system_than_its_label(self) -> None:
        fonts = {"families": ["Poppins", "Noto Sans"], "classes": {"sans": 1}, "fallback": False}
        text = {"sources": [{"pattern": {"templates": ["{number}"]}}], "other_digits": 0.5}
        recipe = Recipe.for_language("hi", preset="clean", fonts=fonts, text=text)
        samples = Pipeline(recipe).batch(range(100))
        found = {(s.provenance["font"]["family"], s.text[0] in "०१२३४५६७८९") for s in samples}
        assert found == {("Poppins", False), ("Noto Sans", False), ("Noto Sans", True)}
