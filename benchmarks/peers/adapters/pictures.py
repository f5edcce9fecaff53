"""The clean pictures that all degraders get, and the loop over them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness import Make


def load(job: dict[str, Any]) -> list[Any]:
    """Return the pictures of a job as arrays, uint8 (H, W, 3)."""
    import numpy as np

    return [np.load(path) for path in sorted(Path(job["pictures"]).glob("*.npy"))]


def over(pictures: list[Any], degrade: Callable[[Any], Any]) -> Make:
    """Return what degrades *count* pictures, one after the other and round again."""

    def make(first: int, count: int) -> int:
        for number in range(first, first + count):
            degrade(pictures[number % len(pictures)])
        return count

    return make
