"""Grapheme clusters of a text, and the glyphs that belong to each."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import regex

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GRAPHEME = regex.compile(r"\X")
_INKLESS = regex.compile(r"[\p{Zs}\p{Cf}\p{Default_Ignorable_Code_Point}]+")


def grapheme_starts(text: str) -> list[int]:
    """Return the code-point offset at which each extended grapheme cluster (UAX #29) of *text* begins."""
    if text.isascii():
        # Labels hold no control characters, so the only ASCII cluster of two, CR LF, cannot occur.
        return list(range(len(text)))
    return [m.start() for m in _GRAPHEME.finditer(text)]


def needs_ink(cluster: str) -> bool:
    """Tell whether a reader would miss this cluster if it left no ink: all do, but spaces and invisible characters."""
    if cluster.isascii():
        return cluster != " "
    return _INKLESS.fullmatch(unicodedata.normalize("NFC", cluster)) is None


def owner_of_glyphs(glyph_clusters: list[int], starts: list[int]) -> NDArray[np.intp]:
    """Return, for each glyph, the number of the grapheme cluster that holds its HarfBuzz cluster value."""
    return np.searchsorted(np.asarray(starts), np.asarray(glyph_clusters), side="right") - 1


def share_ligatures(owners: NDArray[np.intp], n_clusters: int) -> list[tuple[int, int]]:
    """Return ranges of grapheme clusters that are drawn together, as half-open pairs that partition all clusters.

    A ligature's glyphs carry the number of its first cluster; the clusters after it own no glyph.
    Clusters before the first glyph of the line have nothing drawn for them and stand as a range without glyphs.
    """
    owned = np.unique(owners)
    bounds = sorted({0, *owned.tolist(), n_clusters})
    return list(zip(bounds[:-1], bounds[1:], strict=True))
