"""Shaping proves the label: a line comes back with every cluster accounted for, or it is rejected with the reason."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fontpkg
import numpy as np
import pytest
import regex
import uharfbuzz as hb
import yaml
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from ocrsynth import Recipe, assets
from ocrsynth.errors import CoverageError, Rejected
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.faces import open_instance
from ocrsynth.pipeline import Pipeline, _pipeline_of
from ocrsynth.records import FontKey, TextLine
from ocrsynth.shape.clusters import cluster_ranges, grapheme_starts, needs_ink
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from ocrsynth.fonts.catalogue import Family
    from ocrsynth.records import ShapedLine

_SENTENCE = "The quick (brown) fox: 10x10 -> “jumps” over 3/4 of the lazy dog’s affluent office, fig. 1!"


def _shape(text: str, font: FontKey, script: str = "Latn", language: str = "en") -> ShapedLine:
    return shape_line(TextLine(text, "test", "ltr", script, language), font)


def _rejected(text: str, font: FontKey, script: str = "Latn", language: str = "en") -> str:
    with pytest.raises(Rejected) as caught:
        _shape(text, font, script, language)
    return str(caught.value)


def _glyphs(text: str, font: FontKey) -> list[int]:
    [run] = _shape(text, font).runs
    return run.glyph_ids


def _without_calt_off(text: str, font: FontKey) -> list[int]:
    """Return the glyphs that HarfBuzz gives with the features that are on by default."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(open_instance(font).hb_font, buffer)
    return [info.codepoint for info in buffer.glyph_infos]


_FAMILIES = [e["family"] for e in yaml.safe_load((assets.folder("fonts") / "default.yaml").read_text("utf-8"))["families"]]


@pytest.fixture(scope="module")
def families() -> dict[str, Family]:
    return {f.name: f for f in catalogue.load_set("default")}


@pytest.fixture(params=_FAMILIES)
def faces(request: pytest.FixtureRequest, families: dict[str, Family]) -> list[FontKey]:
    """All faces of a family of the default set, at their default places."""
    return [FontKey(x.path, x.index, tuple((a.tag, a.default) for a in x.axes)) for x in families[request.param].faces]


def _face(families: dict[str, Family], name: str) -> FontKey:
    face = next(f for f in families[name].faces if f.style == "normal")
    return FontKey(face.path, face.index, tuple((a.tag, a.default) for a in face.axes))


class TestEveryFamily:
    """Over the default set."""

    def test_clusters_partition_the_text_and_run_left_to_right(self, faces: list[FontKey]) -> None:
        for font in faces:
            shaped = _shape(_SENTENCE, font)
            ranges = shaped.cluster_ranges
            assert ranges.dtype == np.int32
            assert "".join(_SENTENCE[a:b] for a, b in ranges) == _SENTENCE
            assert ranges[0, 0] == 0
            assert ranges[-1, 1] == len(_SENTENCE)
            boxes = shaped.cluster_boxes_em
            assert boxes.shape == (len(ranges), 4)
            assert (boxes[:, 2] > boxes[:, 0]).all()
            assert (boxes[:, 3] > boxes[:, 1]).all()
            centres = (boxes[:, 0] + boxes[:, 2]) / 2
            assert (np.diff(centres) > 0).all()
            assert 0 < shaped.advance_em < len(_SENTENCE)

    def test_spaces_alone_have_no_ink(self, faces: list[FontKey]) -> None:
        for font in faces:
            shaped = _shape(_SENTENCE, font)
            assert [c == " " for c in _SENTENCE] == (~shaped.cluster_has_ink).tolist()

    def test_a_space_is_as_wide_as_its_advance_and_as_high_as_x(self, faces: list[FontKey]) -> None:
        for font in faces:
            instance = open_instance(font)
            [left, top, right, bottom] = _shape("a b", font).cluster_boxes_em[1]
            advance = instance.hb_font.get_glyph_h_advance(instance.hb_font.get_nominal_glyph(0x20)) / instance.upem
            assert right - left == pytest.approx(advance, abs=0.12)  # kerning may narrow it
            assert (top, bottom) == (pytest.approx(-instance.metrics.x_height_em), 0)

    @pytest.mark.parametrize(
        "text",
        ["->", "<-", "=>", "!=", "<=", ">=", "==", "===", "10x10", "0x1F", "--", "---", "::", "...", "www", "/*", "*/", "//",
         "&&", "||", "|>", "##", "+/-", "12:30", "(A)", "~>", "1/2", "3x4", "http://", "[ ]", "2nd", ":)", "<3", "__", "**"],
    )  # fmt: skip
    def test_signs_keep_their_own_glyphs(self, faces: list[FontKey], text: str) -> None:
        for font in faces:
            # Letters may join to ligatures, which show the letters; signs that join show something else.
            if any(c.isalpha() for c in text) and text not in {"10x10", "0x1F", "3x4", "www"}:
                continue
            if not open_instance(font).covers(text):
                with pytest.raises(Rejected, match=r"^notdef"):
                    _glyphs(text, font)
                continue
            assert _glyphs(text, font) == [g for c in text for g in _glyphs(c, font)]

    def test_ligatures_of_letters_are_flagged_and_divided(self, faces: list[FontKey]) -> None:
        for font in faces:
            for text in ("fi", "ffi", "afib", "office fly", "Th"):
                shaped = _shape(text, font)
                n_glyphs = len(shaped.runs[0].glyph_ids)
                assert len(shaped.cluster_ranges) == len(text)
                # One glyph for k letters flags k of them.
                assert bool(shaped.cluster_is_split.any()) == (n_glyphs < len(text))
                assert shaped.cluster_has_ink.tolist() == [c != " " for c in text]


def test_the_arrows_of_coding_fonts_are_real(families: dict[str, Family]) -> None:
    # If these fonts lost their alternates, the tests of signs would prove nothing.
    mono, inter = _face(families, "JetBrains Mono"), _face(families, "Inter")
    assert _without_calt_off("->", mono) != _glyphs("->", mono)
    assert _without_calt_off("10x10", inter) != _glyphs("10x10", inter)


class TestLigature:
    """A font whose ``fi`` is one glyph, 0.8 em wide."""

    @pytest.fixture
    def font(self, fontmaker: ModuleType, tmp_path: Path) -> FontKey:
        return FontKey(str(fontmaker.with_ligature(tmp_path / "f.ttf")), 0, ())

    def test_the_width_is_divided_evenly(self, font: FontKey) -> None:
        shaped = _shape("afib", font)
        assert len(shaped.runs[0].glyph_ids) == 3
        assert shaped.cluster_ranges.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4]]
        assert shaped.cluster_is_split.tolist() == [False, True, True, False]
        assert shaped.cluster_has_ink.all()
        # 'a' advances 0.48 em; the ligature's rectangle begins at its side bearing of 0.05.
        assert shaped.cluster_boxes_em[1] == pytest.approx([0.53, -0.7, 0.93, 0])
        assert shaped.cluster_boxes_em[2] == pytest.approx([0.93, -0.7, 1.33, 0])

    def test_a_joiner_between_its_letters_is_no_sign(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        code = "feature liga { sub u05D0 u05DC by tied; } liga;"
        path = fontmaker.make_font(tmp_path / "h.ttf", "H", characters="אל", extra={"tied": (50, 0, 650, 500)}, features=code)
        shaped = shape_line(TextLine("א\u200dל", "test", "rtl", "Hebr", "he"), FontKey(str(path), 0, ()))
        assert shaped.cluster_ranges.tolist() == [[0, 2], [2, 3]]
        # The first letter stands on the right.
        assert shaped.cluster_boxes_em[:, [0, 2]] == pytest.approx(np.array([[0.35, 0.65], [0.05, 0.35]]))

    def test_letters_apart_are_not_split(self, font: FontKey) -> None:
        shaped = _shape("f i", font)
        assert not shaped.cluster_is_split.any()
        assert len(shaped.runs[0].glyph_ids) == 3

    def test_a_mark_on_a_ligature_is_no_letter_of_its_own(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        # Two clusters and two glyphs, but the glyphs are the ligature and the accent, not the two letters.
        font = FontKey(str(fontmaker.with_marked_ligature(tmp_path / "m.ttf")), 0, ())
        shaped = _shape("fi\u0301", font)
        assert shaped.cluster_ranges.tolist() == [[0, 1], [1, 3]]
        assert [open_instance(font).hb_font.glyph_to_string(g) for g in shaped.runs[0].glyph_ids] == ["f_i", "u0301"]
        assert shaped.cluster_is_split.tolist() == [True, True]
        [f, i] = shaped.cluster_boxes_em
        assert (f[0], f[2], i[2]) == (pytest.approx(0.05), pytest.approx(i[0]), pytest.approx(0.85))
        assert f[2] == pytest.approx(0.45)


class TestTraces:
    """A font that leaves out one accent on one letter: its cluster has ink all the same."""

    @pytest.fixture
    def font(self, fontmaker: ModuleType, tmp_path: Path) -> FontKey:
        return FontKey(str(fontmaker.without_acute(tmp_path / "d.ttf")), 0, ())

    # In the second line a cluster of two glyphs keeps the line from the short way through the shaper.
    @pytest.mark.parametrize("text", ["aq\u0301b", "g\u0300q\u0301b", "q\u0301"])
    def test_a_mark_that_leaves_none_is_told(self, font: FontKey, text: str) -> None:
        with pytest.raises(Rejected, match="'\u0301' of 'q\u0301' leaves no trace") as caught:
            _shape(text, font)
        assert caught.value.reason == "lost_mark"

    def test_a_mark_upon_itself_is_seen_once(self) -> None:
        garamond = FontKey(str(fontpkg.family("EB Garamond").files[0].path), 0, ())
        with pytest.raises(Rejected, match="'\u0301' of 'ǫ\u0301\u0301' leaves no trace"):
            _shape("aǫ\u0301\u0301b", garamond)
        assert _shape("aǫ\u0301b", garamond).cluster_has_ink.all()

    def test_a_mark_above_its_like_is_seen_by_its_height(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        code = "feature mark { pos u0301 u0301' <0 150 0 0>; } mark;"
        stacking = FontKey(str(fontmaker.make_font(tmp_path / "s.ttf", "Stacking", marks="\u0301", features=code)), 0, ())
        one, two = (_shape(text, stacking).cluster_boxes_em[0] for text in ("e\u0301", "e\u0301\u0301"))
        assert two[1] == pytest.approx(one[1] - 0.15)

    @pytest.mark.parametrize("text", ["q\u0300", "g\u0301", "g\u0300\u0301q"])
    def test_all_others_are_there(self, font: FontKey, text: str) -> None:
        assert _shape(text, font).cluster_has_ink.all()


class TestContextualAlternates:
    """A font that turns ``->`` into an arrow."""

    @pytest.fixture
    def font(self, fontmaker: ModuleType, tmp_path: Path) -> FontKey:
        return FontKey(str(fontmaker.with_arrow(tmp_path / "f.ttf")), 0, ())

    def test_the_arrow_is_not_taken(self, font: FontKey) -> None:
        names = open_instance(font).hb_font.glyph_to_string
        assert [names(g) for g in _without_calt_off("a->b", font)] == ["u0061", "bar", "arrow", "u0062"]
        assert [names(g) for g in _glyphs("a->b", font)] == ["u0061", "u002D", "u003E", "u0062"]


class TestTiedSigns:
    """A font that makes one dash of two hyphens."""

    def test_hyphens_stay_two_and_letters_are_tied_elsewhere(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        font = FontKey(str(fontmaker.with_dash(tmp_path / "f.ttf", "liga")), 0, ())
        names = open_instance(font).hb_font.glyph_to_string
        assert [names(g) for g in _glyphs("a--b", font)] == ["u0061", "u002D", "u002D", "u0062"]
        assert [names(g) for g in _glyphs("fi--", font)] == ["u0066", "u0069", "u002D", "u002D"]
        assert [names(g) for g in _glyphs("fi-", font)] == ["f_i", "u002D"]

    def test_what_no_feature_unties_is_rejected(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        font = FontKey(str(fontmaker.with_dash(tmp_path / "f.ttf", "ccmp")), 0, ())
        with pytest.raises(Rejected, match=r"^tied_signs: a ligature of signs in 'a--b'$"):
            _shape("a--b", font)
        assert len(_glyphs("a-b", font)) == 3


class TestMarks:
    """A font with marks and without precomposed letters."""

    @pytest.fixture
    def font(self, fontmaker: ModuleType, tmp_path: Path) -> FontKey:
        return FontKey(str(fontmaker.with_marks(tmp_path / "f.ttf")), 0, ())

    @pytest.mark.parametrize("text", ["e\u0301", "xe\u0301y", "e\u0301\u0308", "ae\u0308 o\u0300"])
    def test_a_mark_belongs_to_the_cluster_of_its_base(self, font: FontKey, text: str) -> None:
        shaped = _shape(text, font)
        expected = [list(m.span()) for m in regex.finditer(r"\X", text)]
        assert shaped.cluster_ranges.tolist() == expected
        assert not shaped.cluster_is_split.any()

    def test_the_box_holds_base_and_mark(self, font: FontKey) -> None:
        plain, marked = _shape("e", font), _shape("e\u0301", font)
        assert len(marked.runs[0].glyph_ids) == 2
        [left, top, right, bottom] = marked.cluster_boxes_em[0]
        [plain_left, plain_top, plain_right, plain_bottom] = plain.cluster_boxes_em[0]
        assert top < plain_top - 0.05
        assert (bottom, left <= plain_left, right >= plain_right) == (plain_bottom, True, True)
        assert marked.advance_em == plain.advance_em

    def test_a_precomposed_letter_is_taken_apart_by_the_shaper(self, font: FontKey) -> None:
        composed, decomposed = _shape("é", font), _shape("e\u0301", font)
        assert composed.cluster_ranges.tolist() == [[0, 1]]
        assert composed.runs == decomposed.runs
        assert (composed.cluster_boxes_em == decomposed.cluster_boxes_em).all()

    @pytest.mark.parametrize("text", ["e\u0301", "é"])
    def test_a_mark_without_ink_is_not_proved(self, fontmaker: ModuleType, tmp_path: Path, text: str) -> None:
        # The cluster has ink, its base's, but the picture shows "e" where the label says "é".
        font = FontKey(str(fontmaker.with_marks(tmp_path / "hollow.ttf", empty="\u0301")), 0, ())
        assert _shape("e", font).cluster_has_ink.all()
        assert _rejected(text, font).startswith("empty_glyph: ")


def test_a_glyph_that_the_font_raises_has_its_box_as_high(fontmaker: ModuleType, tmp_path: Path) -> None:
    code = "feature kern { pos u0061 <0 150 0 0>; } kern;"
    font = FontKey(str(fontmaker.make_font(tmp_path / "f.ttf", "Raised", features=code)), 0, ())
    raised, level = _shape("ac", font).cluster_boxes_em
    assert raised[[1, 3]] == pytest.approx([-0.65, -0.15])
    assert level[[1, 3]] == pytest.approx([-0.5, 0])


class TestRejections:
    """Each reason by its full text."""

    def test_notdef(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        font = FontKey(str(fontmaker.without_l_stroke(tmp_path / "f.ttf")), 0, ())
        assert _rejected("mały", font) == "notdef: the font lacks a character of 'mały'"
        assert _shape("maly", font).cluster_has_ink.all()

    def test_an_empty_glyph(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        font = FontKey(str(fontmaker.empty_l_stroke(tmp_path / "f.ttf")), 0, ())
        assert open_instance(font).hb_font.get_nominal_glyph(ord("ł"))
        assert _rejected("mały", font) == "empty_glyph: 'ł' leaves no ink"
        assert _rejected("ŁÓDŹ"[0], font) == "empty_glyph: 'Ł' leaves no ink"

    def test_an_empty_glyph_of_a_script_that_stacks(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        path = fontmaker.make_font(tmp_path / "f.ttf", "Stacking", characters="\u0916", empty="\u0915")
        font = FontKey(str(path), 0, ())
        assert _shape("\u0916", font, "Deva", "hi").cluster_has_ink.all()
        assert _rejected("\u0916\u0915", font, "Deva", "hi") == "empty_glyph: '\u0915' leaves no ink"

    def test_a_mark_upon_a_space_is_missed_where_it_leaves_no_ink(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        code = "feature ccmp { sub u0020 u0301 by u0020; } ccmp;"
        font = FontKey(str(fontmaker.make_font(tmp_path / "f.ttf", "Spaced", marks="\u0301", features=code)), 0, ())
        assert _rejected("a \u0301b", font) == "empty_glyph: ' \u0301' leaves no ink"
        assert not _shape("a b", font).cluster_has_ink[1]

    def test_a_figure_is_missed_behind_a_sign_that_needs_no_ink(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        code = "feature ccmp { sub u0600 u0661 by u0020; } ccmp;"
        path = fontmaker.make_font(tmp_path / "f.ttf", "Numbers", characters="\u0600\u0661", features=code)
        font = FontKey(str(path), 0, ())
        assert _shape("\u0661", font, "Arab", "ar").cluster_has_ink.all()
        text = "\u0600\u0661"
        assert _rejected(text, font, "Arab", "ar") == f"empty_glyph: {text!r} leaves no ink"

    def test_a_dotted_circle(self, families: dict[str, Family]) -> None:
        font = _face(families, "Noto Sans")
        sign = "\u093e"
        assert _shape("\u0915" + sign, font, "Deva", "hi").cluster_has_ink.all()
        assert _rejected(sign, font, "Deva", "hi") == f"dotted_circle: a mark of {sign!r} found no base"
        assert _rejected("\u0915 " + sign, font, "Deva", "hi") == f"dotted_circle: a mark of {'क ' + sign!r} found no base"

    def test_a_dotted_circle_that_the_text_holds(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        font = FontKey(str(fontmaker.with_marks(tmp_path / "f.ttf")), 0, ())
        assert _shape("a\u25cc", font).cluster_has_ink.all()

    def test_an_empty_text(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        font = FontKey(str(fontmaker.with_l_stroke(tmp_path / "f.ttf")), 0, ())
        assert _rejected("", font).startswith("notdef: ")


@pytest.fixture
def polish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of a Polish alphabet, in a copy of the package's data where ``ł`` is an auxiliary letter."""
    data: dict[str, Any] = assets.read("alphabets", "en_Latn")
    data |= {"id": "pl_Latn", "name": "Polish", "autonym": "polski", "language": "pl", "auxiliary": "ł"}
    (tmp_path / "data" / "alphabets").mkdir(parents=True)
    (tmp_path / "data" / "alphabets" / "pl_Latn.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    shutil.copytree(assets.folder("fonts"), tmp_path / "data" / "fonts")
    monkeypatch.setattr(assets, "_PACKAGE", tmp_path / "data" / "ocrsynth")
    alphabet.load.cache_clear()
    yield "pl_Latn"
    alphabet.load.cache_clear()
    _pipeline_of.cache_clear()


class TestThroughThePipeline:
    """Fonts without ``ł``, and Polish words, many of which hold it."""

    def _recipe(self, language: str, folder: Path, *, fallback: bool = False) -> Recipe:
        return Recipe.for_language(
            language,
            preset="clean",
            seed=5,
            text={"sources": [{"words": {"numbers": 0}}], "length_clusters": [1, 30]},
            fonts={"sets": [], "folders": [str(folder)], "fallback": fallback},
        )

    def _samples(self, recipe: Recipe, count: int = 320) -> list[tuple[str, str, dict[str, int]]]:
        samples = Pipeline(recipe).batch(range(count))
        return [(s.text, s.provenance["font"]["family"], s.provenance["rejected"]) for s in samples]

    def test_the_words_hold_the_letter(self, polish: str, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.with_l_stroke(tmp_path / "fonts" / "full.ttf")
        samples = self._samples(self._recipe(polish, tmp_path / "fonts"))
        assert sum("ł" in text.lower() for text, _, _ in samples) > 50
        assert all(rejected == {} for _, _, rejected in samples)

    def test_a_font_without_the_letter_never_shows_it(self, polish: str, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.without_l_stroke(tmp_path / "fonts" / "lacks.ttf")
        samples = self._samples(self._recipe(polish, tmp_path / "fonts"))
        assert not any("ł" in text.lower() for text, _, _ in samples)
        # A text that no font can show is drawn again whole, and not set in eleven more.
        assert 50 < sum(rejected.get("font_coverage", 0) for _, _, rejected in samples) < 50 * 12
        assert {reason for _, _, rejected in samples for reason in rejected} == {"font_coverage"}

    def test_a_font_with_the_letter_empty_never_shows_it(self, polish: str, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.empty_l_stroke(tmp_path / "fonts" / "hollow.ttf")
        samples = self._samples(self._recipe(polish, tmp_path / "fonts"))
        assert not any("ł" in text.lower() for text, _, _ in samples)
        assert sum(rejected.get("empty_glyph", 0) for _, _, rejected in samples) > 50 * 12

    def test_with_a_choice_of_fonts_only_the_full_one_shows_it(
        self, polish: str, fontmaker: ModuleType, tmp_path: Path
    ) -> None:
        fontmaker.with_l_stroke(tmp_path / "fonts" / "full.ttf")
        fontmaker.without_l_stroke(tmp_path / "fonts" / "lacks.ttf")
        fontmaker.empty_l_stroke(tmp_path / "fonts" / "hollow.ttf")
        samples = self._samples(self._recipe(polish, tmp_path / "fonts"))
        with_letter = [family for text, family, _ in samples if "ł" in text.lower()]
        assert set(with_letter) == {"Complete"}
        assert len(with_letter) > 50
        assert {family for _, family, _ in samples} == {"Complete", "Lacks", "Hollow"}

    def test_the_first_draw_is_told_where_another_font_was_taken(
        self, polish: str, fontmaker: ModuleType, tmp_path: Path
    ) -> None:
        fontmaker.with_l_stroke(tmp_path / "fonts" / "full.ttf")
        fontmaker.empty_l_stroke(tmp_path / "fonts" / "hollow.ttf")
        samples = Pipeline(self._recipe(polish, tmp_path / "fonts")).batch(range(60))
        redrawn = [s for s in samples if s.provenance["rejected"]]
        assert redrawn
        for sample in redrawn:
            assert sample.provenance["first_draw"] == {"text": sample.text, "source": "words", "family": "Hollow"}
            assert sample.provenance["font"]["family"] == "Complete"
        assert not any("first_draw" in s.provenance for s in samples if not s.provenance["rejected"])

    def test_as_a_fallback_only_the_full_one_shows_it(self, polish: str, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.with_l_stroke(tmp_path / "fonts" / "full.ttf")
        fontmaker.without_l_stroke(tmp_path / "fonts" / "lacks.ttf")
        fontmaker.empty_l_stroke(tmp_path / "fonts" / "hollow.ttf")
        seen = set()
        for sample in Pipeline(self._recipe(polish, tmp_path / "fonts", fallback=True)).batch(range(400)):
            font = sample.provenance["font"]
            seen.add(("ł" in sample.text.lower(), font["family"], font["fallback"]))
            lent = hashlib.sha256((tmp_path / "fonts" / "full.ttf").read_bytes()).hexdigest() if font["fallback"] else None
            assert font.get("fallback_sha256") == lent
            assert font.get("fallback_face") == (0 if lent else None)
        assert {case for case in seen if case[0]} == {(True, "Complete", None), (True, "Lacks", "Complete")}
        assert {fallback for with_letter, _, fallback in seen if not with_letter} == {None}

    def test_letters_are_never_cut_out_of_a_word(self, polish: str, fontmaker: ModuleType, tmp_path: Path) -> None:
        full = fontmaker.with_l_stroke(tmp_path / "full" / "full.ttf").parent
        lacks = fontmaker.without_l_stroke(tmp_path / "lacks" / "lacks.ttf").parent
        texts = {t for t, _, _ in self._samples(self._recipe(polish, full))}
        kept = [(t, r) for t, _, r in self._samples(self._recipe(polish, lacks))]
        # The first draw of the text is the same: what was not rejected is unchanged, what was is another text.
        assert all(text in texts for text, rejected in kept if not rejected)
        cut = {t.replace("ł", "").replace("Ł", "") for t in texts if "ł" in t.lower() and len(t) > 6}
        assert cut.isdisjoint(text for text, _ in kept)

    def test_a_base_letter_that_no_font_has_is_refused_at_once(
        self, polish: str, fontmaker: ModuleType, tmp_path: Path
    ) -> None:
        path = assets.folder("alphabets") / f"{polish}.yaml"
        data = yaml.safe_load(path.read_text("utf-8"))
        path.write_text(yaml.safe_dump(data | {"base": data["base"] + " ł", "auxiliary": ""}, allow_unicode=True), "utf-8")
        alphabet.load.cache_clear()
        fontmaker.without_l_stroke(tmp_path / "fonts" / "lacks.ttf")
        with pytest.raises(CoverageError) as caught:
            Pipeline(self._recipe(polish, tmp_path / "fonts"))
        assert str(caught.value) == (
            "pl_Latn: no font of 1 families has all letters; the closest, 'Lacks', lacks 2 of 54 (Ł U+0141, ł U+0142); "
            "add a font that has them with --fonts DIR, or take those of this system with --system-fonts"
        )


_TRICKY = st.sampled_from(
    ["e\u0301", "👩\u200d👩\u200d👧\u200d👦", "🇵🇱", "🇵", "👍🏽", "क\u094dष\u093f", "\u0301", "\u200d", "\u1100\u1161\u11a8",
     "각", "ก\u0e47", "\ufe0f", "☝", "a", " ", "\u093c", "ﷺ", "\u0600", "1"]
)  # fmt: skip


@given(st.one_of(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20), st.lists(_TRICKY).map("".join)))
def test_clusters_are_those_of_unicode(text: str) -> None:
    starts = grapheme_starts(text)
    assert starts == [m.start() for m in regex.finditer(r"\X", text)]
    assert cluster_ranges(starts, len(text)).tolist() == [list(m.span()) for m in regex.finditer(r"\X", text)]


@pytest.mark.parametrize(
    ("cluster", "needs"),
    [("a", True), ("-", True), ("é", True), ("e\u0301", True), ("字", True), ("👍🏽", True), ("\u0301", True), ("\u25cc", True),
     (" ", False), ("\u00a0", False), ("\u3000", False), ("\u200b", False), ("\u200d", False), ("\u00ad", False),
     ("\u2060", False), ("\ufe0f", False), (" \u200d", False), (" \u0301", True)],
)  # fmt: skip
def test_which_clusters_a_reader_would_miss(cluster: str, needs: bool) -> None:
    assert needs_ink(cluster) == needs


class TestSignsOfTheirOwn:
    """Clusters that HarfBuzz counts to one letter, but whose glyphs stand each for itself."""

    @pytest.mark.parametrize(
        ("language", "font", "text", "clusters"),
        [
            ("kn", "NotoSansKannada", "ಧರ್ಮ", ["ಧ", "ರ್", "ಮ"]),
            ("my", "NotoSansMyanmar", "ရေး", ["ရေ", "း"]),
            ("my", "NotoSansMyanmar", "များ", ["မျ", "ာ", "း"]),
        ],
    )
    def test_each_has_the_box_of_its_glyph(self, language: str, font: str, text: str, clusters: list[str]) -> None:
        file = Path(f"/usr/share/fonts/truetype/noto/{font}-Regular.ttf")
        if not file.is_file():
            pytest.skip("needs Debian's fonts-noto-core")
        letters, key = alphabet.load(language), FontKey(str(file), 0, ())
        shaped = shape_line(TextLine(text, "test", "ltr", letters.script, letters.language), key)
        assert list(shaped.clusters) == clusters
        assert shaped.ligatures == ()
        # The letter or sign by itself has as wide a glyph.
        instance = open_instance(key)
        for cluster, box in zip(shaped.clusters, shaped.cluster_boxes_em, strict=True):
            if len(cluster) == 1:
                glyph = instance.hb_font.get_nominal_glyph(ord(cluster))
                alone = instance.ink_box(glyph)
                assert alone is not None
                assert box[2] - box[0] == pytest.approx(alone[2] - alone[0], abs=1e-6)

    def test_a_reph_stands_behind_the_letter_that_follows_it(self) -> None:
        file = Path("/usr/share/fonts/truetype/noto/NotoSansKannada-Regular.ttf")
        if not file.is_file():
            pytest.skip("needs Debian's fonts-noto-core")
        shaped = shape_line(TextLine("ಧರ್ಮ", "test", "ltr", "Knda", "kn"), FontKey(str(file), 0, ()))
        _, reph, ma = shaped.cluster_boxes_em
        assert reph[0] > ma[2]

    def test_a_chinese_dash_is_two_characters_without_a_gap(self) -> None:
        file = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
        if not file.is_file():
            pytest.skip("needs Debian's fonts-noto-cjk")
        shaped = shape_line(TextLine("他说——好", "test", "ltr", "Hans", "zh"), FontKey(str(file), 2, ()))
        first, second = shaped.cluster_boxes_em[2:4]
        assert first[2] == pytest.approx(second[0])
        assert second[2] - first[0] > 1.8


def test_a_character_that_a_face_is_not_trusted_with_goes_to_the_fallback(fontmaker: ModuleType, tmp_path: Path) -> None:
    first, second = (FontKey(str(fontmaker.make_font(tmp_path / f"{name}.ttf", name)), 0, ()) for name in "AB")
    line = TextLine("a5b", "test", "ltr", "Latn", "en")
    shaped = shape_line(line, first, (second,), lacking=frozenset("5"))
    assert [run.font for run in shaped.runs] == [first, second, first]
    assert [run.font for run in shape_line(line, first, (second,)).runs] == [first]


def test_a_space_is_taken_from_the_face_that_has_one(fontmaker: ModuleType, tmp_path: Path) -> None:
    plain = FontKey(str(fontmaker.make_font(tmp_path / "plain.ttf", "Plain")), 0, ())
    spaceless = TTFont(fontmaker.make_font(tmp_path / "full.ttf", "Full", characters="ł"))
    for table in spaceless["cmap"].tables:
        table.cmap.pop(0x20, None)
    spaceless.save(tmp_path / "spaceless.ttf")
    letters = FontKey(str(tmp_path / "spaceless.ttf"), 0, ())
    shaped = shape_line(TextLine("ał łb", "test", "ltr", "Latn", "pl"), plain, (letters,))
    assert [run.font for run in shaped.runs] == [plain, letters, plain, letters, plain]
    assert shaped.cluster_has_ink.tolist() == [True, True, False, True, True]


def test_tied_letters_that_keep_a_glyph_each_run_from_right_to_left(fontmaker: ModuleType, tmp_path: Path) -> None:
    code = "lookup TIE { sub u05D0 u05D1 by tied; } TIE; lookup PART { sub tied by first second; } PART;"
    code += "feature ccmp { lookup TIE; lookup PART; } ccmp;"
    extra = {"tied": (50, 0, 100, 500), "first": (50, 0, 350, 500), "second": (50, 0, 150, 500)}
    font = FontKey(str(fontmaker.make_font(tmp_path / "f.ttf", "Tied", characters="אב", extra=extra, features=code)), 0, ())
    shaped = shape_line(TextLine("אב", "test", "rtl", "Hebr", "he"), font)
    alef, bet = shaped.cluster_boxes_em
    assert [alef[2] - alef[0], bet[2] - bet[0]] == pytest.approx([0.3, 0.1])
    assert bet[2] < alef[0]
