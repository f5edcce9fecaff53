"""The source `pattern`: its language, its generators, and check digits held against another library."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import stdnum.ean
import stdnum.iban
import stdnum.isbn
import stdnum.luhn
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.de import vat as german_vat
from stdnum.fr import tva
from stdnum.gb import vat as british_vat
from stdnum.it import iva
from stdnum.pl import nip

from ocrsynth import Recipe, make_sample
from ocrsynth.errors import RecipeError
from ocrsynth.fields import validate
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.patterns.generators import NAMES
from ocrsynth.text.sources.pattern import Pattern

if TYPE_CHECKING:
    from ocrsynth.text.base import Drawer

_LOCALES = {
    "en": "en-US",
    "de": "de-DE",
    "fr": "fr-FR",
    "es": "es-ES",
    "it": "it-IT",
    "pl": "pl-PL",
    "nl": "nl-NL",
    "pt": "pt-BR",
    "sv": "sv-SE",
    "tr": "tr-TR",
    "cs": "cs-CZ",
    "da": "da-DK",
    "hu": "hu-HU",
    "vi": "vi-VN",
}


def _drawer(*templates: Any, language: str = "en", **keys: Any) -> Drawer:
    source = validate(Pattern, {"templates": list(templates), **keys}, "text.sources[0].pattern")
    return source.compile(alphabet.load(language), "text.sources[0].pattern")


def _draws(drawer: Drawer, count: int = 400, length: int = 60) -> list[str]:
    return [drawer(Stream(1, i, "text"), length) for i in range(count)]


class TestLanguage:
    """Templates."""

    @pytest.mark.parametrize(
        ("template", "pattern"),
        [
            ("abc", "abc"),
            (r"\d\d\d", r"\d{3}"),
            ("[A-Z]{2}-[0-9]{4}", r"[A-Z]{2}-[0-9]{4}"),
            ("x{2,5}", "x{2,5}"),
            ("ab?c", "ab?c"),
            ("(EUR|USD) 1", "(EUR|USD) 1"),
            ("(a|b){3}", "[ab]{3}"),
            ("(a(b|c)|d)", "(ab|ac|d)"),
            (r"\(\[\{\|\?\*\+\~\\\)\]\}", r"\(\[\{\|\?\*\+~\\\)\]\}"),
            ("[^a-zA-Z]{4}", "[0-9]{4}"),
            (r"[\d-]{3}", r"[\d-]{3}"),
            (r"[\]x]", r"[\]x]"),
            ("[a-]", "[a-]"),
            (r"\A\a\w", "[A-Z][a-z][A-Za-z0-9]"),
            ("{year}", r"(19[5-9]\d|20[0-3]\d)"),
            ("{date:dd.MM.yyyy}", r"\d\d\.\d\d\.\d{4}"),
            ("{time:HH:mm}", r"[0-2]\d:[0-5]\d"),
            ("1.5 + 2 = 3,5", None),
            ("(x~3|y) z", "[xy] z"),
        ],
    )
    def test_what_a_template_draws(self, template: str, pattern: str | None) -> None:
        if pattern is None:
            with pytest.raises(RecipeError, match=r"repeat|bound"):
                _drawer(template)
            return
        texts = _draws(_drawer(template))
        assert all(re.fullmatch(pattern, text) for text in texts), texts[:5]

    def test_every_count_and_alternative_occurs(self) -> None:
        assert {len(t) for t in _draws(_drawer("x{1,6}"))} == set(range(1, 7))
        assert set(_draws(_drawer("(a|b|c|d)"))) == set("abcd")
        assert set(_draws(_drawer("a?b"))) == {"b", "ab"}

    def test_weights_are_kept(self) -> None:
        inside = Counter(_draws(_drawer("(a~3|b)"), 4000))
        outside = Counter(_draws(_drawer({"text": "a", "weight": 3}, "b"), 4000))
        for counted in (inside, outside):
            # Four standard deviations of a binomial count.
            assert abs(counted["a"] - 3000) < 4 * (4000 * 0.75 * 0.25) ** 0.5

    def test_draws_are_repeatable(self) -> None:
        drawer = _drawer("{date} {price} [A-Z]{4}")
        assert _draws(drawer) == _draws(drawer)
        assert len(set(_draws(drawer))) > 390

    @pytest.mark.parametrize(
        ("template", "column", "what"),
        [
            ("a)b", 2, "has ')' without its beginning"),
            ("(ab", 1, "has a group without its end"),
            ("[abc", 1, "has a class without its end"),
            ("[]", 1, "has a class without a character"),
            ("[z-a]", 5, "has a range that is no range, z-a"),
            ("x*", 2, "has '*', which has no bound"),
            ("x+", 2, "has '+', which has no bound"),
            ("?x", 1, "has '?' where something to repeat is due"),
            ("x{5,2}", 2, "has a count that is reversed"),
            ("x{9999}", 2, "repeats to more than 1000 characters"),
            ("{3}x", 1, "has a brace that begins neither a count"),
            ("a{", 2, "has a brace that begins neither a count"),
            ("{Date}", 1, "has a brace that begins neither a count"),
            ("{dat}", 1, "has no generator 'dat', got '{dat}'; did you mean 'date'? (known: address, amount, card, "),
            ("{price:x}", 1, "gives 'price' an argument, got '{price:x}'; only date, time and word take one"),
            ("{word:small}", 1, "has no style 'small' of words, got '{word:small}'; there are title and upper"),
            (r"\q", 1, r"has no escape \q"),
            ("abc\\", 4, "ends with a backslash"),
            ("(a~0|b)", 3, "has a weight that is no number above 0"),
            ("(a~x|b)", 3, "has a weight that is no number above 0"),
            ("(a~2b|c)", 5, "has 'b' behind a weight"),
            ("a|b", 2, "has '|' without its beginning"),
            ("a~2", 2, "has '~' without its beginning"),
            ("]", 1, "has ']' without its beginning"),
            ("}", 1, "has '}' without its beginning"),
            ("(" * 30 + "a" + ")" * 30, 22, "is nested more than 20 deep"),
            (r"[\q]", 2, "has an escape that is none"),
        ],
    )
    def test_a_fault_is_named_with_its_column(self, template: str, column: int, what: str) -> None:
        with pytest.raises(RecipeError) as caught:
            _drawer("fine", template)
        assert str(caught.value).startswith(f"text.sources[0].pattern.templates[1]: column {column}: {what}")

    @pytest.mark.parametrize("template", ["((a{99}){99}){99}", "(a{900}b{900})", "a{0}", "(a{100}){11}"])
    def test_templates_without_bound_or_content_are_refused(self, template: str) -> None:
        with pytest.raises(RecipeError):
            _drawer(template)

    @pytest.mark.parametrize("entry", ["", {"text": "a", "weight": 0}, {"txt": "a"}, {"weight": 1}])
    def test_a_wrong_entry_is_named(self, entry: object) -> None:
        with pytest.raises(RecipeError, match=r"text\.sources\[0\]\.pattern\.templates\[0\]"):
            _drawer(entry)

    @settings(max_examples=400, deadline=None)
    @given(st.text(st.sampled_from("ab()[]{}|?*+~\\-^0,:d3AZ date"), max_size=24))
    def test_any_text_draws_or_is_refused(self, template: str) -> None:
        try:
            drawer = _drawer(template)
        except RecipeError:
            return
        for text in _draws(drawer, 5):
            assert 0 < len(text) <= 1000

    def test_characters_outside_the_alphabet_are_named(self) -> None:
        with pytest.raises(RecipeError, match="can never be written in the alphabet of 'en_Latn', got 'жук' with ж к у; take"):
            _drawer("жук")

    def test_a_template_that_sometimes_leaves_the_alphabet_is_drawn_again(self) -> None:
        assert set(_draws(_drawer("(ж|a)"))) == {"a"}

    def test_texts_keep_to_the_length_where_a_template_can(self) -> None:
        drawer = _drawer("{iban}", "{percent}", "{price}")
        assert all(len(text) <= 5 for text in _draws(drawer, length=5))
        assert all(len(text) >= 15 for text in _draws(_drawer("{iban}"), length=5)), "never cut"

    def test_entries_are_joined_on_request(self) -> None:
        texts = _draws(_drawer("[0-9]{3}", join=[3, 3]))
        assert all(re.fullmatch(r"\d{3} \d{3} \d{3}", text) for text in texts)


@pytest.mark.parametrize("language", _LOCALES)
@pytest.mark.parametrize("name", NAMES)
def test_every_generator_in_every_country(language: str, name: str) -> None:
    letters = alphabet.load(language)
    try:
        texts = _draws(_drawer(f"{{{name}}}", language=language, locale=_LOCALES[language]), 150)
    except RecipeError as error:
        # Faker has no list of this kind for this country.
        assert "has no words for" in str(error)  # noqa: PT017 - only some combinations raise
        assert name in {"company_suffix", "company_prefix", "company", "first_name", "last_name", "name"}
        return
    for text in texts:
        assert text
        assert text == " ".join(text.split())
        assert unicodedata.is_normalized("NFC", text)
        assert letters.characters.issuperset(text)
    assert len(set(texts)) > 1


class TestCheckDigits:
    """Held against package python-stdnum."""

    def test_ibans(self) -> None:
        for language in _LOCALES:
            for text in _draws(_drawer("{iban}", language=language), 100):
                stdnum.iban.validate(text, check_country=False)

    def test_cards(self) -> None:
        plain = [t.replace(" ", "") for t in _draws(_drawer("{card}"), 500) if "*" not in t]
        assert all(stdnum.luhn.is_valid(t) for t in plain)
        assert {t[:6] for t in plain} == {"400000", "555555", "222300", "378282", "601111", "356600"}

    def test_articles_and_books(self) -> None:
        assert all(stdnum.ean.is_valid(t) for t in _draws(_drawer("{ean}")))
        assert all(t.startswith("2") for t in _draws(_drawer("{ean}")))
        assert all(stdnum.isbn.is_valid(t) for t in _draws(_drawer("{isbn}")))

    @pytest.mark.parametrize(
        ("language", "validator"), [("de", german_vat), ("fr", tva), ("it", iva), ("pl", nip)], ids=["de", "fr", "it", "pl"]
    )
    def test_vat_numbers(self, language: str, validator: Any) -> None:
        for text in _draws(_drawer("{vat}", language=language), 200):
            if language in {"fr", "it"}:
                # The company's own number is one that nobody has, so only the key of the whole is right.
                continue
            validator.validate(text)
        if language == "fr":
            for text in _draws(_drawer("{vat}", language=language), 200):
                assert int(text[2:4]) == (12 + 3 * (int(text[4:]) % 97)) % 97
        if language == "it":
            assert all(stdnum.luhn.is_valid(t[2:]) for t in _draws(_drawer("{vat}", language=language), 200))

    def test_british_vat_numbers(self) -> None:
        for text in _draws(_drawer("{vat}", locale="en-GB"), 200):
            assert british_vat.checksum(text[2:]) in (0, 42, 55)


class TestReserved:
    """Nothing is anybody's."""

    def test_hosts_are_those_of_examples(self) -> None:
        hosts = r"(example\.(com|org|net)|[a-z]+\.(test|example|invalid))"
        assert all(re.search(rf"@([a-z]+\.)?{hosts}$", t) for t in _draws(_drawer("{email}")))
        assert all(re.match(rf"(https?://)?(www\.)?{hosts}([/?]|$|\.html)", t) for t in _draws(_drawer("{url}")))

    def test_phones_are_from_ranges_of_fiction(self) -> None:
        assert all("555-01" in t for t in _draws(_drawer("{phone}", locale="en-US")))
        british = r"(01632 960|020 7946 0|\+44 20 7946 0|0161 496 0|07700 900)\d{3}"
        assert all(re.fullmatch(british, t) for t in _draws(_drawer("{phone}", locale="en-GB")))
        assert all("000" in t for t in _draws(_drawer("{phone}", language="tr")))


class TestCountries:
    """Forms of a country."""

    @pytest.mark.parametrize(
        ("locale", "shape"),
        [("en-US", r"\$[\d,]+\.\d\d|USD [\d,]+\.\d\d"), ("de-DE", r"[\d.]+,\d\d (€|EUR)"), ("fr-FR", r"[\d ]+,\d\d (€|EUR)")],
    )
    def test_prices(self, locale: str, shape: str) -> None:
        texts = _draws(_drawer("{price}", language=locale[:2], locale=locale))
        assert all(re.fullmatch(shape, t) for t in texts), [t for t in texts if not re.fullmatch(shape, t)][:5]

    def test_dates_are_days_of_the_calendar(self) -> None:
        for text in _draws(_drawer("{date:dd.MM.yyyy}"), 2000):
            dt.datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=dt.UTC)

    def test_month_names_are_those_of_the_language(self) -> None:
        assert set(_draws(_drawer("{month}", language="de"))) >= {"März", "Dezember"}
        assert set(_draws(_drawer("{month}", language="ru"))) >= {"марта"}

    def test_numbers_stand_in_the_digits_of_the_alphabet(self) -> None:
        joined = "".join(_draws(_drawer("{number}", language="ar")))
        assert set(joined) & set("٠١٢٣٤٥٦٧٨٩")
        assert not set(joined) & set("0123456789")

    @pytest.mark.parametrize(
        ("language", "template", "shape"),
        [
            ("zh-Hans", "{name}", r"\w{2,4}"),
            ("zh-Hans", "{address}", r"\w+(路|大道|街)\d+号"),
            ("zh-Hant", "{address}", r"\w+(路|大道|街)\d+號"),
            ("ja", "{name}", r"\w{2,6}"),
            ("ja", "{address}", r"〒?\d{3}-\d{4}\w+[1-9]-[1-9]\d?-[1-9]\d?"),
            ("ja", "{company}", r"\w*会社\w+"),
            ("vi", "{company}", r"(Công ty|Tập Đoàn|Doanh nghiệp) .*"),
            ("zh-Hans", "{year}年 {time:HH:mm}", r"\d{4}年\d\d:\d\d"),
            ("ko", "{name}", r"\w{2,5}"),
            ("ko", "{address}", r"[\w ]+ \w+(로|길) \d+"),
            ("hu", "{name}", r"\S+ \S+( \S+)?"),
        ],
    )
    def test_names_and_addresses_are_written_as_there(self, language: str, template: str, shape: str) -> None:
        texts = _draws(_drawer(template, language=language))
        assert all(re.fullmatch(shape, t) for t in texts), [t for t in texts if not re.fullmatch(shape, t)][:5]

    @pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "ja"])
    def test_without_spaces_no_generator_loses_its_share(self, language: str) -> None:
        texts = _draws(_drawer("{percent}", "{price}", "{name}", language=language), 900)
        named = sum(not any(c.isdigit() for c in text) for text in texts)
        assert 240 < named < 360
        assert not any(" " in text for text in texts)

    def test_countries_and_cities_are_named_in_every_language(self) -> None:
        for language, country in (("sw", "Ufaransa"), ("am", "ፈረንሳይ"), ("ja", "フランス"), ("en", "France")):
            assert country in _draws(_drawer("{country}", language=language), 5000)
        assert {"New York", "Cairo"} <= set(_draws(_drawer("{city}"), 8000))
        assert not any(text.startswith(("GMT", "UTC", "Unknown")) for text in _draws(_drawer("{city}"), 8000))
        assert not any("Unknown" in text for text in _draws(_drawer("{country}"), 5000))
        assert "Dhaka" in _draws(_drawer("{city}"), 8000)
        assert "القاهرة" in _draws(_drawer("{city}", language="ar"), 8000)

    def test_an_unknown_locale_is_named(self) -> None:
        with pytest.raises(RecipeError, match=r"text\.sources\[0\]\.pattern\.locale: no locale 'xx-YY' is known"):
            _drawer("{date}", locale="xx-YY")

    @pytest.mark.parametrize("language", ["ar", "hi", "th", "ja", "zh-Hans", "ru", "el", "he", "ka", "ko", "fa"])
    def test_other_scripts_have_usual_entries(self, language: str) -> None:
        letters = alphabet.load(language)
        texts = _draws(Pattern().compile(letters, "text"), 300, 30)
        assert all(letters.characters.issuperset(t) for t in texts)
        assert len(set(texts)) > 150


@pytest.mark.parametrize(
    ("templates", "packages"),
    [
        ([], {"babel"}),
        (["{date} {amount}"], {"babel"}),
        (["{last_name}, {city}"], {"babel", "faker"}),
        (["{company}"], {"babel", "faker"}),
        ([{"text": "{date}( {name}|)", "weight": 2.0}], {"babel", "faker"}),
    ],
)
def test_only_what_is_drawn_from_is_in_the_lock(templates: list[Any], packages: set[str]) -> None:
    recipe = Recipe.for_language("en", text={"sources": [{"pattern": {"templates": templates}}]})
    assert recipe.lock().keys() & {"babel", "faker"} == packages


def test_without_faker_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['faker'] = None;"
        "from ocrsynth.text import alphabet; from ocrsynth.text.sources.pattern import Pattern;"
        "Pattern(templates=['{name}']).compile(alphabet.load('en'), 'text')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert "MissingDependencyError: " in done.stderr
    assert "pip install 'ocrsynth[faker]'" in done.stderr


def test_a_recipe_of_patterns_makes_samples() -> None:
    recipe = Recipe.for_language("en", text={"sources": [{"pattern": {"templates": ["{price}", "[A-Z]{2}\\d{6}"]}}]})
    assert re.fullmatch(r"[A-Za-z]{2}\d{6}|.*\d.*", make_sample(recipe, 1).text)
