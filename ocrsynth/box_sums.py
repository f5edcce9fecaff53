"""Sums over boxes of two pictures at once, by tables of sums: what a correlation or a fitted line takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def areas(boxes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how many pixels lie in each of *boxes*, int (n,)."""
    left, right, top, bottom = boxes
    return np.asarray((right - left) * (bottom - top), np.intp)


def summed(
    pairs: Sequence[tuple[NDArray[np.uint8], NDArray[np.uint8]]], windows: NDArray[np.intp], clusters: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums over *windows*, over their rows, and over *clusters*.

    *pairs* are coverage and levels of the same pixels, uint8 (h, W), all of one height, that stand side by side; boxes are
    int (4, n): first and last + 1 column, first and last + 1 row.  Windows take in all rows.

    Over a box: coverage, level, their squares, and their product, float64 (5, n).  Over the rows of a window: the squares
    of the sums of coverage and of level in each row, and their product, float64 (3, n).
    """
    height = len(pairs[0][0])
    mask = np.empty((height, sum(m.shape[1] for m, _ in pairs)), np.uint8)
    grey = np.empty_like(mask)
    left = 0
    for coverage, levels in pairs:
        right = left + coverage.shape[1]
        mask[:, left:right] = coverage
        grey[:, left:right] = levels
        left = right
    # Sums from the upper left corner to each place: the sum over any box is four of them.
    m, mm = cv2.integral2(mask)
    g, gg = cv2.integral2(grey)
    mg = cv2.integral(cv2.multiply(mask, grey, dtype=cv2.CV_32F), sdepth=cv2.CV_64F)
    first, last, top, bottom = np.concatenate((windows, clusters), axis=1)
    above, below = top * (left + 1), bottom * (left + 1)
    places = np.stack((below + last, above + last, below + first, above + first))
    sums = np.empty((5, places.shape[1]))
    for row, table in zip(sums, (m, g, mm, gg, mg), strict=True):
        a, b, c, d = table.ravel()[places]
        row[:] = (a - b) - (c - d)
    of_m, of_g = (np.diff(table[:, windows[1]] - table[:, windows[0]], axis=0).astype(np.float64) for table in (m, g))
    rows = np.stack([np.einsum("ij,ij->j", a, b) for a, b in ((of_m, of_m), (of_g, of_g), (of_m, of_g))])
    n = windows.shape[1]
    return sums[:, :n], rows, sums[:, n:]
