"""A character model: plausible words of any language of which a page of text is known."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ocrsynth.errors import AssetError, RecipeError, SampleError
from ocrsynth.text.base import SOURCES, Drawer, Source
from ocrsynth.text.clusters import CLUSTER, length_of
from ocrsynth.text.ngram_model import END, MAX_ORDER, Model, Successors, count, from_text, model_of
from ocrsynth.text.spellings import typed_apostrophes, with_printed_apostrophes
from ocrsynth.text.vocabulary import LEAST_WORDS, frequent_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet

_INSIDE = 0.8
"""Share of lines that begin with a word from inside a line."""
_MOST_CHARACTERS = 8
"""Of a cluster: a model may know nothing but marks."""
_MOST_ENDS = 1000
"""Lines that end before they have half the length, joined to one; of a model that only ends there is no end."""


@SOURCES.register
class Ngram(Source):
    """Text from a character model with back-off, fitted on text or words of the language or on a file, or read from one."""

    name: ClassVar[str] = "ngram"
    EXAMPLE: ClassVar[dict[str, object]] = {"order": 3}

    order: int = Field(default=4, ge=1, le=MAX_ORDER, description="characters that the model looks at, the drawn one included")
    backoff: float = Field(default=0.1, ge=0, lt=1, description="chance of a shorter context, which makes new words")
    file: str | None = Field(default=None, description="UTF-8 text to fit on; empty for the specimen of the language")
    model: str | None = Field(default=None, description="model file made by `ocrsynth languages model`; its order counts")
    words: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="fit on so many frequent words where the language has a list of them; 0 for a text",
    )

    def has(self, alphabet: Alphabet) -> bool:
        """Tell whether there is text of the language, or there are words, that its alphabet can write."""
        if self._words(alphabet):
            return True
        characters = alphabet.characters
        return any(characters.issuperset(word) for line in _specimen(alphabet.id) for word in line.split())

    def digest(self, alphabet: Alphabet) -> str | None:
        """Return the SHA-256 of the file that the model is read from or fitted on, if there is one; raises AssetError."""
        del alphabet
        file = self.model or self.file
        try:
            return None if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()
        except OSError as error:
            raise AssetError(f"{file}: cannot be read, {error.strerror}; check the path") from None

    def _words(self, alphabet: Alphabet) -> tuple[str, ...]:
        """Return the words to fit on, none if it is a text; where nothing stands between words they make no line."""
        words = frequent_words(alphabet, self.words, 1.0)[0] if self.words and alphabet.spacing else ()
        # Of a list in another script the few in this one are of another language.
        return words if len(words) >= min(LEAST_WORDS, self.words) else ()

    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the drawer; raises RecipeError if there is no text of the language to fit on, AssetError for a bad file."""
        if self.model and self.file:
            raise RecipeError(
                f"{where}.file: a model is not fitted again, got {self.file!r} beside a model; give one of the two"
            )
        if self.words and (given := self.model or self.file):
            raise RecipeError(f"{where}.words: the model is of a file, got {self.words} beside {given!r}; give one of the two")
        fitted: Callable[[], Model]
        if words := self._words(alphabet):
            # Fitted when it is needed, for that takes longer than a sample, and there is nothing that can be wrong.
            fitted = cache(partial(_of_words, words, self.order))
        else:
            model = _read_model(self.model, alphabet, where) if self.model else _fitted(self.file, self.order, alphabet, where)
            fitted = lambda: model  # noqa: E731 - beside its lazy sibling
        return self._drawer(fitted, alphabet, where)

    def _drawer(self, fitted: Callable[[], Model], alphabet: Alphabet, where: str) -> Drawer:
        backoff = self.backoff

        def beginning(stream: Stream, successors_of: dict[str, Successors]) -> str:
            # A model of words knows no ends of lines, one of a script without spaces no beginnings of words.
            inside = (_INSIDE if END in successors_of else 1.0) if " " in successors_of else 0.0
            # Lines of sample text begin with few words, which most lines would begin with; inside them any word stands.
            return " " if inside and stream.chance(inside) else END

        def draw(stream: Stream, length: int) -> str:
            order, successors_of = fitted()
            out = ""
            history = beginning(stream, successors_of)
            ends = 0
            # Clusters are counted when there may be enough of them.
            while len(out) <= length or (len(out) <= _MOST_CHARACTERS * length and length_of(out) <= length):
                keep = order - 1
                while keep > 0 and stream.chance(backoff):
                    keep -= 1
                context = history[max(len(history) - keep, 0) :] if keep else ""
                while context not in successors_of:
                    context = context[1:]
                successors = successors_of[context]
                drawn = successors.characters[stream.weighted(successors.cumulative)]
                if drawn != END:
                    out += drawn
                    history += drawn
                elif length_of(out) > length // 2:
                    return " ".join(out.split())
                else:
                    # The line is too short to end: another begins behind it.
                    out += " " if alphabet.spacing and out else ""
                    history = beginning(stream, successors_of)
                    ends += 1
                    if ends > _MOST_ENDS:
                        raise SampleError(f"{where}: {ends} lines of the model in a row were empty; fit it on other text")
            return _whole(out, alphabet)

        return draw


def training_lines(file: str | None, alphabet: Alphabet, where: str) -> list[str]:
    """Return the text to fit a model on: lines that stand in the alphabet, and the words of the others that do.

    Raises RecipeError if there are none, AssetError if the file cannot be read.
    """
    if file is not None:
        text = unicodedata.normalize("NFC", _read(file, f"{where}.file"))
        text = with_printed_apostrophes(text, typed_apostrophes(alphabet.characters))
        lines = [" ".join(line.split()) for line in text.splitlines()]
    else:
        lines = list(_specimen(alphabet.id))
    characters = alphabet.characters
    kept = [word for line in lines for word in ([line] if characters.issuperset(line) else line.split()) if word]
    kept = [k for k in kept if characters.issuperset(k)]
    if not kept:
        raise RecipeError(f"{where}: no text of {alphabet.id!r} to fit on, got {file!r}; name a file of such text")
    return kept


@lru_cache(maxsize=4)
def _of_words(words: tuple[str, ...], order: int) -> Model:
    return model_of(count(words, order, " "), order)


def _fitted(file: str | None, order: int, alphabet: Alphabet, where: str) -> Model:
    return model_of(count(training_lines(file, alphabet, where), order), order)


def _read_model(file: str, alphabet: Alphabet, where: str) -> Model:
    model = from_text(_read(file, f"{where}.model"), file)
    foreign = sorted({c for s in model.successors.values() for c in s.characters} - alphabet.characters - {END})
    if foreign:
        raise RecipeError(
            f"{where}.model: {file!r} writes characters outside the alphabet of {alphabet.id!r}, got {''.join(foreign[:10])!r}"
            "; fit a model for this language"
        )
    return model


def _read(file: str, where: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise AssetError(f"{where}: {file!r} cannot be read, {error.strerror}; check the path") from None
    except UnicodeDecodeError as error:
        raise AssetError(f"{where}: {file!r} is not UTF-8 at byte {error.start}; save it as UTF-8") from None


def _whole(text: str, alphabet: Alphabet) -> str:
    """Return *text* without the word, or where there are no spaces the cluster, that its length may have cut."""
    text = " ".join(text.split())
    while text and unicodedata.category(text[0]).startswith("M"):
        text = text[1:].lstrip()
    if alphabet.spacing and " " in text:
        return text.rpartition(" ")[0]
    clusters: list[str] = CLUSTER.findall(text)
    return "".join(clusters[:-1]).rstrip() if len(clusters) > 1 else text


@lru_cache(maxsize=8)
def _specimen(name: str) -> tuple[str, ...]:
    from ocrsynth.text import exemplars  # The import is slow; most runs never need it.

    return tuple(exemplars.specimen(name)) if name in exemplars.known() else ()
