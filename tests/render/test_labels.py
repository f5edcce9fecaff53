"""Labels against pixels: the quads are where the ink is, before and after warps."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
import pytest

from ocrsynth import Recipe
from ocrsynth.degrade.base import OPS, CurvedOp, GeometricOp
from ocrsynth.degrade.chain import Chain
from ocrsynth.degrade.entries import parse_chain
from ocrsynth.errors import Rejected
from ocrsynth.fonts import catalogue
from ocrsynth.pipeline import Pipeline
from ocrsynth.records import Bleed, FontKey, Frame, GlyphRun, Setting, TextLine
from ocrsynth.render.layout import RenderConfig, lay_out
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Layout, Sample, ShapedLine

_NO_BLEED = Bleed(0, 0, 0, 0)
_COUNT = 320
_SIGMAS = 3
"""The paper's texture is clipped at so many standard deviations."""


@lru_cache(maxsize=8)
def _samples(height_px: int, *degrade: str) -> tuple[Sample, ...]:
    """Return clean samples, or ones under the geometric ops *degrade*, cached for the tests of this file."""
    ops = {"rotation": {"angle_deg": [-6, 6]}, "perspective": {"shift_ratio": [0.02, 0.12]}}
    recipe = Recipe.for_language("en", preset="clean", seed=31, render={"height_px": height_px}).with_changes(
        degrade=[{name: ops[name]} for name in degrade]
    )
    return tuple(Pipeline(recipe).batch(range(_COUNT)))


def _ink(sample: Sample) -> NDArray[np.float64]:
    """Return how much darker each pixel is than the darkest spot that the bare paper can have; 0 on paper."""
    surface = sample.provenance["surface"]
    darkest = surface["paper"][0] - _SIGMAS * surface["texture_grey"] - 2
    return np.maximum(darkest - sample.image.astype(np.float64), 0)


def _contrast(sample: Sample) -> float:
    surface = sample.provenance["surface"]
    return float(surface["paper"][0] - surface["ink"][0])


def _bounds(quad: NDArray[np.float32]) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = quad.min(axis=0).tolist(), quad.max(axis=0).tolist()
    return left, top, right, bottom


def _is_upright(quads: NDArray[np.float32]) -> bool:
    return bool((quads[:, 0, 0] == quads[:, 3, 0]).all() and (quads[:, 0, 1] == quads[:, 1, 1]).all())


def _inside(sample: Sample, grow_px: float = 0.0) -> NDArray[np.bool_]:
    """Return which pixels any cluster's quad, grown by *grow_px*, touches."""
    mask = np.zeros(sample.image.shape, np.uint8)
    for cluster in sample.clusters:
        centre = cluster.quad.mean(axis=0)
        away = np.sign(cluster.quad - centre) * grow_px
        points = np.rint((cluster.quad + away - 0.5) * 16).astype(np.int32)
        cv2.fillConvexPoly(mask, points, 1, cv2.LINE_8, 4)
    return mask > 0


class _Set(NamedTuple):
    """A line as the stages hand it on, made again for a sample."""

    shaped: ShapedLine
    layout: Layout


def _set_again(sample: Sample, recipe: Recipe) -> _Set:
    """Return the stages' records of a clean *sample*, whose font its provenance names."""
    font = sample.provenance["font"]
    face = _faces()[font["sha256"], font["face"]]
    axes = tuple((a.tag, font["axes"][a.tag]) for a in face.axes)
    key = FontKey(face.path, face.index, axes, font["bold_em"], font["slant"])
    setting = Setting(tuple(font["features"].items()), font["letter_spacing_em"], font["word_spacing_em"])
    shaped = shape_line(TextLine(sample.text, "words", "ltr", "Latn", "en"), key, (), setting)
    return _Set(shaped, lay_out(shaped, recipe.render, Stream(recipe.seed, sample.index, "layout")))


@lru_cache(maxsize=1)
def _faces() -> dict[tuple[str, int], catalogue.FaceFile]:
    return {(face.sha256, face.index): face for f in catalogue.load(("default",), ()) for face in f.faces}


def _mask_of(line: _Set, glyphs: list[int]) -> NDArray[np.uint8]:
    """Return the coverage of some glyphs of the line alone."""
    [run] = line.shaped.runs
    some = GlyphRun(run.font, *([values[g] for g in glyphs] for values in run[1:4]))
    return draw_mask(replace(line.shaped, runs=(some,)), line.layout, _NO_BLEED)


def _recipe(height_px: int) -> Recipe:
    return Recipe.for_language("en", preset="clean", seed=31, render={"height_px": height_px})


@pytest.mark.parametrize("height_px", [48, 64])
class TestClean:
    """Without degradation; every sample of hundreds."""

    def test_ink_is_inside_the_quads(self, height_px: int) -> None:
        for sample in _samples(height_px):
            assert _is_upright(sample.cluster_quads)
            mask = np.zeros(sample.image.shape, np.bool_)
            for quad in sample.cluster_quads:
                left, top, right, bottom = _bounds(quad)
                mask[math.floor(top) : math.ceil(bottom), math.floor(left) : math.ceil(right)] = True
            ink = _ink(sample)
            assert ink.sum() > 0
            assert ink[mask].sum() / ink.sum() >= 0.99, sample.text

    def test_quads_hold_ink_where_there_is_a_letter(self, height_px: int) -> None:
        for sample in _samples(height_px):
            ink = _ink(sample)
            for start, end, quad in sample.clusters:
                if sample.text[start:end] == " ":
                    continue
                left, top, right, bottom = _bounds(quad)
                box = ink[math.floor(top) : math.ceil(bottom), math.floor(left) : math.ceil(right)]
                assert box.max() > 0.12 * _contrast(sample), (sample.text, sample.text[start:end])

    def test_a_quad_touches_its_ink_on_all_four_sides(self, height_px: int) -> None:
        recipe = _recipe(height_px)
        checked = 0
        for sample in _samples(height_px)[::4]:
            if sample.provenance["font"]["fallback"] is not None:
                continue
            line = _set_again(sample, recipe)
            shaped = line.shaped
            if len(shaped.runs[0].glyph_ids) != len(shaped.cluster_ranges):
                continue
            quads = line.layout.points[: 4 * len(shaped.cluster_ranges)].reshape(-1, 4, 2)
            assert np.abs(quads - sample.cluster_quads).max() < 0.011
            for i in np.flatnonzero(shaped.cluster_has_ink & ~shaped.cluster_is_split).tolist():
                rows, columns = np.nonzero(_mask_of(line, [i]) > 16)
                tight = np.array((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
                assert np.abs(tight - _bounds(sample.cluster_quads[i])).max() <= 1.5, (
                    sample.text,
                    i,
                    sample.provenance["font"],
                )
                checked += 1
        assert checked > 1000

    def test_ligatures_share_the_box_of_their_ink(self, height_px: int) -> None:
        recipe = _recipe(height_px)
        shared = 0
        for sample in _samples(height_px):
            if sample.provenance["font"]["fallback"] is not None:
                continue
            line = _set_again(sample, recipe)
            if not line.shaped.cluster_is_split.any():
                continue
            quads = sample.cluster_quads
            split = line.shaped.cluster_is_split
            for i in np.flatnonzero(split[:-1] & split[1:]).tolist():
                left, right = _bounds(quads[i]), _bounds(quads[i + 1])
                if abs(left[2] - right[0]) > 0.02:
                    continue  # the end of one ligature and the beginning of the next
                assert (left[1], left[3]) == (right[1], right[3])
                [by] = {ligature.by for ligature in line.shaped.ligatures if ligature.first <= i < ligature.end}
                if by == "even":
                    assert left[2] - left[0] == pytest.approx(right[2] - right[0], abs=0.03)
                else:
                    assert min(left[2] - left[0], right[2] - right[0]) > 1
                shared += 1
        assert shared > 5

    def test_no_ink_touches_the_frame(self, height_px: int) -> None:
        for sample in _samples(height_px):
            ink = _ink(sample)
            assert ink[0].max() == ink[-1].max() == 0, sample.text
            assert ink[:, 0].max() == ink[:, -1].max() == 0, sample.text

    def test_spaces_are_empty_and_as_wide_as_their_advance(self, height_px: int) -> None:
        recipe = _recipe(height_px)
        spaces = 0
        for sample in _samples(height_px)[::4]:
            if sample.provenance["font"]["fallback"] is not None:
                continue
            line = _set_again(sample, recipe)
            [run] = line.shaped.runs
            if len(run.glyph_ids) != len(line.shaped.cluster_ranges):
                continue
            for i, c in enumerate(sample.text):
                if c != " ":
                    continue
                assert not _mask_of(line, [i]).any()
                left, top, right, bottom = _bounds(sample.cluster_quads[i])
                advance = (run.x_em[i + 1] - run.x_em[i]) * line.layout.size_px
                assert right - left == pytest.approx(advance, abs=0.03)
                assert bottom == pytest.approx(line.layout.baseline_px, abs=0.01)
                assert bottom - top == pytest.approx(line.shaped.metrics.x_height_em * line.layout.size_px, abs=0.02)
                spaces += 1
        assert spaces > 100

    def test_the_mask_of_the_line_is_that_of_its_glyphs(self, height_px: int) -> None:
        recipe = _recipe(height_px)
        for sample in _samples(height_px)[:40]:
            if sample.provenance["font"]["fallback"] is not None:
                continue
            line = _set_again(sample, recipe)
            whole = draw_mask(line.shaped, line.layout, _NO_BLEED)
            assert whole.shape == sample.image.shape
            # What is dark in the sample is what the mask covers, and nothing else.
            assert not _ink(sample)[whole == 0].any()
            assert (sample.image[whole == 255] < sample.provenance["surface"]["paper"][0] - 0.5 * _contrast(sample)).all()


@pytest.mark.parametrize(
    ("height_px", "degrade"),
    [(48, ()), (64, ()), (48, ("rotation",)), (64, ("perspective",)), (64, ("rotation", "perspective"))],
)
class TestRelations:
    """What holds between labels, warped or not."""

    def test_words_are_those_of_the_text(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            assert [sample.text[a:b] for a, b, _ in sample.words] == sample.text.split()
            assert sample.word_ranges.dtype == np.int32

    def test_clusters_partition_the_text(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            assert "".join(sample.text[a:b] for a, b, _ in sample.clusters) == sample.text

    def test_word_quads_contain_their_clusters(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            for start, end, quad in sample.words:
                hull = cv2.convexHull(quad)
                for a, b, cluster in sample.clusters:
                    if start <= a and b <= end:
                        # Positive is inside; labels are rounded to 0.01 px.
                        assert min(cv2.pointPolygonTest(hull, tuple(map(float, p)), True) for p in cluster) > -0.03

    def test_the_line_contains_its_words_and_lies_in_the_frame(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            hull = cv2.convexHull(sample.line.quad)
            for quad in sample.word_quads:
                assert min(cv2.pointPolygonTest(hull, tuple(map(float, p)), True) for p in quad) > -0.03
            left, top, right, bottom = _bounds(sample.line.quad)
            assert left >= 0
            assert top >= 0
            assert right <= sample.image.shape[1]
            assert bottom <= sample.image.shape[0]

    def test_quads_run_clockwise_from_the_top_left(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            quads = np.concatenate((sample.cluster_quads, sample.word_quads, sample.line.quad[None])).astype(np.float64)
            edges = np.roll(quads, -1, axis=1) - quads
            following = np.roll(edges, -1, axis=1)
            # y points down, so a positive cross product turns clockwise on the screen.
            assert (edges[..., 0] * following[..., 1] - edges[..., 1] * following[..., 0] > 0).all()
            assert (edges[:, 0, 0] > 0).all()
            assert (edges[:, 1, 1] > 0).all()

    def test_the_baseline_runs_below_the_line_from_end_to_end(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            baseline, quad = sample.line.baseline, sample.line.quad
            assert baseline.shape == (2, 2)
            for end, (top, bottom) in ((baseline[0], (quad[0], quad[3])), (baseline[1], (quad[1], quad[2]))):
                # Both ends lie on the left and right edge of the line's quad, extended below ink that hangs above it.
                along = (bottom - top).astype(np.float64)
                offset = (end - top).astype(np.float64)
                distance = (along[0] * offset[1] - along[1] * offset[0]) / np.hypot(*along)
                assert abs(distance) < 0.05 + 0.02 * np.hypot(*offset) / np.hypot(*along)


@pytest.mark.parametrize("height_px", [48, 64])
def test_letters_stand_on_the_baseline(height_px: int) -> None:
    checked = 0
    for sample in _samples(height_px):
        font = sample.provenance["font"]
        if font["class"] not in {"serif", "sans", "mono", "slab"} or font["style"] != "normal" or font["fallback"]:
            continue
        (_, y), (_, y_end) = sample.line.baseline.tolist()
        assert y == y_end
        for start, end, quad in sample.clusters:
            if sample.text[start:end] in set("HEITLNMFPhimnrkx"):
                assert abs(_bounds(quad)[3] - y) < 0.05 * font["size_px"], (sample.text, font)
                checked += 1
    assert checked > 300


@pytest.mark.parametrize(
    ("height_px", "degrade"), [(64, ("rotation",)), (64, ("perspective",)), (48, ("rotation", "perspective"))]
)
class TestWarped:
    """Under rotation and perspective the quads follow the ink."""

    def test_ink_is_inside_the_quads(self, height_px: int, degrade: tuple[str, ...]) -> None:
        tilted = 0
        for sample in _samples(height_px, *degrade):
            ink = _ink(sample)
            # Bilinear sampling spreads ink by up to a pixel.
            assert ink[_inside(sample, 1)].sum() / ink.sum() >= 0.99, sample.text
            tilted += not _is_upright(sample.cluster_quads)
        assert tilted > 0.9 * _COUNT

    def test_quads_hold_ink_where_there_is_a_letter(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            ink = _ink(sample)
            for start, end, quad in sample.clusters:
                if sample.text[start:end] == " ":
                    continue
                mask = np.zeros(sample.image.shape, np.uint8)
                cv2.fillConvexPoly(mask, np.rint((quad - 0.5) * 16).astype(np.int32), 1, cv2.LINE_8, 4)
                assert ink[mask > 0].max() > 0.08 * _contrast(sample), (sample.text, sample.text[start:end])

    def test_a_quad_touches_the_ink_that_is_found_again(self, height_px: int, degrade: tuple[str, ...]) -> None:
        """Clusters that stand apart from their neighbours, measured in the frame of their own quad."""
        checked = 0
        for sample in _samples(height_px, *degrade):
            ink = _ink(sample)
            # What is surely ink, and what may be: the end of a Didone's hairline covers a twentieth of its pixel.
            surely, perhaps = 0.2 * _contrast(sample), max(0.05 * _contrast(sample), 8)
            rows, columns = np.nonzero(ink > perhaps)
            pixels = np.stack((columns + 0.5, rows + 0.5), axis=1).astype(np.float32)
            strong = ink[rows, columns] > surely
            for i, quad in enumerate(sample.cluster_quads):
                if sample.text[sample.cluster_ranges[i, 0]] == " " or not _stands_apart(sample, i, 3.0):
                    continue
                width = float(np.hypot(*(quad[1] - quad[0])) + np.hypot(*(quad[2] - quad[3]))) / 2
                height = float(np.hypot(*(quad[3] - quad[0])) + np.hypot(*(quad[2] - quad[1]))) / 2
                upright = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float32)
                matrix = cv2.getPerspectiveTransform(quad, upright)
                at = cv2.perspectiveTransform(pixels[None], matrix)[0]
                near = (at[:, 0] > -2) & (at[:, 0] < width + 2) & (at[:, 1] > -height) & (at[:, 1] < 2 * height)
                assert (near & strong).any(), sample.text
                sure, wide = at[near & strong], at[near]
                # The quad holds what is surely ink and nothing that is surely bare: within 1.5 px on every side.
                size = np.array((width, height))
                assert sure.min() - 0.5 >= -1.5, (sample.text, i, sample.index)
                assert (sure.max(axis=0) + 0.5 - size).max() <= 1.5, (sample.text, i, sample.index)
                assert wide.min(axis=0).max() - 0.5 <= 1.5, (sample.text, i, sample.index)
                assert (size - wide.max(axis=0) - 0.5).max() <= 1.5, (sample.text, i, sample.index)
                checked += 1
        assert checked > 300

    def test_no_ink_touches_the_frame(self, height_px: int, degrade: tuple[str, ...]) -> None:
        for sample in _samples(height_px, *degrade):
            ink = _ink(sample)
            assert max(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) == 0, sample.text

    def test_the_height_is_kept(self, height_px: int, degrade: tuple[str, ...]) -> None:
        assert {s.image.shape[0] for s in _samples(height_px, *degrade)} == {height_px}


def _stands_apart(sample: Sample, i: int, gap_px: float) -> bool:
    """Tell whether the quad of cluster *i* is that far, along the line, from the quads of all others that hold ink."""
    left, _, right, _ = _bounds(sample.cluster_quads[i])
    for k, quad in enumerate(sample.cluster_quads):
        if k == i or sample.text[sample.cluster_ranges[k, 0]] == " ":
            continue
        other_left, _, other_right, _ = _bounds(quad)
        if other_left < right + gap_px and other_right > left - gap_px:
            return False
    return True


def _layout(text: str, **section: Any) -> tuple[ShapedLine, Layout]:
    face = next(f for f in catalogue.load(("default",), ()) if f.name == "Roboto").faces[1]
    key = FontKey(face.path, face.index, tuple((a.tag, a.default) for a in face.axes))
    shaped = shape_line(TextLine(text, "test", "ltr", "Latn", "en"), key)
    return shaped, lay_out(shaped, RenderConfig(**section), Stream(1, 0, "layout"))


class TestLayout:
    """Sizes and margins."""

    @pytest.mark.parametrize("height_px", [16, 32, 64, 128])
    @pytest.mark.parametrize("preset", ["clean", "scan", "camera"])
    def test_the_height_is_exact(self, height_px: int, preset: str) -> None:
        recipe = Recipe.for_language("en", preset=preset, seed=3, render={"height_px": height_px, "max_width_px": 8000})
        samples = Pipeline(recipe).batch(range(25))
        assert {s.image.shape[0] for s in samples} == {height_px}
        assert len({s.image.shape[1] for s in samples}) > 10

    @pytest.mark.parametrize(("above", "beside"), [(0.05, 0.3), (0.3, 0.1), (0.5, 1.5)])
    def test_margins_are_as_asked(self, above: float, beside: float) -> None:
        recipe = Recipe.for_language(
            "en",
            preset="clean",
            seed=3,
            render={"height_px": 64, "margin_em": [above, above], "side_margin_em": [beside, beside], "looseness": [0, 0]},
        )
        for sample in Pipeline(recipe).batch(range(60)):
            size = sample.provenance["font"]["size_px"]
            height, width = sample.image.shape
            left, top, right, bottom = _bounds(sample.line.quad)
            baseline = float(sample.line.baseline[0, 1])
            assert left == pytest.approx(beside * size, abs=0.02)
            # The width is a whole number of pixels, rounded up.
            assert 0 <= width - right - beside * size + 0.02 <= 1.04
            if bottom > baseline + 0.5:
                assert height - bottom == pytest.approx(above * size, abs=0.02)
            assert top >= above * size - 0.02
            if any(c in "bdfhklABCDEFGH" for c in sample.text):
                assert top == pytest.approx(above * size, abs=0.02)

    def test_margins_are_drawn_apart(self) -> None:
        recipe = Recipe.for_language("en", preset="clean", seed=3, render={"height_px": 64, "looseness": [0, 0]})
        sides = []
        for sample in Pipeline(recipe).batch(range(60)):
            size = sample.provenance["font"]["size_px"]
            left, _, right, _ = _bounds(sample.line.quad)
            sides.append((left / size, (sample.image.shape[1] - right) / size))
        before, after = np.array(sides).T
        assert before.min() >= 0.1 - 0.001
        assert before.max() <= 0.6 + 0.001
        assert after.max() <= 0.6 + 1 / 20
        assert abs(np.corrcoef(before, after)[0, 1]) < 0.5
        assert before.std() > 0.08

    def test_looseness_makes_room_for_absent_ascenders(self) -> None:
        _, tight = _layout("nono", looseness=(0, 0), height_px=64)
        _, loose = _layout("nono", looseness=(1, 1), height_px=64)
        assert tight.size_px > 1.2 * loose.size_px
        assert tight.height_px == loose.height_px == 64

    def test_a_dash_is_not_blown_up(self) -> None:
        _, dash = _layout("-", looseness=(0, 0), height_px=64)
        _, letter = _layout("x", looseness=(0, 0), height_px=64)
        assert dash.size_px == pytest.approx(letter.size_px)

    def test_a_line_of_one_letter_has_all_labels(self) -> None:
        _, layout = _layout("x")
        assert layout.points.shape == (4 * (1 + 1 + 1) + 2, 2)
        assert (layout.points[:4] == layout.points[4:8]).all()
        assert (layout.points[:4] == layout.points[8:12]).all()
        assert layout.word_ranges.tolist() == [[0, 1]]

    @pytest.mark.parametrize("text", ["a b c", "aa a aa a", "the theory of the", "x x x x"])
    def test_repeated_words_get_their_own_ranges(self, text: str) -> None:
        shaped, layout = _layout(text)
        assert [text[a:b] for a, b in layout.word_ranges] == text.split()
        quads = layout.points[:-2].reshape(-1, 4, 2)[len(shaped.cluster_ranges) : -1]
        assert (quads[1:, 0, 0] > quads[:-1, 1, 0]).all()

    def test_a_line_too_wide_is_rejected(self) -> None:
        with pytest.raises(Rejected) as caught:
            _layout("a long line of text", height_px=64, max_width_px=100)
        assert caught.value.reason == "too_wide"
        assert str(caught.value).endswith(" px at a height of 64 px")

    def test_wide_lines_are_counted_and_drawn_again(self) -> None:
        recipe = Recipe.for_language("en", preset="clean", seed=3, render={"max_width_px": 500})
        samples = Pipeline(recipe).batch(range(120))
        assert max(s.image.shape[1] for s in samples) <= 500
        rejected = [s.provenance["rejected"].get("too_wide", 0) for s in samples]
        assert sum(n > 0 for n in rejected) > 10
        free = Pipeline(Recipe.for_language("en", preset="clean", seed=3)).batch(range(120))
        # Another text is drawn, in place of a narrower picture of the same.
        assert all((a.text != b.text) == (n > 0) for a, b, n in zip(samples, free, rejected, strict=True))
        assert all((b.image.shape[1] > 500) == (n > 0) for b, n in zip(free, rejected, strict=True))

    def test_a_wider_bleed_draws_the_same_line(self) -> None:
        shaped, layout = _layout("Kerning AVA fi")
        inner = draw_mask(shaped, layout, _NO_BLEED)
        outer = draw_mask(shaped, layout, Bleed(7, 3, 11, 5))
        assert outer.shape == (inner.shape[0] + 8, inner.shape[1] + 18)
        assert (outer[3:-5, 7:-11] == inner).all()
        assert outer.sum() == inner.sum()


_BENDING = sorted(name for name in OPS if issubclass(OPS.get(name, "test"), GeometricOp))


class _Coloured(NamedTuple):
    """A line whose every cluster was drawn and warped alone, and where its label says that it is."""

    masks: list[NDArray[np.uint8]]
    quads: NDArray[np.float64]


@lru_cache(maxsize=1)
def _lines() -> tuple[_Set, ...]:
    """Return lines of 64 px, a glyph a cluster, in fonts without hairlines, which are not all found again by their pixels."""
    recipe = _recipe(64).with_changes(fonts={"families": ["Crimson Pro", "Roboto Mono", "JetBrains Mono"]})
    fonts = Pipeline(recipe).fonts
    found = []
    for i, text in enumerate(("Hamburg 0123", "minimum (QWERTY)", "jumping fox 98%")):
        shaped = shape_line(TextLine(text, "test", "ltr", "Latn", "en"), fonts.draw(Stream(7, i, "font")).key)
        found.append(_Set(shaped, lay_out(shaped, recipe.render, Stream(7, i, "layout"))))
    return tuple(found)


def _coloured(line: _Set, chain: Chain, index: int) -> _Coloured:
    """Return each cluster under *chain*, found by its pixels alone, and the quads of the labels."""
    layout = line.layout
    quad = tuple(map(tuple, layout.points[-6:-2].tolist()))
    drawn = chain.draw((11, index, 0), Frame(layout.height_px, layout.width_px, layout.size_px), quad)
    [run] = line.shaped.runs
    masks = []
    for g in range(len(run.glyph_ids)):
        some = GlyphRun(run.font, *([values[g]] for values in run[1:4]))
        mask = draw_mask(replace(line.shaped, runs=(some,)), layout, drawn.bleed)
        masks.append(chain.apply(drawn, np.ascontiguousarray(mask)).image)
    n = len(line.shaped.cluster_ranges)
    return _Coloured(masks, drawn.move(layout.points[: 4 * n]).reshape(n, 4, 2))


def _overlap(quad: NDArray[np.float64], mask: NDArray[np.uint8]) -> float:
    """Return the IoU of a quad and of the least quad of its slant around the ink, on a grid of tenths of px.

    The quad of a label bounds its ink in the upright line, so what it must equal is the region of the ink, not the ink:
    that region is taken from the pixels, between lines parallel to the quad's sides.
    """
    rows, columns = np.nonzero(mask > 100)
    points = np.stack((columns, rows), axis=1) + 0.5
    a, b, _, d = quad
    frame = np.stack((b - a, d - a), axis=1)
    inside = np.linalg.solve(frame, (points - a).T)
    # A pixel reaches half its side beyond its centre.
    pad = 0.5 / np.linalg.norm(frame, axis=0)
    low, high = inside.min(axis=1) - pad, inside.max(axis=1) + pad
    other = np.clip(np.minimum(high, 1) - np.maximum(low, 0), 0, None).prod()
    return float(other / (1 + (high - low).prod() - other))


@pytest.mark.parametrize("name", _BENDING)
@pytest.mark.parametrize("severity", [2, 5])
def test_labels_follow_every_bend(name: str, severity: int) -> None:
    """E25: a glyph drawn alone is found by its pixels where its quad is said to be."""
    chain = Chain(parse_chain([{name: OPS.get(name, "test").SEVERITIES[severity - 1]}], "degrade"))
    _check_overlaps(chain)


@pytest.mark.parametrize(
    "ops",
    [
        ("perspective", "sine_wave", "rotation"),
        ("page_curl", "perspective", "lens_distortion"),
        ("elastic", "rotation", "rolling_shutter"),
        ("book_gutter", "brightness_contrast", "thin_plate"),
    ],
    ids="+".join,
)
def test_labels_follow_fused_bends(ops: tuple[str, ...]) -> None:
    neutral = {"brightness_contrast": {"brightness_grey": [0, 0], "contrast_ratio": [1, 1]}}
    entries = [{name: neutral.get(name, OPS.get(name, "test").SEVERITIES[1])} for name in ops]
    _check_overlaps(Chain(parse_chain(entries, "degrade")))


def _check_overlaps(chain: Chain) -> None:
    found = []
    for index, line in enumerate(_lines()):
        made = _coloured(line, chain, index)
        assert len(made.masks) == len(made.quads)
        for mask, quad, inked in zip(made.masks, made.quads, line.shaped.cluster_has_ink, strict=True):
            if inked and np.linalg.norm(quad[2] - quad[0]) > 12:
                found.append(_overlap(quad, mask))
    assert len(found) > 25
    assert np.median(found) >= 0.9
    assert np.quantile(found, 0.02) >= 0.8, sorted(found)[:5]


@pytest.mark.parametrize("name", [n for n in _BENDING if issubclass(OPS.get(n, "test"), CurvedOp)])
def test_a_bent_sample_is_labelled_whole(name: str) -> None:
    """Words and lines hold their clusters, the baseline runs along the line, and all is inside the picture."""
    recipe = _recipe(64).with_changes(degrade=[{name: OPS.get(name, "test").SEVERITIES[3]}])
    for sample in Pipeline(recipe).batch(range(12)):
        height, width = sample.image.shape
        assert height == 64
        assert len(sample.line.baseline) == 17
        assert (sample.line.baseline[1:, 0] > sample.line.baseline[:-1, 0]).all()
        whole = sample.line.quad.astype(np.float32).reshape(-1, 1, 2)
        for word in sample.words:
            corners = word.quad.reshape(-1, 1, 2)
            for start, end, quad in sample.clusters:
                assert ((quad > -0.6) & (quad < (width + 0.6, height + 0.6))).all()
                for point in quad:
                    assert cv2.pointPolygonTest(whole, tuple(map(float, point)), measureDist=True) > -0.05
                    if word.start <= start and end <= word.end:
                        assert cv2.pointPolygonTest(corners, tuple(map(float, point)), measureDist=True) > -0.05
