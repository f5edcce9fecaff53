"""Blur kernels, cached by quantised parameters."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ocrsynth.degrade.noise import normal_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAMPLES_A_PX = 8


@lru_cache(maxsize=512)
def disk(radius_16th: int) -> NDArray[np.float32]:
    """Return the point spread of a defocused lens with a round stop: an even disk, sum 1; without a radius, a point.

    The radius is given in sixteenths of a pixel.
    """
    radius = radius_16th / 16
    n = max(math.ceil(radius * _SAMPLES_A_PX), 1)
    axis = np.arange(-n, n + 1) * (radius / n)
    x, y = (a.ravel() for a in np.meshgrid(axis, axis))
    inside = x * x + y * y <= radius * radius * (1 + 1e-9)
    return _splat(x[inside], y[inside])


@lru_cache(maxsize=2048)
def stroke(length_16th: int, angle_deg: int) -> NDArray[np.float32]:
    """Return the point spread of a straight motion: an even line, sum 1; without a length, a point.

    The length is given in sixteenths of a pixel, the angle in whole degrees counter-clockwise.
    """
    half = length_16th / 32
    n = max(math.ceil(half * _SAMPLES_A_PX), 1)
    along = np.arange(-n, n + 1) * (half / n)
    angle = math.radians(angle_deg)
    return _splat(along * math.cos(angle), -along * math.sin(angle))


@lru_cache(maxsize=2048)
def trembling(length_16th: int, path: int) -> NDArray[np.float32]:
    """Return the point spread of a trembling hand: a smooth random path of this length, sum 1.

    The length is given in sixteenths of a pixel; *path* is the seed of the shape.
    """
    steps = normal_field((2, _KNOTS), path * 977).astype(np.float64)
    # Directions change slowly: the steps are summed up twice, and the path is centred on its middle of time.
    smooth = np.cumsum(np.cumsum(steps, axis=1), axis=1)
    dense = np.stack([np.interp(np.linspace(0, _KNOTS - 1, _KNOTS * _SAMPLES_A_PX), np.arange(_KNOTS), row) for row in smooth])
    lengths = np.hypot(*np.diff(dense, axis=1))
    dense *= (length_16th / 16) / max(float(lengths.sum()), 1e-9)
    dense -= dense.mean(axis=1, keepdims=True)
    return _splat(dense[0], dense[1])


_KNOTS = 9
"""Points between which a path is straight."""


def _splat(x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the kernel of points at (x, y), in px from its centre, each shared by its four pixels as their nearness says."""
    half = math.ceil(max(float(np.abs(x).max()), float(np.abs(y).max())) - 1e-9)
    kernel = np.zeros((2 * half + 2, 2 * half + 2))
    left, top = np.floor(x + 1e-9), np.floor(y + 1e-9)
    right_share, low_share = np.clip(x - left, 0, 1), np.clip(y - top, 0, 1)
    column, row = (left + half).astype(int), (top + half).astype(int)
    np.add.at(kernel, (row, column), (1 - right_share) * (1 - low_share))
    np.add.at(kernel, (row, column + 1), right_share * (1 - low_share))
    np.add.at(kernel, (row + 1, column), (1 - right_share) * low_share)
    np.add.at(kernel, (row + 1, column + 1), right_share * low_share)
    kernel = kernel[:-1, :-1] / kernel[:-1, :-1].sum()
    out: NDArray[np.float32] = kernel.astype(np.float32)
    return out
