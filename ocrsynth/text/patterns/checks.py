"""Check digits of numbers in print; each function takes the digits before the check and returns what completes them."""

from __future__ import annotations

from itertools import cycle


def luhn(digits: str) -> str:
    """Return the check digit of payment cards (ISO/IEC 7812-1, Annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def iban(country: str, bban: str) -> str:
    """Return the two check digits of an IBAN (ISO 13616, by ISO 7064 MOD 97-10)."""
    number = "".join(str(int(c, 36)) for c in f"{bban}{country}00")
    return f"{98 - int(number) % 97:02d}"


def ean(digits: str) -> str:
    """Return the check digit of an EAN-8, EAN-13 or ISBN-13 (GS1 General Specifications, 7.9)."""
    weights = cycle((3, 1))
    return str(-sum(int(d) * w for d, w in zip(reversed(digits), weights, strict=False)) % 10)


def isbn10(digits: str) -> str:
    """Return the check character of an ISBN of ten digits (ISO 2108:1992)."""
    rest = -sum(int(d) * weight for d, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def mod_11_10(digits: str) -> str:
    """Return the check digit of ISO 7064 MOD 11,10, that of German VAT numbers."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return str((11 - product) % 10)


def french_vat(siren: str) -> str:
    """Return the two key digits that stand before the SIREN in a French VAT number."""
    return f"{(12 + 3 * (int(siren) % 97)) % 97:02d}"


def british_vat(digits: str) -> str:
    """Return the two check digits of a British VAT number of nine digits."""
    total = sum(int(d) * weight for d, weight in zip(digits, range(8, 1, -1), strict=True))
    return f"{-total % 97:02d}"


def nip(digits: str) -> str | None:
    """Return the check digit of a Polish NIP, or None if there is none for these nine digits."""
    rest = sum(int(d) * w for d, w in zip(digits, (6, 5, 7, 2, 3, 4, 5, 6, 7), strict=True)) % 11
    return None if rest == 10 else str(rest)
