"""What a warp of another library does to the plane, read off a picture of coordinates that it is given to warp."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cv2
import numpy as np

from ocrsynth.degrade.curves import outline
from ocrsynth.degrade.projection import corners

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_LEAST_PIXELS = 16
_SMOOTH_PX = 3.0
_LEAST_JACOBIAN, _MOST_JACOBIAN = 0.02, 50.0
"""Of the median."""
_AGREEMENT_PX = 0.25
"""A label goes where its pixel goes, to this; OpenCV rounds its maps to 1/32 px."""
_STEPS = 40


class MeasuredMap(NamedTuple):
    """A map of the plane: an affine one, and what a transform does besides on a rectangle."""

    affine: NDArray[np.float64]
    """(3, 2): [x y 1] of the new picture @ affine is about where it comes from."""
    residual: NDArray[np.float32]
    """(H, W, 2), at the centres of the pixels of the new picture."""

    def pull(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where *points* come from; beyond the rectangle the nearest residual counts."""
        height, width = self.residual.shape[:2]
        x = np.clip(points[:, 0] - 0.5, 0, width - 1)
        y = np.clip(points[:, 1] - 0.5, 0, height - 1)
        left, top = np.minimum(x.astype(np.intp), max(width - 2, 0)), np.minimum(y.astype(np.intp), max(height - 2, 0))
        right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
        u, v = (x - left)[:, None], (y - top)[:, None]
        r = self.residual
        upper = r[top, left] * (1 - u) + r[top, right] * u
        lower = r[bottom, left] * (1 - u) + r[bottom, right] * u
        return cast("NDArray[np.float64]", points @ self.affine[:2] + self.affine[2] + upper * (1 - v) + lower * v)

    def push(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where *points* go: fixed-point steps with the affine map as preconditioner."""
        back = np.linalg.inv(self.affine[:2])
        moved = (points - self.affine[2]) @ back
        for _ in range(_STEPS):
            off = (points - self.pull(moved)) @ back
            moved += off
            if np.abs(off).max(initial=0.0) < 0.005:
                break
        return cast("NDArray[np.float64]", moved)


_UPSIDE_DOWN = 0.1
"""Cosine of an angle a little over a right one, by which lines may be turned."""


def measured(warp: Callable[[NDArray[np.float32]], NDArray[Any]], height: int, width: int) -> MeasuredMap | str:
    """Return the map of *warp* on a picture of this size, or what is wrong: ``cuts``, ``folds``, ``mirrors``, ``turns over``.

    *warp* is given pictures with a margin around them, float32 (H, W, 3) between 0 and 1.
    """
    found: MeasuredMap | str = "cuts"
    for margin in (height, height + width // 4, height + width):
        found = _measured_with(warp, height, width, margin)
        if found != "cuts":
            break
    if isinstance(found, MeasuredMap) and found.affine[1, 1] < -_UPSIDE_DOWN * math.sqrt(np.linalg.det(found.affine[:2])):
        # Of 66 and 99 no picture tells which way up it is.
        return "turns over"
    return found


def _measured_with(
    warp: Callable[[NDArray[np.float32]], NDArray[Any]], height: int, width: int, margin: int
) -> MeasuredMap | str:
    rows, columns = height + 2 * margin, width + 2 * margin
    picture: NDArray[np.float32] = np.empty((rows, columns, 3), np.float32)
    # Between 0 and 1, for albumentations clips; the third channel tells what lies inside.
    picture[..., 0] = (np.arange(columns, dtype=np.float32) + 0.5) / columns
    picture[..., 1] = ((np.arange(rows, dtype=np.float32) + 0.5) / rows)[:, None]
    picture[..., 2] = 1
    try:
        out = warp(picture)
    except (ValueError, TypeError, NotImplementedError, cv2.error):
        return "cuts"
    inside = out[..., 2] > 0.999
    if inside.sum() < _LEAST_PIXELS:
        return "cuts"
    source = out[..., :2] / np.maximum(out[..., 2:], 1e-6) * np.array((columns, rows), np.float32) - margin
    affine = _affine_of(source, inside)
    determinant = float(np.linalg.det(affine[:2]))
    if determinant < 0:
        return "mirrors"
    grid_x, grid_y = np.arange(out.shape[1])[:, None] + 0.5, np.arange(out.shape[0])[:, None, None] + 0.5
    plane = grid_x * affine[0] + grid_y * affine[1] + affine[2]
    residual = _filled(np.where(inside[..., None], source - plane, 0).astype(np.float32), inside)
    # Transforms made of cells leave torn pixels along their seams, and maps are worked out at every eighth pixel.
    torn_off = np.stack([cv2.medianBlur(residual[..., c], 5) for c in (0, 1)], axis=-1)
    residual = cast("NDArray[np.float32]", cv2.GaussianBlur(torn_off, (0, 0), _SMOOTH_PX, borderType=cv2.BORDER_REPLICATE))
    field = MeasuredMap(affine, residual)
    if _folds(plane + residual, inside, height, width):
        return "folds"
    rim = outline(corners(height, width))
    moved = field.push(rim)
    if np.abs(field.pull(moved) - rim).max() > _AGREEMENT_PX:
        return "folds"
    column, row = np.floor(moved).astype(np.intp).T
    within = (column >= 0) & (row >= 0) & (column < out.shape[1]) & (row < out.shape[0])
    return field if within.all() and inside[row, column].all() else "cuts"


def _affine_of(source: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the affine map, (3, 2), that is nearest to the known places that pixels come from."""
    y, x = np.nonzero(inside)
    every = max(len(y) // 2000, 1)
    y, x = y[::every], x[::every]
    known = np.column_stack((x + 0.5, y + 0.5, np.ones(len(x))))
    affine: NDArray[np.float64] = np.linalg.lstsq(known, source[y, x].astype(np.float64), rcond=None)[0]
    return affine


def _folds(source: NDArray[Any], inside: NDArray[np.bool_], height: int, width: int) -> bool:
    """Tell whether the map folds, tears or shrinks to nothing where the picture, or something near it, comes to lie."""
    x, y = source[..., 0], source[..., 1]
    near = (x > -height / 4) & (x < width + height / 4) & (y > -height / 4) & (y < height * 5 / 4) & inside
    dx, dy = np.diff(source, axis=1)[:-1], np.diff(source, axis=0)[:, :-1]
    known = near[:-1, :-1] & inside[1:, :-1] & inside[:-1, 1:]
    jacobian = (dx[..., 0] * dy[..., 1] - dx[..., 1] * dy[..., 0])[known]
    if not len(jacobian):
        return True
    middle = float(np.median(jacobian))
    return bool(jacobian.min() < _LEAST_JACOBIAN * middle or jacobian.max() > _MOST_JACOBIAN * middle)


def _filled(residual: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the residual with the nearest known value wherever none is known."""
    if inside.all():
        return residual
    _, labels = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    values = np.zeros((int(labels.max()) + 1, 2), np.float32)
    values[labels[inside]] = residual[inside]
    return cast("NDArray[np.float32]", values[labels])
