"""Alphabets: the characters, digits and punctuation that a language writes with."""

from __future__ import annotations

import difflib
import re
import unicodedata
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal

import langcodes
import regex
from langcodes.tag_parser import LanguageTagError
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ocrsynth import assets
from ocrsynth.errors import RecipeError
from ocrsynth.fields import Section, validate
from ocrsynth.records import TATWEEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_LONGEST_TAG = 3
"""Letters of a language's code."""
_VIRAMA = 9
"""Canonical combining class of viramas."""
_MEMBERS = {"ms": "zlm", "zsm": "zlm", "no": "nb"}
"""Macrolanguages, and members, whose alphabet stands under the name of a member."""
_GREEK = frozenset({"el", "grc"})
_TONOS = "\u0301\u0300\u0342\u0313\u0314"
"""Accents and breathings of Greek."""
_HIATUS = re.compile("([αεοΑΕΟ])\u0301([ιυ])(?![\u0301\u0308])")
"""Two vowels of which the first is accented, in NFD: they are no diphthong."""
_OR = re.compile(r"(?<!\w)[ηΗ]\u0301(?!\w)")
_MUTATION = re.compile(r"(?<!\w)(bh(?=F)|m(?=B)|g(?=C)|n(?=[DGAEIOUÁÉÍÓÚ])|b(?=P)|d(?=T)|t(?=[SAEIOUÁÉÍÓÚ])|h(?=[AEIOUÁÉÍÓÚ]))")
"""What Irish grammar puts before a name's capital, and leaves small among capitals."""
_JOINERS = "\u200c\u200d"
_PHRASED = frozenset({"Thai", "Laoo", "Khmr", "Mymr", "Tibt", "Lana", "Talu", "Java", "Bali"})
"""Scripts without spaces between words, but between phrases or sentences."""


class Punctuation(Section):
    """Punctuation by the place where a typesetter of the language puts it."""

    closing: str
    pairs: tuple[str, ...]
    joining: str
    symbols: str
    apart: str = ""
    apart_share: float = Field(default=1.0, ge=0, le=1)


class Alphabet(Section):
    """One file of ``alphabets/``; the keys are defined in its README."""

    id: str
    name: str
    autonym: str
    script: str
    language: str
    direction: Literal["ltr", "rtl"]
    casing: bool
    spacing: bool
    base: str
    auxiliary: str = ""
    marks: str = ""
    digits: str
    other_digits: str = ""
    other_digits_share: float = Field(default=0.0, ge=0, le=1)
    punctuation: Punctuation
    word_list: str = ""
    respelling: dict[str, str] = Field(default_factory=dict)
    stressed: float = Field(default=0.0, ge=0, le=1)
    kashida: float = Field(default=0.0, ge=0, le=1)
    sources: dict[str, str]
    validity: Literal["draft", "preliminary", "verified"]

    @field_validator("respelling")
    @classmethod
    def _patterns(cls, value: dict[str, str]) -> dict[str, str]:
        for pattern, replacement in value.items():
            try:
                regex.compile(pattern).sub(replacement, "")
            except (regex.error, IndexError) as error:
                raise PydanticCustomError(
                    "pattern", "must map regular expressions to replacements; {fault}", {"fault": str(error)}
                ) from None
        return value

    def upper(self, text: str) -> str:
        """Return *text* in capitals as the language writes them."""
        if self._dotted:
            text = text.replace("i", "İ").replace("ı", "I")
        if self.language in _GREEK:
            text = _greek_in_capitals(text, modern=self.language == "el")
        if self.language == "ga":
            return "".join(part if i % 2 else part.upper() for i, part in enumerate(_MUTATION.split(text)))
        return text.upper()

    def capitalised(self, text: str) -> str:
        """Return *text* with its first letter in upper case; unchanged if a digit comes first."""
        for i, c in enumerate(text):
            if c.isalpha():
                if self.language == "ga" and _MUTATION.match(text, i):
                    return text
                n = 2 if self.language == "nl" and text[i : i + 2] == "ij" else 1
                first = text[i : i + n]
                # What is a capital of two letters among capitals is one with a small letter at the head of a word: ß, և, ᾳ.
                capital = "İ" if self._dotted and first == "i" else first.title() if n == 1 else first.upper()
                return text[:i] + capital + text[i + n :]
            if c.isdigit():
                return text
        return text

    @cached_property
    def _dotted(self) -> bool:
        """Tell whether i and ı are two letters, and their capitals İ and I."""
        return "ı" in self.base.split()

    def _capital(self, letter: str) -> str:
        """Return a letter as it stands at the head of a word, and with its accents, if it is one character in capitals, too."""
        full = letter.replace("i", "İ").upper() if self._dotted else letter.upper()
        return full if len(letter) == 1 and letter.isalpha() else self.capitalised(letter)

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """Return the base letters, followed by their upper-case forms where the script has case."""
        lower = tuple(self.base.split())
        if not self.casing:
            return lower
        # An upper-case form of several characters (ß → SS) is not a letter of its own.
        upper = (self._capital(c) for c in lower)
        return lower + tuple(dict.fromkeys(u for u in upper if len(u) == 1 and u not in lower))

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
    def dependent_marks(self) -> tuple[str, ...]:
        """Return the marks that stand on a letter; viramas and joiners, which need a letter after them too, are left out."""
        return tuple(m for m in self.marks.split() if unicodedata.combining(m[0]) != _VIRAMA and m[0] not in _JOINERS)

    def with_other_digits(self, text: str) -> str:
        """Return *text* with its digits written in the language's other numbering system; unchanged if it has none."""
        return text.translate(self._other_of)

    @cached_property
    def _other_of(self) -> dict[int, str]:
        return {ord(a): b for a, b in zip(self.digits.split(), self.other_digits.split(), strict=False)}

    @cached_property
    def characters(self) -> frozenset[str]:
        """Return every character that a text of this alphabet may hold, the space included if words or phrases stand apart."""
        spaced = {" "} if self.spacing or self.script in _PHRASED else set()
        auxiliary = set(self.auxiliary.split())
        upper = {u for c in auxiliary if self.casing and len(u := self._capital(c)) == 1}
        titled = {u for c in self.letters if self.casing and len(c) == len(u := self.capitalised(c)) == 1}
        marks = set(self.marks.split())
        strokes = {TATWEEL} if self.kashida else set()
        signs = {*self.digits.split(), *self.other_digits.split(), *self.marks_of_punctuation}
        clusters = {*self.letters, *titled, *signs, *auxiliary, *upper, *marks, *spaced, *strokes}
        return frozenset("".join(clusters))


def _greek_in_capitals(text: str, *, modern: bool) -> str:
    """Return Greek *text* without accents, as it stands in capitals; a diaeresis stays.

    In *modern* spelling, where an accent kept two vowels apart a diaeresis does, and ή, "or", keeps its own.
    """
    text = unicodedata.normalize("NFD", text)
    if modern:
        text = _HIATUS.sub("\\1\\2\u0308", text)
        text = _OR.sub("Ή", text)
    return unicodedata.normalize("NFC", "".join(c for c in text if c not in _TONOS))


@lru_cache(maxsize=64)
def load(language: str, where: str = "language") -> Alphabet:
    """Return the alphabet of a language, given as its id (``en_Latn``) or as a BCP 47 tag (``en``, ``sr-Latn``, ``pt-BR``).

    A file of ``alphabets/`` comes first, then the exemplar characters of package gflanguages.  Raises RecipeError, beginning
    with *where* and with the closest known language, if neither knows the language.
    """
    curated = assets.names("alphabets")
    # The likeliest script of an ancient language may be one that nobody wrote an alphabet for.
    names = (language, *_candidates(language), *(n for n in curated if n.startswith(f"{language}_")))
    for name in names:
        if name in curated:
            alphabet = validate(Alphabet, assets.read("alphabets", name), f"alphabets/{name}.yaml")
            if alphabet.id != name:
                raise RecipeError(f"alphabets/{name}.yaml: id must equal the file's name, got {alphabet.id!r}; rename one")
            return alphabet
    # Only now, for the package and its protocol buffers take as long to import as all the rest.
    from ocrsynth.text import exemplars

    others = exemplars.known()
    for name in names:
        if name in others:
            keys = exemplars.alphabet_of(name)
            if keys is None:
                raise RecipeError(f"{where}: no letters are known for {name!r}; write alphabets/{name}.yaml")
            return validate(Alphabet, keys, f"gflanguages: {name}")
    raise RecipeError(f"{where}: no alphabet for {language!r}; {_closest(language, curated, others)}")


def _closest(language: str, curated: Sequence[str], others: Sequence[str]) -> str:
    """Return what to write in place of *language*, which is no tag or id: by its English or own name, or by its spelling."""
    from ocrsynth.text import exemplars

    records: list[tuple[str, Any]] = [(name, exemplars.language(name)) for name in others]
    ids = {str(own).casefold(): name for name, record in records for own in (record.autonym, record.name) if own}
    for name in curated:
        entry = assets.read("alphabets", name)
        ids |= {str(entry[key]).casefold(): name for key in ("autonym", "name")}
    wanted = language.casefold()
    # Of a tag with a part that is wrong the language counts.
    tag, *parts = re.split("[-_]", language)
    if parts and (its := [name for name in (*curated, *others) if name.partition("_")[0] == tag.lower()]):
        return f"did you mean {(difflib.get_close_matches(language.replace('-', '_'), its, n=1, cutoff=0) or its)[0]!r}?"
    # Tags are so short that nearly any word is like one of them.
    if close := difflib.get_close_matches(language, [*curated, *others], n=1, cutoff=0.75):
        return f"did you mean {close[0]!r}?"
    if len(wanted) > _LONGEST_TAG and (close := difflib.get_close_matches(wanted, sorted(ids), n=1, cutoff=0.8)):
        return f"did you mean {ids[close[0]]!r}?"
    return "give a BCP 47 tag such as 'en' or an id such as 'en_Latn'; ocrsynth languages lists them"


def _candidates(tag: str) -> Iterator[str]:
    """Yield the ids that a language tag may stand for, the likeliest first."""
    try:
        parsed = langcodes.Language.get(tag)
        full = parsed.maximize()
    except LanguageTagError:
        return
    if parsed.language in (None, "und") or not parsed.is_valid():
        # A script or a variant that nobody knows would be left out, and another alphabet taken.
        return
    yield f"{full.language}_{full.script}"
    if full.language in _MEMBERS:
        yield f"{_MEMBERS[full.language]}_{full.script}"
    # Macrolanguages stand under the name of their dominant member, and the other way round.
    with suppress(LanguageTagError):
        wide = parsed.prefer_macrolanguage().maximize()
        yield f"{wide.language}_{wide.script}"
