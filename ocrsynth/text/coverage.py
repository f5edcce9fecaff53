"""Coverage targets: each character at least so often in so many samples, by a schedule and not by luck.

The characters stand in a cycle that is shuffled anew each time round, and every sample owes the next few of it.  Which ones
is a pure function of seed and index, so the target holds for any part of a run, and on any number of machines.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import regex
from pydantic import Field

from ocrsynth.errors import RecipeError
from ocrsynth.fields import Section
from ocrsynth.seeding import Stream
from ocrsynth.text.clusters import CLUSTER, length_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocrsynth.text.alphabet import Alphabet

_WORD = 5
"""Owed characters that stand together as a word."""


class CoverageConfig(Section):
    """The recipe's ``text.coverage`` section: each character at least so often in so many samples."""

    at_least: int = Field(default=0, ge=0, le=1_000_000, description="times that each character must occur; 0 for no target")
    samples: int = Field(
        default=10_000, ge=1, le=1_000_000_000_000, description="number of samples, from index 0, in which it must"
    )


class Schedule:
    """Tells which characters a sample owes, and adds them to its text."""

    def __init__(self, config: CoverageConfig, alphabet: Alphabet, longest: int, seed: int) -> None:
        """Raise RecipeError if a sample of *longest* clusters would have to hold too many."""
        self.targets = targets_of(alphabet)
        self._seed = seed
        self._owed_in_all = config.at_least * len(self.targets)
        self._samples = config.samples
        self._carriers = _carriers(alphabet)
        self._gap = " " if alphabet.spacing else ""
        self._longest = longest
        each = self._owed_in_all / config.samples
        if each > longest / 2:
            raise RecipeError(
                f"text.coverage: {len(self.targets)} characters {config.at_least} times in {config.samples} samples are "
                f"{each:.1f} a sample, more than half of a text, got texts of at most {longest} (text.length_clusters); "
                "lower at_least, raise samples, or make texts longer"
            )

    def owed(self, index: int) -> list[str]:
        """Return the characters that sample *index* must hold."""
        first = index * self._owed_in_all // self._samples
        end = (index + 1) * self._owed_in_all // self._samples
        n = len(self.targets)
        return [self.targets[_cycle(self._seed, n, slot // n)[slot % n]] for slot in range(first, end)]

    def complete(self, text: str, index: int, *, whole: bool = False) -> str:
        """Return *text*, or where it lacks characters that are owed, as much of it as leaves room for them, and them.

        A *whole* text is kept, however long it becomes.
        """
        # What is owed twice must be there twice.
        lacking = list((Counter(self.owed(index)) - Counter(text)).elements())
        if not lacking:
            return text
        letters = [self._carriers.get(c, "") + c for c in lacking]
        words = ["".join(letters[i : i + _WORD]) for i in range(0, len(letters), _WORD)]
        added = self._gap.join(words)
        if whole:
            return f"{text}{self._gap}{added}"
        room = self._longest - length_of(added) - len(self._gap)
        units = text.split(" ") if self._gap else CLUSTER.findall(text)
        kept = ""
        for unit in units:
            longer = f"{kept}{self._gap}{unit}" if kept else unit
            if length_of(longer) > room:
                break
            kept = longer
        return f"{kept}{self._gap}{added}" if kept else added


class Reached(NamedTuple):
    """How far a coverage target was reached."""

    targets: int
    """Number of characters that count."""
    least: int
    """How often the rarest of them occurs."""
    below: dict[str, int]
    """Those that occur less often than asked, and how often."""


def reached(config: CoverageConfig, alphabet: Alphabet, counts: Mapping[str, int]) -> Reached:
    """Return how far labels with these *counts* of characters reach the target of *config*."""
    found = {c: counts.get(c, 0) for c in targets_of(alphabet)}
    below = {c: n for c, n in sorted(found.items(), key=lambda item: (item[1], item[0])) if n < config.at_least}
    return Reached(len(found), min(found.values()), below)


def targets_of(alphabet: Alphabet) -> tuple[str, ...]:
    """Return what a coverage target counts: single characters of letters, digits, punctuation and marks on letters."""
    found = (*alphabet.letters, *alphabet.digits.split(), *alphabet.marks_of_punctuation, *_carriers(alphabet))
    return tuple(dict.fromkeys(c for c in found if len(c) == 1))


def _carriers(alphabet: Alphabet) -> dict[str, str]:
    """Return for each mark a letter that it can stand on without the two becoming one character in NFC."""
    consonants = [c for c in alphabet.letters if regex.match(r"\p{Indic_Syllabic_Category=Consonant}", c)]
    found = {}
    for mark in alphabet.dependent_marks:
        for letter in consonants or alphabet.letters:
            if unicodedata.is_normalized("NFC", letter + mark):
                found[mark] = letter
                break
    return found


@lru_cache(maxsize=64)
def _cycle(seed: int, n: int, number: int) -> list[int]:
    """Return the order of the characters in a cycle: a shuffle after Fisher and Yates."""
    stream = Stream(seed, number, "coverage")
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = stream.below(i + 1)
        order[i], order[j] = order[j], order[i]
    return order
