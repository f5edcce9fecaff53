"""``ocrsynth verify``."""

from __future__ import annotations

import click


@click.command(epilog="Example: ocrsynth verify out/")
@click.argument("out", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(out: str, as_json: bool) -> None:
    """Check a data set: hashes, counts, pictures, labels and boxes.

    Exits with 0 if all is well, with 8 if not.
    """
    from pathlib import Path

    from ocrsynth.errors import VerifyError
    from ocrsynth.generation.verify import verify

    verdict = verify(Path(out))
    if as_json:
        import orjson

        findings = [{"where": f.where, "what": f.what} for f in verdict.findings]
        click.echo(orjson.dumps({"count": verdict.samples, "shards": verdict.plan.n_shards, "findings": findings}).decode())
    else:
        for finding in verdict.findings[:_SHOWN]:
            click.echo(f"{finding.where}: {finding.what}")
    if verdict.findings:
        n = len(verdict.findings)
        raise VerifyError(
            f"{out}: {n} finding{'s' if n > 1 else ''} in {verdict.samples:,} samples; the data set is not what was planned"
        )
    if not as_json:
        click.echo(f"{verdict.samples:,} samples in {verdict.plan.n_shards} shards: all as planned")


_SHOWN = 50
