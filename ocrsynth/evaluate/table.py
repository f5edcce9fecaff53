"""The report in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocrsynth.evaluate.result import Result

_SHOWN_CONFUSIONS = 20
_SHOWN_CHARACTERS = 15
_LEAST_SEEN = 50
"""A character that was to be read less often says little."""
KINDS = {"suite": "Perturbations", "scene": "Scenes", "held_out": "Held out"}


def table(result: Result) -> str:
    """Return the report: the summary, and tables of CER in % by condition, group, font and character."""
    summary, engine, lines = result["summary"], result["engine"], result["lines"]
    versions = ", ".join(f"{name} {value}" for name, value in engine["versions"].items())
    parts = [
        f"# {title_of(result)}",
        "",
        (
            f"{lines['count']} lines ({lines['language']}, {lines['from']}), profile `{result['profile']}`; {versions}; "
            f"ocrsynth {result['ocrsynth']}."
        ),
        f"Suite `{result['suite']['hash'][:16]}`, lines `{lines['sha256'][:16]}`, pictures `{result['images_sha256'][:16]}`.",
        "",
        *_grid(("figure", "value", "95 % interval"), facts(result)),
        "",
    ]
    for kind, title in KINDS.items():
        rows = perturbations(result, kind)
        if not rows:
            continue
        most = max(len(row) for _, row in rows)
        parts += [
            f"## {title}: CER in % by severity",
            "",
            *_grid(
                ("", "group", *map(str, range(1, most + 1)), "10 % at"),
                [
                    (
                        *(name, cell(row[0]["group"])),
                        *(_with_interval(c) for c in row),
                        *[""] * (most - len(row)),
                        _point(summary, name),
                    )
                    for name, row in rows
                ],
            ),
            "",
        ]
    if result["groups"]:
        severities = sorted({s for row in result["groups"].values() for s in row}, key=int)
        parts += [
            "## Groups: mean CER in %",
            "",
            *_grid(
                ("", *severities),
                [(cell(group), *(percent(row.get(s)) for s in severities)) for group, row in result["groups"].items()],
            ),
            "",
        ]
    for key, title in (("font_class", "Classes of fonts"), ("family", "Families")):
        if rows := result["fonts"][key]:
            parts += [
                f"## {title}",
                "",
                *_grid(
                    ("", "lines", "clean CER %", "mean CER %"),
                    [(cell(n), str(f["lines"]), percent(f["clean_cer"]), percent(f["mean_cer"])) for n, f in rows.items()],
                ),
                "",
            ]
    if result["confusions"]:
        parts += [
            "## Most frequent errors",
            "",
            *_grid(
                ("label", "read as", "times"),
                [(cell(shown(a)), cell(shown(b)), str(n)) for a, b, n in result["confusions"][:_SHOWN_CONFUSIONS]],
            ),
            "",
        ]
    if missed := hardest(result):
        parts += [
            "## Hardest characters",
            "",
            *_grid(("", "to be read", "missed %"), [(cell(shown(c)), str(n), percent(share)) for c, n, share in missed]),
            "",
        ]
    failures = [
        (c["name"], ", ".join(f"{k} {n}" for k, n in c["failures"].items())) for c in result["conditions"] if c["failures"]
    ]
    if failures:
        parts += ["## Pictures without a reading", "", *_grid(("", "why"), failures), ""]
    timing = result["timing"]
    parts.append(
        f"{timing['engine_ms_a_line']:.1f} ms a line, {timing['engine_share']:.0%} of the readers' time in the engine."
    )
    return "\n".join(parts) + "\n"


def title_of(result: Result) -> str:
    """Return what a report is of; a part of a suite is none of its figures."""
    only = ", ".join(result.get("only", ()))
    return f"{result['engine']['name']} under {result['suite']['name']}{f', {only} alone' if only else ''}"


def facts(result: Result) -> list[tuple[str, str, str]]:
    """Return name, value and interval of each figure of the summary."""
    summary = result["summary"]
    clean = result["conditions"][0]
    rows = [
        ("clean CER", percent(clean["cer"], unit=True), _interval(clean, "cer")),
        ("clean WER", percent(clean["wer"], unit=True), ""),
        ("clean lines without error", percent(clean["exact"], unit=True), ""),
        ("clean 1 - NED", percent(clean["similarity"], unit=True), ""),
    ]
    for profile, cer in clean["cer_by_profile"].items():
        rows.append((f"clean CER, profile {profile}", percent(cer, unit=True), ""))
    for key, title in (
        ("mean_cer", "mean CER of the perturbations"),
        ("relative_cer", "… above the clean CER"),
        ("scenes_cer", "mean CER of the scenes"),
        ("held_out_cer", "mean CER of what was held out"),
    ):
        if summary.get(key) is not None:
            rows.append((title, percent(summary[key], unit=True), _interval(summary, key)))
    if summary.get("retention") is not None:
        name, worst = summary["worst_case"][1], summary["worst_case"][0]
        rows.append(("retention: lines without error, by those when clean", percent(summary["retention"], unit=True), ""))
        rows.append((f"… in the worst case, {name}", percent(worst, unit=True), ""))
    if clean["in_charset"] is not None:
        within = clean["in_charset"]
        rows.append(
            (f"clean CER of the {within['lines']} lines within the engine's characters", percent(within["cer"], unit=True), "")
        )
    if against := result.get("against"):
        for key, title in (("mce", "mCE"), ("relative_mce", "relative mCE")):
            if against[key] is not None:
                n, total = against[f"{key}_of"], against["perturbations"]
                over = "" if n == total else f", over {n} of {total} perturbations: in the others it made no errors"
                rows.append((f"{title} against {against['engine']}{over}", percent(against[key], unit=True), ""))
    why = "; ".join(f"{status}: {detail}" if detail else status for status, detail in summary["failure_examples"].items())
    rows.append(("pictures without a reading", str(summary["failures"]), why and f"first {cell(why)}"))
    return rows


def perturbations(result: Result, kind: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the conditions of a kind by perturbation, by severity."""
    found: dict[str, list[dict[str, Any]]] = {}
    for condition in result["conditions"]:
        if condition["kind"] == kind:
            found.setdefault(condition["perturbation"], []).append(condition)
    return list(found.items())


def hardest(result: Result) -> list[tuple[str, int, float]]:
    """Return the characters that were missed most often: character, times to be read, share missed."""
    rows = [(c, n, missed / n) for c, (n, missed) in result["characters"].items() if n >= _LEAST_SEEN and missed]
    return sorted(rows, key=lambda row: -row[2])[:_SHOWN_CHARACTERS]


def percent(share: float | None, *, unit: bool = False) -> str:
    """Return a share in percent, or a dash for None."""
    # Rounded first: a rate a little below none is no "-0.00".
    return "–" if share is None else f"{round(100 * share, 2) + 0.0:.2f}{' %' if unit else ''}"


def shown(cluster: str) -> str:
    """Return a cluster in words or as it is; a table of Markdown takes it through `cell`."""
    known = {"": "(nothing)", " ": "(space)", "\n": "(line end)", "\r": "(line end)", "\r\n": "(line end)", "\t": "(tab)"}
    return known.get(cluster, " ".join(cluster.split()))


def cell(text: str) -> str:
    """Return any text as it may stand in a table of Markdown."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("`", "\\`").replace("<", "&lt;").split())


def _interval(of: dict[str, Any], key: str) -> str:
    return f"{100 * of[f'{key}_low']:.2f} – {100 * of[f'{key}_high']:.2f}"


def _with_interval(condition: dict[str, Any]) -> str:
    # Not as ±: intervals of low rates lie to one side.
    return f"{100 * condition['cer']:.1f} ({100 * condition['cer_low']:.1f} – {100 * condition['cer_high']:.1f})"


def _point(summary: dict[str, Any], name: str) -> str:
    point = summary["breaking_points"].get(name)
    return "never" if point is None else f"{point:.1f}"


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---' for _ in head)}|",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
