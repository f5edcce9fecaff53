"""What the fonts at hand can do for a language: the plan before a data set is made.

Every family is tried on the alphabet as the pipeline would try it, by shaping, for a font's tables may promise what its
outlines do not keep: letters without ink, capitals in the places of small letters, one outline for several letters.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocrsynth.errors import Rejected
from ocrsynth.fonts.coverage import copies, covered
from ocrsynth.fonts.faces import open_instance
from ocrsynth.fonts.outlines import Outline, outline_of
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text.mixture import TextConfig, TextMixture, default_sources, parse_sources

if TYPE_CHECKING:
    from collections.abc import Iterable

    import uharfbuzz as hb

    from ocrsynth.fonts.catalogue import FaceFile, Family
    from ocrsynth.records import TextLine
    from ocrsynth.text.alphabet import Alphabet

_TRIED_LINES = 24
_SUGGESTED = 12
_ALIKE = (frozenset("lI|"), frozenset("1lI"), frozenset("O0"))
"""Letters that share an outline in many a good sans: a reader cannot tell them either, so they are told but not blamed."""


@dataclass(slots=True)
class Verdict:
    """What one family can do for a language."""

    family: Family
    lacking: tuple[str, ...] = ()
    """Letters without a glyph, of its fullest face."""
    missing_signs: tuple[str, ...] = ()
    """Figures, punctuation and auxiliary letters without a glyph; they would come from another font."""
    blank: tuple[str, ...] = ()
    """Characters whose glyph has no ink."""
    small_capitals: tuple[str, ...] = ()
    """Small letters drawn with the outline of their capital, or of the capital made smaller."""
    copied: tuple[str, ...] = ()
    """Letters drawn with the outline of another, and that one: "ß as B"."""
    same_outline: tuple[str, ...] = ()
    """Groups of different characters with one outline."""
    alike: tuple[str, ...] = ()
    """Groups such as l and I whose outlines are the same in this design."""
    unshaped: dict[str, int] = field(default_factory=dict)
    """Lines of the language that failed the proof, by reason."""
    same_as: str = ""
    """Another family with the same outlines."""

    @property
    def fitness(self) -> str:
        """Return ``good``, ``partial`` (it shows some texts, or borrows signs) or ``unfit``."""
        if self.lacking or self.small_capitals or self.copied or self.same_as or self.unshaped.get("all"):
            return "unfit"
        return "partial" if self.blank or self.same_outline or self.unshaped or self.missing_signs else "good"

    @property
    def reasons(self) -> list[str]:
        """Return in words what keeps the family from being good."""
        found = []
        if self.lacking:
            found.append(f"lacks {len(self.lacking)} letters ({_some(self.lacking)})")
        if self.small_capitals:
            found.append(f"has capitals in the places of small letters ({_some(self.small_capitals)})")
        if self.copied:
            found.append(f"draws {', '.join(self.copied[:6])}" + (" …" if len(self.copied) > 6 else ""))
        if self.blank:
            found.append(f"has no ink for {_some(self.blank)}")
        if self.same_outline:
            found.append(f"draws alike {_some(self.same_outline)}")
        if self.unshaped:
            found.append(", ".join(f"{reason} in {n} lines" for reason, n in self.unshaped.items() if reason != "all"))
        if self.missing_signs:
            found.append(f"borrows {len(self.missing_signs)} signs ({_some(self.missing_signs)})")
        if self.same_as:
            found.append(f"is the same as {self.same_as}")
        if self.alike:
            found.append(f"cannot tell {_some(self.alike)}")
        return found


def _some(characters: Iterable[str]) -> str:
    shown = list(characters)
    return " ".join(shown[:6]) + (" …" if len(shown) > 6 else "")


def plan(families: Iterable[Family], letters: Alphabet) -> list[Verdict]:
    """Return a verdict on each family for a language."""
    lines = _lines(letters)
    seen: dict[int, str] = {}
    verdicts = []
    for family in families:
        verdict = _judge(family, letters, lines)
        if not verdict.lacking:
            look = _look(family.plainest, letters)
            verdict.same_as = seen.get(look, "")
            seen.setdefault(look, family.name)
        verdicts.append(verdict)
    return verdicts


def suggest(verdicts: list[Verdict]) -> list[str]:
    """Return a small set: families that are good, else partial, each class in turn, those with most styles first."""
    by_class: dict[str, list[Verdict]] = defaultdict(list)
    for fitness in ("good", "partial"):
        fit = [v for v in verdicts if v.fitness == fitness]
        for verdict in sorted(fit, key=lambda v: (-_styles(v.family), v.family.name)):
            by_class[verdict.family.kind].append(verdict)
    chosen: list[str] = []
    while any(by_class.values()) and len(chosen) < _SUGGESTED:
        for kind in sorted(by_class):
            if by_class[kind] and len(chosen) < _SUGGESTED:
                chosen.append(by_class[kind].pop(0).family.name)
    return chosen


def _styles(family: Family) -> int:
    return sum(1 + 3 * len(face.axes) for face in family.faces)


def _lines(letters: Alphabet) -> list[TextLine]:
    """Return lines of the language as a recipe would draw them."""
    sources = parse_sources(default_sources(letters), "text.sources")
    mixture = TextMixture(TextConfig(), sources, letters)
    return [mixture.draw(Stream(0, i, "font plan"), i) for i in range(_TRIED_LINES)]


def _judge(family: Family, letters: Alphabet, lines: list[TextLine]) -> Verdict:
    needed = frozenset("".join(letters.letters))
    face = max(family.faces, key=lambda f: (len(covered(f.path, f.index, needed)), f == family.plainest))
    all_characters = letters.characters
    there = covered(face.path, face.index, all_characters)
    copied = {c: other for c, other in copies(face.path, face.index, all_characters).items() if c in needed}
    verdict = Verdict(
        family,
        lacking=tuple(sorted(needed - there - copied.keys())),
        small_capitals=tuple(sorted(c for c, other in copied.items() if c.upper() == other)),
        copied=tuple(sorted(f"{c} as {other}" for c, other in copied.items() if c.upper() != other)),
    )
    if verdict.lacking or verdict.small_capitals or verdict.copied:
        return verdict
    verdict.missing_signs = tuple(sorted(all_characters - there - {" "}))
    instance = open_instance(face.key)
    outlines: dict[Outline, list[str]] = defaultdict(list)
    for c in sorted(there - set(letters.marks.split()) - {" "}):
        glyph = instance.hb_font.get_nominal_glyph(ord(c))
        if glyph and not c.isspace() and instance.ink_box(glyph) is None and c.isprintable():
            verdict.blank = (*verdict.blank, c)
        elif glyph:
            outlines[outline_of(instance.hb_font, glyph)].append(c)
    shared = [group for group in outlines.values() if len(group) > 1]
    if letters.casing:
        lower = [c for c in letters.base.split() if len(c) == 1]
        verdict.small_capitals = tuple(c for c in lower if _is_small_capital(instance.hb_font, c, letters.capitalised(c)))
    for group in shared:
        kept = [c for c in group if c in needed or c.isdigit()]
        pair = kept[0].upper() == kept[-1].upper() if kept else False
        if len(kept) < 2 or (pair and set(kept) & set(verdict.small_capitals)):
            continue
        text = "".join(kept)
        if any(alike.issuperset(kept) for alike in _ALIKE):
            verdict.alike = (*verdict.alike, text)
        else:
            verdict.same_outline = (*verdict.same_outline, text)
    shown = 0
    for line in lines:
        if not there.issuperset(line.text):
            continue
        shown += 1
        try:
            shape_line(line, face.key)
        except Rejected as verdict_on_line:
            verdict.unshaped[verdict_on_line.reason] = verdict.unshaped.get(verdict_on_line.reason, 0) + 1
    if shown and sum(verdict.unshaped.values()) == shown:
        verdict.unshaped["all"] = shown
    return verdict


_TELLING = frozenset("abdefghjlmnqrtаберуфαβγδεζηλμνξπρσω")
"""Letters whose two forms differ by design. Of the others (c C, s S, most of Cyrillic) a scaled capital is the small letter."""


def _is_small_capital(font: hb.Font, lower: str, upper: str) -> bool:
    """Tell whether a small letter is drawn as its capital: with the same commands, the points only scaled."""
    if lower == upper or len(upper) != 1:
        return False
    glyphs = [font.get_nominal_glyph(ord(c)) for c in (lower, upper)]
    if None in glyphs:
        return False
    if unicodedata.normalize("NFD", lower)[0] not in _TELLING:
        return False
    small, large = (outline_of(font, g) for g in glyphs)
    return bool(small.commands) and small.commands == large.commands and _is_scaled(small.points, large.points)


def _is_scaled(small: tuple[float, ...], large: tuple[float, ...]) -> bool:
    """Tell whether both outlines agree within 3 % of their size when they are laid over each other."""

    def unit(values: tuple[float, ...]) -> list[float]:
        low, high = min(values), max(values)
        return [(v - low) / (high - low or 1) for v in values]

    pairs = [(unit(small[k::2]), unit(large[k::2])) for k in (0, 1)]
    return all(abs(a - b) < _SAME_SHAPE for s, g in pairs for a, b in zip(s, g, strict=True))


_SAME_SHAPE = 0.03


def _look(face: FaceFile, letters: Alphabet) -> int:
    """Return a number that faces share if all letters have the same outlines."""
    font = open_instance(face.key).hb_font
    glyphs = [font.get_nominal_glyph(ord(c)) for c in sorted(set("".join(letters.letters)))[:200]]
    return hash(tuple(outline_of(font, g) for g in glyphs if g))
