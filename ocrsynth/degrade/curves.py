"""Geometry of warps that bend: chains of matrices and curves, their canvases, bleeds and maps.

A curve is given by where the pixels of the new picture come from (*pull*); labels go the other way (*push*).  A warp is
a sequence of parts and a projective matrix behind them; without parts it is a matrix alone, and `projection` serves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from ocrsynth.degrade.projection import IDENTITY, Bounds, Canvas, Matrix, corners, fitted, inverse, move, shift, times
from ocrsynth.records import Bleed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ocrsynth.degrade.base import CurvedOp
    from ocrsynth.degrade.projection import Point
    from ocrsynth.records import Margins

_LATTICE_PX = 8
"""The map of a warp is worked out at every eighth pixel, cubic to every fourth, and linear between."""
_SPARE = 2
"""Nodes beyond the picture, which the cubic and the linear interpolation look at."""
_OUTLINE_PX = 16
"""Distance of points around a quad; a line's margin is wider than what bends between two."""
_MOST_POINTS = 256


@dataclass(frozen=True, slots=True)
class Curve:
    """A curved op with its parameters, on a picture of this size."""

    op: CurvedOp
    params: dict[str, Any]
    height: int
    width: int

    def pull(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where *points* of the new picture, float64 (n, 2), come from."""
        return self.op.pull(points, self.height, self.width, **self.params)

    def push(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where *points* of the old picture, float64 (n, 2), go."""
        return self.op.push(points, self.height, self.width, **self.params)


Part = Matrix | Curve
Parts = tuple[Part, ...]


def followed_by(parts: Parts, matrix: Matrix, part: Part) -> tuple[Parts, Matrix]:
    """Return the warp (*parts*, *matrix*) with one more part behind it."""
    if isinstance(part, Curve):
        return (*parts, part) if matrix == IDENTITY else (*parts, matrix, part), IDENTITY
    return parts, times(part, matrix)


def joined(first: tuple[Parts, Matrix], parts: Parts, matrix: Matrix) -> tuple[Parts, Matrix]:
    """Return the warp *first* and then (*parts*, *matrix*)."""
    for part in parts:
        first = followed_by(*first, part)
    return first[0], times(matrix, first[1])


def push(parts: Parts, matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a warp takes *points*, float64 (n, 2)."""
    for part in parts:
        points = part.push(points) if isinstance(part, Curve) else move(part, points)
    return points if matrix == IDENTITY and parts else move(matrix, points)


def pull(parts: Parts, matrix: Matrix, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where *points* under a warp, float64 (n, 2), come from."""
    points = move(inverse(matrix), points)
    for part in reversed(parts):
        points = part.pull(points) if isinstance(part, Curve) else move(inverse(part), points)
    return points


def outline(quad: Iterable[Point]) -> NDArray[np.float64]:
    """Return points all around a quad, float64 (n, 2): under a curve its corners alone bound nothing."""
    a, b, c, d = np.array(list(quad), np.float64)
    across, down = _steps(b - a), _steps(d - a)
    return np.concatenate((a + (b - a) * across, b + (c - b) * down, c + (d - c) * across, d + (a - d) * down))


def _steps(side: NDArray[np.float64]) -> NDArray[np.float64]:
    n = min(math.ceil(math.hypot(*side.tolist()) / _OUTLINE_PX) + 7, _MOST_POINTS)
    return np.arange(n, dtype=np.float64)[:, None] * (1 / n)


def grow_around(parts: Parts, matrix: Matrix, height: int, width: int) -> Canvas:
    """Return the warp moved so that the whole picture stays inside a canvas that is as large as it must be."""
    moved = push(parts, matrix, outline(corners(height, width)))
    (left, top), (right, bottom) = np.floor(moved.min(axis=0) + 1e-6), np.ceil(moved.max(axis=0) - 1e-6)
    size = max(int(bottom - top), 1), max(int(right - left), 1)
    return Canvas(times(shift(-float(left), -float(top)), matrix), *size, parts)


def refit_around(
    parts: Parts, matrix: Matrix, line: NDArray[np.float64], margins: Margins, side: int, *, vertical: bool = False
) -> Canvas:
    """Return the warp on a canvas whose height is *side*, cropped about the moved *line* with its old *margins*.

    *line* are points, float64 (n, 2), around it.  As `projection.refit`, which serves for matrices.
    """
    moved = push(parts, matrix, line)
    box = Bounds(*moved.min(axis=0).tolist(), *moved.max(axis=0).tolist())
    scale, height, width = fitted(box, margins, side, vertical=vertical)
    return Canvas(times(shift(margins.left - box.left, margins.top - box.top, scale), matrix), height, width, parts)


def bleed_around(canvas: Canvas, height: int, width: int, beyond: Bleed) -> Bleed:
    """Return by how much a picture must be drawn beyond its frame to fill a curved *canvas* and *beyond* it."""
    left, top = -beyond.left, -beyond.top
    right, bottom = canvas.width + beyond.right, canvas.height + beyond.bottom
    source = pull(canvas.parts, canvas.matrix, outline(((left, top), (right, top), (right, bottom), (left, bottom))))
    (x0, y0), (x1, y1) = source.min(axis=0).tolist(), source.max(axis=0).tolist()
    # One pixel for the neighbours of bilinear interpolation, one for bends between the points of the outline.
    return Bleed(*(max(math.ceil(d) + 2, 0) for d in (-x0, -y0, x1 - width, y1 - height)))


def remap(image: NDArray[np.uint8], maps: NDArray[np.float32], border: Any) -> NDArray[np.uint8]:
    """Return *image* resampled once by *maps*, float32 (H, W, 2), of pixel indices; *border* lies outside the picture."""
    out: Any = cv2.remap(image, maps, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=border)  # type: ignore[call-overload]
    return cast("NDArray[np.uint8]", out)


def maps_of(canvas: Canvas, before: Sequence[int], after: Sequence[int]) -> NDArray[np.float32]:
    """Return the map of a curved canvas, float32 (H, W, 2), for pictures with bleeds (left, top, right, bottom)."""
    height, width = canvas.height + after[1] + after[3], canvas.width + after[0] + after[2]
    step = _LATTICE_PX
    rows, columns = math.ceil(height / step) + 2 * _SPARE + 1, math.ceil(width / step) + 2 * _SPARE + 1
    # cv2.resize puts a node into the middle of its cell of half a step.
    lattice = np.empty((rows, columns, 2))
    lattice[..., 0] = (np.arange(columns) - _SPARE) * step + step // 4 - after[0]
    lattice[..., 1] = ((np.arange(rows) - _SPARE) * step + step // 4 - after[1])[:, None]
    source = pull(canvas.parts, canvas.matrix, lattice.reshape(-1, 2))
    # OpenCV puts pixel centres at integers.
    source += (before[0] - 0.5, before[1] - 0.5)
    nodes = _halved(_halved(source.reshape(rows, columns, 2).astype(np.float32)).transpose(1, 0, 2)).transpose(1, 0, 2)
    half = step // 2
    size = (nodes.shape[1] * half, nodes.shape[0] * half)
    # The first node left stands one step before the picture.
    fine = cv2.resize(np.ascontiguousarray(nodes), size, interpolation=cv2.INTER_LINEAR)
    return cast("NDArray[np.float32]", fine[step : step + height, step : step + width])


def _halved(nodes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return nodes, (n, …), with a cubic's value between each two; the outermost of each side is used up.

    The four-point rule of G. Deslauriers and S. Dubuc (1989), exact for cubics; OpenCV's own cubic bends straight lines.
    """
    inner = nodes[1:-1]
    out = np.empty((2 * len(inner) - 1, *nodes.shape[1:]), np.float32)
    out[0::2] = inner
    out[1::2] = (inner[:-1] + inner[1:]) * np.float32(9 / 16) - (nodes[:-3] + nodes[3:]) * np.float32(1 / 16)
    return out
