"""Splits a line into runs of one direction and one script, in visual order.

Reordering is rule L2 of the Unicode Bidirectional Algorithm on whole runs, which equals L2 on characters because a run has
one level.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from fontTools import unicodedata as scripts

from ocrsynth.fonts.faces import open_instance
from ocrsynth.shape.bidi import class_of, levels_of

if TYPE_CHECKING:
    from ocrsynth.records import FontKey

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


def itemise(text: str, direction: str, script: str) -> list[Run]:
    """Return the runs of *text* in visual order, from left to right.

    *direction* (``ltr`` or ``rtl``) is that of the paragraph; *script* (ISO 15924) is given to a line whose characters
    belong to no script of their own.
    """
    if not text:
        return []
    if direction == "ltr" and max(text) <= _LAST_LATIN:
        return [Run(0, len(text), rtl=False, script="Latn" if script == "Latn" else _first_script(text, script))]
    levels = _levels(text, direction)
    codes = _scripts(text, script)
    edges = [0]
    edges += [i for i in range(1, len(text)) if levels[i] != levels[i - 1] or codes[i] != codes[i - 1]]
    edges.append(len(text))
    runs = [(levels[a], Run(a, b, rtl=levels[a] % 2 == 1, script=codes[a])) for a, b in pairwise(edges)]
    return [run for _, run in _reordered(runs)]


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


@lru_cache(maxsize=65_536)
def _script_of(c: str) -> str:
    code: str = scripts.script(c)
    return code


def _levels(text: str, direction: str) -> list[int]:
    kinds = {class_of(c) for c in text}
    if direction == "ltr" and kinds.isdisjoint(_RTL_CLASSES):
        return [0] * len(text)
    if direction == "rtl" and kinds <= _SURE_OF_RTL:
        return [1] * len(text)
    return levels_of(text, rtl=direction == "rtl")


def _scripts(text: str, fallback: str) -> list[str]:
    """Return the script of each code point; shared characters take that of the one before them, or of the first after."""
    codes: list[str] = []
    for c in text:
        code = _script_of(c)
        codes.append(codes[-1] if code in _SHARED and codes else code)
    first = next((code for code in codes if code not in _SHARED), fallback)
    return [first if code in _SHARED else code for code in codes]


def _first_script(text: str, fallback: str) -> str:
    return next((code for c in text if (code := _script_of(c)) not in _SHARED), fallback)


def by_font(text: str, run: Run, starts: list[int], fonts: tuple[FontKey, ...]) -> list[tuple[Run, FontKey]]:
    """Return the parts of a run in logical order, each with the first of *fonts* that maps all of its characters.

    *starts* are the offsets of the grapheme clusters: one cluster never stands in two fonts.  What no font has stays
    with the first, whose proof will reject it.
    """
    if open_instance(fonts[0]).covers(text[run.start : run.end]):
        return [(run, fonts[0])]
    parts: list[tuple[Run, FontKey]] = []
    bounds = [s for s in starts if run.start < s < run.end]
    for a, b in pairwise((run.start, *bounds, run.end)):
        cluster = text[a:b]
        key = next((f for f in fonts if open_instance(f).covers(cluster)), fonts[0])
        if parts and parts[-1][1] == key:
            parts[-1] = (parts[-1][0]._replace(end=b), key)
        else:
            parts.append((run._replace(start=a, end=b), key))
    return parts
