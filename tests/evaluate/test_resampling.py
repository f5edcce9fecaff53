"""Intervals that cover, tests that hold their level, and both the same in every run."""

from __future__ import annotations

import numpy as np
import pytest

from ocrsynth.evaluate.resampling import bootstrap, interval, sign_flip_p


def _lines(rng: np.random.Generator, n: int, mean: float) -> tuple[np.ndarray, np.ndarray]:
    """Lines of unequal length whose own error rates scatter: most are clean, some are bad in all conditions."""
    characters = rng.integers(8, 41, n)
    rates = rng.beta(0.8, 0.8 * (1 - mean) / mean, n)
    return rng.binomial(characters, rates)[:, None], characters[:, None]


def _coverage(trials: int, n: int) -> float:
    rng = np.random.default_rng(5)
    mean = 0.1
    # A line's rate is drawn without regard to its length, so the ratio of the sums tends to the mean rate.
    hits = 0
    for _ in range(trials):
        edits, characters = _lines(rng, n, mean)
        low, high = interval(bootstrap(edits, characters, resamples=1000)[:, 0], n)
        hits += low <= mean <= high
    return hits / trials


def test_intervals_cover() -> None:
    assert 0.90 <= _coverage(200, 200) <= 0.99


@pytest.mark.slow
def test_intervals_cover_closely() -> None:
    assert 0.94 <= _coverage(2000, 500) <= 0.96


def test_conditions_of_a_line_are_drawn_together() -> None:
    """The difference of two conditions that err on the same lines is certain, though each alone is not."""
    rng = np.random.default_rng(1)
    edits, characters = _lines(rng, 300, 0.1)
    both = np.column_stack((edits, edits))
    samples = bootstrap(both, np.column_stack((characters, characters)))
    assert np.std(samples[:, 0]) > 0.005
    assert np.abs(samples[:, 0] - samples[:, 1]).max() == 0


def test_repeatable() -> None:
    edits, characters = _lines(np.random.default_rng(2), 50, 0.2)
    assert (bootstrap(edits, characters) == bootstrap(edits, characters)).all()
    assert (sign_flip_p(edits - 3) == sign_flip_p(edits - 3)).all()


def test_the_randomisation_test_holds_its_level() -> None:
    rng = np.random.default_rng(3)
    p = sign_flip_p(rng.normal(size=(60, 400)), flips=999)
    assert 0.02 < (p < 0.05).mean() < 0.09
    assert sign_flip_p(rng.normal(1.0, 1.0, (60, 1)))[0] < 0.001
    assert sign_flip_p(np.zeros((10, 1)))[0] == 1


def test_no_p_value_is_lower_than_its_flips_can_tell() -> None:
    assert sign_flip_p(np.ones((80, 2)), flips=99).tolist() == [0.01, 0.01]


def test_resamples_of_later_blocks_are_others() -> None:
    edits, characters = _lines(np.random.default_rng(4), 100, 0.2)
    samples = bootstrap(edits, characters, resamples=500)[:, 0]
    assert (samples[:250] != samples[250:]).mean() > 0.9


def test_one_line_has_no_spread() -> None:
    samples = bootstrap(np.array([[2]]), np.array([[10]]))
    assert interval(samples[:, 0], 1) == (0.2, 0.2)
