"""Fixtures that many tests share."""

from __future__ import annotations

import pytest

from ocrsynth import Recipe


@pytest.fixture(scope="session")
def clean() -> Recipe:
    """English without degradation, as PNG."""
    return Recipe.for_language("en", preset="clean", seed=11)


@pytest.fixture(scope="session")
def scan() -> Recipe:
    """English through the scan preset."""
    return Recipe.for_language("en", preset="scan", seed=11)
