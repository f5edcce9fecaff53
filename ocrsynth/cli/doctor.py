"""``ocrsynth doctor``."""

from __future__ import annotations

from itertools import groupby

import click

_MARKS = {"good": " ", "note": "!", "bad": "✗"}


@click.command(epilog="Example: ocrsynth doctor --system")
@click.option("--system", is_flag=True, help="Read the fonts of this system too, and tell what they can write.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(system: bool, as_json: bool) -> None:
    """Look over this installation: versions, fonts, optional packages, OCR engines, and what gets in the way.

    Exits with 0 if the core works, with 1 if not; what is marked with ! is worth knowing, and stops nothing.
    """
    from ocrsynth.doctor import examine, works
    from ocrsynth.errors import OcrsynthError

    findings = examine(system=system)
    good = works(findings)
    if as_json:
        import json

        # With what Python brings along, for one of the findings may be that a package is broken.
        click.echo(json.dumps({"works": good, "findings": [f._asdict() for f in findings]}, indent=2))
    else:
        width = max(len(f.subject) for f in findings)
        for area, inside in groupby(findings, key=lambda f: f.area):
            click.echo(area)
            for f in inside:
                click.echo(f"{_MARKS[f.status]} {f.subject:{width}}  {f.detail}" + (f"; {f.advice}" if f.advice else ""))
    if not good:
        bad = [f"{f.subject}" for f in findings if f.status == "bad"]
        raise OcrsynthError(f"doctor: the core does not work, got faults of {', '.join(bad)}; mend what is marked with ✗")
    if not as_json:
        click.echo("the core works")
