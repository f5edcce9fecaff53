"""``ocrsynth verify``."""

from __future__ import annotations

import click

from ocrsynth.cli._place import Place


@click.command(epilog="Example: ocrsynth verify out/")
@click.argument("out", type=Place())
@click.option(
    "--recompute", metavar="SHARE", help="Make so many of the shards again, such as 1%, and compare bytes and statistics."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(out: str, recompute: str | None, as_json: bool) -> None:
    """Check a data set, generated or converted: hashes, counts, pictures, labels and boxes.

    Exits with 0 if all is well, with 8 if not.
    """
    from pathlib import Path

    from ocrsynth.errors import VerifyError
    from ocrsynth.generation import verify

    verdict = verify.verify(Path(out))
    if recompute is not None:
        again = verify.recompute(Path(out), _share(recompute))
        verdict = verdict._replace(findings=verdict.findings + again.findings)
        if not as_json:
            click.echo(f"{again.samples:,} samples were made again")
    if as_json:
        import orjson

        findings = [{"where": f.where, "what": f.what} for f in verdict.findings]
        told = {"count": verdict.samples, "shards": verdict.shards, "findings": findings, "notes": verdict.notes}
        click.echo(orjson.dumps(told).decode())
    else:
        for note in verdict.notes:
            click.echo(f"note: {note}")
        for finding in verdict.findings[:_SHOWN]:
            click.echo(f"{finding.where}: {finding.what}")
    if verdict.findings:
        n = len(verdict.findings)
        raise VerifyError(
            f"{out}: {n} finding{'s' if n > 1 else ''} in {verdict.samples:,} samples; the data set is not what was planned"
        )
    if not as_json:
        so_far = ", as far as it could be looked at" if verdict.notes else ""
        click.echo(f"{verdict.samples:,} samples in {verdict.shards} shards: all as planned{so_far}")


def _share(text: str) -> float:
    from ocrsynth.errors import RecipeError

    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise RecipeError(f"--recompute: must be a share above 0 and up to 100%, got {text!r}; write for example 1%")
    return share


_SHOWN = 50
