"""Words of a language by frequency, from package wordfreq, as far as an alphabet can write them."""

from __future__ import annotations

from array import array
from functools import lru_cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING

import regex
from wordfreq import available_languages, cB_to_freq, read_cBpack

from ocrsynth.text.joiners import shows_all_joiners

if TYPE_CHECKING:
    from ocrsynth.text.alphabet import Alphabet


LEAST_WORDS = 50
"""With fewer, a language is not one that the alphabet can write."""


def word_list_code(alphabet: Alphabet) -> str:
    """Return the code by which wordfreq knows a language, or one whose words stand in; it has no scripts."""
    return alphabet.word_list or alphabet.language.partition("-")[0]


@lru_cache(maxsize=1)
def word_lists() -> dict[str, str]:
    """Return the files of all word lists by the codes of their languages."""
    return available_languages("small")


def vocabulary(language: str, size: int, characters: frozenset[str]) -> tuple[tuple[str, float], ...]:
    """Return the most frequent words that can be written with *characters*, with their frequencies.

    wordfreq folds digits to 0 ("00th"); numbers are made by the source itself, so words with digits are left out.
    """
    writable = frozenset(c for c in characters if not c.isdigit()).issuperset
    # wordfreq's own dictionaries of frequencies are kept for good; this list is in their order, and costs a third.
    words = ((word, cB_to_freq(-loudness)) for loudness, equals in enumerate(_by_frequency(language)) for word in equals)
    if language == "el":
        # wordfreq folds case, and with it the sigma that ends a word.
        words = ((f"{w[:-1]}ς" if w.endswith("σ") and len(w) > 1 else w, f) for w, f in words)
    return tuple(islice((entry for entry in words if writable(entry[0]) and shows_all_joiners(entry[0])), size))


def share_written(language: str, characters: frozenset[str]) -> float:
    """Return the share of the thousand most frequent words that can be written with *characters*.

    Further down each list has words in Latin letters.
    """
    words = tuple(islice((word for equals in _by_frequency(language) for word in equals), 1000))
    return sum(map(characters.issuperset, words)) / len(words)


@lru_cache(maxsize=1)
def _by_frequency(language: str) -> list[list[str]]:
    """Return the words of a language, those of one frequency together, at the place of that frequency in centibels."""
    return read_cBpack(word_lists()[language])


def frequent_words(alphabet: Alphabet, size: int, power: float) -> tuple[tuple[str, ...], array[float]]:
    """Return the *size* most frequent words of a language and the sums of their weights, frequencies to a *power*.

    Both are empty if wordfreq has no list of the language.
    """
    words, cumulative = words_of(word_list_code(alphabet), size, power, alphabet.characters)
    return _respelt(tuple(alphabet.respelling.items()), words), cumulative


@lru_cache(maxsize=8)
def _respelt(rules: tuple[tuple[str, str], ...], words: tuple[str, ...]) -> tuple[str, ...]:
    # All words in one text, for a rule takes as long to begin as to replace.
    text = "\n".join(words)
    for pattern, replacement in rules:
        text = regex.sub(pattern, replacement, text, flags=regex.MULTILINE)
    return tuple(text.split("\n")) if words else ()


@lru_cache(maxsize=32)
def words_of(language: str, size: int, power: float, characters: frozenset[str]) -> tuple[tuple[str, ...], array[float]]:
    """Return what `frequent_words` does, of the list with the code *language*, written with *characters*."""
    if language not in word_lists():
        return (), array("d")
    found = vocabulary(language, size, characters)
    # Of a dozen languages: numbers of their own would take four times the memory.
    return tuple(word for word, _ in found), array("d", accumulate(f**power for _, f in found))
