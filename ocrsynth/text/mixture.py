"""The mixture of text sources of a recipe: weights, lengths and case."""

from __future__ import annotations

import unicodedata
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from pydantic import Field

from ocrsynth.errors import RecipeError, SampleError, suggest
from ocrsynth.fields import MOST_WEIGHT, LanguageTags, Range, Section, Within, validate, weight_fault
from ocrsynth.records import TATWEEL, TextLine
from ocrsynth.text.alphabet import Alphabet, load
from ocrsynth.text.base import SOURCES, Source
from ocrsynth.text.clusters import CLUSTER, length_of
from ocrsynth.text.coverage import CoverageConfig, Schedule
from ocrsynth.text.joiners import JOINERS, shows_all_joiners
from ocrsynth.text.kashida import SCRIPTS, drawn_out
from ocrsynth.text.spellings import has_bare_mark, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ocrsynth.seeding import Stream
    from ocrsynth.text.base import Drawer


class CaseWeights(Section):
    """Weights of the case styles of a line; scripts without case ignore them."""

    asis: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="as the source gives it")
    sentence: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="first letter upper")
    title: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="first letter of each word upper")
    upper: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="all letters upper")
    mixed: float = Field(
        default=0.0, ge=0, le=MOST_WEIGHT, description="first letter of the line and of some words upper, as names have it"
    )


class ForeignConfig(Section):
    """The recipe's ``text.foreign`` section: words of other languages inside lines."""

    languages: LanguageTags = ()
    """Languages, as tags or ids; their characters may then stand in labels."""
    share: float = Field(default=0.15, ge=0, le=1, description="share of lines that hold words of one of them")


class LoanwordsConfig(Section):
    """The recipe's ``text.loanwords`` section: words of other languages inside lines, as far as the alphabet can write them."""

    share: float = Field(default=0.0, ge=0, le=1, description="share of lines that hold some, up to the whole line")
    languages: LanguageTags = ()
    """Languages, as tags or ids; empty for those that are much written in the script, Latin or Cyrillic."""


class TextConfig(Section):
    """The recipe's ``text`` section: where texts come from, how long they are, and in which case."""

    sources: tuple[dict[str, Any], ...] | None = None
    """Where texts come from, mixed by weight; empty for words or a character model of the language, and its alphabet."""
    length_clusters: Annotated[Range, Within(1, 1000, whole=True)] = Range(1, 60)
    """Length of a line, drawn evenly; words end a line before they would cross it."""
    case: CaseWeights = CaseWeights(asis=0.35, sentence=0.3, title=0.15, upper=0.2)
    """Weights of the case styles, 0 for those that are not named; the label is what results."""
    foreign: ForeignConfig = ForeignConfig()
    """Words of other languages inside lines, such as English names in Arabic."""
    loanwords: LoanwordsConfig = LoanwordsConfig()
    """Words of other languages inside lines, in letters of the language's own: names, quotations."""
    kashida: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of lines with a word drawn out between joined letters (U+0640); left out: as the language does",
    )
    other_digits: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of lines with digits of the language's other numbering system; left out: as the language does",
    )
    coverage: CoverageConfig = CoverageConfig()
    """A target for every character of the alphabet, met by schedule."""
    empty_share: float = Field(default=0.0, ge=0, le=1, description="share of pictures without text, whose label is empty")


class WeightedSource(NamedTuple):
    """A source and its weight in the mixture."""

    source: Source
    weight: float


def parse_sources(entries: tuple[Mapping[str, Any], ...], where: str) -> tuple[WeightedSource, ...]:
    """Return the sources of a recipe's list of ``- name: {weight: 1, …}``; raises RecipeError with the path."""
    if not entries:
        raise RecipeError(f"{where}: must name at least one source, got []; {suggest('', SOURCES)}")
    found = []
    for i, entry in enumerate(entries):
        at = f"{where}[{i}]"
        if len(entry) != 1:
            raise RecipeError(f"{at}: must be one 'name: {{…}}' pair, got {dict(entry)!r}; start a new '-' for each source")
        [(name, arguments)] = entry.items()
        source = SOURCES.get(name, at)
        if arguments is not None and not isinstance(arguments, dict):
            raise RecipeError(f"{at}.{name}: must be a mapping of keys to values, got {arguments!r}; write 'key: value' pairs")
        arguments = dict(arguments or {})
        weight = arguments.pop("weight", 1.0)
        if fault := weight_fault(weight):
            raise RecipeError(f"{at}.{name}.weight: {fault}")
        found.append(WeightedSource(validate(source, arguments, f"{at}.{name}"), float(weight)))
    return tuple(found)


def describe_sources(sources: tuple[WeightedSource, ...]) -> list[dict[str, Any]]:
    """Return the entries that `parse_sources` reads back to the same sources."""
    return [{s.source.name: {"weight": s.weight, **s.source.model_dump(mode="json")}} for s in sources]


def default_sources(alphabet: Alphabet) -> tuple[dict[str, Any], ...]:
    """Return the sources of a recipe that names none: the most natural that the language has, and its alphabet."""
    natural = natural_source(alphabet)
    mixed: tuple[dict[str, Any], ...] = ({natural: {"weight": 4}},) if natural else ()
    return (*mixed, {"alphabet": {"weight": 1}})


def natural_source(alphabet: Alphabet) -> str | None:
    """Return the name of the source of the most natural text that a language has, or None if it has none."""
    return next((name for name in ("words", "ngram") if SOURCES.get(name, "text.sources")().has(alphabet)), None)


def label_characters(config: TextConfig, alphabet: Alphabet) -> frozenset[str]:
    """Return every character that a label of a recipe may hold."""
    strokes = TATWEEL if config.kashida else ""
    return alphabet.characters.union(strokes, *(a.characters for a in foreign_alphabets(config)))


def foreign_alphabets(config: TextConfig) -> tuple[Alphabet, ...]:
    """Return the alphabets of ``text.foreign``; raises RecipeError for an unknown language."""
    return tuple(load(name, "text.foreign.languages") for name in config.foreign.languages)


_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp", "Co"})
_MAX_DRAWS = 20
_LEAST_BESIDE = 2
"""Room that a text needs beside words of another language."""
_NAMES = 0.3
"""Share of words with a capital in the style ``mixed``."""


def check_label(text: str, characters: frozenset[str]) -> str | None:
    """Return why *text* cannot be a label, or None.

    It is NFC, has no control or unassigned character, is not blank, has no space that no picture shows: before it, behind it,
    or beside another one; no joiner that changes nothing, no mark without a letter, and no spelling that looks like another.
    """
    if not text or text.isspace():
        return "blank text"
    if "  " in text or text[0].isspace() or text[-1].isspace():
        return "spaces at its ends or beside each other"
    if not characters.issuperset(text):
        return "characters outside the alphabet"
    return None if text.isascii() and text.isprintable() else _check_unusual(text)


def _check_unusual(text: str) -> str | None:
    """Return why a text that is not of printable ASCII alone cannot be a label, or None."""
    if not shows_all_joiners(text):
        return "a joiner that shows nothing"
    if any(unicodedata.category(c) in _FORBIDDEN_CATEGORIES for c in text if not c.isascii()):
        return "control or unassigned characters"
    if not text.isprintable() and any(not c.isprintable() for c in text if c not in JOINERS):
        return "control or unassigned characters"
    if not unicodedata.is_normalized("NFC", text):
        return "text is not NFC"
    if has_bare_mark(text):
        return "a mark without a letter"
    return "a spelling that no picture tells from another" if settled(text) != text else None


class TextMixture:
    """Draws lines of text: a source by weight, a length, a text, a case; what results is the label."""

    def __init__(self, config: TextConfig, sources: tuple[WeightedSource, ...], alphabet: Alphabet, seed: int = 0) -> None:
        self._alphabet = alphabet
        self.characters = label_characters(config, alphabet)
        self._length = config.length_clusters
        self._names = [s.source.name for s in sources]
        self._draw = [s.source.compile(alphabet, f"text.sources[{i}].{s.source.name}") for i, s in enumerate(sources)]
        self._whole = [getattr(s.source, "cut", None) == "lines" for s in sources]
        """Of which sources texts are lines of the user's, which are not cut."""
        self._weights = list(accumulate(s.weight for s in sources))
        styles = config.case.model_dump()
        self._styles = list(styles)
        self._style_weights = list(accumulate(styles.values()))
        if alphabet.casing and self._style_weights[-1] <= 0:
            raise RecipeError("text.case: all weights are 0, got 0; give 'asis' a weight")
        self._foreign = [_natural_drawer(a, "text.foreign.languages") for a in foreign_alphabets(config)]
        self._foreign_share = config.foreign.share if self._foreign else 0.0
        loanwords = config.loanwords
        source = validate(SOURCES.get("foreign", "text"), {"languages": loanwords.languages}, "text.loanwords")
        self._loanwords_share = loanwords.share
        self._loanwords = source.compile(alphabet, "text.loanwords") if loanwords.share or loanwords.languages else None
        self._kashida = kashida_share(config, alphabet)
        self._other_digits = other_digits_share(config, alphabet)
        self._longest = longest = int(config.length_clusters.high)
        self.schedule = Schedule(config.coverage, alphabet, longest, seed) if config.coverage.at_least else None

    def draw(self, stream: Stream, index: int = 0, longest: int = 0) -> TextLine:
        """Return a line for sample *index*; raises SampleError if a source gives nothing usable in twenty draws.

        It is drawn for at most *longest* characters, unless that is 0, or less than the recipe's shortest lines.
        """
        reason: str | None = None
        for _ in range(_MAX_DRAWS):
            which = stream.weighted(self._weights)
            length = self._length.draw_int(stream)
            if longest:
                length = min(length, max(longest, int(self._length.low)))
            if self._foreign_share and length > 1 and stream.chance(self._foreign_share):
                text = self._mixed(which, stream, length)
            elif self._loanwords is not None and self._loanwords_share and stream.chance(self._loanwords_share):
                text = self._with_loanwords(which, self._loanwords, stream, length)
            else:
                text = self._draw[which](stream, length)
            if not isinstance(text, str):
                raise SampleError(f"text source {self._names[which]!r}: must give a string, got {text!r}; mend the source")
            if self._alphabet.casing:
                text = self._cased(text, self._styles[stream.weighted(self._style_weights)], stream)
            if self._kashida and stream.chance(self._kashida):
                text = drawn_out(text, stream, self._longest - length_of(text))
            if self._other_digits and stream.chance(self._other_digits):
                text = self._alphabet.with_other_digits(text)
            if self.schedule is not None:
                text = self.schedule.complete(text, index, whole=self._whole[which])
            if not text.isascii():
                text = unicodedata.normalize("NFC", text)
            reason = check_label(text, self.characters)
            if reason is None:
                alphabet = self._alphabet
                return TextLine(text, self._names[which], alphabet.direction, alphabet.script, alphabet.language)
        raise SampleError(f"text: {_MAX_DRAWS} draws gave no usable line, the last had {reason}; check the text sources")

    def _mixed(self, which: int, stream: Stream, length: int) -> str:
        """Return a text of two languages: words of the foreign one stand between those of the own."""
        foreign = stream.choice(self._foreign)(stream, 1 + stream.below(max(length // 2, 1)))
        own = self._draw[which](stream, max(length - length_of(foreign) - 1, 1))
        return self._inserted(foreign, own, stream)

    def _with_loanwords(self, which: int, loanwords: Drawer, stream: Stream, length: int) -> str:
        """Return a text with some words of another language, or of nothing but such."""
        foreign = loanwords(stream, 1 + stream.below(length))
        room = length - length_of(foreign) - 1
        if room < _LEAST_BESIDE:
            return foreign
        own = self._draw[which](stream, room)
        # Some entries are no shorter.
        return self._inserted(foreign, own, stream) if isinstance(own, str) and length_of(own) <= room else own

    def _inserted(self, foreign: str, own: str, stream: Stream) -> str:
        if not isinstance(own, str):
            # Told by whoever draws: a source must give a string.
            return own
        units = own.split(" ") if self._alphabet.spacing else CLUSTER.findall(own)
        place = stream.between(0, len(units))
        return (" " if self._alphabet.spacing else "").join((*units[:place], foreign, *units[place:]))

    def _cased(self, text: str, style: str, stream: Stream) -> str:
        if style == "asis":
            return text
        alphabet = self._alphabet
        if style == "upper":
            cased = alphabet.upper(text)
        elif style == "sentence":
            cased = alphabet.capitalised(text)
        elif style == "mixed":
            words = text.split(" ")
            some = [alphabet.capitalised(w) if stream.chance(_NAMES) else w for w in words[1:]]
            cased = " ".join([alphabet.capitalised(words[0]), *some])
        else:
            cased = " ".join([alphabet.capitalised(word) for word in text.split(" ")])
        # Case mapping may leave the alphabet (ß → SS stays inside, ŉ → ʼN does not): then the text stays as it was.
        return cased if self.characters.issuperset(cased) else text


def with_shares(config: TextConfig, alphabet: Alphabet) -> TextConfig:
    """Return *config* with the shares that depend on the language, and on whose texts they are, said outright.

    A recipe that was read back names its sources, and would then be taken for one of the user's own texts.
    """
    shares = {"kashida": kashida_share(config, alphabet), "other_digits": other_digits_share(config, alphabet)}
    return config.model_copy(update=shares)


SHARES = ("kashida", "other_digits")
"""What `with_shares` says."""


def kashida_share(config: TextConfig, alphabet: Alphabet) -> float:
    """Return the share of lines with a word drawn out; raises RecipeError where no letters join."""
    why_not = "" if alphabet.script in SCRIPTS else f"letters of {alphabet.name} do not join"
    return _share_of("kashida", config, alphabet.kashida, why_not)


def other_digits_share(config: TextConfig, alphabet: Alphabet) -> float:
    """Return the share of lines with digits of another numbering system; raises RecipeError where the language has none."""
    why_not = "" if alphabet.other_digits else f"{alphabet.name} has digits of one kind"
    return _share_of("other_digits", config, alphabet.other_digits_share, why_not)


def _share_of(key: str, config: TextConfig, usual: float, why_not: str) -> float:
    """Return what a recipe asks for, or what is *usual* in the language; raises RecipeError if it cannot be.

    A recipe's own texts stand as they are, unless it asks for it.
    """
    asked: float | None = getattr(config, key)
    if asked is None:
        return usual if config.sources is None else 0.0
    if asked and why_not:
        raise RecipeError(f"text.{key}: must be left out, for {why_not}, got {asked!r}; take it out, or set it to 0")
    return asked


def _natural_drawer(alphabet: Alphabet, where: str) -> Drawer:
    """Return a drawer of the most natural text that a language has."""
    [(name, _)] = default_sources(alphabet)[0].items()
    return SOURCES.get(name, where)().compile(alphabet, where)
