"""What a face can be trusted to show: it may have a glyph for a character that is the picture of another.

Where a label could say either, the label would be wrong.  The face then lacks the character, as if it had no glyph.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from functools import lru_cache
from string import ascii_letters

import uharfbuzz as hb
from fontTools import agl
from fontTools import unicodedata as scripts

from ocrsynth.fonts.faces import INVISIBLE, MAX_FACES, open_face
from ocrsynth.fonts.outlines import Outline, outline_of
from ocrsynth.records import TATWEEL

_SIGNS = "-–—", "'’‘׳", '"”“״', "%٪", "٫٬", "l|", "I|", "ا١"
"""Signs that differ by their shapes alone, and letters that some are like, the plainest first."""
_MAY_BE_ALIKE = frozenset("".join(group[1:] for group in _SIGNS))
_ZEROS = "٠۰߀०০੦૦୦௦౦೦൦෦๐໐༠၀០᠐᱐"
"""The digits 0 of the scripts whose digits some faces draw as 0 to 9, or the other way round."""
_SAME_DIGITS = 3
"""More than these of 1 to 9 with one outline are of one system: a few are alike in some scripts."""
_EIGHT = 3
"""Contours of an 8, at least: its own and its two counters; no digit of the value 8 of the other systems has so many."""
_ALIKE_BY_DESIGN = tuple(map(frozenset, ("Ilǀ", "ÐĐƉ", "gɡ", "ӏӀІ", "ىی", "هەہ", "ةۃ", "كک")))
"""Letters that have one shape in many a good design: print does not tell them, so that nobody can be blamed for it."""
_WITHOUT_CASE = frozenset({"Latn", "Arab"})
"""Scripts of which letters without case are looked at as well, such as ``º``.

In others letters and digits are alike that are one sign by origin.
"""
_BAR = "MLLLLZ"
"""A bare bar, which is not the shape of any letter but of I and l, and of both."""
_CEDILLAS = frozenset("ŞşŢţ")
"""Letters that old fonts draw as those with a comma below, which are right."""
_JOINED_ALIKE = tuple(map(frozenset, ("يىیېۍےۓئ", "كکڪ", "هەہھۀۂۃةۿ", "فڧڤڨقٯڡ", "نںڹ", "ںى", "جچڄ")))
"""Arabic letters of which some forms are the same, or differ by points that a font may draw by a glyph of their own."""
_TAGS = {
    "Arab": ("arab",),
    "Syrc": ("syrc",),
    "Nkoo": ("nko ",),
    "Mong": ("mong",),
    "Deva": ("deva", "dev2", "dev3"),
    "Beng": ("beng", "bng2", "bng3"),
    "Guru": ("guru", "gur2", "gur3"),
    "Gujr": ("gujr", "gjr2", "gjr3"),
    "Orya": ("orya", "ory2", "ory3"),
    "Taml": ("taml", "tml2", "tml3"),
    "Telu": ("telu", "tel2", "tel3"),
    "Knda": ("knda", "knd2", "knd3"),
    "Mlym": ("mlym", "mlm2", "mlm3"),
    "Sinh": ("sinh", "sin3"),
    "Khmr": ("khmr",),
    "Mymr": ("mymr", "mym2"),
    "Tibt": ("tibt",),
}
"""Scripts whose letters join, stack or are reordered, and their names in fonts."""
_JOINED_BEH = 0xFE91
_ARABIC = "\u0600", "\u08ff"
_PLACES = (0, 0), (0, 1), (1, 1), (1, 0)
"""How many neighbours a letter joins before and behind it: alone, at the head, inside, at the end of a word."""


@lru_cache(maxsize=MAX_FACES)
def covered(path: str, index: int, characters: frozenset[str]) -> frozenset[str]:
    """Return those of *characters* that the face maps to a glyph of their own; that it has ink is proved after shaping."""
    if _shows_symbols(path, index):
        return frozenset()
    unicodes = open_face(path, index).unicodes
    found = frozenset(c for c in characters if ord(c) in unicodes or c in INVISIBLE)
    for script, letters in _to_be_shaped(characters).items():
        if not _shapes(path, index, script):
            found -= letters
    # Outlines take a while to compare: not until there is a sign that has a plainer one.
    if not found.isdisjoint(_MAY_BE_ALIKE):
        found -= drawn_alike(path, index)
    found = found.difference(copies(path, index, found))
    found -= misdrawn_digits(path, index)
    found -= misformed(path, index, found)
    # Most faces have all: then they share one set, which for thousands of characters takes a megabyte.
    return characters if len(found) == len(characters) else found


@lru_cache(maxsize=MAX_FACES)
def _shows_symbols(path: str, index: int) -> bool:
    """Tell whether most letters of ASCII are glyphs with the names of others, as in fonts of dingbats and of Greek letters."""
    font = hb.Font(open_face(path, index))
    glyphs = [(c, glyph) for c in ascii_letters if (glyph := font.get_nominal_glyph(ord(c)))]
    return 2 * sum(_is_named_otherwise(font.get_glyph_name(glyph) or "", c) for c, glyph in glyphs) > len(glyphs)


def _is_named_otherwise(name: str, c: str) -> bool:
    if name == c:  # As of nearly all fonts: all else is a look-up in two lists.
        return False
    named = agl.toUnicode(name)
    if not named and name != f"a{ord(c)}":  # That is a number, and not the name of a dingbat.
        named = agl.toUnicode(name, isZapfDingbats=True)
    return len(named) == 1 and named != c


@lru_cache(maxsize=64)
def _to_be_shaped(characters: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return the letters and marks of scripts that are not read unless a font joins, stacks or orders them."""
    found: dict[str, set[str]] = defaultdict(set)
    for c in characters:
        if not c.isascii() and unicodedata.category(c)[0] in "LM" and (script := scripts.script(c)) in _TAGS:
            found[script].add(c)
    return {script: frozenset(letters) for script, letters in found.items()}


def _shapes(path: str, index: int, script: str) -> bool:
    """Tell whether the face knows how letters of *script* are set; without, HarfBuzz sets them one by one as they come."""
    face = open_face(path, index)
    # Fonts of old systems have the joined forms as characters, which HarfBuzz takes.
    if "morx" in face.table_tags or (script == "Arab" and _JOINED_BEH in face.unicodes):
        return True
    tags = {tag for table in ("GSUB", "GPOS") for tag in face.get_table_script_tags(table)}
    return not tags.isdisjoint(_TAGS[script])


def copies(path: str, index: int, characters: frozenset[str]) -> dict[str, str]:
    """Return the letters of *characters* that the face draws as another of them, each with that one: the label would be wrong.

    The capital in the place of the small letter, ``B`` in that of ``ß``, ``G`` in that of ``Ģ``.  The plainer of two is what
    the picture shows; of ``Ẫ`` and ``Ẵ`` either may be, so that both are returned.
    """
    font = hb.Font(open_face(path, index))
    # Outlines take long, and what differs in its extents differs.
    groups: dict[tuple[str, int, int, int], list[tuple[str, int]]] = defaultdict(list)
    for c, script in _letters(characters):
        glyph = font.get_nominal_glyph(ord(c))
        extents = font.get_glyph_extents(glyph) if glyph else None
        if extents is not None and extents.width:
            groups[script, extents.width, extents.height, extents.y_bearing].append((c, glyph))
    found: dict[str, str] = {}
    for group in groups.values():
        if len(group) > 1 and not _are_basic([c for c, _ in group]):
            found |= _copies_among(font, group)
    return found


@lru_cache(maxsize=64)
def _letters(characters: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return the letters of *characters* that `copies` looks at, with their scripts."""
    found = ((c, scripts.script(c)) for c in sorted(characters) if c.isalpha())
    return tuple((c, script) for c, script in found if script in _WITHOUT_CASE or c.lower() != c.upper())


def _are_basic(letters: list[str]) -> bool:
    """Tell whether these are letters that every font has, no two of them capital and small: no copies fill their places."""
    return all(map(str.isascii, letters)) and len({c.lower() for c in letters}) == len(letters)


def _copies_among(font: hb.Font, group: list[tuple[str, int]]) -> dict[str, str]:
    """Return what `copies` does, of letters with their glyphs."""
    by_outline: dict[Outline, list[str]] = defaultdict(list)
    for c, glyph in group:
        outline = outline_of(font, glyph)
        if outline.commands != _BAR:
            by_outline[outline].append(c)
    found: dict[str, str] = {}
    for alike in by_outline.values():
        if len(alike) == 1 or _by_design(alike):
            continue
        ordered = sorted(alike, key=lambda c: (_plainness(c, alike), c))
        plainest, second = ordered[:2]
        found |= dict.fromkeys(ordered[1:], plainest)
        if _plainness(plainest, alike) == _plainness(second, alike):
            found[plainest] = second
    return found


def _by_design(alike: list[str]) -> bool:
    """Tell whether letters are of one shape by design, each with the same accents, as ``ĺ`` and ``Í`` of a sans."""
    parts = [unicodedata.normalize("NFD", c) for c in alike]
    bases = {part[0] for part in parts}
    return len({part[1:] for part in parts}) == 1 and any(design >= bases for design in _ALIKE_BY_DESIGN)


def _plainness(c: str, alike: list[str]) -> tuple[bool, int, bool, bool]:
    """Return a key by which the one of *alike* comes first that an outline of theirs is most likely to show."""
    parts = len(unicodedata.normalize("NFKD", c))
    return not c.isascii(), parts, c in _CEDILLAS, c.islower() and c.upper() in alike


@lru_cache(maxsize=MAX_FACES)
def drawn_alike(path: str, index: int) -> frozenset[str]:
    """Return the signs that a face draws as it draws a plainer one: no picture could tell which the label says."""
    font = hb.Font(open_face(path, index))
    alike: set[str] = set()
    for group in _SIGNS:
        seen: set[Outline] = set()
        for sign in group:
            glyph = font.get_nominal_glyph(ord(sign))
            if glyph:
                outline = outline_of(font, glyph)
                if outline in seen:
                    alike.add(sign)
                seen.add(outline)
    return frozenset(alike)


@lru_cache(maxsize=MAX_FACES)
def misdrawn_digits(path: str, index: int) -> frozenset[str]:
    """Return the digits that a face draws as those of another numbering system: the label would be wrong.

    Some draw Devanagari's as 0 to 9, some 0 to 9 as Arabic's.
    """
    unicodes = open_face(path, index).unicodes
    zeros = [zero for zero in _ZEROS if ord(zero) in unicodes]
    if not zeros or ord("8") not in unicodes:
        return frozenset()
    font = hb.Font(open_face(path, index))

    def drawn(zero: str, script: str) -> list[Outline | None]:
        buffer = hb.Buffer()
        buffer.add_str("".join(chr(ord(zero) + value) for value in range(1, 10)))
        buffer.direction, buffer.script = "ltr", script
        # Some replace them by a feature of the script.
        hb.shape(font, buffer)
        return [outline_of(font, info.codepoint) if info.codepoint else None for info in buffer.glyph_infos]

    wrong: set[str] = set()
    for zero in zeros:
        script = scripts.script(zero)
        usual, other = drawn("0", script), drawn(zero, script)
        same = sum(a is not None and a == b for a, b in zip(usual, other, strict=False))
        if same > _SAME_DIGITS:
            eight = usual[7]
            is_usual = eight is not None and eight.commands.count("M") >= _EIGHT
            wrong.update(chr(ord(zero if is_usual else "0") + value) for value in range(10))
    return frozenset(wrong)


@lru_cache(maxsize=MAX_FACES)
def misformed(path: str, index: int, characters: frozenset[str]) -> frozenset[str]:
    """Return the letters of *characters* that a face shows, joined, by the form of another letter: the label would be wrong.

    Of Arabic script alone, of whose forms Unicode has signs that tell what a glyph is.  A glyph that has none is trusted.
    """
    letters = sorted(c for c in characters if _ARABIC[0] <= c <= _ARABIC[1] and c.isalpha())
    if not letters:
        return frozenset()
    face = open_face(path, index)
    font = hb.Font(face)
    shown_by: dict[int, set[str]] = defaultdict(set)
    for code in face.unicodes:
        if unicodedata.category(chr(code)) == "Lo":
            shown_by[font.get_nominal_glyph(code)].update(unicodedata.normalize("NFKD", chr(code)))

    def is_wrong(letter: str, before: int, behind: int) -> bool:
        buffer = hb.Buffer()
        buffer.add_str(TATWEEL * before + letter + TATWEEL * behind, before, 1)
        buffer.direction, buffer.script = "rtl", "Arab"
        hb.shape(font, buffer)
        inked = [i.codepoint for i in buffer.glyph_infos if (e := font.get_glyph_extents(i.codepoint)) and e.width]
        # Of several, one is a body without points.
        shown = shown_by.get(inked[0], set()) if len(inked) == 1 else set()
        own = set(unicodedata.normalize("NFKD", letter))
        return bool(shown) and shown.isdisjoint(own.union(*(alike for alike in _JOINED_ALIKE if alike & own)))

    return frozenset(c for c in letters if any(is_wrong(c, *place) for place in _PLACES))
