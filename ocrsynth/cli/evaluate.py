"""``ocrsynth evaluate``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._number import a_number
from ocrsynth.cli._place import Place

if TYPE_CHECKING:
    from ocrsynth.evaluate.result import Result
    from ocrsynth.evaluate.suite import Condition

_EXAMPLE = "Example: ocrsynth evaluate tesseract --lang en -n 500 -o report/"
_FIGURES = {"clean": "clean", "suite": "mean", "scene": "scenes", "held_out": "held_out"}
"""What is bounded beside single conditions, by the kind of condition that it is the mean over."""


class _Evaluate(click.Group):
    """Takes what is no subcommand for an engine."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # An option first, such as --freeze, means that no engine is named.
        if args and args[0].startswith("-") and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_Evaluate, epilog=_EXAMPLE, subcommand_metavar="ENGINE [OPTIONS] | COMMAND [ARGS]...")
def command() -> None:
    """Measure how robust an OCR engine is.

    ``ocrsynth evaluate ENGINE`` is short for ``ocrsynth evaluate run ENGINE``.
    """


@command.command("run", epilog=_EXAMPLE.replace("evaluate", "evaluate run", 1), context_settings={"show_default": True})
@click.argument("engine", required=False)
@click.option(
    "--lang",
    default="en",
    help="Language, as a tag (en) or an alphabet's id (en_Latn).",
    shell_complete=_complete.languages,
)
@click.option("-n", "--count", type=click.IntRange(1), default=500, help="Number of source lines.")
@click.option("-o", "--out", type=Place(), help="Folder of the report; one begun before is resumed.")
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), default=0, help="Seed of the rendered lines.")
@click.option("--suite", default=None, help="Suite by name or as a YAML file.  [default: ocrsynth-c@1]", show_default=False)
@click.option("--only", multiple=True, help="Only this perturbation, group, kind or condition; repeatable.")
@click.option("--data", type=Place(), help="Read these lines, a data set or a frozen suite, instead of rendered ones.")
@click.option("--data-format", help="Format of --data, where it cannot be told.")
@click.option("--keep-size", is_flag=True, help="Leave pictures of --data at their size.")
@click.option("--fonts", type=Place(), help="Render in the fonts of this folder only.")
@click.option("--system-fonts", is_flag=True, help="Render in the fonts of this system, and of --fonts.")
@click.option("--workers", type=click.IntRange(1), help="Number of engine processes.  [default: number of cores]")
@click.option("--profile", default="exact", help="How text is compared: exact, compat or alnum_ci.")
@click.option("--charset", type=Place(), help="Characters that the engine can write, a file of Charset.save.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    callback=a_number,
    default=60.0,
    help="Seconds for a picture.",
)
@click.option("--baseline", type=Place(), help="result.json of another engine, for mCE.")
@click.option("--freeze", type=Place(), help="Store the pictures of the suite in this folder.")
@click.option(
    "--max-cer", multiple=True, metavar="NAME=RATE", help="Fail above this CER of clean, mean, a condition; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress bar.")
def run(
    engine: str | None,
    out: str | None,
    suite: str | None,
    freeze: str | None,
    charset: str | None,
    baseline: str | None,
    max_cer: tuple[str, ...],
    workers: int | None,
    profile: Any,
    timeout: float,
    as_json: bool,
    quiet: bool,
    lang: str,
    **settings: Any,
) -> None:
    """Have ENGINE read the same lines clean and under every perturbation of a suite.

    ENGINE is a name or name:arguments, such as tesseract, tesseract:psm=13, rapidocr, easyocr, python:package.module:function,
    cmd:./my-ocr, predictions:readings.jsonl or torch:module=…,charset=…; see ocrsynth evaluate engines.
    """
    from ocrsynth.charset import Charset
    from ocrsynth.errors import RecipeError
    from ocrsynth.evaluate import Settings, conditions_of, evaluate, freeze_suite, read_result
    from ocrsynth.evaluate.suite import DEFAULT_SUITE

    if engine is None and freeze is None:
        raise RecipeError("ENGINE: is missing, got None; say for example ocrsynth evaluate tesseract -o report/")
    if engine is not None and out is None:
        raise RecipeError("-o: the folder of the report is missing, got None; say for example -o report/")
    pairs = [_bound(text) for text in max_cer]
    bounds = dict(pairs)
    if len(bounds) < len(pairs):
        raise RecipeError(f"--max-cer: bounds a figure twice, got {', '.join(max_cer)}; give each one bound")
    chosen = Settings(language=lang, suite=suite or DEFAULT_SUITE, **settings)
    known = frozenset("".join(Charset.load(charset).symbols)) if charset else None
    base = read_result(baseline) if baseline else None
    if bounds:
        # Found wrong now, not after hours of reading.
        _known_bounds(bounds, conditions_of(chosen))
    bar = None if quiet or as_json else _Stages()
    try:
        if freeze is not None:
            conditions = freeze_suite(freeze, chosen, progress=bar)
            if not as_json:
                click.echo(f"{len(conditions)} conditions: {freeze.rstrip('/')}/")
        if engine is None or out is None:
            return
        result = evaluate(
            engine,
            out,
            chosen,
            workers=workers,
            profile=profile,
            charset=known,
            timeout_s=timeout,
            baseline=base,
            progress=bar,
        )
    finally:
        if bar is not None:
            bar.close()
    _tell(result, out, as_json=as_json)
    _hold(result, bounds)


def _bound(text: str) -> tuple[str, float]:
    from ocrsynth.errors import RecipeError

    name, equals, value = text.partition("=")
    try:
        rate = float(value)
    except ValueError:
        equals = ""
        rate = 0.0
    if not equals or not rate >= 0:
        raise RecipeError(f"--max-cer: must be NAME=RATE with a rate from 0 up, got {text!r}; write for example clean=0.02")
    return name, rate


def _rates(result: Result) -> dict[str, float]:
    summary = result["summary"]
    rates = {c["name"]: c["cer"] for c in result["conditions"]}
    return rates | {k: summary[f"{k}_cer"] for k in _FIGURES.values() if summary.get(f"{k}_cer") is not None}


def _known_bounds(bounds: dict[str, float], conditions: list[Condition]) -> None:
    """Raise RecipeError for a bound on a figure that the result will not have."""
    from ocrsynth.errors import RecipeError, suggest

    kinds = {c.kind for c in conditions}
    known = list(
        dict.fromkeys([*(c.name for c in conditions), *(figure for kind, figure in _FIGURES.items() if kind in kinds)])
    )
    for name, bound in bounds.items():
        if name not in known:
            raise RecipeError(f"--max-cer: no figure {name!r}, got {name}={bound:g}; {suggest(name, known)}")


def _hold(result: Result, bounds: dict[str, float]) -> None:
    """Raise ThresholdError if a rate is above its bound."""
    from ocrsynth.errors import ThresholdError

    rates = _rates(result)
    above = [f"{name} {rates[name]:.4f} > {bound:g}" for name, bound in bounds.items() if rates[name] > bound]
    if above:
        raise ThresholdError(f"--max-cer: the CER is above its bound, got {', '.join(above)}; see report.html")


def _tell(result: Result, out: str, *, as_json: bool) -> None:
    from ocrsynth.cli._output import print_json
    from ocrsynth.evaluate.table import facts

    if as_json:
        keys = ("engine", "suite", "lines", "profile", "summary", "groups", "timing", "against")
        print_json({key: result[key] for key in keys if key in result})
        return
    width = max(len(name) for name, _, _ in facts(result))
    for name, value, interval in facts(result):
        click.echo(f"  {name:{width}}  {value}{f'  ({interval})' if interval else ''}")
    if not result["timing"]["read_last_run"]:
        click.echo("no picture was read now: all readings are from before; to have them read anew, choose another folder")
    if result["summary"]["failures"] == sum(c["counts"]["lines"] for c in result["conditions"]):
        click.echo("warning: the engine read no picture at all", err=True)
    click.echo(f"report: {out.rstrip('/')}/report.html, report.md, result.json, predictions.jsonl")


class _Stages:
    """A bar for each stage."""

    def __init__(self) -> None:
        from ocrsynth.cli._progress import Bar

        self._bars = {
            "lines": Bar("making lines", "lines", "failures"),
            "pictures": Bar("freezing", "pictures", "failures"),
            "readings": Bar("reading", "pictures", "failures"),
        }
        self._bar = self._bars["lines"]

    def start(self, what: str, total: int, already: int) -> None:
        self._bar.close()
        self._bar = self._bars[what]
        self._bar.start(total, already)

    def advance(self, n: int, failures: int) -> None:
        self._bar.advance(n, {"pictures": failures} if failures else {})

    def close(self) -> None:
        self._bar.close()


@command.command("compare", epilog="Example: ocrsynth evaluate compare report/result.json other/result.json")
@click.argument("a", type=Place())
@click.argument("b", type=Place())
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare_results(a: str, b: str, as_json: bool) -> None:
    """Test the paired differences of two results on the same pictures, B less A, with Holm's correction."""
    from ocrsynth.cli._output import print_json
    from ocrsynth.evaluate import compare, read_result
    from ocrsynth.evaluate.compare import comparison_dict, comparison_table

    first, second = read_result(a), read_result(b)
    differences = compare(first, second)
    if as_json:
        print_json(comparison_dict(first, second, differences))
    else:
        click.echo(comparison_table(first, second, differences), nl=False)


@command.command("engines", epilog="Example: ocrsynth evaluate engines")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def engines(as_json: bool) -> None:
    """List the engines, what their options are, and what is missing for them."""
    from ocrsynth.cli._output import print_json
    from ocrsynth.evaluate.engine import described

    found = described()
    if as_json:
        print_json(found)
        return
    for one in found:
        click.echo(f"{one['name']:12} {'ready' if one['missing'] is None else 'missing: ' + one['missing']}")
        click.echo(f"{'':12} {one['about']}")


@command.command("suite", epilog="Example: ocrsynth evaluate suite")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def suite_shown(name: str | None, as_json: bool) -> None:
    """List the conditions of a suite, with the strength of each severity."""
    from ocrsynth.cli._output import print_json
    from ocrsynth.evaluate.suite import DEFAULT_SUITE, load_suite

    suite = load_suite(name or DEFAULT_SUITE)
    if as_json:
        conditions = [{**c._asdict(), "name": c.name} for c in suite.conditions()]
        print_json({"name": suite.name, "hash": suite.hash, "x_height_px": suite.x_height_px, "conditions": conditions})
        return
    click.echo(f"{suite.name}, x-height {suite.x_height_px:g} px, hash {suite.hash[:16]}")
    for p in suite.perturbations.values():
        click.echo(f"{p.kind:9} {p.group:8} {p.name:20} {'  '.join(f'{s:g}' for s in p.strengths)}")
