"""The only place that makes random numbers.

A stream is addressed, not seeded: its numbers are a pure function of
``(seed, index, stage, occurrence, attempt)``, each of which has a word of its own in the key or the counter of
Philox 4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11).  No sum or mixture of the parts
is ever formed, so two addresses cannot meet (``seed + index`` would make seed 7, index 3 equal seed 8, index 2).

Only the raw 64-bit words of Philox are used, and they are turned into numbers here: NumPy promises that raw words
stay the same between its versions, but not that its distributions do.
"""

from __future__ import annotations

import hashlib
import math
import threading
from bisect import bisect_right
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_FIRST_BLOCK = 16
"""Numbers made when a stream is opened; a multiple of 4, the width of a Philox counter step."""
_NEXT_BLOCK = 64
_SHIFT = np.uint64(11)
_UNIT = 2.0**-53
_MASK64 = 0xFFFFFFFFFFFFFFFF
_quantile = NormalDist().inv_cdf


class _PerThread(threading.local):
    """One Philox generator a thread, whose state is overwritten for each block."""

    def __init__(self) -> None:
        self.philox = np.random.Philox(key=0)
        self.state: dict[str, Any] = dict(self.philox.state)
        inner: dict[str, Any] = self.state["state"]
        self.counter: np.ndarray[Any, np.dtype[np.uint64]] = inner["counter"]
        self.key: np.ndarray[Any, np.dtype[np.uint64]] = inner["key"]
        self.state["buffer_pos"] = 4


_local = _PerThread()


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[int, int]:
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def raw_words(count: int, *, seed: int, index: int, stage: str, occurrence: int = 0, attempt: int = 0, at: int = 0) -> Any:
    """Return *count* uint64 words of the stream at this address, from position *at* (a multiple of 4)."""
    local = _local
    local.key[0], local.key[1] = _words(f"seed:{seed}")
    counter = local.counter
    counter[0] = at >> 2
    counter[1] = _words(stage)[0]
    counter[2] = index & _MASK64
    counter[3] = (occurrence << 32) | attempt
    local.philox.state = local.state
    return local.philox.random_raw(count)


class Stream:
    """Uniform numbers of one address, and the few distributions that ocrsynth draws from.

    Raises nothing: arguments are trusted, they come from validated recipes.
    """

    __slots__ = ("_address", "_at", "_next")

    def __init__(self, seed: int, index: int, stage: str, occurrence: int = 0, attempt: int = 0) -> None:
        self._address = (seed, index, stage, occurrence, attempt)
        self._at = 0
        self._next = iter(())

    def unit(self) -> float:
        """Return the next number, uniform in [0, 1)."""
        for value in self._next:
            return value  # type: ignore[no-any-return]
        seed, index, stage, occurrence, attempt = self._address
        count = _NEXT_BLOCK if self._at else _FIRST_BLOCK
        raw = raw_words(count, seed=seed, index=index, stage=stage, occurrence=occurrence, attempt=attempt, at=self._at)
        self._at += count
        self._next = iter(((raw >> _SHIFT) * _UNIT).tolist())
        return next(self._next)

    def uniform(self, low: float, high: float) -> float:
        """Return a number uniform in [low, high)."""
        return low + (high - low) * self.unit()

    def log_uniform(self, low: float, high: float) -> float:
        """Return a number whose logarithm is uniform; both bounds must be positive."""
        return low * math.exp(math.log(high / low) * self.unit())

    def below(self, n: int) -> int:
        """Return an integer uniform in 0 … n-1."""
        return int(n * self.unit())

    def between(self, low: int, high: int) -> int:
        """Return an integer uniform in low … high, both included."""
        return low + int((high - low + 1) * self.unit())

    def chance(self, p: float) -> bool:
        """Return True with probability *p*."""
        return self.unit() < p

    def choice(self, items: Sequence[T]) -> T:
        """Return one item, all equally likely."""
        return items[int(len(items) * self.unit())]

    def weighted(self, cumulative: Sequence[float]) -> int:
        """Return an index, weighted by the increments of the *cumulative* sums."""
        last = len(cumulative) - 1
        return min(bisect_right(cumulative, self.unit() * cumulative[-1]), last)

    def normal(self) -> float:
        """Return a standard normal number, by inversion, so that each costs exactly one uniform."""
        return _quantile(min(max(self.unit(), 1e-12), 1 - 1e-12))

    def word(self) -> int:
        """Return a non-negative 31-bit integer, for addressing banks and fields by seed."""
        return int(self.unit() * 0x80000000)
