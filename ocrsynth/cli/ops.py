"""``ocrsynth ops``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._output import print_json
from ocrsynth.cli._place import Place

if TYPE_CHECKING:
    from typing import Literal

    from ocrsynth.degrade.base import Op


@click.group(name="ops", epilog="Example: ocrsynth ops show halftone")
def command() -> None:
    """Tell which degradation ops there are, what they do, and what they look like."""


@command.command(name="list", epilog="Example: ocrsynth ops list")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_ops(as_json: bool) -> None:
    """List the ops by phase, in the physical order in which a chain applies them."""
    from ocrsynth.degrade.base import OPS, PHASES

    rows: list[dict[str, Any]] = [
        {"name": name, "phase": phase, "version": cls.VERSION, "cause": _first_line(cls)}
        for phase in PHASES
        for name in OPS
        if (cls := OPS.get(name, "ops list")).phase == phase
    ]
    if as_json:
        print_json(rows)
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        click.echo(f"{row['phase']:8} {row['name']:{width}}  {row['cause']}")
    click.echo(f"{len(rows)} ops")


@command.command(epilog="Example: ocrsynth ops show halftone")
@click.argument("name", shell_complete=_complete.ops)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show(name: str, as_json: bool) -> None:
    """Show the fields of an op, with their defaults, an example for a recipe, and its five severities."""
    import inspect

    import yaml

    from ocrsynth.degrade.base import OPS

    cls = OPS.get(name, "NAME")
    op = cls()
    if as_json:
        content = {
            "name": name,
            "phase": cls.phase,
            "version": cls.VERSION,
            "description": inspect.getdoc(cls),
            "defaults": op.model_dump(mode="json"),
            "example": cls.EXAMPLE,
            "severities": cls.SEVERITIES,
        }
        print_json(content)
        return
    click.echo(f"{name}, an op of the {cls.phase} phase, version {cls.VERSION}")
    click.echo(f"\n{inspect.getdoc(cls)}\n")
    for key, value in op.model_dump(mode="json").items():
        click.echo(f"  {key}: {value}")
    click.echo(f"\nIn a recipe:  - {_flow(yaml, {name: cls.EXAMPLE})}")
    click.echo("Severities:")
    for level, entry in enumerate(cls.SEVERITIES, 1):
        click.echo(f"  {level}: {_flow(yaml, entry)}")


@command.command(epilog="Example: ocrsynth ops gallery -o gallery/ --op fax --op stain")
@click.option("-o", "--out", required=True, type=Place(file_okay=False), help="Folder of the pictures.")
@click.option("--op", "names", multiple=True, help="Only this op; repeatable.  [default: all]", shell_complete=_complete.ops)
@click.option("--text", default="Receipt no. 4207: 12.50", show_default=True, help="What the pictures show.")
@click.option("--color", type=click.Choice(["grey", "rgb"]), default="rgb", show_default=True, help="Channels.")
def gallery(out: str, names: tuple[str, ...], text: str, color: Literal["grey", "rgb"]) -> None:
    """Draw a line under each op at its five severities, one PNG an op."""
    from pathlib import Path

    from ocrsynth import codec
    from ocrsynth.degrade.base import OPS
    from ocrsynth.errors import OutputError
    from ocrsynth.files import write_output
    from ocrsynth.gallery import severities

    classes = [OPS.get(name, "--op") for name in (names or list(OPS))]
    folder = Path(out)
    try:
        for cls in classes:
            sheet = severities(cls, text, color)
            # For a text that cannot be shown no folder is made.
            folder.mkdir(parents=True, exist_ok=True)
            write_output(folder / f"{cls.name}.png", codec.encode_png(sheet, level=6))
    except OSError as error:
        raise OutputError(f"{out}: cannot be written, {error.strerror}; choose another folder") from None
    click.echo(f"{len(classes)} pictures: {out}")


def _first_line(cls: type[Op]) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]


def _flow(yaml: Any, value: Any) -> str:
    return str(yaml.safe_dump(value, default_flow_style=True, width=1000, sort_keys=False)).strip()
