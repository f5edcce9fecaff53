"""``ocrsynth compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._place import Place
from ocrsynth.cli._recipe import recipe_from, recipe_options

if TYPE_CHECKING:
    from ocrsynth.realism.comparison import Comparison


@click.command(epilog="Example: ocrsynth compare out/ --lang en --preset fax -o compared.html")
@click.argument("real", metavar="REAL", type=Place())
@recipe_options
@click.option("-o", "--out", type=Place(dir_okay=False), help="HTML page of the comparison.  [default: none]")
@click.option("-n", "--count", type=int, help="Number of synthetic lines.  [default: as many as real ones]")
@click.option(
    "--most-real", type=click.IntRange(20, 100_000), default=1000, show_default=True, help="Most real lines, spread evenly."
)
@click.option(
    "--common-height",
    type=click.IntRange(12, 256),
    help="Height in px to which both are brought.  [default: that of the recipe's pictures]",
)
@click.option(
    "--format", "fmt", help="Format of the real data set.  [default: told by its files]", shell_complete=_complete.formats
)
@click.option("--all", "all_features", is_flag=True, help="List all features, not only those that differ.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def command(
    real: str,
    out: str | None,
    count: int | None,
    most_real: int,
    common_height: int | None,
    fmt: str | None,
    all_features: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Show where the lines of a recipe differ from real ones.

    REAL is a data set in any readable format, a folder with labels.tsv (picture, tab, text), or a folder of pictures of one
    line each.  Labels are not needed.  A classifier that is trained to tell real from synthetic lines says whether they can be
    told apart, and by what.
    """
    from pathlib import Path

    from ocrsynth.cli._output import print_json
    from ocrsynth.errors import OutputError
    from ocrsynth.files import write_output
    from ocrsynth.realism.comparison import as_dict, compare
    from ocrsynth.recipe import DEFAULT_PRESET, fingerprint

    recipe = recipe_from(**options)
    if out is not None and not Path(out).parent.is_dir():
        # Before minutes of work, not after them.
        raise OutputError(f"{out}: its folder is not there; make it, or choose another file")
    progress = _Progress()
    try:
        found = compare(
            real, recipe, fmt=fmt, most_real=most_real, count=count, height_px=common_height, on_line=progress.advance
        )
    finally:
        progress.close()
    name = options["recipe"] or f"--lang {options['lang']} --preset {options['preset'] or DEFAULT_PRESET}"
    if out is not None:
        from ocrsynth.realism.page import page

        try:
            write_output(Path(out), page(found, real, name).encode())
        except OSError as error:
            raise OutputError(f"{out}: cannot be written, {error.strerror}; choose another file") from None
    if as_json:
        print_json(
            {"real_path": real, "recipe": name, "fingerprint": fingerprint(recipe.locked()), "page": out} | as_dict(found)
        )
        return
    _print(found, real, name, all_features=all_features)
    if out is not None:
        click.echo(out)


def _print(found: Comparison, real: str, name: str, *, all_features: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from ocrsynth.realism.table import COLUMNS, about, rows, summary

    table = Table(box=None, pad_edge=False)
    for heading in COLUMNS:
        table.add_column(heading, justify="right" if heading in {"distance", "alone"} else "left", overflow="fold")
    listed = rows(found, all_features=all_features)
    for row in listed:
        table.add_row(*row)
    Console(width=None if Console().is_terminal else 160).print(table)
    rest = len(found.rows) - len(listed)
    click.echo(f"no difference seen in {rest} further features" if rest else "all features")
    for sentence in (*about(found, real, name), *summary(found)):
        click.echo(sentence)


class _Progress:
    """A bar on a terminal, and silence elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None

    def advance(self, done: int, of: int) -> None:
        import sys

        if self._bar is None and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._bar.add_task("measuring", total=of)
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, total=of)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
