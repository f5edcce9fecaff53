"""Fixtures that many tests share."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocrsynth import Recipe

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="session")
def fontmaker() -> ModuleType:
    """The module ``fonts/fontmaker.py``; tests are files, not a package, so it is loaded by its path."""
    name = "ocrsynth_tests_fontmaker"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "fonts" / "fontmaker.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
    return sys.modules[name]


@pytest.fixture(scope="session")
def clean() -> Recipe:
    """English without degradation, as PNG."""
    return Recipe.for_language("en", preset="clean", seed=11)


@pytest.fixture(scope="session")
def scan() -> Recipe:
    """English through the scan preset."""
    return Recipe.for_language("en", preset="scan", seed=11)


@pytest.fixture(scope="session")
def named_fonts() -> dict[str, list[str]]:
    """The ``fonts`` section of families by name, so that a larger default set does not change the lines of a test."""
    return {
        "families": [
            "EB Garamond",
            "Lora",
            "Source Serif 4",
            "PT Serif",
            "Libre Baskerville",
            "Crimson Pro",
            "Noto Serif",
            "Roboto",
            "Open Sans",
            "Arimo",
            "Source Sans 3",
            "Inter",
            "IBM Plex Sans",
            "Noto Sans",
            "Inconsolata",
            "Roboto Mono",
            "IBM Plex Mono",
            "JetBrains Mono",
            "Roboto Slab",
            "Zilla Slab",
            "Arvo",
            "Roboto Condensed",
            "Archivo Narrow",
            "PT Sans Narrow",
            "Oswald",
            "Caveat",
            "Kalam",
            "Dancing Script",
            "Playfair Display",
            "Abril Fatface",
            "Fredoka",
        ]
    }
