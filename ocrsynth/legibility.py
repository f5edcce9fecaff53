"""The last check of a sample, on its final pixels: its label must still be inside the frame and legible.

The picture is compared with the clean coverage mask under the same warps, window by window along the line.  In each
window a straight line is fitted, ``level ≈ a + b · coverage``: *b* is the contrast that survives between paper and
ink in grey levels, and the correlation is the share of what is seen that comes from the strokes.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from pydantic import Field

from ocrsynth.errors import Rejected
from ocrsynth.fields import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


class LegibilityConfig(Section):
    """The recipe's ``legibility`` section: what a finished picture must still show, or its degradation is drawn again."""

    min_contrast_grey: float = Field(default=25, ge=0, le=255, description="least contrast of any stretch of the line")
    min_correlation: float = Field(default=0.55, ge=0, le=1, description="least correlation of picture and strokes")
    window_em: float = Field(default=1.5, ge=0.2, description="length of a stretch")
    attempts: int = Field(default=4, ge=1, le=100, description="draws of the chain before it is weakened")
    rejects_per_sample: float = Field(default=1.0, gt=0, description="a run fails above this mean of any one reason")


_EDGE_PX = 0.5
_TALL_PX = 24
_LEAST_COVERAGE = 0.004
_TOGETHER_PX = 24_000
"""Pixels that are looked at in one go: so many that calls cost little, so few that they stay in the processor's cache."""


class Seen(NamedTuple):
    """A finished picture and what its label says of it.

    ``image``: uint8 (H, W) or (H, W, 3).  ``mask``: the clean coverage under the same warps, uint8, of every row of which
    the check looks at: see `rows_apart`.  ``line``: points, float64 (n, 2) in px, whose convex hull holds every label: a
    projective warp keeps what lies inside a hull inside.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    line: NDArray[np.float64]
    em_px: float


def rows_apart(height: int, width: int) -> int:
    """Return how many rows apart the rows are that the check looks at: of a high line every second, they tell as much."""
    return 2 if width >= height >= _TALL_PX else 1


def check(
    config: LegibilityConfig, image: NDArray[np.uint8], mask: NDArray[np.uint8], line: NDArray[np.float64], em_px: float
) -> None:
    """Raise Rejected if the sample must not be kept; arguments as of `Seen`, but for a *mask* of all rows.

    Reasons: ``outside_frame``, ``low_contrast``, ``illegible``.
    """
    seen = Seen(image, mask[:: rows_apart(image.shape[0], image.shape[1])], line, em_px)
    [verdict] = check_all(config, [seen])
    if verdict is not None:
        raise verdict


def check_all(config: LegibilityConfig, pictures: Sequence[Seen]) -> list[Rejected | None]:
    """Return for each picture why it must not be kept, or None."""
    verdicts = [_outside(seen.line, *seen.image.shape[:2]) for seen in pictures]
    waiting: dict[int, list[tuple[int, _Pair]]] = {}
    for i, seen in enumerate(pictures):
        if verdicts[i] is None:
            pair = _pair(seen, config.window_em)
            waiting.setdefault(len(pair.mask), []).append((i, pair))
    for height, pairs in waiting.items():
        for some in _portions(pairs, height):
            fits = _fit([pair for _, pair in some], height)
            for (i, _), fit in zip(some, fits, strict=True):
                verdicts[i] = _verdict(config, *fit)
    return verdicts


class _Pair(NamedTuple):
    """Coverage and levels of the same pixels, uint8 (h, W), and the width of a window in px."""

    mask: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    window: int


def _pair(seen: Seen, window_em: float) -> _Pair:
    height, width = seen.image.shape[:2]
    image: Any = seen.image[:: rows_apart(height, width)]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim > seen.mask.ndim else image
    mask = seen.mask
    if height > width:
        # A vertical line: the windows follow it down.
        step = 2 if width >= _TALL_PX else 1
        grey, mask = grey.T[::step], mask.T[::step]
    return _Pair(mask, grey, max(round(window_em * seen.em_px), 4))


def _outside(line: NDArray[np.float64], height: int, width: int) -> Rejected | None:
    xs, ys = zip(*line.tolist(), strict=True)
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    if left < -_EDGE_PX or top < -_EDGE_PX or right > width + _EDGE_PX or bottom > height + _EDGE_PX:
        return Rejected("outside_frame", f"labels span x {left:.1f}…{right:.1f}, y {top:.1f}…{bottom:.1f} of {width}×{height}")
    return None


def _portions(pairs: list[tuple[int, _Pair]], height: int) -> Iterator[list[tuple[int, _Pair]]]:
    some: list[tuple[int, _Pair]] = []
    room = 0
    for item in pairs:
        if some and room + item[1].mask.shape[1] > _TOGETHER_PX // height:
            yield some
            some, room = [], 0
        some.append(item)
        room += item[1].mask.shape[1]
    if some:
        yield some


def _fit(pairs: list[_Pair], height: int) -> list[tuple[bool, float, float]]:
    """Return for each of some pairs of one *height*: whether it has ink, least contrast, and worst correlation of a window."""
    edges = [0, *accumulate(pair.mask.shape[1] for pair in pairs)]
    m = np.empty((height, edges[-1]), np.float32)
    g = np.empty_like(m)
    starts: list[int] = []
    firsts: list[int] = []
    for pair, left, right in zip(pairs, edges, edges[1:], strict=False):
        m[:, left:right] = pair.mask
        g[:, left:right] = pair.grey
        firsts.append(len(starts))
        # The last window takes in a rest of less than half a window.
        starts += range(left, max(right - pair.window // 2, left + 1), pair.window)
    columns = np.empty((5, 1, edges[-1]), np.float32)
    product = np.empty_like(m)
    # Sums of whole numbers: float32 holds them exactly.  OpenCV adds up columns at twice NumPy's pace.
    cv2.reduce(m, 0, cv2.REDUCE_SUM, columns[0])
    cv2.reduce(g, 0, cv2.REDUCE_SUM, columns[1])
    for row, (a, b) in enumerate(((m, m), (m, g), (g, g)), 2):
        cv2.reduce(np.multiply(a, b, out=product), 0, cv2.REDUCE_SUM, columns[row])
    n = np.diff(np.array([*starts, edges[-1]])) * height
    mean_m, mean_g, mean_mm, mean_mg, mean_gg = np.add.reduceat(columns[:, 0], starts, axis=1, dtype=np.float64) / n
    var_m = mean_mm - mean_m * mean_m
    cov = mean_mg - mean_m * mean_g
    var_g = np.maximum(mean_gg - mean_g * mean_g, 1e-3)
    inked = (mean_m > _LEAST_COVERAGE * 255) & (var_m > 0)
    var_m[~inked] = 1.0
    slope = np.where(inked, 255 * cov / var_m, 0.0)
    # Ink is darker or lighter than its paper along the whole line, never both.
    sign = np.where(np.add.reduceat(slope, firsts) > 0, 1.0, -1.0)
    signs = np.repeat(sign, np.diff(np.array([*firsts, len(starts)])))
    contrast = np.minimum.reduceat(np.where(inked, slope * signs, np.inf), firsts)
    correlation = np.where(inked, cov / np.sqrt(var_m * var_g) * signs, np.inf)
    return list(
        zip(
            np.logical_or.reduceat(inked, firsts).tolist(),
            contrast.tolist(),
            np.minimum.reduceat(correlation, firsts).tolist(),
            strict=True,
        )
    )


def _verdict(config: LegibilityConfig, has_ink: bool, contrast: float, worst: float) -> Rejected | None:  # noqa: FBT001
    if not has_ink:
        return Rejected("illegible", "no ink is left in the frame")
    if contrast < config.min_contrast_grey:
        return Rejected("low_contrast", f"{contrast:.1f} grey levels in one stretch")
    if worst < config.min_correlation:
        return Rejected("illegible", f"strokes explain the picture with a correlation of {worst:.2f} only")
    return None
