"""Intervals and tests over source lines: all readings of one line are drawn, or swapped, together."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from ocrsynth.seeding import bank_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 2000
FLIPS = 9999
LEVEL = 0.95
_AT_ONCE = 250
"""Resamples held in memory together."""


def bootstrap(sums: NDArray[Any], weights: NDArray[Any], *, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Return float64 (resamples, C): the ratio of the columns' sums over lines drawn with replacement.

    *sums* and *weights* are (L, C), such as edits and clusters by line and condition.  The cluster bootstrap (Davison and
    Hinkley, "Bootstrap methods and their application", 1997): a drawn line brings all its conditions.
    """
    n = len(sums)
    top, bottom = np.asarray(sums, np.float64), np.asarray(weights, np.float64)
    out = np.empty((resamples, top.shape[1]))
    for start in range(0, resamples, _AT_ONCE):
        rows = min(_AT_ONCE, resamples - start)
        words = bank_words(rows * n, f"bootstrap {start}")
        drawn = ((words >> np.uint64(11)).astype(np.float64) * 2.0**-53 * n).astype(np.int64).reshape(rows, n)
        times = np.bincount((drawn + np.arange(rows)[:, None] * n).ravel(), minlength=rows * n).reshape(rows, n)
        counts = times.astype(np.float64)
        out[start : start + rows] = (counts @ top) / np.maximum(counts @ bottom, 1)
    return out


def interval(samples: NDArray[np.float64], lines: int) -> tuple[float, float]:
    """Return the 95 % interval of bootstrapped values of one statistic over *lines* lines.

    The percentile interval, expanded as the spread of resamples is too narrow by the share (n - 1) / n and the tails by
    Student's (Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69, 2015).
    """
    if lines < 2:
        return float(samples.min()), float(samples.max())
    tail = NormalDist().cdf((lines / (lines - 1)) ** 0.5 * _student((1 - LEVEL) / 2, lines - 1))
    low, high = np.quantile(samples, (tail, 1 - tail))
    return float(low), float(high)


def _student(tail: float, freedom: int) -> float:
    """Return a quantile of Student's distribution, by the expansion of Cornish and Fisher (Abramowitz, Stegun 26.7.5)."""
    z = NormalDist().inv_cdf(tail)
    v = float(freedom)
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def sign_flip_p(differences: NDArray[Any], *, flips: int = FLIPS) -> NDArray[np.float64]:
    """Return float64 (C,): two-sided p-values of paired differences, (L, C), having mean zero.

    Under the hypothesis each line's difference could as well have had the other sign (Fisher's randomisation test); a line
    flips in all conditions together.
    """
    d = np.asarray(differences, np.float64)
    n = len(d)
    seen = np.abs(d.sum(axis=0))
    hits = np.zeros(d.shape[1], np.int64)
    for start in range(0, flips, _AT_ONCE):
        rows = min(_AT_ONCE, flips - start)
        bits = np.unpackbits(bank_words(rows * (n // 64 + 1), f"flips {start}").view(np.uint8)).reshape(rows, -1)[:, :n]
        # A hair below, for sums of equal absolute value differ in the last bit.
        hits += (np.abs((bits * 2.0 - 1) @ d) >= seen * (1 - 1e-9) - 1e-12).sum(axis=0)
    return (hits + 1) / (flips + 1)
