"""Edits in grapheme clusters: by hand, and against jiwer where it counts the same."""

from __future__ import annotations

import unicodedata
from typing import Any

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocrsynth.evaluate.metrics import Edit, distance, edits_between, graphemes, normalised, score, words_of


@pytest.mark.parametrize(
    ("label", "reading", "characters", "edits", "rate"),
    [
        ("cat", "cat", 3, 0, 0.0),
        ("cat", "", 3, 3, 1.0),
        ("", "", 0, 0, 0.0),
        ("", "ab", 0, 2, 2.0),
        ("ab", "abcdef", 2, 4, 2.0),
        # A line's end of two code points is one cluster.
        ("a\r\nb", "a\nb", 3, 1, 1 / 3),
        # One letter, however it is coded.
        ("caf\u00e9", "cafe\u0301", 4, 0, 0.0),
        ("cafe\u0301", "cafe", 4, 1, 0.25),
        # A family of four people joined by U+200D, and a flag, are one cluster each.
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e9\U0001f1ea",
            "x \U0001f1e9\U0001f1ea",
            3,
            1,
            1 / 3,
        ),
        # Alef with madda, composed and not; a lost kasra is one wrong cluster.
        ("\u0622\u0628", "\u0627\u0653\u0628", 2, 0, 0.0),
        ("\u0643\u0650\u062a\u0627\u0628", "\u0643\u062a\u0627\u0628", 4, 1, 0.25),
        # A Hindi conjunct is one cluster (GB9c).
        ("\u0915\u094d\u0937\u0924\u094d\u0930\u093f\u092f", "\u0915\u0937\u0924\u094d\u0930\u093f\u092f", 3, 2, 2 / 3),
    ],
)
def test_by_hand(label: str, reading: str, characters: int, edits: int, rate: float) -> None:
    counted, _ = score(label, reading)
    assert (counted.characters, counted.edits) == (characters, edits)
    assert counted.rate == pytest.approx(rate)


def test_words_of_letters_and_digits_alone_are_divided_by_what_is_left_out() -> None:
    assert words_of("Don't – stop, ﬁne 12!", "alnum_ci") == ["don", "t", "stop", "fine", "12"]
    assert words_of(" a\u00a0 b-c ", "compat") == ["a", "b-c"]
    same, split, joined = (score("A b", reading, "alnum_ci")[0] for reading in ("a-B", "a b", "ab"))
    assert (same.words, same.word_edits) == (split.words, split.word_edits) == (2, 0)
    assert (joined.edits, joined.words, joined.word_edits) == (0, 2, 2)


def test_words_and_similarity() -> None:
    counted, edits = score("the quick brown fox", "the quack brown")
    assert (counted.words, counted.word_edits) == (4, 2)
    assert (counted.substitutions, counted.deletions, counted.insertions) == (1, 4, 0)
    assert counted.similarity == pytest.approx(1 - 5 / 19)
    assert not counted.is_exact
    assert edits[0] == Edit("i", "a", 6)
    assert score("", "x")[0].similarity == 0
    assert score("", "")[0].similarity == 1


@pytest.mark.parametrize(
    ("text", "compat", "alnum"),
    [
        ("\u201cQuoted\u201d \u2013 it\u2019s", '"Quoted" - it\'s', "quotedits"),
        ("ﬁne  \u2026", "fine ...", "fine"),
        ("Straße №5", "Straße No5", "strasseno5"),
        ("e\u0301 ", "é", "é"),
    ],
)
def test_profiles(text: str, compat: str, alnum: str) -> None:
    assert normalised(text, "compat") == compat
    assert normalised(text, "alnum_ci") == alnum
    assert normalised(text, "exact") == unicodedata.normalize("NFC", text)


_PLAIN = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@given(_PLAIN, _PLAIN)
def test_jiwer_counts_the_same(label: str, reading: str) -> None:
    """Over text without spaces, which jiwer strips, and of one code point a cluster."""
    theirs = jiwer.process_characters(label, reading)
    ours = score(label, reading)[0]
    assert ours.edits == theirs.substitutions + theirs.deletions + theirs.insertions
    assert ours.rate == pytest.approx(theirs.cer)


_WORDS = st.lists(_PLAIN, min_size=1, max_size=6).map(" ".join)


@given(_WORDS, _WORDS)
def test_jiwer_counts_words_the_same(label: str, reading: str) -> None:
    ours = score(label, reading)[0]
    assert ours.word_edits / ours.words == pytest.approx(jiwer.wer(label, reading))


@given(st.text(max_size=12), st.text(max_size=12))
def test_edits_make_the_reading_of_the_label(label: str, reading: str) -> None:
    a, b = graphemes(unicodedata.normalize("NFC", label)), graphemes(unicodedata.normalize("NFC", reading))
    made: list[str] = []
    done = 0
    edits = edits_between(a, b)
    for edit in edits:
        made += a[done : edit.at]
        done = edit.at + bool(edit.label)
        made += [edit.reading] if edit.reading else []
    made += a[done:]
    assert made == b
    assert len(edits) == distance(a, b)


@pytest.mark.parametrize(("one", "other"), [("mʼa", "m'a"), ("a﹘b", "a-b"), ("a—b", "a-b"), ("a＇b", "a'b")])
@pytest.mark.parametrize("profile", ["compat", "alnum_ci"])
def test_characters_and_words_are_folded_alike(one: str, other: str, profile: Any) -> None:
    assert normalised(one, profile) == normalised(other, profile)
    assert words_of(one, profile) == words_of(other, profile)
