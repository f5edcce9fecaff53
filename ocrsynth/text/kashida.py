"""Kashida: strokes between joined letters that draw a word out, by which print in Arabic script fills its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import regex

from ocrsynth.records import TATWEEL
from ocrsynth.text.joiners import JOINS_BACK, JOINS_ON

if TYPE_CHECKING:
    from ocrsynth.seeding import Stream

SCRIPTS = frozenset({"Adlm", "Arab", "Mand", "Mani", "Ougr", "Phlp", "Rohg", "Sogd", "Syrc"})
"""Scripts that have it, by Script_Extensions of Unicode (UAX #24)."""
_LAM_ALEF = r"(?<=ل\p{Joining_Type=Transparent}*)(?=[اأإآٱ])"
_JOINT = regex.compile(f"(?<={JOINS_ON})(?={JOINS_BACK})(?!{_LAM_ALEF})")
"""A place between letters that join; lam and alef are one form, which nobody parts."""
_WORD = regex.compile(r"\S+")
_SECOND = 0.2
"""Share of the lines in which another word is drawn out as well."""
_BEFORE_LAST = 0.5
"""Share of strokes before the last letter that joins."""


def drawn_out(text: str, stream: Stream, room: int) -> str:
    """Return *text* with at most *room* strokes in words of it; unchanged where no letters join."""
    for _ in range(min(1 + stream.chance(_SECOND), room)):
        # A word of its own for each: one that has a stroke already is left alone.
        words = [
            joints
            for word in _WORD.finditer(text)
            if TATWEEL not in word[0] and (joints := [m.start() for m in _JOINT.finditer(text, *word.span())])
        ]
        if not words:
            break
        joints = stream.choice(words)
        at = joints[-1] if stream.chance(_BEFORE_LAST) else stream.choice(joints)
        text = text[:at] + TATWEEL + text[at:]
    return text
