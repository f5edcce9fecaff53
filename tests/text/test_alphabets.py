"""The data of ``alphabets/``: every file × every rule of its README."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

import langcodes
import pytest
import regex
import yaml

from ocrsynth import assets
from ocrsynth.text import alphabet

_FOLDER = assets.folder("alphabets")
_FILES = sorted(p.stem for p in _FOLDER.glob("*.yaml"))
_LISTS = ("base", "auxiliary", "marks", "digits", "closing", "joining", "symbols")

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
    assert name.partition("_")[2] == _raw(name)["script"]


def test_the_language_is_a_valid_tag_that_finds_the_file(name: str) -> None:
    tag = _raw(name)["language"]
    assert langcodes.tag_is_valid(tag)
    assert alphabet.load(f"{tag}-{_raw(name)['script']}").id == name


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
    bad = [f"U+{ord(c):04X}" for c in _all_characters(name) if unicodedata.category(c) in {"Cn", "Co", "Cs", "Cc", "Cf", "Zl"}]
    assert bad == []


@pytest.mark.parametrize("key", ["base", "auxiliary"])
def test_letters_are_letters_of_the_script(name: str, key: str) -> None:
    script = _raw(name)["script"]
    letters = _lists(name)[key]
    assert [c for c in letters if not unicodedata.category(c).startswith("L")] == []
    # A confusable of another script (Cyrillic а in a Latin list) would be drawn alike and labelled apart.
    assert [f"{c} U+{ord(c):04X}" for c in letters if not regex.fullmatch(rf"\p{{Script={script}}}", c)] == []


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
    else:
        assert [c for c in letters if c.upper() != c or c.lower() != c] == []


def test_marks_are_marks_and_not_in_the_base(name: str) -> None:
    lists = _lists(name)
    script = _raw(name)["script"]
    assert [c for c in lists["marks"] if not unicodedata.category(c).startswith("M")] == []
    assert [c for c in lists["marks"] if not regex.fullmatch(rf"[\p{{Script={script}}}\p{{Script=Zinh}}]", c)] == []
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
    assert (" " in letters.characters) == letters.spacing
    assert set(_lists(name)["base"]) <= set(letters.letters)
    if letters.casing:
        assert {c.upper() for c in _lists(name)["base"] if len(c.upper()) == 1} <= set(letters.letters)
    assert all(len(c) == 1 for c in letters.characters)
    assert len(set(letters.letters)) == len(letters.letters)
    assert len(set(letters.marks_of_punctuation)) == len(letters.marks_of_punctuation)
