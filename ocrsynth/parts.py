"""Parts of characters that stand apart, such as dots, accents and second strokes: without one, it is another character."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SURE = 96
"""Coverage from which a pixel belongs to a part: less of it joins a dot to its letter where the gap is a pixel."""
_LEAST_INK = 255
"""Coverage, summed, below which a part leaves too little to be judged: one pixel."""
_WHOLE = frozenset("#$&'()*+,-./<>@[\\]^_`{|}~£€§°·–—‘’‚‹›")
"""Signs in one piece, or that nobody mistakes for lack of one."""


def standing_apart(clusters: Sequence[str], *, dotless: bool) -> NDArray[np.bool_]:
    """Return bool (n,): which clusters may have parts that tell them from others.

    An ``i`` without its dot is still read; not so where the alphabet has a *dotless* one.
    """
    return np.array([_may_have_parts(cluster) or (dotless and cluster in ("i", "j")) for cluster in clusters], np.bool_)


@lru_cache(maxsize=16384)
def _may_have_parts(cluster: str) -> bool:
    return any(not (c.isascii() and c.isalnum()) and c not in _WHOLE for c in unicodedata.normalize("NFD", cluster.strip()))


def contrasts(
    mask: NDArray[np.uint8], grey: NDArray[np.uint8], boxes: NDArray[np.intp], papers: NDArray[np.float64], *, dark: bool
) -> NDArray[np.float64]:
    """Return the contrast of the faintest part in each box, float64 (n,) in grey levels, infinite where there is none.

    It is that of *dark* ink, or of light: what goes the other way is negative.

    *mask* and *grey*: coverage and level of the same pixels, uint8 (H, W).  *boxes*: first and last + 1 column and row,
    int (4, n); *papers*: the level of bare paper in each.  A part is what hangs together in the mask; it is in
    the box that its middle is in.
    """
    ink = cv2.threshold(mask, _SURE, 1, cv2.THRESH_BINARY)[1]
    # In 16 bits and of inked pixels alone, which are few: three times faster than of all.
    count, labels, _, middles = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_16U)
    inked = np.flatnonzero(ink.view(np.bool_))
    part = labels.ravel()[inked]
    pixels = np.bincount(part, minlength=count)
    coverage = np.bincount(part, mask.ravel()[inked], count)
    level = np.bincount(part, grey.ravel()[inked], count)
    first, last, top, bottom = boxes[:, :, None]
    x, y = middles.T
    # The background, the first, is no part: it has no coverage here.
    within = (x >= first) & (x < last) & (y >= top) & (y < bottom) & (coverage >= _LEAST_INK)
    depth = papers[:, None] * pixels - level
    found = (255 if dark else -255) * depth / np.maximum(coverage, 1)
    return np.asarray(np.where(within, found, np.inf).min(axis=1), np.float64)
