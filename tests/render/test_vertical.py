"""Vertical lines: shaped from top to bottom, labels in reading order, boxes around their ink; and pictures without text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fontpkg
import numpy as np
import pytest

from ocrsynth import Recipe, generate, make_sample
from ocrsynth.errors import RecipeError, Rejected
from ocrsynth.fields import Range
from ocrsynth.generation.verify import verify
from ocrsynth.legibility import LegibilityConfig, Seen, check_all
from ocrsynth.pipeline import Pipeline
from ocrsynth.quads import bent_labels
from ocrsynth.records import PLAIN, Bleed, FontKey, ShapedLine, TextLine
from ocrsynth.render.layout import RenderConfig, lay_out
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from types import ModuleType

_CJK = Path("/usr/share/fonts/opentype/noto")
_SANS = FontKey(str(_CJK / "NotoSansCJK-Regular.ttc"), 0, ())
_CONFIG = RenderConfig(
    height_px=64, margin_em=Range(0.3, 0.3), side_margin_em=Range(0.3, 0.3), looseness=Range(1, 1), max_width_px=32_000
)

needs_cjk = pytest.mark.skipif(not _CJK.is_dir(), reason="needs Debian's fonts-noto-cjk")


def _shape(text: str) -> ShapedLine:
    return shape_line(TextLine(text, "test", "ttb", "Hani", "ja"), _SANS)


def _recipe(**sections: Any) -> Recipe:
    render = {"vertical": 1.0, **sections.pop("render", {})}
    return Recipe.for_language("ja", render=render, fonts={"sets": [], "folders": [str(_CJK)]}, **sections)


@pytest.mark.parametrize("sign", ["ー", "「", "）"])
def test_a_sign_that_a_font_cannot_turn_is_refused(sign: str, fontmaker: ModuleType, tmp_path: Path) -> None:
    """Lying as in a horizontal line, ``ー`` is read as ``一``."""
    name = f"u{ord(sign):04X}"
    code = f"feature vert {{ sub {name} by turned; }} vert;"
    extra = {"turned": (450, 0, 550, 700)}
    stiff, able = (
        FontKey(
            str(fontmaker.make_font(tmp_path / f"{i}.ttf", f"F{i}", characters=f"日{sign}", extra=extra, features=c)), 0, ()
        )
        for i, c in enumerate(("", code))
    )
    line = TextLine(f"日{sign}日", "test", "ttb", "Hani", "ja")
    with pytest.raises(Rejected, match=f"^font_coverage: the font has no vertical form of '{sign}'$"):
        shape_line(line, stiff)
    assert shape_line(line, able).cluster_has_ink.all()
    assert shape_line(replace(line, direction="ltr"), stiff).cluster_has_ink.all()


@needs_cjk
class TestVerticalLines:
    """Chinese, Japanese and Korean from top to bottom."""

    @pytest.mark.parametrize(
        "text", ["日本語", "「カー」、。", "年2024月", "英Wordと字", "あっょ…―ー～", "（一）「二」『三』", "한국어"]
    )
    def test_every_cluster_has_its_ink_below_the_one_before(self, text: str) -> None:
        shaped = _shape(text)
        boxes = shaped.cluster_boxes_em
        centres = boxes[:, [1, 3]].mean(axis=1)
        assert np.all(np.diff(centres) > 0)
        layout = lay_out(shaped, _CONFIG, Stream(0, 0, "t"))
        mask = draw_mask(shaped, layout, Bleed(0, 0, 0, 0))
        assert mask.shape[1] == 64
        assert mask.shape[0] > 64
        left_over = mask.copy()
        for quad in layout.points[: 4 * len(boxes)].reshape(-1, 4, 2):
            (left, top), (right, bottom) = quad[0], quad[2]
            part = np.s_[int(np.floor(top)) : int(np.ceil(bottom)), int(np.floor(left)) : int(np.ceil(right))]
            assert mask[part].any()
            left_over[part] = 0
        assert not left_over.any()
        # Nothing is clipped.
        assert not mask[0].any()
        assert not mask[-1].any()
        assert not mask[:, 0].any()
        assert not mask[:, -1].any()

    def test_signs_take_their_vertical_forms(self) -> None:
        for sign in "ー「（、。":
            flat = shape_line(TextLine(f"字{sign}", "test", "ltr", "Hani", "ja"), _SANS)
            assert _shape(f"字{sign}").runs[-1].glyph_ids[-1] != flat.runs[-1].glyph_ids[-1]

    def test_latin_words_lie_on_their_side(self) -> None:
        shaped = _shape("字Word字")
        assert [run.sideways for run in shaped.runs] == [False, True, False]
        flat = shape_line(TextLine("Word", "test", "ltr", "Latn", "en"), _SANS)
        boxes = shaped.cluster_boxes_em[1:5]
        assert boxes[:, 3] - boxes[:, 1] == pytest.approx(flat.cluster_boxes_em[:, 2] - flat.cluster_boxes_em[:, 0])
        assert boxes[:, 2] - boxes[:, 0] == pytest.approx(flat.cluster_boxes_em[:, 3] - flat.cluster_boxes_em[:, 1])
        # Turned clockwise: what was the top is on the right, so the descender-free W reaches as far right as the d.
        assert boxes[0, 2] > boxes[1, 2]

    def test_a_sideways_word_is_the_flat_picture_turned(self) -> None:
        upright = _shape("字Hp")
        flat = shape_line(TextLine("Hp", "test", "ltr", "Latn", "en"), _SANS)
        pictures = []
        for shaped, first in ((upright, 1), (flat, 0)):
            layout = lay_out(shaped, _CONFIG, Stream(0, 0, "t"))
            layout_points = layout.points[4 * first : 4 * (first + 2)]
            left, top = np.floor(layout_points.min(axis=0)).astype(int)
            right, bottom = np.ceil(layout_points.max(axis=0)).astype(int)
            mask = draw_mask(shaped, layout, Bleed(0, 0, 0, 0))
            pictures.append((mask[top:bottom, left:right], layout.size_px))
        (turned, size_a), (straight, size_b) = pictures
        assert turned.shape[0] / size_a == pytest.approx(straight.shape[1] / size_b, rel=0.1)
        # More ink stands on the left of a turned p's stem than right of it: its bowl points to the top right.
        unturned = np.rot90(turned)
        half = unturned.shape[1] // 2
        assert (unturned[:, half:].sum() > 0) == (straight[:, straight.shape[1] // 2 :].sum() > 0)

    def test_samples_of_all_presets_are_proved(self) -> None:
        for preset in ("clean", "scan", "photocopy", "camera"):
            samples = Pipeline(_recipe(degrade=preset)).batch(range(12))
            for sample in samples:
                height, width = sample.image.shape[:2]
                assert sample.provenance["direction"] == "ttb"
                assert sample.cluster_quads.min() >= -0.5
                assert sample.cluster_quads[..., 0].max() <= width + 0.5
                assert sample.cluster_quads[..., 1].max() <= height + 0.5
                (x0, y0), *_, (x1, y1) = sample.line.baseline
                assert y1 - y0 >= abs(x1 - x0)

    def test_the_share_is_kept(self) -> None:
        samples = Pipeline(_recipe(render={"vertical": 0.3}, degrade="clean")).batch(range(300))
        assert 60 < sum(s.provenance["direction"] == "ttb" for s in samples) < 120

    @pytest.mark.parametrize(
        "chain", ["scan", "camera", [{"rotation": {"angle_deg": [4, 4]}}], [{"page_curl": {}}, {"stretch": {}}]]
    )
    def test_warps_keep_the_width(self, chain: Any) -> None:
        recipe = _recipe(render={"height_px": 40}, text={"length_clusters": [4, 12]}, degrade=chain)
        for sample in Pipeline(recipe).batch(range(20)):
            assert sample.image.shape[1] == 40
            quads = np.array([cluster.quad for cluster in sample.clusters])
            assert (quads > -1).all()
            assert (quads < (41, sample.image.shape[0] + 1)).all()

    def test_a_data_set_of_vertical_lines_verifies(self, tmp_path: Path) -> None:
        generate(_recipe(text={"foreign": {"languages": ["en"], "share": 0.5}}), 30, tmp_path)
        assert verify(tmp_path).findings == []


def test_other_languages_are_not_written_downwards() -> None:
    with pytest.raises(RecipeError, match=r"render\.vertical: English is not written from top to bottom, got 0\.5"):
        Recipe.for_language("en", render={"vertical": 0.5})


class TestNoText:
    """Pictures without text, on purpose."""

    def test_the_share_is_kept_and_their_label_is_empty(self) -> None:
        recipe = Recipe.for_language("en", preset="scan", text={"empty_share": 0.25})
        samples = Pipeline(recipe).batch(range(400))
        empty = [s for s in samples if not s.text]
        assert 70 < len(empty) < 130
        for sample in empty:
            assert sample.clusters == sample.words == []
            assert sample.provenance["font"] is None
            assert sample.image.std() < 25, "paper alone has no strokes"
        assert len({s.image.shape for s in empty}) > 20

    def test_without_a_share_there_is_none(self) -> None:
        assert all(s.text for s in Pipeline(Recipe.for_language("en")).batch(range(200)))

    @pytest.mark.parametrize("fmt", ["webdataset", "folder"])
    def test_a_data_set_with_them_verifies(self, fmt: str, tmp_path: Path) -> None:
        output = {"format": fmt, "split": {"train": 0.5, "val": 0.5}}
        recipe = Recipe.for_language("en", text={"empty_share": 0.5}, output=output)
        result = generate(recipe, 60, tmp_path)
        assert result.statistics.delivered.sources["empty"] > 15
        assert verify(tmp_path).findings == []

    def test_other_samples_stay_as_they_are(self) -> None:
        with_them = Recipe.for_language("en", text={"empty_share": 0.5})
        for i in range(20):
            sample = make_sample(with_them, i)
            if sample.text:
                assert sample.encoded == make_sample(Recipe.for_language("en"), i).encoded


@needs_cjk
class TestAlongTheAxis:
    """What a swapped axis or a wrong sign would change, and no check of ink alone would tell."""

    def test_latin_on_its_side_stands_upon_the_middle(self) -> None:
        shaped = _shape("字Hx字")
        left, _, right, _ = shaped.cluster_boxes_em[1]
        assert abs(left + right) / 2 < 0.02

    def test_spaced_letters_stand_further_down(self) -> None:
        line = TextLine("日本語", "test", "ttb", "Hani", "ja")
        close, apart = (shape_line(line, _SANS, (), setting) for setting in (PLAIN, PLAIN._replace(letter_em=0.3)))
        gaps = np.diff(apart.cluster_boxes_em[:, 1]) - np.diff(close.cluster_boxes_em[:, 1])
        assert gaps == pytest.approx([0.3, 0.3])
        layout = lay_out(apart, _CONFIG, Stream(0, 0, "t"))
        mask = draw_mask(apart, layout, Bleed(0, 0, 0, 0))
        for quad in layout.points[: 4 * 3].reshape(-1, 4, 2):
            (left, top), (right, bottom) = quad[0], quad[2]
            assert mask[int(top) : int(bottom) + 1, int(left) : int(right) + 1].any()

    @pytest.mark.parametrize("which", [0, 3, 6])
    def test_one_letter_that_is_gone_is_told_by_its_number(self, which: int) -> None:
        shaped = _shape("漢字かな交じり")
        layout = lay_out(shaped, _CONFIG, Stream(0, 0, "t"))
        mask = draw_mask(shaped, layout, Bleed(0, 0, 0, 0))
        image = 255 - mask
        clusters = layout.points[: 4 * 7].reshape(-1, 4, 2)
        (left, top), (right, bottom) = np.floor(clusters[which][0]).astype(int), np.ceil(clusters[which][2]).astype(int)
        ink, apart = np.ones(7, np.bool_), np.zeros(7, np.bool_)
        points = layout.points[: 4 * 7]
        whole = Seen(image, mask, layout.points[-6:], layout.size_px, points, ink, apart, 1)
        assert check_all(LegibilityConfig(), [whole]) == [None]
        wiped = image.copy()
        wiped[top:bottom, left:right] = 255
        # Less than a stretch of the line, whose contrast tells it as well.
        config = LegibilityConfig(min_contrast_grey=0, min_correlation=0, min_correlation_along=0)
        [verdict] = check_all(config, [whole._replace(image=wiped)])
        assert verdict is not None
        assert (verdict.reason, str(which) in str(verdict) or str(which + 1) in str(verdict)) == ("faint_cluster", True)


class TestBentWords:
    """Words and lines under a warp that bends."""

    @staticmethod
    def _layout() -> tuple[ShapedLine, Any]:
        font = FontKey(str(fontpkg.family("Lora").files[0].path), 0, ())
        shaped = shape_line(TextLine("ab cd", "test", "ltr", "Latn", "en"), font)
        return shaped, lay_out(shaped, _CONFIG, Stream(0, 0, "t"))

    def test_a_word_ends_with_its_last_letter(self) -> None:
        shaped, layout = self._layout()
        moved = bent_labels(layout, shaped.cluster_ranges[:, 0], lambda points: np.add(points, (0.0, 3.0)), (90, 900))
        quads = moved[: 4 * 8].reshape(-1, 4, 2)
        assert quads[5][:, 0].max() == pytest.approx(quads[1][:, 0].max())
        assert quads[6][:, 0].min() == pytest.approx(quads[3][:, 0].min())

    def test_a_tilted_word_has_a_tilted_rectangle_in_a_wide_picture(self) -> None:
        shaped, layout = self._layout()
        angle = np.deg2rad(10)
        turn = np.array(((np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))))

        def tilted(points: Any) -> Any:
            return points @ turn + (300.0, 5.0)

        moved = bent_labels(layout, shaped.cluster_ranges[:, 0], tilted, (120, 900))
        word = moved[: 4 * 8].reshape(-1, 4, 2)[5]
        along = word[1] - word[0]
        assert np.arctan2(along[1], along[0]) == pytest.approx(angle)
