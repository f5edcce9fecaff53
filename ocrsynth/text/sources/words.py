"""Words of the language by their frequency, dressed with numbers and punctuation as a writer would."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ocrsynth.errors import RecipeError, suggest
from ocrsynth.text.base import SOURCES, Drawer, Source
from ocrsynth.text.clusters import length_of
from ocrsynth.text.vocabulary import LEAST_WORDS, frequent_words, vocabulary, word_list_code, word_lists

if TYPE_CHECKING:
    from array import array

    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet


_FIRST_DRAWS = 12
"""Where the first word is longer than the line, so many more are drawn, and the shortest is taken."""
_DASH_FIRST = 0.15
"""Share of lines that begin with a dash, of the share of words with punctuation: some lines in fifty."""
_OWN_STOPS = frozenset("।۔。።။។։།᱾")
_OWN_COMMAS = frozenset("،、，፣၊")
_NONE: frozenset[str] = frozenset()


@SOURCES.register
class Words(Source):
    """Running words drawn by frequency."""

    name: ClassVar[str] = "words"
    EXAMPLE: ClassVar[dict[str, object]] = {"vocabulary": 5000}

    vocabulary: int = Field(default=25_000, ge=1, le=1_000_000, description="number of most frequent words")
    frequency_power: float = Field(
        default=0.7, ge=0, le=1, description="1 keeps the frequencies of the language, 0 makes all words equally likely"
    )
    numbers: float = Field(default=0.08, ge=0, le=1, description="share of numbers among the words")
    punctuation: float = Field(default=0.22, ge=0, le=1, description="share of words that carry punctuation")

    def has(self, alphabet: Alphabet) -> bool:
        """Tell whether wordfreq has words that the alphabet can write."""
        language = word_list_code(alphabet)
        return language in word_lists() and len(vocabulary(language, LEAST_WORDS, alphabet.characters)) == LEAST_WORDS

    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the drawer; raises RecipeError if wordfreq has no words of the language."""
        language = word_list_code(alphabet)
        if language not in word_lists():
            raise RecipeError(f"{where}: no word list for {language!r}; {suggest(language, word_lists())}")
        words, cumulative = frequent_words(alphabet, self.vocabulary, self.frequency_power)
        return Writer(self, alphabet, words, cumulative)


class Writer:
    """Joins words, numbers and punctuation until the length is reached."""

    def __init__(self, source: Words, alphabet: Alphabet, words: tuple[str, ...], cumulative: array[float]) -> None:
        self._words = words
        self._cumulative = cumulative
        self._numbers = source.numbers
        self._punctuation = source.punctuation
        self._digits = alphabet.digits.split()
        # Commas and full stops outweigh the rest, as they do in print; a script's own before ASCII's.
        frequent = {c for c in alphabet.closing if c in _OWN_STOPS} or {"."}
        frequent |= {c for c in alphabet.closing if c in _OWN_COMMAS} or {","}
        self._closing = [c for c in alphabet.closing for _ in range(6 if c in frequent else 1)]
        self._pairs = alphabet.pairs
        self._joining = [c for c in ("-", "–", "/", "&") if c in alphabet.punctuation.joining]
        self._dashes = [c for c in ("-", "–", "—") if c in alphabet.punctuation.joining]
        self._apostrophes = [c for c in "'’" if c in alphabet.punctuation.joining]
        # The decimal comma or point is what the language also uses to end a clause or sentence.
        self._point = next((c for c in ".," if c in alphabet.characters), "")
        self._percent = next((c for c in "%٪" if c in alphabet.characters), "")
        self._space = " " if alphabet.spacing else ""
        self._apart = frozenset(alphabet.punctuation.apart.split())
        self._apart_share = alphabet.punctuation.apart_share
        self._currencies = [c for c in "$£€" if c in alphabet.punctuation.symbols]

    def __call__(self, stream: Stream, length: int) -> str:
        """Return words for at most *length* characters; one longer word stands alone where many draws gave none that fits."""
        apostrophe = stream.choice(self._apostrophes) if self._apostrophes else "'"
        # A page sets all of its punctuation in one way.
        apart = self._apart if self._apart and stream.chance(self._apart_share) else _NONE
        parts: list[str] = []
        size = -len(self._space)
        while True:
            part = self._part(stream, apart)
            for _ in range(_FIRST_DRAWS if not parts else 0):
                if length_of(part) <= length:
                    break
                part = min(part, self._part(stream, apart), key=length_of)
            fits = len(part) + 2 <= length
            if not parts and fits and self._space and self._dashes and stream.chance(_DASH_FIRST * self._punctuation):
                # As direct speech begins in many languages, and an item of a list in all.
                part = f"{stream.choice(self._dashes)} {part}"
            if apostrophe != "'":
                part = part.replace("'", apostrophe)
            size += length_of(part) + len(self._space)
            if parts and size > length:
                return self._space.join(parts)
            parts.append(part)
            if size >= length:
                return self._space.join(parts)

    def _part(self, stream: Stream, apart: frozenset[str]) -> str:
        """Return a word with what stands about it; signs of *apart* are set off from it by a space."""
        part = self._number(stream) if stream.chance(self._numbers) else self._words[stream.weighted(self._cumulative)]
        if not stream.chance(self._punctuation):
            return part
        kind = stream.unit()
        if kind < 0.72 and self._closing:
            closing = stream.choice(self._closing)
            return f"{part} {closing}" if closing in apart else part + closing
        if kind < 0.88 and self._pairs:
            opening, closing = stream.choice(self._pairs)
            return f"{opening} {part} {closing}" if opening in apart else opening + part + closing
        if not self._joining:
            return part
        second = self._words[stream.weighted(self._cumulative)]
        if kind < 0.94 or not (self._space and self._dashes):
            return part + stream.choice(self._joining) + second
        # A dash between clauses: alone between spaces, or close between the words where print is American.
        dash = stream.choice(self._dashes)
        return part + dash + second if dash == "—" and stream.chance(0.5) else f"{part} {dash} {second}"

    def _number(self, stream: Stream) -> str:
        digits = self._digits
        kind = stream.below(6)
        whole = "".join([stream.choice(digits) for _ in range(1 + stream.below(5))])
        if len(whole) > 1:
            whole = whole.lstrip(digits[0]) or digits[0]
        cents = self._point + stream.choice(digits) + stream.choice(digits)
        if kind == 0 and self._point:
            return whole + cents
        if kind == 1 and self._currencies and self._point:
            return stream.choice(self._currencies) + whole + cents
        if kind == 2 and self._percent:
            return whole + self._percent
        return whole
