"""Edits between a label and a reading, in grapheme clusters (UAX #29) of NFC text.

Levenshtein's distance (1966): substitutions, deletions and insertions cost one each.  The character error rate over lines is
the sum of edits by the sum of label clusters (micro); the mean of the lines' own rates is the macro rate.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import regex

from ocrsynth.evaluate.extra import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

Profile = Literal["exact", "compat", "alnum_ci"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
"""``exact``: NFC alone; ``compat``: NFKC, one kind of quotes and dashes, white space collapsed; ``alnum_ci``: letters,
digits and marks alone, without case."""

_FOLDED = str.maketrans(
    dict.fromkeys("‘’‚‛′`´ʼ", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‑‒–—―−", "-") | {"…": "..."}
)
_GRAPHEME = regex.compile(r"\X")
_NOT_ALNUM = regex.compile(r"[^\p{L}\p{N}\p{M}]+")
_SPACE = regex.compile(r"\s+")


def normalised(text: str, profile: Profile) -> str:
    """Return *text* as a profile compares it."""
    if profile == "exact":
        return unicodedata.normalize("NFC", text)
    folded = _folded(text)
    if profile == "compat":
        return _SPACE.sub(" ", folded).strip()
    return unicodedata.normalize("NFC", _NOT_ALNUM.sub("", folded.casefold()))


def _folded(text: str) -> str:
    # Some quotes and dashes are there after NFKC only, and some are taken apart by it.
    return unicodedata.normalize("NFKC", text.translate(_FOLDED)).translate(_FOLDED)


def words_of(text: str, profile: Profile) -> list[str]:
    """Return the words of *text* as a profile compares them: between white space, or between all that is no letter or digit."""
    if profile != "alnum_ci":
        return normalised(text, profile).split()
    return unicodedata.normalize("NFC", _NOT_ALNUM.sub(" ", _folded(text).casefold())).split()


def graphemes(text: str) -> list[str]:
    """Return the grapheme clusters of *text*."""
    # Most text is ASCII, where every code point but CR LF is a cluster.
    return list(text) if text.isascii() and "\r" not in text else _GRAPHEME.findall(text)


class Edit(NamedTuple):
    """One edit: a label's cluster that was read as another; ``""`` on one side for a deletion or an insertion."""

    label: str
    reading: str
    at: int
    """Its place in the label, in clusters."""


class Score(NamedTuple):
    """What one reading of one label counts."""

    characters: int
    """Clusters of the label."""
    read: int
    """Clusters of the reading."""
    substitutions: int
    deletions: int
    insertions: int
    words: int
    """Of the label, as `words_of` divides it."""
    word_edits: int

    @property
    def edits(self) -> int:
        """Return the distance in clusters."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float:
        """Return the line's own error rate; an empty label counts as one cluster."""
        return self.edits / max(self.characters, 1)

    @property
    def similarity(self) -> float:
        """Return 1 - NED: one less the distance by the longer of both; 0 if one alone is empty (ICDAR 2019)."""
        longer = max(self.characters, self.read)
        return 1.0 if not longer else 1 - self.edits / longer

    @property
    def is_exact(self) -> bool:
        """Tell whether the reading is the label."""
        return not self.edits


def distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Return Levenshtein's distance of two sequences."""
    levenshtein = needed("rapidfuzz.distance.Levenshtein", "metrics")
    return int(levenshtein.distance(a, b))


def edits_between(label: Sequence[str], reading: Sequence[str]) -> list[Edit]:
    """Return a shortest list of edits that makes *reading* of *label*, in order."""
    if label == reading:
        return []
    levenshtein = needed("rapidfuzz.distance.Levenshtein", "metrics")
    return [
        Edit(
            "" if op.tag == "insert" else label[op.src_pos],
            "" if op.tag == "delete" else reading[op.dest_pos],
            op.src_pos,
        )
        for op in levenshtein.editops(label, reading)
    ]


def score(label: str, reading: str, profile: Profile = "exact") -> tuple[Score, list[Edit]]:
    """Return the score of a reading, and its edits."""
    expected, found = normalised(label, profile), normalised(reading, profile)
    a, b = graphemes(expected), graphemes(found)
    edits = edits_between(a, b)
    inserted = sum(not edit.label for edit in edits)
    deleted = sum(not edit.reading for edit in edits)
    words, read_words = words_of(label, profile), words_of(reading, profile)
    word_edits = distance(words, read_words) if words != read_words else 0
    return Score(len(a), len(b), len(edits) - inserted - deleted, deleted, inserted, len(words), word_edits), edits
