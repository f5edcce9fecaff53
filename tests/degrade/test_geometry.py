"""Geometry as pixels show it: a drawn dot lands where the labels are said to land."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ocrsynth.degrade.base import OPS, GeometricOp, border_colour, warp
from ocrsynth.degrade.chain import Chain, Degraded, Drawn
from ocrsynth.degrade.curves import outline
from ocrsynth.degrade.entries import parse_chain
from ocrsynth.degrade.presets import preset_names, read_preset
from ocrsynth.degrade.projection import (
    IDENTITY,
    Canvas,
    Matrix,
    about_centre,
    as_array,
    bounds_of,
    corners,
    grow_to_fit,
    inverse,
    move,
    moved_points,
    needed_bleed,
    refit,
    scale_of,
    shift,
    times,
)
from ocrsynth.fields import validate
from ocrsynth.records import Bleed, Frame, Margins
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_Quad = tuple[tuple[float, float], ...]

_PAPER = 200
_DOT = 120
"""Depth of a dot at its middle."""
_TOLERANCE_PX = 0.75
_GEOMETRIC = [name for name in OPS if issubclass(OPS.get(name, "test"), GeometricOp)]
_SIZES = [(48, 320), (48, 60), (320, 48), (33, 127)]
_UNHURRIED = settings(deadline=None)


def _op(name: str, entry: dict[str, Any]) -> GeometricOp:
    op = validate(OPS.get(name, "test"), entry, name)
    assert isinstance(op, GeometricOp)
    return op


def _severe(name: str, severity: int) -> GeometricOp:
    return _op(name, OPS.get(name, "test").SEVERITIES[severity - 1])


def _blob(height: int, width: int, x: float, y: float, sigma: float = 1.6) -> NDArray[np.float64]:
    """Return a round spot of peak 1 around (x, y); pixel centres are at half-integers."""
    xs, ys = np.arange(width) + 0.5 - x, np.arange(height) + 0.5 - y
    return np.exp(-(xs[None, :] ** 2 + ys[:, None] ** 2) / (2 * sigma * sigma))


def _dot(height: int, width: int, x: float, y: float) -> NDArray[np.uint8]:
    return np.rint(_PAPER - _DOT * _blob(height, width, x, y)).astype(np.uint8)


def _ink(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.where(image < _PAPER - 2, _PAPER - image.astype(np.float64), 0)


def _centroid(image: NDArray[np.uint8]) -> tuple[float, float]:
    ink = _ink(image)
    total = ink.sum()
    assert total > 0, "the dot is gone"
    xs, ys = np.arange(image.shape[1]) + 0.5, np.arange(image.shape[0]) + 0.5
    return float((ink * xs).sum() / total), float((ink * ys[:, None]).sum() / total)


def _area_ratio(move_points: Callable[[NDArray[np.float64]], NDArray[np.float64]], x: float, y: float) -> float:
    """Return the factor by which a warp enlarges the area of a dot at (x, y)."""
    a, b, c, d = move_points(np.array(((x - 2, y), (x + 2, y), (x, y - 2), (x, y + 2))))
    return float(abs(np.linalg.det(np.stack((b - a, d - c)))) / 16)


def _chain(*entries: dict[str, Any]) -> Chain:
    return Chain(parse_chain(list(entries), "degrade"))


def _draw(chain: Chain, index: int, frame: Frame, quad: _Quad | None) -> Drawn:
    return chain.draw((5, index, 0), frame, quad)


def _apply(chain: Chain, drawn: Drawn, image: NDArray[np.uint8]) -> Degraded:
    return chain.apply(drawn, image)


def _bled(frame: Frame, bleed: Bleed) -> tuple[int, int]:
    return frame.height + bleed.top + bleed.bottom, frame.width + bleed.left + bleed.right


def test_the_centroid_of_a_drawn_dot_is_where_it_was_drawn() -> None:
    for x, y in ((20.0, 10.0), (20.3, 10.7), (31.9, 14.45)):
        assert _centroid(_dot(32, 64, x, y)) == pytest.approx((x, y), abs=0.02)


@pytest.mark.parametrize("severity", range(1, 6))
@pytest.mark.parametrize("name", _GEOMETRIC)
class TestOps:
    @pytest.mark.parametrize("size", _SIZES, ids=str)
    def test_a_dot_lands_where_move_points_says(self, name: str, severity: int, size: tuple[int, int]) -> None:
        height, width = size
        op = _severe(name, severity)
        right, bottom = width - 9.6, height - 9.2
        for i in range(4):
            params = op.sample(Stream(5, i, name), Frame(height, width, 30))
            for x, y in ((9.3, 8.8), (right, 9.1), (width * 0.4, height * 0.55), (9.9, bottom), (right, bottom)):
                out = op.apply(_dot(height, width, x, y), **params)
                [expected] = op.move_points(np.array([[x, y]]), height, width, **params)
                assert _centroid(out) == pytest.approx(tuple(expected), abs=_TOLERANCE_PX)

    @pytest.mark.parametrize("size", _SIZES, ids=str)
    def test_nothing_of_the_picture_is_cut(self, name: str, severity: int, size: tuple[int, int]) -> None:
        height, width = size
        op = _severe(name, severity)
        for i in range(4):
            params = op.sample(Stream(5, i, name), Frame(height, width, 30))
            canvas = op.canvas(height, width, **params)
            moved = op.move_points(outline(corners(height, width)), height, width, **params)
            assert moved.min() >= -1e-3
            assert (moved <= (canvas.width + 1e-3, canvas.height + 1e-3)).all()
            # No larger than it must be: on every side less than a pixel is to spare.  (The points are those of the canvas:
            # bends between them cut what is in the dots' place nowhere, as these show.)
            assert (moved.min(axis=0) < 1.001).all()
            assert (moved.max(axis=0) > (canvas.width - 1.001, canvas.height - 1.001)).all()
            for x, y in ((5.0, 5.0), (width - 5.0, 5.0), (5.0, height - 5.0), (width - 5.0, height - 5.0)):
                dot = _dot(height, width, x, y)
                ratio = _area_ratio(lambda at: op.move_points(at, height, width, **params), x, y)  # noqa: B023
                assert _ink(op.apply(dot, **params)).sum() / ratio == pytest.approx(_ink(dot).sum(), rel=0.1)

    def test_a_plain_picture_stays_plain(self, name: str, severity: int) -> None:
        """The canvas that grew takes the colour of the border."""
        op = _severe(name, severity)
        for shape in ((48, 320), (48, 320, 3)):
            params = op.sample(Stream(5, 0, name), Frame(48, 320, 30))
            image = np.full(shape, (190, 200, 210) if len(shape) == 3 else 200, np.uint8)
            out = op.apply(image, **params)
            assert (np.abs(out.astype(int) - image[0, 0]) <= 1).all()

    def test_points_of_a_narrow_picture_stay_between_its_moved_corners(self, name: str, severity: int) -> None:
        """A single letter makes a picture narrower than high; its warp must not turn over."""
        op = _severe(name, severity)
        for height, width in ((48, 17), (64, 14)):
            grid = np.array([(x, y) for x in np.linspace(0, width, 7) for y in np.linspace(0, height, 7)])
            for i in range(200):
                params = op.sample(Stream(5, i, name), Frame(height, width, 40))
                canvas = op.canvas(height, width, **params)
                moved = op.move_points(grid, height, width, **params)
                # Of a bent picture the canvas knows points all around it; between them an edge may bulge by this much.
                slack = 0.2 if canvas.parts else 1e-3
                assert moved.min() > -slack, f"draw {i}"
                assert (moved < (canvas.width + slack, canvas.height + slack)).all(), f"draw {i}"


def test_positive_angles_turn_counter_clockwise() -> None:
    op = _op("rotation", {"angle_deg": [10, 10]})
    params = op.sample(Stream(0, 0, "x"), Frame(48, 320, 30))
    left, right = op.move_points(np.array([[0.0, 24.0], [320.0, 24.0]]), 48, 320, **params)
    assert right[1] < left[1]


_CHAINS = {
    "rotation": [{"rotation": {"angle_deg": [-4, 4]}}],
    "fused": [{"rotation": {"angle_deg": [-4, 4]}}, {"perspective": {"shift_ratio": [0.1, 0.15]}}],
    "fused thrice": [
        {"perspective": {"shift_ratio": [0.05, 0.1]}},
        {"rotation": {"angle_deg": [-3, 3]}},
        {"perspective": {"shift_ratio": [0.05, 0.1]}},
    ],
    "two warps": [
        {"rotation": {"angle_deg": [-4, 4]}},
        {"brightness_contrast": {"brightness_grey": [0, 0], "contrast_ratio": [1, 1]}},
        {"perspective": {"shift_ratio": [0.1, 0.15]}},
    ],
    "three warps": [
        {"rotation": {"angle_deg": [2, 3]}},
        {"brightness_contrast": {"brightness_grey": [0, 0], "contrast_ratio": [1, 1]}},
        {"rotation": {"angle_deg": [-5, -4]}},
        {"brightness_contrast": {"brightness_grey": [0, 0], "contrast_ratio": [1, 1]}},
        {"perspective": {"shift_ratio": [0.05, 0.1]}},
    ],
}
_FRAMES = [
    (Frame(48, 320, 34), ((9.0, 10.0), (309.0, 10.0), (309.0, 40.0), (9.0, 40.0))),
    (Frame(48, 700, 34), ((20.0, 6.0), (690.0, 6.0), (690.0, 37.0), (20.0, 37.0))),
    (Frame(64, 90, 40), ((14.0, 11.0), (80.0, 11.0), (80.0, 50.0), (14.0, 50.0))),
]


@pytest.mark.parametrize("name", _CHAINS)
@pytest.mark.parametrize(("frame", "quad"), _FRAMES, ids=lambda f: f"{f.height}x{f.width}" if isinstance(f, Frame) else "")
class TestChains:
    def test_a_dot_lands_where_the_product_says(self, name: str, frame: Frame, quad: _Quad) -> None:
        chain = _chain(*_CHAINS[name])
        (left, top), _, (right, bottom), _ = quad
        middle = ((left + right) / 2, (top + bottom) / 2)
        places = ((left + 1, top + 1), (right - 1, top + 2), middle, (right - 2, bottom - 1.5))
        for i in range(3):
            drawn = _draw(chain, i, frame, quad)
            for x, y in places:
                image = _dot(*_bled(frame, drawn.bleed), x + drawn.bleed.left, y + drawn.bleed.top)
                out = _apply(chain, drawn, image).image
                [expected] = move(drawn.matrix, np.array([[x, y]]))
                assert 0 <= expected[0] <= out.shape[1]
                assert 0 <= expected[1] <= out.shape[0]
                assert _centroid(out) == pytest.approx(tuple(expected), abs=_TOLERANCE_PX)

    def test_the_mask_takes_the_same_way(self, name: str, frame: Frame, quad: _Quad) -> None:
        chain = _chain(*_CHAINS[name])
        drawn = _draw(chain, 1, frame, quad)
        x, y = quad[0][0] + 20, quad[0][1] + 12
        image = _dot(*_bled(frame, drawn.bleed), x + drawn.bleed.left, y + drawn.bleed.top)
        out = chain.apply(drawn, image).image
        mask = chain.warp(drawn, 200 - image)
        assert np.abs(mask.astype(int) + out - 200).max() <= 2
        # What looks at some of the rows only must find them as they are in the whole.
        for every in (2, 3):
            assert np.array_equal(chain.warp(drawn, 200 - image, every), mask[::every])

    def test_the_height_is_kept_and_the_line_is_inside(self, name: str, frame: Frame, quad: _Quad) -> None:
        chain = _chain(*_CHAINS[name])
        for i in range(20):
            drawn = _draw(chain, i, frame, quad)
            out = _apply(chain, drawn, np.full(_bled(frame, drawn.bleed), _PAPER, np.uint8)).image
            assert out.shape[0] == frame.height
            box = bounds_of(drawn.matrix, quad)
            assert min(box.left, box.top) >= 0
            assert box.right <= out.shape[1]
            assert box.bottom <= frame.height

    @pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
    def test_no_border_shows(self, name: str, frame: Frame, quad: _Quad, channels: tuple[int, ...]) -> None:
        chain = _chain(*_CHAINS[name])
        for i in range(20):
            drawn = _draw(chain, i, frame, quad)
            out = _apply(chain, drawn, np.full((*_bled(frame, drawn.bleed), *channels), _PAPER, np.uint8)).image
            assert int(out.min()) >= _PAPER, f"draw {i}"

    def test_neighbours_are_fused_and_the_warps_multiply(self, name: str, frame: Frame, quad: _Quad) -> None:
        drawn = _draw(_chain(*_CHAINS[name]), 2, frame, quad)
        warps = [step.canvas for step in drawn.steps if step.canvas is not None]
        product = IDENTITY
        for canvas in warps:
            product = times(canvas.matrix, product)
        np.testing.assert_allclose(drawn.matrix, product, rtol=1e-9)
        n_breaks = sum("brightness_contrast" in entry for entry in _CHAINS[name])
        assert len(warps) == n_breaks + 1


def test_a_chain_without_a_line_grows_around_the_whole_picture() -> None:
    frame = Frame(48, 320, 34)
    chain = _chain(*_CHAINS["two warps"])
    for i in range(5):
        drawn = _draw(chain, i, frame, None)
        image = _dot(*_bled(frame, drawn.bleed), 300.0 + drawn.bleed.left, 12.0 + drawn.bleed.top)
        out = _apply(chain, drawn, image).image
        [expected] = move(drawn.matrix, np.array([[300.0, 12.0]]))
        assert _centroid(out) == pytest.approx(tuple(expected), abs=_TOLERANCE_PX)
        moved = move(drawn.matrix, np.array(corners(48, 320)))
        assert moved.min() >= -1e-3
        assert (moved <= (out.shape[1] + 1e-3, out.shape[0] + 1e-3)).all()


def test_the_size_of_the_text_behind_a_warp_is_that_of_the_warped_text() -> None:
    frame, quad = _FRAMES[0]
    turn, blur = {"rotation": {"angle_deg": [6, 6]}}, {"gaussian_blur": {"sigma_em": [0.1, 0.1]}}
    turned, blurred = (_draw(_chain(*entries), 0, frame, quad) for entries in ([turn], [turn, blur]))
    a, b = turned.move(np.array([[0.0, 0.0], [1.0, 0.0]]))
    em_px = frame.em_px * math.dist(a, b)
    assert em_px < 0.9 * frame.em_px
    assert (turned.em_px, blurred.em_px) == (pytest.approx(em_px), pytest.approx(em_px))
    assert blurred.record[-1]["params"]["sigma_px"] == pytest.approx(0.1 * em_px, abs=1e-3)


def test_resolution_is_lost_again_and_again() -> None:
    chain = _chain({"downscale": {"scale_ratio": [0.8, 0.8]}}, {"resample": {"scale_ratio": [0.5, 0.5]}}, {"jpeg": {}})
    assert _draw(chain, 0, Frame(48, 320, 34), None).kept_ratio == pytest.approx(0.4)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
def test_the_colour_beyond_a_picture_is_that_of_most_of_its_four_sides(turns: int, channels: tuple[int, ...]) -> None:
    image = np.full((9, 9, *channels), 200, np.uint8)
    image[0] = 90
    assert set(border_colour(np.rot90(image, turns))) == {200}
    image[:, 0] = image[-1] = 90
    assert set(border_colour(np.rot90(image, turns))) == {90}


def test_a_chain_of_nothing_changes_nothing() -> None:
    frame = Frame(48, 320, 34)
    chain = _chain()
    drawn = _draw(chain, 0, frame, None)
    assert drawn == ((), Bleed(0, 0, 0, 0), IDENTITY, [], 34, (), 1.0)
    image = _dot(48, 320, 50, 20)
    result = _apply(chain, drawn, image)
    np.testing.assert_array_equal(result.image, image)
    assert result.encoded is None


def test_the_order_of_phases_is_physical_whatever_the_recipe_says() -> None:
    chain = _chain({"jpeg": {}}, {"sensor_noise": {}}, {"ink_spread": {}}, {"rotation": {}}, {"ink_erosion": {}})
    assert [link.op.name for link in chain.links] == ["ink_spread", "ink_erosion", "sensor_noise", "rotation", "jpeg"]


def test_print_ops_work_on_the_mask_alone() -> None:
    frame = Frame(48, 320, 34)
    chain = _chain({"ink_spread": {"radius_em": [0.05, 0.05]}})
    drawn = _draw(chain, 0, frame, None)
    mask = 200 - _dot(48, 320, 50, 20)
    assert (chain.apply_print(drawn, mask) >= mask).all()
    assert chain.apply_print(drawn, mask).sum() > mask.sum()
    image = _dot(48, 320, 50, 20)
    np.testing.assert_array_equal(_apply(chain, drawn, image).image, image)


@pytest.mark.parametrize("preset", preset_names())
@pytest.mark.parametrize(("height", "width"), [(48, 16), (48, 24), (32, 12), (64, 40), (48, 320)])
def test_the_bleed_of_presets_is_bounded(preset: str, height: int, width: int) -> None:
    """A picture of one letter must not be drawn on a hundred million pixels."""
    chain = Chain(parse_chain(read_preset(preset, "degrade"), "degrade"))
    frame = Frame(height, width, 0.75 * height)
    side, rise = width / 5, height / 5
    quad = ((side, rise), (width - side, rise), (width - side, height - rise), (side, height - rise))
    for i in range(3000):
        drawn = _draw(chain, i, frame, quad)
        drawn_height, drawn_width = _bled(frame, drawn.bleed)
        assert drawn_height * drawn_width <= 500_000, f"draw {i}: {drawn_height}×{drawn_width}"


_SMALL = st.floats(-0.3, 0.3)


@st.composite
def _matrices(draw: st.DrawFn) -> Matrix:
    """Matrices as chains make them: turn, shear and scale by little, a shift, and a perspective over some 500 px."""
    a, b, d, e = (draw(_SMALL) for _ in range(4))
    g, h = draw(st.floats(-6e-4, 6e-4)), draw(st.floats(-6e-4, 6e-4))
    return (1 + a, b, draw(st.floats(-400, 400)), d, 1 + e, draw(st.floats(-400, 400)), g, h, 1.0)


_POINTS = st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=6)


def _in_front(matrix: Matrix, height: float, width: float) -> bool:
    """Tell whether the horizon of *matrix* is well away from a picture."""
    return all(matrix[6] * x + matrix[7] * y + matrix[8] > 0.25 for x, y in corners(height, width))


class TestProjection:
    @_UNHURRIED
    @given(_matrices())
    def test_the_inverse_undoes(self, m: Matrix) -> None:
        assume(abs(np.linalg.det(as_array(m))) > 0.05)
        for product in (times(inverse(m), m), times(m, inverse(m))):
            np.testing.assert_allclose(as_array(product) / product[8], np.eye(3), atol=1e-7)
        np.testing.assert_allclose(as_array(inverse(m)), np.linalg.inv(as_array(m)), rtol=1e-6, atol=1e-9)

    @_UNHURRIED
    @given(_matrices(), _matrices(), _matrices())
    def test_times_is_associative_and_that_of_numpy(self, m: Matrix, n: Matrix, o: Matrix) -> None:
        np.testing.assert_allclose(times(times(m, n), o), times(m, times(n, o)), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(as_array(times(m, n)), as_array(m) @ as_array(n), rtol=1e-12, atol=1e-12)
        assert times(m, IDENTITY) == times(IDENTITY, m) == m

    @_UNHURRIED
    @given(_matrices(), _matrices(), _POINTS)
    def test_times_applies_the_second_first(self, m: Matrix, n: Matrix, points: list[tuple[float, float]]) -> None:
        assume(_in_front(n, 500, 500))
        assume(_in_front(times(m, n), 500, 500))
        np.testing.assert_allclose(
            moved_points(times(m, n), points), moved_points(m, moved_points(n, points)), rtol=1e-6, atol=1e-6
        )

    @_UNHURRIED
    @given(_matrices(), _POINTS)
    def test_both_ways_to_move_points_agree(self, m: Matrix, points: list[tuple[float, float]]) -> None:
        assume(_in_front(m, 500, 500))
        np.testing.assert_allclose(move(m, np.array(points)), moved_points(m, points), rtol=1e-9, atol=1e-9)

    @_UNHURRIED
    @given(st.floats(-100, 100), st.floats(-100, 100), st.floats(0.1, 5), st.floats(0, 500), st.floats(0, 500))
    def test_shift_moves_first_and_scales_then(self, dx: float, dy: float, k: float, x: float, y: float) -> None:
        assert moved_points(shift(dx, dy, k), [(x, y)])[0] == pytest.approx(((x + dx) * k, (y + dy) * k), abs=1e-9)
        assert scale_of(shift(dx, dy, k)) == pytest.approx(k)

    @_UNHURRIED
    @given(_matrices(), st.integers(1, 200), st.integers(1, 500))
    def test_about_centre_keeps_the_centre_of_a_turn(self, m: Matrix, height: int, width: int) -> None:
        turn = (m[0], m[1], 0.0, m[3], m[4], 0.0, 0.0, 0.0, 1.0)
        centre = (width / 2, height / 2)
        assert moved_points(about_centre(turn, height, width), [centre])[0] == pytest.approx(centre, abs=1e-9)

    @_UNHURRIED
    @given(_matrices(), st.integers(1, 200), st.integers(1, 500))
    def test_a_grown_canvas_just_holds_the_picture(self, m: Matrix, height: int, width: int) -> None:
        assume(_in_front(m, height, width))
        canvas = grow_to_fit(m, height, width)
        box = bounds_of(canvas.matrix, corners(height, width))
        assert -1e-4 <= box.left < 1.001
        assert -1e-4 <= box.top < 1.001
        assert canvas.width - 1.001 <= box.right <= canvas.width + 1e-4 or canvas.width == 1
        assert canvas.height - 1.001 <= box.bottom <= canvas.height + 1e-4 or canvas.height == 1

    @_UNHURRIED
    @given(_matrices(), st.integers(8, 200), st.integers(8, 500), st.floats(0.05, 0.4))
    def test_refit_keeps_the_height_and_the_margins(self, m: Matrix, height: int, width: int, share: float) -> None:
        assume(_in_front(m, height, width))
        left, top = share * width, share * height
        quad = ((left, top), (width - left, top), (width - left, height - top), (left, height - top))
        margins = Margins(left, top, left, top)
        moved = bounds_of(m, quad)
        assume(min(moved.right - moved.left, moved.bottom - moved.top) > 1)
        canvas = refit(m, quad, margins, height)
        assert canvas.height == height
        box = bounds_of(canvas.matrix, quad)
        scale = (box.bottom - box.top) / (moved.bottom - moved.top)
        assert box.top == pytest.approx(top * scale, abs=1e-6)
        assert height - box.bottom == pytest.approx(top * scale, abs=1e-6)
        assert box.left == pytest.approx(left * scale, abs=1e-6)
        assert -1e-6 <= canvas.width - box.right - left * scale < 1 + 1e-6

    @settings(deadline=None, max_examples=60)
    @given(_matrices(), st.integers(8, 80), st.integers(8, 200), st.tuples(*[st.integers(0, 12)] * 4))
    def test_the_needed_bleed_covers_the_canvas_and_what_is_beyond(
        self, m: Matrix, height: int, width: int, around: tuple[int, int, int, int]
    ) -> None:
        """Pixels tell: a plain picture with its bleed stays plain on the canvas with its bleed."""
        beyond = Bleed(*around)
        centred = times(shift(width / 2, height / 2), times(_linear(m), shift(-width / 2, -height / 2)))
        # The crop that a recipe makes: some of the picture's middle, in the same height.
        quad = tuple((width * (0.2 + 0.6 * u), height * (0.2 + 0.6 * v)) for u, v in ((0, 0), (1, 0), (1, 1), (0, 1)))
        assume(_in_front(centred, height, width))
        canvas = refit(centred, quad, Margins(0.2 * width, 0.2 * height, 0.2 * width, 0.2 * height), height)
        target = Canvas(canvas.matrix, height, canvas.width)
        outline = (
            (-beyond.left, -beyond.top),
            (target.width + beyond.right, -beyond.top),
            (target.width + beyond.right, target.height + beyond.bottom),
            (-beyond.left, target.height + beyond.bottom),
        )
        back = inverse(target.matrix)
        assume(all(back[6] * x + back[7] * y + back[8] > 0.25 * back[8] > 0 for x, y in outline))
        bleed = needed_bleed(target, height, width, beyond)
        assume(sum(bleed) < 3000)
        moved = moved_points(back, outline)
        assert all(-bleed.left <= x <= width + bleed.right and -bleed.top <= y <= height + bleed.bottom for x, y in moved)
        matrix = times(times(shift(beyond.left, beyond.top), target.matrix), shift(-bleed.left, -bleed.top))
        picture = np.full((height + bleed.top + bleed.bottom, width + bleed.left + bleed.right), _PAPER, np.uint8)
        out = warp(
            picture,
            Canvas(matrix, target.height + beyond.top + beyond.bottom, target.width + beyond.left + beyond.right),
            0,
        )
        assert int(out.min()) == _PAPER

    def test_a_matrix_that_flattens_the_plane_has_no_inverse(self) -> None:
        with pytest.raises(ZeroDivisionError):
            inverse((1.0, 2.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 1.0))

    def test_the_bleed_of_no_warp_is_what_was_asked_beyond_and_a_pixel(self) -> None:
        assert needed_bleed(Canvas(IDENTITY, 48, 320), 48, 320, Bleed(3, 0, 5, 7)) == (4, 1, 6, 8)


def _linear(m: Matrix) -> Matrix:
    return (m[0], m[1], 0.0, m[3], m[4], 0.0, m[6], m[7], 1.0)


@pytest.mark.parametrize("size", [(48, 320), (320, 48)], ids=str)
def test_warping_by_whole_pixels_moves_pixels_exactly(size: tuple[int, int]) -> None:
    height, width = size
    image = np.random.default_rng(5).integers(0, 256, size, np.uint8)
    out = warp(image, Canvas(shift(7, 4), height + 10, width + 20), 9)
    np.testing.assert_array_equal(out[4 : 4 + height, 7 : 7 + width], image)
    assert (out[:4] == 9).all()
    assert (out[:, :7] == 9).all()


def test_warping_by_two_keeps_the_edges_of_the_picture_at_the_edges_of_the_canvas() -> None:
    """With pixel centres at half-integers a picture doubled about the origin covers exactly twice its size."""
    image = np.zeros((20, 40), np.uint8)
    image[5:15, 10:30] = 255
    out = warp(image, Canvas(shift(0, 0, 2), 40, 80), 0)
    doubled = cv2.resize(image, (80, 40), interpolation=cv2.INTER_LINEAR)
    assert np.abs(out[2:-2, 2:-2].astype(int) - doubled[2:-2, 2:-2]).max() <= 4
    assert math.isclose(out.sum() / 255, 4 * image.sum() / 255, rel_tol=0.01)
