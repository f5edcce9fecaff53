"""Splits by the text: a text is in one split only, however often and in whatever picture it occurs."""

from __future__ import annotations

import re
from bisect import bisect_right
from hashlib import blake2b
from itertools import accumulate
from typing import TYPE_CHECKING

from ocrsynth.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_TOLERANCE = 1e-6


class Splits:
    """Assigns texts to splits by their shares."""

    def __init__(self, shares: Mapping[str, float], where: str) -> None:
        """Raise RecipeError, beginning with *where*, for shares that do not add up to 1 or names that no folder can have."""
        for name, share in shares.items():
            if not _NAME.fullmatch(name):
                raise RecipeError(f"{where}: a split's name must be like 'train', got {name!r}; use a-z, 0-9, - and _")
            if not share > 0:
                raise RecipeError(f"{where}.{name}: a share must be above 0, got {share!r}; leave the split out instead")
        if shares and abs(sum(shares.values()) - 1) > _TOLERANCE:
            raise RecipeError(f"{where}: shares must add up to 1, got {sum(shares.values()):g}; change one of {dict(shares)!r}")
        # Sorted, for a recipe read back from its lock has its keys in another order than the user's.
        self.names = tuple(sorted(shares))
        self._cumulative = list(accumulate(shares[name] for name in self.names))

    def of(self, text: str) -> str | None:
        """Return the split of a text, or None where there are no splits.

        Texts that differ in case or white space alone fall into the same split: a recogniser that has seen one knows the other.
        """
        if not self.names:
            return None
        folded = "".join(text.casefold().split())
        place = int.from_bytes(blake2b(folded.encode(), digest_size=8).digest(), "big") / (1 << 64)
        return self.names[min(bisect_right(self._cumulative, place), len(self.names) - 1)]
