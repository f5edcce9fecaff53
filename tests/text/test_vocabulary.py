"""Word lists in the spelling of an alphabet."""

from __future__ import annotations

import pytest

from ocrsynth.text import alphabet
from ocrsynth.text.vocabulary import frequent_words


@pytest.mark.parametrize(
    ("language", "has", "lacks"),
    [
        ("de-Latf", "iſt das daß muß geſellſchaft waſſer haus läßt ausland", "ist dass muss gesellschaft außtellung"),
        ("grc", "ὁ ἡ οἱ καὶ τῶν τοῦ τῷ ἄνθρωπος αὐτὸς ζωὴ δ’ ἀλλ’ ἐπ’ οὔτ’ ἔχετ’", "ο η οι και των θα αλλά"),
        ("de", "ist dass muss gesellschaft", "iſt daß"),
    ],
)
def test_words_are_spelt_as_the_alphabet_says(language: str, has: str, lacks: str) -> None:
    words, cumulative = frequent_words(alphabet.load(language), 25_000, 0.7)
    assert len(words) == len(cumulative)
    assert set(has.split()) <= set(words)
    assert set(lacks.split()).isdisjoint(words)


def test_an_ancient_language_is_found_by_the_script_it_is_printed_in() -> None:
    # Its likeliest script is Cypriot, of which no letters are known.
    assert alphabet.load("grc").id == "grc_Grek"


@pytest.mark.parametrize(("tag", "name"), [("no", "nb_Latn"), ("nor", "nb_Latn"), ("no-NO", "nb_Latn"), ("zsm", "zlm_Latn")])
def test_a_macrolanguage_or_its_member_is_found(tag: str, name: str) -> None:
    assert alphabet.load(tag).id == name


@pytest.mark.parametrize("tag", ["tr", "az", "gag", "zza"])
def test_dotted_and_dotless_i_have_capitals_of_their_own(tag: str) -> None:
    letters = alphabet.load(tag)
    assert letters.upper("i ı") == "İ I"
    assert letters.capitalised("iş") == "İş"
