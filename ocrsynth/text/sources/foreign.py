"""Words of other languages as far as the alphabet can write them: names, loan words, quotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ocrsynth.errors import RecipeError, suggest
from ocrsynth.fields import LanguageTags  # noqa: TC001 - pydantic reads it
from ocrsynth.text.alphabet import load
from ocrsynth.text.base import SOURCES, Drawer
from ocrsynth.text.sources.words import Words, Writer
from ocrsynth.text.vocabulary import share_written, word_list_code, word_lists, words_of

if TYPE_CHECKING:
    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet

_LANGUAGES = {
    "Latn": ("en", "es", "fr", "pt", "de", "it", "id", "pl", "nl", "tr", "ro", "sv", "da", "fi"),
    "Cyrl": ("ru", "uk", "bg", "mk"),
}
"""Word lists by script. In other scripts words of another language would be recognised as such, or there is none."""
_LETTERS = {"Latn": "adeilnorst", "Cyrl": "авенорст"}
"""Who has these can write words of all of the languages."""
_LEAST_SHARE = 0.2
"""Of the most frequent words of a language, that the alphabet must be able to write."""


@SOURCES.register
class Foreign(Words):
    """Running words of other languages of the script, each line of one, as far as the alphabet can write them."""

    name: ClassVar[str] = "foreign"
    EXAMPLE: ClassVar[dict[str, object]] = {"languages": ["fr", "it", "de"]}

    languages: LanguageTags = ()
    """Languages, as tags or ids; empty for those that are much written in the script, Latin or Cyrillic."""
    vocabulary: int = Field(default=25_000, ge=1, le=1_000_000, description="number of most frequent words of each language")

    def has(self, alphabet: Alphabet) -> bool:
        """Tell whether other languages are known that are written with these letters, in their usual spelling."""
        if self.languages:
            return True
        letters = _LETTERS.get(alphabet.script)
        return letters is not None and alphabet.characters.issuperset(letters) and not alphabet.respelling

    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the drawer; raises RecipeError for a language without a word list, or whose words cannot be written."""
        if self.languages:
            codes = tuple(self._code(name, alphabet, f"{where}.languages") for name in self.languages)
        else:
            if not self.has(alphabet):
                raise RecipeError(f"{where}: no languages are known that {alphabet.name} could quote; name some in 'languages'")
            codes = tuple(code for code in _LANGUAGES[alphabet.script] if code != word_list_code(alphabet))
        writers: dict[str, Writer] = {}

        def draw(stream: Stream, length: int) -> str:
            code = stream.choice(codes)
            writer = writers.get(code)
            if writer is None:
                # Lists are read when they are needed: most processes make few samples, and a dozen takes a tenth of a second.
                words, cumulative = words_of(code, self.vocabulary, self.frequency_power, alphabet.characters)
                writer = writers[code] = Writer(self, alphabet, words, cumulative)
            return writer(stream, length)

        return draw

    def _code(self, name: str, alphabet: Alphabet, where: str) -> str:
        code = word_list_code(load(name, where))
        if code not in word_lists():
            raise RecipeError(f"{where}: no word list for {name!r}; {suggest(code, word_lists())}")
        if share_written(code, alphabet.characters) < _LEAST_SHARE:
            raise RecipeError(
                f"{where}: must be written with the letters of {alphabet.name}, got {name!r}; "
                "name languages of its script, or take text.foreign for words in letters of their own"
            )
        return code
