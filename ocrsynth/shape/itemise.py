"""Splits a line into runs of one direction, script and font, in visual order.

Reordering is rule L2 of the Unicode Bidirectional Algorithm on whole runs, which equals L2 on characters because a run has
one level.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from fontTools import unicodedata as scripts

from ocrsynth.bidi import CLASSES, levels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocrsynth.fonts.faces import FontInstance

Stance = Literal["flat", "upright", "sideways"]
_FULL_WIDTH = frozenset({"W", "F"})
_LAST_LATIN = "\u024f"
_RTL_CLASSES = frozenset({"R", "AL", "AN"})
_SURE_OF_RTL = frozenset({"R", "AL", "NSM", "WS", "ON", "BN"})
_SHARED = frozenset({"Zyyy", "Zinh", "Zzzz"})


class Run(NamedTuple):
    """Code points ``text[start:end]`` of one script in one direction."""

    start: int
    end: int
    rtl: bool
    script: str
    stance: Stance = "flat"
    """Of a run in a vertical line: ``upright`` letters stand below each other, ``sideways`` ones are turned clockwise."""


def itemise(text: str, direction: str, script: str) -> list[Run]:
    """Return the runs of *text* in visual order, from left to right, or from top to bottom.

    *direction* (``ltr``, ``rtl`` or ``ttb``) is that of the paragraph; *script* (ISO 15924) is given to a line whose
    characters belong to no script of their own.
    """
    if not text:
        return []
    if direction == "ttb":
        return _vertical(text, script)
    if direction == "ltr" and max(text) <= _LAST_LATIN:
        return [Run(0, len(text), rtl=False, script="Latn" if script == "Latn" else _first_script(text, script))]
    levels = _levels(text, direction)
    codes = _scripts(text, script, levels)
    neighbours = zip(levels, levels[1:], codes, codes[1:], strict=False)
    edges = [0, *(i for i, (a, b, c, d) in enumerate(neighbours, 1) if a != b or c != d), len(text)]
    runs = [(levels[a], Run(a, b, rtl=levels[a] % 2 == 1, script=codes[a])) for a, b in pairwise(edges)]
    return [run for _, run in _reordered(runs)]


_UPRIGHT = re.compile("[§©®±¼-¾×÷‖†‡※‼⁂⁇-⁉⁑℀℁℃-℉№℡⅐-↋∞∴∵①-⓿■-☙]")
"""Signs of ambiguous width that stand upright in vertical lines: figures in circles, Roman ones, marks."""


def _vertical(text: str, script: str) -> list[Run]:
    """Return the runs of a vertical line: what is full-width stands upright, and some signs, the rest is turned.

    By East Asian Width (UAX #11), and by Vertical_Orientation (UTR #50) of the signs that it leaves ambiguous.
    """
    codes = _scripts(text, script, [0] * len(text))
    stances: list[Stance] = []
    for c in text:
        # A combining mark goes with its base.
        if unicodedata.combining(c) and stances:
            stances.append(stances[-1])
        else:
            stances.append("upright" if unicodedata.east_asian_width(c) in _FULL_WIDTH or _UPRIGHT.match(c) else "sideways")
    edges = [0]
    edges += [i for i in range(1, len(text)) if codes[i] != codes[i - 1] or stances[i] != stances[i - 1]]
    edges.append(len(text))
    return [Run(a, b, rtl=False, script=codes[a], stance=stances[a]) for a, b in pairwise(edges)]


def _reordered(runs: list[tuple[int, Run]]) -> list[tuple[int, Run]]:
    """Apply rule L2: from the highest level down to 1, reverse every stretch at that level or above."""
    for level in range(max(level for level, _ in runs), 0, -1):
        out: list[tuple[int, Run]] = []
        stretch: list[tuple[int, Run]] = []
        for item in runs:
            if item[0] >= level:
                stretch.append(item)
                continue
            out += reversed(stretch)
            stretch = []
            out.append(item)
        runs = out + stretch[::-1]
    return runs


class _Scripts(dict[str, str]):
    """Script codes of the characters met so far."""

    def __missing__(self, c: str) -> str:
        code: str = scripts.script(c)
        self[c] = code
        return code


_SCRIPT_OF = _Scripts()


def _levels(text: str, direction: str) -> list[int]:
    kinds = {CLASSES[c] for c in text}
    if direction == "ltr" and kinds.isdisjoint(_RTL_CLASSES):
        return [0] * len(text)
    if direction == "rtl" and kinds <= _SURE_OF_RTL:
        return [1] * len(text)
    return levels_of(text, rtl=direction == "rtl")


def _scripts(text: str, fallback: str, levels: list[int]) -> list[str]:
    """Return the script of each code point.

    Characters that scripts share take that of the one before them at the same embedding level, or of the first after: a
    space between two words is shaped with one of them, and makes no run of its own.
    """
    codes = [_SCRIPT_OF[c] for c in text]
    if _SHARED.isdisjoint(codes):
        return codes
    last, level = "", -1
    for i, code in enumerate(codes):
        if levels[i] != level:
            last, level = "", levels[i]
        if code not in _SHARED:
            last = code
        elif last:
            codes[i] = last
    last, level = "", -1
    for i in range(len(codes) - 1, -1, -1):
        if levels[i] != level:
            last, level = "", levels[i]
        if codes[i] not in _SHARED:
            last = codes[i]
        elif last:
            codes[i] = last
    first = next((code for code in codes if code not in _SHARED), fallback)
    return [first if code in _SHARED else code for code in codes]


def _first_script(text: str, fallback: str) -> str:
    return next((code for c in text if (code := _SCRIPT_OF[c]) not in _SHARED), fallback)


def by_font(
    text: str, run: Run, starts: list[int], instances: Sequence[FontInstance], lacking: frozenset[str]
) -> list[tuple[Run, FontInstance]]:
    """Return the parts of a run in logical order, each with the first of *instances* that maps all of its characters.

    *lacking* are characters that the first is not trusted with, though it may have glyphs for them.  *starts* are the offsets
    of the grapheme clusters: one cluster never stands in two fonts.  What no font has stays with the first, whose proof will
    reject it.
    """
    own = instances[0]
    whole = text[run.start : run.end]
    if own.covers(whole) and lacking.isdisjoint(whole):
        return [(run, own)]
    parts: list[tuple[Run, FontInstance]] = []
    begin = run.start
    last: FontInstance | None = None
    bounds = [*starts[bisect_left(starts, run.start) : bisect_left(starts, run.end)], run.end]
    for a, b in pairwise(bounds):
        cluster = text[a:b]
        # A space stays with the word before it.
        if cluster == " " and last is not None and last.covers(cluster):
            continue
        which = own
        for instance in instances:
            if instance.covers(cluster) and (instance is not own or lacking.isdisjoint(cluster)):
                which = instance
                break
        if which is not last:
            if last is not None:
                parts.append((Run(begin, a, run.rtl, run.script, run.stance), last))
            begin, last = a, which
    parts.append((Run(begin, run.end, run.rtl, run.script, run.stance), last or own))
    return parts
