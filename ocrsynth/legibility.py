"""The last check of a sample, on its final pixels: its label must still be inside the frame and legible.

The picture is compared with the clean coverage mask under the same warps, window by window along the line.  In each
window a straight line is fitted, ``level ≈ a + b · coverage``: *b* is the contrast that survives between paper and
ink in grey levels, and the correlation is the share of what is seen that comes from the strokes.  A bar as high as the
letters goes along with that far enough, so that what changes along each row is correlated by itself, too: letters that are
smeared into each other keep their height, not their stems.  Then *b* is asked of each cluster in the box around it, and in the
upper and the lower quarter of that: a comma that faded is lost in its window, not in its box, and the ascender of a ``d``,
without which it is an ``a``, not in the upper quarter.  A dot or an accent that faded is lost there as well: what stands apart
is asked by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from pydantic import Field

from ocrsynth.box_sums import areas, summed
from ocrsynth.errors import Rejected
from ocrsynth.faint import Pair, boxes_of, faint_of, faint_part
from ocrsynth.fields import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class LegibilityConfig(Section):
    """The recipe's ``legibility`` section: what a finished picture must still show, or its degradation is drawn again."""

    min_contrast_grey: float = Field(default=25, ge=0, le=255, description="least contrast of any stretch of the line")
    min_cluster_contrast_grey: float = Field(
        default=15,
        ge=0,
        le=255,
        description="least contrast of any single character, its dots and accents, and never under a fifth of its line's; "
        "0 does not look at them",
    )
    min_correlation: float = Field(default=0.55, ge=0, le=1, description="least correlation of picture and strokes")
    min_correlation_along: float = Field(
        default=0.35,
        ge=0,
        le=1,
        description="the same along each row alone: letters smeared into each other keep their height; 0 does not look at it",
    )
    min_em_px: float = Field(
        default=6, ge=0, description="least size of type that warps may leave of a larger one, by their tilt"
    )
    min_advance_px: float = Field(
        default=2.5,
        ge=0,
        description="least mean width of four characters or more that warps and lost resolution may leave of larger ones",
    )
    window_em: float = Field(default=1.5, ge=0.2, description="length of a stretch")
    attempts: int = Field(default=4, ge=1, le=100, description="draws of the chain before it is weakened")
    rejects_per_sample: float = Field(default=1.0, gt=0, description="a run fails above this mean of any one reason")


_SHRUNK = 0.8
_FEW = 4
"""Fewer characters may all be as thin as an ``l``."""
_EDGE_PX = 0.5
_TALL_PX = 24
_FLAT_PX = 2.5
_LEAST_COVERAGE = 0.004
_LEAST_ALONG = 0.1
"""Share of the coverage's variance that must lie along the rows, if they are to be asked: in a dash none does."""
_TOGETHER_PX = 96_000
"""Pixels that are looked at in one go: so many that calls cost little, so few that they stay in the processor's cache."""


class Seen(NamedTuple):
    """A finished picture and what its label says of it.

    ``image``: uint8 (H, W) or (H, W, 3).  ``mask``: the clean coverage under the same warps, uint8, of each
    ``rows_apart``-th row, the ones that the check looks at.  ``line``: points, float64 (n, 2) in px, whose convex hull
    holds every label: a projective warp keeps what lies inside a hull inside.  ``clusters``: corners of the clusters,
    float64 (4 n, 2) in px, and ``has_ink``, bool (n,), which of them should carry ink; ``apart``, bool (n,), which may have
    parts that stand apart, and are looked at by themselves.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    line: NDArray[np.float64]
    em_px: float
    clusters: NDArray[np.float64]
    has_ink: NDArray[np.bool_]
    apart: NDArray[np.bool_]
    rows_apart: int


def too_small(config: LegibilityConfig, before_px: float, after_px: float) -> Rejected | None:
    """Return why the warps of a picture must not be, or None: a tilted line is scaled to the height, and could be specks.

    The arguments are its sizes of type before and after them.  Type that was small before is the recipe's own wish.
    """
    if after_px < config.min_em_px and after_px < _SHRUNK * before_px:
        return Rejected("too_small", f"type of {before_px:.1f} px an em has {after_px:.1f} px after the warps")
    return None


def too_narrow(
    config: LegibilityConfig, n: int, before: NDArray[np.float64], after: NDArray[np.float64], kept_ratio: float
) -> Rejected | None:
    """Return why warps and lost resolution must not be, or None: *n* characters are narrower than strokes and gaps can be seen.

    *before* and *after* are the corners of their line, float64 (4, 2) in px, *kept_ratio* the share of pixels along it that
    were there all the way.
    """
    before_px, after_px = (
        float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2 / max(n, 1) for quad in (before, after)
    )
    after_px *= kept_ratio
    if n >= _FEW and after_px < config.min_advance_px and after_px < _SHRUNK * before_px:
        return Rejected("too_small", f"{n} characters of {before_px:.1f} px each are seen with {after_px:.1f} px")
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

    *clusters* are those that should carry ink, and may have parts; without them none is looked at by itself.

    Reasons: ``outside_frame``, ``low_contrast``, ``illegible``, ``faint_cluster``.
    """
    corners = np.zeros((0, 2)) if clusters is None else clusters
    all_of_them = np.ones(len(corners) // 4, np.bool_)
    [verdict] = check_all(config, [Seen(image, mask, line, em_px, corners, all_of_them, all_of_them, 1)])
    if verdict is not None:
        raise verdict


def check_all(config: LegibilityConfig, pictures: Sequence[Seen]) -> list[Rejected | None]:
    """Return for each picture why it must not be kept, or None."""
    verdicts = [_outside(seen.line, *seen.image.shape[:2]) for seen in pictures]
    waiting = [(i, _pair(pictures[i], config)) for i, verdict in enumerate(verdicts) if verdict is None]
    # Those of one height stand together, for their pixels are summed up together.
    waiting.sort(key=lambda item: len(item[1].mask))
    pairs = [pair for _, pair in waiting]
    if not pairs:
        return verdicts
    portions, lefts = _arranged(pairs)
    windows, firsts = _windows(pairs, lefts)
    clusters, ends = boxes_of(pairs, lefts)
    of_windows, of_clusters = np.empty((5, windows.shape[1])), np.empty((5, clusters.shape[1]))
    of_rows = np.empty((3, windows.shape[1]))
    for first, end in portions:
        w, c = slice(firsts[first], firsts[end]), slice(ends[first], ends[end])
        of_windows[:, w], of_rows[:, w], of_clusters[:, c] = summed(
            [(pair.mask, pair.grey) for pair in pairs[first:end]], windows[:, w], clusters[:, c]
        )
    fits, of_line = _fits(of_windows, of_rows, windows, firsts)
    faint = faint_of(config.min_cluster_contrast_grey, of_clusters, areas(clusters), ends, of_line, pairs)
    for k, ((i, pair), fit) in enumerate(zip(waiting, fits, strict=True)):
        verdicts[i] = _verdict(config, fit) or faint.get(k)
        if verdicts[i] is None and pair.apart.any():
            of_pair = slice(ends[k], ends[k] + len(pair.has_ink))
            boxes = clusters[:, of_pair] - np.array(((lefts[k],), (lefts[k],), (0,), (0,)))
            verdicts[i] = faint_part(config.min_cluster_contrast_grey, pair, boxes, of_clusters[:, of_pair], float(of_line[k]))
    return verdicts


def _pair(seen: Seen, config: LegibilityConfig) -> Pair:
    height, width = seen.image.shape[:2]
    step = seen.rows_apart
    image: Any = seen.image[::step]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim > seen.mask.ndim else image
    mask = seen.mask
    asked = slice(None) if config.min_cluster_contrast_grey > 0 else slice(0)
    clusters, has_ink, apart = seen.clusters[asked], seen.has_ink[asked], seen.apart[asked]
    if height > width:
        # A vertical line: the windows follow it down.
        grey, mask, clusters = grey.T, mask.T, clusters[:, ::-1]
    return Pair(mask, grey, max(round(config.window_em * seen.em_px), 4), clusters, has_ink, apart & has_ink, step)


def _outside(line: NDArray[np.float64], height: int, width: int) -> Rejected | None:
    xs, ys = zip(*line.tolist(), strict=True)
    left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    if left < -_EDGE_PX or top < -_EDGE_PX or right > width + _EDGE_PX or bottom > height + _EDGE_PX:
        return Rejected("outside_frame", f"labels span x {left:.1f}…{right:.1f}, y {top:.1f}…{bottom:.1f} of {width}×{height}")
    return None


def _arranged(pairs: list[Pair]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return which pairs are looked at in one go, as half-open ranges, and each one's first column in its portion."""
    portions: list[tuple[int, int]] = []
    lefts: list[int] = []
    first = left = 0
    for k, pair in enumerate(pairs):
        height, width = pair.mask.shape
        if k > first and (height != len(pairs[first].mask) or (left + width) * height > _TOGETHER_PX):
            portions.append((first, k))
            first, left = k, 0
        lefts.append(left)
        left += width
    portions.append((first, len(pairs)))
    return portions, lefts


def _windows(pairs: list[Pair], lefts: list[int]) -> tuple[NDArray[np.intp], list[int]]:
    """Return the windows, int (4, k): first and last + 1 column and row; and the place of each pair's first one, and k."""
    starts: list[int] = []
    stops: list[int] = []
    firsts = [0]
    for pair, left in zip(pairs, lefts, strict=True):
        right = left + pair.mask.shape[1]
        # The last window takes in a rest of less than half a window.
        places = range(left, max(right - pair.window // 2, left + 1), pair.window)
        starts += places
        stops += places[1:]
        stops.append(right)
        firsts.append(len(starts))
    bottoms = np.repeat([len(pair.mask) for pair in pairs], np.diff(firsts))
    return np.stack((starts, stops, np.zeros_like(bottoms), bottoms)), firsts


class _Fit(NamedTuple):
    """What the windows of one picture tell: the least contrast, and the worst correlations, over all and along the rows."""

    has_ink: bool
    contrast: float
    correlation: float
    along: float


def _fits(
    sums: NDArray[np.float64], rows: NDArray[np.float64], windows: NDArray[np.intp], firsts: list[int]
) -> tuple[list[_Fit], NDArray[np.float64]]:
    """Return what is seen in each pair, and its mean contrast, negative where ink is darker than its paper."""
    areas_px = areas(windows)
    mean_m, mean_g, mean_mm, mean_gg, mean_mg = sums / areas_px
    var_m = mean_mm - mean_m * mean_m
    cov = mean_mg - mean_m * mean_g
    var_g = np.maximum(mean_gg - mean_g * mean_g, 1e-3)
    inked = (mean_m > _LEAST_COVERAGE * 255) & (var_m > 0)
    var_m[~inked] = 1.0
    slope = np.where(inked, 255 * cov / var_m, 0.0)
    starts, counts = firsts[:-1], np.diff(firsts)
    total = np.add.reduceat(slope, starts)
    # Ink is darker or lighter than its paper along the whole line, never both.
    signs = np.repeat(np.where(total > 0, 1.0, -1.0), counts)
    contrast = np.minimum.reduceat(np.where(inked, slope * signs, np.inf), starts)
    correlation = np.minimum.reduceat(np.where(inked, cov / np.sqrt(var_m * var_g) * signs, np.inf), starts)
    # The same about the mean of each row in place of that of the window.
    along_mm, along_gg, along_mg = (
        mean - row for mean, row in zip((mean_mm, mean_gg, mean_mg), rows / (areas_px * (windows[1] - windows[0])), strict=True)
    )
    told = inked & (along_mm > _LEAST_ALONG * var_m)
    root = np.sqrt(np.where(told, along_mm, 1.0) * np.maximum(along_gg, 1e-3))
    along = np.minimum.reduceat(np.where(told, along_mg / root * signs, np.inf), starts)
    has_ink = np.logical_or.reduceat(inked, starts)
    mean = total / np.maximum(np.add.reduceat(inked, starts, dtype=np.intp), 1)
    found = zip(has_ink.tolist(), contrast.tolist(), correlation.tolist(), along.tolist(), strict=True)
    return [_Fit(*fit) for fit in found], mean


def _verdict(config: LegibilityConfig, fit: _Fit) -> Rejected | None:
    if not fit.has_ink:
        return Rejected("illegible", "no ink is left in the frame")
    if fit.contrast < config.min_contrast_grey:
        return Rejected("low_contrast", f"{fit.contrast:.1f} grey levels in one stretch")
    if fit.correlation < config.min_correlation:
        return Rejected("illegible", f"strokes explain the picture with a correlation of {fit.correlation:.2f} only")
    if max(fit.along, 0.0) < config.min_correlation_along:
        return Rejected("illegible", f"letters run into each other: along them a correlation of {fit.along:.2f} is left")
    return None
