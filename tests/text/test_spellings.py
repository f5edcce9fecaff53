"""Spellings that look alike: a label holds the usual one, or the text is none."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet, line_index
from ocrsynth.text.line_index import index_of
from ocrsynth.text.mixture import check_label
from ocrsynth.text.sources.alphabet import Alphabet
from ocrsynth.text.sources.corpus import Corpus
from ocrsynth.text.sources.ngram import training_lines
from ocrsynth.text.spellings import has_bare_mark, settled, typed_apostrophes, with_printed_apostrophes

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("\u0e01\u0e4d\u0e32", "\u0e01\u0e33"),
        # The tone stands before the one sign, and may have stood on either side of nikhahit.
        ("\u0e19\u0e4d\u0e49\u0e32", "\u0e19\u0e49\u0e33"),
        ("\u0e81\u0ecd\u0eb2", "\u0e81\u0eb3"),
        ("ابـــت", "ابـت"),
        ("ابـت", "ابـت"),
        ("น้ำ", "น้ำ"),
        ("plain", "plain"),
    ],
)
def test_one_spelling_stands_for_all_that_look_like_it(text: str, usual: str) -> None:
    assert settled(text) == usual
    assert settled(usual) == usual


@pytest.mark.parametrize(("text", "bare"), [("een \u0301twee", True), ("\u0301a", True), ("a\u0301 b", False), ("ab", False)])
def test_a_mark_wants_a_letter(text: str, bare: bool) -> None:
    assert has_bare_mark(text) == bare


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("th", "\u0e01\u0e4d\u0e32", "a spelling that no picture tells from another"),
        ("th", "\u0e01\u0e33", None),
        ("ar", "بـــت", "a spelling that no picture tells from another"),
        ("ar", "بـت", None),
        ("th", "\u0e01 \u0e49\u0e01", "a mark without a letter"),
    ],
)
def test_what_can_be_no_label_is_told(language: str, text: str, why: str | None) -> None:
    characters = alphabet.load(language).characters | {" ", "\u0e4d", "ـ"}
    assert check_label(text, characters) == why


def test_texts_of_a_corpus_have_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "th.txt"
    file.write_text("\u0e01\u0e4d\u0e32\n\u0e01 \u0e49\u0e01\n\u0e01\u2028\u0e01\u0085\u0e01\n", encoding="utf-8")
    letters = alphabet.load("th")
    letters = letters.model_copy(update={"marks": f"{letters.marks} \u0e4d", "spacing": True})
    assert index_of(str(file), letters.characters).report() == "1 of 3 lines hold marks without a letter (line 2 at mark 3)"
    draw = Corpus(file=str(file), cut="lines").compile(letters, "text")
    assert {draw(Stream(0, i, "text"), 9) for i in range(60)} == {"\u0e01\u0e33", "\u0e01 \u0e01 \u0e01"}


def test_random_strings_set_dots_of_shin_on_shin_alone_and_no_mark_twice() -> None:
    for language, marks in (("he", "\u05c1\u05c2"), ("nv", "")):
        letters = alphabet.load(language)
        draw = Alphabet(marks=1.0).compile(letters, "text")
        text = "".join(draw(Stream(0, i, "text"), 40) for i in range(300))
        for before, c in pairwise(text):
            assert c not in marks or not c.strip() or before == "ש"
        if language == "nv":
            assert "\u0301\u0301" not in text
            assert "\u0328\u0328" not in text
        else:
            assert set(marks) <= set(text)
            assert "ש\u05b9" not in text


class TestApostrophes:
    """Keyboards type U+0027; where an alphabet holds the printed one alone, a corpus means that."""

    _TEXT = "L'homme qu'il a vu\nun po' d’eau\ndit 'oui' et non\nm\u02bcavez\n"

    @pytest.mark.parametrize(
        ("typed", "printed"),
        [
            ("L'homme d'\u00e9t\u00e9", "L’homme d’\u00e9t\u00e9"),
            ("un po' d'acqua", "un po’ d’acqua"),
            # What opens a quotation is none, so that the line stays outside the alphabet.
            ("dit 'oui'", "dit 'oui’"),
            ("e\u0328'x", "e\u0328’x"),
            ("5' 6", "5' 6"),
        ],
    )
    def test_behind_letters_they_are_printed_ones(self, typed: str, printed: str) -> None:
        assert with_printed_apostrophes(typed, typed_apostrophes(alphabet.load("fr_Latn").characters)) == printed

    def test_an_alphabet_that_holds_both_keeps_both(self, tmp_path: Path) -> None:
        file = tmp_path / "en.txt"
        file.write_text("don't don’t\n", encoding="utf-8")
        assert not typed_apostrophes(alphabet.load("en_Latn").characters) - {"\u02bc"}
        assert _lines(file, "en_Latn") == {"don't don’t"}

    def test_lines_of_a_corpus_are_not_lost_for_them(self, tmp_path: Path) -> None:
        file = tmp_path / "fr.txt"
        file.write_text(self._TEXT, encoding="utf-8")
        index = index_of(str(file), alphabet.load("fr_Latn").characters)
        assert [f.line for f in index.faults] == [3]
        assert _lines(file, "fr_Latn") == {"L’homme qu’il a vu", "un po’ d’eau", "m’avez"}

    def test_a_plain_file_of_ascii_is_read_so_too(self, tmp_path: Path) -> None:
        file = tmp_path / "fr.txt"
        file.write_text("c'est\n", encoding="utf-8")
        assert index_of(str(file), alphabet.load("fr_Latn").characters).faults == []
        assert _lines(file, "fr_Latn") == {"c’est"}

    @pytest.mark.parametrize("block", range(5, 12))
    def test_the_border_of_a_block_parts_none_from_its_letter(
        self, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setattr(line_index, "_BLOCK", block)
        file = tmp_path / "fr.txt"
        file.write_text("l'ami d'or qu'il a " * 9, encoding="utf-8")
        assert index_of(str(file), alphabet.load("fr_Latn").characters).faults == []

    def test_models_are_fitted_on_printed_ones(self, tmp_path: Path) -> None:
        file = tmp_path / "fr.txt"
        file.write_text("c'est l'ami\n", encoding="utf-8")
        assert training_lines(str(file), alphabet.load("fr_Latn"), "text") == ["c’est l’ami"]


def _lines(file: Path, language: str) -> set[str]:
    letters = alphabet.load(language)
    draw = Corpus(file=str(file), cut="lines").compile(letters, "text")
    return {draw(Stream(1, i, "text"), 20) for i in range(60)}
