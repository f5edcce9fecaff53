"""How far what was delivered is from what was asked for."""

from __future__ import annotations

from collections import Counter

import pytest

from ocrsynth.generation.statistics import shift_between


@pytest.mark.parametrize(
    ("asked", "given", "shift"),
    [("", "", 0), ("aab", "aaaabb", 0), ("ab", "aa", 0.5), ("ab", "cc", 1), ("ab", "", 1), ("", "ab", 1)],
)
def test_the_shift_is_0_for_equal_shares_and_1_without_anything_in_common(asked: str, given: str, shift: float) -> None:
    assert shift_between(Counter(asked), Counter(given)) == pytest.approx(shift)
