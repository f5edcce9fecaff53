"""Procedural paper, and ink on it with a guaranteed luminance contrast.

The texture is a tile made once a process by integer arithmetic alone, so that it is the same on every machine; a
sample takes a crop of it at an offset.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from ocrsynth.errors import RecipeError
from ocrsynth.seeding import bank_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Bleed
    from ocrsynth.render.layout import RenderConfig
    from ocrsynth.seeding import Stream

_TILE_HEIGHT = 512
_TILE_WIDTH = 2048
_SPARE_HEIGHT = 256
_SPARE_WIDTH = 1536
_PEAK = 60
"""Largest excursion of the tile, in its own levels around 128."""
_SIGMAS = 3.0
"""The tile is clipped at so many standard deviations: it bounds the darkest spot of a paper."""


@lru_cache(maxsize=1)
def _tile() -> NDArray[np.uint8]:
    """Return the paper tile, uint8, mean 128: fibres, clouds and grain in fixed shares.

    It repeats every 512 × 2048 px and is stored with some of its repetition, so that most crops are plain slices.
    """
    n = _TILE_HEIGHT * _TILE_WIDTH
    noise = bank_words(n // 8, "paper tile").view(np.uint8).reshape(_TILE_HEIGHT, _TILE_WIDTH)
    grain = noise.astype(np.int32) - 128
    fibres = _box(grain, 1, 9) + _box(grain[::-1], 9, 1)
    clouds = _box(_box(grain[:, ::-1], 31, 31), 31, 31)
    field = grain * 2 + fibres * 8 + clouds * 220
    # Integer division rounds down, so the mean of the sum is not quite 0.
    scaled = (field - float(field.mean())) * _PEAK / (_SIGMAS * float(field.std()))
    tile = (128 + np.clip(np.rint(scaled), -_PEAK, _PEAK)).astype(np.uint8)
    return np.pad(tile, ((0, _SPARE_HEIGHT), (0, _SPARE_WIDTH)), mode="wrap")


def _box(field: NDArray[np.int32], height: int, width: int) -> NDArray[np.int32]:
    """Return the box mean of *field*, in integers, wrapped at the edges."""
    total = np.zeros_like(field)
    for dy in range(-(height // 2), height // 2 + 1):
        total += np.roll(field, dy, axis=0)
    rows = np.zeros_like(field)
    for dx in range(-(width // 2), width // 2 + 1):
        rows += np.roll(total, dx, axis=1)
    return rows // (height * width)


def check_contrast(config: RenderConfig) -> None:
    """Raise RecipeError if some paper is too dark for the contrast that the recipe asks for."""
    darkest = config.paper_grey.low - _SIGMAS * config.texture_grey.high
    if darkest < config.contrast_grey.low:
        raise RecipeError(
            f"render.contrast_grey: the lowest contrast needs paper of at least that level, got "
            f"{list(config.contrast_grey)!r} on paper as dark as {darkest:g}; raise render.paper_grey or lower the contrast"
        )


def draw_surface(config: RenderConfig, stream: Stream) -> dict[str, Any]:
    """Return the parameters of paper and ink, as plain JSON values.

    ``paper`` and ``ink`` are levels of red, green and blue (grey pictures: one level); ``texture_grey`` is the standard
    deviation of the paper; ``offset`` addresses the tile.
    """
    level = config.paper_grey.draw(stream)
    texture = config.texture_grey.draw(stream)
    darkest = level - _SIGMAS * texture
    contrast = min(config.contrast_grey.draw(stream), darkest)
    offset = [stream.below(_TILE_HEIGHT), stream.below(_TILE_WIDTH)]
    ink = darkest - contrast
    if config.color == "grey":
        return {"paper": [round(level)], "ink": [int(ink)], "texture_grey": round(texture, 2), "offset": offset}
    return {
        "paper": _tinted(level, stream.uniform(-1, 1), stream.uniform(-1, 1)),
        "ink": _tinted(ink, 2 * stream.uniform(-1, 1), 2 * stream.uniform(-1, 1)),
        "texture_grey": round(texture, 2),
        "offset": offset,
    }


_TINT = 14.0
"""Largest shift of a channel of paper, in levels; real papers run from bluish to yellowish white."""
_LUMA = (0.299, 0.587, 0.114)
"""Weights of ITU-R BT.601, those of OpenCV's conversion to grey."""


def _tinted(level: float, warm: float, green: float) -> list[int]:
    """Return red, green, blue of luminance *level*; *warm* and *green* are shifts in units of the tint."""
    shift = np.array((warm, 0.5 * green, -warm)) * _TINT
    shift -= shift @ np.array(_LUMA)
    # Near black and white there is little room for colour: clipping a channel would change the luminance.
    room = min(*((255 - level) / s if s > 0 else level / -s for s in shift if s), 1.0)
    return [int(v) for v in np.clip(np.rint(level + max(room, 0.0) * shift), 0, 255)]


def ink_on_paper(mask: NDArray[np.uint8], surface: dict[str, Any], bleed: Bleed) -> NDArray[np.uint8]:
    """Return a picture, uint8 (H, W) or (H, W, 3) RGB, of the coverage *mask* in ink on paper.

    The texture is anchored at the frame, not at its bleed: a wider bleed shows more of the same paper.
    """
    height, width = mask.shape
    top = (surface["offset"][0] - bleed.top) % _TILE_HEIGHT
    left = (surface["offset"][1] - bleed.left) % _TILE_WIDTH
    tile = _tile()
    crop = tile[top : top + height, left : left + width]
    if crop.shape != mask.shape:
        rows, columns = np.arange(height) + top, np.arange(width) + left
        crop = tile[rows[:, None] % _TILE_HEIGHT, columns % _TILE_WIDTH]
    gain = surface["texture_grey"] * _SIGMAS / _PEAK
    channels = [_one_channel(mask, crop, p, i, gain) for p, i in zip(surface["paper"], surface["ink"], strict=True)]
    if len(channels) == 1:
        return channels[0]
    return cast("NDArray[np.uint8]", cv2.merge(channels))


def _one_channel(mask: NDArray[np.uint8], crop: NDArray[np.uint8], paper: int, ink: int, gain: float) -> NDArray[np.uint8]:
    # One pass that rounds and saturates; "Abs" never matters, for the darkest paper is lighter than its ink.
    sheet: Any = cv2.convertScaleAbs(crop, alpha=gain, beta=paper - 128.0 * gain)
    depth = cv2.multiply(cv2.subtract(sheet, cast("Any", ink)), mask, scale=1 / 255)
    return cast("NDArray[np.uint8]", cv2.subtract(sheet, depth))
