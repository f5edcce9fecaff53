"""A line picture taken apart: paper, ink, the line's own text, rules, and what reaches in from the lines beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_CONTRAST_GREY = 12.0
"""What stands out less from its paper is not taken for ink."""
LONGEST = 200
"""Widest picture that is measured, in its own heights."""
_RULE_HEIGHTS = 1.5
"""A straight stroke of this length is a rule; the longest dash is a little shorter."""
_WITHIN_BAND = 0.35
"""Ink at the upper or lower edge is the line's own if so much of it lies between baseline and x-line."""
_LEAST_PAPER_PX = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture at the height of measurement, H, ink darker than paper (light ink on dark paper is inverted)."""

    native: NDArray[np.uint8]
    """Grey levels at the picture's own size."""
    chroma_grey: float
    """Mean difference between the strongest and the weakest channel."""
    grey: NDArray[np.float32]
    """Levels at the height of measurement, (H, W)."""
    light_on_dark: bool
    background: NDArray[np.float32]
    """The paper below the ink, without its grain, (H, W)."""
    paper_grey: float
    contrast_grey: float
    coverage: NDArray[np.float32]
    """0 paper to 1 ink, (H, W)."""
    ink: NDArray[np.bool_]
    """All ink."""
    own: NDArray[np.uint8]
    """0 or 1: ink of the line itself, without rules and neighbours."""
    rules: NDArray[np.bool_]
    neighbours: NDArray[np.bool_]
    """Ink that reaches in from the lines above and below."""
    paper: NDArray[np.bool_]
    """Paper at a distance from ink."""
    band: tuple[float, float]
    """Rows of x-line and baseline, about; of capitals alone the whole of them."""

    @property
    def x_height_px(self) -> float:
        """Return the distance of x-line and baseline."""
        return self.band[1] - self.band[0]


def quantile(values: NDArray[Any], share: float) -> float:
    """Return the value, of (N,), below which this share of them lies: not interpolated, ten times as fast as NumPy's."""
    rank = min(int(share * len(values)), len(values) - 1)
    return float(np.partition(values, rank)[rank])


def see(image: NDArray[np.uint8], height_px: int) -> Seen | str:
    """Return a picture, uint8 (H, W) or (H, W, 3) RGB, taken apart at *height_px*, or why it cannot be, in a word or two."""
    height, width = image.shape[:2]
    if width > LONGEST * height:
        return "too wide"
    chroma = 0.0
    native: Any = image
    if image.ndim == 3:
        chroma = float((image.max(axis=2).astype(np.int16) - image.min(axis=2)).mean())
        native = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    size = (max(round(width * height_px / height), 1), height_px)
    how = cv2.INTER_AREA if height > height_px else cv2.INTER_CUBIC
    scaled: Any = native if size == (width, height) else cv2.resize(native, size, interpolation=how)
    if int(scaled.max()) - int(scaled.min()) < LEAST_CONTRAST_GREY:
        return "no contrast"
    threshold, _ = cv2.threshold(scaled, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    # Ink is what there is less of.
    light_on_dark = bool(np.count_nonzero(scaled <= threshold) > scaled.size / 2)
    if light_on_dark:
        scaled = 255 - scaled
    grey = scaled.astype(np.float32)
    background = _background(scaled, height_px)
    depth = background - grey
    levels = _levels(depth)
    if levels is None:
        return "no contrast"
    bare, full = levels
    coverage = np.clip((depth - bare) / (full - bare), 0, 1).astype(np.float32)
    ink = coverage > 0.5
    near = cv2.dilate(ink.astype(np.uint8), _disc(max(2, height_px // 12))) > 0
    paper = ~near if np.count_nonzero(~near) >= _LEAST_PAPER_PX else ~ink
    if not paper.any():
        return "no paper"
    rules = _rules(ink)
    band = _band(np.where(rules, 0, coverage))
    neighbours = _neighbours(ink & ~rules, band)
    own = ink & ~rules & ~neighbours
    paper_grey = float(np.median(grey[paper]))
    return Seen(
        native=native,
        chroma_grey=chroma,
        grey=grey,
        light_on_dark=light_on_dark,
        background=background,
        paper_grey=paper_grey,
        contrast_grey=float(full - bare),
        coverage=coverage,
        ink=ink,
        own=(own if own.any() else ink).astype(np.uint8),
        rules=rules,
        neighbours=neighbours,
        paper=paper,
        band=band,
    )


def _disc(radius: int) -> NDArray[np.uint8]:
    return cast("NDArray[np.uint8]", cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))


def _background(scaled: Any, height: int) -> NDArray[np.float32]:
    # Closing fills what is narrower than the square, thus strokes; averaging keeps it from following single bright pixels.
    side = 2 * max(3, round(0.3 * height)) + 1
    closed = cv2.morphologyEx(cv2.blur(scaled, (3, 3)), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    smooth: Any = cv2.GaussianBlur(closed.astype(np.float32), (0, 0), 0.25 * height)
    return cast("NDArray[np.float32]", smooth)


def _levels(depth: NDArray[np.float32]) -> tuple[float, float] | None:
    """Return the depth of paper and of ink below the background, or None if nothing stands out."""
    whole = np.clip(depth, 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(whole, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = whole > threshold
    if not dark.any():
        return None
    bare = float(np.median(depth[~dark]))
    # Thin strokes reach the ink's full darkness in their middle only.
    full = quantile(depth[dark], 0.85)
    return (bare, full) if full - bare >= LEAST_CONTRAST_GREY else None


def _rules(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    height, width = ink.shape
    length = round(min(_RULE_HEIGHTS * height, 0.9 * width))
    if length < 0.6 * height:
        return np.zeros_like(ink)
    opened = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    return (opened > 0) & ink


def _band(coverage: NDArray[Any]) -> tuple[float, float]:
    """Return the rows between x-line and baseline: those that hold most ink, to a fraction of a pixel."""
    rows = coverage.sum(axis=1)
    level = 0.5 * quantile(rows, 0.9)
    dense = np.flatnonzero(rows >= level) if level > 0 else np.arange(len(rows))
    runs = np.split(dense, np.flatnonzero(np.diff(dense) > 1) + 1)
    longest = max(runs, key=lambda run: float(rows[run].sum()))
    first, last = int(longest[0]), int(longest[-1])

    def crossing(inside: int, outside: int) -> float:
        if not 0 <= outside < len(rows):
            return 0.5
        span = float(rows[inside] - rows[outside])
        return float(rows[inside] - level) / span if span > 0 else 0.5

    # The profile is sampled in the middle of rows.
    top = first + 0.5 - crossing(first, first - 1)
    bottom = last + 0.5 + crossing(last, last + 1)
    return top, max(bottom, top + 1)


def _neighbours(ink: NDArray[np.bool_], band: tuple[float, float]) -> NDArray[np.bool_]:
    height = ink.shape[0]
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    tops, extents = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    bottoms = tops + extents
    inside = np.clip(np.minimum(bottoms, band[1]) - np.maximum(tops, band[0]), 0, None)
    foreign = ((tops == 0) | (bottoms == height)) & (inside < _WITHIN_BAND * extents)
    foreign[0] = False
    return cast("NDArray[np.bool_]", foreign[labels])
