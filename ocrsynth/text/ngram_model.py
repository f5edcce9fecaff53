"""A character model with back-off: counts of what follows a context, as a file that people can read and edit.

The file is UTF-8 text.  A first line ``ocrsynth ngram 1, order 4`` is followed by one line a context, sorted: the context, a
tab, then ``character count`` pairs divided by tabs.  A line's beginning and end stand as ``↵``, a space as ``␣``, so that
nothing is invisible.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from ocrsynth.errors import AssetError

if TYPE_CHECKING:
    from collections.abc import Sequence

END = "\n"
"""Stands before the first and behind the last character of a line."""
MAX_ORDER = 8
_SHOWN = str.maketrans({END: "↵", " ": "␣"})
_READ = str.maketrans({"↵": END, "␣": " "})
MAGIC = "ocrsynth ngram 1, order "
"""What a file of a model begins with."""
_HEAD = re.compile(f"{MAGIC}([1-8])")


class Successors(NamedTuple):
    """What may follow a context, with cumulative counts."""

    characters: list[str]
    cumulative: list[float]


class Model(NamedTuple):
    """Successors by context, the last 0 to ``order`` - 1 characters."""

    order: int
    successors: dict[str, Successors]


def count(lines: Sequence[str], order: int, border: str = END) -> dict[str, dict[str, int]]:
    """Return how often each character follows each context of up to *order* - 1 characters in *lines*.

    *border* stands before and behind each: a space, where they are single words of which no line is known.
    """
    counts: dict[str, dict[str, int]] = {}
    for line in lines:
        text = border + line + border
        for i in range(1, len(text)):
            for length in range(min(order - 1, i) + 1):
                successors = counts.setdefault(text[i - length : i], {})
                successors[text[i]] = successors.get(text[i], 0) + 1
    return counts


def model_of(counts: dict[str, dict[str, int]], order: int) -> Model:
    """Return the model of some counts."""
    return Model(order, {c: Successors(list(s), list(accumulate(map(float, s.values())))) for c, s in counts.items()})


def to_text(counts: dict[str, dict[str, int]], order: int) -> str:
    """Return the content of a model's file."""
    lines = [f"{MAGIC}{order}"]
    for context, successors in sorted(counts.items()):
        pairs = "\t".join(
            f"{c.translate(_SHOWN)} {n}" for c, n in sorted(successors.items(), key=lambda pair: (-pair[1], pair[0]))
        )
        lines.append(f"{context.translate(_SHOWN)}\t{pairs}")
    return "\n".join(lines) + "\n"


def from_text(text: str, where: str) -> Model:
    """Return the model in the content of a file; raises AssetError, beginning with *where*, with the line of a fault."""
    lines = text.split("\n")
    head = _HEAD.fullmatch(lines[0])
    if head is None:
        raise AssetError(
            f"{where}:1: must be 'ocrsynth ngram 1, order N', got {lines[0][:60]!r}; make it with 'languages model'"
        )
    order = int(head[1])
    counts: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        context, *pairs = line.split("\t")
        successors: dict[str, int] = {}
        for pair in pairs:
            character, _, times = pair.rpartition(" ")
            if len(character) != 1 or not times.isdecimal() or int(times) < 1:
                raise AssetError(f"{where}:{number}: must be 'character count' pairs between tabs, got {pair!r}; mend the line")
            successors[character.translate(_READ)] = int(times)
        if len(context) >= order or not successors:
            raise AssetError(
                f"{where}:{number}: must be a context of less than {order} characters and its successors, got {line[:60]!r}"
            )
        counts[context.translate(_READ)] = successors
    if "" not in counts or counts[""].keys() <= {END}:
        raise AssetError(f"{where}: has no line for the empty context, from which all others are reached; add it")
    return model_of(counts, order)
