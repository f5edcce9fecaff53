"""Digits of a second numbering system: Arabic and most languages of India print both, each line those of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from texts import mixture_of

from ocrsynth import Recipe, make_sample
from ocrsynth.cli import cli
from ocrsynth.errors import RecipeError
from ocrsynth.explain import facts, in_words
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from pathlib import Path

_ASCII = frozenset("0123456789")
_ARABIC = frozenset("٠١٢٣٤٥٦٧٨٩")
_DEVANAGARI = frozenset("०१२३४५६७८९")


def _lines(language: str, **text: object) -> list[str]:
    """Return the lines that hold a figure."""
    mixture = mixture_of(alphabet.load(language), length_clusters=[10, 30], **text)
    lines = [mixture.draw(Stream(3, i, "text"), i).text for i in range(800)]
    return [line for line in lines if any(c.isdigit() for c in line)]


def _share(lines: list[str], digits: frozenset[str]) -> float:
    return sum(not digits.isdisjoint(line) for line in lines) / len(lines)


@pytest.mark.parametrize(
    ("language", "own", "other", "share"), [("ar", _ARABIC, _ASCII, 0.35), ("hi", _ASCII, _DEVANAGARI, 0.35)]
)
def test_a_share_of_the_lines_has_them_and_none_has_both(
    language: str, own: frozenset[str], other: frozenset[str], share: float
) -> None:
    lines = _lines(language)
    assert abs(_share(lines, other) - share) < 0.08
    assert all(own.isdisjoint(line) or other.isdisjoint(line) for line in lines)
    assert own | other <= set("".join(lines)), "every digit is met"


def test_there_are_as_many_as_the_recipe_asks_for() -> None:
    assert _share(_lines("hi", other_digits=0), _DEVANAGARI) == 0
    assert _share(_lines("hi", other_digits=1), _ASCII) == 0
    prices = [{"pattern": {"templates": ["{date} {number}"]}}]
    assert abs(_share(_lines("hi", other_digits=0.5, sources=prices), _DEVANAGARI) - 0.5) < 0.08


def test_texts_that_the_recipe_names_itself_are_left_alone(tmp_path: Path) -> None:
    assert _share(_lines("ar", sources=[{"words": {"numbers": 0.5}}]), _ASCII) == 0
    corpus = tmp_path / "lines.txt"
    corpus.write_text("عام 2010\n", "utf-8")
    # And such a line is inside the alphabet, where it was left out for its digits.
    assert set(_lines("ar", sources=[{"corpus": {"file": str(corpus)}}])) == {"عام 2010"}


def test_a_language_with_digits_of_one_kind_cannot_have_any() -> None:
    with pytest.raises(
        RecipeError, match=r"^text\.other_digits: must be left out, for English has digits of one kind, got 0\.1; take it out"
    ):
        _lines("en", other_digits=0.1)
    assert _lines("en", other_digits=0)


def test_the_default_recipe_has_them_in_its_styles_and_pictures() -> None:
    recipe = Recipe.for_language("hi", preset="document", seed=1)
    assert {style.recipe.text.other_digits for style in recipe.styles} == {0.35}
    texts = [make_sample(recipe, i).text for i in range(60)]
    assert not _DEVANAGARI.isdisjoint("".join(texts))
    own = Recipe.from_dict({"language": "hi", "text": {"sources": [{"words": {}}]}})
    assert {style.recipe.text.other_digits for style in own.styles} == {0.0}


def test_explain_and_languages_tell_of_them() -> None:
    told = facts(Recipe.for_language("hi", preset="scan"))
    assert told["texts"]["other_digits"] == {"digits": "० १ २ ३ ४ ५ ६ ७ ८ ९", "share": 0.35}
    assert "35% with the digits ० to ९" in in_words(told)
    assert facts(Recipe.for_language("en", preset="scan"))["texts"]["other_digits"] == {}
    shown = CliRunner().invoke(cli, ["languages", "show", "hi"]).output
    assert "or:          ० १ २ ३ ४ ५ ६ ७ ८ ९ in 35% of lines" in shown
