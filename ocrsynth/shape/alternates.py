"""The part of the proof that looks at OpenType features: a glyph put in the place of another must show the same character.

What a tag means is left to the font.  The stylistic set of one has another ``a``, that of the next arrows and circled figures,
and old-style figures of some have an ``o`` for their zero.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING
from unicodedata import category, normalize

import uharfbuzz as hb

from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import MAX_FACES, open_face
from ocrsynth.fonts.outlines import Outline, outline_of

if TYPE_CHECKING:
    from ocrsynth.fonts.faces import FontInstance
    from ocrsynth.records import Setting
    from ocrsynth.shape.itemise import Run

_FORMS = ("\ufb00", "\ufeff")
"""Ligatures and joined letters that have characters of their own for the sake of old encodings."""


def check_alternates(
    instance: FontInstance, setting: Setting, glyph_ids: list[int], clusters: list[int], text: str, run: Run
) -> None:
    """Raise Rejected (``other_character``) if a feature that *setting* switches on shows another character than the text's."""
    if not any(on for _, on in setting.features):
        return
    ends = dict(pairwise([*sorted(set(clusters)), run.end]))
    path, face = instance.key.path, instance.key.face
    for glyph, start in zip(glyph_ids, clusters, strict=True):
        shown = text[start : ends[start]]
        if not _shows(path, face, glyph, shown):
            tags = ", ".join(tag for tag, on in setting.features if on)
            raise Rejected("other_character", f"feature {tags} shows another character than {shown!r}")


@lru_cache(maxsize=1 << 15)
def _shows(path: str, index: int, glyph: int, text: str) -> bool:
    """Tell whether a glyph that stands for *text* may be seen as a part of it."""
    characters = _characters_of(path, index).get(glyph)
    if characters is not None:
        parts = set(normalize("NFD", text)) | set(text)
        return any(parts.issuperset(_spelt(c)) for c in characters)
    if not (len(text) == 1 and text.isascii() and text.isalnum()):
        return True
    font, others = hb.Font(open_face(path, index)), _basic(path, index)
    alike = others.get(outline_of(font, glyph), "")
    # What looks so without the feature as well is its design.
    return not alike or text in alike


def _spelt(c: str) -> set[str]:
    """Return the characters that *c* is made of; of a figure in a circle that is itself."""
    return set(normalize("NFKD" if _FORMS[0] <= c <= _FORMS[1] else "NFD", c))


@lru_cache(maxsize=MAX_FACES)
def _characters_of(path: str, index: int) -> dict[int, str]:
    """Return which characters the face maps to each glyph, without those of private use."""
    face = open_face(path, index)
    font = hb.Font(face)
    found: dict[int, str] = defaultdict(str)
    for code in face.unicodes:
        glyph = font.get_nominal_glyph(code)
        if glyph and category(chr(code)) != "Co":
            found[glyph] += chr(code)
    return dict(found)


@lru_cache(maxsize=MAX_FACES)
def _basic(path: str, index: int) -> dict[Outline, str]:
    """Return the letters and digits of ASCII by their outlines."""
    font = hb.Font(open_face(path, index))
    found: dict[Outline, str] = defaultdict(str)
    for c in map(chr, range(0x30, 0x7B)):
        glyph = font.get_nominal_glyph(ord(c)) if c.isalnum() else None
        if glyph:
            found[outline_of(font, glyph)] += c
    return dict(found)
