"""``ocrsynth generate``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._place import Place
from ocrsynth.cli._progress import Bar
from ocrsynth.cli._recipe import cores, recipe_from, recipe_options

if TYPE_CHECKING:
    from ocrsynth.generation.run import Result
    from ocrsynth.recipe import Recipe
    from ocrsynth.text.coverage import Reached


@click.command(
    epilog="Example: ocrsynth generate --lang en -n 10000 -o out/ --workers 2",
    context_settings={"show_default": True},
)
@recipe_options
@click.option("-n", "--count", type=click.IntRange(max=(1 << 63) - 1), required=True, help="Number of samples.")
@click.option("-o", "--out", required=True, type=Place(), help="Folder of the data set; one begun before is resumed.")
@click.option("--workers", type=int, default=cores, show_default="number of cores", help="Number of processes.")
@click.option(
    "--format",
    "fmt",
    multiple=True,
    help="Format of the data set; repeatable.  [default: webdataset]",
    shell_complete=_complete.formats,
)
@click.option(
    "--image", type=click.Choice(["auto", "png", "jpeg", "webp", "raw"]), help="Coding of the pictures.  [default: auto]"
)
@click.option("--quality", type=int, help="Of JPEG and WebP, where the chain chose none.  [default: 95]")
@click.option("--store-masks", is_flag=True, help="Store a mask of the line's own ink beside each picture.")
@click.option("--store-words", is_flag=True, help="Of the boxes store those of words and line only.")
@click.option("--no-boxes", is_flag=True, help="Store no boxes.")
@click.option(
    "--unreadable",
    type=click.Choice(["refuse", "skip"]),
    help="Labels that a format's consumer would change or drop.  [default: refuse]",
)
@click.option(
    "--shards", "part", metavar="I/N", help="Make only this part of the shards, such as 2/8; slurm takes the array's."
)
@click.option("--coverage", type=int, help="Times that each character of the alphabet must occur at least.  [default: 0]")
@click.option("--shard-size", type=int, help="Samples a shard.  [default: by the count]")
@click.option("--profile", is_flag=True, help="Print at the end what each op costs, measured on samples of the run.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress bar.")
def command(
    count: int,
    out: str,
    workers: int,
    fmt: tuple[str, ...],
    image: str | None,
    quality: int | None,
    store_masks: bool,
    store_words: bool,
    no_boxes: bool,
    unreadable: str | None,
    part: str | None,
    shard_size: int | None,
    coverage: int | None,
    profile: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Write a labelled data set.

    RECIPE is a YAML file; without one, --lang gives a sane default.  A run that was interrupted is resumed by the same
    command and ends with the same files.
    """
    from ocrsynth.check import notes
    from ocrsynth.errors import RecipeError
    from ocrsynth.fonts import catalogue
    from ocrsynth.generation.parts import WHOLE, parse_part
    from ocrsynth.generation.run import generate

    if store_words and no_boxes:
        raise RecipeError("--no-boxes: contradicts --store-words, got both; give one of the two")
    output = {
        "format": list(fmt) or None,
        "image": image,
        "quality": quality,
        "masks": store_masks or None,
        "boxes": "none" if no_boxes else "words" if store_words else None,
        "unreadable": unreadable,
        "shard_size": shard_size,
    }
    text = {} if coverage is None else {"coverage": {"at_least": coverage, "samples": max(count, 1)}}
    recipe = recipe_from(**options, text=text, output={k: v for k, v in output.items() if v is not None})
    for note in notes(recipe):
        click.echo(f"warning: {note}", err=True)
    bar = None if quiet or as_json else Bar("generating", "lines", "rejects")
    started = time.monotonic()
    try:
        chosen = parse_part(part) if part else WHOLE
        result = generate(recipe, count, out, workers=workers, progress=bar, part=chosen)
    finally:
        if bar is not None:
            bar.close()
    seconds = time.monotonic() - started
    if as_json:
        _print_json(result, seconds, len(catalogue.skipped(recipe.fonts.all_folders)), _coverage(recipe, result))
    else:
        _print_summary(result, seconds)
        if (covered := _coverage(recipe, result)) is not None:
            click.echo(f"  coverage: {_in_words(covered, recipe.text.coverage.at_least)}")
    if profile and count:
        _print_profile(recipe, min(count, _PROFILED), to_stderr=as_json)


def _print_profile(recipe: Recipe, count: int, *, to_stderr: bool) -> None:
    from ocrsynth.generation.profile import profile

    found = profile(recipe, count)
    lines = [
        f"cost of a line on one core, mean of {count:,}: chain {found.chain_us:.0f} µs, all else {found.rest_us:.0f} µs",
        f"  {'op':24}{'samples':>8}{'µs a use':>10}{'of all time':>12}",
    ]
    lines += [f"  {name:24}{used:>8.0%}{us:>10.1f}{share:>12.1%}" for name, used, us, share in found.rows()]
    click.echo("\n".join(lines), err=to_stderr)


def _coverage(recipe: Recipe, result: Result) -> Reached | None:
    """Return how far a coverage target was reached; None where there is none, or its samples are not all there."""
    from ocrsynth.text import alphabet
    from ocrsynth.text.coverage import reached

    config = recipe.text.coverage
    if not config.at_least or not result.finished or result.plan.count < config.samples:
        return None
    return reached(config, alphabet.load(recipe.language), result.statistics.delivered.characters)


def _in_words(covered: Reached, asked: int) -> str:
    if not covered.below:
        return f"each of {covered.targets:,} characters at least {covered.least:,} times, {asked:,} asked"
    rarest = ", ".join(f"{c} {n}" for c, n in list(covered.below.items())[:10])
    more = ", …" if len(covered.below) > 10 else ""
    return f"{len(covered.below):,} of {covered.targets:,} characters less than {asked:,} times: {rarest}{more}"


def _print_json(result: Result, seconds: float, fonts_skipped: int, covered: Reached | None) -> None:
    import orjson

    from ocrsynth.generation.run import figures_of, words_in

    statistics = result.statistics
    content = {
        "out": str(result.out),
        "fingerprint": result.plan.fingerprint,
        "count": statistics.samples,
        "shards": result.n_shards,
        "resumed_shards": result.resumed_shards,
        "bytes": statistics.size_bytes,
        "finished": result.finished,
        "splits": dict(statistics.splits),
        "words": words_in(result),
        "skipped": dict(sorted(statistics.skipped.items())),
        **figures_of(statistics),
        "fonts_skipped": fonts_skipped,
        "coverage": None if covered is None else covered._asdict(),
        "seconds": round(seconds, 3),
    }
    click.echo(orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode())


def _print_summary(result: Result, seconds: float) -> None:
    from ocrsynth.generation.run import words_in

    statistics = result.statistics
    rejects = ", ".join(f"{reason} {n:,}" for reason, n in statistics.rejected.most_common()) or "none"
    done = f", {result.resumed_shards} of them from before" if result.resumed_shards else ""
    if not statistics.samples and result.plan.count:
        # A job array may have more members than the plan has shards.
        click.echo(f"this part has no shard, for the set has {result.plan.n_shards} in all: {result.out}/")
        return
    click.echo(f"{statistics.samples:,} samples in {result.n_shards} shards{done}: {result.out}/")
    families = len(statistics.delivered.fonts)
    click.echo(f"  {statistics.size_bytes / 1e6:,.1f} MB, {seconds:.1f} s, {families} families, rejected draws: {rejects}")
    click.echo(f"  {statistics.distinct_texts:,} distinct texts, {len(statistics.delivered.characters):,} distinct characters")
    for name, words in words_in(result).items():
        click.echo(f"  {name} holds {words:,} words, each a sample of its own")
    if statistics.skipped:
        click.echo("  left out: " + ", ".join(f"{what} {n:,}" for what, n in sorted(statistics.skipped.items())))
    if not result.finished:
        click.echo(f"  a part only; when all are made, run: ocrsynth finish {result.out}/")
    if statistics.splits:
        click.echo("  splits: " + ", ".join(f"{name} {n:,}" for name, n in statistics.splits.items()))


_PROFILED = 512
