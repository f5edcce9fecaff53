"""Alphabets of languages without a file of their own, from the exemplar characters of package gflanguages.

Its syntax, which its own parser does not expand: tokens between spaces; ``{…}`` around a cluster of several code points;
``가-힣`` for a range; ``◌`` before a combining mark.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import gflanguages
from gfmetadata import LanguageProto, text_format

from ocrsynth.text.clusters import CLUSTER

_DATA = Path(gflanguages.__file__).resolve().parent / "data" / "languages"
_PLACEHOLDER = "\u25cc"
_ASCII_DIGITS = "0123456789"
_CLOSING = frozenset(".,;:!?…،؛؟۔।॥。、，；：！？．։՞՜፡።፣፤፥፧၊။៖។༎།᠂᠃܀")
_MATCHING = {
    "(": ")",
    "[": "]",
    "{": "}",
    "“": "”",
    "‘": "’",
    "«": "»",
    "‹": "›",
    "「": "」",
    "『": "』",
    "（": "）",
    "〈": "〉",
    "《": "》",
}
_MATCHING_LOW = {"„": "“", "‚": "‘"}
_JOINING = frozenset("-‐–—’'/&@_・‧·־")
_UNSPACED = frozenset(
    {"Hans", "Hant", "Hani", "Jpan", "Hira", "Kana", "Thai", "Khmr", "Laoo", "Mymr", "Tibt", "Lana", "Talu", "Java", "Bali"}
)
_SCRIPTS = {"Hans": "Hani", "Hant": "Hani", "Jpan": "Hani", "Kore": "Hang", "Aran": "Arab"}


def known() -> list[str]:
    """Return the ids of all languages of gflanguages, with or without exemplar characters."""
    return sorted(path.stem for path in _DATA.glob("*.textproto"))


@lru_cache(maxsize=64)
def language(name: str) -> Any:
    """Return the record of one language; reading all of them takes half a second."""
    return text_format.Parse((_DATA / f"{name}.textproto").read_text(encoding="utf-8"), LanguageProto())


def expand(exemplars: str) -> list[str]:
    """Return the clusters that an exemplar string stands for, NFC, each once, in order."""
    found: dict[str, None] = {}
    for token in exemplars.split():
        bare = token.strip("{}") or token
        if len(bare) == 3 and bare[1] == "-" and bare[0] < bare[2]:
            found |= dict.fromkeys(chr(c) for c in range(ord(bare[0]), ord(bare[2]) + 1))
            continue
        bare = unicodedata.normalize("NFC", bare.replace(_PLACEHOLDER, "").replace("\u200f", ""))
        if token.startswith("{") and len(token) > 1:
            found[bare] = None
        else:
            found |= dict.fromkeys(CLUSTER.findall(bare))
    return [c for c in found if c and all(unicodedata.category(k) not in {"Cn", "Co", "Cs", "Cc"} for k in c)]


def _is_mark(cluster: str) -> bool:
    return all(unicodedata.category(c).startswith("M") or c in "\u200c\u200d" for c in cluster)


def alphabet_of(name: str) -> dict[str, Any] | None:
    """Return the keys of an alphabet file for the language *name*, or None where gflanguages has no letters for it."""
    record = language(name)
    exemplars = record.exemplar_chars
    base = expand(exemplars.base)
    marks = [c for c in (*expand(exemplars.marks), *base) if _is_mark(c)]
    letters = [c for c in base if not _is_mark(c)]
    if not letters:
        return None
    # Where a script has case, the files hold the lower-case letters only.
    lower = [c for c in letters if c == c.lower() or len(c.lower()) != len(c)]
    casing = len(lower) < len(letters) or any(c != c.upper() for c in lower)
    first = next((c for c in letters if c[0].isalpha()), letters[0])
    punctuation = expand(exemplars.punctuation) or list(".,;:!?-()")
    auxiliary = [c for c in expand(exemplars.auxiliary) if not _is_mark(c) and c == c.lower() and c not in lower]
    code = record.script
    pairs = [f"{a} {b}" for a, b in _MATCHING.items() if a in punctuation and b in punctuation]
    pairs += [f"{a} {b}" for a, b in _MATCHING_LOW.items() if a in punctuation and b in punctuation]
    pairs += [f"{c} {c}" for c in "\"'" if c in punctuation]
    paired = {c for pair in pairs for c in pair.split()}
    return {
        "id": name,
        "name": record.name,
        "autonym": record.autonym or record.name,
        "script": _SCRIPTS.get(code, code),
        "language": record.language,
        "direction": "rtl" if unicodedata.bidirectional(first[0]) in {"R", "AL"} else "ltr",
        "casing": casing,
        "spacing": code not in _UNSPACED,
        "base": " ".join(lower if casing else letters),
        "auxiliary": " ".join(auxiliary),
        "marks": " ".join(dict.fromkeys(marks)),
        "digits": " ".join(_digits(exemplars.numerals)),
        "punctuation": {
            "closing": " ".join(c for c in punctuation if c in _CLOSING),
            "pairs": pairs,
            "joining": " ".join(c for c in punctuation if c in _JOINING),
            "symbols": " ".join(c for c in punctuation if c not in _CLOSING | _JOINING | paired and not _is_mark(c)),
        },
        "sources": {"all": "package gflanguages, from CLDR exemplar characters"},
        "validity": "draft",
    }


def _digits(numerals: str) -> list[str]:
    """Return the ten digits that stand in *numerals* in the script's own form, else ASCII's."""
    own: dict[int, list[str]] = {}
    for c in numerals:
        if c.isdecimal() and c not in _ASCII_DIGITS:
            own.setdefault(ord(c) - unicodedata.decimal(c), []).append(c)
    complete = [sorted(set(found)) for found in own.values() if len(set(found)) == len(_ASCII_DIGITS)]
    return complete[0] if complete else list(_ASCII_DIGITS)


def specimen(name: str) -> list[str]:
    """Return the specimen sentences of a language, one a paragraph; empty where gflanguages has none."""
    sample = language(name).sample_text
    texts = [
        getattr(sample, f.name)
        for f in sample.DESCRIPTOR.fields
        if f.name.startswith(("specimen", "tester", "styles", "poster"))
    ]
    lines = {unicodedata.normalize("NFC", " ".join(line.split())): None for text in texts for line in text.splitlines()}
    return [line for line in lines if line]
