"""How well a recogniser reads real documents that has seen nothing but the lines of a recipe.

    python -m benchmarks.transfer.run                     # the default recipe of English
    python -m benchmarks.transfer.run mine.yaml --real FOLDER --real FOLDER
    python -m benchmarks.transfer.run --count 8000 --steps 1000 --seeds 1      # a short look

Run it from the root of the repository.  A training of 3,000 steps on 20,000 lines takes 10 to 35 minutes of one core, and as
many run at a time as there are cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks.measure import machine
from benchmarks.transfer.lines import SYMBOLS, Lines, key_of, made, real
from benchmarks.transfer.model import CRNN, weights_of
from benchmarks.transfer.scores import Miss, Result, measured, worst_page
from benchmarks.transfer.train import BATCH, new_model, read, trained
from ocrsynth import Recipe

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "real"
COLUMNS = {
    "receipts": ("receipts_en",),
    "forms": ("forms_en",),
    "books": ("books_it",),
    "typewriter": ("typewriter_de", "typewriter_da"),
}
"""Columns of the table, and the folders of real lines that each is the mean over."""


HELD_OUT = ("periodical_fr_1900",)
"""Real lines that nobody looks at while the default is changed: they tell how far it was bent to the others."""


SCENE_WORDS = ROOT / "build" / "scene_words"
"""Words of photographs, as `scenes` cuts them out; too few for a column."""


def default_sets(*, all_sets: bool = False) -> list[Path]:
    """Return the folders of real lines that lie beside the repository: those of the columns, and *all_sets* the others too."""
    names = [name for of_column in COLUMNS.values() for name in of_column] + ([*HELD_OUT] if all_sets else [])
    folders = [REAL / name for name in names] + ([SCENE_WORDS] if all_sets else [])
    return [folder for folder in folders if folder.is_dir()]


def transfer(
    recipe: Recipe, sets: dict[str, Lines], count: int, steps: int, seeds: int, cache: Path, jobs: int = 1
) -> dict[str, Any]:
    """Return results by set, columns and all misses of *seeds* trainings on *count* lines of *recipe*, *jobs* at a time.

    ``seconds`` is None if all the trainings were kept from before: then it took no time that says anything.
    """
    started = time.monotonic()
    lines = made(recipe, count, cache)
    generated_s = time.monotonic() - started
    kept = {seed: cache / f"{key_of(recipe, count)}_{steps}_{seed}.pt" for seed in range(1, seeds + 1)}
    known = all(path.exists() for path in kept.values())
    if jobs > 1:
        # Each training has one thread and a process of its own: threads would share out the steps of one at a loss.
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            trainings = [pool.submit(_keep, recipe.canonical, count, steps, seed, path, cache) for seed, path in kept.items()]
            for training in trainings:
                training.result()
    models = [recogniser(lines, steps, seed, path) for seed, path in kept.items()]
    results, misses = judged(models, sets)
    return {
        "results": results,
        "columns": columns_of(results),
        "misses": misses,
        "weights": weights_of(models[0]),
        "seconds": None if known else {"made": round(generated_s, 1), "total": round(time.monotonic() - started, 1)},
    }


def judged(models: list[CRNN], sets: dict[str, Lines]) -> tuple[dict[str, Result], list[Miss]]:
    """Return what recognisers of several trainings make of each set, and all that they misread."""
    results: dict[str, Result] = {}
    misses: list[Miss] = []
    for name, known in sets.items():
        results[name], missed = measured(name, known, [read(model, known) for model in models])
        misses += missed
    return results, misses


def _keep(recipe: bytes, count: int, steps: int, seed: int, path: Path, cache: Path) -> None:
    """Train in a process of its own."""
    torch.set_num_threads(1)
    recogniser(made(Recipe.from_dict(json.loads(recipe)), count, cache), steps, seed, path)


def recogniser(lines: Lines, steps: int, seed: int, kept: Path, symbols: str = SYMBOLS) -> CRNN:
    """Return a trained recogniser, the one that is *kept* if this training was done before."""
    if kept.exists():
        model = new_model(symbols)
        model.load_state_dict(torch.load(kept, weights_only=True))
        return model
    model = trained(lines, steps, seed, symbols=symbols)
    torch.save(model.state_dict(), kept)
    return model


def columns_of(results: dict[str, Result]) -> dict[str, float]:
    """Return the CER in percent of each column, the mean over its sets, and of sets that stand in none."""
    known = {name for names in COLUMNS.values() for name in names} | {*HELD_OUT, SCENE_WORDS.name}
    columns = {}
    for column, names in COLUMNS.items():
        found = [results[n].cer_percent for n in names if n in results]
        if found:
            columns[column] = round(sum(found) / len(found), 2)
    return columns | {name: result.cer_percent for name, result in results.items() if name not in known}


def printed(results: dict[str, Result], columns: dict[str, float], sets: dict[str, Lines]) -> None:
    """Print the table."""
    print(f"{'set':20} {'lines':>6} {'left out':>9} {'CER %':>7} {'95 % interval':>16} {'exact %':>8}  by seed")
    for name, r in results.items():
        span = f"{r.low_percent:.2f} to {r.high_percent:.2f}"
        seeds = " ".join(f"{v:.2f}" for v in r.by_seed_percent)
        row = f"{len(sets[name].labels):6} {sets[name].left_out:9} {r.cer_percent:7.2f} {span:>16} {r.exact_percent:8.1f}"
        print(f"{name:20} {row}  {seeds}")
    print("  ".join(f"{name} {value:.2f}" for name, value in columns.items()))


def main() -> None:
    """Train, test, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", type=Path, help="recipe; the default of --lang if left out")
    parser.add_argument("--lang", default="en")
    parser.add_argument("--preset", help="preset in place of the default one")
    parser.add_argument("--real", type=Path, action="append", help="folder of real lines; repeatable")
    parser.add_argument("--count", type=int, default=20_000, help="lines to train on")
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=2, help="number of trainings")
    parser.add_argument("--every", type=int, default=1, help="test on each n-th real line only")
    parser.add_argument("--threads", type=int, default=1, help="threads of reading, and of training with --jobs 1")
    parser.add_argument("--jobs", type=int, default=min(os.cpu_count() or 1, 8), help="trainings at a time")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "transfer", help="folder of made lines and of reports")
    parser.add_argument("--json", type=Path, help="file of the results, such as benchmarks/results/transfer.json")
    parser.add_argument("--name", default="transfer", help="name of the reports")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.recipe is not None:
        recipe = Recipe.load(options.recipe)
    else:
        recipe = Recipe.from_dict({"language": options.lang} | ({"degrade": options.preset} if options.preset else {}))
    folders = options.real or default_sets(all_sets=True)
    if not folders:
        parser.error("no folders of real lines lie beside the repository; name some with --real")
    sets = {folder.name: real(folder, options.every) for folder in folders}
    found = transfer(recipe, sets, options.count, options.steps, options.seeds, options.cache, min(options.jobs, options.seeds))
    printed(found["results"], found["columns"], sets)
    if found["seconds"]:
        print(f"lines made in {found['seconds']['made']} s, all in {found['seconds']['total']} s")
    options.cache.mkdir(parents=True, exist_ok=True)
    page = options.cache / f"{options.name}_worst.html"
    page.write_text(worst_page(found["misses"], sets), encoding="utf-8")
    print(f"worst lines: {page}")
    content = {
        "machine": machine() | {"torch": version("torch"), "threads": options.threads, "jobs": options.jobs},
        "training": {
            "weights": found["weights"],
            "lines": options.count,
            "steps": options.steps,
            "batch": BATCH,
            "seeds": options.seeds,
        },
        "columns_cer_percent": found["columns"],
        "sets": {name: result._asdict() | {"lines": len(sets[name].labels)} for name, result in found["results"].items()},
    }
    target = options.json or options.cache / f"{options.name}.json"
    seconds = found["seconds"] or (json.loads(target.read_text()).get("seconds") if target.exists() else None)
    content |= {"seconds": seconds} if seconds else {}
    target.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
