"""``ocrsynth finish``."""

from __future__ import annotations

import click

from ocrsynth.cli._place import Place


@click.command(epilog="Example: ocrsynth finish out/")
@click.argument("out", type=Place())
def command(out: str) -> None:
    """Complete a data set whose parts were made by generate --shards I/N."""
    from ocrsynth.generation.run import finish

    result = finish(out)
    click.echo(f"{result.statistics.samples:,} samples in {result.plan.n_shards} shards: {result.out}/ is complete")
