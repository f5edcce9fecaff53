"""Blur kernels, cached by quantised parameters."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OVERSAMPLE = 8


@lru_cache(maxsize=512)
def disk(radius_16th: int) -> NDArray[np.float32]:
    """Return the point spread of a defocused lens with a round stop: a disk, area-sampled, sum 1.

    The radius is given in sixteenths of a pixel.
    """
    radius = radius_16th / 16
    half = max(math.ceil(radius - 0.5), 1)
    axis = _axis(half)
    inside = (axis[:, None] ** 2 + axis[None, :] ** 2) <= max(radius, 1 / 16) ** 2
    return _shrink(inside.astype(np.float64), half)


@lru_cache(maxsize=2048)
def stroke(length_16th: int, angle_deg: int) -> NDArray[np.float32]:
    """Return the point spread of a straight motion: a line of unit width, area-sampled, sum 1.

    The length is given in sixteenths of a pixel, the angle in whole degrees counter-clockwise.
    """
    half_length = length_16th / 32
    angle = math.radians(angle_deg)
    half = max(math.ceil(half_length), 1)
    axis = _axis(half)
    x, y = axis[None, :], -axis[:, None]
    along = x * math.cos(angle) + y * math.sin(angle)
    across = -x * math.sin(angle) + y * math.cos(angle)
    inside = (np.abs(along) <= half_length + 0.5) & (np.abs(across) <= 0.5)
    return _shrink(inside.astype(np.float64), half)


def _axis(half: int) -> NDArray[np.float64]:
    n = 2 * half + 1
    return (np.arange(n * _OVERSAMPLE) + 0.5) / _OVERSAMPLE - n / 2


def _shrink(fine: NDArray[np.float64], half: int) -> NDArray[np.float32]:
    n = 2 * half + 1
    coarse = fine.reshape(n, _OVERSAMPLE, n, _OVERSAMPLE).sum(axis=(1, 3))
    coarse /= coarse.sum()
    kernel: NDArray[np.float32] = coarse.astype(np.float32)
    return kernel
