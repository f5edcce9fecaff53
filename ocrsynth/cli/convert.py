"""``ocrsynth convert``."""

from __future__ import annotations

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._place import Place


@click.command(epilog="Example: ocrsynth convert out/ lmdb/ --format lmdb", context_settings={"show_default": True})
@click.argument("source", type=Place())
@click.argument("target", type=Place())
@click.option("--format", "fmt", required=True, help="Format to write.", shell_complete=_complete.formats)
@click.option("--from-format", help="Format of the source.  [default: told by its files]", shell_complete=_complete.formats)
@click.option(
    "--unreadable",
    type=click.Choice(["refuse", "skip"]),
    default="refuse",
    help="Labels that the format's consumer would change or drop.",
)
@click.option("--partial", is_flag=True, help="Take what is there of a data set that is not complete.")
def command(source: str, target: str, fmt: str, from_format: str | None, unreadable: str, *, partial: bool) -> None:
    """Write a data set, or any folder in a known format, in another format."""
    from ocrsynth.generation.convert import convert

    made = convert(source, target, fmt, source_format=from_format, unreadable=unreadable, partial=partial)
    of_words = f"{made.words:,} words of " if made.words else ""
    click.echo(f"{of_words}{made.samples:,} samples in {made.shards} shards: {target}")
    if made.skipped:
        click.echo("  left out: " + ", ".join(f"{what} {n:,}" for what, n in sorted(made.skipped.items())))
