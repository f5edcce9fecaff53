"""``ocrsynth inspect``."""

from __future__ import annotations

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._place import Place


@click.command(epilog="Example: ocrsynth inspect out/ -o report.html", context_settings={"show_default": True})
@click.argument("path", type=Place())
@click.option("-o", "--out", required=True, type=Place(dir_okay=False), help="HTML file.")
@click.option("-n", "--samples", type=click.IntRange(0, 2000), default=48, help="Samples to show.")
@click.option("--format", "fmt", help="Format of the data set.  [default: told by its files]", shell_complete=_complete.formats)
def command(path: str, out: str, samples: int, fmt: str | None) -> None:
    """Make one self-contained page about a data set: samples with their words outlined, and distributions."""
    from pathlib import Path

    from ocrsynth.errors import OcrsynthError, OutputError, VerifyError
    from ocrsynth.files import write_output
    from ocrsynth.generation.report import report

    if Path(out).suffix not in (".html", ".htm"):
        raise OutputError(f"--out: a page is an HTML file, got {out!r}; give a name that ends in .html")
    try:
        content = report(path, fmt=fmt, samples=samples)
    except ValueError as error:
        if isinstance(error, OcrsynthError):
            raise
        raise VerifyError(f"{error}; see what is wrong with ocrsynth lint {path}") from None
    try:
        write_output(Path(out), content.encode())
    except OSError as error:
        raise OutputError(f"{out}: cannot be written, {error.strerror}; choose another file") from None
    click.echo(f"{out}: {len(content) / 1e6:.1f} MB")
