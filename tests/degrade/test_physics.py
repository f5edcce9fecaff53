"""What an op does to light and ink, whatever its numbers: none may do the opposite of its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ocrsynth import Recipe, make_sample
from ocrsynth.degrade.base import OPS, Op
from ocrsynth.degrade.textures import clouds, screen
from ocrsynth.fields import validate
from ocrsynth.pipeline import pipeline_for
from ocrsynth.records import Bleed, Frame, TextLine
from ocrsynth.render.layout import lay_out
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LESS_INK = ("ink_dropout", "broken_strokes", "ink_banding", "ink_fade", "halftone", "dither", "ink_erosion")
_MORE_INK = ("toner_specks", "ghosting", "ink_feather", "ink_spread", "ink_clog")
_DARKER = (
    "stain",
    "fold",
    "crumple_shading",
    "gutter_shadow",
    "foxing",
    "vignette",
    "hard_shadow",
    "soft_shadow",
    "bleed_through",
)
_LIGHTER = ("glare",)
_RECIPE = Recipe.for_language("en", preset="clean", seed=6, render={"height_px": 48})


def _op(name: str, severity: int, **fields: Any) -> Op:
    cls = OPS.get(name, "test")
    return validate(cls, {**cls.SEVERITIES[severity - 1], **fields}, name)


def _applied(op: Op, image: NDArray[np.uint8], index: int = 0) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    return op.apply(image, **op.sample(Stream(4, index, "physics"), Frame(height, width, 0.7 * height)))


@pytest.fixture(scope="module")
def mask() -> NDArray[np.uint8]:
    font = pipeline_for(_RECIPE).fonts.draw(Stream(4, 0, "font"))
    shaped = shape_line(TextLine("Hamburgefonstiv 0123", "test", "ltr", "Latn", "en"), font.key)
    return draw_mask(shaped, lay_out(shaped, _RECIPE.render, Stream(4, 0, "layout")), Bleed(0, 0, 0, 0)).copy()


@pytest.fixture(scope="module")
def image() -> NDArray[np.uint8]:
    return make_sample(_RECIPE, 3).image


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("name", [*_LESS_INK, *_MORE_INK])
def test_ink_is_only_taken_or_only_added(name: str, severity: int, mask: NDArray[np.uint8]) -> None:
    change = _applied(_op(name, severity), mask).astype(int) - mask
    assert (change <= 1).all() if name in _LESS_INK else (change >= -1).all()
    assert change.any()


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("name", [*_DARKER, *_LIGHTER])
def test_light_is_only_taken_or_only_added(name: str, severity: int, image: NDArray[np.uint8]) -> None:
    change = _applied(_op(name, severity), image).astype(int) - image
    assert (change <= 1).all() if name in _DARKER else (change >= -1).all()


@pytest.mark.parametrize("tone", [0.4, 0.6, 0.8])
def test_a_halftone_prints_the_tone_that_it_is_asked_for(tone: float) -> None:
    solid = np.full((256, 512), 255, np.uint8)
    for angle in (0, 15, 45, 75):
        op = _op("halftone", 3, tone_ratio=[tone, tone], pitch_em=[0.04, 0.04], angle_deg=[angle, angle])
        assert _applied(op, solid).mean() / 255 == pytest.approx(tone, abs=0.05)
    assert _applied(_op("dither", 3, tone_ratio=[tone, tone]), solid).mean() / 255 == pytest.approx(tone, abs=0.04)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
def test_the_share_of_spots_is_that_of_the_recipe(share: float) -> None:
    solid = np.full((256, 1024), 255, np.uint8)
    missing = [
        1 - _applied(_op("ink_dropout", 3, share_ratio=[share, share], spot_em=[0.03, 0.03]), solid, i).mean() / 255
        for i in range(6)
    ]
    assert np.mean(missing) == pytest.approx(share, abs=0.05)
    paper = np.full((256, 1024), 200, np.uint8)
    op = _op("salt_and_pepper", 3, share_ratio=[share / 2, share / 2])
    assert (_applied(op, paper) != 200).mean() == pytest.approx(share / 2, abs=0.01)


def test_a_clogged_type_fills_narrow_gaps_and_keeps_its_outer_edges() -> None:
    mask = np.zeros((64, 400), np.uint8)
    mask[16:48, 100:104] = mask[16:48, 107:111] = mask[16:48, 123:127] = 255
    op = _op("ink_clog", 2, radius_em=[0.05, 0.05], strength_ratio=[0.6, 0.6], share_ratio=[1.0, 1.0])
    out = _applied(op, mask)
    # At 45 px an em the disk is 2.2 px: it does not get between the first two bars, and passes between the others.
    assert out[20:44, 104:107] == pytest.approx(0.6 * 255, abs=3)
    assert not out[20:44, 113:121].any()
    assert (out[:, :100] == 0).all()
    assert (out[:, 127:] == 0).all()
    assert (out[mask == 255] == 255).all()
    none = _applied(_op("ink_clog", 2, radius_em=[0.05, 0.05], strength_ratio=[0, 0]), mask)
    assert (none == mask).all()


@pytest.mark.parametrize("method", ["otsu", "sauvola", "fixed"])
def test_black_and_white_is_black_and_white(method: str, image: NDArray[np.uint8]) -> None:
    out = _applied(_op("binarise", 1, method=method), image)
    assert set(np.unique(out)) == {0, 255}
    assert set(np.unique(_applied(_op("fax", 2), image))) == {0, 255}
    # Ink stays ink: what was darkest is black.
    assert (out[image <= np.percentile(image, 3)] == 0).mean() > 0.7


@pytest.mark.parametrize(("levels", "most"), [(2, 2), (5, 5), (16, 16)])
def test_no_more_tones_than_asked_for(levels: int, most: int, image: NDArray[np.uint8]) -> None:
    assert len(np.unique(_applied(_op("grey_levels", 1, levels=[levels, levels]), image))) <= most


@pytest.mark.parametrize(
    ("name", "fields", "axis"),
    [
        ("row_noise", {}, 1),
        ("scanner_streaks", {}, 0),
        ("scanner_streaks", {"along_x": True}, 1),
        ("ink_banding", {}, 1),
    ],
)
def test_rows_are_rows_and_columns_are_columns(name: str, fields: dict[str, Any], axis: int) -> None:
    """TRAPS E18: on a picture that is not square, what runs along an axis is constant along it."""
    flat = np.full((40, 333), 128, np.uint8)
    out = _applied(_op(name, 4, **fields), flat).astype(int)
    assert out.shape == flat.shape
    assert (np.ptp(out, axis=axis) == 0).all()
    assert (np.ptp(out, axis=1 - axis) > 0).any()


def test_moire_bands_run_as_they_are_told() -> None:
    flat = np.full((64, 512), 128, np.uint8)
    across = _applied(_op("moire", 5, angle_deg=[90, 90], period_em=[0.5, 0.5]), flat).astype(float)
    along = _applied(_op("moire", 5, angle_deg=[0, 0], period_em=[0.5, 0.5]), flat).astype(float)
    assert across.std(axis=1).mean() > 3 * across.std(axis=0).mean()
    assert along[:, 256 - 8 : 256 + 8].std(axis=0).mean() > 3 * along[:, 256 - 8 : 256 + 8].std(axis=1).mean()


def test_clouds_have_the_size_and_spread_that_is_asked_for() -> None:
    for cell in (2.0, 9.0, 40.0):
        fields = [clouds((256, 1024), seed, cell) for seed in range(8)]
        assert np.mean([f.std() for f in fields]) == pytest.approx(1, abs=0.25)
        assert abs(np.mean([f.mean() for f in fields])) < 0.25
    near, far = (np.mean([np.corrcoef(f[:, :-k].ravel(), f[:, k:].ravel())[0, 1] for f in fields]) for k in (4, 120))
    assert near > 0.9
    assert abs(far) < 0.3


def test_a_screen_is_as_large_as_the_picture() -> None:
    for shape in ((1, 1), (64, 5000), (1100, 40)):
        assert screen(shape, 4.0, 45).shape == shape
