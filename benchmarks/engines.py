"""Writes docs/engines.md: engines side by side, of the reports that ``ocrsynth evaluate`` wrote of each.

ocrsynth evaluate tesseract --lang en -n 500 -o build/engines/tesseract
ocrsynth evaluate rapidocr --lang en -n 500 -o build/engines/rapidocr
python benchmarks/engines.py build/engines/tesseract build/engines/rapidocr
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean
from typing import Any

from measure import machine

from ocrsynth.evaluate import compare, read_result

PAGE = Path(__file__).resolve().parent.parent / "docs" / "engines.md"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}"


def _interval(summary: dict[str, Any], key: str) -> str:
    if summary.get(key) is None:
        return "–"
    return f"{_percent(summary[key])} ({_percent(summary[f'{key}_low'])} – {_percent(summary[f'{key}_high'])})"


def _rows(results: list[dict[str, Any]]) -> list[str]:
    names = [r["engine"]["name"] for r in results]
    lines = [f"| perturbation | group | {' | '.join(names)} |", f"|---|---|{'--:|' * len(names)}"]
    shown = {"suite": "", "scene": " (scene)", "held_out": " (held out)"}
    for name in dict.fromkeys(c["perturbation"] for c in results[0]["conditions"]):
        own = [[c for c in r["conditions"] if c["perturbation"] == name] for r in results]
        cells = [" / ".join(_percent(c["cer"]) for c in conditions) for conditions in own]
        first = own[0][0]
        lines.append(f"| {name}{shown.get(first['kind'], '')} | {first['group']} | {' | '.join(cells)} |")
    return lines


def page(results: list[dict[str, Any]]) -> str:
    """Return the page of results on the same lines."""
    first = results[0]
    names = [r["engine"]["name"] for r in results]
    about = machine()
    parts = [
        "<!-- Made by benchmarks/engines.py from reports of ocrsynth evaluate. -->",
        "",
        "# Engines side by side",
        "",
        (
            f"{first['lines']['count']} English lines under every condition of `{first['suite']['name']}` (hash "
            f"`{first['suite']['hash'][:16]}`), profile `{first['profile']}`, CER in %, intervals of 95 %. Made by"
        ),
        "",
        *(f"    ocrsynth evaluate {name} --lang en -n {first['lines']['count']} -o build/engines/{name}" for name in names),
        f"    python benchmarks/engines.py {' '.join(f'build/engines/{name}' for name in names)}",
        "",
        "| engine | versions | clean | mean of the suite | scenes | held out | retention | ms a line |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for r in results:
        summary = r["summary"]
        versions = ", ".join(f"{k} {v}" for k, v in r["engine"]["versions"].items())
        clean = r["conditions"][0]
        parts.append(
            f"| {r['engine']['name']} | {versions} | {_interval(clean, 'cer')} | {_interval(summary, 'mean_cer')} "
            f"| {_interval(summary, 'scenes_cer')} | {_interval(summary, 'held_out_cer')} | {_percent(summary['retention'])} "
            f"| {r['timing']['engine_ms_a_line']:.0f} |"
        )
    parts += ["", "By perturbation, at severities 1 to 5 (scenes 1 to 3):", "", *_rows(results), ""]
    for other in results[1:]:
        differences = [d for d in compare(first, other) if d.condition != "mean"]
        better = sum(d.is_significant and d.difference < 0 for d in differences)
        worse = sum(d.is_significant and d.difference > 0 for d in differences)
        parts.append(
            f"{other['engine']['name']} errs less than {names[0]} under {better} conditions of {len(differences)}, "
            f"more under {worse} (paired tests, Holm, 5 %)."
        )
    shares = fmean(r["timing"]["engine_share"] for r in results)
    parts += ["", f"{shares:.0%} of the readers' time was spent inside the engines. Measured on {about['processor']}.", ""]
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+")
    results = [read_result(folder) for folder in parser.parse_args().reports]
    PAGE.write_text(page(results), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
