"""The part of the proof that looks into grapheme clusters: each character of one leaves a trace in its picture.

That a cluster has ink does not tell that all of it was drawn.  Some fonts leave out a virama or a vowel sign: the picture
is then that of a shorter label.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import uharfbuzz as hb

from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import open_instance
from ocrsynth.records import FontKey
from ocrsynth.shape.clusters import needs_ink

if TYPE_CHECKING:
    from ocrsynth.shape.itemise import Run


def check_traces(key: FontKey, run: Run, text: str, language: str, starts: list[int]) -> None:
    """Raise Rejected (``lost_mark``) if the font draws a cluster of *run* as it would without one of its characters.

    *starts* are the offsets of the grapheme clusters of *text*.
    """
    for start, end in pairwise([*(s for s in starts if run.start <= s < run.end), run.end]):
        if end - start > 1:
            lost = _without_trace(key.path, key.face, text[start:end], run.script, language, run.rtl)
            if lost:
                raise Rejected("lost_mark", f"{lost!r} of {text[start:end]!r} leaves no trace")


@lru_cache(maxsize=1 << 15)
def _without_trace(path: str, index: int, cluster: str, script: str, language: str, rtl: bool) -> str:  # noqa: FBT001
    """Return the first character of *cluster* that could as well be left out, empty if there is none."""
    # What glyphs a face takes is the same at all places of its design space, or nearly: it is asked once.
    key = FontKey(path, index, ())
    whole = _drawn(key, cluster, script, language, rtl=rtl)
    for i, c in enumerate(cluster):
        if needs_ink(c) and _drawn(key, cluster[:i] + cluster[i + 1 :], script, language, rtl=rtl) == whole:
            return c
    return ""


def _drawn(key: FontKey, text: str, script: str, language: str, *, rtl: bool) -> set[tuple[int, int, int]]:
    """Return each glyph with ink, and where it stands in font units; one upon itself is seen once."""
    instance = open_instance(key)
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.direction = "rtl" if rtl else "ltr"
    buffer.script = script
    buffer.language = language
    hb.shape(instance.hb_font, buffer)
    drawn = set()
    pen = 0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        x_offset, y_offset, advance, _ = position.position
        if instance.ink_box(info.codepoint) is not None:
            drawn.add((info.codepoint, pen + x_offset, y_offset))
        pen += advance
    return drawn
