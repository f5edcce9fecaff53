"""How printing processes lay ink: what they do to the coverage mask of a line before it is degraded.

Depths are shares of the ink that is lost where the texture is strongest; the mask stays the place of the label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cv2
import numpy as np

from ocrsynth.render.papers import PEAK, TILE_HEIGHT, TILE_WIDTH, crop, independent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ocrsynth.records import Bleed
    from ocrsynth.seeding import Stream

    Mask = NDArray[np.uint8]
    Bands = Sequence[tuple[NDArray[np.float64], float]]

_FINE_PX = 20
"""Below this font size a drop is less than a pixel."""
_LEAST_STRUCK = 0.8
"""Share of its ink that the lightest strike of a type leaves."""
_BY_CLASS = {"ballpoint": ("hand",), "typewriter": ("mono", "typewriter", "slab", "serif")}
"""Inks that only some classes of fonts are written with."""


class _Place(NamedTuple):
    """Where a mask lies, and what is written on it: ink is anchored at the frame, not at the bleed about it."""

    top: int
    left: int
    """Row and column of the tiles at the frame's corner."""
    bleed: Bleed
    size_px: float
    bands: Bands
    """Of each line, where the next one takes over."""

    def crop(self, kind: str, mask: Mask, down: int = 0, right: int = 0, around: int = 0) -> Mask:
        """Return the part of the tile of *kind* under *mask*, and *around* it by so many px; moved *down* and *right*."""
        top, left = self.top - self.bleed.top + down - around, self.left - self.bleed.left + right - around
        return crop(kind, (mask.shape[0] + 2 * around, mask.shape[1] + 2 * around), top, left)


def draw_ink(name: str, kind: str, stream: Stream) -> dict[str, Any] | None:
    """Return the parameters of the ink *name* for a font of the class *kind*; None for plain ink."""
    if name == "plain" or kind not in _BY_CLASS.get(name, (kind,)):
        return None
    return {
        "name": name,
        "depth": round(stream.uniform(0.3, 1.0), 3),
        "offset": [stream.below(TILE_HEIGHT), stream.below(TILE_WIDTH)],
    }


def lay_ink(mask: Mask, ink: dict[str, Any], bleed: Bleed, size_px: float, bands: Bands) -> Mask:
    """Return *mask*, uint8 (H, W), as the printing process leaves it; or (H, W, 3), of red, green and blue sub-pixels.

    *bands* are the left edges of the letters of each line in px of the frame, float64 (n,), for what strikes letter by letter,
    and the row that its part of the frame ends at.  What lies in the frame does not depend on its *bleed*, but for what is
    blurred where ink meets the border of the picture.
    """
    top, left = ink["offset"]
    return INKS[ink["name"]](mask, ink["depth"], _Place(top, left, bleed, size_px, bands))


def _worn(mask: Mask, kind: str, depth: float, place: _Place) -> Mask:
    """Return *mask* less up to *depth* of it, by the texture of a tile."""
    tile = place.crop(kind, mask)
    # 128 + PEAK keeps all ink, 128 - PEAK loses the whole depth.
    gain = cv2.convertScaleAbs(tile, alpha=255 * depth / (2 * PEAK), beta=255 * (1 - depth * (128 + PEAK) / (2 * PEAK)))
    return cast("Mask", cv2.multiply(mask, gain, scale=1 / 255))


def _offset(mask: Mask, depth: float, place: _Place) -> Mask:
    """Offset and letterpress squeeze ink to the rim of a stroke and leave its middle thinner."""
    reach = max(round(place.size_px / 24), 1) * 2 + 1
    inner: Any = cv2.blur(cv2.erode(mask, np.ones((3, 3), np.uint8)), (reach, reach))
    hollow: Any = cv2.addWeighted(mask, 1.0, inner, -0.22 * depth, 0.0)
    return _worn(hollow, "plain", 0.12 * depth, place)


def _laser(mask: Mask, depth: float, place: _Place) -> Mask:
    """Toner is fused solid, but a little of it lands beside the stroke."""
    reach = max(round(place.size_px / 10), 1) * 2 + 1
    near: Any = cv2.blur(mask, (reach, reach))
    grain = place.crop("plain", mask, 131, 57)
    grains: Any = cv2.threshold(grain, 128 + PEAK - 14 - 10 * depth, 255, cv2.THRESH_BINARY)[1]
    return cast("Mask", cv2.max(mask, cv2.multiply(grains, near, scale=0.7 / 255)))


def _inkjet(mask: Mask, depth: float, place: _Place) -> Mask:
    """Let drops wick into the fibres, and leave a seam at each pass of the head."""
    soft: Any = mask
    if place.size_px > _FINE_PX:
        soft = cv2.blur(mask, (3, 3))
    pitch = max(place.size_px / 5, 2.0)
    phase = (np.arange(mask.shape[0]) + place.top - place.bleed.top) % pitch / pitch
    seam = np.rint(255 * (1 - 0.3 * depth * (phase < 0.25))).astype(np.uint8)
    seamed: Any = cv2.multiply(soft, np.broadcast_to(seam[:, None], mask.shape).copy(), scale=1 / 255)
    return _worn(seamed, "kraft", 0.35 * depth, place)


def _typewriter(mask: Mask, depth: float, place: _Place) -> Mask:
    """Types strike through an inked ribbon that gives way: the harder, the further ink flows about a stroke.

    Every letter has a force of its own, and lands harder at its head or at its feet: some fill, others fade.
    """
    height, width = mask.shape
    parts = []
    begin = 0
    for number, (columns, below) in enumerate(place.bands):
        last = number == len(place.bands) - 1
        end = height if last else min(max(round(below + place.bleed.top), begin), height)
        edges = np.clip(np.rint(np.sort(columns + place.bleed.left)).astype(np.int64), 0, width)
        lengths = np.diff(np.concatenate(([0], edges, [width])))
        drawn = independent(2 * len(lengths), place.top + number, place.left)
        force = np.clip(np.exp(0.6 * depth * drawn[: len(lengths)] + 0.45), 0.85, 2.8)
        tilt = 0.25 * depth * force * np.clip(drawn[len(lengths) :], -1.5, 1.5)
        middle = (begin + (place.bleed.top if number == 0 else 0) + end - (place.bleed.bottom if last else 0) - 1) / 2
        rows = (np.arange(begin, end, dtype=np.float32) - np.float32(middle)) / np.float32(place.size_px)
        parts.append(np.repeat(force, lengths) + np.multiply.outer(rows, np.repeat(tilt, lengths)))
        begin = end
    gain = parts[0] if len(parts) == 1 else np.concatenate(parts)
    struck: Any = cv2.GaussianBlur(mask, (0, 0), max(0.04 * place.size_px, 0.3)) * gain
    # The ribbon blurs hairlines away where the strike is light: a letter that is gone has no label.
    least = cv2.convertScaleAbs(mask, alpha=_LEAST_STRUCK)
    return _worn(cast("Mask", cv2.max(np.clip(struck, 0, 255).astype(np.uint8), least)), "laid", 0.25 * depth, place)


def _thermal(mask: Mask, depth: float, place: _Place) -> Mask:
    """Heated dots in fixed rows and columns; edges follow their grid, and some dots are weak."""
    pitch = max(round(place.size_px / 22), 1)
    if pitch > 1:
        height, width = mask.shape
        top, left = -place.bleed.top % pitch, -place.bleed.left % pitch
        below, behind = -(top + height) % pitch, -(left + width) % pitch
        whole: Any = cv2.copyMakeBorder(mask, top, below, left, behind, cv2.BORDER_REPLICATE)
        dots = cv2.resize(whole, None, fx=1 / pitch, fy=1 / pitch, interpolation=cv2.INTER_AREA)
        whole = cv2.resize(dots, whole.shape[::-1], interpolation=cv2.INTER_LINEAR)
        mask = np.ascontiguousarray(whole[top : top + height, left : left + width])
    return _worn(mask, "thermal", 0.4 * depth, place)


def _ballpoint(mask: Mask, depth: float, place: _Place) -> Mask:
    """Streak the strokes as a ball that rolls unevenly, and lighten them where the hand hurries."""
    reach = max(round(place.size_px / 4), 1)
    slow = place.crop("kraft", mask, 77, 311, around=reach)
    pressure: Any = cv2.blur(slow, (2 * reach + 1, 2 * reach + 1))
    pressure = np.ascontiguousarray(pressure[reach:-reach, reach:-reach])
    gain = cv2.convertScaleAbs(pressure, alpha=2.5 * depth, beta=255 - 2.5 * depth * 150)
    pressed: Any = cv2.multiply(mask, gain, scale=1 / 255)
    return _worn(pressed, "kraft", 0.6 * depth, place)


def _screen(mask: Mask, depth: float, _place: _Place) -> Mask:
    """Draw as a display does, with stripes of red, green and blue a third of a pixel apart."""
    # Each stripe sees its own third of the pixel and, filtered against fringes, the neighbours' (as ClearType does).
    share = (1 + depth) / 6
    ahead = np.array([[0.0, 1 - share, share]], np.float32)
    channels = (cv2.filter2D(mask, -1, ahead[:, ::-1]), mask, cv2.filter2D(mask, -1, ahead))
    return cast("Mask", cv2.merge(channels))


INKS: dict[str, Callable[[Mask, float, _Place], Mask]] = {
    "plain": lambda mask, *_: mask,
    "offset": _offset,
    "laser": _laser,
    "inkjet": _inkjet,
    "typewriter": _typewriter,
    "thermal": _thermal,
    "ballpoint": _ballpoint,
    "screen": _screen,
}
