"""The data of ``alphabets/``: every file × every rule of its README."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

import babel
import langcodes
import pytest
import regex
import yaml

from ocrsynth import assets
from ocrsynth.errors import RecipeError
from ocrsynth.fields import validate
from ocrsynth.records import TATWEEL
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet, exemplars
from ocrsynth.text.kashida import SCRIPTS
from ocrsynth.text.mixture import TextConfig, TextMixture, check_label, default_sources, parse_sources
from ocrsynth.text.vocabulary import frequent_words, vocabulary, word_list_code

_FOLDER = assets.folder("alphabets")
_FILES = sorted(p.stem for p in _FOLDER.glob("*.yaml"))
_JOINERS = "\u200c\u200d"
_LISTS = ("base", "auxiliary", "marks", "digits", "closing", "joining", "symbols")

_SCRIPTS = {
    "Hans": ("Hani", "Bopo"),
    "Hant": ("Hani", "Bopo"),
    "Jpan": ("Hani", "Hira", "Kana"),
    "Kore": ("Hang",),
    "Latf": ("Latn",),
}
"""Codes of mixed scripts in ids: the first is what HarfBuzz takes, all are those of the letters."""
_PHRASED = {"th_Thai", "lo_Laoo", "km_Khmr", "my_Mymr", "bo_Tibt", "dz_Tibt"}
_UNSPACED = {*_PHRASED, "zh_Hans", "zh_Hant", "yue_Hant", "ja_Jpan"}
_EXEMPLARS = {"de_Latf": "de_Latn"}
"""Files of a variant that CLDR does not know, and the language whose letters it has."""
_HISTORICAL = ("de_Latf", "grc_Grek")
"""Files whose punctuation is that of old books and editions, which CLDR does not know."""
_EXCEPTIONS = {
    # CLDR 48 is newer than the copy of CLDR in gflanguages, or that copy is thinner.
    ("arz_Arab", "extra"): (None, "gflanguages has no letters of Egyptian Arabic; CLDR has those of Arabic"),
    ("nqo_Nkoo", "extra"): (None, "gflanguages has no letters of N'Ko"),
    ("bho_Deva", "extra"): ("ॅ", "CLDR 48 added the sign of loan words"),
    ("gu_Gujr", "extra"): ("ઁ઼ૄૅૉ", "CLDR 48 added signs of Sanskrit and of loan words"),
    ("kn_Knda", "extra"): ("ೄೠೡ", "CLDR 48 added letters of Sanskrit"),
    ("ja_Jpan", "extra"): ("剥叱填頬", "CLDR 48 gives the forms of JIS X 0208, which fonts have"),
    ("ar_Arab", "lack"): ("ـ", "the tatweel lengthens words; it is no letter"),
    ("bho_Deva", "lack"): ("ʼऎऒङॳॴॵ", "letters of other languages in Devanagari, not in CLDR 48"),
    ("ko_Kore", "lack"): (None, "2,350 syllables of KS X 1001 are what texts use and fonts have, of 11,172"),
    ("ha_Latn", "lack"): ("ʼ", "the glottal stop is typeset as an apostrophe, which punctuation has"),
    ("uk_Cyrl", "lack"): ("ʼ", "the apostrophe is typeset as ’, which punctuation has"),
    ("uz_Latn", "lack"): ("ʻʼ", "oʻ, gʻ and the tutuq are typeset with ‘ and ’, which punctuation has"),
    ("ig_Latn", "lack"): ("ẹ", "not in CLDR 48, whose alphabet is the Ọnwụ orthography"),
    ("yue_Hant", "lack"): ("简", "a simplified form, not in CLDR 48"),
    ("zh_Hant", "lack"): ("简", "a simplified form, not in CLDR 48"),
}
"""Characters that differ from the exemplars of package gflanguages, by file and kind, with the reason; None: any."""

pytestmark = pytest.mark.parametrize("name", _FILES)


@lru_cache
def _raw(name: str) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((_FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return data


def _lists(name: str) -> dict[str, list[str]]:
    """Return the lists of characters of a file, by key."""
    data = _raw(name)
    return {key: str((data if key in data else data["punctuation"]).get(key, "")).split() for key in _LISTS}


def _pairs(name: str) -> list[list[str]]:
    return [pair.split() for pair in _raw(name)["punctuation"]["pairs"]]


def _all_characters(name: str) -> list[str]:
    return [c for values in _lists(name).values() for c in values] + [c for pair in _pairs(name) for c in pair]


@lru_cache
def _documented() -> dict[str, str]:
    """Return the keys that the README's table defines, each with ``required`` or ``optional``."""
    table = (_FOLDER / "README.md").read_text(encoding="utf-8")
    rows = regex.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \| (\w+) \|", table, regex.MULTILINE)
    return {key: need for names, need in rows for key in regex.findall(r"`([\w.]+)`", names)}


def test_the_file_loads_under_its_id(name: str) -> None:
    assert _raw(name)["id"] == name
    assert alphabet.load(name).id == name


def test_the_id_is_language_and_script(name: str) -> None:
    assert regex.fullmatch(r"[a-z]{2,3}_[A-Z][a-z]{3}", name)
    code = name.partition("_")[2]
    assert _SCRIPTS.get(code, (code,))[0] == _raw(name)["script"]


def test_the_language_is_a_valid_tag_that_finds_the_file(name: str) -> None:
    tag = _raw(name)["language"]
    assert langcodes.tag_is_valid(tag)
    assert alphabet.load(tag if "-" in tag else f"{tag}-{name.partition('_')[2]}").id == name
    assert _EXEMPLARS.get(name, name) in exemplars.known(), "tags resolve to the ids of gflanguages"


def test_the_keys_are_those_of_the_readme(name: str) -> None:
    data = _raw(name)
    keys = {*data, *(f"punctuation.{key}" for key in data["punctuation"])} - {"punctuation"}
    required = {key for key, need in _documented().items() if need == "required"}
    assert len(required) >= 10, "the table of the README was not found"
    assert required <= keys
    assert keys <= set(_documented())


def test_sources_and_validity(name: str) -> None:
    data = _raw(name)
    known = {key.rpartition(".")[2] for key in _documented()} | {"punctuation"}
    assert data["sources"]
    assert set(data["sources"]) <= known
    assert {"base", "digits", "punctuation"} <= set(data["sources"])
    assert all(isinstance(source, str) and source.strip() for source in data["sources"].values())
    assert data["validity"] in {"draft", "preliminary", "verified"}


def test_the_whole_file_is_nfc_and_printable(name: str) -> None:
    text = (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert unicodedata.is_normalized("NFC", text)
    # Invisible characters stand as escapes, for an editor would hide them.
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("key", _LISTS)
def test_one_character_an_entry_and_none_twice(name: str, key: str) -> None:
    values = _lists(name)[key]
    assert [c for c in values if len(c) != 1] == []
    assert [c for c in values if values.count(c) > 1] == []


def test_lists_stand_apart_by_single_spaces(name: str) -> None:
    data = _raw(name)
    for key in _LISTS:
        value = str((data if key in data else data["punctuation"]).get(key, ""))
        assert value == " ".join(value.split())


def test_pairs_have_two_characters(name: str) -> None:
    pairs = _pairs(name)
    assert all(len(pair) == 2 and len(pair[0]) == len(pair[1]) == 1 for pair in pairs)
    assert len({tuple(pair) for pair in pairs}) == len(pairs)


def test_code_points_are_assigned_characters(name: str) -> None:
    found = [c for c in _all_characters(name) if c not in _JOINERS]
    bad = [f"U+{ord(c):04X}" for c in found if unicodedata.category(c) in {"Cn", "Co", "Cs", "Cc", "Cf", "Zl"}]
    assert bad == []


@pytest.mark.parametrize("key", ["base", "auxiliary"])
def test_letters_are_letters_of_the_script(name: str, key: str) -> None:
    code = name.partition("_")[2]
    letters = _lists(name)[key]
    assert [c for c in letters if not unicodedata.category(c).startswith("L")] == []
    # A confusable of another script (Cyrillic а in a Latin list) would be drawn alike and labelled apart.
    own = regex.compile("|".join(rf"\p{{Script_Extensions={s}}}" for s in _SCRIPTS.get(code, (code,))))
    assert [f"{c} U+{ord(c):04X}" for c in letters if not own.fullmatch(c)] == []


def test_the_base_is_not_empty_and_apart_from_the_auxiliary(name: str) -> None:
    lists = _lists(name)
    assert lists["base"]
    assert set(lists["base"]).isdisjoint(lists["auxiliary"])


@pytest.mark.parametrize("key", ["base", "auxiliary"])
def test_letters_are_lower_case_where_there_is_case(name: str, key: str) -> None:
    letters = _lists(name)[key]
    if _raw(name)["casing"]:
        assert [c for c in letters if not c.islower() or c.lower() != c] == []
        assert any(c.upper() != c for c in _lists(name)["base"])
    elif not name.endswith("_Geor"):
        # Georgian has capitals in Unicode, Mtavruli, but no case in running text.
        assert [c for c in letters if c.upper() != c or c.lower() != c] == []


def test_marks_are_marks_and_not_in_the_base(name: str) -> None:
    lists = _lists(name)
    script = _raw(name)["script"]
    marks = [c for c in lists["marks"] if c not in _JOINERS]
    assert [c for c in marks if not unicodedata.category(c).startswith("M")] == []
    assert [c for c in marks if not regex.fullmatch(rf"[\p{{Script_Extensions={script}}}\p{{Script=Zinh}}]", c)] == []
    assert set(lists["marks"]).isdisjoint(lists["base"])


def test_digits_are_ten_and_ascend(name: str) -> None:
    digits = _lists(name)["digits"]
    assert [unicodedata.category(c) for c in digits] == ["Nd"] * 10
    assert [unicodedata.decimal(c) for c in digits] == list(range(10))


def test_punctuation_holds_no_letter_no_digit_and_no_space(name: str) -> None:
    lists = _lists(name)
    signs = [*lists["closing"], *lists["joining"], *lists["symbols"], *(c for pair in _pairs(name) for c in pair)]
    assert signs
    assert [f"{c} U+{ord(c):04X}" for c in signs if unicodedata.category(c)[0] not in "PS"] == []


def test_the_alphabet_holds_every_list_and_the_upper_case(name: str) -> None:
    letters = alphabet.load(name)
    assert set(_all_characters(name)) <= letters.characters
    assert (" " in letters.characters) == (letters.spacing or name in _PHRASED)
    assert set(_lists(name)["base"]) <= set(letters.letters)
    if letters.casing:
        assert {letters.capitalised(c) for c in _lists(name)["base"] if len(c.upper()) == 1} <= set(letters.letters)
    assert all(len(c) == 1 for c in letters.characters)
    assert len(set(letters.letters)) == len(letters.letters)
    assert len(set(letters.marks_of_punctuation)) == len(letters.marks_of_punctuation)


def test_words_stand_apart_unless_the_language_writes_them_together(name: str) -> None:
    assert _raw(name)["spacing"] == (name not in _UNSPACED)


def test_casing_is_that_of_the_script(name: str) -> None:
    assert _raw(name)["casing"] == (_raw(name)["script"] in {"Latn", "Grek", "Cyrl", "Armn"})


def test_the_direction_is_that_of_the_letters(name: str) -> None:
    kinds = {unicodedata.bidirectional(c) for c in _lists(name)["base"]}
    assert kinds <= ({"R", "AL"} if _raw(name)["direction"] == "rtl" else {"L"})


def test_lists_of_punctuation_have_nothing_in_common(name: str) -> None:
    lists = _lists(name)
    assert set(lists["closing"]).isdisjoint(lists["joining"])
    assert set(lists["symbols"]).isdisjoint({*lists["closing"], *lists["joining"]})
    assert set(lists["base"]).isdisjoint({*lists["closing"], *lists["joining"], *lists["symbols"]})


def test_every_list_has_a_source(name: str) -> None:
    data = _raw(name)
    named = set(data["sources"])
    due = {key for key in ("base", "auxiliary", "marks", "digits") if data.get(key)}
    assert due <= named
    if name not in _HISTORICAL:
        assert all("CLDR" in data["sources"][key] or key == "symbols" for key in due)
    assert set(data["sources"]) >= {"word_list", "respelling", "kashida"} & set(data)
    assert ("apart" in data["sources"]) == ("apart" in data["punctuation"])


def test_signs_that_stand_apart_are_signs_behind_words_or_both_of_a_pair(name: str) -> None:
    punctuation = alphabet.load(name).punctuation
    apart = set(punctuation.apart.split())
    pairs = [set(pair.split()) for pair in punctuation.pairs]
    assert apart <= set(punctuation.closing.split()).union(*pairs)
    assert all(len(pair & apart) in {0, len(pair)} for pair in pairs)


def test_other_digits_are_those_that_the_language_has_beside_its_own(name: str) -> None:
    data = _raw(name)
    keys = {"other_digits", "other_digits_share"}
    assert keys.isdisjoint(data) or keys <= set(data)
    assert ("other_digits" in data["sources"]) == ("other_digits" in data)
    if "other_digits" not in data:
        return
    others = data["other_digits"].split()
    assert [unicodedata.decimal(c) for c in others] == list(range(10))
    assert set(others).isdisjoint(data["digits"])
    assert 0 < data["other_digits_share"] < 1
    found = alphabet.load(name)
    assert set(others) <= found.characters
    assert found.with_other_digits(f"a{data['digits'].split()[7]}") == f"a{others[7]}"
    # One of the two is what the world over writes, the other what package babel's copy of CLDR calls native.
    both = {data["digits"].split()[0], others[0]}
    assert "0" in both
    if babel.localedata.exists(data["language"]):
        systems = babel.Locale.parse(data["language"])
        system = data["sources"]["other_digits"].split(", ")[1].split()[-1]
        assert system == ("latn" if others[0] == "0" else systems.other_numbering_systems["native"])


def test_words_are_drawn_out_where_letters_join(name: str) -> None:
    found = alphabet.load(name)
    assert not found.kashida or found.script in SCRIPTS
    assert (TATWEEL in found.characters) == bool(found.kashida)


def test_words_are_respelt_in_letters_of_the_alphabet(name: str) -> None:
    found = alphabet.load(name)
    if not found.respelling:
        assert "respelling" not in _raw(name)
        return
    words, _ = frequent_words(found, 5000, 1.0)
    plain = {word for word, _ in vocabulary(word_list_code(found), 5000, found.characters)}
    assert len(words) > 4000
    assert len(set(words) - plain) > 1000, "the rules do something"
    for word in words:
        assert check_label(word, found.characters) is None, word


def test_respelling_takes_regular_expressions_only(name: str) -> None:
    data = _raw(name) | {"respelling": {"(": "x"}}
    with pytest.raises(RecipeError, match=r"respelling: must map regular expressions to replacements; missing \)"):
        validate(alphabet.Alphabet, data, name)


@pytest.mark.parametrize("kind", ["extra", "lack"])
def test_letters_are_the_exemplars_of_cldr(name: str, kind: str) -> None:
    """Package gflanguages carries CLDR's exemplar characters; every difference is an exception with its reason."""
    record = exemplars.language(_EXEMPLARS.get(name, name)).exemplar_chars
    lists = _lists(name)
    ours = {c for c in (*lists["base"], *lists["marks"]) if c not in _JOINERS}
    theirs = set("".join(exemplars.expand(record.base)))
    if kind == "extra":
        known = theirs | set("".join((*exemplars.expand(record.marks), *exemplars.expand(record.auxiliary))))
        found = {c for c in ours if c not in known and c.upper() not in known}
    else:
        lower = {c.lower() if _raw(name)["casing"] and len(c.lower()) == 1 else c for c in theirs}
        lower -= {"İ"}  # The capital of i, derived.
        found = {c for c in lower - ours - set(lists["auxiliary"]) if unicodedata.category(c)[0] in "LM"}
    allowed, reason = _EXCEPTIONS.get((name, kind), ("", ""))
    assert allowed is None or found == set(allowed), reason or "write the character down, or an exception with its reason"


def test_texts_of_the_language_can_be_labels(name: str) -> None:
    letters = alphabet.load(name)
    mixture = TextMixture(TextConfig(), parse_sources(default_sources(letters), "text.sources"), letters)
    texts = [mixture.draw(Stream(1, i, "text"), i).text for i in range(400)]
    assert all(check_label(text, mixture.characters) is None for text in texts)
    joined = "".join(texts)
    assert any(c in joined for c in letters.digits.split())
    assert any(c in joined for c in letters.closing)
    assert any(opening in joined and closing in joined for opening, closing in letters.pairs)
    assert len(set(joined) & set(letters.letters)) > min(len(letters.letters), 300) / 2
