"""``ocrsynth fonts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._output import print_json
from ocrsynth.cli._place import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.fonts.catalogue import Family


_ELSEWHERE = (
    "name a folder of fonts with --fonts DIR, or take those of this system with --system-fonts "
    "(on Debian, packages fonts-noto-core and fonts-noto-cjk have most scripts)"
)
"""Where fonts are to be had that the default set lacks."""


def _font_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option(
            "--fonts",
            multiple=True,
            metavar="DIR",
            type=Place(),
            help="Folder of fonts instead of the default set; repeatable.",
        ),
        click.option("--system-fonts", is_flag=True, help="The fonts of this system, and of --fonts."),
        click.option("--json", "as_json", is_flag=True, help="Print as JSON."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group(name="fonts", epilog="Example: ocrsynth fonts plan --lang pl")
def command() -> None:
    """Tell which fonts there are, what they can do for a language, and what their licences allow."""


@command.command(name="list", epilog="Example: ocrsynth fonts list --lang el")
@click.option("--lang", help="Only families that have all letters of this language.", shell_complete=_complete.languages)
@_font_options
def list_fonts(lang: str | None, fonts: tuple[str, ...], system_fonts: bool, as_json: bool) -> None:
    """List the families, and the files that were left out."""
    from ocrsynth.fonts import catalogue

    folders = _folders(fonts, system_fonts)
    families = _families(folders)
    if lang is not None:
        families = _covering(families, lang)
    rows = [
        {
            "family": f.name,
            "class": f.kind,
            "faces": len(f.faces),
            "styles": sorted({face.style for face in f.faces}),
            "axes": sorted({axis.tag for face in f.faces for axis in face.axes}),
            "licence": f.licence,
            "source": f.package,
        }
        for f in families
    ]
    skipped = catalogue.skipped(folders)
    if as_json:
        left_out = [{"file": s.path, "face": s.face, "reason": s.reason} for s in skipped]
        print_json({"families": rows, "skipped": left_out})
        return
    _table(
        ("family", "class", "faces", "styles", "axes", "licence", "source"),
        [row | {"licence": _short(str(row["licence"]))} for row in rows],
    )
    lacking = lang is not None and not rows
    click.echo(f"no family has all letters of {lang}; {_ELSEWHERE}" if lacking else f"{len(rows):,} families")
    for item in skipped:
        click.echo(f"left out: {item}", err=True)


@command.command(epilog="Example: ocrsynth fonts plan --lang pl")
@click.option(
    "--lang",
    required=True,
    help="Language, as a tag (en) or an alphabet's id (en_Latn).",
    shell_complete=_complete.languages,
)
@_font_options
def plan(lang: str, fonts: tuple[str, ...], system_fonts: bool, as_json: bool) -> None:
    """Try every family on a language, say what it cannot do, and suggest a small set."""
    from ocrsynth import font_plan
    from ocrsynth.text import alphabet

    letters = alphabet.load(lang)
    folders = _folders(fonts, system_fonts)
    verdicts = font_plan.plan(_families(folders), letters)
    suggested = font_plan.suggest(verdicts)
    if as_json:
        rows = [{"family": v.family.name, "fitness": v.fitness, "reasons": v.reasons} for v in verdicts]
        print_json({"language": letters.id, "families": rows, "suggested": suggested})
        return
    order = ("good", "partial", "unfit")
    # Fonts of other scripts are many on some systems, and say nothing.
    near = [v for v in verdicts if len(v.lacking) <= len(letters.letters) / 2]
    for verdict in sorted(near, key=lambda v: (order.index(v.fitness), v.family.name)):
        click.echo(
            f"{verdict.fitness:8} {verdict.family.name}" + (f": {'; '.join(verdict.reasons)}" if verdict.reasons else "")
        )
    if len(near) < len(verdicts):
        click.echo(f"unfit    {len(verdicts) - len(near)} more, which lack most letters")
    counts = ", ".join(f"{sum(v.fitness == fitness for v in verdicts)} {fitness}" for fitness in order)
    click.echo(f"{len(verdicts)} families for {letters.name}: {counts}")
    if not suggested:
        click.echo(_ELSEWHERE)
    else:
        import yaml

        section: dict[str, Any] = {"sets": [], "folders": list(folders)} if folders else {}
        section["families"] = suggested
        click.echo("\nA small set, for the recipe:\n")
        click.echo(yaml.safe_dump({"fonts": section}, allow_unicode=True, sort_keys=False).rstrip())


@command.command(epilog="Example: ocrsynth fonts licences")
@click.option("--lang", help="Only families that have all letters of this language.", shell_complete=_complete.languages)
@_font_options
def licences(lang: str | None, fonts: tuple[str, ...], system_fonts: bool, as_json: bool) -> None:
    """Tell the licences of the fonts, and what their files say of embedding."""
    from ocrsynth.fonts import catalogue

    families = _families(_folders(fonts, system_fonts))
    if lang is not None:
        families = _covering(families, lang)
    rows = [
        {
            "family": f.name,
            "licence": f.licence,
            "embedding": "; ".join(sorted({catalogue.embedding_of(face) for face in f.faces})),
            "copyright": f.copyright,
            "source": f.package,
        }
        for f in families
    ]
    if as_json:
        print_json(rows)
        return
    short = [{**row, "licence": _shortened(row["licence"]), "copyright": _shortened(row["copyright"])} for row in rows]
    _table(("family", "licence", "embedding", "copyright", "source"), short)
    for row in rows:
        if "restricted" in row["embedding"]:
            click.echo(
                f"warning: {row['family']}: its files forbid embedding; ask its maker before you publish pictures", err=True
            )


_LONGEST = 60


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"


def _folders(fonts: tuple[str, ...], system_fonts: bool) -> tuple[str, ...]:
    from ocrsynth.errors import AssetError
    from ocrsynth.fonts import catalogue

    folders = (*fonts, *catalogue.system_folders()) if system_fonts else fonts
    if system_fonts and not folders:
        raise AssetError("--system-fonts: this system has none, got no folder of fonts; install some, or leave it out")
    return folders


def _families(folders: tuple[str, ...]) -> tuple[Family, ...]:
    from ocrsynth.fonts import catalogue

    return catalogue.load(() if folders else ("default",), folders)


def _short(licence: str) -> str:
    """Return the SPDX identifier of a licence that a font's file tells in a sentence, if it is one of the usual two."""
    usual = {"Open Font License": "OFL-1.1", "Apache License": "Apache-2.0"}
    return next((name for words, name in usual.items() if words.lower() in licence.lower()), _shortened(licence))


def _covering(families: tuple[Family, ...], lang: str) -> tuple[Family, ...]:
    from ocrsynth.fonts.coverage import covered
    from ocrsynth.text import alphabet

    needed = frozenset("".join(alphabet.load(lang).letters))
    return tuple(f for f in families if any(covered(x.path, x.index, needed) == needed for x in f.faces))


def _table(headings: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading == "faces" else "left")
    for row in rows:
        # What fonts say of themselves may hold brackets, which are no markup.
        table.add_row(*(escape(" ".join(v) if isinstance(v := row[h], list) else str(v)) for h in headings))
    Console(width=None if Console().is_terminal else 160).print(table)
