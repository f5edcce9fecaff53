"""The last check of a sample, on its final pixels: its label must still be inside the frame and legible.

The picture is compared with the clean coverage mask under the same warps, window by window along the line.  In each
window a straight line is fitted, ``level ≈ a + b · coverage``: *b* is the contrast that survives between paper and
ink in grey levels, and the correlation is the share of what is seen that comes from the strokes.  Then *b* is asked of
each cluster in the box around it: a comma that faded is lost in its window, not in its box.
"""

from __future__ import annotations

from bisect import bisect_right
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
    min_cluster_contrast_grey: float = Field(
        default=15,
        ge=0,
        le=255,
        description="least contrast of any single character, and never under a fifth of its line's; 0 does not look at them",
    )
    min_correlation: float = Field(default=0.55, ge=0, le=1, description="least correlation of picture and strokes")
    min_em_px: float = Field(
        default=6, ge=0, description="least size of type that warps may leave of a larger one, by their tilt"
    )
    window_em: float = Field(default=1.5, ge=0.2, description="length of a stretch")
    attempts: int = Field(default=4, ge=1, le=100, description="draws of the chain before it is weakened")
    rejects_per_sample: float = Field(default=1.0, gt=0, description="a run fails above this mean of any one reason")


_SHRUNK = 0.8
_EDGE_PX = 0.5
_TALL_PX = 24
_FLAT_PX = 2.5
_LEAST_COVERAGE = 0.004
_BESIDE_PX = 2
"""Paper above and below a cluster that its box takes in, for ink is told by what it differs from.  To its sides are others."""
_LEAST_SHARE = 0.2
"""Of the contrast of its line: a grey colon between black letters is not read."""
_LEAST_INK = 0.5 * 255
"""Coverage, summed, below which a cluster leaves too little in the rows that are looked at to be judged: half a pixel."""
_LEAST_VARIANCE = 0.01 * 255 * 255
"""Variance of the coverage below which a box shows ink alone, such as that of a rule, and nothing to compare it with."""
_TOGETHER_PX = 24_000
"""Pixels that are looked at in one go: so many that calls cost little, so few that they stay in the processor's cache."""


class Seen(NamedTuple):
    """A finished picture and what its label says of it.

    ``image``: uint8 (H, W) or (H, W, 3).  ``mask``: the clean coverage under the same warps, uint8, of each
    ``rows_apart``-th row, the ones that the check looks at.  ``line``: points, float64 (n, 2) in px, whose convex hull
    holds every label: a projective warp keeps what lies inside a hull inside.  ``clusters``: corners of the clusters,
    float64 (4 n, 2) in px, and ``has_ink``, bool (n,), which of them should carry ink.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    line: NDArray[np.float64]
    em_px: float
    clusters: NDArray[np.float64]
    has_ink: NDArray[np.bool_]
    rows_apart: int


def too_small(config: LegibilityConfig, before_px: float, after_px: float) -> Rejected | None:
    """Return why the warps of a picture must not be, or None: a tilted line is scaled to the height, and could be specks.

    The arguments are its sizes of type before and after them.  Type that was small before is the recipe's own wish.
    """
    if after_px < config.min_em_px and after_px < _SHRUNK * before_px:
        return Rejected("too_small", f"type of {before_px:.1f} px an em has {after_px:.1f} px after the warps")
    return None


def rows_apart(height: int, width: int, flattest_px: float) -> int:
    """Return how many rows apart the rows are that the check looks at: of a high line every second, they tell as much.

    *flattest_px* is the height of the flattest cluster: a dash of one row could lie between them.
    """
    return 2 if width >= height >= _TALL_PX and flattest_px >= _FLAT_PX else 1


def check(
    config: LegibilityConfig,
    image: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    line: NDArray[np.float64],
    em_px: float,
    clusters: NDArray[np.float64] | None = None,
) -> None:
    """Raise Rejected if the sample must not be kept; arguments as of `Seen`, with a *mask* of all rows.

    *clusters* are those that should carry ink; without them none is looked at by itself.

    Reasons: ``outside_frame``, ``low_contrast``, ``illegible``, ``faint_cluster``.
    """
    corners = np.zeros((0, 2)) if clusters is None else clusters
    [verdict] = check_all(config, [Seen(image, mask, line, em_px, corners, np.ones(len(corners) // 4, np.bool_), 1)])
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
            for (i, _), verdict in zip(some, _verdicts(config, [pair for _, pair in some], height), strict=True):
                verdicts[i] = verdict
    return verdicts


class _Pair(NamedTuple):
    """Coverage and levels of the same pixels, uint8 (h, W), the width of a window, and where clusters stand in them.

    ``clusters``: corners, float64 (4 n, 2), across and down; of the picture's rows every ``rows_apart``-th is here.
    """

    mask: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    window: int
    clusters: NDArray[np.float64]
    has_ink: NDArray[np.bool_]
    rows_apart: int


def _pair(seen: Seen, window_em: float) -> _Pair:
    height, width = seen.image.shape[:2]
    step = seen.rows_apart
    image: Any = seen.image[::step]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim > seen.mask.ndim else image
    mask, clusters = seen.mask, seen.clusters
    if height > width:
        # A vertical line: the windows follow it down.
        grey, mask, clusters = grey.T, mask.T, clusters[:, ::-1]
    return _Pair(mask, grey, max(round(window_em * seen.em_px), 4), clusters, seen.has_ink, step)


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


def _verdicts(config: LegibilityConfig, pairs: list[_Pair], height: int) -> list[Rejected | None]:
    """Return for each of some pairs of one *height* why it must not be kept, or None."""
    edges = [0, *accumulate(pair.mask.shape[1] for pair in pairs)]
    mask = np.empty((height, edges[-1]), np.uint8)
    grey = np.empty_like(mask)
    starts: list[int] = []
    firsts: list[int] = []
    for pair, left, right in zip(pairs, edges, edges[1:], strict=False):
        mask[:, left:right] = pair.mask
        grey[:, left:right] = pair.grey
        firsts.append(len(starts))
        # The last window takes in a rest of less than half a window.
        starts += range(left, max(right - pair.window // 2, left + 1), pair.window)
    # Sums from the upper left corner to each place: the sum over any box is four of them.
    m, mm = cv2.integral2(mask)
    g, gg = cv2.integral2(grey)
    mg = cv2.integral(cv2.multiply(mask, grey, dtype=cv2.CV_32F), sdepth=cv2.CV_64F)
    cuts = np.array([*starts, edges[-1]])
    n = np.diff(cuts) * height
    mean_m, mean_g, mean_mm, mean_mg, mean_gg = (np.diff(sums[-1, cuts]) / n for sums in (m, g, mm, mg, gg))
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
    correlation = np.minimum.reduceat(np.where(inked, cov / np.sqrt(var_m * var_g) * signs, np.inf), firsts)
    has_ink = np.logical_or.reduceat(inked, firsts)
    verdicts = [_verdict(config, *fit) for fit in zip(has_ink.tolist(), contrast.tolist(), correlation.tolist(), strict=True)]
    if config.min_cluster_contrast_grey:
        of_line = np.add.reduceat(slope, firsts) / np.maximum(np.add.reduceat(inked, firsts, dtype=np.intp), 1)
        least = np.maximum(np.abs(of_line) * _LEAST_SHARE, config.min_cluster_contrast_grey)
        for i, verdict in _faint(least, pairs, edges, sign, (m, g, mm, mg)).items():
            verdicts[i] = verdicts[i] or verdict
    return verdicts


def _faint(
    least: NDArray[np.float64], pairs: list[_Pair], edges: list[int], sign: NDArray[np.float64], sums: tuple[NDArray[Any], ...]
) -> dict[int, Rejected]:
    """Return which of *pairs* hold a cluster of less than their *least* grey levels, and what they are rejected for.

    *edges* are the pairs' first columns in *sums*, the sums of coverage, level, squared coverage and coverage times level;
    *sign* tells of each pair whether its ink is the lighter.
    """
    counts = [len(pair.has_ink) for pair in pairs]
    corners = np.concatenate([pair.clusters for pair in pairs]).reshape(-1, 4, 2)
    has_ink = np.concatenate([pair.has_ink for pair in pairs])
    left, right = np.repeat(edges[:-1], counts), np.repeat(edges[1:], counts)
    step = np.repeat([pair.rows_apart for pair in pairs], counts)
    lows, highs = corners.min(axis=1), corners.max(axis=1)
    height = len(sums[0]) - 1
    x0 = np.clip(np.floor(lows[:, 0]).astype(np.intp) + left, left, right)
    x1 = np.clip(np.ceil(highs[:, 0]).astype(np.intp) + left, left, right)
    y0 = np.clip(np.floor((lows[:, 1] - _BESIDE_PX) / step).astype(np.intp), 0, height)
    y1 = np.clip(np.ceil((highs[:, 1] + _BESIDE_PX) / step).astype(np.intp), 0, height)
    area = (x1 - x0) * (y1 - y0)
    stride = edges[-1] + 1
    places = np.stack((y1 * stride + x1, y0 * stride + x1, y1 * stride + x0, y0 * stride + x0))
    m, g, mm, mg = ((a - b) - (c - d) for a, b, c, d in (table.ravel()[places] for table in sums))
    spread = area * mm - m.astype(np.float64) * m
    judged = has_ink & (m >= _LEAST_INK) & (spread >= _LEAST_VARIANCE * area * area)
    contrast = 255 * (area * mg - m.astype(np.float64) * g) / np.where(judged, spread, 1.0) * np.repeat(sign, counts)
    found: dict[int, Rejected] = {}
    ends = list(accumulate(counts))
    for place in np.flatnonzero(judged & (contrast < np.repeat(least, counts))).tolist():
        i = bisect_right(ends, place)
        cluster = place - (ends[i] - counts[i])
        found.setdefault(i, Rejected("faint_cluster", f"{contrast[place]:.1f} grey levels in character {cluster + 1}"))
    return found


def _verdict(config: LegibilityConfig, has_ink: bool, contrast: float, worst: float) -> Rejected | None:  # noqa: FBT001
    if not has_ink:
        return Rejected("illegible", "no ink is left in the frame")
    if contrast < config.min_contrast_grey:
        return Rejected("low_contrast", f"{contrast:.1f} grey levels in one stretch")
    if worst < config.min_correlation:
        return Rejected("illegible", f"strokes explain the picture with a correlation of {worst:.2f} only")
    return None
