"""Smooth random fields, dots and screens: what stains, wear and shadows are made of.

All are crops or enlargements of the one noise bank, addressed by an integer seed: no field is made from fresh numbers.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from ocrsynth.degrade.noise import BANK_SIGMA, normal_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST_CELL_PX = 1.0
_SCREEN = 64


def clouds(shape: tuple[int, ...], seed: int, cell_px: float, stretch: float = 1.0) -> NDArray[np.float32]:
    """Return a smooth field, float32 (H, W), of mean 0 and standard deviation about 1, whose features measure *cell_px*.

    *shape* is that of a picture, of which the first two sides count; *stretch* makes features longer along x.
    """
    height, width = shape[:2]
    cell_y = max(cell_px, _LEAST_CELL_PX)
    cell_x = max(cell_px * stretch, _LEAST_CELL_PX)
    rows, columns = math.ceil(height / cell_y) + 4, math.ceil(width / cell_x) + 4
    grid = normal_field((rows, columns), seed).astype(np.float32) * np.float32(_BACK / BANK_SIGMA)
    if rows * cell_y > 2 * height:
        # Few large cells: enlarging only what is seen is cheaper, though it costs more a pixel.
        matrix = np.array(((1 / cell_x, 0, 1.5), (0, 1 / cell_y, 1.5)))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        # Steps of a cell's quarter, then linear: the eye sees no corner of it.
        fine: Any = cv2.resize(grid, (columns * _FINE, rows * _FINE), interpolation=cv2.INTER_CUBIC)
        matrix *= _FINE
        return cast("NDArray[np.float32]", cv2.warpAffine(fine, matrix, (width, height), flags=flags))
    size = (math.ceil(columns * cell_x), math.ceil(rows * cell_y))
    field: Any = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
    top, left = round(1.5 * cell_y), round(1.5 * cell_x)
    return cast("NDArray[np.float32]", field[top : top + height, left : left + width])


_BACK = 1.35
"""Cubic interpolation of independent values loses a quarter of their deviation; this gives it back."""
_FINE = 4


def as_gain(field: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a field of 0 to 1 as bytes: pictures multiply by bytes three times as fast as by floats."""
    return cast("NDArray[np.uint8]", cv2.convertScaleAbs(field, alpha=255))


def times_gain(image: NDArray[Any], gain: NDArray[np.uint8]) -> NDArray[Any]:
    """Return *image*, (H, W) or (H, W, 3), under a gain of 255ths, uint8 (H, W)."""
    if image.ndim > gain.ndim:
        gain = cv2.merge((gain, gain, gain))  # type: ignore[assignment]
    return cv2.multiply(image, gain, scale=1 / 255)


def plus(image: NDArray[Any], field: NDArray[np.int16]) -> NDArray[Any]:
    """Return *image* plus a field of levels, int16 (H, W), clipped to 0 … 255."""
    if image.ndim > field.ndim:
        field = cv2.merge((field, field, field))  # type: ignore[assignment]
    return cv2.add(image, field, dtype=cv2.CV_8U)


def across(height: int, width: int, angle_deg: float) -> NDArray[np.float32]:
    """Return the distance in px of each pixel from the line through the centre at *angle_deg*, float32 (H, W)."""
    angle = math.radians(angle_deg)
    x = (np.arange(width, dtype=np.float32) - np.float32(width / 2 - 0.5)) * np.float32(-math.sin(angle))
    y = (np.arange(height, dtype=np.float32) - np.float32(height / 2 - 0.5)) * np.float32(math.cos(angle))
    return cast("NDArray[np.float32]", np.add.outer(y, x))


@lru_cache(maxsize=256)
def _tile(pitch_8th: int, angle_deg: int) -> NDArray[np.uint8]:
    """Return thresholds of a round-dot screen, uint8, larger than any picture's part that is taken from it."""
    pitch = pitch_8th / 8
    angle = math.radians(angle_deg)
    axis = np.arange(_SCREEN * 8)
    x, y = np.meshgrid(np.arange(_SCREEN * 32), axis)
    u = (x * math.cos(angle) + y * math.sin(angle)) * (2 * math.pi / pitch)
    v = (y * math.cos(angle) - x * math.sin(angle)) * (2 * math.pi / pitch)
    value = (np.cos(u) + np.cos(v)) / 4 + 0.5
    return np.rint(value * 255).astype(np.uint8)


def screen(shape: tuple[int, ...], pitch_px: float, angle_deg: int) -> NDArray[np.uint8]:
    """Return the thresholds of a halftone screen, uint8 (H, W): a tone prints where it exceeds them."""
    height, width = shape[:2]
    tile = _tile(max(round(pitch_px * 8), 12), angle_deg)
    if height <= tile.shape[0] and width <= tile.shape[1]:
        return tile[:height, :width]
    return np.pad(tile, ((0, max(height - tile.shape[0], 0)), (0, max(width - tile.shape[1], 0))), mode="wrap")[:height, :width]
