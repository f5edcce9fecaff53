"""The folder ``alphabets/`` as a whole, and what is derived from its files."""

from __future__ import annotations

import pytest

from ocrsynth import assets
from ocrsynth.text import alphabet

_MANY_SPEAKERS = [
    "en",
    "zh-Hans",
    "zh-Hant",
    "yue",
    "hi",
    "es",
    "ar",
    "fr",
    "bn",
    "pt",
    "ru",
    "ur",
    "id",
    "de",
    "ja",
    "pcm",
    "arz",
    "mr",
    "te",
    "tr",
    "ta",
    "vi",
    "fil",
    "ko",
    "fa",
    "ha",
    "sw",
    "jv",
    "it",
    "pa",
    "pa-Arab",
    "kn",
    "gu",
    "th",
    "am",
    "bho",
    "yo",
    "pl",
    "uk",
    "ml",
    "or",
    "my",
    "ps",
    "uz",
    "ro",
    "nl",
    "az",
    "ku",
    "sd",
    "ne",
    "si",
    "km",
    "mg",
    "so",
    "om",
    "ig",
    "zu",
    "su",
    "ms",
    "as",
    "ceb",
    "mai",
    "ff",
    "ln",
]
_FILES = assets.names("alphabets")


def test_there_are_more_than_sixty_languages_of_more_than_twenty_scripts() -> None:
    assert len(_FILES) >= 60
    assert len({name.partition("_")[2] for name in _FILES}) >= 20


def test_every_script_of_the_default_fonts_is_there() -> None:
    scripts = {s for family in assets.read("fonts", "default")["families"] for s in family["scripts"]}
    assert scripts <= {name.partition("_")[2] for name in _FILES}


@pytest.mark.parametrize("tag", _MANY_SPEAKERS)
def test_languages_of_many_speakers_have_a_file(tag: str) -> None:
    assert alphabet.load(tag).id in _FILES


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("zh", "zh_Hans"),
        ("zh-TW", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("sr", "sr_Cyrl"),
        ("sr-Latn", "sr_Latn"),
        ("pt-BR", "pt_Latn"),
        ("iw", "he_Hebr"),
        ("tl", "fil_Latn"),
        ("ms", "zlm_Latn"),
        ("pa-PK", "pa_Arab"),
        ("en_Latn", "en_Latn"),
    ],
)
def test_tags_find_their_alphabet(tag: str, name: str) -> None:
    assert alphabet.load(tag).id == name


@pytest.mark.parametrize(
    ("language", "text", "upper", "capitalised"),
    [
        ("tr", "iyi ılık", "İYİ ILIK", "İyi ılık"),
        ("az", "iki", "İKİ", "İki"),
        ("de", "straße", "STRASSE", "Straße"),
        ("el", "άνοιξη ΐ", "ΑΝΟΙΞΗ Ϊ", "Άνοιξη ΐ"),
        ("nl", "ijs", "IJS", "IJs"),
        ("en", "(word", "(WORD", "(Word"),
        ("en", "1st", "1ST", "1st"),
        ("hy", "երեվան", "ԵՐԵՎԱՆ", "Երեվան"),
        ("hy", "և մի", "ԵՒ ՄԻ", "Եւ մի"),
        ("de", "ßa", "SSA", "Ssa"),
        # An accent that kept vowels apart is a diaeresis among capitals; "or" keeps its own.
        ("el", "ρόιδο ή αύριο προϋπόθεση", "ΡΟΪΔΟ Ή ΑΥΡΙΟ ΠΡΟΫΠΟΘΕΣΗ", "Ρόιδο ή αύριο προϋπόθεση"),
        ("el", "μάιος", "ΜΑΪΟΣ", "Μάιος"),
        ("grc", "ᾠδή", "ΩΙΔΗ", "ᾨδή"),
        ("ga", "nÉirinn", "nÉIRINN", "nÉirinn"),
        ("ga", "i bPort na hÉireann", "I bPORT NA hÉIREANN", "I bPort na hÉireann"),
        ("ga", "nathair", "NATHAIR", "Nathair"),
    ],
)
def test_capitals_are_those_of_the_language(language: str, text: str, upper: str, capitalised: str) -> None:
    letters = alphabet.load(language)
    assert letters.upper(text) == upper
    assert letters.capitalised(text) == capitalised


def test_dotted_and_dotless_i_are_two_letters() -> None:
    assert {"i", "İ", "ı", "I"} <= set(alphabet.load("tr").letters)
    assert "İ" not in alphabet.load("de").letters
