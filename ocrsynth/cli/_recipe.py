"""The options by which every command takes a recipe."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._place import Place
from ocrsynth.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.recipe import Recipe


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def recipe_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the argument RECIPE and the options that stand in for it or change it."""
    options = (
        click.argument("recipe", required=False, type=Place(dir_okay=False)),
        click.option(
            "--lang", help="Language, as a tag (en) or an alphabet's id (en_Latn).", shell_complete=_complete.languages
        ),
        click.option(
            "--preset",
            help="Degradation preset; beside a RECIPE it replaces the RECIPE's chain and styles, and nothing else.  "
            "[default: document]",
            shell_complete=_complete.presets,
        ),
        click.option("--seed", type=int, help="Seed of all random numbers.  [default: 0]"),
        click.option("--height", type=int, help="Height of the pictures in px.  [default: 32]"),
        click.option("--color", type=click.Choice(["grey", "rgb"]), help="Channels of the pictures.  [default: grey]"),
        click.option(
            "--fonts", multiple=True, metavar="DIR", type=Place(), help="Draw from the fonts in this folder only; repeatable."
        ),
        click.option(
            "--backgrounds",
            multiple=True,
            metavar="DIR",
            type=Place(),
            help="Print on the pictures in this folder; repeatable.",
        ),
        click.option("--system-fonts", is_flag=True, help="Draw from the fonts of this system, and of --fonts."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def recipe_from(
    recipe: str | None,
    lang: str | None,
    preset: str | None,
    seed: int | None,
    height: int | None,
    color: str | None,
    fonts: tuple[str, ...],
    backgrounds: tuple[str, ...],
    system_fonts: bool,
    **sections: Any,
) -> Recipe:
    """Return the recipe that the options of `recipe_options` describe; raises RecipeError."""
    from ocrsynth.recipe import Recipe

    if recipe is None and lang is None:
        raise RecipeError("--lang: neither a recipe nor a language is given, got None; say for example --lang en")
    if recipe is not None and lang is not None:
        raise RecipeError(f"--lang: a recipe names its own language, got {lang!r} beside {recipe!r}; give one of the two")
    changes: dict[str, Any] = {name: dict(part) for name, part in sections.items() if part}
    if preset is not None:
        changes["degrade"] = preset
    if seed is not None:
        changes["seed"] = seed
    render = {"height_px": height, "color": color, "backgrounds": list(backgrounds) or None}
    if any(v is not None for v in render.values()):
        changes["render"] = {k: v for k, v in render.items() if v is not None}
    if fonts or system_fonts:
        changes["fonts"] = {"sets": [], "folders": list(fonts), "system": system_fonts}
    if recipe is not None:
        loaded = Recipe.load(recipe)
        return loaded.with_changes(**changes) if changes else loaded
    return Recipe.from_dict({"language": lang, **changes})
