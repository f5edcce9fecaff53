"""``ocrsynth lint``."""

from __future__ import annotations

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._place import Place


@click.command(epilog="Example: ocrsynth lint out/ --lang en")
@click.argument("path", type=Place())
@click.option("--format", "fmt", help="Format of the data set.  [default: told by its files]", shell_complete=_complete.formats)
@click.option("--lang", help="Language whose alphabet the labels must keep to.", shell_complete=_complete.languages)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(path: str, fmt: str | None, lang: str | None, as_json: bool) -> None:
    """Look over a data set of any origin: broken pictures, labels, duplicates, boxes.

    Exits with 0 if nothing is found, with 8 if something is.
    """
    from ocrsynth.cli._output import print_json
    from ocrsynth.errors import VerifyError
    from ocrsynth.generation.lint import lint
    from ocrsynth.text import alphabet

    characters = None
    if lang is not None:
        characters = frozenset("".join(alphabet.load(lang).characters)) | {" "}
    report = lint(path, fmt=fmt, characters=characters)
    if as_json:
        print_json(
            {"format": report.format, "samples": report.samples, "faults": dict(report.faults), "examples": report.examples}
        )
    else:
        click.echo(f"{report.samples:,} samples of format {report.format}")
        for fault, n in report.faults.most_common():
            click.echo(f"{fault}: {n:,}")
            for example in report.examples[fault]:
                click.echo(f"  {example}")
    if report.faults:
        raise VerifyError(f"{path}: {sum(report.faults.values()):,} faults in {report.samples:,} samples")
