"""Forms of a country: phone numbers, plates, postcodes and bank accounts, as templates of the pattern language.

Nothing here is anybody's.  Phone numbers are from the ranges that regulators keep for fiction where there are such (North
American Numbering Plan Administration 555-0100 to -0199; Ofcom; ARCEP; Bundesnetzagentur; ACMA; PTS), elsewhere their
subscriber part begins with 000, which no plan assigns.  Bank codes are zeros or XXXX, which no bank has.  Card numbers begin
like those that the networks print on specimens.
"""

from __future__ import annotations

PHONES = {
    "US": r"(\([2-9]\d\d\) |[2-9]\d\d-|\+1 [2-9]\d\d )555-01\d\d",
    "CA": r"(\([2-9]\d\d\) |[2-9]\d\d-|\+1 [2-9]\d\d )555-01\d\d",
    "GB": r"(01632 960\d{3}|020 7946 0\d{3}|0161 496 0\d{3}|07700 900\d{3}|\+44 20 7946 0\d{3})",
    "DE": r"(030 23125 \d{3}|\+49 30 23125\d{3}|069 90009 \d{3}|0171 39200\d\d|040/66969\d{3})",
    "FR": r"(01 99 00 \d\d \d\d|02 61 91 \d\d \d\d|\+33 1 99 00 \d\d \d\d|06 39 98 \d\d \d\d)",
    "AU": r"(\(0[2378]\) 5550 \d{4}|0491 570 \d{3}|\+61 491 570 \d{3})",
    "SE": r"(08-465 004 \d\d|070-174 06 \d\d|\+46 8 465 004 \d\d)",
    "IE": r"(020 91\d \d{4}|\+353 20 91\d \d{4})",
    "JP": r"(03-0000-\d{4}|090-0000-\d{4}|06-0000-\d{4})",
    "CN": r"(010-000\d \d{4}|\+86 100 00\d\d \d{4})",
    "IN": r"(\+91 00000 \d{5}|011-000\d \d{4})",
    "BR": r"(\(\d\d\) 90000-\d{4}|\(\d\d\) 0000-\d{4})",
    "RU": r"(\+7 \(000\) \d{3}-\d\d-\d\d|8 \(000\) \d{3}-\d\d-\d\d)",
}
ANY_PHONE = r"(0\d{2,3}[ /-]000 \d{3,4}|\+\d\d \d{2,3} 000 \d{3,4})"

PLATES = {
    "US": r"([A-Z]{3}[ -]\d{3,4}|\d[A-Z]{3}\d{3}|\d{3}[ ·-][A-Z]{3})",
    "GB": r"[A-Z]{2}(0[1-9]|[1-7]\d) [A-Z]{3}",
    "DE": r"[A-Z]{1,3}[ -][A-Z]{1,2} [1-9]\d{0,3}(E~0.05|H~0.05|\d{0})",
    "FR": r"[A-HJ-NP-TV-Z]{2}-\d{3}-[A-HJ-NP-TV-Z]{2}",
    "IT": r"[A-HJ-NPR-TV-Z]{2} \d{3}[A-HJ-NPR-TV-Z]{2}",
    "ES": r"\d{4} [B-DF-HJ-NPR-TV-Z]{3}",
    "NL": r"([A-Z]{2}-\d{3}-[A-Z]|\d{2}-[A-Z]{3}-\d|[A-Z]-\d{3}-[A-Z]{2})",
    "PL": r"[A-Z]{2,3} (\d{5}|\d{4}[A-Z]|\d{3}[A-Z]{2})",
    "PT": r"([A-Z]{2}-\d{2}-[A-Z]{2}|\d{2}-[A-Z]{2}-\d{2})",
    "SE": r"[A-Z]{3} \d{2}[A-Z0-9]",
    "DK": r"[A-Z]{2} \d{2} \d{3}",
    "NO": r"[A-Z]{2} \d{5}",
    "FI": r"[A-Z]{3}-[1-9]\d{0,2}",
    "CZ": r"\d[A-Z]\d \d{4}",
    "HU": r"[A-Z]{2} [A-Z]{2}-\d{3}",
    "RO": r"[A-Z]{1,2} \d{2,3} [A-Z]{3}",
    "TR": r"(0[1-9]|[1-7]\d|8[01]) [A-Z]{1,3} \d{2,4}",
    "BR": r"[A-Z]{3}(-\d{4}|\d[A-J]\d{2})",
    "IN": r"[A-Z]{2} \d{2} [A-Z]{1,2} \d{4}",
    "RU": r"[АВЕКМНОРСТУХ]\d{3}[АВЕКМНОРСТУХ]{2} \d{2,3}",
    "UA": r"[АВЕІКМНОРСТХ]{2} \d{4} [АВЕІКМНОРСТХ]{2}",
}
ANY_PLATE = r"[A-Z]{2,3}[ -]\d{3,4}"

POSTCODES = {
    "US": r"\d{5}(-\d{4}~0.2|\d{0})",
    "GB": r"[A-Z]{1,2}\d{1,2} \d[ABD-HJLNP-UW-Z]{2}",
    "NL": r"[1-9]\d{3} [A-Z]{2}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
    "BR": r"\d{5}-\d{3}",
    "JP": r"〒?\d{3}-\d{4}",
    "SE": r"\d{3} \d{2}",
    "CZ": r"\d{3} \d{2}",
    "SK": r"\d{3} \d{2}",
    "GR": r"\d{3} \d{2}",
    "CA": r"[A-CEGHJ-NPR-TVXY]\d[A-Z] \d[A-Z]\d",
    "DK": r"\d{4}",
    "NO": r"\d{4}",
    "HU": r"\d{4}",
    "AT": r"\d{4}",
    "CH": r"\d{4}",
    "BE": r"\d{4}",
    "AU": r"\d{4}",
    "RU": r"\d{6}",
    "CN": r"\d{6}",
    "IN": r"\d{6}",
    "RO": r"\d{6}",
    "VN": r"\d{6}",
}
ANY_POSTCODE = r"\d{5}"

STREETS = {
    "cs": "{last_name}ova",
    "da": "{last_name}(gade|vej|vænget)",
    "de": "{last_name}(straße~4|weg|platz|allee|gasse)",
    "en": "{last_name} (Street~3|Road~3|Avenue~2|Lane|Drive|St.|Ave.)",
    "es": "(Calle~3|Avenida|Plaza|C/) {last_name}",
    "fr": "(rue~4|avenue|boulevard|place|impasse) {last_name}",
    "ja": "(中央|本町|栄町|緑町|若葉町|新町)",
    "ko": "(중앙|세종|한강|평화|문화|시청)(로~3|길|대로)",
    "it": "(Via~4|Viale|Piazza|Corso) {last_name}",
    "nl": "{last_name}(straat~3|weg|laan|plein)",
    "pl": "(ul.~4|al.|pl.) {last_name}",
    "pt": "(Rua~4|Avenida|Praça|Travessa) {last_name}",
    "ro": "(Str.~3|Bd.|Calea) {last_name}",
    "ru": "(ул.~4|пр.|пер.) {last_name}",
    "sv": "{last_name}(gatan~3|vägen)",
    "tr": "{last_name} (Caddesi|Sokak|Bulvarı)",
    "zh": "(人民|中山|和平|文化|南京|中正)(路~4|大道|街)",
    "uk": "(вул.~4|просп.|пров.) {last_name}",
}
ANY_STREET = "{last_name}"
STREET_OF_A_WORD = "{word:title}"
"""Where no names of the language are known."""

ANY_NAME = "{first_name} {last_name}"
NAMES = {
    **dict.fromkeys(("CN", "TW", "HK", "MO", "JP", "KR", "KP"), "{last_name}{first_name}"),
    **dict.fromkeys(("HU", "VN"), "{last_name} {first_name}"),
}
"""Where the name of the family stands first."""

ANY_COMPANY = "{last_name} {company_suffix}"
COMPANY_BY_PREFIX = "{company_prefix} {last_name}"
COMPANIES = {"VN": "{company_suffix} {last_name}"}
"""Where the kind of company stands first, though faker has it behind the name."""

ANY_ADDRESS = r"{street} [1-9]\d{0,2}, {postcode} {city}"
ADDRESSES = {
    **dict.fromkeys(("US", "GB", "CA", "AU", "IE", "FR", "NZ", "IN"), r"[1-9]\d{0,2} {street}, {postcode} {city}"),
    "CN": r"{city}{street}[1-9]\d{0,2}号",
    **dict.fromkeys(("TW", "HK", "MO"), r"{city}{street}[1-9]\d{0,2}號"),
    "JP": r"{postcode} {city}{street}[1-9]-[1-9]\d?-[1-9]\d?",
    "KR": r"{city} {street} [1-9]\d{0,2}",
}
"""Numbers stand before the street in English, French and their like; East Asia goes from the large to the small."""

IBANS = {
    "AT": ("00000", 11),
    "BE": ("000", 9),
    "CH": ("00000", 12),
    "CZ": ("0000", 16),
    "DE": ("00000000", 10),
    "DK": ("0000", 10),
    "ES": ("00000000", 12),
    "FI": ("000000", 8),
    "FR": ("0000000000", 13),
    "GB": ("XXXX000000", 8),
    "GR": ("0000000", 16),
    "HU": ("0000000", 17),
    "IE": ("XXXX000000", 8),
    "IT": ("X0000000000", 12),
    "NL": ("XXXX", 10),
    "NO": ("0000", 7),
    "PL": ("00000000", 16),
    "PT": ("00000000", 13),
    "RO": ("XXXX", 16),
    "SE": ("000", 17),
    "SK": ("0000", 16),
    "TR": ("000000", 16),
}
"""The bank's part, which names none, and the number of digits behind it (SWIFT, IBAN Registry, release 99)."""

CARDS = (("400000", 16), ("555555", 16), ("222300", 16), ("378282", 15), ("601111", 16), ("356600", 16))
"""First digits of specimens of the networks, and the length of their numbers."""

_SAFE_HOST = r"(example.(com~3|org|net)|[a-z]{3,9}.(test|example))"
"""Names that RFC 2606 and RFC 6761 keep for examples: nobody has them."""
EMAIL = r"[a-z]{2,9}([._-][a-z]{2,9}|\d{1,3}~0.3|\d{0})@((mail|shop|info|office).)?" + _SAFE_HOST
URL = r"((https://|http://)(www.)?|www.)" + _SAFE_HOST + r"(/[a-z]{2,9}){0,2}(/|.html|\?id=\d{1,5}|\d{0})"
INVOICE = r"((INV|RE|No|NR|REF|ORD|Nr.|FA)[-: /]?)?((19|20)\d\d[-/])?\d{3,8}([-/][A-Z0-9]{1,3}~0.3|\d{0})"
REFERENCE = r"([A-Z]{1,3}\d{3,7}|[A-Z0-9]{4}-[A-Z0-9]{4}(-[A-Z0-9]{4}){0,2}|\d{2}-\d{4,6}|#\d{3,6})"
QUANTITY = r"([1-9]\d{0,2} ?(x|×|pcs|Stk.|kg|g|l|ml|m|cm|mm|m²|%)|[1-9]\d{0,2}[.,]\d ?(kg|l|m|km|cm|°C))"
