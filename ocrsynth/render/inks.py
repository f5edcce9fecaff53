"""How printing processes lay ink: what they do to the coverage mask of a line before it is degraded.

Depths are shares of the ink that is lost where the texture is strongest; the mask stays the place of the label.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from ocrsynth.render.papers import PEAK, TILE_HEIGHT, TILE_WIDTH, crop, independent

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ocrsynth.records import Bleed
    from ocrsynth.seeding import Stream

    Mask = NDArray[np.uint8]

_FINE_PX = 20
"""Below this font size a drop is less than a pixel."""
_LEAST_STRUCK = 0.8
"""Share of its ink that the lightest strike of a type leaves."""
_BY_CLASS = {"ballpoint": ("hand",), "typewriter": ("mono", "typewriter", "slab", "serif")}
"""Inks that only some classes of fonts are written with."""


def draw_ink(name: str, kind: str, stream: Stream) -> dict[str, Any] | None:
    """Return the parameters of the ink *name* for a font of the class *kind*; None for plain ink."""
    if name == "plain" or kind not in _BY_CLASS.get(name, (kind,)):
        return None
    return {
        "name": name,
        "depth": round(stream.uniform(0.3, 1.0), 3),
        "offset": [stream.below(TILE_HEIGHT), stream.below(TILE_WIDTH)],
    }


def lay_ink(mask: Mask, ink: dict[str, Any], bleed: Bleed, size_px: float, columns: NDArray[np.float64]) -> Mask:
    """Return *mask*, uint8 (H, W), as the printing process leaves it; or (H, W, 3), of red, green and blue sub-pixels.

    *columns* are the left edges of the letters in px of the frame, float64 (n,): what strikes letter by letter.
    """
    top, left = ink["offset"][0] - bleed.top, ink["offset"][1] - bleed.left
    return INKS[ink["name"]](mask, ink["depth"], (top, left), size_px, columns + bleed.left)


def _worn(mask: Mask, kind: str, depth: float, at: tuple[int, int]) -> Mask:
    """Return *mask* less up to *depth* of it, by the texture of a tile."""
    tile = crop(kind, (mask.shape[0], mask.shape[1]), *at)
    # 128 + PEAK keeps all ink, 128 - PEAK loses the whole depth.
    gain = cv2.convertScaleAbs(tile, alpha=255 * depth / (2 * PEAK), beta=255 * (1 - depth * (128 + PEAK) / (2 * PEAK)))
    return cast("Mask", cv2.multiply(mask, gain, scale=1 / 255))


def _offset(mask: Mask, depth: float, at: tuple[int, int], size_px: float, _columns: NDArray[np.float64]) -> Mask:
    """Offset and letterpress squeeze ink to the rim of a stroke and leave its middle thinner."""
    reach = max(round(size_px / 24), 1) * 2 + 1
    inner: Any = cv2.blur(cv2.erode(mask, np.ones((3, 3), np.uint8)), (reach, reach))
    hollow: Any = cv2.addWeighted(mask, 1.0, inner, -0.22 * depth, 0.0)
    return _worn(hollow, "plain", 0.12 * depth, at)


def _laser(mask: Mask, depth: float, at: tuple[int, int], size_px: float, _columns: NDArray[np.float64]) -> Mask:
    """Toner is fused solid, but a little of it lands beside the stroke."""
    reach = max(round(size_px / 10), 1) * 2 + 1
    near: Any = cv2.blur(mask, (reach, reach))
    grain = crop("plain", (mask.shape[0], mask.shape[1]), at[0] + 131, at[1] + 57)
    grains: Any = cv2.threshold(grain, 128 + PEAK - 14 - 10 * depth, 255, cv2.THRESH_BINARY)[1]
    return cast("Mask", cv2.max(mask, cv2.multiply(grains, near, scale=0.7 / 255)))


def _inkjet(mask: Mask, depth: float, at: tuple[int, int], size_px: float, _columns: NDArray[np.float64]) -> Mask:
    """Let drops wick into the fibres, and leave a seam at each pass of the head."""
    soft: Any = mask
    if size_px > _FINE_PX:
        soft = cv2.blur(mask, (3, 3))
    pitch = max(size_px / 5, 2.0)
    phase = (np.arange(mask.shape[0]) + at[0]) % pitch / pitch
    seam = np.rint(255 * (1 - 0.3 * depth * (phase < 0.25))).astype(np.uint8)
    seamed: Any = cv2.multiply(soft, np.broadcast_to(seam[:, None], mask.shape).copy(), scale=1 / 255)
    return _worn(seamed, "kraft", 0.35 * depth, at)


def _typewriter(mask: Mask, depth: float, at: tuple[int, int], size_px: float, columns: NDArray[np.float64]) -> Mask:
    """Types strike through an inked ribbon that gives way: the harder, the further ink flows about a stroke.

    Every letter has a force of its own, and lands harder at its head or at its feet: some fill, others fade.
    """
    height, width = mask.shape
    edges = np.clip(np.rint(np.sort(columns)).astype(np.int64), 0, width)
    lengths = np.diff(np.concatenate(([0], edges, [width])))
    drawn = independent(2 * len(lengths), at[0], at[1])
    force = np.clip(np.exp(0.6 * depth * drawn[: len(lengths)] + 0.45), 0.85, 2.8)
    tilt = 0.25 * depth * force * np.clip(drawn[len(lengths) :], -1.5, 1.5)
    rows = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(height / (2 * size_px))
    gain = np.repeat(force, lengths) + np.multiply.outer(rows, np.repeat(tilt, lengths))
    struck: Any = cv2.GaussianBlur(mask, (0, 0), max(0.04 * size_px, 0.3)) * gain
    # The ribbon blurs hairlines away where the strike is light: a letter that is gone has no label.
    least = cv2.convertScaleAbs(mask, alpha=_LEAST_STRUCK)
    return _worn(cast("Mask", cv2.max(np.clip(struck, 0, 255).astype(np.uint8), least)), "laid", 0.25 * depth, at)


def _thermal(mask: Mask, depth: float, at: tuple[int, int], size_px: float, _columns: NDArray[np.float64]) -> Mask:
    """Heated dots in fixed rows and columns; edges follow their grid, and some dots are weak."""
    pitch = max(round(size_px / 22), 1)
    if pitch > 1:
        small: Any = cv2.resize(mask, None, fx=1 / pitch, fy=1 / pitch, interpolation=cv2.INTER_AREA)
        mask = cast("Mask", cv2.resize(small, mask.shape[::-1], interpolation=cv2.INTER_LINEAR))
    return _worn(mask, "thermal", 0.4 * depth, at)


def _ballpoint(mask: Mask, depth: float, at: tuple[int, int], size_px: float, _columns: NDArray[np.float64]) -> Mask:
    """Streak the strokes as a ball that rolls unevenly, and lighten them where the hand hurries."""
    slow = crop("kraft", (mask.shape[0], mask.shape[1]), at[0] + 77, at[1] + 311)
    reach = max(round(size_px / 4), 1) * 2 + 1
    pressure: Any = cv2.blur(slow, (reach, reach))
    gain = cv2.convertScaleAbs(pressure, alpha=2.5 * depth, beta=255 - 2.5 * depth * 150)
    pressed: Any = cv2.multiply(mask, gain, scale=1 / 255)
    return _worn(pressed, "kraft", 0.6 * depth, at)


def _screen(mask: Mask, depth: float, _at: tuple[int, int], _size_px: float, _columns: NDArray[np.float64]) -> Mask:
    """Draw as a display does, with stripes of red, green and blue a third of a pixel apart."""
    # Each stripe sees its own third of the pixel and, filtered against fringes, the neighbours' (as ClearType does).
    share = (1 + depth) / 6
    ahead = np.array([[0.0, 1 - share, share]], np.float32)
    channels = (cv2.filter2D(mask, -1, ahead[:, ::-1]), mask, cv2.filter2D(mask, -1, ahead))
    return cast("Mask", cv2.merge(channels))


INKS: dict[str, Callable[[Mask, float, tuple[int, int], float, NDArray[np.float64]], Mask]] = {
    "plain": lambda mask, *_: mask,
    "offset": _offset,
    "laser": _laser,
    "inkjet": _inkjet,
    "typewriter": _typewriter,
    "thermal": _thermal,
    "ballpoint": _ballpoint,
    "screen": _screen,
}
