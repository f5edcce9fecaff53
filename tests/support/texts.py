"""Text sources and mixtures for tests."""

from __future__ import annotations

from typing import Any

from ocrsynth.fields import validate
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.alphabet import Alphabet
from ocrsynth.text.base import SOURCES, Drawer
from ocrsynth.text.mixture import TextConfig, TextMixture, default_sources, parse_sources

ENGLISH = alphabet.load("en_Latn")


def drawer_of(name: str, letters: Alphabet = ENGLISH, /, **arguments: Any) -> Drawer:
    """Return the compiled source *name* with these options."""
    return validate(SOURCES.get(name, "text"), arguments, "text").compile(letters, "text")


def texts_of(drawer: Drawer, count: int, length: int, seed: int = 1) -> list[str]:
    """Return texts of a drawer, of one length."""
    return [drawer(Stream(seed, i, "text"), length) for i in range(count)]


def mixture_of(letters: Alphabet = ENGLISH, /, **section: Any) -> TextMixture:
    """Return the mixture of a recipe's text section."""
    config = validate(TextConfig, section, "text")
    sources = parse_sources(config.sources or default_sources(letters), "text.sources")
    return TextMixture(config, sources, letters)


def cased(**weights: float) -> dict[str, float]:
    """Return weights of case styles, 0 for those that are not named."""
    return {"asis": 0, "sentence": 0, "title": 0, "upper": 0, **weights}


def english_with(**changes: Any) -> Alphabet:
    """Return the English alphabet with other values, as a file of it would give them."""
    return validate(Alphabet, {**ENGLISH.model_dump(), **changes}, "alphabets/test.yaml")
