"""Words of a language by frequency, from package wordfreq, as far as an alphabet can write them."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING

import regex
import wordfreq

if TYPE_CHECKING:
    from ocrsynth.text.alphabet import Alphabet


def word_list_code(alphabet: Alphabet) -> str:
    """Return the code by which wordfreq knows a language, or one whose words stand in; it has no scripts."""
    return alphabet.word_list or alphabet.language.partition("-")[0]


@lru_cache(maxsize=8)
def vocabulary(language: str, size: int, characters: frozenset[str]) -> tuple[tuple[str, float], ...]:
    """Return the most frequent words that the alphabet can write, with their frequencies.

    wordfreq folds digits to 0 ("00th"); numbers are made by the source itself, so words with digits are left out.
    """
    frequencies = wordfreq.get_frequency_dict(language, wordlist="small")
    words = sorted(frequencies.items(), key=lambda item: (-item[1], item[0]))
    if language == "el":
        # wordfreq folds case, and with it the sigma that ends a word.
        words = [(f"{w[:-1]}ς" if w.endswith("σ") and len(w) > 1 else w, f) for w, f in words]
    writable = frozenset(c for c in characters if not c.isdigit()).issuperset
    return tuple(islice((entry for entry in words if writable(entry[0])), size))


def frequent_words(alphabet: Alphabet, size: int, power: float) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the *size* most frequent words of a language and the sums of their weights, frequencies to a *power*.

    Both are empty if wordfreq has no list of the language.
    """
    words, cumulative = _weighted(word_list_code(alphabet), size, power, alphabet.characters)
    return _respelt(tuple(alphabet.respelling.items()), words), cumulative


@lru_cache(maxsize=8)
def _respelt(rules: tuple[tuple[str, str], ...], words: tuple[str, ...]) -> tuple[str, ...]:
    # All words in one text, for a rule takes as long to begin as to replace.
    text = "\n".join(words)
    for pattern, replacement in rules:
        text = regex.sub(pattern, replacement, text, flags=regex.MULTILINE)
    return tuple(text.split("\n")) if words else ()


@lru_cache(maxsize=8)
def _weighted(language: str, size: int, power: float, characters: frozenset[str]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    if language not in wordfreq.available_languages("small"):
        return (), ()
    found = vocabulary(language, size, characters)
    return tuple(word for word, _ in found), tuple(accumulate(f**power for _, f in found))
