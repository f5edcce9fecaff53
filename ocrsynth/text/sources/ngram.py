"""A character model: plausible words of any language of which a page of text is known."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import regex
from pydantic import Field

from ocrsynth.errors import AssetError, RecipeError
from ocrsynth.text.base import SOURCES, Drawer, Source

if TYPE_CHECKING:
    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet

_END = "\n"
_CLUSTER = regex.compile(r"\X")


class _Successors(NamedTuple):
    """What may follow a context, with cumulative counts."""

    characters: list[str]
    cumulative: list[float]


Model = dict[str, _Successors]
"""Successors by context, the last 0 to order-1 characters; a line begins and ends with a line feed."""


def fit(lines: list[str], order: int) -> Model:
    """Return the counts of each character after each context of up to *order* - 1 characters in *lines*."""
    counts: dict[str, dict[str, int]] = {}
    for line in lines:
        text = _END + line + _END
        for i in range(1, len(text)):
            for length in range(min(order - 1, i) + 1):
                successors = counts.setdefault(text[i - length : i], {})
                successors[text[i]] = successors.get(text[i], 0) + 1
    return {c: _Successors(list(s), list(accumulate(map(float, s.values())))) for c, s in counts.items()}


@SOURCES.register
class Ngram(Source):
    """Text from a character model with back-off, fitted on sample text of the language or on a file."""

    name: ClassVar[str] = "ngram"
    EXAMPLE: ClassVar[dict[str, object]] = {"order": 3}

    order: int = Field(default=4, ge=1, le=8, description="characters that the model looks at, the drawn one included")
    backoff: float = Field(default=0.1, ge=0, lt=1, description="chance of a shorter context, which makes new words")
    file: str | None = Field(default=None, description="UTF-8 text to fit on; empty for the specimen of the language")

    def has(self, alphabet: Alphabet) -> bool:
        """Tell whether there is text of the language that its alphabet can write."""
        characters = alphabet.characters
        return any(characters.issuperset(word) for line in _specimen(alphabet.id) for word in line.split())

    def digest(self) -> str | None:
        """Return the SHA-256 of the file that the model is fitted on, if there is one."""
        return None if self.file is None else hashlib.sha256(Path(self.file).read_bytes()).hexdigest()

    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the drawer; raises RecipeError if there is no text of the language to fit on."""
        lines = _lines_of(self.file, alphabet, where)
        model = fit(lines, self.order)
        order, backoff = self.order, self.backoff

        def draw(stream: Stream, length: int) -> str:
            out = ""
            history = _END
            while len(out) <= length:
                keep = order - 1
                while keep > 0 and stream.chance(backoff):
                    keep -= 1
                context = history[max(len(history) - keep, 0) :] if keep else ""
                while context not in model:
                    context = context[1:]
                successors = model[context]
                drawn = successors.characters[stream.weighted(successors.cumulative)]
                if drawn != _END:
                    out += drawn
                    history += drawn
                elif len(out) > length // 2:
                    return " ".join(out.split())
                else:
                    # The line is too short to end: another begins behind it.
                    out += " " if alphabet.spacing and out else ""
                    history = _END
            return _whole(out, alphabet)

        return draw


def _whole(text: str, alphabet: Alphabet) -> str:
    """Return *text* without the word, or where there are no spaces the cluster, that its length may have cut."""
    text = " ".join(text.split())
    while text and unicodedata.category(text[0]).startswith("M"):
        text = text[1:]
    if alphabet.spacing and " " in text:
        return text.rpartition(" ")[0]
    clusters: list[str] = _CLUSTER.findall(text)
    return "".join(clusters[:-1]) if len(clusters) > 1 else text


@lru_cache(maxsize=8)
def _specimen(name: str) -> tuple[str, ...]:
    from ocrsynth.text import exemplars  # The import is slow; most runs never need it.

    return tuple(exemplars.specimen(name)) if name in exemplars.known() else ()


def _lines_of(file: str | None, alphabet: Alphabet, where: str) -> list[str]:
    if file is not None:
        try:
            text = Path(file).read_text(encoding="utf-8")
        except OSError as error:
            raise AssetError(f"{where}.file: {file!r} cannot be read, {error.strerror}; check the path") from None
        except UnicodeDecodeError as error:
            raise AssetError(f"{where}.file: {file!r} is not UTF-8 at byte {error.start}; save it as UTF-8") from None
        lines = [unicodedata.normalize("NFC", " ".join(line.split())) for line in text.splitlines()]
    else:
        lines = list(_specimen(alphabet.id))
    characters = alphabet.characters
    kept = [word for line in lines for word in ([line] if characters.issuperset(line) else line.split()) if word]
    kept = [k for k in kept if characters.issuperset(k)]
    if not kept:
        raise RecipeError(f"{where}: no text of {alphabet.id!r} to fit on, got {file!r}; name a file of such text")
    return kept
