"""Cost against length of line, height, number of fonts, size of alphabet, and workers.

The claim that is tested: nothing grows faster than in proportion.  Each point is measured in a process of its own with cold
caches, in a copy of the package in which alphabets of any size can be laid; the exponent is the slope on logarithmic axes.
Writes ``results/scaling.json``, ``docs/scaling.md`` and the plots in ``docs/scaling/``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench_generate import wall_s
from loglog import Series, exponent, steepest, svg
from measure import RESULTS, save

_ROOT = Path(__file__).resolve().parent.parent
_PRESET = "scan"
_CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
_BATCH = 64
_LIMIT = 1.1
"""An exponent up to this counts as growth in proportion: the points scatter by some per cent."""
_SIZES = {
    "length": [5, 10, 20, 40, 80, 160],
    "height": [16, 32, 64, 128, 256],
    "fonts": [10, 30, 100, 300, 1000],
    "alphabet": [26, 100, 1000, 5000, 20_000],
    "workers": [1, 2],
}
_TITLES = {
    "length": "characters a line",
    "height": "height in px",
    "fonts": "fonts (families of one file)",
    "alphabet": "letters in the alphabet (Han)",
}


def point(recipe: dict[str, Any], count: int) -> dict[str, float]:
    """Return what *count* samples of a recipe cost in this process: CPU µs a line, ms to begin, pixels, memory."""
    from ocrsynth import Recipe
    from ocrsynth.generation.worker import tune_collector
    from ocrsynth.pipeline import Pipeline

    started = time.process_time()
    pipeline = Pipeline(Recipe.from_dict(recipe))
    begun = time.process_time()
    pixels: list[int] = []
    # Every font is met before the measuring begins, as early in a long run; in batches as a worker makes them, for memory
    # is measured too.
    for first in range(0, count, _BATCH):
        pixels += [sample.image.size for sample in pipeline.batch(range(first, min(first + _BATCH, count)))]
    tune_collector()
    costs = []
    for first in range(count, 3 * count, _BATCH):
        indices = range(first, min(first + _BATCH, 3 * count))
        before = time.process_time_ns()
        pipeline.batch(indices)
        costs.append((time.process_time_ns() - before) / len(indices) / 1000)
    status = Path("/proc/self/status").read_text().splitlines()
    return {
        "us_a_line": statistics.median(costs),
        "begin_ms": (begun - started) * 1000,
        "pixels": statistics.mean(pixels),
        "peak_mb": next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024,
    }


def copy_fonts(folder: Path, count: int) -> None:
    """Write *count* font files of as many families: copies of the static ones of the default set under other names."""
    from fontTools.ttLib import TTFont

    from ocrsynth.fonts import catalogue

    faces = [f for family in catalogue.load(("default",), ()) for f in family.faces if not f.axes and f.style == "normal"]
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        with TTFont(faces[number % len(faces)].path, lazy=True) as font:
            for record in font["name"].names:
                if record.nameID in {1, 4, 6, 16}:
                    record.string = f"Copy{number:04d}"
            font.save(folder / f"copy{number:04d}.ttf", reorderTables=None)


def take_fonts(copies: Path, folder: Path, count: int) -> None:
    """Link the first *count* of the copies into *folder*."""
    folder.mkdir()
    for path in sorted(copies.iterdir())[:count]:
        (folder / path.name).hardlink_to(path)


def write_alphabet(folder: Path, count: int) -> str:
    """Write an alphabet of the first *count* unified ideographs; return its id."""
    name = f"q{chr(97 + count // 26 % 26)}{chr(97 + count % 26)}_Hani"
    letters = " ".join(chr(0x4E00 + i) for i in range(count))
    text = {
        "id": name,
        "name": f"Han of {count}",
        "autonym": "Han",
        "script": "Hani",
        "language": "zh",
        "direction": "ltr",
        "casing": False,
        "spacing": False,
        "base": letters,
        "digits": "0 1 2 3 4 5 6 7 8 9",
        "punctuation": {"closing": "。 ，", "pairs": ["（ ）"], "joining": "、", "symbols": "％"},
        "sources": {"base": "the first ideographs of Unicode"},
        "validity": "draft",
    }
    # JSON is YAML as well.
    (folder / f"{name}.yaml").write_text(json.dumps(text, ensure_ascii=False))
    return name


def recipes(axis: str, sizes: list[int], tree: Path) -> dict[int, dict[str, Any]]:
    """Return the recipe of each size on an axis; what it needs is written below *tree*."""
    base: dict[str, Any] = {"language": "en", "degrade": _PRESET, "render": {"height_px": 32}}
    made: dict[int, dict[str, Any]] = {}
    for size in sizes:
        if axis == "length":
            made[size] = base | {"text": {"length_clusters": [size, size]}}
        elif axis == "height":
            made[size] = base | {"text": {"length_clusters": [20, 20]}, "render": {"height_px": size}}
        elif axis == "fonts":
            if size == sizes[0]:
                copy_fonts(tree / "copies", max(sizes))
            take_fonts(tree / "copies", tree / f"fonts-{size}", size)
            fonts = {"sets": [], "folders": [str(tree / f"fonts-{size}")]}
            made[size] = base | {"text": {"length_clusters": [20, 20]}, "fonts": fonts}
        else:
            name = write_alphabet(tree / "alphabets", size)
            (tree / "cjk").mkdir(exist_ok=True)
            if not (tree / "cjk" / _CJK.name).exists():
                (tree / "cjk" / _CJK.name).symlink_to(_CJK)
            text = {"length_clusters": [20, 20], "sources": [{"alphabet": {"confusables": 0}}]}
            made[size] = base | {"language": name, "text": text, "fonts": {"sets": [], "folders": [str(tree / "cjk")]}}
    return made


def measure_axis(axis: str, sizes: list[int], count: int, turns: int) -> list[dict[str, float]]:
    """Return the costs at each size; of several turns over all sizes the cheapest, for other work only adds."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in ("ocrsynth", "alphabets", "fonts"):
            shutil.copytree(_ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        made = recipes(axis, sizes, tree)
        found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
        for turn in range(turns):
            for size, recipe in made.items():
                surroundings = os.environ | {
                    "PYTHONPATH": str(tree),
                    "XDG_CACHE_HOME": str(tree / f"cache-{axis}-{size}-{turn}"),
                }
                out = subprocess.run(
                    [sys.executable, __file__, "--point", json.dumps(recipe), "--count", str(count)],
                    check=True,
                    capture_output=True,
                    text=True,
                    env=surroundings,
                ).stdout
                found[size].append(json.loads(out))
        keys = ("us_a_line", "begin_ms", "pixels", "peak_mb")
        return [
            {"size": size} | {key: round(min(r[key] for r in results), 1) for key in keys} for size, results in found.items()
        ]


def measure_workers(sizes: list[int], count: int, turns: int) -> list[dict[str, float]]:
    """Return the wall time of a whole run by the number of workers, start-up included."""
    times: dict[int, list[float]] = {size: [] for size in sizes}
    for _ in range(turns):
        for size in sizes:
            times[size].append(wall_s(size, count, 32, _PRESET))
    return [
        {"size": size, "wall_s": round(min(found), 2), "lines_per_s": round(count / min(found))}
        for size, found in times.items()
    ]


def fits(axis: str, rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the exponents of the costs on an axis, over all points and of the steepest step."""
    named = {key: [(row["size"], row[key]) for row in rows] for key in ("us_a_line", "begin_ms", "peak_mb")}
    if axis == "height":
        named["us_a_line by pixels"] = [(row["pixels"], row["us_a_line"]) for row in rows]
    return {name: {"exponent": round(exponent(p), 2), "steepest": round(steepest(p), 2)} for name, p in named.items()}


def page(content: dict[str, Any]) -> str:
    """Return the page of the figures."""
    lines = [
        "<!-- Made by benchmarks/scaling.py from benchmarks/results/scaling.json; edit the script. -->",
        "# How cost grows",
        "",
        "`python benchmarks/scaling.py` measures, on one core and with the preset `scan`, what a line costs in CPU time,",
        "what it takes to begin (recipe, fonts and sources, with cold caches), and the memory, each against one size.",
        f"An *exponent* of 1 is growth in proportion, 0 none at all; up to {_LIMIT} counts as proportion, for the points",
        "scatter. *Steepest* is that of the worst two neighbouring points.",
        "",
        "| against | cost | exponent | steepest | faster than in proportion? |",
        "|---|---|--:|--:|---|",
    ]
    for axis, found in content["fits"].items():
        for cost, fit in found.items():
            worse = "**yes**" if fit["exponent"] > _LIMIT else "no, but for a step" if fit["steepest"] > _LIMIT else "no"
            lines.append(f"| {axis} | {cost} | {fit['exponent']:.2f} | {fit['steepest']:.2f} | {worse} |")
    lines += [
        "",
        "Against the height the picture grows both ways, so its pixels grow by the square: the cost follows the pixels.",
    ]
    for axis, rows in content["rows"].items():
        lines += ["", f"## {axis.capitalize()}", ""]
        if axis in content["fits"]:
            lines += [f"![cost against {axis}](scaling/{axis}.svg)", ""]
        keys = list(rows[0])
        lines += [f"| {' | '.join(keys)} |", f"|{'--:|' * len(keys)}"]
        lines += [f"| {' | '.join(f'{row[key]:,}' for key in keys)} |" for row in rows]
    if content["left_out"]:
        lines += ["", *(f"Left out: {reason}." for reason in content["left_out"])]
    machine = content["machine"]
    lines += ["", f"Machine: {machine['processor']}, {machine['cores']} cores, Python {machine['python']}."]
    return "\n".join([*lines, ""])


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(_SIZES), default=list(_SIZES))
    parser.add_argument("--sizes", nargs="+", type=int, help="these sizes, on every axis")
    parser.add_argument("--count", type=int, default=512, help="lines a point; twice as many are measured")
    parser.add_argument("--worker-count", type=int, default=20_000, help="lines of the runs with workers")
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="keep the results there are; measure the axes that are missing")
    parser.add_argument("--docs", type=Path, default=_ROOT / "docs")
    parser.add_argument("--point", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.point is not None:
        print(json.dumps(point(options.point, options.count)))
        return
    target = RESULTS / "scaling.json"
    known = json.loads(target.read_text()) if options.keep and target.exists() else {}
    rows: dict[str, list[dict[str, float]]] = known.get("rows", {})
    found: dict[str, dict[str, dict[str, float]]] = known.get("fits", {})
    left_out = []
    for axis in options.only:
        if axis in rows:
            continue
        sizes = options.sizes or _SIZES[axis]
        if axis == "alphabet" and not _CJK.exists():
            left_out.append("alphabet, for the system has no Noto Sans CJK (Debian package fonts-noto-cjk)")
            continue
        if axis == "workers":
            rows[axis] = measure_workers(sizes, options.worker_count, options.turns)
        else:
            rows[axis] = measure_axis(axis, sizes, options.count, options.turns)
            found[axis] = fits(axis, rows[axis])
        for row in rows[axis]:
            print(axis, row, flush=True)
        print(f"{axis}: {found.get(axis, 'no fit')}", flush=True)
        # After each, for a run takes minutes and may be ended; --keep goes on from there.
        save(target.stem, {"rows": rows, "fits": found, "left_out": left_out, "preset": _PRESET, "count": options.count})
        write_page(options.docs, json.loads(target.read_text()))


def write_page(docs: Path, content: dict[str, Any]) -> None:
    """Write the page and the plots of the figures."""
    plots = docs / "scaling"
    plots.mkdir(parents=True, exist_ok=True)
    for axis, fitted in content["fits"].items():
        series = [
            Series(
                f"{name}: exponent {fitted[key]['exponent']:.2f}", [(row["size"], row[key]) for row in content["rows"][axis]]
            )
            for key, name in (("us_a_line", "CPU µs a line"), ("begin_ms", "CPU ms to begin"))
        ]
        (plots / f"{axis}.svg").write_text(svg(f"Cost against {_TITLES[axis]}", _TITLES[axis], "CPU time", series))
    (docs / "scaling.md").write_text(page(content))


if __name__ == "__main__":
    main()
