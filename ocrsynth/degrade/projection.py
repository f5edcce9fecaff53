"""Projective geometry of warps: matrices, canvases and bleeds.

Points are (x, y), pixel centres at half-integers, so a picture covers exactly [0, W] × [0, H].
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ocrsynth.records import Bleed, Margins

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Canvas(NamedTuple):
    """A 3×3 matrix from the old picture to the new one, and the size of the new one in px."""

    matrix: NDArray[np.float64]
    height: int
    width: int


def move(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return *points*, float (n, 2), under the 3×3 projective *matrix*."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return moved[:, :2] / moved[:, 2:]


def corners(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the corners of a picture, float (4, 2), clockwise from the top-left."""
    h, w = shape[:2]
    return np.array(((0.0, 0.0), (w, 0.0), (w, h), (0.0, h)))


def shift(dx: float, dy: float, scale: float = 1.0) -> NDArray[np.float64]:
    """Return the matrix that moves points by (dx, dy) and then scales them about the origin."""
    return np.array(((scale, 0.0, dx * scale), (0.0, scale, dy * scale), (0.0, 0.0, 1.0)))


def about_centre(matrix: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return *matrix* applied about the centre of a picture instead of the origin."""
    h, w = shape[:2]
    return shift(w / 2, h / 2) @ matrix @ shift(-w / 2, -h / 2)


def grow_to_fit(matrix: NDArray[np.float64], shape: tuple[int, ...]) -> Canvas:
    """Return *matrix* moved so that the whole picture stays inside a canvas that is as large as it must be."""
    moved = move(matrix, corners(shape))
    left, top = np.floor(moved.min(axis=0) + 1e-6)
    right, bottom = np.ceil(moved.max(axis=0) - 1e-6)
    return Canvas(shift(-left, -top) @ matrix, max(int(bottom - top), 1), max(int(right - left), 1))


def refit(matrix: NDArray[np.float64], line_quad: NDArray[np.float64], margins: Margins, height: int) -> Canvas:
    """Return *matrix* on a canvas of the given *height*, cropped about the moved line with its old *margins*.

    The whole is scaled to the height: a tilted line gets smaller, as in the crop of a detector; its ink is never cut.
    """
    moved = move(matrix, line_quad)
    left, top = moved.min(axis=0)
    right, bottom = moved.max(axis=0)
    scale = height / (bottom - top + margins.top + margins.bottom)
    width = math.ceil((right - left + margins.left + margins.right) * scale)
    return Canvas(shift(margins.left - left, margins.top - top, scale) @ matrix, height, width)


def needed_bleed(canvas: Canvas, shape: tuple[int, int], beyond: Bleed) -> Bleed:
    """Return by how much a picture of *shape* must be drawn beyond its frame to fill *canvas* and *beyond* it."""
    target = np.array(
        (
            (-beyond.left, -beyond.top),
            (canvas.width + beyond.right, -beyond.top),
            (canvas.width + beyond.right, canvas.height + beyond.bottom),
            (-beyond.left, canvas.height + beyond.bottom),
        ),
        np.float64,
    )
    source = move(np.linalg.inv(canvas.matrix), target)
    # One pixel more than the corners need, for the neighbours of bilinear interpolation.
    left, top = np.floor(-source.min(axis=0)).astype(int) + 2
    right, bottom = np.ceil(source.max(axis=0) - (shape[1], shape[0])).astype(int) + 2
    return Bleed(max(int(left), 0), max(int(top), 0), max(int(right), 0), max(int(bottom), 0))
