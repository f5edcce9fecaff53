"""The statistics, against figures known from elsewhere, brute force, and data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrsynth.realism import two_sample
from ocrsynth.realism.logistic import RIDGE, fit, logits, probability
from ocrsynth.realism.two_sample import (
    FOLDS,
    classifier_test,
    difference,
    energy_test,
    folds_of,
    holm,
    normal_scores,
    permuted,
    telling,
    with_squares,
)

_FINITE = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)


def test_difference_of_known_samples() -> None:
    a = np.arange(10.0)
    assert difference(a, a) == (0.0, 1.0, 0.0)
    apart = difference(a, a + 100)
    assert (apart.ks, apart.delta) == (1.0, 1.0)
    assert difference(a + 100, a).delta == -1.0
    assert difference(np.array([1.0, 2, np.nan]), np.array([np.nan])) == (0.0, 1.0, 0.0)
    # Spread alone: the distance tells, the shift does not.
    wide = difference(np.linspace(-1, 1, 200), np.linspace(-3, 3, 200))
    assert wide.ks == pytest.approx(1 / 3, abs=0.02)
    assert wide.delta == pytest.approx(0, abs=0.005)


@pytest.mark.parametrize(("x", "tail"), [(1.2238, 0.10), (1.3581, 0.05), (1.6276, 0.01), (1.9495, 0.001)])
def test_tail_of_kolmogorov(x: float, tail: float) -> None:
    """The critical values of tables (Smirnov 1948), for samples so large that the correction vanishes."""
    n = 1e12
    assert two_sample._kolmogorov(x / n**0.5, n) == pytest.approx(tail, rel=2e-3)


@given(_FINITE, _FINITE)
@settings(max_examples=60, deadline=None)
def test_difference_is_what_brute_force_finds(first: list[float], second: list[float]) -> None:
    found = difference(np.array(first), np.array(second))
    ks = max(abs(sum(v <= t for v in first) / len(first) - sum(v <= t for v in second) / len(second)) for t in first + second)
    delta = sum((b > a) - (b < a) for a in first for b in second) / (len(first) * len(second))
    assert found.ks == pytest.approx(ks)
    assert found.delta == pytest.approx(delta)
    assert 0 <= found.p <= 1


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@given(_FINITE)
@settings(max_examples=60, deadline=None)
def test_normal_scores_know_only_order(values: list[float]) -> None:
    column = np.round(np.array(values), 3)
    scores = normal_scores(np.column_stack((column, np.arctan(column / 1e3))))
    order = np.argsort(column, kind="stable")
    assert (np.diff(scores[order, 0]) >= 0).all()
    if len(np.unique(column)) > 1:
        assert scores[:, 0].std() == pytest.approx(1)
        assert scores[:, 0].mean() == pytest.approx(0, abs=1e-9)
    else:
        assert not scores.any()


def test_normal_scores_of_what_is_unknown() -> None:
    values = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    scores = normal_scores(values)
    assert scores[2, 0] == 0
    assert not scores[:, 1].any()
    assert np.isfinite(with_squares(scores)).all()


def _data(rng: np.random.Generator, n: int, m: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    return normal_scores(rng.normal(size=(n + m, d))), np.arange(n + m) >= n


@pytest.mark.parametrize(("n", "m", "shift"), [(60, 60, 0.0), (80, 30, 0.7), (50, 50, 30.0)])
def test_regression_is_at_its_optimum(n: int, m: int, shift: float) -> None:
    """Where the slope of ridge and weighted likelihood is zero; a strictly concave function has one such place."""
    x, y = _data(np.random.default_rng(n), n, m, 6)
    x[y, 0] += shift
    target = np.column_stack((y, ~y)).astype(np.float64)
    b = fit(x, target)
    weights = np.where(target > 0, len(y) / 2 / target.sum(axis=0), len(y) / 2 / (1 - target).sum(axis=0))
    pull = weights * (probability(logits(x, b)) - target)
    assert np.abs(x.T @ pull + RIDGE * b[:-1]).max() < 0.02
    assert np.abs(pull.sum(axis=0)).max() < 0.02
    # The mirrored labels give the mirrored answer, and a regression does not mind the company it is solved in.
    assert np.allclose(b[:, 0], -b[:, 1], atol=1e-3)
    assert np.allclose(fit(x, target[:, :1])[:, 0], b[:, 0], atol=2e-3)


def test_folds_and_permutations_keep_the_classes() -> None:
    y = np.arange(130) >= 47
    folds = folds_of(y)
    for label in (False, True):
        counts = np.bincount(folds[y == label], minlength=FOLDS)
        assert counts.max() - counts.min() <= 1
    labellings = permuted(y, folds, 20)
    assert (labellings[:, 0] == y).all()
    for fold in range(FOLDS):
        assert (labellings[folds == fold].sum(axis=0) == y[folds == fold].sum()).all()
    assert len({labellings[:, k].tobytes() for k in range(21)}) == 21
    assert (permuted(y, folds_of(y), 20) == labellings).all()


def _verdict(x: np.ndarray, y: np.ndarray, permutations: int = 39) -> two_sample.Verdict:
    folds = folds_of(y)
    return classifier_test(with_squares(x), y, folds, permuted(y, folds, permutations))


def test_one_distribution_is_seldom_told_apart() -> None:
    verdicts = [_verdict(*_data(np.random.default_rng(seed), 60, 40, 8)) for seed in range(40)]
    p_values = np.array([v.p for v in verdicts])
    # 40 draws at 5 %: more than six happen once in a hundred times.
    assert (p_values <= 0.05).sum() <= 6
    assert 0.3 < p_values.mean() < 0.7
    accuracies = np.array([v.accuracy for v in verdicts])
    assert accuracies.mean() == pytest.approx(0.5, abs=0.03)
    assert np.mean([abs(v.accuracy - 0.5) <= v.half_width for v in verdicts]) > 0.7


@pytest.mark.parametrize("how", ["shift", "spread"])
def test_a_planted_difference_is_told(how: str) -> None:
    rng = np.random.default_rng(4)
    raw = rng.normal(size=(300, 6))
    y = np.arange(300) >= 150
    raw[y, 2] = raw[y, 2] + 1.5 if how == "shift" else raw[y, 2] * 4
    verdict = _verdict(normal_scores(raw), y)
    # The best rule there is tells 77 % of shifted values (Φ(0.75)), and 81 % of spread ones is out of its reach.
    assert 0.68 < verdict.accuracy < 0.82
    assert verdict.p == 1 / 40
    assert verdict.half_width == pytest.approx(1.96 * (0.75 * 0.25 / 300) ** 0.5, rel=0.15)


def test_interval_of_certainty_stays_open() -> None:
    raw = np.random.default_rng(0).normal(size=(60, 2))
    y = np.arange(60) >= 30
    raw[y] += 50
    verdict = _verdict(normal_scores(raw), y)
    assert verdict.accuracy > 0.95
    assert 0.03 < verdict.half_width < 0.12


def test_energy_is_what_brute_force_finds() -> None:
    rng = np.random.default_rng(7)
    x, y = _data(rng, 12, 9, 3)
    x[y] += 0.8
    folds = folds_of(y)
    labellings = permuted(y, folds, 99)

    def mean(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.mean([[np.linalg.norm(u - v) for v in b] for u in a]))

    a, b = x[~y], x[y]
    expected = (2 * mean(a, b) - mean(a, a) - mean(b, b)) / (2 * mean(a, b))
    coefficient, p = energy_test(x, labellings)
    assert coefficient == pytest.approx(expected)
    assert p < 0.05
    far = x.copy()
    far[y] += 1e6
    assert energy_test(far, labellings)[0] == pytest.approx(1, abs=1e-4)


def test_the_shortest_list_takes_no_feature_twice_in_disguise() -> None:
    rng = np.random.default_rng(8)
    raw = rng.normal(size=(600, 5))
    y = np.arange(600) >= 300
    raw[y, 3] += 1.6
    raw[y, 1] += 1.1
    # The twin of the strongest feature tells nothing that it does not.
    raw[:, 0] = raw[:, 3] + rng.normal(size=600) * 0.05
    x = with_squares(normal_scores(raw))
    found = telling(x, y, folds_of(y), [(i, 5 + i) for i in range(5)])
    names = [number for number, _ in found]
    assert names[0] in {0, 3}
    assert names[1] == 1
    assert len({0, 3} & set(names)) == 1
    accuracies = [accuracy for _, accuracy in found]
    assert accuracies == sorted(accuracies)
