"""``ocrsynth languages``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._output import print_json
from ocrsynth.cli._place import Place

if TYPE_CHECKING:
    from ocrsynth.fonts.catalogue import Family
    from ocrsynth.text.alphabet import Alphabet

_SHOWN = 400
"""Characters of a list that `show` prints."""
_SCRIPT_LETTERS = 4
_VARIANTS = frozenset({"Jpan", "Hans", "Hant", "Kore", "Latf"})
"""Scripts whose letters are of another one by name."""


@click.group(
    name="languages",
    invoke_without_command=True,
    epilog="Example: ocrsynth languages --script Hebr",
)
@click.option("--script", help="Only languages of this script, by its ISO 15924 code.")
@click.option("--words", is_flag=True, help="Only languages with words by frequency.")
@click.option("--font", is_flag=True, help="Only languages that a font here can write.")
@click.option(
    "--fonts", multiple=True, metavar="DIR", type=Place(), help="Folder of fonts to ask instead of the default set; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def command(ctx: click.Context, script: str | None, words: bool, font: bool, fonts: tuple[str, ...], as_json: bool) -> None:
    """List the languages, with what there is of each: a curated alphabet, words, sample text, fonts."""
    if ctx.invoked_subcommand is None:
        rows = [r for r in _rows(script, fonts) if (r["words"] or not words) and (r["fonts"] or not font)]
        _print_rows(rows, as_json)


@command.command(epilog="Example: ocrsynth languages show sr-Latn")
@click.argument("language", shell_complete=_complete.languages)
@click.option(
    "--fonts", multiple=True, metavar="DIR", type=Place(), help="Folder of fonts to ask instead of the default set; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show(language: str, fonts: tuple[str, ...], as_json: bool) -> None:
    """Show the alphabet of a language, where its texts come from, and the families that can write it."""
    from ocrsynth.text import alphabet
    from ocrsynth.text.mixture import default_sources

    letters = alphabet.load(language)
    families = [f.name for f, characters in _coverage(fonts) if characters.issuperset("".join(letters.letters))]
    sources = [name for entry in default_sources(letters) for name in entry]
    if as_json:
        print_json({**letters.model_dump(mode="json"), "text_sources": sources, "families": families})
        return
    for key in ("id", "name", "autonym", "script", "language", "direction", "casing", "spacing", "validity"):
        click.echo(f"{key + ':':13}{_plain(getattr(letters, key))}")
    for key in ("base", "auxiliary", "marks", "digits"):
        _print_list(key, getattr(letters, key))
    if letters.other_digits:
        _print_list("or", f"{letters.other_digits} in {letters.other_digits_share:.0%} of lines")
    signs = letters.punctuation
    for key, value in signs.model_dump(exclude={"apart", "apart_share"}).items():
        _print_list(key, value if isinstance(value, str) else ", ".join(value))
    if signs.apart:
        _print_list("apart", f"{signs.apart} in {signs.apart_share:.0%} of lines")
    if letters.kashida:
        click.echo(f"{'kashida:':13}in {letters.kashida:.0%} of lines")
    click.echo(f"{'texts from:':13}{', '.join(sources)}")
    click.echo(f"{'families:':13}{', '.join(families) or 'none here; give a folder with --fonts DIR'}")


@command.command(epilog="Example: ocrsynth languages model pl -o polish.txt")
@click.argument("language", shell_complete=_complete.languages)
@click.option("-o", "--out", required=True, type=Place(dir_okay=False), help="File of the model.")
@click.option("--text", "file", type=Place(), help="UTF-8 text to fit on.  [default: the specimen of the language]")
@click.option("--order", type=click.IntRange(1, 8), default=4, show_default=True, help="Characters that the model looks at.")
def model(language: str, out: str, file: str | None, order: int) -> None:
    """Fit a character model and save it as a readable file, for the text source `ngram`."""
    from pathlib import Path

    from ocrsynth.errors import OutputError
    from ocrsynth.files import write_output
    from ocrsynth.text import alphabet
    from ocrsynth.text.ngram_model import MAGIC, count, to_text
    from ocrsynth.text.sources.ngram import training_lines

    if Path(out).exists() and not Path(out).read_bytes().startswith(MAGIC.encode()):
        raise OutputError(f"-o: {out} is there already, and is no model; choose another file, or remove it")
    letters = alphabet.load(language)
    counts = count(training_lines(file, letters, "--text"), order)
    try:
        write_output(Path(out), to_text(counts, order).encode())
    except OSError as error:
        raise OutputError(f"{out}: cannot be written, {error.strerror}; choose another file") from None
    click.echo(f"{out}: {len(counts):,} contexts of {letters.name}; use it as 'ngram: {{model: {out}}}'")


def _plain(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _print_list(key: str, characters: str) -> None:
    if characters:
        n = len(characters.split())
        more = f" … ({n:,} in all)" if len(characters) > _SHOWN else ""
        click.echo(f"{key + ':':13}{characters[:_SHOWN]}{more}")


def _coverage(folders: tuple[str, ...]) -> list[tuple[Family, frozenset[str]]]:
    """Return each family with the characters that its fullest face has."""
    from ocrsynth.fonts import catalogue
    from ocrsynth.fonts.faces import open_face

    found = []
    for family in catalogue.load(() if folders else ("default",), folders):
        largest = max((open_face(f.path, f.index).unicodes for f in family.faces), key=len)
        found.append((family, frozenset(map(chr, largest))))
    return found


def _rows(script: str | None, folders: tuple[str, ...]) -> list[dict[str, Any]]:
    import wordfreq

    from ocrsynth import assets
    from ocrsynth.errors import RecipeError, suggest
    from ocrsynth.text import alphabet, exemplars

    with_words = wordfreq.available_languages("small")
    curated = set(assets.names("alphabets"))
    fonts = _coverage(folders)
    rows = []
    scripts = set()
    # The package has some languages of the curated ones under another tag.
    ids: set[str] = set()
    for name in sorted({*curated, *exemplars.known()}, key=lambda name: (name not in curated, name)):
        code = next((part for part in name.split("_")[1:] if len(part) == _SCRIPT_LETTERS), "")
        if name not in curated and not exemplars.language(name).exemplar_chars.base:
            continue
        scripts.add(code)
        asked = script is None or code.casefold() == script.casefold()
        if not asked and code not in _VARIANTS:
            continue
        try:
            letters = alphabet.load(name)
        except RecipeError:
            continue
        scripts.add(letters.script)
        if not asked and letters.script.casefold() != (script or "").casefold():
            continue
        if letters.id in ids:
            continue
        ids.add(letters.id)
        rows.append(_row(letters, name in curated, letters.language.partition("-")[0] in with_words, fonts))
    if script is not None and not rows:
        raise RecipeError(f"--script: no language is written in {script!r}; {suggest(script, scripts)}")
    return sorted(rows, key=lambda row: str(row["id"]))


def _row(letters: Alphabet, curated: bool, words: bool, fonts: list[tuple[Family, frozenset[str]]]) -> dict[str, Any]:
    from ocrsynth.text.base import SOURCES

    needed = frozenset("".join(letters.letters))
    return {
        "id": letters.id,
        "name": letters.name,
        "autonym": letters.autonym,
        "script": letters.script,
        "letters": len(letters.letters),
        "curated": curated,
        "words": words and SOURCES.get("words", "languages")().has(letters),
        "specimen": SOURCES.get("ngram", "languages")().has(letters),
        "fonts": sum(characters.issuperset(needed) for _, characters in fonts),
    }


def _print_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "autonym", "script", "letters", "alphabet", "words", "specimen", "families"):
        table.add_column(heading, justify="right" if heading in {"letters", "families"} else "left")
    for row in rows:
        table.add_row(
            row["id"],
            row["name"],
            row["autonym"],
            row["script"],
            f"{row['letters']:,}",
            "curated" if row["curated"] else "draft",
            _plain(row["words"]),
            _plain(row["specimen"]),
            str(row["fonts"]),
        )
    Console(width=None if Console().is_terminal else 140).print(table)
    click.echo(f"{len(rows):,} languages")
