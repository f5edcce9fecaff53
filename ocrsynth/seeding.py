"""The only place that makes random numbers.

A stream is addressed, not seeded: its numbers are a pure function of ``(seed, stage, occurrence, attempt, index)``, hashed
by BLAKE2b (RFC 7693) in counter mode.  Every part of the address stands in the message in a place of its own; no sum or
mixture of the parts is ever formed, so two addresses cannot meet (``seed + index`` would make seed 7, index 3 equal
seed 8, index 2).

BLAKE2b gives eight 64-bit words in half a microsecond, set-up included, and the same ones on every machine and in every
version of every library; setting the state of a NumPy generator alone takes longer.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist
from struct import Struct
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

T = TypeVar("T")

LARGEST_INDEX = (1 << 64) - 1
"""Of a sample, as a stream's address holds it."""
_UNIT = 2.0**-53
_eight_words = Struct("<8Q").unpack
_position = Struct("<QI").pack
_quantile = NormalDist().inv_cdf


@lru_cache(maxsize=8192)
def _hash_of(seed: int, stage: str, occurrence: int, attempt: int) -> blake2b:
    """Return the hash state of all of an address but its index; callers copy it."""
    return blake2b(f"{seed}/{stage}/{occurrence}/{attempt}/".encode(), digest_size=64)


def bank_words(count: int, name: str) -> NDArray[np.uint64]:
    """Return *count* random uint64 words for a texture or noise bank, the same in every process.

    Raw words of Philox 4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11): NumPy promises that
    raw words never change, but not that its distributions do not.
    """
    key = np.frombuffer(blake2b(name.encode(), digest_size=16).digest(), np.uint64)
    return np.random.Philox(key=key).random_raw(count)


class Stream:
    """Uniform numbers of one address, and the few distributions that ocrsynth draws from.

    Raises nothing: arguments are trusted, they come from validated recipes.
    """

    __slots__ = ("_block", "_hash", "_index", "_next")

    def __init__(self, seed: int, index: int, stage: str, occurrence: int = 0, attempt: int = 0) -> None:
        self._hash = _hash_of(seed, stage, occurrence, attempt)
        self._index = index
        # Nearly every stream is drawn from: its first words are made at once.
        state = self._hash.copy()
        state.update(_position(index, 0))
        self._block = 1
        self._next: Iterator[int] = iter(_eight_words(state.digest()))

    def unit(self) -> float:
        """Return the next number, uniform in [0, 1)."""
        for word in self._next:
            return (word >> 11) * _UNIT
        state = self._hash.copy()
        state.update(_position(self._index, self._block))
        self._block += 1
        self._next = iter(_eight_words(state.digest()))
        return (next(self._next) >> 11) * _UNIT

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
        # Rounding may carry the product up to the last sum itself; the search ends before it.
        return bisect_right(cumulative, self.unit() * cumulative[-1], 0, len(cumulative) - 1)

    def normal(self) -> float:
        """Return a standard normal number, by inversion, so that each costs exactly one uniform."""
        return _quantile(min(max(self.unit(), 1e-12), 1 - 1e-12))

    def word(self) -> int:
        """Return a non-negative 31-bit integer, for addressing banks and fields by seed."""
        return int(self.unit() * 0x80000000)
