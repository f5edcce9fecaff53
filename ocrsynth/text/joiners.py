"""Joiners, the invisible characters U+200C and U+200D: where a picture shows what they do, they may stand in a label.

In Persian U+200C parts letters that would join, in Sinhala and Hindi joiners beside a virama tell which form of a conjunct is
written.  Elsewhere they show nothing, so that no picture proves a label that holds them.
"""

from __future__ import annotations

import regex

JOINERS = "\u200c\u200d"
JOINS_ON = r"\p{Joining_Type=Dual_Joining}\p{Joining_Type=Transparent}*"
JOINS_BACK = r"[\p{Joining_Type=Dual_Joining}\p{Joining_Type=Right_Joining}]"
"""Regular expressions of a letter that joins to the one after it, with its marks, and of one that joins to the one before."""
_VIRAMA = r"\p{Canonical_Combining_Class=9}"
IDLE = (
    # Looked for first, for what else is asked costs more.
    f"(?=[{JOINERS}])(?!(?<={JOINS_ON})\u200c(?={JOINS_BACK})"
    f"|(?<=\\p{{L}}\\p{{M}}*{_VIRAMA})[{JOINERS}](?=\\p{{L}})"
    f"|(?<=\\p{{L}}\\p{{M}}*)[{JOINERS}](?={_VIRAMA}\\p{{L}}))[{JOINERS}]"
)
"""Regular expression of a joiner that shows nothing."""
_IDLE = regex.compile(IDLE)


def shows_all_joiners(text: str) -> bool:
    """Tell whether each joiner of *text*, if it has any, changes how the letters beside it are written."""
    return text.isascii() or not any(joiner in text for joiner in JOINERS) or _IDLE.search(text) is None
