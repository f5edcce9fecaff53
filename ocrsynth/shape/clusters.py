"""Grapheme clusters of a text, and the glyphs that belong to each."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import regex

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GRAPHEME = regex.compile(r"\X")
_OTHER = regex.compile(r"[\p{GCB=Other}--\p{Extended_Pictographic}--\p{InCB=Consonant}]", regex.VERSION1)
_SINGLE: set[str] = set()
"""Characters met so far that are a cluster of their own beside any of their kind; the whole of Unicode bounds it."""
_INKLESS = regex.compile(r"[\p{Zs}\p{Cf}\p{Default_Ignorable_Code_Point}]+")


def grapheme_starts(text: str) -> list[int]:
    """Return the code-point offset at which each extended grapheme cluster (UAX #29) of *text* begins."""
    if text.isascii():
        # Labels hold no control characters, so the only ASCII cluster of two, CR LF, cannot occur.
        return _single(len(text))[0]
    if not _SINGLE.issuperset(text):
        _SINGLE.update(c for c in text if _OTHER.match(c))
        if not _SINGLE.issuperset(text):
            return [m.start() for m in _GRAPHEME.finditer(text)]
    return _single(len(text))[0]


def cluster_ranges(starts: list[int], length: int) -> NDArray[np.int32]:
    """Return the half-open range of each cluster, int32 (n, 2), from the *starts* in a text of *length* code points."""
    if len(starts) == length:
        return _single(length)[1]
    return np.array(list(zip(starts, [*starts[1:], length], strict=True)), np.int32)


@lru_cache(maxsize=1024)
def _single(n: int) -> tuple[list[int], NDArray[np.int32]]:
    """Return starts and ranges of *n* clusters of one code point each; shared, so the array is read-only."""
    starts = list(range(n))
    ranges = np.stack((np.arange(n, dtype=np.int32), np.arange(1, n + 1, dtype=np.int32)), axis=1)
    ranges.setflags(write=False)
    return starts, ranges


def needs_ink(cluster: str) -> bool:
    """Tell whether a reader would miss this cluster if it left no ink: all do, but spaces and invisible characters."""
    if cluster.isascii():
        return cluster != " "
    return _INKLESS.fullmatch(unicodedata.normalize("NFC", cluster)) is None


def glyphs_by_cluster(glyph_clusters: list[int], starts: list[int]) -> list[tuple[int, int, list[int]]]:
    """Return ``(first, end, glyphs)`` for each range of grapheme clusters that is drawn together.

    *glyph_clusters* are HarfBuzz's cluster values, code-point offsets.  A ligature carries the offset of its first
    cluster, so the clusters after it own no glyph and join its range.  The ranges partition all clusters; a range
    without glyphs can only stand at the beginning.
    """
    owned: dict[int, list[int]] = {}
    for glyph, offset in enumerate(glyph_clusters):
        owned.setdefault(bisect_right(starts, offset) - 1, []).append(glyph)
    firsts = sorted({0, *owned})
    ends = [*firsts[1:], len(starts)]
    return [(first, end, owned.get(first, [])) for first, end in zip(firsts, ends, strict=True)]
