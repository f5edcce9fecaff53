"""The price of an import and of the help: processor time, so that a busy machine does not matter."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

_RUNS = 5


def _cpu_s(*arguments: str) -> float:
    """Return the median processor time of five runs of Python with *arguments*."""
    # The first run may compile what later runs find compiled.
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    times = []
    for _ in range(_RUNS):
        before = os.times()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        after = os.times()
        times.append(after.children_user - before.children_user + after.children_system - before.children_system)
    return statistics.median(times)


def _wall_s(*arguments: str) -> float:
    times = []
    for _ in range(_RUNS):
        before = os.times()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        times.append(os.times().elapsed - before.elapsed)
    return min(times)


def test_import_of_the_package_is_cheap() -> None:
    assert _cpu_s("-c", "import ocrsynth") - _cpu_s("-c", "pass") < 0.05


def test_help_is_quick() -> None:
    spent = _cpu_s("-m", "ocrsynth", "--help")
    assert 0 < spent <= 0.25
    assert _wall_s("-m", "ocrsynth", "--help") < 1
