"""The visual order of a label, for Tesseract's files: it reads pixels from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import regex

from ocrsynth.bidi import CLASSES, levels_of
from ocrsynth.write.base import direction_of

if TYPE_CHECKING:
    from ocrsynth.write.base import Stored

_CLUSTER = regex.compile(r"\X")
_MIRROR = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")
_RTL = frozenset(("R", "AL"))


def visual_label(stored: Stored) -> str:
    """Return the label of a sample in display order: of numbers alone only the direction of their line tells it."""
    return visual_order(stored.text, direction_of(stored))


def visual_order(text: str, direction: str = "") -> str:
    """Return *text* in display order from left to right, grapheme clusters kept whole (UAX #9, rules L2 and L4).

    Without *direction* of the line, ``ltr`` or ``rtl``, its first letter tells it (rule P2).
    """
    first = next((kind for c in text if (kind := CLASSES[c]) in ("L", "R", "AL")), "L")
    rtl = direction == "rtl" if direction in ("ltr", "rtl") else first != "L"
    if not rtl and (text.isascii() or _RTL.isdisjoint(CLASSES[c] for c in text)):
        return text
    levels = levels_of(text, rtl=rtl)
    spans = [m.span() for m in _CLUSTER.finditer(text)]
    of_cluster = [levels[a] for a, _ in spans]
    order = list(range(len(spans)))
    for level in range(max(of_cluster), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and of_cluster[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end + 1
    return "".join(text[slice(*spans[i])].translate(_MIRROR) if of_cluster[i] % 2 else text[slice(*spans[i])] for i in order)
