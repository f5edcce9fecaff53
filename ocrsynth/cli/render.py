"""``ocrsynth render``."""

from __future__ import annotations

from typing import Any

import click

from ocrsynth.cli._recipe import recipe_from, recipe_options


@click.command(epilog="Example: ocrsynth render --lang en --index 123 -o one/")
@recipe_options
@click.option("--index", type=click.IntRange(0), required=True, help="Index of the sample.")
@click.option("-o", "--out", required=True, type=click.Path(file_okay=False), help="Folder for the PNG and the JSON file.")
def command(index: int, out: str, **options: Any) -> None:
    """Make one sample again: its picture as PNG and all that is known of it as JSON."""
    from pathlib import Path

    from ocrsynth import codec
    from ocrsynth.errors import OutputError
    from ocrsynth.pipeline import make_sample
    from ocrsynth.write.meta import to_json

    sample = make_sample(recipe_from(**options), index)
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{sample.key}.png").write_bytes(codec.encode_png(sample.image))
        (folder / f"{sample.key}.json").write_bytes(to_json(sample))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written, {error.strerror}; choose another folder") from None
    click.echo(f"{folder / sample.key}.png: {sample.text}")
