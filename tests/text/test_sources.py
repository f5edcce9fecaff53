"""Every text source: what it gives can be a label, comes from the alphabet, and has the length that was asked for."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import wordfreq

from ocrsynth import Recipe, assets
from ocrsynth.errors import RecipeError, SampleError
from ocrsynth.fields import validate
from ocrsynth.seeding import Stream
from ocrsynth.shape.clusters import grapheme_starts
from ocrsynth.text import alphabet
from ocrsynth.text.alphabet import Alphabet
from ocrsynth.text.base import SOURCES, Drawer
from ocrsynth.text.clusters import length_of
from ocrsynth.text.mixture import TextConfig, TextMixture, check_label, default_sources, describe_sources, parse_sources
from ocrsynth.text.sources.foreign import _LANGUAGES
from ocrsynth.text.vocabulary import frequent_words, share_written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NAMES = list(SOURCES)
_ENGLISH = alphabet.load("en_Latn")
_ALL_LENGTHS = (1, 2, 3, 5, 8, 13, 21, 40, 60, 200)


def _drawer(name: str, letters: Alphabet = _ENGLISH, /, **arguments: Any) -> Drawer:
    return validate(SOURCES.get(name, "text"), arguments, "text").compile(letters, "text")


def _example(name: str) -> Drawer:
    return _drawer(name, **SOURCES.get(name, "text").EXAMPLE)


def _texts(drawer: Drawer, count: int, length: int, seed: int = 1) -> list[str]:
    return [drawer(Stream(seed, i, "text"), length) for i in range(count)]


def _mixture(letters: Alphabet = _ENGLISH, /, **section: Any) -> TextMixture:
    config = validate(TextConfig, section, "text")
    sources = parse_sources(config.sources or default_sources(letters), "text.sources")
    return TextMixture(config, sources, letters)


def _cased(**weights: float) -> dict[str, float]:
    return {"asis": 0, "sentence": 0, "title": 0, "upper": 0, **weights}


def _changed(**changes: Any) -> Alphabet:
    """Return the English alphabet with other values, as a file of it would give them."""
    return validate(Alphabet, {**_ENGLISH.model_dump(), **changes}, "alphabets/test.yaml")


@pytest.fixture(autouse=True)
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the example of the source `corpus` names: lines of words, of many lengths."""
    words = [w for w in wordfreq.top_n_list("en", 3000, "small") if w.isalpha() and w.isascii()]
    lines = [" ".join(words[(i * i * 37 + k * (11 + i % 7)) % len(words)] for k in range(5 + i % 90)) for i in range(4000)]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "corpus.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.fixture(params=_NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (" a b", "spaces at its ends or beside each other"),
        ("a b ", "spaces at its ends or beside each other"),
        ("a  b", "spaces at its ends or beside each other"),
        (None, "text source 'words': must give a string, got None; mend the source"),
        (12, "text source 'words': must give a string, got 12; mend the source"),
    ],
)
def test_what_a_source_gives_is_looked_at(given: Any, message: str) -> None:
    """A source of a plug-in may give anything; no label has spaces that no picture shows."""
    mixture = TextMixture(TextConfig(), parse_sources(({"words": {}},), "text.sources"), _ENGLISH)
    mixture._draw = [lambda _stream, _length: given]
    with pytest.raises(SampleError, match=re.escape(message)):
        mixture.draw(Stream(1, 1, "text"))


def test_a_first_word_that_does_not_fit_is_drawn_again() -> None:
    """Lengths are promised: only where no word of the language is so short does one stand beyond them."""
    drawer = parse_sources(({"words": {}},), "text.sources")[0].source.compile(_ENGLISH, "text.sources")
    for length in (4, 5, 8):
        long = sum(len(text) > length for text in _texts(drawer, 400, length))
        assert long <= 4, length
    assert max(len(text) for text in _texts(drawer, 400, 1)) <= 6


class TestContract:
    """Over every registered source."""

    def test_the_name_is_the_module_and_the_entry(self, name: str) -> None:
        source = SOURCES.get(name, "text")
        assert source.name == name
        assert source.__module__ == f"ocrsynth.text.sources.{name}"
        assert source.__doc__

    def test_the_example_reads_back(self, name: str) -> None:
        entry = {name: {"weight": 2, **SOURCES.get(name, "text").EXAMPLE}}
        parsed = parse_sources((entry,), "text.sources")
        [described] = describe_sources(parsed)
        assert parse_sources((described,), "text.sources") == parsed
        assert set(entry[name]) <= set(described[name])

    def test_draws_are_repeatable_and_differ(self, name: str) -> None:
        drawer, again = _example(name), _example(name)
        texts = _texts(drawer, 300, 30)
        assert texts == _texts(again, 300, 30)
        assert texts[::-1] == [drawer(Stream(1, i, "text"), 30) for i in reversed(range(300))]
        assert len(set(texts)) > 290
        assert texts != _texts(drawer, 300, 30, seed=2)

    @pytest.mark.parametrize("length", _ALL_LENGTHS)
    def test_draws_can_be_labels(self, name: str, length: int) -> None:
        for text in _texts(_example(name), 250, length):
            assert text
            assert _ENGLISH.characters.issuperset(text)
            assert check_label(text, _ENGLISH.characters) is None
            assert unicodedata.is_normalized("NFC", text)
            assert "  " not in text
            assert text == text.strip()

    @pytest.mark.parametrize("length", _ALL_LENGTHS)
    def test_draws_keep_to_the_length(self, name: str, length: int) -> None:
        sizes = []
        for text in _texts(_example(name), 250, length):
            size = len(grapheme_starts(text))
            assert size <= length or " " not in text, text
            sizes.append(size)
        if name == "pattern":
            return  # Its entries have lengths of their own.
        # Whole words may leave some room, but not most of it.
        assert sum(sizes) / len(sizes) > 0.6 * length

    def test_a_line_without_spaces_between_words_has_none(self, name: str, corpus: Path) -> None:
        letters = _changed(spacing=False)
        corpus.write_text(corpus.read_text(encoding="utf-8").replace(" ", ""), encoding="utf-8")
        texts = _texts(_drawer(name, letters, **SOURCES.get(name, "text").EXAMPLE), 200, 30)
        assert all(" " not in text and 0 < len(text) <= 30 for text in texts)

    def test_an_alphabet_with_little_punctuation_still_gives_texts(self, name: str) -> None:
        bare = {"closing": ".", "pairs": [], "joining": "", "symbols": ""}
        letters = _changed(punctuation=bare)
        for text in _texts(_drawer(name, letters, **SOURCES.get(name, "text").EXAMPLE), 400, 40):
            assert letters.characters.issuperset(text)

    def test_an_alphabet_without_closing_punctuation_still_gives_texts(self, name: str) -> None:
        bare = {"closing": "", "pairs": ["( )"], "joining": "-", "symbols": ""}
        letters = _changed(punctuation=bare)
        for text in _texts(_drawer(name, letters, **SOURCES.get(name, "text").EXAMPLE), 400, 40):
            assert letters.characters.issuperset(text)


@pytest.mark.parametrize("language", assets.names("alphabets"))
def test_every_alphabet_gives_texts_from_every_source_that_knows_it(language: str) -> None:
    letters = alphabet.load(language)
    for source in _NAMES:
        if source == "corpus":
            continue  # Its texts are the user's.
        if not SOURCES.get(source, "text")().has(letters):
            continue
        for text in _texts(_drawer(source, letters), 100, 30):
            assert letters.characters.issuperset(unicodedata.normalize("NFC", text))


class TestWords:
    """Running words."""

    def test_digits_punctuation_and_words_occur(self) -> None:
        texts = _texts(_drawer("words"), 2000, 40)
        joined = " ".join(texts)
        assert set("0123456789") <= set(joined)
        assert set(".,;:!?…()[]“”‘’-") <= set(joined)
        assert " the " in joined
        assert any(c in joined for c in "$£€")

    def test_the_share_of_numbers_is_as_asked(self) -> None:
        words = [w for t in _texts(_drawer("words", numbers=0.3, punctuation=0), 1500, 60) for w in t.split()]
        share = sum(any(c.isdigit() for c in w) for w in words) / len(words)
        assert 0.26 < share < 0.36
        none = "".join(_texts(_drawer("words", numbers=0), 500, 60))
        assert not any(c.isdigit() for c in none)

    def test_the_share_of_punctuation_is_as_asked(self) -> None:
        def share(punctuation: float) -> float:
            texts = _texts(_drawer("words", numbers=0, punctuation=punctuation), 800, 60)
            # A dash that stands alone is punctuation of the words beside it.
            words = [w for t in texts for w in re.sub(r"(^| )([-–—]) ", r"\2", t).split()]
            return sum(not w.replace("'", "").replace("’", "").isalpha() for w in words) / len(words)

        assert share(0) < 0.02
        assert 0.12 < share(0.22) < 0.3
        assert share(1) > 0.9

    def test_dashes_stand_between_words_and_begin_lines(self) -> None:
        texts = _texts(_drawer("words", numbers=0, punctuation=0.22), 2000, 40)
        for dash in "-–—":
            assert sum(f" {dash} " in t for t in texts) > 15
        assert sum(t[:2] in ("- ", "– ", "— ") for t in texts) > 30
        assert any("—" in t and " —" not in t and not t.startswith("—") for t in texts)
        assert all(len(t) <= 3 or t[0] not in "-–—" for t in _texts(_drawer("words", numbers=0, punctuation=1), 300, 3))

    def test_the_vocabulary_is_bounded(self) -> None:
        def words(vocabulary: int) -> set[str]:
            texts = _texts(_drawer("words", vocabulary=vocabulary, numbers=0, punctuation=0), 1500, 60)
            return {w.replace("’", "'") for t in texts for w in t.split()}

        assert len(words(10)) == 10
        assert 50 < len(words(100)) <= 100
        assert len(words(25_000)) > 2000

    def test_the_power_flattens_the_frequencies(self) -> None:
        def share_of_the(power: float) -> float:
            texts = _texts(_drawer("words", frequency_power=power, numbers=0, punctuation=0, vocabulary=1000), 600, 60)
            words = [w for t in texts for w in t.split()]
            return words.count("the") / len(words)

        assert share_of_the(1) > 2 * share_of_the(0.7) > 4 * share_of_the(0)

    def test_numbers_do_not_begin_with_a_useless_zero(self) -> None:
        numbers = re.findall(r"\d+", " ".join(_texts(_drawer("words", numbers=1, punctuation=0), 500, 60)))
        wholes = [n for n in numbers if len(n) > 2]
        assert wholes
        assert not any(n.startswith("0") for n in wholes)

    def test_a_language_without_words(self) -> None:
        letters = _changed(language="xx")
        known = ", ".join(sorted(wordfreq.available_languages("small")))
        text = f"text.sources[0].words: no word list for 'xx'; known: {known}"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            _mixture(letters, sources=[{"words": {}}])


class TestForeign:
    """Words of other languages that the alphabet can write."""

    def test_lines_are_of_the_languages_named_and_of_no_other(self) -> None:
        words = {
            w for t in _texts(_drawer("foreign", languages=["fr", "it"], numbers=0, punctuation=0), 800, 60) for w in t.split()
        }
        known = {w.replace("'", "’") for code in ("fr", "it") for w in wordfreq.top_n_list(code, 12_000, "small")}
        assert {w.replace("'", "’") for w in words} <= known
        assert {"avec", "della", "être"} <= words

    def test_each_line_is_of_one_language(self) -> None:
        lists = {code: set(wordfreq.top_n_list(code, 14_000, "small")) for code in ("fr", "fi")}
        for text in _texts(_drawer("foreign", languages=["fr", "fi"], numbers=0, punctuation=0), 200, 60):
            of = [code for code, words in lists.items() if all(w.replace("’", "'") in words for w in text.split())]
            assert of, text

    def test_left_to_itself_it_takes_many_languages_but_not_the_own(self) -> None:
        texts = [_drawer("foreign", letters, numbers=0, punctuation=0) for letters in (_ENGLISH, alphabet.load("it"))]
        english, italian = ({w for t in _texts(drawer, 1500, 60) for w in t.split()} for drawer in texts)
        assert {"avec", "nicht", "della", "pero", "cu", "och"} <= english
        assert "della" not in italian
        assert {"avec", "nicht"} <= italian

    def test_letters_that_the_alphabet_lacks_are_in_none(self) -> None:
        joined = " ".join(_texts(_drawer("foreign", languages=["tr", "pl"]), 800, 60))
        assert set(joined) <= _ENGLISH.characters
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
            _drawer("foreign", languages=["haw"])

    def test_a_language_that_nobody_knows(self) -> None:
        with pytest.raises(RecipeError, match=r"^text\.languages: no alphabet for 'klingonish'; "):
            _drawer("foreign", languages=["klingonish"])

    def test_a_language_in_other_letters(self) -> None:
        message = "text.languages: must be written with the letters of English, got 'ru'; name languages of its script, or take"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}"):
            _drawer("foreign", languages=["fr", "ru"])

    def test_a_script_of_which_no_languages_are_known(self) -> None:
        message = "text: no languages are known that Thai could quote; name some in 'languages'"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
            _drawer("foreign", alphabet.load("th"))


class TestLoanwords:
    """Such words inside lines of any source."""

    def test_the_share_of_lines_is_as_asked_and_lengths_are_kept(self) -> None:
        digits = {"alphabet": {"letters": 0, "punctuation": 0, "word_length": [2, 2]}}
        section = {"sources": [digits], "length_clusters": [20, 30], "case": _cased(asis=1)}
        mixture = _mixture(**section, loanwords={"share": 0.5, "languages": ["fr", "it"]})
        texts = [mixture.draw(Stream(3, i, "text")).text for i in range(2000)]
        mixed = [text for text in texts if any(c.isalpha() for c in text)]
        assert len(mixed) / 2000 == pytest.approx(0.5, abs=0.04)
        assert max(map(len, texts)) <= 32
        assert sum(any(w.isdigit() for w in t.split()) and any(w.isalpha() for w in t.split()) for t in mixed) > 0.7 * len(
            mixed
        )
        assert {" avec ", " della "} <= {w for w in (" avec ", " della ") for t in mixed if w in f" {t} "}

    def test_no_letter_comes_with_them(self) -> None:
        mixture = _mixture(loanwords={"share": 1.0})
        assert mixture.characters == _ENGLISH.characters
        assert all(_ENGLISH.characters.issuperset(mixture.draw(Stream(4, i, "text")).text) for i in range(500))

    def test_without_a_share_nothing_changes(self) -> None:
        plain, none = _mixture(), _mixture(loanwords={"share": 0.0, "languages": ["fr"]})
        assert [plain.draw(Stream(5, i, "text")) for i in range(100)] == [none.draw(Stream(5, i, "text")) for i in range(100)]

    def test_a_script_that_has_none(self) -> None:
        message = "text.loanwords: no languages are known that Thai could quote; name some in 'languages'"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
            _mixture(alphabet.load("th"), loanwords={"share": 0.1})

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
        known = set(frequent_words(_ENGLISH, 5000, 1.0)[0])
        words = [w for t in _texts(_drawer("ngram", words=5000, backoff=0), 500, 60) for w in t.split()]
        new = [w for w in words if w not in known]
        assert 0.3 < len(new) / len(words) < 0.9
        triples = {f" {w} "[i : i + 4] for w in known for i in range(len(w))}
        assert all(f" {w} "[i : i + 4] in triples for w in new for i in range(len(w) - 1))

    def test_it_knows_more_than_a_page_of_text(self) -> None:
        def distinct(**options: Any) -> int:
            return len({w for t in _texts(_drawer("ngram", **options), 1000, 60) for w in t.split()})

        assert distinct(words=5000) > 2 * distinct()

    @pytest.mark.parametrize("language", ["th", "km"])
    def test_where_there_are_no_words_it_is_of_the_text(self, language: str) -> None:
        letters = alphabet.load(language)
        assert _texts(_drawer("ngram", letters, words=5000), 20, 40) == _texts(_drawer("ngram", letters), 20, 40)

    def test_words_beside_a_file(self) -> None:
        message = "text.words: the model is of a file, got 100 beside 'some.txt'; give one of the two"
        with pytest.raises(RecipeError, match=f"^{re.escape(message)}$"):
            _drawer("ngram", words=100, file="some.txt")


class TestAlphabetSource:
    """Random strings."""

    def test_every_character_is_about_equally_likely_in_its_class(self) -> None:
        drawn = Counter("".join(_texts(_drawer("alphabet", confusables=0), 4000, 50)))
        classes: dict[str, tuple[str, ...]] = {
            "letters": _ENGLISH.letters,
            "digits": tuple(_ENGLISH.digits.split()),
            "punctuation": _ENGLISH.marks_of_punctuation,
        }
        total = sum(n for c, n in drawn.items() if c != " ")
        for share, key in ((0.6, "letters"), (0.2, "digits"), (0.2, "punctuation")):
            counts = [drawn[c] for c in classes[key]]
            assert sum(counts) / total == pytest.approx(share, abs=0.01)
            mean = sum(counts) / len(counts)
            assert mean > 400
            # Five standard deviations of a count.
            assert all(abs(n - mean) < 5 * mean**0.5 for n in counts), key

    def test_shares_of_zero_leave_a_class_out(self) -> None:
        texts = "".join(_texts(_drawer("alphabet", letters=0, punctuation=0), 300, 20))
        assert set(texts) == set("0123456789 ")

    def test_words_have_the_length_asked_for(self) -> None:
        texts = _texts(_drawer("alphabet", word_length=[3, 5]), 500, 60)
        inner = [len(w) for t in texts for w in t.split(" ")[:-1]]
        assert set(inner) == {3, 4, 5}
        assert max(len(w) for t in texts for w in t.split(" ")) == 5

    def test_no_share_at_all(self) -> None:
        text = "text.sources[1].alphabet: all shares are 0, got [0.0, 0.0, 0.0]; give letters a share"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            _mixture(sources=[{"words": {}}, {"alphabet": {"letters": 0, "digits": 0, "punctuation": 0}}])


class TestMixture:
    """Sources by weight, lengths, and case."""

    def test_weights_are_respected(self) -> None:
        mixture = _mixture(sources=[{"words": {"weight": 3}}, {"alphabet": {"weight": 1}}])
        drawn = Counter(mixture.draw(Stream(5, i, "text")).source for i in range(4000))
        assert drawn["words"] / 4000 == pytest.approx(0.75, abs=0.035)
        assert drawn["alphabet"] + drawn["words"] == 4000

    def test_the_same_source_may_stand_twice(self) -> None:
        digits = {"alphabet": {"letters": 0, "punctuation": 0}}
        letters = {"alphabet": {"digits": 0, "punctuation": 0, "weight": 3}}
        mixture = _mixture(sources=[digits, letters], case=_cased(asis=1))
        texts = [mixture.draw(Stream(5, i, "text")).text for i in range(2000)]
        share = sum(t[0].isdigit() for t in texts) / 2000
        assert share == pytest.approx(0.25, abs=0.05)

    def test_lengths_are_drawn_evenly(self) -> None:
        mixture = _mixture(sources=[{"alphabet": {"word_length": [100, 100]}}], length_clusters=[4, 11])
        drawn = Counter(len(mixture.draw(Stream(6, i, "text")).text) for i in range(4000))
        assert set(drawn) == set(range(4, 12))
        assert all(abs(n - 500) < 120 for n in drawn.values())

    def test_the_line_says_where_it_came_from_and_how_it_runs(self) -> None:
        line = _mixture(sources=[{"words": {}}]).draw(Stream(1, 0, "text"))
        assert (line.source, line.direction, line.script, line.language) == ("words", "ltr", "Latn", "en")

    @pytest.mark.parametrize(
        ("style", "holds"),
        [
            ("upper", lambda t: t == t.upper()),
            ("sentence", lambda t: not t[0].isalpha() or t[0].isupper()),
            ("title", lambda t: all(not w[0].isalpha() or w[0].isupper() for w in t.split(" "))),
            ("asis", lambda t: t == t.lower()),
        ],
    )
    def test_case_styles(self, style: str, holds: Callable[[str], bool]) -> None:
        mixture = _mixture(sources=[{"words": {}}], case=_cased(**{style: 1}))
        texts = [mixture.draw(Stream(8, i, "text")).text for i in range(300)]
        # wordfreq gives lower case, so every capital is the work of the style.
        assert all(holds(t) for t in texts)
        assert any(c.isupper() for t in texts for c in t) == (style != "asis")

    def test_all_styles_occur_by_their_weights(self) -> None:
        mixture = _mixture(sources=[{"words": {"numbers": 0, "punctuation": 0}}], length_clusters=[30, 40])
        drawn: Counter[str] = Counter()
        for i in range(3000):
            text = mixture.draw(Stream(9, i, "text")).text
            words = text.split(" ")
            if text == text.upper():
                drawn["upper"] += 1
            elif text == text.lower():
                drawn["asis"] += 1
            elif all(w[0].isupper() for w in words):
                drawn["title"] += 1
            else:
                drawn["sentence"] += 1
        for style, share in (("asis", 0.35), ("sentence", 0.3), ("title", 0.15), ("upper", 0.2)):
            assert drawn[style] / 3000 == pytest.approx(share, abs=0.04), style

    def test_no_weight_of_case(self) -> None:
        text = "text.case: all weights are 0, got 0; give 'asis' a weight"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            _mixture(case=_cased())

    def test_an_unknown_source(self) -> None:
        text = "text.sources[1]: unknown text source 'wrods'; did you mean 'words'? (known: " + ", ".join(_NAMES) + ")"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            parse_sources(({"words": {}}, {"wrods": {}}), "text.sources")

    def test_no_source(self) -> None:
        text = "text.sources: must name at least one source, got []; known: " + ", ".join(_NAMES)
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            parse_sources((), "text.sources")

    def test_two_sources_in_one_entry(self) -> None:
        text = (
            "text.sources[0]: must be one 'name: {…}' pair, got {'words': {}, 'alphabet': {}}; start a new '-' for each source"
        )
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            parse_sources(({"words": {}, "alphabet": {}},), "text.sources")

    @pytest.mark.parametrize(
        ("weight", "fault"),
        [
            *(
                (w, f"must be a number above 0, got {w!r}; leave it out for 1")
                for w in (0, -1, True, float("nan"), None, "two")
            ),
            ("2", "must be a number above 0, got '2'; YAML takes that for text, write 2.0"),
            ("1e-3", "must be a number above 0, got '1e-3'; YAML takes that for text, write 0.001"),
            (float("inf"), "must be at most 1e+12, got inf; leave it out for 1"),
            (1e308, "must be at most 1e+12, got 1e+308; leave it out for 1"),
            (10**400, "must be at most 1e+12, got a larger one; leave it out for 1"),
        ],
    )
    def test_a_wrong_weight(self, weight: object, fault: str) -> None:
        text = f"text.sources[0].words.weight: {fault}"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            parse_sources(({"words": {"weight": weight}},), "text.sources")


class TestLengths:
    """A length is what a reader counts: grapheme clusters."""

    @pytest.mark.parametrize(
        ("language", "source"), [("hi", "words"), ("bn", "words"), ("hi", "ngram"), ("th", "ngram"), ("en", "words")]
    )
    def test_lines_are_as_long_as_was_asked(self, language: str, source: str) -> None:
        letters = alphabet.load(language)
        for length in (12, 30):
            sizes = [length_of(text) for text in _texts(_drawer(source, letters), 200, length)]
            assert max(sizes) <= length + 1
            assert sum(sizes) / len(sizes) > 0.68 * length

    def test_letters_of_several_characters_count_as_such(self) -> None:
        letters = _changed(base="a b c ch sch")
        for length in (1, 2, 7):
            texts = _texts(_drawer("alphabet", letters, confusables=0, marks=0), 300, length)
            assert max(map(len, texts)) <= length
        assert any("sch" in text for text in _texts(_drawer("alphabet", letters), 300, 7))

    def test_a_model_of_marks_alone_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "marks.txt"
        path.write_text("ocrsynth ngram 1, order 1\n\t\u0301 1\n", encoding="utf-8")
        letters = _changed(marks="\u0301")
        assert len(_drawer("ngram", letters, model=str(path))(Stream(1, 0, "text"), 5)) < 60


class TestWhereThereAreNoSpaces:
    """Chinese and Japanese."""

    @pytest.mark.parametrize("language", ["ja", "zh-Hans", "zh-Hant"])
    def test_entries_stand_alone(self, language: str) -> None:
        letters = alphabet.load(language)
        texts = _texts(_drawer("pattern", letters, join=[2, 3]), 300, 40)
        assert all(check_label(text, letters.characters) is None for text in texts)

    def test_a_model_ends_with_no_space(self) -> None:
        for language in ("th", "km", "bo"):
            letters = alphabet.load(language)
            assert all(text == text.strip() for text in _texts(_drawer("ngram", letters), 400, 30))


def test_a_list_in_another_script_is_no_list_of_the_language() -> None:
    """Romanian in Cyrillic letters: of its list nine words are of such, all of them Russian."""
    letters = alphabet.load("ro-Cyrl")
    assert _texts(_drawer("ngram", letters, words=5000), 20, 40) == _texts(_drawer("ngram", letters), 20, 40)


def test_a_template_may_be_typed_with_marks_of_their_own() -> None:
    drawer = _drawer("pattern", alphabet.load("de"), templates=["Gebu\u0308hr {price}"])
    assert all(text.startswith("Gebühr ") for text in _texts(drawer, 20, 30))


class TestCaseMapping:
    """What case mapping lengthens or takes out of the alphabet."""

    def _labels(self, letters: Alphabet, style: str, count: int = 400) -> list[str]:
        source = {"alphabet": {"digits": 0, "punctuation": 0, "word_length": [1, 4]}}
        mixture = _mixture(letters, sources=[source], case=_cased(**{style: 1}), length_clusters=[1, 12])
        return [mixture.draw(Stream(3, i, "text")).text for i in range(count)]

    @pytest.mark.parametrize("style", ["upper", "title", "sentence"])
    def test_sharp_s_becomes_two_letters_of_the_alphabet(self, style: str) -> None:
        letters = _changed(base="a b s ß", auxiliary="")
        assert letters.letters == ("a", "b", "s", "ß", "A", "B", "S")
        texts = self._labels(letters, style)
        assert all(letters.characters.issuperset(t) for t in texts)
        assert any("SS" in t for t in texts)
        if style == "upper":
            assert "ß" not in "".join(texts)

    @pytest.mark.parametrize("style", ["upper", "title", "sentence"])
    def test_sharp_s_stays_where_the_alphabet_lacks_its_upper_case(self, style: str) -> None:
        letters = _changed(base="a b ß", auxiliary="")
        texts = self._labels(letters, style)
        assert all(letters.characters.issuperset(t) for t in texts)
        assert any("ß" in t for t in texts)
        assert "S" not in "".join(texts)

    @pytest.mark.parametrize("style", ["upper", "title", "sentence", "asis"])
    def test_dotted_and_dotless_i(self, style: str) -> None:
        # 'İ'.lower() is two code points, and 'ı'.upper() is 'I': neither may bring a loose dot above into a label.
        letters = _changed(base="a i ı", auxiliary="İ")
        texts = self._labels(letters, style)
        assert all(letters.characters.issuperset(t) for t in texts)
        assert "\u0307" not in "".join(texts)
        assert any(c in t for t in texts for c in "iıI")

    def test_letters_whose_upper_case_is_decomposed_stay_inside(self) -> None:
        # Upper case of ŉ, ǰ and ΐ: two or three code points outside the alphabet.
        letters = _changed(base="a ŉ ǰ ΐ", auxiliary="")
        for style in ("upper", "title", "sentence"):
            for text in self._labels(letters, style):
                assert letters.characters.issuperset(text)
                assert unicodedata.is_normalized("NFC", text)

    def test_a_script_without_case_ignores_the_styles(self) -> None:
        letters = _changed(casing=False)
        texts = self._labels(letters, "upper")
        assert all(t == t.lower() for t in texts)

    def test_a_mark_on_a_letter_is_composed_where_the_alphabet_has_it(self) -> None:
        letters = _changed(base="e n", auxiliary="é", marks="\u0301", casing=False)
        source = {"alphabet": {"digits": 0, "punctuation": 0, "marks": 1}}
        mixture = _mixture(letters, sources=[source], length_clusters=[10, 10])
        joined = "".join(mixture.draw(Stream(3, i, "text")).text for i in range(100))
        # Every e carries its mark; ń is no letter of this language, so n stays as it is.
        assert set(joined) == {"é", "n", " "}


def test_a_source_that_gives_nothing_usable_is_an_error() -> None:
    # Private-use characters mean nothing to a reader: twenty draws, then an error, never a label with letters cut out.
    letters = _changed(base="\ue000 \ue001", auxiliary="", casing=False)
    mixture = _mixture(letters, sources=[{"alphabet": {"digits": 0, "punctuation": 0}}])
    text = "text: 20 draws gave no usable line, the last had control or unassigned characters; check the text sources"
    with pytest.raises(SampleError, match=f"^{re.escape(text)}$"):
        mixture.draw(Stream(1, 0, "text"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("plain text", None),
        ("żółć", None),
        ("", "blank text"),
        (" ", "blank text"),
        ("   ", "blank text"),
        ("\u00a0\u3000", "blank text"),
        ("a\tb", "control or unassigned characters"),
        ("a\nb", "control or unassigned characters"),
        ("a\r\nb", "control or unassigned characters"),
        ("a\x00b", "control or unassigned characters"),
        ("a\x7fb", "control or unassigned characters"),
        ("a\x85b", "control or unassigned characters"),
        ("a\u2028b", "control or unassigned characters"),
        ("a\u2029b", "control or unassigned characters"),
        ("a\ud800b", "control or unassigned characters"),
        ("a\ue000b", "control or unassigned characters"),
        ("a\u0378b", "control or unassigned characters"),
        ("a\U000e0080b", "control or unassigned characters"),
        ("a\ufeffb", "control or unassigned characters"),
        ("a\u200bb", "control or unassigned characters"),
        ("\u200b", "control or unassigned characters"),
        ("a\u202eb", "control or unassigned characters"),
        ("cafe\u0301", "text is not NFC"),
        ("\u212b", "text is not NFC"),
        ("\uf900", "text is not NFC"),
    ],
)
def test_what_can_be_a_label(text: str, reason: str | None) -> None:
    assert check_label(text, frozenset(text)) == reason


def test_a_label_outside_the_alphabet() -> None:
    assert check_label("abc", frozenset("ab")) == "characters outside the alphabet"
    assert check_label("abc", frozenset("abcd")) is None
