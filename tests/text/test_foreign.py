"""Words of other languages and words that nobody has written, and how long lines of them are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import wordfreq
from texts import ENGLISH, cased, drawer_of, english_with, mixture_of, texts_of

from ocrsynth import Recipe, assets
from ocrsynth.errors import RecipeError
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.base import SOURCES
from ocrsynth.text.clusters import length_of
from ocrsynth.text.mixture import check_label
from ocrsynth.text.sources.foreign import _LANGUAGES
from ocrsynth.text.vocabulary import frequent_words, share_written

if TYPE_CHECKING:
    from pathlib import Path


class TestForeign:
    """Words of other languages that the alphabet can write."""

    def test_lines_are_of_the_languages_named_and_of_no_other(self) -> None:
        words = {
            w
            for t in texts_of(drawer_of("foreign", languages=["fr", "it"], numbers=0, punctuation=0), 800, 60)
            for w in t.split()
        }
        known = {w.replace("'", "’") for code in ("fr", "it") for w in wordfreq.top_n_list(code, 30_000, "large")}
        assert {w.replace("'", "’") for w in words} <= known
        assert {"avec", "della", "être"} <= words

    def test_each_line_is_of_one_language(self) -> None:
        lists = {code: set(wordfreq.top_n_list(code, 32_000, "large")) for code in ("fr", "fi")}
        for text in texts_of(drawer_of("foreign", languages=["fr", "fi"], numbers=0, punctuation=0), 200, 60):
            of = [code for code, words in lists.items() if all(w.replace("’", "'") in words for w in text.split())]
            assert of, text

    def test_left_to_itself_it_takes_many_languages_but_not_the_own(self) -> None:
        texts = [drawer_of("foreign", letters, numbers=0, punctuation=0) for letters in (ENGLISH, alphabet.load("it"))]
        english, italian = ({w for t in texts_of(drawer, 4000, 60) for w in t.split()} for drawer in texts)
        assert {"avec", "nicht", "della", "pero", "cu", "och"} <= english
        assert "della" not in italian
        assert {"avec", "nicht"} <= italian

    def test_letters_that_the_alphabet_lacks_are_in_none(self) -> None:
        joined = " ".join(texts_of(drawer_of("foreign", languages=["tr", "pl"]), 800, 60))
        assert set(joined) <= ENGLISH.characters
        assert not set("ışğłąż") & set(joined)

    @pytest.mark.parametrize("language", [*assets.names("alphabets"), "haw", "qu"])
    def test_where_it_says_that_it_has_words_it_has_many_of_every_language(self, language: str) -> None:
        letters = alphabet.load(language)
        if not SOURCES.get("foreign", "text")().has(letters):
            assert letters.script not in {"Latn", "Cyrl"} or letters.respelling
            return
        assert all(share_written(code, letters.characters) > 0.2 for code in _LANGUAGES[letters.script]), language

    def test_a_language_without_a_list_of_words(self) -> None:
        with pytest.raises(RecipeError, match=r"^text\.languages: no word list for 'haw'; "):
            drawer_of("foreign", languages=["haw"])

    def test_a_language_that_nobody_knows(self) -> None:
        with pytest.raises(RecipeError, match=r"^text\.languages: no alphabet for 'klingonish'; "):
            drawer_of("foreign", languages=["klingonish"])

    def test_a_language_in_other_letters(self) -> None:
        message = "text.languages: must be written with the letters of English, got 'ru'; name languages of its script, or take"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}"):
            drawer_of("foreign", languages=["fr", "ru"])

    def test_a_script_of_which_no_languages_are_known(self) -> None:
        message = "text: no languages are known that Thai could quote; name some in 'languages'"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
            drawer_of("foreign", alphabet.load("th"))


class TestLoanwords:
    """Such words inside lines of any source."""

    def test_the_share_of_lines_is_as_asked_and_lengths_are_kept(self) -> None:
        digits = {"alphabet": {"letters": 0, "punctuation": 0, "word_length": [2, 2]}}
        section = {"sources": [digits], "length_clusters": [20, 30], "case": cased(asis=1)}
        mixture = mixture_of(**section, loanwords={"share": 0.5, "languages": ["fr", "it"]})
        texts = [mixture.draw(Stream(3, i, "text")).text for i in range(2000)]
        mixed = [text for text in texts if any(c.isalpha() for c in text)]
        assert len(mixed) / 2000 == pytest.approx(0.5, abs=0.04)
        assert max(map(len, texts)) <= 32
        assert sum(any(w.isdigit() for w in t.split()) and any(w.isalpha() for w in t.split()) for t in mixed) > 0.7 * len(
            mixed
        )
        assert {" avec ", " della "} <= {w for w in (" avec ", " della ") for t in mixed if w in f" {t} "}

    def test_no_letter_comes_with_them(self) -> None:
        mixture = mixture_of(loanwords={"share": 1.0})
        assert mixture.characters == ENGLISH.characters
        assert all(ENGLISH.characters.issuperset(mixture.draw(Stream(4, i, "text")).text) for i in range(500))

    def test_without_a_share_nothing_changes(self) -> None:
        plain, none = mixture_of(), mixture_of(loanwords={"share": 0.0, "languages": ["fr"]})
        assert [plain.draw(Stream(5, i, "text")) for i in range(100)] == [none.draw(Stream(5, i, "text")) for i in range(100)]

    def test_languages_are_looked_at_without_a_share_too(self) -> None:
        with pytest.raises(RecipeError, match=r"^text\.loanwords\.languages: no word list for 'haw'; "):
            mixture_of(loanwords={"share": 0, "languages": ["haw"]})

    def test_a_script_that_has_none(self) -> None:
        message = "text.loanwords: no languages are known that Thai could quote; name some in 'languages'"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
            mixture_of(alphabet.load("th"), loanwords={"share": 0.1})

    @pytest.mark.parametrize(("language", "share"), [("en", 0.4), ("ru", 0.4), ("th", 0.0), ("de-Latf", 0.0), ("ar", 0.0)])
    def test_the_default_has_them_where_there_are_any(self, language: str, share: float) -> None:
        styles = Recipe.for_language(language).styles
        assert {style.recipe.text.loanwords.share for style in styles} == {share}
        # Who says none, or brings texts, gets none.
        for text in ({"loanwords": {"share": 0}}, {"sources": [{"alphabet": {}}]}):
            assert {style.recipe.text.loanwords.share for style in Recipe.for_language(language, text=text).styles} == {0.0}


class TestNgramOfWords:
    """A character model of single words."""

    def test_it_makes_words_that_no_list_has_of_sequences_that_all_have(self) -> None:
        known = set(frequent_words(ENGLISH, 5000, 1.0)[0])
        words = [w for t in texts_of(drawer_of("ngram", words=5000, backoff=0), 500, 60) for w in t.split()]
        new = [w for w in words if w not in known]
        assert 0.3 < len(new) / len(words) < 0.9
        triples = {f" {w} "[i : i + 4] for w in known for i in range(len(w))}
        assert all(f" {w} "[i : i + 4] in triples for w in new for i in range(len(w) - 1))

    def test_it_knows_more_than_a_page_of_text(self) -> None:
        def distinct(**options: Any) -> int:
            return len({w for t in texts_of(drawer_of("ngram", **options), 1000, 60) for w in t.split()})

        assert distinct(words=5000) > 2 * distinct()

    @pytest.mark.parametrize("language", ["th", "km"])
    def test_where_there_are_no_words_it_is_of_the_text(self, language: str) -> None:
        letters = alphabet.load(language)
        assert texts_of(drawer_of("ngram", letters, words=5000), 20, 40) == texts_of(drawer_of("ngram", letters), 20, 40)

    def test_words_beside_a_file(self) -> None:
        message = "text.words: the model is of a file, got 100 beside 'some.txt'; give one of the two"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
            drawer_of("ngram", words=100, file="some.txt")


class TestLengths:
    """A length is what a reader counts: grapheme clusters."""

    @pytest.mark.parametrize(
        ("language", "source"), [("hi", "words"), ("bn", "words"), ("hi", "ngram"), ("th", "ngram"), ("en", "words")]
    )
    def test_lines_are_as_long_as_was_asked(self, language: str, source: str) -> None:
        letters = alphabet.load(language)
        for length in (12, 30):
            sizes = [length_of(text) for text in texts_of(drawer_of(source, letters), 200, length)]
            assert max(sizes) <= length + 1
            assert sum(sizes) / len(sizes) > 0.68 * length

    def test_letters_of_several_characters_count_as_such(self) -> None:
        letters = english_with(base="a b c ch sch")
        for length in (1, 2, 7):
            texts = texts_of(drawer_of("alphabet", letters, confusables=0, marks=0), 300, length)
            assert max(map(len, texts)) <= length
        assert any("sch" in text for text in texts_of(drawer_of("alphabet", letters), 300, 7))

    def test_a_model_of_marks_alone_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "marks.txt"
        path.write_text("ocrsynth ngram 1, order 1\n\t\u0301 1\n", encoding="utf-8")
        letters = english_with(marks="\u0301")
        assert len(drawer_of("ngram", letters, model=str(path))(Stream(1, 0, "text"), 5)) < 60


class TestWhereThereAreNoSpaces:
    """Chinese and Japanese."""

    @pytest.mark.parametrize("language", ["ja", "zh-Hans", "zh-Hant"])
    def test_entries_stand_alone(self, language: str) -> None:
        letters = alphabet.load(language)
        texts = texts_of(drawer_of("pattern", letters, join=[2, 3]), 300, 40)
        assert all(check_label(text, letters.characters) is None for text in texts)

    def test_a_model_ends_with_no_space(self) -> None:
        for language in ("th", "km", "bo"):
            letters = alphabet.load(language)
            assert all(text == text.strip() for text in texts_of(drawer_of("ngram", letters), 400, 30))


def test_a_list_in_another_script_is_no_list_of_the_language() -> None:
    """Romanian in Cyrillic letters: of its list nine words are of such, all of them Russian."""
    letters = alphabet.load("ro-Cyrl")
    assert texts_of(drawer_of("ngram", letters, words=5000), 20, 40) == texts_of(drawer_of("ngram", letters), 20, 40)


def test_a_template_may_be_typed_with_marks_of_their_own() -> None:
    drawer = drawer_of("pattern", alphabet.load("de"), templates=["Gebu\u0308hr {price}"])
    assert all(text.startswith("Gebühr ") for text in texts_of(drawer, 20, 30))
