"""Embedding levels of a line by the Unicode Bidirectional Algorithm (UAX #9, revision 50).

Labels hold no embedding, override or isolate, so the line is one isolating run sequence and rules X1–X10 are idle; all of
W1–W7, N0–N2, I1–I2 and L1 stand here.  Package python-bidi, whose order the tests compare with, gives no levels from its
fast part, and its slow part takes 250 µs for 30 characters and lacks N0, the pairing of brackets.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAIRS = "()[]{}༺༻༼༽᚛᚜⁅⁆⁽⁾₍₎⌈⌉⌊⌋❨❩❪❫❬❭❮❯❰❱❲❳❴❵⟅⟆⟦⟧⟨⟩⟪⟫⟬⟭⟮⟯⦃⦄⦅⦆〈〉《》「」『』【】〔〕〖〗〘〙〚〛（）［］｛｝｟｠｢｣"
_CLOSER_OF = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
_CLOSERS = frozenset(_CLOSER_OF.values())
_NEUTRAL = frozenset({"B", "S", "WS", "ON"})
_RIGHTWARD = frozenset({"R", "EN", "AN"})
"""Types that count as R where neutrals look for a neighbour; after rule W3 there is no AL left."""
_MAX_OPEN_BRACKETS = 63
_STRONG = frozenset({"L", "R"})
_BETWEEN = frozenset({"ES", "CS"})
_NUMERIC = frozenset({"EN", "ES", "CS"})
_SEPARATORS = frozenset({"B", "S"})
_BLANK = frozenset({"WS", "BN"})
# Rules I1 and I2.
_LEVELS_RTL = {"R": 1, "L": 2, "EN": 2, "AN": 2}
_LEVELS_LTR = {"L": 0, "R": 1, "EN": 2, "AN": 2}


class _Classes(dict[str, str]):
    """Bidirectional classes of the characters met so far, as UAX #9 abbreviates them."""

    def __missing__(self, c: str) -> str:
        kind = self[c] = unicodedata.bidirectional(c) or "L"
        return kind


CLASSES = _Classes()


def levels_of(text: str, *, rtl: bool) -> list[int]:
    """Return the embedding level of each code point of a line whose paragraph runs right to left or not."""
    base = 1 if rtl else 0
    embedding = "R" if rtl else "L"
    original = [CLASSES[c] for c in text]
    level_of = _LEVELS_RTL if rtl else _LEVELS_LTR
    if "BN" in original:
        # Rule X9: boundary neutrals are as if they were not there; in the end each takes the level before it.
        places = [i for i, k in enumerate(original) if k != "BN"]
        kept = [original[i] for i in places]
        levels = [base] * len(text)
        for i, kind in zip(places, _resolved([text[i] for i in places], kept, embedding), strict=True):
            levels[i] = level_of[kind]
        for i, kind in enumerate(original):
            if kind == "BN" and i:
                levels[i] = levels[i - 1]
    else:
        levels = [level_of[kind] for kind in _resolved(text, original, embedding)]
    # Rule L1: separators, and white space before them and at the end of the line, take the level of the paragraph.
    ends = (
        [len(text), *(i for i, kind in enumerate(original) if kind in _SEPARATORS)]
        if not _SEPARATORS.isdisjoint(original)
        else [len(text)]
    )
    for end in ends:
        if end < len(text):
            levels[end] = base
        i = end - 1
        while i >= 0 and original[i] in _BLANK:
            levels[i] = base
            i -= 1
    return levels


def _resolved(text: Sequence[str], original: list[str], embedding: str) -> list[str]:
    """Return the types of characters after all rules but I1, I2 and L1."""
    kinds = original.copy()
    _resolve_weak(kinds, embedding)
    if not _CLOSERS.isdisjoint(text):
        _pair_brackets(text, original, kinds, embedding)
    _resolve_neutral(kinds, embedding)
    return kinds


def _resolve_weak(kinds: list[str], embedding: str) -> None:
    """Apply rules W1 to W7 in place."""
    before = strong = embedding
    present = set(kinds)
    for i, kind in enumerate(kinds):
        if kind == "NSM":  # W1
            kind = before  # noqa: PLW2901 - the rule changes what the next ones see
            kinds[i] = kind
        before = kind
        if kind == "AL":
            strong = kind
            kinds[i] = "R"  # W3
        elif kind in _STRONG:
            strong = kind
        elif kind == "EN" and strong == "AL":  # W2
            kinds[i] = "AN"
    for i, kind in enumerate(kinds if "CS" in present or "ES" in present else ()):
        if kind in _BETWEEN and 0 < i < len(kinds) - 1:  # W4
            left, right = kinds[i - 1], kinds[i + 1]
            if left == right and (left == "EN" or (left == "AN" and kind == "CS")):
                kinds[i] = left
    i = 0 if "ET" in present else len(kinds)
    while i < len(kinds):  # W5
        if kinds[i] != "ET":
            i += 1
            continue
        end = i
        while end < len(kinds) and kinds[end] == "ET":
            end += 1
        beside = (i > 0 and kinds[i - 1] == "EN") or (end < len(kinds) and kinds[end] == "EN")
        kinds[i:end] = ["EN" if beside else "ON"] * (end - i)  # the rest is W6
        i = end
    if present.isdisjoint(_NUMERIC):
        return
    strong = embedding
    for i, kind in enumerate(kinds):
        if kind in _STRONG:
            strong = kind
        elif kind == "EN" and strong == "L":  # W7
            kinds[i] = "L"
        elif kind in _BETWEEN:  # W6
            kinds[i] = "ON"


def _pair_brackets(text: Sequence[str], original: list[str], kinds: list[str], embedding: str) -> None:
    """Apply rule N0 in place: both brackets of a pair take one direction."""
    stack: list[tuple[str, int]] = []
    pairs: list[tuple[int, int]] = []
    for i, c in enumerate(text):
        if kinds[i] != "ON":
            continue
        if c in _CLOSER_OF:
            if len(stack) == _MAX_OPEN_BRACKETS:
                break
            stack.append((_CLOSER_OF[c], i))
        elif c in _CLOSERS:
            for depth in range(len(stack) - 1, -1, -1):
                if stack[depth][0] == c:
                    pairs.append((stack[depth][1], i))
                    del stack[depth:]
                    break
    other = "L" if embedding == "R" else "R"
    for first, last in sorted(pairs):
        inside = {"R" if k in _RIGHTWARD else k for k in kinds[first + 1 : last]} & {"L", "R"}
        if embedding in inside:
            direction = embedding
        elif other in inside:
            context = next(
                ("R" if k in _RIGHTWARD else k for k in reversed(kinds[:first]) if k in _RIGHTWARD or k == "L"), embedding
            )
            direction = other if context == other else embedding
        else:
            continue
        for place in (first, last):
            kinds[place] = direction
            after = place + 1
            while after < len(kinds) and original[after] == "NSM":
                kinds[after] = direction
                after += 1


def _resolve_neutral(kinds: list[str], embedding: str) -> None:
    """Apply rules N1 and N2 in place: neutrals take the direction of both their neighbours, or the embedding's."""
    i = 0
    while i < len(kinds):
        if kinds[i] not in _NEUTRAL:
            i += 1
            continue
        end = i
        while end < len(kinds) and kinds[end] in _NEUTRAL:
            end += 1
        left = embedding if i == 0 else "R" if kinds[i - 1] in _RIGHTWARD else kinds[i - 1]
        right = embedding if end == len(kinds) else "R" if kinds[end] in _RIGHTWARD else kinds[end]
        kinds[i:end] = [left if left == right else embedding] * (end - i)
        i = end
