r"""What documents, receipts, forms and plates hold beside running text: dates, prices, numbers, codes, addresses."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from ocrsynth.errors import RecipeError, SampleError
from ocrsynth.fields import MOST_WEIGHT, LanguageTag, Range, Section, Within, validate
from ocrsynth.seeding import Stream
from ocrsynth.text.base import SOURCES, Drawer, Source
from ocrsynth.text.clusters import length_of
from ocrsynth.text.patterns.grammar import Drawn, compile_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocrsynth.text.alphabet import Alphabet
    from ocrsynth.text.patterns.generators import Generators

_DEFAULT = (
    ("{date}", 3.0),
    ("{time}", 1.0),
    ("{price}", 4.0),
    ("{amount}", 4.0),
    ("{number}", 2.0),
    ("{percent}", 1.0),
    ("{quantity}", 1.5),
    ("{phone}", 1.5),
    ("{email}", 1.0),
    ("{url}", 1.0),
    ("{invoice}", 1.5),
    ("{reference}", 1.5),
    ("{postcode}", 0.5),
    ("{iban}", 0.7),
    ("{card}", 0.5),
    ("{ean}", 0.5),
    ("{isbn}", 0.3),
    ("{vat}", 0.4),
    ("{plate}", 0.7),
    ("{date} {time}", 0.7),
    (r"[1-9]\d? x {amount}", 0.7),
    ("{word:upper}", 2.0),
    ("{word:title}", 2.0),
    ("{word:title} {word}( {word}~0.5|:)", 2.0),
    ("{word:title}:( {date}| {amount}| {word:title}| {reference}|)", 2.5),
    ("{word:upper} {word:upper}( {amount}| {word:upper}|:)", 2.5),
    (r"([1-9]\d? )?{word:upper} {word:upper} \d{1,4}(\A\A?| ?{amount})?", 1.5),
    ("{word:title} {word:title}(, {word:title}|)", 1.5),
    (r"\A\.( ?\A\.)? {word:title}", 1.0),
    (r"[1-9]\d{0,3}([/-]\d{1,3})?,? {word:title} {word:title}(, {postcode})?", 1.0),
    (r"(\({word}\)|\({number}\)|{word}/{word}|{word:upper}-{word:upper})", 1.0),
    (r"(\#|\*{1,4}) ?{word:title}", 0.5),
    (r"(\d{1,3}|\A|\d\.|\d{1,2}\)|\A\.|-|[0-9]\.\d{2,3})", 2.0),
    (r"\*{2,4} ?{word:upper}( {word:upper}~0.7|)( {word:upper}~0.4|) ?\*{2,4}", 1.0),
    (r"[1-9]\d?( ?\A{2,3}|) ?@ ?{amount}", 1.0),
    (r"{word:upper}( {word:upper}~0.4|) ?@ ?{percent}", 0.7),
    (r"({word:title}|{word:upper}( {word:upper}~0.4|))( ?: ?|: |\# ?)({number}|{reference}|{amount}|{date})", 1.5),
    (r"{word:upper}( {word:upper}~0.4|) ?\(({word:upper}|\A{2,3}|\d)\)", 0.7),
    (r"\d{1,4}([-/. ]\d{1,4}){1,3}", 1.5),
    (r"\A{1,4}[-. ]?\d{1,5}(-\d{1,4}|\A)?", 1.5),
)
"""Templates of a recipe that names none, with their weights: what a drawer of receipts, letters and forms holds."""
_TRIES = 40
_PROBES = 64


class Template(Section):
    """One template and its weight."""

    text: str = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0, le=MOST_WEIGHT)


@SOURCES.register
class Pattern(Source):
    r"""Entries of forms and receipts, drawn from templates such as ``{date}``, ``[A-Z]{2}\d{6}`` or ``(EUR|USD) {amount}``."""

    name: ClassVar[str] = "pattern"
    EXAMPLE: ClassVar[dict[str, object]] = {"templates": [r"[A-Z]{2}\d{6}", {"text": r"\A\a{2,6}{year}", "weight": 2.0}]}

    templates: tuple[str | dict[str, Any], ...] = ()
    """Templates, each a string or ``{text: …, weight: 2}``; empty for a mixture of the usual entries.

    Of those that can be short enough for the line's drawn length; if none can, the shortest stands on it whole.
    """
    locale: LanguageTag | None = None
    """Country whose forms are written, as a tag such as de-AT; empty for the one where the language is spoken most."""
    join: Annotated[Range, Within(1, 20, whole=True)] = Range(1, 1)
    """Entries on a line, with spaces between them, or fewer where the next does not fit into its length.

    One where the language has no spaces.
    """

    def has(self, alphabet: Alphabet) -> bool:
        """Tell whether some template can be written in this alphabet."""
        try:
            self.compile(alphabet, "text.sources")
        except RecipeError:
            return False
        return True

    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the drawer; raises RecipeError with the template's path and column if one is wrong or cannot be written."""
        from ocrsynth.text.patterns.generators import generators_of  # Package babel takes a while to import.
        from ocrsynth.text.patterns.locales import country_of

        generators = generators_of(alphabet, country_of(self.locale or alphabet.language, f"{where}.locale"))
        if self.templates:
            written, weights = self._given(alphabet, generators, where)
        else:
            written, weights = _usual(generators)
        if not written:
            raise RecipeError(f"{where}: no usual entry can be written in the alphabet of {alphabet.id!r}; give templates")
        # Where the language has no spaces nothing would part the entries.
        join = self.join if " " in alphabet.characters else Range(1, 1)
        return _Drawer(written, weights, join, alphabet.characters)

    def _given(self, alphabet: Alphabet, generators: Generators, where: str) -> tuple[list[Drawn], list[float]]:
        """Return the recipe's own templates and their weights; raises RecipeError if one is wrong or cannot be written."""
        compiled: list[Drawn] = []
        weights: list[float] = []
        for i, entry in enumerate(self.templates):
            at = f"{where}.templates[{i}]"
            template = self._entry(entry, at)
            drawn = compile_template(template.text, alphabet, generators, at)
            if not any(text.strip() for text in _probe(drawn)):
                raise RecipeError(f"{at}: can only be blank, got {template.text!r}; write what to draw")
            if foreign := _foreign(drawn, alphabet):
                raise RecipeError(
                    f"{at}: can never be written in the alphabet of {alphabet.id!r}, got {template.text!r} with "
                    f"{' '.join(sorted(foreign)[:10])}; take these out, or name the languages in text.foreign"
                )
            compiled.append(drawn)
            weights.append(template.weight)
        return compiled, weights

    @staticmethod
    def _entry(entry: str | dict[str, Any], where: str) -> Template:
        template = validate(Template, {"text": entry} if isinstance(entry, str) else entry, where)
        # As labels are: some keyboards write accents as characters of their own.
        return template.model_copy(update={"text": unicodedata.normalize("NFC", template.text)})


@lru_cache(maxsize=8)
def _usual(generators: Generators) -> tuple[list[Drawn], list[float]]:
    """Return the usual entries that can be written with *generators*, and their weights; the styles of a preset share them."""
    compiled: list[Drawn] = []
    weights: list[float] = []
    for text, weight in _DEFAULT:
        if text == "{date} {time}" and " " not in generators.alphabet.characters:
            continue  # Nobody would know where the one ends.
        # Of some languages no list of words is known.
        with suppress(RecipeError):
            drawn = compile_template(text, generators.alphabet, generators, "text.sources")
            if not _foreign(drawn, generators.alphabet):
                compiled.append(drawn)
                weights.append(weight)
    return compiled, weights


def _probe(drawn: Drawn) -> Iterator[str]:
    return (drawn.draw(Stream(0, i, "pattern probe")) for i in range(_PROBES))


def _foreign(drawn: Drawn, alphabet: Alphabet) -> frozenset[str]:
    """Return characters outside the alphabet if every text of some dozen holds one, else nothing."""
    found: set[str] = set()
    for text in _probe(drawn):
        outside = set(unicodedata.normalize("NFC", text)) - alphabet.characters - {" "}
        if not outside:
            return frozenset()
        found |= outside
    return frozenset(found)


def versions(sources: Iterable[Source]) -> dict[str, str]:
    """Return the versions of the packages that *sources* take dates, amounts and names from."""
    patterns = [source for source in sources if isinstance(source, Pattern)]
    if not patterns:
        return {}
    from ocrsynth.text.patterns.generators import BY_FAKER  # Package babel takes a while to import.

    found = {"babel": version("babel")}
    texts = " ".join(str(entry) for pattern in patterns for entry in pattern.templates or _DEFAULT)
    if not BY_FAKER.isdisjoint(_GENERATOR.findall(texts)):
        with suppress(PackageNotFoundError):
            found["faker"] = version("faker")
    return found


_GENERATOR = re.compile(r"\{([a-z_]+)")


class _Drawer:
    """Draws a template by weight among those that fit."""

    def __init__(self, templates: list[Drawn], weights: list[float], join: Range, characters: frozenset[str]) -> None:
        self._templates = templates
        self._weights = weights
        self._cumulative = list(accumulate(weights))
        self._join = join
        self._characters = characters
        # A language that writes no spaces writes none between a date and a time either.
        self._gap = " " if " " in characters else ""
        self._fitting: dict[int, tuple[list[Drawn], list[float]]] = {}

    def __call__(self, stream: Stream, length: int) -> str:
        """Return entries of at most *length* characters, or the shortest there are if none is that short."""
        text = self._one(stream, length)
        for _ in range(self._join.draw_int(stream) - 1):
            room = length - length_of(text) - 1
            if room < 1:
                break
            more = self._one(stream, room)
            if length_of(more) <= room:
                text = f"{text} {more}"
        return text

    def _one(self, stream: Stream, length: int) -> str:
        templates, cumulative = self._fitting.get(length) or self._fit(length)
        shortest = ""
        for _ in range(_TRIES):
            text = self._gap.join(templates[stream.weighted(cumulative)].draw(stream).split())
            if not text or not self._characters.issuperset(text):
                continue
            if length_of(text) <= length:
                return text
            if not shortest or length_of(text) < length_of(shortest):
                shortest = text
        if not shortest:
            raise SampleError(f"text: {_TRIES} draws of templates left the alphabet; change text.sources' templates")
        return shortest

    def _fit(self, length: int) -> tuple[list[Drawn], list[float]]:
        """Return the templates that can be short enough, and their cumulative weights."""
        pairs = [(t, w) for t, w in zip(self._templates, self._weights, strict=True) if t.shortest <= length]
        if not pairs:
            least = min(t.shortest for t in self._templates)
            pairs = [(t, w) for t, w in zip(self._templates, self._weights, strict=True) if t.shortest == least]
        found = ([t for t, _ in pairs], list(accumulate(w for _, w in pairs)))
        self._fitting[length] = found
        return found
