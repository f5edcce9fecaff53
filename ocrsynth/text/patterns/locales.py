"""How a country writes dates, times, numbers and money, from package babel (CLDR), taken apart once."""

from __future__ import annotations

from dataclasses import dataclass

import langcodes
from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_territory_currencies
from langcodes.tag_parser import LanguageTagError

from ocrsynth.errors import RecipeError

_INVISIBLE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", **dict.fromkeys("\u200e\u200f\u061c", None)})


@dataclass(frozen=True, slots=True)
class Country:
    """The conventions of one locale; spaces are plain, invisible marks of direction left out."""

    tag: str
    territory: str
    decimal: str
    group: str
    percent: str
    currencies: tuple[str, ...]
    """Sign and code of the local currency."""
    money: str
    """CLDR's pattern, such as ``¤#,##0.00``; ``¤`` stands for the currency."""
    decimals: int
    dates: tuple[str, ...]
    """Date patterns of CLDR, numbers and names."""
    times: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    half_days: tuple[str, str]
    countries: tuple[str, ...]
    cities: tuple[str, ...]
    """Those that time zones are named after, from all over the world."""


_COUNTRIES = frozenset(get_global("territory_zones")) - {"001", "ZZ"}
"""Codes of what CLDR has time zones for: no continents, no unions, none that are not known."""
_AMONG = {"zlm": ("ms",), "arz": ("ar",)}
"""Languages that CLDR knows under the name of those that they are counted among."""


def country_of(tag: str, where: str) -> Country:
    """Return the conventions of a locale such as ``de-DE``, or of a language where it is spoken most.

    Raises RecipeError, beginning with *where*, for a tag that package babel does not know.
    """
    try:
        full = langcodes.Language.get(tag).maximize()
        languages = (str(full.language), *_AMONG.get(str(full.language), ()))
        names = [name for of in languages for name in (f"{of}_{full.script}_{full.territory}", f"{of}_{full.territory}", of)]
        locale = next(found for name in names if (found := _locale(name)) is not None)
    except (LanguageTagError, StopIteration):
        raise RecipeError(f"{where}: no locale {tag!r} is known; write for example 'de-DE'") from None
    territory = locale.territory or full.territory or "US"
    symbols = locale.number_symbols.get("latn") or locale.number_symbols[locale.default_numbering_system]
    codes = get_territory_currencies(territory) or ["USD"]
    code = codes[-1]
    sign = _plain(locale.currency_symbols.get(code, code))
    formats = locale.date_formats
    # Where clocks count to 24, CLDR has no words for the halves of a day.
    periods = locale.day_periods["format"]["wide"]
    dates = [_plain(formats[name].pattern) for name in ("short", "medium", "long")]
    dates += ["y-MM-dd", "dd.MM.y", "dd/MM/y"] if not dates[0].startswith(("M", "y")) else ["y-MM-dd", "MM/dd/y"]
    return Country(
        tag=tag,
        territory=territory,
        decimal=_plain(symbols["decimal"]),
        group=_plain(symbols["group"]),
        percent=_plain(symbols["percentSign"]),
        currencies=tuple(dict.fromkeys((sign, code))),
        money=_plain(locale.currency_formats["standard"].pattern).partition(";")[0],
        decimals=0 if code in {"JPY", "KRW", "VND", "IDR", "CLP", "HUF", "ISK"} else 2,
        dates=tuple(dict.fromkeys(dates)),
        times=tuple(dict.fromkeys((_plain(locale.time_formats["short"].pattern), "HH:mm", "HH:mm:ss"))),
        months=tuple(_plain(locale.months["format"]["wide"][m]) for m in range(1, 13)),
        short_months=tuple(_plain(locale.months["format"]["abbreviated"][m]) for m in range(1, 13)),
        days=tuple(_plain(locale.days["format"]["wide"][d]) for d in range(7)),
        half_days=(_plain(periods.get("am", "AM")), _plain(periods.get("pm", "PM"))),
        countries=tuple(_plain(name) for code, name in sorted(locale.territories.items()) if code in _COUNTRIES),
        cities=_cities(locale, str(full.script)),
    )


def _cities(locale: Locale, script: str) -> tuple[str, ...]:
    """Return the cities of CLDR's time zones; in Latin letters, where one has no name, that of the zone."""
    found = []
    for zone, territory in sorted(get_global("zone_territories").items()):
        if territory not in _COUNTRIES or "/" not in zone or zone.startswith("Etc/"):
            continue
        name = locale.time_zones.get(zone, {}).get("city")
        if name is None and script == "Latn":
            name = zone.rpartition("/")[2].replace("_", " ")
        if name is not None:
            found.append(_plain(name))
    return tuple(dict.fromkeys(found))


def _locale(name: str) -> Locale | None:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return None


def _plain(text: str) -> str:
    return str(text).translate(_INVISIBLE)
