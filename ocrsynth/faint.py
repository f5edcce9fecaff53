"""Single characters, and parts of them, that a picture does not show, by how it follows their coverage.

In the box around a cluster a straight line is fitted, ``level ≈ a + b · coverage``: *b* is the contrast that is left of its
ink.  The same is asked of the upper and the lower quarter of a box: of a ``d`` without its ascender, which is an ``a``, most is
there.  What stands apart, such as a dot, is asked by itself.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ocrsynth.box_sums import areas
from ocrsynth.errors import Rejected
from ocrsynth.parts import contrasts

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOXES = 3
"""Of a cluster: all of it, its upper and its lower quarter."""
_LEAST_ROWS = 12
"""Of a cluster whose quarters are looked at."""
_LEAST_INK_OF_A_QUARTER = 4 * 255
"""Coverage, summed, below which a quarter leaves too little: four pixels."""
_SHARE_OF_A_QUARTER = 0.7
"""Of what a whole cluster must show: the end of a stroke may fade more than the stroke."""
_BESIDE_PX = 2
"""Paper above and below a cluster that its box takes in, for ink is told by what it differs from.  To its sides are others."""
_LEAST_SHARE = 0.2
"""Of the contrast of its line: a grey colon between black letters is not read."""
_LEAST_INK = 0.5 * 255
"""Coverage, summed, below which a cluster leaves too little in the rows that are looked at to be judged: half a pixel."""
_LEAST_VARIANCE = 0.01 * 255 * 255
"""Variance of the coverage below which a box shows ink alone, such as that of a rule, and nothing to compare it with."""
_THIN, _LEAST_VARIANCE_OF_THIN = 0.25 * 255, 0.0015 * 255 * 255
"""Mean coverage below which a box shows paper beside its ink, however thin: of a hairline less variance is enough."""


class Pair(NamedTuple):
    """Coverage and levels of the same pixels, uint8 (h, W), the width of a window, and where clusters stand in them.

    ``clusters``: corners, float64 (4 n, 2), across and down; of the picture's rows every ``rows_apart``-th is here.
    """

    mask: NDArray[np.uint8]
    grey: NDArray[np.uint8]
    window: int
    clusters: NDArray[np.float64]
    has_ink: NDArray[np.bool_]
    apart: NDArray[np.bool_]
    rows_apart: int


def boxes_of(pairs: list[Pair], lefts: list[int]) -> tuple[NDArray[np.intp], list[int]]:
    """Return the boxes around clusters and the paper above and below them, as `_windows` does.

    Behind those of all clusters of a pair stand those of their upper, then of their lower quarters; without rows where a
    cluster is too low for them.
    """
    counts = [len(pair.has_ink) for pair in pairs]
    corners = np.concatenate([pair.clusters for pair in pairs]).reshape(-1, 4, 2)
    lows, highs = corners.min(axis=1), corners.max(axis=1)
    shapes = np.array(
        [(pair.mask.shape[1], pair.mask.shape[0], left, pair.rows_apart) for pair, left in zip(pairs, lefts, strict=True)]
    )
    widths, heights, shifts, steps = np.repeat(shapes, counts, axis=0).T
    boxes = np.stack(
        (
            np.floor(lows[:, 0]),
            np.ceil(highs[:, 0]),
            np.floor((lows[:, 1] - _BESIDE_PX) / steps),
            np.ceil((highs[:, 1] + _BESIDE_PX) / steps),
        )
    ).astype(np.intp)
    np.maximum(boxes, 0, out=boxes)
    np.minimum(boxes[:2], widths, out=boxes[:2])
    np.minimum(boxes[2:], heights, out=boxes[2:])
    boxes[:2] += shifts
    left, right, top, bottom = boxes
    rows = bottom - top - 2 * np.ceil(_BESIDE_PX / steps).astype(np.intp)
    # With the paper beyond, which ink is told by.
    quarter = np.where(rows >= _LEAST_ROWS, rows // 4 + np.ceil(_BESIDE_PX / steps).astype(np.intp), 0)
    upper, lower = np.stack((left, right, top, top + quarter)), np.stack((left, right, bottom - quarter, bottom))
    ends = [0, *accumulate(counts)]
    blocks = [part[:, a:b] for a, b in pairwise(ends) for part in (boxes, upper, lower)]
    return np.concatenate(blocks, axis=1), [_BOXES * end for end in ends]


def faint_of(
    least_grey: float,
    sums: NDArray[np.float64],
    areas: NDArray[np.intp],
    ends: list[int],
    of_line: NDArray[np.float64],
    pairs: list[Pair],
) -> dict[int, Rejected]:
    """Return which pairs hold a cluster of too little contrast, and what they are rejected for.

    *of_line* is the contrast of their lines.
    """
    m, g, mm, _, mg = sums
    counts = [len(pair.has_ink) for pair in pairs]
    begins = np.repeat(ends[:-1], np.diff(ends))
    number = np.arange(len(m)) - begins
    n = np.repeat(counts, np.diff(ends))
    whole, own = number < n, begins + number % np.maximum(n, 1)
    has_ink = np.concatenate([np.tile(pair.has_ink, _BOXES) for pair in pairs])
    spread, squares = areas * mm - m * m, areas * areas
    told = (spread >= _LEAST_VARIANCE * squares) | ((m < _THIN * areas) & (spread >= _LEAST_VARIANCE_OF_THIN * squares))
    judged = has_ink & whole & (m >= _LEAST_INK) & told & (spread > 0)
    line = np.repeat(of_line, np.diff(ends))
    slope = (areas * mg - m * g) / np.where(judged, spread, 1.0)
    # A quarter is often all ink, so that no line can be fitted to it: but it goes through the paper of the whole box.
    paper = (g - slope * m)[own] / np.maximum(areas[own], 1)
    slope = np.where(whole, slope, (mg - paper * m) / np.maximum(mm, 1.0))
    judged |= has_ink & ~whole & judged[own] & (m >= _LEAST_INK_OF_A_QUARTER)
    contrast = 255 * slope * np.where(line > 0, 1.0, -1.0)
    least = np.maximum(np.abs(line) * _LEAST_SHARE, least_grey)
    least *= np.where(whole, 1.0, _SHARE_OF_A_QUARTER)
    found: dict[int, Rejected] = {}
    for place in np.flatnonzero(judged & (contrast < least)).tolist():
        k = bisect_right(ends, place) - 1
        which, character = divmod(place - ends[k], counts[k])
        where = ("", "the upper quarter of ", "the lower quarter of ")[which]
        found.setdefault(k, Rejected("faint_cluster", f"{contrast[place]:.1f} grey levels in {where}character {character + 1}"))
    return found


def faint_part(
    least_grey: float, pair: Pair, boxes: NDArray[np.intp], sums: NDArray[np.float64], of_line: float
) -> Rejected | None:
    """Return why a part that stands apart is too faint, or None; *boxes* and *sums* are those of the pair's clusters."""
    chosen = np.flatnonzero(pair.apart)
    boxes = boxes[:, chosen]
    n_pixels = np.maximum(areas(boxes), 1)
    mean_m, mean_g, mean_mm, _, mean_mg = sums[:, chosen] / n_pixels
    # Where the line through the levels of a box meets bare paper.
    papers = mean_g - mean_m * (mean_mg - mean_m * mean_g) / np.maximum(mean_mm - mean_m * mean_m, _LEAST_VARIANCE)
    found = contrasts(pair.mask, pair.grey, boxes, papers, dark=of_line < 0)
    least = max(abs(of_line) * _LEAST_SHARE, least_grey)
    faintest = int(found.argmin())
    if found[faintest] >= least:
        return None
    return Rejected("faint_cluster", f"{found[faintest]:.1f} grey levels in a part of character {int(chosen[faintest]) + 1}")
