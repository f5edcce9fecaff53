"""Every text source: what it gives can be a label, comes from the alphabet, and has the length that was asked for."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import wordfreq
from texts import ENGLISH, cased, drawer_of, english_with, mixture_of, texts_of

from ocrsynth import assets
from ocrsynth.errors import RecipeError, SampleError
from ocrsynth.seeding import Stream
from ocrsynth.shape.clusters import grapheme_starts
from ocrsynth.text import alphabet
from ocrsynth.text.base import SOURCES, Drawer
from ocrsynth.text.mixture import TextConfig, TextMixture, check_label, describe_sources, parse_sources

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocrsynth.text.alphabet import Alphabet

_NAMES = list(SOURCES)
_ALL_LENGTHS = (1, 2, 3, 5, 8, 13, 21, 40, 60, 200)


def _example(name: str) -> Drawer:
    return drawer_of(name, **SOURCES.get(name, "text").EXAMPLE)


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
    mixture = TextMixture(TextConfig(), parse_sources(({"words": {}},), "text.sources"), ENGLISH)
    mixture._draw = [lambda _stream, _length: given]
    with pytest.raises(SampleError, match=re.escape(message)):
        mixture.draw(Stream(1, 1, "text"))


def test_a_first_word_that_does_not_fit_is_drawn_again() -> None:
    """Lengths are promised: only where no word of the language is so short does one stand beyond them."""
    drawer = parse_sources(({"words": {}},), "text.sources")[0].source.compile(ENGLISH, "text.sources")
    for length in (4, 5, 8):
        long = sum(len(text) > length for text in texts_of(drawer, 400, length))
        assert long <= 4, length
    assert max(len(text) for text in texts_of(drawer, 400, 1)) <= 6


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
        texts = texts_of(drawer, 300, 30)
        assert texts == texts_of(again, 300, 30)
        assert texts[::-1] == [drawer(Stream(1, i, "text"), 30) for i in reversed(range(300))]
        assert len(set(texts)) > 290
        assert texts != texts_of(drawer, 300, 30, seed=2)

    @pytest.mark.parametrize("length", _ALL_LENGTHS)
    def test_draws_can_be_labels(self, name: str, length: int) -> None:
        for text in texts_of(_example(name), 250, length):
            assert text
            assert ENGLISH.characters.issuperset(text)
            assert check_label(text, ENGLISH.characters) is None
            assert unicodedata.is_normalized("NFC", text)
            assert "  " not in text
            assert text == text.strip()

    @pytest.mark.parametrize("length", _ALL_LENGTHS)
    def test_draws_keep_to_the_length(self, name: str, length: int) -> None:
        sizes = []
        for text in texts_of(_example(name), 250, length):
            size = len(grapheme_starts(text))
            assert size <= length or " " not in text, text
            sizes.append(size)
        if name == "pattern":
            return  # Its entries have lengths of their own.
        # Whole words may leave some room, but not most of it.
        assert sum(sizes) / len(sizes) > 0.6 * length

    def test_a_line_without_spaces_between_words_has_none(self, name: str, corpus: Path) -> None:
        letters = english_with(spacing=False)
        corpus.write_text(corpus.read_text(encoding="utf-8").replace(" ", ""), encoding="utf-8")
        texts = texts_of(drawer_of(name, letters, **SOURCES.get(name, "text").EXAMPLE), 200, 30)
        assert all(" " not in text and 0 < len(text) <= 30 for text in texts)

    def test_an_alphabet_with_little_punctuation_still_gives_texts(self, name: str) -> None:
        bare = {"closing": ".", "pairs": [], "joining": "", "symbols": ""}
        letters = english_with(punctuation=bare)
        for text in texts_of(drawer_of(name, letters, **SOURCES.get(name, "text").EXAMPLE), 400, 40):
            assert letters.characters.issuperset(text)

    def test_an_alphabet_without_closing_punctuation_still_gives_texts(self, name: str) -> None:
        bare = {"closing": "", "pairs": ["( )"], "joining": "-", "symbols": ""}
        letters = english_with(punctuation=bare)
        for text in texts_of(drawer_of(name, letters, **SOURCES.get(name, "text").EXAMPLE), 400, 40):
            assert letters.characters.issuperset(text)


@pytest.mark.parametrize("language", assets.names("alphabets"))
def test_every_alphabet_gives_texts_from_every_source_that_knows_it(language: str) -> None:
    letters = alphabet.load(language)
    for source in _NAMES:
        if source == "corpus":
            continue  # Its texts are the user's.
        if not SOURCES.get(source, "text")().has(letters):
            continue
        for text in texts_of(drawer_of(source, letters), 100, 30):
            assert letters.characters.issuperset(unicodedata.normalize("NFC", text))


class TestWords:
    """Running words."""

    def test_digits_punctuation_and_words_occur(self) -> None:
        texts = texts_of(drawer_of("words"), 2000, 40)
        joined = " ".join(texts)
        assert set("0123456789") <= set(joined)
        assert set(".,;:!?…()[]“”‘’-") <= set(joined)
        assert " the " in joined
        assert any(c in joined for c in "$£€")

    def test_the_share_of_numbers_is_as_asked(self) -> None:
        words = [w for t in texts_of(drawer_of("words", numbers=0.3, punctuation=0), 1500, 60) for w in t.split()]
        share = sum(any(c.isdigit() for c in w) for w in words) / len(words)
        assert 0.26 < share < 0.36
        none = "".join(texts_of(drawer_of("words", numbers=0), 500, 60))
        assert not any(c.isdigit() for c in none)

    def test_the_share_of_punctuation_is_as_asked(self) -> None:
        def share(punctuation: float) -> float:
            texts = texts_of(drawer_of("words", numbers=0, punctuation=punctuation), 800, 60)
            # A dash that stands alone is punctuation of the words beside it.
            words = [w for t in texts for w in re.sub(r"(^| )([-–—]) ", r"\2", t).split()]
            return sum(not w.replace("'", "").replace("’", "").isalpha() for w in words) / len(words)

        assert share(0) < 0.02
        assert 0.12 < share(0.22) < 0.3
        assert share(1) > 0.9

    def test_signs_stand_apart_where_the_language_sets_them_so(self) -> None:
        lines = texts_of(drawer_of("words", alphabet.load("fr"), numbers=0, punctuation=0.5), 1500, 60)
        signs = [line for line in lines if re.search(r"[?!;:«»]", line)]
        apart = [line for line in signs if re.search(r"\w [?!;:»]|« \w", line)]
        close = [line for line in signs if re.search(r"\w[?!;:»]|«\w", line)]
        assert 0.85 < len(apart) / len(signs) < 0.95, "nine lines in ten"
        assert not set(apart) & set(close), "a line has one way"
        assert not re.search(r"\w [.,…)]|\( \w", " ".join(lines))
        english = " ".join(texts_of(drawer_of("words", numbers=0, punctuation=0.5), 500, 60))
        assert not re.search(r" [?!;:]", english)

    def test_dashes_stand_between_words_and_begin_lines(self) -> None:
        texts = texts_of(drawer_of("words", numbers=0, punctuation=0.22), 2000, 40)
        for dash in "-–—":
            assert sum(f" {dash} " in t for t in texts) > 15
        assert sum(t[:2] in ("- ", "– ", "— ") for t in texts) > 30
        assert any("—" in t and " —" not in t and not t.startswith("—") for t in texts)
        assert all(len(t) <= 3 or t[0] not in "-–—" for t in texts_of(drawer_of("words", numbers=0, punctuation=1), 300, 3))

    def test_the_vocabulary_is_bounded(self) -> None:
        def words(vocabulary: int) -> set[str]:
            texts = texts_of(drawer_of("words", vocabulary=vocabulary, numbers=0, punctuation=0), 1500, 60)
            return {w.replace("’", "'") for t in texts for w in t.split()}

        assert len(words(10)) == 10
        assert 50 < len(words(100)) <= 100
        assert len(words(25_000)) > 2000

    def test_the_power_flattens_the_frequencies(self) -> None:
        def share_of_the(power: float) -> float:
            texts = texts_of(drawer_of("words", frequency_power=power, numbers=0, punctuation=0, vocabulary=1000), 600, 60)
            words = [w for t in texts for w in t.split()]
            return words.count("the") / len(words)

        assert share_of_the(1) > 2 * share_of_the(0.7) > 4 * share_of_the(0)

    def test_numbers_do_not_begin_with_a_useless_zero(self) -> None:
        numbers = re.findall(r"\d+", " ".join(texts_of(drawer_of("words", numbers=1, punctuation=0), 500, 60)))
        wholes = [n for n in numbers if len(n) > 2]
        assert wholes
        assert not any(n.startswith("0") for n in wholes)

    def test_a_language_without_words(self) -> None:
        letters = english_with(language="xx")
        known = ", ".join(sorted(wordfreq.available_languages("small")))
        text = f"text.sources[0].words: no word list for 'xx'; known: {known}"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            mixture_of(letters, sources=[{"words": {}}])


class TestAlphabetSource:
    """Random strings."""

    def test_every_character_is_about_equally_likely_in_its_class(self) -> None:
        drawn = Counter("".join(texts_of(drawer_of("alphabet", confusables=0), 4000, 50)))
        classes: dict[str, tuple[str, ...]] = {
            "letters": ENGLISH.letters,
            "digits": tuple(ENGLISH.digits.split()),
            "punctuation": ENGLISH.marks_of_punctuation,
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
        texts = "".join(texts_of(drawer_of("alphabet", letters=0, punctuation=0), 300, 20))
        assert set(texts) == set("0123456789 ")

    def test_words_have_the_length_asked_for(self) -> None:
        texts = texts_of(drawer_of("alphabet", word_length=[3, 5]), 500, 60)
        inner = [len(w) for t in texts for w in t.split(" ")[:-1]]
        assert set(inner) == {3, 4, 5}
        assert max(len(w) for t in texts for w in t.split(" ")) == 5

    @pytest.mark.parametrize("confusables", [0, 1])
    def test_no_two_signs_are_seen_as_one(self, confusables: float) -> None:
        drawer = drawer_of("alphabet", confusables=confusables, letters=0.01, digits=0.01, punctuation=1, word_length=[5, 9])
        texts = texts_of(drawer, 800, 40)
        assert not [t for t in texts if re.search("['’‘]['’‘]|,,|<<|>>", t)]
        assert {len(w) for t in texts for w in t.split(" ")[:-1]} == {5, 6, 7, 8, 9}

    def test_no_share_at_all(self) -> None:
        text = "text.sources[1].alphabet: all shares are 0, got [0.0, 0.0, 0.0]; give letters a share"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            mixture_of(sources=[{"words": {}}, {"alphabet": {"letters": 0, "digits": 0, "punctuation": 0}}])


class TestMixture:
    """Sources by weight, lengths, and case."""

    def test_weights_are_respected(self) -> None:
        mixture = mixture_of(sources=[{"words": {"weight": 3}}, {"alphabet": {"weight": 1}}])
        drawn = Counter(mixture.draw(Stream(5, i, "text")).source for i in range(4000))
        assert drawn["words"] / 4000 == pytest.approx(0.75, abs=0.035)
        assert drawn["alphabet"] + drawn["words"] == 4000

    def test_the_same_source_may_stand_twice(self) -> None:
        digits = {"alphabet": {"letters": 0, "punctuation": 0}}
        letters = {"alphabet": {"digits": 0, "punctuation": 0, "weight": 3}}
        mixture = mixture_of(sources=[digits, letters], case=cased(asis=1))
        texts = [mixture.draw(Stream(5, i, "text")).text for i in range(2000)]
        share = sum(t[0].isdigit() for t in texts) / 2000
        assert share == pytest.approx(0.25, abs=0.05)

    def test_lengths_are_drawn_evenly(self) -> None:
        mixture = mixture_of(sources=[{"alphabet": {"word_length": [100, 100]}}], length_clusters=[4, 11])
        drawn = Counter(len(mixture.draw(Stream(6, i, "text")).text) for i in range(4000))
        assert set(drawn) == set(range(4, 12))
        assert all(abs(n - 500) < 120 for n in drawn.values())

    def test_the_line_says_where_it_came_from_and_how_it_runs(self) -> None:
        line = mixture_of(sources=[{"words": {}}]).draw(Stream(1, 0, "text"))
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
        mixture = mixture_of(sources=[{"words": {}}], case=cased(**{style: 1}))
        texts = [mixture.draw(Stream(8, i, "text")).text for i in range(300)]
        # wordfreq gives lower case, so every capital is the work of the style.
        assert all(holds(t) for t in texts)
        assert any(c.isupper() for t in texts for c in t) == (style != "asis")

    def test_all_styles_occur_by_their_weights(self) -> None:
        mixture = mixture_of(sources=[{"words": {"numbers": 0, "punctuation": 0}}], length_clusters=[30, 40])
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
            mixture_of(case=cased())

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


class TestCaseMapping:
    """What case mapping lengthens or takes out of the alphabet."""

    def _labels(self, letters: Alphabet, style: str, count: int = 400) -> list[str]:
        source = {"alphabet": {"digits": 0, "punctuation": 0, "word_length": [1, 4]}}
        mixture = mixture_of(letters, sources=[source], case=cased(**{style: 1}), length_clusters=[1, 12])
        return [mixture.draw(Stream(3, i, "text")).text for i in range(count)]

    @pytest.mark.parametrize("style", ["upper", "title", "sentence"])
    def test_sharp_s_becomes_two_letters_of_the_alphabet(self, style: str) -> None:
        letters = english_with(base="a b s ß", auxiliary="")
        assert letters.letters == ("a", "b", "s", "ß", "A", "B", "S")
        texts = self._labels(letters, style)
        assert all(letters.characters.issuperset(t) for t in texts)
        assert any("SS" in t for t in texts)
        if style == "upper":
            assert "ß" not in "".join(texts)

    @pytest.mark.parametrize("style", ["upper", "title", "sentence"])
    def test_sharp_s_stays_where_the_alphabet_lacks_its_upper_case(self, style: str) -> None:
        letters = english_with(base="a b ß", auxiliary="")
        texts = self._labels(letters, style)
        assert all(letters.characters.issuperset(t) for t in texts)
        assert any("ß" in t for t in texts)
        assert "S" not in "".join(texts)

    @pytest.mark.parametrize("style", ["upper", "title", "sentence", "asis"])
    def test_dotted_and_dotless_i(self, style: str) -> None:
        # 'İ'.lower() is two code points, and 'ı'.upper() is 'I': neither may bring a loose dot above into a label.
        letters = english_with(base="a i ı", auxiliary="İ")
        texts = self._labels(letters, style)
        assert all(letters.characters.issuperset(t) for t in texts)
        assert "\u0307" not in "".join(texts)
        assert any(c in t for t in texts for c in "iıI")

    def test_letters_whose_upper_case_is_decomposed_stay_inside(self) -> None:
        # Upper case of ŉ, ǰ and ΐ: two or three code points outside the alphabet.
        letters = english_with(base="a ŉ ǰ ΐ", auxiliary="")
        for style in ("upper", "title", "sentence"):
            for text in self._labels(letters, style):
                assert letters.characters.issuperset(text)
                assert unicodedata.is_normalized("NFC", text)

    def test_a_script_without_case_ignores_the_styles(self) -> None:
        letters = english_with(casing=False)
        texts = self._labels(letters, "upper")
        assert all(t == t.lower() for t in texts)

    def test_a_mark_on_a_letter_is_composed_where_the_alphabet_has_it(self) -> None:
        letters = english_with(base="e n", auxiliary="é", marks="\u0301", casing=False)
        source = {"alphabet": {"digits": 0, "punctuation": 0, "marks": 1}}
        mixture = mixture_of(letters, sources=[source], length_clusters=[10, 10])
        joined = "".join(mixture.draw(Stream(3, i, "text")).text for i in range(100))
        # Every e carries its mark; ń is no letter of this language, so n stays as it is.
        assert set(joined) == {"é", "n", " "}


def test_a_source_that_gives_nothing_usable_is_an_error() -> None:
    # Private-use characters mean nothing to a reader: twenty draws, then an error, never a label with letters cut out.
    letters = english_with(base="\ue000 \ue001", auxiliary="", casing=False)
    mixture = mixture_of(letters, sources=[{"alphabet": {"digits": 0, "punctuation": 0}}])
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
