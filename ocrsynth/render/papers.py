"""What papers and grounds look like: a tile of each kind, made once a process, of which pictures take a crop."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cv2
import numpy as np

from ocrsynth.seeding import bank_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TILE_HEIGHT = 512
TILE_WIDTH = 2048
_SPARE_HEIGHT = 256
_SPARE_WIDTH = 1536
PEAK = 60
"""Largest excursion of a tile, in its own levels around 128."""
SIGMAS = 3.0
"""A tile is clipped at so many standard deviations: it bounds the darkest spot of a paper."""
_APART_PX = 61
"""Plain paper's grain is independent so far apart."""


class Paper(NamedTuple):
    """A kind of paper: how strong its texture is against plain paper's, and how it is coloured."""

    gain: float
    shade_grey: float = 0.0
    """So much darker than the recipe's level, where the contrast leaves room."""
    warmth: float = 0.0
    """Shift of red against blue, in units of the tint of plain paper."""


PAPERS: dict[str, Paper] = {
    "plain": Paper(1),
    "laid": Paper(1.3, 4, 0.6),
    "recycled": Paper(1.6, 12, 0.5),
    "kraft": Paper(2, 45, 3.2),
    "newsprint": Paper(1.8, 22, 0.8),
    "thermal": Paper(0.6, 0, -0.2),
    "squared": Paper(2.5, 0, -0.4),
    "guilloche": Paper(2.2, 6, -1.0),
    "gradient": Paper(4),
    "clutter": Paper(5, 10),
}


def crop(kind: str, shape: tuple[int, int], top: int, left: int) -> NDArray[np.uint8]:
    """Return a part of the tile of *kind*, uint8 of this *shape*, mean 128; it repeats every 512 × 2048 px."""
    height, width = shape
    top, left = top % TILE_HEIGHT, left % TILE_WIDTH
    tile = _tile(kind)
    part = tile[top : top + height, left : left + width]
    if part.shape == shape:
        return part
    rows, columns = np.arange(height) + top, np.arange(width) + left
    return tile[rows[:, None] % TILE_HEIGHT, columns % TILE_WIDTH]


def independent(count: int, top: int, left: int) -> NDArray[np.float32]:
    """Return *count* numbers of plain paper, float32, about normal of unit variance, so far apart that they are independent."""
    grain = _tile("plain")[top % TILE_HEIGHT, (np.arange(count) * _APART_PX + left) % TILE_WIDTH]
    drawn: NDArray[np.float32] = (grain.astype(np.float32) - 128) * np.float32(SIGMAS / PEAK)
    return drawn


@lru_cache(maxsize=16)
def _tile(kind: str) -> NDArray[np.uint8]:
    """Return the tile of *kind* with some of its repetition, so that most crops are plain slices."""
    noise = bank_words(TILE_HEIGHT * TILE_WIDTH // 8, f"paper tile {kind}").view(np.uint8)
    grain = noise.reshape(TILE_HEIGHT, TILE_WIDTH).astype(np.float32) - 127.5
    field = _FIELDS[kind](grain)
    scaled = (field - float(field.mean(dtype=np.float64))) * (PEAK / (SIGMAS * float(field.std(dtype=np.float64))))
    tile = (128 + np.clip(np.rint(scaled), -PEAK, PEAK)).astype(np.uint8)
    return np.pad(tile, ((0, _SPARE_HEIGHT), (0, _SPARE_WIDTH)), mode="wrap")


def _box(field: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Return the box mean of *field*, wrapped at the edges."""
    wrapped = np.pad(field, ((height // 2, height // 2), (width // 2, width // 2)), mode="wrap")
    mean: Any = cv2.blur(wrapped, (width, height))
    inner = mean[height // 2 : height // 2 + TILE_HEIGHT, width // 2 : width // 2 + TILE_WIDTH]
    return cast("NDArray[np.float32]", inner)


def _unit(field: NDArray[np.float32]) -> NDArray[np.float32]:
    return cast("NDArray[np.float32]", (field - field.mean(dtype=np.float64)) / field.std(dtype=np.float64))


def _smooth(grain: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """Return clouds of about this size, of deviation 1."""
    return _unit(_box(_box(grain, size, size), size, size))


def _plain(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fibres, clouds and grain in fixed shares."""
    fibres = _box(grain, 1, 9) + _box(grain[::-1], 9, 1)
    return grain * 2 + fibres * 8 + _box(_box(grain[:, ::-1], 31, 31), 31, 31) * 220


def _laid(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Laid paper shows the wires of its mould: fine lines along, chain lines across."""
    wires = np.abs(np.arange(TILE_HEIGHT) % 4 - 2)[:, None] - 1.0
    chains = np.maximum(1 - np.abs(np.arange(TILE_WIDTH) % 128 - 64) / 3, 0)[None, :]
    return cast("NDArray[np.float32]", _unit(_plain(grain)) + 0.55 * wires - 1.6 * chains)


def _recycled(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Specks of old ink and loose fibres in grey stock."""
    specks = _box((grain > 127).astype(np.float32), 3, 3) + _box((grain[::-1, ::-1] > 127).astype(np.float32), 1, 7)
    field: NDArray[np.float32] = _unit(_plain(grain)) - 9 * np.minimum(specks, 0.4)
    return field


def _kraft(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Long coarse fibres."""
    field: NDArray[np.float32] = (
        _unit(_box(grain, 1, 25)) + 0.7 * _unit(_box(grain[::-1], 11, 1)) + 0.5 * _unit(grain) + 0.6 * _smooth(grain, 41)
    )
    return field


def _newsprint(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Coarse cloudy grain of ground wood."""
    field: NDArray[np.float32] = (
        _unit(_box(grain, 3, 3)) + 0.6 * _unit(_box(grain[::-1], 1, 7)) + 0.8 * _smooth(grain[:, ::-1], 9)
    )
    return field


def _thermal(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a smooth coating with faint lines along the way of the roll."""
    field: NDArray[np.float32] = 0.5 * _unit(grain) + 0.7 * _unit(_box(grain, 63, 1)) + 0.8 * _smooth(grain[::-1], 61)
    return field


def _squared(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Paper printed with pale squares."""
    lines = np.minimum.outer(*(np.minimum(np.arange(n) % 32, 2) for n in (TILE_HEIGHT, TILE_WIDTH)))
    return cast("NDArray[np.float32]", 0.35 * _unit(_plain(grain)) + 2.2 * np.minimum(lines, 1))


def _guilloche(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the interlaced waves printed under cheques and certificates."""
    x = np.arange(TILE_WIDTH) * (2 * np.pi / TILE_WIDTH)
    y = np.arange(TILE_HEIGHT)[:, None] * (2 * np.pi / TILE_HEIGHT)
    lines = np.zeros((TILE_HEIGHT, TILE_WIDTH))
    for k, (waves, phase) in enumerate(((14, 0.0), (14, np.pi), (22, 1.0), (22, 4.1))):
        bend = y * (24 + 8 * (k // 2)) + 2.6 * np.sin(waves * x + phase) + 1.5 * np.sin(3 * x + 2 * y)
        lines += np.maximum(1 - np.abs(np.mod(bend / np.pi, 2) - 1) * 3.2, 0)
    return cast("NDArray[np.float32]", 0.4 * _unit(_plain(grain)) - 1.6 * lines)


def _gradient(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a ground that goes from light to dark and back, as in advertisements and on displays."""
    wave = np.abs(np.arange(TILE_WIDTH) % 1024 - 512) / 512 - 0.5
    fall = np.abs(np.arange(TILE_HEIGHT) % 256 - 128) / 128 - 0.5
    return cast("NDArray[np.float32]", np.add.outer(1.2 * fall, 3 * wave) + 0.03 * _unit(grain))


def _clutter(grain: NDArray[np.float32]) -> NDArray[np.float32]:
    """Out-of-focus things behind a sign: patches with edges at several sizes."""
    total = np.zeros_like(grain)
    for k, size in enumerate((15, 37, 81)):
        rolled = np.roll(grain, 97 * k, axis=1)
        patches = _smooth(rolled, size)
        total += _box((np.floor(patches * 1.5)).astype(np.float32), size // 5 | 1, size // 5 | 1) * (0.6 + 0.4 * k)
    return total + 0.04 * _unit(grain)


_FIELDS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "plain": _plain,
    "laid": _laid,
    "recycled": _recycled,
    "kraft": _kraft,
    "newsprint": _newsprint,
    "thermal": _thermal,
    "squared": _squared,
    "guilloche": _guilloche,
    "gradient": _gradient,
    "clutter": _clutter,
}
