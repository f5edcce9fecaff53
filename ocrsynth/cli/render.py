"""``ocrsynth render``."""

from __future__ import annotations

from typing import Any

import click

from ocrsynth.cli._place import Place
from ocrsynth.cli._recipe import recipe_from, recipe_options


@click.command(epilog="Example: ocrsynth render --lang en --index 123 -o one/")
@recipe_options
@click.option("--from", "source", type=Place(file_okay=False), help="Data set to take the recipe from; gives its bytes.")
@click.option("--index", type=click.IntRange(0, (1 << 64) - 1), required=True, help="Index of the sample.")
@click.option("-o", "--out", required=True, type=Place(file_okay=False), help="Folder for the PNG and the JSON file.")
def command(index: int, out: str, source: str | None, **options: Any) -> None:
    """Make one sample again: its picture and all that is known of it as JSON.

    The picture is a PNG; with --from it is the file that the data set holds, byte for byte.
    """
    from pathlib import Path

    from ocrsynth import codec
    from ocrsynth.errors import OutputError, RecipeError
    from ocrsynth.files import write_output
    from ocrsynth.generation.plan import load_recipe, read_plan
    from ocrsynth.pipeline import make_sample
    from ocrsynth.write.meta import as_dict, to_json

    if source is None:
        sample = make_sample(recipe_from(**options), index)
        picture, suffix = codec.encode_png(sample.image), "png"
    else:
        if given := sorted(name for name, value in options.items() if value):
            raise RecipeError(f"--from: a data set has its own recipe, got --{given[0]} beside it; leave it out")
        plan = read_plan(Path(source))
        if index >= plan.count:
            raise RecipeError(f"--index: the data set holds {plan.count:,} samples, got {index}; count from 0")
        sample = make_sample(load_recipe(Path(source), plan), index)
        picture, suffix = sample.encoded, codec.suffix_of(sample.encoded)
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_output(folder / f"{sample.key}.{suffix}", picture)
        write_output(folder / f"{sample.key}.json", to_json(as_dict(sample)))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written, {error.strerror}; choose another folder") from None
    click.echo(f"{folder / sample.key}.{suffix}: {sample.text}")
