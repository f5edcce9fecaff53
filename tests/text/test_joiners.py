"""Joiners may stand in labels where a picture shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex

from ocrsynth.fonts.faces import FontKey, open_instance
from ocrsynth.records import TextLine
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet
from ocrsynth.text.joiners import JOINERS, shows_all_joiners
from ocrsynth.text.line_index import index_of
from ocrsynth.text.mixture import TextConfig, TextMixture, check_label, parse_sources
from ocrsynth.text.vocabulary import frequent_words

_NOTO = Path("/usr/share/fonts/truetype/noto")
_NEEDED = {"fa": "NotoNaskhArabic-Regular.ttf", "hi": "NotoSansDevanagari-Regular.ttf", "si": "NotoSansSinhala-Regular.ttf"}
_CASES = [
    ("fa", "می\u200cخواهم", True),
    ("fa", "می\u200cخواهم و نمی\u200cخواهم", True),
    ("fa", "کِ\u200cها", True),
    ("fa", "آزاد\u200cسازی", False),
    ("fa", "می\u200c", False),
    ("fa", "\u200cمی", False),
    ("fa", "می\u200c خواهم", False),
    ("fa", "می\u200c\u200cخواهم", False),
    ("fa", "می\u200dخواهم", False),
    ("si", "ක්\u200dර", True),
    ("hi", "क्\u200dष", True),
    ("hi", "क्\u200cष", True),
    ("hi", "क\u200dष", False),
    ("hi", "अर्थात्\u200c", False),
]


@pytest.mark.parametrize(("language", "text", "shown"), _CASES)
def test_a_joiner_stands_where_it_changes_what_is_written(language: str, text: str, shown: bool) -> None:
    assert shows_all_joiners(text) == shown


@pytest.mark.parametrize(("language", "text", "shown"), _CASES)
def test_harfbuzz_says_the_same(language: str, text: str, shown: bool) -> None:
    file = _NOTO / _NEEDED[language]
    if not file.is_file():
        pytest.skip("needs Debian's fonts-noto-core")
    letters, key = alphabet.load(language), FontKey(str(file), 0, ())

    def inked(drawn: str) -> list[int]:
        shaped = shape_line(TextLine(drawn, "test", letters.direction, letters.script, letters.language), key)
        return [g for run in shaped.runs for g in run.glyph_ids if open_instance(key).ink_box(g)]

    plain = regex.sub(f"[{JOINERS}]", "", text)
    if text.count("\u200c") + text.count("\u200d") == 1:
        # One way alone: a font need not have the form that a joiner asks for.
        assert shown or inked(text) == inked(plain)


@pytest.mark.parametrize(("language", "source"), [("fa", "words"), ("fa", "ngram"), ("si", "ngram")])
def test_labels_hold_them(language: str, source: str) -> None:
    letters = alphabet.load(language)
    mixture = TextMixture(TextConfig(), parse_sources(({source: {}},), "text.sources"), letters)
    texts = [mixture.draw(Stream(1, i, "text")).text for i in range(300)]
    joined = [text for text in texts if set(JOINERS) & set(text)]
    assert len(joined) > 10
    assert all(check_label(text, letters.characters) is None for text in texts)
    assert all(shows_all_joiners(text) for text in joined)


def test_words_of_a_list_whose_joiners_show_nothing_are_left_out() -> None:
    words, _ = frequent_words(alphabet.load("fa"), 25_000, 1.0)
    assert sum("\u200c" in word for word in words) > 1000
    assert all(shows_all_joiners(word) for word in words)


def test_what_can_be_no_label_is_told() -> None:
    characters = alphabet.load("fa").characters
    assert check_label("می\u200cخواهم", characters) is None
    assert check_label("آزاد\u200cسازی", characters) == "a joiner that shows nothing"
    assert check_label("می\u200cخواهم", characters - {"\u200c"}) == "characters outside the alphabet"


def test_lines_of_a_corpus_are_told_by_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "fa.txt"
    file.write_text("می\u200cخواهم\nآزاد\u200cسازی\nمی\u200c\nbad\n", encoding="utf-8")
    index = index_of(str(file), alphabet.load("fa").characters)
    assert index.n_usable == 1
    report = index.report()
    assert "2 of 4 lines hold joiners that show nothing (line 2 at character 5, line 3 at character 3)" in report
    assert "1 of 4 lines hold characters outside the alphabet (line 4: 'b' U+0062)" in report
