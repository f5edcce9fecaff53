"""Options of `Charset` that are misspelt."""

from __future__ import annotations

from typing import Any

import pytest

from ocrsynth.charset import Charset
from ocrsynth.errors import RecipeError


@pytest.mark.parametrize(("name", "known"), [("unit", "character, cluster"), ("unknown", "error, drop, unk")])
def test_an_unknown_option_is_refused(name: str, known: str) -> None:
    options: dict[str, Any] = {name: "ignore"}
    with pytest.raises(RecipeError, match=rf"charset: {name} must be one of {known}, got 'ignore'"):
        Charset("abc", **options)
