"""A bank of normal noise: made once a process, addressed by an integer seed.

A fresh field of normal numbers costs more than all other work on a sample; a crop of a bank costs a few microseconds.
The bank is a sum of integers (Irwin–Hall), so that it is the same on every machine.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ocrsynth.seeding import bank_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BANK = 1 << 20
BANK_SIGMA = 1024
"""Standard deviation of the bank, in its own levels."""
_TERMS = 12


@lru_cache(maxsize=1)
def _bank() -> NDArray[np.int16]:
    words = bank_words(_BANK * _TERMS // 4, "normal noise")
    total = words.view(np.uint16).reshape(_TERMS, _BANK).sum(axis=0, dtype=np.int64)
    # Twelve uniforms on [0, 2^16) have a mean of 12 · 2^15 and a standard deviation of 2^16.
    centred = (total - _TERMS * (1 << 15)) // (65536 // BANK_SIGMA)
    bank: NDArray[np.int16] = np.clip(centred, -32768, 32767).astype(np.int16)
    return bank


def normal_field(shape: tuple[int, ...], seed: int) -> NDArray[np.int16]:
    """Return noise of this shape, int16, mean 0 and standard deviation `BANK_SIGMA`; a pure function of *seed*."""
    bank = _bank()
    n = math.prod(shape)
    # An odd stride walks through all starts before one comes again.
    start = (seed * 2_654_435_761) % _BANK
    if start + n <= _BANK:
        return bank[start : start + n].reshape(shape)
    return np.resize(np.concatenate((bank[start:], bank[:start])), n).reshape(shape)
