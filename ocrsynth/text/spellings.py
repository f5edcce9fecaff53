"""Spellings that no picture tells from another one, so that no label may hold them.

Vowel signs of Thai and Lao that are one character or two are drawn alike; of strokes that draw a word out (U+0640) nobody
can count how many stand beside each other; and a mark without a letter stands on a space, or on nothing.
"""

from __future__ import annotations

import re
import unicodedata

import regex

from ocrsynth.records import TATWEEL

_AM = re.compile("([\u0e4d\u0ecd])([\u0e48-\u0e4b\u0ec8-\u0ecb]?)([\u0e32\u0eb2])")
"""Nikhahit, a tone perhaps, and aa: what U+0E33, or U+0EB3 of Lao, shows as well."""
_ONE_SIGN = {"\u0e32": "\u0e33", "\u0eb2": "\u0eb3"}
_TYPED = regex.compile(r"(?<=\p{L}\p{M}*)['\u02bc]")
"""An apostrophe behind a letter as keyboards type it, or as Unicode has it for a letter."""
_PRINTED = "\u2019"
_STROKES = re.compile(f"{TATWEEL}{{2,}}")


def settled(text: str) -> str:
    """Return *text* in the usual one of spellings that look alike: one sign for am, one stroke for several."""
    if text.isascii():
        return text
    text = _AM.sub(lambda found: found[2] + _ONE_SIGN[found[3]], text)
    return _STROKES.sub(TATWEEL, text)


def has_bare_mark(text: str) -> bool:
    """Tell whether a mark stands at the head of *text*, or behind a space."""
    return not text.isascii() and any(word and unicodedata.category(word[0])[0] == "M" for word in text.split(" "))


def typed_apostrophes(characters: frozenset[str]) -> frozenset[str]:
    """Return the apostrophes that an alphabet of *characters* lacks while it holds the printed one, U+2019."""
    return frozenset("'\u02bc") - characters if _PRINTED in characters else frozenset()


def with_printed_apostrophes(text: str, typed: frozenset[str]) -> str:
    """Return *text* with U+2019 for those of *typed* that stand behind a letter; others may be quotation marks."""
    if not any(sign in text for sign in typed):
        return text
    return _TYPED.sub(lambda found: _PRINTED if found[0] in typed else found[0], text)
