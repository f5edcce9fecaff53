"""Logistic regression with a ridge, many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RIDGE = 1.0
"""Of ½ ridge ‖b‖² beside the summed log-likelihood, for columns of variance 1; the intercept goes free."""
_STEPS = 5000
_TOLERANCE = 1e-4


def fit(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (D + 1, P): coefficients of P regressions of *y*, 0 or 1, (N, P), on *x*, (N, D); the intercepts last.

    Both classes weigh the same, however many rows they have.  Each step solves with the bound N/4 on the Hessian, which never
    overshoots (Böhning and Lindsay, "Monotonicity of quadratic-approximation algorithms", 1988), so one factorisation serves
    all regressions and steps; steps end when no coefficient moves any more.
    """
    n = len(x)
    ones = y.sum(axis=0)
    weights = np.where(y > 0, n / (2 * np.maximum(ones, 1)), n / (2 * np.maximum(n - ones, 1)))
    design = np.column_stack((x, np.ones(n)))
    ridge = np.full(design.shape[1], RIDGE)
    ridge[-1] = 0.0
    bound = design.T @ design * (float(weights.max()) / 4) + np.diag(ridge + 1e-9)
    inverse = np.linalg.inv(bound)
    b = np.zeros((design.shape[1], y.shape[1]))
    previous, momentum = b, 1.0
    for _ in range(_STEPS):
        # Nesterov's momentum, dropped where it leads back (O'Donoghue and Candès, "Adaptive restart", 2015).
        following = (1 + (1 + 4 * momentum * momentum) ** 0.5) / 2
        ahead = b + (momentum - 1) / following * (b - previous)
        slope = design.T @ (weights * (probability(design @ ahead) - y)) + ridge[:, None] * ahead
        new = ahead - inverse @ slope
        if float(((ahead - new) * (new - b)).sum()) > 0:
            following = 1.0
        previous, b, momentum = b, new, following
        if float(np.abs(b - previous).max()) < _TOLERANCE:
            break
    return b


def probability(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logistic function."""
    return 0.5 * (1 + np.tanh(0.5 * logit))


def logits(x: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64 (N, P): the log-odds by which *b*, of `fit`, takes the rows of *x* for class 1."""
    odds: NDArray[np.float64] = x @ b[:-1] + b[-1]
    return odds
