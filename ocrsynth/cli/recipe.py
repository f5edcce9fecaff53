"""``ocrsynth recipe``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._output import print_json
from ocrsynth.cli._place import Place
from ocrsynth.cli._recipe import cores, recipe_from, recipe_options

if TYPE_CHECKING:
    from ocrsynth.check import Verdict


@click.group(name="recipe", epilog="Example: ocrsynth recipe init --lang pl --preset receipt -o receipts.yaml")
def command() -> None:
    """Write a first recipe, check one, tell what it will make and what that costs."""


@command.command(epilog="Example: ocrsynth recipe init --lang pl --preset receipt -o receipts.yaml")
@click.option(
    "--lang",
    required=True,
    help="Language, as a tag (en) or an alphabet's id (en_Latn).",
    shell_complete=_complete.languages,
)
@click.option("--preset", help="Degradation preset.  [default: document]", shell_complete=_complete.presets)
@click.option("--seed", type=int, help="Seed of all random numbers.  [default: 0]")
@click.option(
    "--fonts", multiple=True, metavar="DIR", type=Place(), help="Draw from the fonts in this folder only; repeatable."
)
@click.option("--system-fonts", is_flag=True, help="Draw from the fonts of this system, and of --fonts.")
@click.option(
    "-o",
    "--out",
    type=Place(dir_okay=False, allow_dash=True),
    default="recipe.yaml",
    show_default=True,
    help="YAML file; - prints.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it is there.")
def init(
    lang: str, preset: str | None, seed: int | None, fonts: tuple[str, ...], system_fonts: bool, out: str, force: bool
) -> None:
    """Write a recipe to begin with: every key with its meaning, the rest of the work is changing numbers.

    Where the default fonts cannot write the language, the recipe takes those of the system.
    """
    from ocrsynth.recipe import DEFAULT_PRESET, Recipe
    from ocrsynth.starter import fonts_for, starter, write

    chosen = {"sets": [], "folders": list(fonts), "system": system_fonts} if fonts or system_fonts else fonts_for(lang)
    given = {"language": lang, "degrade": preset, "seed": seed, "fonts": chosen}
    recipe = Recipe.from_dict({key: value for key, value in given.items() if value is not None})
    text = starter(recipe, preset or DEFAULT_PRESET)
    if out == "-":
        click.echo(text, nl=False)
        return
    write(out, text, force=force)
    click.echo(f"{out}: a recipe for {recipe.language}; next: ocrsynth recipe check {out}")


@command.command(epilog="Example: ocrsynth recipe check receipts.yaml")
@click.argument("files", nargs=-1, required=True, type=Place(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def check(files: tuple[str, ...], as_json: bool) -> None:
    """Check recipes: every fault with its line, or what the recipe resolves to here.

    Of a recipe without a fault one sample is made and written, to nowhere.  Exits with 0 if all are right, else with the
    code of the first fault: 2 for a wrong recipe, 3 for a missing file or font, 4 if no font can show the language.
    """
    from ocrsynth.check import check as check_file

    verdicts = [check_file(file) for file in files]
    if as_json:
        print_json([_as_dict(verdict) for verdict in verdicts])
    for verdict in verdicts:
        if not as_json:
            _print(verdict)
        for fault in verdict.faults:
            click.echo(f"error: {fault}", err=True)
        for note in verdict.notes:
            click.echo(f"warning: {verdict.file}: {note}", err=True)
    if faults := [fault for verdict in verdicts for fault in verdict.faults]:
        sys.exit(int(faults[0].exit_code))


def _as_dict(verdict: Verdict) -> dict[str, Any]:
    faults = [{"line": f.line, "path": f.path, "message": f.message, "exit_code": int(f.exit_code)} for f in verdict.faults]
    return {
        "file": verdict.file,
        "good": not verdict.faults,
        "faults": faults,
        "notes": verdict.notes,
        "resolved": verdict.resolved,
    }


def _print(verdict: Verdict) -> None:
    found = verdict.resolved
    if not found:
        n = len(verdict.faults)
        click.echo(f"{verdict.file}: {n} fault{'s' if n != 1 else ''}")
        return
    language, alphabet, fonts = found["language"], found["alphabet"], found["fonts"]
    styles, sources = (", ".join(f"{s['name']} {s['share']:.0%}" for s in found[key]) for key in ("styles", "sources"))
    click.echo(f"{verdict.file}: good")
    click.echo(f"  language: {language['name']} ({language['id']}), script {language['script']}, {language['direction']}")
    click.echo(f"  alphabet: {alphabet['letters']:,} letters, {alphabet['characters']:,} characters, {alphabet['validity']}")
    names = ", ".join(fonts["families"][:4]) + (", …" if len(fonts["families"]) > 4 else "")
    click.echo(f"  fonts: {len(fonts['families'])} of {fonts['of_families']} families can show it: {names}")
    if styles:
        click.echo(f"  styles: {styles}")
    click.echo(f"  texts: {sources}")
    click.echo(f"  degrade: {', '.join(found['degrade']) or 'nothing'}")
    output = found["output"]
    click.echo(
        f"  output: {', '.join(output['format'])}, .{output['image']}, {found['height_px']} px high, seed {found['seed']}"
    )


@command.command(epilog="Example: ocrsynth recipe explain --lang en --preset camera -n 100000")
@recipe_options
@click.option("-n", "--count", type=click.IntRange(1), default=10_000, show_default=True, help="Samples to reckon with.")
@click.option(
    "--workers", type=click.IntRange(1), default=cores, show_default="number of cores", help="Processes to reckon with."
)
@click.option("--measure", type=click.IntRange(0), default=256, show_default=True, help="Lines to measure with; 0 for none.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def explain(count: int, workers: int, measure: int, as_json: bool, **options: Any) -> None:
    """Tell in words what a recipe will make, and what each stage of it costs on this machine."""
    from ocrsynth.explain import costs_as_dict, costs_in_words, facts, in_words
    from ocrsynth.generation import costs

    recipe = recipe_from(**options)
    found = facts(recipe)
    if not as_json:
        click.echo(in_words(found))
    measured = costs.measure(recipe, measure) if measure else None
    if as_json:
        print_json({**found, "costs": costs_as_dict(measured, count, workers) if measured else None})
    elif measured:
        click.echo(f"\n{costs_in_words(measured, count, workers)}")


@command.command(epilog="Example: ocrsynth recipe schema -o recipe.schema.json")
@click.option("-o", "--out", type=Place(dir_okay=False, allow_dash=True), default="-", help="JSON file.  [default: print]")
def schema(out: str) -> None:
    """Print the JSON Schema of recipes, for editors.

    With it beside a recipe, editors that know the YAML language server complete and check keys where the first line is
    "# yaml-language-server: $schema=recipe.schema.json".  Plug-ins that are installed here are in it.
    """
    import orjson

    from ocrsynth.schema import recipe_schema
    from ocrsynth.starter import write

    text = orjson.dumps(recipe_schema(), option=orjson.OPT_INDENT_2).decode()
    if out == "-":
        click.echo(text)
        return
    write(out, text + "\n", force=True)
    click.echo(out)
