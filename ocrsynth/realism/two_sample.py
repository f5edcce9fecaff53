"""Tests of whether two samples differ: each feature for itself, all together, and whether a classifier tells them apart."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ocrsynth.realism.logistic import fit, logits, probability
from ocrsynth.seeding import bank_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FOLDS = 5
PERMUTATIONS = 199
_STEPS = 6
"""Longest list of features that tell the samples apart."""
_LEAST_GAIN = 0.005
"""A feature that adds less to the accuracy ends that list."""


class Difference(NamedTuple):
    """How one feature differs between two samples."""

    ks: float
    """Largest distance of the two cumulative distributions, 0 to 1 (Kolmogorov-Smirnov)."""
    p: float
    """Chance of so large a distance between samples of one distribution, by its asymptotic law."""
    delta: float
    """Cliff's delta: chance that a value of the second sample is the larger, less that it is the smaller; -1 to 1."""


class Verdict(NamedTuple):
    """Of a classifier two-sample test (Lopez-Paz and Oquab, "Revisiting classifier two-sample tests", ICLR 2017)."""

    accuracy: float
    """Mean over both classes of the share of lines that were told rightly, by folds that did not train on them."""
    half_width: float
    """Half of its 95 % interval."""
    p: float
    """Share of permuted labellings, the true one among them, that were told no worse."""
    scores: NDArray[np.float64]
    """Log-odds of each line being of the second sample, (N,)."""


def difference(a: NDArray[np.float64], b: NDArray[np.float64]) -> Difference:
    """Return how the values *b* differ from *a*; NaN are left out."""
    a, b = np.sort(a[~np.isnan(a)]), np.sort(b[~np.isnan(b)])
    if not len(a) or not len(b):
        return Difference(0.0, 1.0, 0.0)
    at = np.concatenate((a, b))
    below_a, below_b = np.searchsorted(a, at, side="right"), np.searchsorted(b, at, side="right")
    ks = float(np.abs(below_a / len(a) - below_b / len(b)).max())
    smaller = np.searchsorted(a, b, side="left").sum()
    larger = (len(a) - np.searchsorted(a, b, side="right")).sum()
    return Difference(ks, _kolmogorov(ks, len(a) * len(b) / (len(a) + len(b))), float(smaller - larger) / (len(a) * len(b)))


def _kolmogorov(ks: float, n: float) -> float:
    """Return the upper tail of Kolmogorov's law, with the correction for small samples of Stephens (1970)."""
    x = ks * (math.sqrt(n) + 0.12 + 0.11 / math.sqrt(n))
    if x < 0.3:
        return 1.0
    return min(max(2.0 * sum((-1.0) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101)), 0.0), 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that the chance of any false alarm is held (Holm, 1979)."""
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        worst = max(worst, min((len(p_values) - rank) * p_values[i], 1.0))
        adjusted[i] = worst
    return adjusted


def normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (N, F): each column's pooled ranks as normal quantiles of variance 1; NaN and constants become 0.

    Ranks know no unit and no outlier, and looking at all rows together tells nothing of their labels.
    """
    quantile = NormalDist().inv_cdf
    out = np.zeros_like(values)
    for i, column in enumerate(values.T):
        known = ~np.isnan(column)
        distinct, where, counts = np.unique(column[known], return_inverse=True, return_counts=True)
        if len(distinct) < 2:
            continue
        middle = (np.cumsum(counts) - counts / 2) / counts.sum()
        ranks = np.array([quantile(p) for p in middle.tolist()])[where]
        out[known, i] = ranks - ranks.mean()
        out[:, i] /= out[:, i].std()
    return out


def with_squares(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (N, 2F): scores, and their squares, by which a linear classifier sees differences of spread."""
    squares = scores * scores
    squares -= squares.mean(axis=0)
    spread = squares.std(axis=0)
    # Of a feature with two values the square says nothing more.
    squares = np.where(spread > 0.05, squares / np.maximum(spread, 0.05), 0.0)
    return np.concatenate((scores, squares), axis=1)


def folds_of(y: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the fold, 0 to 4, of each row, both classes spread evenly."""
    folds = np.empty(len(y), np.int64)
    for label in (False, True):
        rows = np.flatnonzero(y == label)
        folds[rows[_order(len(rows), f"realism folds {label}")]] = np.arange(len(rows)) % FOLDS
    return folds


def _order(n: int, name: str) -> NDArray[np.int64]:
    return np.argsort(bank_words(n, name), kind="stable")


def permuted(y: NDArray[np.bool_], folds: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Return (N, 1 + count): the labels, then permutations of them within each fold, which keep its share of classes."""
    out = np.repeat(y[:, None], count + 1, axis=1)
    for fold in range(FOLDS):
        rows = np.flatnonzero(folds == fold)
        for k in range(1, count + 1):
            out[rows, k] = y[rows[_order(len(rows), f"realism permutation {fold} {k}")]]
    return out


def _held_out(x: NDArray[np.float64], labels: NDArray[np.bool_], folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log-odds of every row, (N, P), by regressions on the other folds."""
    out = np.empty(labels.shape)
    for fold in range(FOLDS):
        test = folds == fold
        out[test] = logits(x[test], fit(x[~test], labels[~test].astype(np.float64)))
    return out


def _accuracy(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> NDArray[np.float64]:
    right = np.where(scores == 0, 0.5, (scores > 0) == labels)
    second = (right * labels).sum(axis=0) / labels.sum(axis=0)
    first = (right * ~labels).sum(axis=0) / (~labels).sum(axis=0)
    mean: NDArray[np.float64] = (first + second) / 2
    return mean


def accuracy_of(x: NDArray[np.float64], y: NDArray[np.bool_], folds: NDArray[np.int64]) -> float:
    """Return the balanced accuracy, cross-validated, of telling rows of class *y* by *x*."""
    labels = y[:, None]
    return float(_accuracy(_held_out(x, labels, folds), labels)[0])


def classifier_test(
    x: NDArray[np.float64], y: NDArray[np.bool_], folds: NDArray[np.int64], labellings: NDArray[np.bool_]
) -> Verdict:
    """Return whether logistic regression on *x* tells the rows of class *y* apart; *labellings* are of `permuted`."""
    truth = labellings[:, :1]
    scores = _held_out(x, truth, folds)
    accuracy = float(_accuracy(scores, truth)[0])
    chance = _accuracy(_held_out(x, labellings[:, 1:], folds), labellings[:, 1:])
    p = float((1 + np.count_nonzero(chance >= accuracy - 1e-12)) / labellings.shape[1])
    variance = 0.0
    for label in (False, True):
        n = np.count_nonzero(y == label)
        # Two successes and failures more keep the interval from closing at 0 and 1 (Agresti and Coull, 1998).
        share = (float(((scores[y == label, 0] > 0) == label).sum()) + 2) / (n + 4)
        variance += share * (1 - share) / (n + 4) / 4
    return Verdict(accuracy, 1.96 * math.sqrt(variance), p, scores[:, 0])


def energy_test(scores: NDArray[np.float64], labellings: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the energy coefficient, 0 the same to 1, of the classes' rows of *scores*, (N, F), and its p-value.

    The energy distance by twice the mean distance between the samples (Székely and Rizzo, "Energy statistics", 2013).
    """
    squares = (scores * scores).sum(axis=1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * scores @ scores.T, 0))
    np.fill_diagonal(distance, 0)
    second = labellings.astype(np.float64) / labellings.sum(axis=0)
    first = (~labellings).astype(np.float64) / (~labellings).sum(axis=0)
    to_second = distance @ second
    between = (first * to_second).sum(axis=0)
    within = (second * to_second).sum(axis=0) + (first * (distance @ first)).sum(axis=0)
    energy = (2 * between - within) / np.maximum(2 * between, 1e-12)
    return float(energy[0]), float(np.count_nonzero(energy >= energy[0] - 1e-12) / len(energy))


def telling(
    x: NDArray[np.float64], y: NDArray[np.bool_], folds: NDArray[np.int64], blocks: Sequence[Sequence[int]]
) -> list[tuple[int, float]]:
    """Return the shortest list of features that tells the classes apart: (number, accuracy with all up to it).

    *blocks* are the columns of *x* of each feature.  Each step takes the feature that explains most of what those before it do
    not, by the score test (Rao, 1948); the list ends where the accuracy grows no more.
    """
    chosen: list[tuple[int, float]] = []
    columns: list[int] = []
    accuracy = 0.5
    target = y.astype(np.float64)
    while len(chosen) < _STEPS:
        p = probability(logits(x[:, columns], fit(x[:, columns], target[:, None])))[:, 0]
        taken = {number for number, _ in chosen}
        candidates = [number for number in range(len(blocks)) if number not in taken]
        best = max(candidates, key=lambda number: _score(x, target - p, p * (1 - p), columns, list(blocks[number])))
        trial = [*columns, *blocks[best]]
        reached = accuracy_of(x[:, trial], y, folds)
        if reached < accuracy + _LEAST_GAIN:
            break
        columns, accuracy = trial, reached
        chosen.append((best, reached))
    return chosen


def _score(
    x: NDArray[np.float64], residual: NDArray[np.float64], weight: NDArray[np.float64], given: list[int], new: list[int]
) -> float:
    before = np.column_stack((x[:, given], np.ones(len(x))))
    block = x[:, new]
    cross = before.T @ (weight[:, None] * block)
    known = before.T @ (weight[:, None] * before) + 1e-6 * np.eye(before.shape[1])
    spread = block.T @ (weight[:, None] * block) - cross.T @ np.linalg.solve(known, cross) + 1e-6 * np.eye(len(new))
    slope = block.T @ residual
    return float(slope @ np.linalg.solve(spread, slope))
