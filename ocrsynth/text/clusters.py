"""Lengths of texts in grapheme clusters, what a reader takes for one character."""

from __future__ import annotations

import regex

CLUSTER = regex.compile(r"\X")


def length_of(text: str) -> int:
    """Return the number of grapheme clusters of a text."""
    return len(text) if text.isascii() else len(CLUSTER.findall(text))
