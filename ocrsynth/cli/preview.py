"""``ocrsynth preview``."""

from __future__ import annotations

from typing import Any

import click

from ocrsynth.cli._place import Place
from ocrsynth.cli._recipe import recipe_from, recipe_options


@click.command(epilog="Example: ocrsynth preview --lang en -o sheet.png --boxes", context_settings={"show_default": True})
@recipe_options
@click.option("-o", "--out", required=True, type=Place(dir_okay=False), help="PNG file of the sheet.")
@click.option("-n", "--count", type=click.IntRange(1, 1000), default=48, help="Number of samples.")
@click.option("--first", type=click.IntRange(0, (1 << 63) - 1), default=0, help="Index of the first sample.")
@click.option("--columns", type=click.IntRange(1, 12), default=3, help="Samples in a row.")
@click.option("--boxes", is_flag=True, help="Enlarge, and draw the quads of clusters and words, and the baseline.")
def command(out: str, count: int, first: int, columns: int, boxes: bool, **options: Any) -> None:
    """Draw a contact sheet of samples with their labels beneath."""
    from pathlib import Path

    from ocrsynth import codec
    from ocrsynth.errors import OutputError
    from ocrsynth.files import write_output
    from ocrsynth.pipeline import pipeline_for
    from ocrsynth.preview import contact_sheet

    if Path(out).suffix.lower() != ".png":
        raise OutputError(f"{out}: must be a PNG file, got the ending {Path(out).suffix!r}; name it .png")
    pipeline = pipeline_for(recipe_from(**options))
    samples = pipeline.batch(range(first, first + count))
    sheet = contact_sheet(samples, pipeline.fonts.all_families, columns, boxes=boxes)
    try:
        write_output(Path(out), codec.encode_png(sheet, level=6))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written, {error.strerror}; choose another file") from None
    click.echo(f"{count} samples: {out}")
