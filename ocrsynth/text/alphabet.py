"""Alphabets: the characters, digits and punctuation that a language writes with."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import langcodes
from langcodes.tag_parser import LanguageTagError

from ocrsynth import assets
from ocrsynth.errors import RecipeError, suggest
from ocrsynth.fields import Section, validate


class Punctuation(Section):
    """Punctuation by the place where a typesetter of the language puts it."""

    closing: str
    pairs: tuple[str, ...]
    joining: str
    symbols: str


class Alphabet(Section):
    """One file of ``alphabets/``; the keys are defined in its README."""

    id: str
    name: str
    autonym: str
    script: str
    language: str
    direction: Literal["ltr"]
    casing: bool
    spacing: bool
    base: str
    auxiliary: str = ""
    marks: str = ""
    digits: str
    punctuation: Punctuation
    sources: dict[str, str]
    validity: Literal["draft", "preliminary", "verified"]

    @property
    def letters(self) -> tuple[str, ...]:
        """Return the base letters, followed by their upper-case forms where the script has case."""
        lower = tuple(self.base.split())
        if not self.casing:
            return lower
        # An upper-case form of several characters (ß → SS) is not a letter of its own.
        return lower + tuple(c.upper() for c in lower if len(c.upper()) == 1 and c.upper() != c)

    @property
    def closing(self) -> tuple[str, ...]:
        """Return the punctuation that follows a word without a space."""
        return tuple(self.punctuation.closing.split())

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return the opening and the closing character of each pair."""
        return tuple((a, b) for a, b in (pair.split() for pair in self.punctuation.pairs))

    @property
    def marks_of_punctuation(self) -> tuple[str, ...]:
        """Return every punctuation character and symbol once, sorted."""
        parts = self.punctuation
        joined = f"{parts.closing} {' '.join(parts.pairs)} {parts.joining} {parts.symbols}"
        return tuple(sorted(set(joined.split())))

    @property
    def characters(self) -> frozenset[str]:
        """Return every character that a text of this alphabet may hold, the space included."""
        spaced = {" "} if self.spacing else set()
        auxiliary = set(self.auxiliary.split())
        upper = {c.upper() for c in auxiliary if self.casing and len(c.upper()) == 1}
        marks = set(self.marks.split())
        return frozenset({*self.letters, *self.digits.split(), *self.marks_of_punctuation, *auxiliary, *upper, *marks, *spaced})


@lru_cache(maxsize=64)
def load(language: str) -> Alphabet:
    """Return the alphabet of a language, given as its id (``en_Latn``) or as a BCP 47 tag (``en``, ``eng``, ``en-GB``).

    Raises RecipeError, with the closest known languages, if there is none.
    """
    known = assets.names("alphabets")
    name = language if language in known else _resolve(language)
    if name not in known:
        raise RecipeError(f"language: no alphabet for {language!r}; {suggest(language, known)}")
    alphabet = validate(Alphabet, assets.read("alphabets", name), f"alphabets/{name}.yaml")
    if alphabet.id != name:
        raise RecipeError(f"alphabets/{name}.yaml: id must equal the file's name, got {alphabet.id!r}; rename one")
    return alphabet


def _resolve(tag: str) -> str:
    try:
        full = langcodes.Language.get(tag).maximize()
    except LanguageTagError:
        return ""
    return f"{full.language}_{full.script}"
