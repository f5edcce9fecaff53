"""Embedding levels against the Unicode algorithm of another implementation."""

from __future__ import annotations

import pytest
from bidi import get_display
from hypothesis import given, settings
from hypothesis import strategies as st

from ocrsynth.bidi import levels_of
from ocrsynth.shape.itemise import itemise

# Letters of three scripts, European and Arabic figures, separators, brackets, signs, marks, and a joiner.
_POOL = "abXYאבגהابتثج012789٠١٢٩ .,:;!?()[]{}-+/%$#\"'«»\u0301\u05b0\u064b"


def _reordered(text: str, levels: list[int]) -> str:
    """Rule L2 on characters; mirroring is the shaper's work."""
    order = list(range(len(text)))
    for level in range(max(levels), 0, -1):
        i = 0
        while i < len(order):
            j = i
            while j < len(order) and levels[order[j]] >= level:
                j += 1
            order[i:j] = order[i:j][::-1]
            i = max(j, i + 1)
    return "".join(text[i] for i in order)


@settings(max_examples=1500, deadline=None)
@given(st.text(alphabet=_POOL, min_size=1, max_size=24), st.booleans())
def test_the_order_is_that_of_unicode_bidi(text: str, rtl: bool) -> None:
    assert _reordered(text, levels_of(text, rtl=rtl)) == get_display(text, base_dir="R" if rtl else "L")


@pytest.mark.parametrize(
    ("text", "rtl", "levels"),
    [
        ("abc", False, [0, 0, 0]),
        ("אבג", True, [1, 1, 1]),
        ("אב 12", True, [1, 1, 1, 2, 2]),  # European figures stand at an even level
        ("ab אב", False, [0, 0, 0, 1, 1]),
        ("א (b) ג", True, [1, 1, 1, 2, 1, 1, 1]),  # rule N0: the brackets belong to the paragraph
        ("אב ", False, [1, 1, 0]),  # rule L1
    ],
)
def test_known_levels(text: str, rtl: bool, levels: list[int]) -> None:
    assert levels_of(text, rtl=rtl) == levels


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=_POOL + "Ωжक汉", min_size=1, max_size=24), st.sampled_from(["ltr", "rtl"]))
def test_runs_partition_the_text(text: str, direction: str) -> None:
    runs = itemise(text, direction, "Latn")
    assert sorted(i for run in runs for i in range(run.start, run.end)) == list(range(len(text)))


def test_runs_stand_in_visual_order() -> None:
    text = "שלום hello 12"
    runs = itemise(text, "rtl", "Hebr")
    found = [(text[r.start : r.end], r.rtl, r.script) for r in runs]
    assert found == [("hello 12", False, "Latn"), ("שלום ", True, "Hebr")]
