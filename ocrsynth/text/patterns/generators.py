"""The named generators of templates: ``{date}``, ``{price}``, ``{iban}`` and so on."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

from ocrsynth.errors import MissingDependencyError, suggest
from ocrsynth.seeding import Stream
from ocrsynth.text.alphabet import Alphabet
from ocrsynth.text.patterns import checks, forms
from ocrsynth.text.patterns.grammar import Drawn, GeneratorError, compile_template
from ocrsynth.text.vocabulary import frequent_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ocrsynth.text.patterns.locales import Country

_DATE_FIELD = re.compile(r"'[^']*'|y+|M+|d+|E+|.", re.DOTALL)
_TIME_FIELD = re.compile(r"'[^']*'|H+|h+|m+|s+|a+|[bB]+|.", re.DOTALL)
_DAYS_OF = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIRST_YEAR, _LAST_YEAR = 1950, 2039
_PRICES_BELOW = (10, 100, 1000, 10_000)
_MEASURED = 200
_GROUP = 4
_VOCABULARY = 20_000
_FREQUENCY_POWER = 0.45
"""Labels and names of goods repeat the common words of running text less."""

FAKED = {
    "first_name": ("first_names", "first_names_male", "first_names_female"),
    "last_name": (
        "last_names",
        "unisex_last_names",
        "last_names_unisex",
        "last_names_male",
        "male_last_names",
        "last_name_male",
    ),
    "city": ("cities", "city_names", "towns", "city_names_with_parent"),
    "company_suffix": ("company_suffixes",),
    "company_prefix": ("company_prefixes",),
}
"""Lists of package faker's providers, by the generator that draws from them."""
TEMPLATES = {
    "email": forms.EMAIL,
    "url": forms.URL,
    "invoice": forms.INVOICE,
    "reference": forms.REFERENCE,
    "quantity": forms.QUANTITY,
}
BY_FAKER = frozenset({*FAKED, "name", "company", "street", "address"})
"""Generators whose words are faker's."""
NAMES = tuple(
    sorted(
        {
            *FAKED,
            *TEMPLATES,
            "country",
            *("date", "time", "price", "amount", "percent", "iban", "card", "ean", "isbn", "vat"),
            *(
                "name",
                "company",
                "phone",
                "plate",
                "postcode",
                "street",
                "address",
                "month",
                "weekday",
                "year",
                "number",
                "word",
            ),
        }
    )
)


def generators_of(alphabet: Alphabet, country: Country) -> Generators:
    """Return the generators of an alphabet and a country; sources of one recipe share them."""
    return _generators(alphabet.model_dump_json(), country)


@lru_cache(maxsize=8)
def _generators(alphabet: str, country: Country) -> Generators:
    # By its content, for an alphabet may be read from another folder under the same id.
    return Generators(Alphabet.model_validate_json(alphabet), country)


class Generators:
    """The generators of one alphabet and country."""

    def __init__(self, alphabet: Alphabet, country: Country) -> None:
        self.alphabet = alphabet
        self._country = country
        digits = alphabet.digits.split()
        own = {ord(str(i)): d for i, d in enumerate(digits)}
        # Where the alphabet has no ASCII digits, numbers stand in its own.
        self._digits = None if "0" in digits else own
        # Chinese and Korean write no codes in Latin letters.
        written = tuple(c for c in country.currencies if alphabet.characters.issuperset(c))
        self._currencies = written or country.currencies
        self._made: dict[tuple[str, str | None], Drawn] = {}

    def __call__(self, name: str, argument: str | None) -> Drawn:
        """Return a generator; raises GeneratorError for an unknown name, or an argument that it does not take."""
        made = self._made.get((name, argument))
        if made is None:
            if name not in NAMES:
                raise GeneratorError(f"has no generator {name!r}", suggest(name, NAMES))
            if argument is not None and name not in ("date", "time", "word"):
                raise GeneratorError(f"gives {name!r} an argument", "only date, time and word take one")
            made = self._made[name, argument] = self._word(argument) if name == "word" else self._make(name, argument)
        return made

    def _make(self, name: str, argument: str | None) -> Drawn:
        if (template := TEMPLATES.get(name) or self._local(name)) is not None:
            return self._template(template)
        if name in FAKED:
            return self._one_of(self._faked(name), name)
        if name == "country":
            return self._one_of(self._written(self._country.countries), name)
        draw = self._dated(name, argument) if name in ("date", "time") else getattr(self, f"_{name}")
        return self._measured(self._in_digits(draw))

    def _local(self, name: str) -> str | None:
        """Return the country's template of a generator, or None if it has none."""
        if name == "company":
            otherwise = forms.ANY_COMPANY if self._faked("company_suffix") else forms.COMPANY_BY_PREFIX
            return forms.COMPANIES.get(self._country.territory, otherwise)
        if name == "street":
            language = self._country.tag.split("-")[0].split("_")[0]
            if language in forms.STREETS:
                return forms.STREETS[language]
            return forms.ANY_STREET if self._faked("last_name") else forms.STREET_OF_A_WORD
        tables = {
            "phone": (forms.PHONES, forms.ANY_PHONE),
            "plate": (forms.PLATES, forms.ANY_PLATE),
            "postcode": (forms.POSTCODES, forms.ANY_POSTCODE),
            "name": (forms.NAMES, forms.ANY_NAME),
            "address": (forms.ADDRESSES, forms.ANY_ADDRESS),
        }
        if name not in tables:
            return None
        table, otherwise = tables[name]
        return table.get(self._country.territory, otherwise)

    def _template(self, template: str) -> Drawn:
        drawn = compile_template(template, self.alphabet, self, "pattern")
        return Drawn(self._in_digits(drawn.draw), drawn.shortest, drawn.longest)

    def _in_digits(self, draw: Callable[[Stream], str]) -> Callable[[Stream], str]:
        digits = self._digits
        return draw if digits is None else lambda stream: draw(stream).translate(digits)

    def _measured(self, draw: Callable[[Stream], str]) -> Drawn:
        """Return *draw* with its shortest and longest text, as far as some hundred draws show."""
        sizes = [len(draw(Stream(0, i, "pattern sizes"))) for i in range(_MEASURED)]
        return Drawn(draw, min(sizes), max(sizes))

    def _one_of(self, items: tuple[str, ...], name: str) -> Drawn:
        """Return a generator of *items*; raises GeneratorError if there are none."""
        if not items:
            raise GeneratorError(f"has no words for {name!r} in {self._country.tag}", "choose another locale, or leave it out")
        sizes = [len(item) for item in items]
        return Drawn(lambda stream: stream.choice(items), min(sizes), max(sizes))

    def _word(self, style: str | None) -> Drawn:
        """Return a generator of words of the language by frequency; raises GeneratorError if no list of them is known."""
        styles: dict[str | None, Callable[[str], str]] = {
            None: str,
            "title": self.alphabet.capitalised,
            "upper": self.alphabet.upper,
        }
        if style not in styles:
            raise GeneratorError(f"has no style {style!r} of words", "there are title and upper")
        words, cumulative = frequent_words(self.alphabet, _VOCABULARY, _FREQUENCY_POWER)
        if not words:
            raise GeneratorError(f"has no list of words of {self.alphabet.id!r}", "leave it out")
        cased = styles[style]
        sizes = [len(word) for word in words]
        return Drawn(lambda stream: cased(words[stream.weighted(cumulative)]), min(sizes), max(sizes))

    def _faked(self, name: str) -> tuple[str, ...]:
        """Return the words of faker's lists that the alphabet can write, or if there are none nothing.

        Cities are CLDR's where the country has no list: those of another country with the same language would be odd.
        """
        try:
            from faker import Factory
            from faker.config import AVAILABLE_LOCALES
        except ImportError:
            raise MissingDependencyError(
                f"text.sources: generator {name!r} takes its words from package faker, which is not installed; "
                "run: pip install 'ocrsynth[faker]'"
            ) from None
        language = self._country.tag.replace("_", "-").split("-")[0]
        exact = f"{language}_{self._country.territory}"
        locales = [exact, *sorted(loc for loc in AVAILABLE_LOCALES if loc.split("_")[0] == language)]
        wanted = {"city": "address", "company_suffix": "company", "company_prefix": "company"}.get(name, "person")
        for locale in locales:
            if locale != exact and name == "city" and (cities := self._written(self._country.cities)):
                return cities
            if locale not in AVAILABLE_LOCALES:
                continue
            with warnings.catch_warnings():
                # Some locales are only another name of one.
                warnings.simplefilter("ignore", UserWarning)
                providers = [p for p in Factory.create(locale).providers if p.__provider__.endswith(f".{wanted}")]
            for attribute in FAKED[name]:
                # A list that a country's provider does not have of its own would be English.
                values = vars(type(providers[0])).get(attribute, ()) if providers else ()
                if kept := self._written(" ".join(v.split()) for v in values if isinstance(v, str)):
                    return kept
        return self._written(self._country.cities) if name == "city" else ()

    def _written(self, words: Iterable[str]) -> tuple[str, ...]:
        """Return those of *words* that the alphabet can write, sorted."""
        return tuple(sorted({w for w in words if w and self.alphabet.characters.issuperset(w)}))

    # Each method below draws one text; ASCII digits become the alphabet's own afterwards.

    def _dated(self, name: str, pattern: str | None) -> Callable[[Stream], str]:
        country = self._country
        fields = _DATE_FIELD if name == "date" else _TIME_FIELD
        given = (pattern,) if pattern else (country.dates if name == "date" else country.times)
        compiled = [fields.findall(p) for p in given]

        def draw(stream: Stream) -> str:
            parts = stream.choice(compiled)
            if name == "time":
                return _time(parts, stream.below(24), stream.below(60), stream.below(60), country)
            month = 1 + stream.below(12)
            year = stream.between(_FIRST_YEAR, _LAST_YEAR)
            return _date(parts, year, month, 1 + stream.below(_DAYS_OF[month - 1]), country)

        return draw

    def _grouped(self, whole: int, stream: Stream) -> str:
        if whole < 1000 or stream.chance(0.3):
            return str(whole)
        return f"{whole:,}".replace(",", self._country.group)

    def _plain_amount(self, stream: Stream) -> str:
        whole = stream.below(stream.choice(_PRICES_BELOW))
        if not self._country.decimals:
            return self._grouped(whole * stream.choice((1, 10, 100)) + 1, stream)
        cents = stream.choice((0, 50, 95, 99)) if stream.chance(0.3) else stream.below(100)
        return f"{self._grouped(whole, stream)}{self._country.decimal}{cents:02d}"

    def _amount(self, stream: Stream) -> str:
        sign = "-" if stream.chance(0.05) else ""
        return sign + self._plain_amount(stream)

    def _price(self, stream: Stream) -> str:
        number = re.sub(r"[#0][#0,.]*", self._plain_amount(stream).replace("\\", ""), self._country.money, count=1)
        currency = self._currencies[0] if stream.chance(0.75) else self._currencies[-1]
        if number.startswith("¤") and len(currency) > 1 and currency.isalpha():
            number = number.replace("¤", "¤ ", 1)
        return " ".join(number.replace("¤", currency).split())

    def _percent(self, stream: Stream) -> str:
        whole = str(stream.below(101))
        part = f"{self._country.decimal}{stream.below(10)}" if stream.chance(0.3) else ""
        return whole + part + (" " if stream.chance(0.3) else "") + self._country.percent

    def _number(self, stream: Stream) -> str:
        return self._grouped(stream.below(10 ** (1 + stream.below(7))), stream)

    def _year(self, stream: Stream) -> str:
        return str(stream.between(_FIRST_YEAR, _LAST_YEAR))

    def _month(self, stream: Stream) -> str:
        return stream.choice(self._country.months)

    def _weekday(self, stream: Stream) -> str:
        return stream.choice(self._country.days)

    def _iban(self, stream: Stream) -> str:
        code = self._country.territory if self._country.territory in forms.IBANS else stream.choice(_IBAN_COUNTRIES)
        bank, n = forms.IBANS[code]
        bban = bank + _digits(stream, n)
        number = f"{code}{checks.iban(code, bban)}{bban}"
        if stream.chance(0.15):
            return number
        return " ".join(number[i : i + _GROUP] for i in range(0, len(number), _GROUP))

    def _card(self, stream: Stream) -> str:
        first, length = stream.choice(forms.CARDS)
        digits = first + _digits(stream, length - len(first) - 1)
        number = digits + checks.luhn(digits)
        kind = stream.unit()
        if kind < 0.15:
            return number
        if length == 15:
            return f"{number[:4]} {number[4:10]} {number[10:]}"
        if kind < 0.3:
            return f"**** **** **** {number[-4:]}" if "*" in self.alphabet.characters else number
        return " ".join(number[i : i + _GROUP] for i in range(0, length, _GROUP))

    def _ean(self, stream: Stream) -> str:
        # 200 to 299 are for use inside a shop: no product in the world has such a number.
        digits = "2" + _digits(stream, 6 if stream.chance(0.2) else 11)
        return digits + checks.ean(digits)

    def _isbn(self, stream: Stream) -> str:
        group, title = str(stream.below(8)), _digits(stream, 5)
        # 00 to 19 would be the largest publishers' prefixes; three digits keep the number of hyphens right.
        publisher = f"{stream.between(200, 699)}"
        if stream.chance(0.3):
            return f"{group}-{publisher}-{title}-{checks.isbn10(group + publisher + title)}"
        return f"978-{group}-{publisher}-{title}-{checks.ean('978' + group + publisher + title)}"

    def _vat(self, stream: Stream) -> str:
        territory = self._country.territory
        if territory == "FR":
            siren = "000" + _digits(stream, 6)
            return f"FR{checks.french_vat(siren)}{siren}"
        if territory == "GB":
            digits = "000" + _digits(stream, 4)
            return f"GB{digits}{checks.british_vat(digits)}"
        if territory == "PL":
            for _ in range(20):
                digits = "000" + _digits(stream, 6)
                if (check := checks.nip(digits)) is not None:
                    return f"PL{digits}{check}"
        if territory == "IT":
            digits = "0000" + _digits(stream, 3) + "000"
            return f"IT{digits}{checks.luhn(digits)}"
        if territory == "DE":
            digits = f"{stream.between(1, 9)}00{_digits(stream, 5)}"
            return f"DE{digits}{checks.mod_11_10(digits)}"
        return f"{territory}000{_digits(stream, 6)}"


_IBAN_COUNTRIES = tuple(sorted(forms.IBANS))


def _digits(stream: Stream, n: int) -> str:
    return "".join([str(stream.below(10)) for _ in range(n)])


def _date(parts: list[str], year: int, month: int, day: int, country: Country) -> str:
    out = []
    for part in parts:
        kind, n = part[0], len(part)
        if kind == "y":
            out.append(f"{year % 100:02d}" if n == 2 else str(year))
        elif kind == "M":
            names = {3: country.short_months, 4: country.months}
            out.append(names[n][month - 1] if n in names else f"{month:0{n}d}")
        elif kind == "d":
            out.append(f"{day:0{n}d}")
        elif kind == "E":
            out.append(country.days[_weekday_of(year, month, day)])
        else:
            out.append(_literal(part))
    return "".join(out)


def _time(parts: list[str], hour: int, minute: int, second: int, country: Country) -> str:
    out = []
    for part in parts:
        kind, n = part[0], len(part)
        if kind == "H":
            out.append(f"{hour:0{n}d}")
        elif kind == "h":
            out.append(f"{hour % 12 or 12:0{n}d}")
        elif kind in "ms":
            out.append(f"{minute if kind == 'm' else second:02d}")
        elif kind in "abB":
            out.append(country.half_days[hour >= 12])
        else:
            out.append(_literal(part))
    return "".join(out)


def _literal(part: str) -> str:
    return part[1:-1] or "'" if part[0] == "'" else part


def _weekday_of(year: int, month: int, day: int) -> int:
    return dt.date(year, month, day).weekday()
