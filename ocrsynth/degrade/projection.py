"""Projective geometry of warps: matrices, canvases and bleeds.

Points are (x, y), pixel centres at half-integers, so a picture covers exactly [0, W] × [0, H].  Matrices of a few
points are plain tuples: at this size Python's floats are several times faster than arrays.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from ocrsynth.records import Bleed, Margins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""A 3×3 projective matrix, row by row; takes (x, y, 1) to (x', y', 1) up to a factor."""
IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
Point = tuple[float, float]


class Canvas(NamedTuple):
    """A warp from the old picture to the new one, and the size of the new one in px."""

    matrix: Matrix
    height: int
    width: int
    parts: tuple[Any, ...] = ()
    """What happens before the matrix, if the warp bends: see `curves`."""


class Bounds(NamedTuple):
    """An upright box, in px."""

    left: float
    top: float
    right: float
    bottom: float


def times(m: Matrix, n: Matrix) -> Matrix:
    """Return the matrix that applies *n* first and then *m*."""
    a, b, c, d, e, f, g, h, i = m
    j, k, l, o, p, q, r, s, t = n  # noqa: E741 - the letters of a matrix
    return (
        a * j + b * o + c * r, a * k + b * p + c * s, a * l + b * q + c * t,
        d * j + e * o + f * r, d * k + e * p + f * s, d * l + e * q + f * t,
        g * j + h * o + i * r, g * k + h * p + i * s, g * l + h * q + i * t,
    )  # fmt: skip


def then_shifted(m: Matrix, dx: float, dy: float) -> Matrix:
    """Return the matrix that applies *m* and then moves by (dx, dy): as `times`, but without its idle products."""
    a, b, c, d, e, f, g, h, i = m
    return a + dx * g, b + dx * h, c + dx * i, d + dy * g, e + dy * h, f + dy * i, g, h, i


def shifted_first(m: Matrix, dx: float, dy: float) -> Matrix:
    """Return the matrix that moves by (dx, dy) and then applies *m*."""
    a, b, c, d, e, f, g, h, i = m
    return a, b, a * dx + b * dy + c, d, e, d * dx + e * dy + f, g, h, g * dx + h * dy + i


def inverse(m: Matrix) -> Matrix:
    """Return the inverse by the adjugate; raises ZeroDivisionError for a matrix that flattens the plane."""
    a, b, c, d, e, f, g, h, i = m
    u, v, w = e * i - f * h, f * g - d * i, d * h - e * g
    k = 1 / (a * u + b * v + c * w)
    return (
        u * k, (c * h - b * i) * k, (b * f - c * e) * k,
        v * k, (a * i - c * g) * k, (c * d - a * f) * k,
        w * k, (b * g - a * h) * k, (a * e - b * d) * k,
    )  # fmt: skip


def as_array(m: Matrix) -> NDArray[np.float64]:
    """Return *m* as float64 (3, 3)."""
    return np.array(m).reshape(3, 3)


def move(m: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return *points*, float64 (n, 2), under *m*."""
    moved: NDArray[np.float64] = cv2.perspectiveTransform(points.reshape(1, -1, 2), as_array(m)).reshape(-1, 2)  # type: ignore[assignment]
    return moved


def moved_points(m: Matrix, points: Iterable[Point]) -> list[Point]:
    """Return a few *points* under *m*."""
    a, b, c, d, e, f, g, h, i = m
    if g == h == 0 and i == 1:
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in points]
    moved = []
    for x, y in points:
        k = 1 / (g * x + h * y + i)
        moved.append(((a * x + b * y + c) * k, (d * x + e * y + f) * k))
    return moved


def bounds_of(m: Matrix, points: Iterable[Point]) -> Bounds:
    """Return the upright box around *points* under *m*."""
    xs, ys = zip(*moved_points(m, points), strict=True)
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def corners(height: float, width: float) -> tuple[Point, Point, Point, Point]:
    """Return the corners of a picture, clockwise from the top-left."""
    return (0.0, 0.0), (width, 0.0), (width, height), (0.0, height)


def shift(dx: float, dy: float, scale: float = 1.0) -> Matrix:
    """Return the matrix that moves points by (dx, dy) and then scales them about the origin."""
    return (scale, 0.0, dx * scale, 0.0, scale, dy * scale, 0.0, 0.0, 1.0)


def about_centre(matrix: Matrix, height: float, width: float) -> Matrix:
    """Return *matrix* applied about the centre of a picture instead of the origin."""
    return shifted_first(then_shifted(matrix, width / 2, height / 2), -width / 2, -height / 2)


def scale_of(matrix: Matrix) -> float:
    """Return the factor by which *matrix* enlarges lengths at the origin, its perspective aside."""
    a, b, _, d, e, _, _, _, i = matrix
    return math.sqrt(abs(a * e - b * d)) / abs(i)


def grow_to_fit(matrix: Matrix, height: int, width: int) -> Canvas:
    """Return *matrix* moved so that the whole picture stays inside a canvas that is as large as it must be."""
    box = bounds_of(matrix, corners(height, width))
    left, top = math.floor(box.left + 1e-6), math.floor(box.top + 1e-6)
    right, bottom = math.ceil(box.right - 1e-6), math.ceil(box.bottom - 1e-6)
    return Canvas(times(shift(-left, -top), matrix), max(bottom - top, 1), max(right - left, 1))


def refit(matrix: Matrix, line_quad: Iterable[Point], margins: Margins, side: int, *, vertical: bool = False) -> Canvas:
    """Return *matrix* on a canvas whose height is *side*, cropped about the moved line with its old *margins*.

    The whole is scaled to the height, or to the width if the line is *vertical*: a tilted line gets smaller, as in the crop
    of a detector; its ink is never cut.
    """
    box = bounds_of(matrix, line_quad)
    scale, height, width = fitted(box, margins, side, vertical=vertical)
    return Canvas(times(shift(margins.left - box.left, margins.top - box.top, scale), matrix), height, width)


def fitted(box: Bounds, margins: Margins, side: int, *, vertical: bool) -> tuple[float, int, int]:
    """Return the scale at which *box* and *margins* are *side* high, or wide if *vertical*, and height and width then."""
    down, across = box.bottom - box.top + margins.top + margins.bottom, box.right - box.left + margins.left + margins.right
    if vertical:
        scale = side / across
        return scale, max(math.ceil(down * scale), 1), side
    scale = side / down
    return scale, side, max(math.ceil(across * scale), 1)


def needed_bleed(canvas: Canvas, height: int, width: int, beyond: Bleed) -> Bleed:
    """Return by how much a picture must be drawn beyond its frame to fill *canvas* and *beyond* it."""
    target = (
        (-beyond.left, -beyond.top),
        (canvas.width + beyond.right, -beyond.top),
        (canvas.width + beyond.right, canvas.height + beyond.bottom),
        (-beyond.left, canvas.height + beyond.bottom),
    )
    box = bounds_of(inverse(canvas.matrix), target)
    # One pixel more than the corners need, for the neighbours of bilinear interpolation.
    return Bleed(
        max(math.ceil(-box.left) + 1, 0),
        max(math.ceil(-box.top) + 1, 0),
        max(math.ceil(box.right - width) + 1, 0),
        max(math.ceil(box.bottom - height) + 1, 0),
    )
