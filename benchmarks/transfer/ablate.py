"""What each ingredient of the default recipe is worth: one factor at a time is taken away.

    python -m benchmarks.transfer.ablate                     # all factors; python -m benchmarks.transfer.page writes the table
    python -m benchmarks.transfer.ablate --factor "no blur"

All trainings go on from one recogniser that was trained on clean lines, so that a short training tells recipes apart.
"""

from __future__ import annotations

import argparse
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmarks.measure import machine
from benchmarks.transfer.factors import FACTORS, WHOLE, changed
from benchmarks.transfer.lines import Lines, key_of, made, real
from benchmarks.transfer.run import ROOT, columns_of, default_sets
from benchmarks.transfer.scores import measured
from benchmarks.transfer.train import read, trained
from ocrsynth import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable


def first_recogniser(count: int, steps: int, cache: Path) -> dict[str, torch.Tensor]:
    """Return the weights of a recogniser of clean lines, kept in *cache*."""
    recipe = Recipe.from_dict({"language": "en", "degrade": "clean", "text": {"length_clusters": [1, 24]}})
    kept = cache / f"{key_of(recipe, count)}_{steps}_start.pt"
    if not kept.exists():
        torch.save(trained(made(recipe, count, cache), steps, 0).state_dict(), kept)
    weights: dict[str, torch.Tensor] = torch.load(kept, weights_only=True)
    return weights


def main() -> None:
    """Train with each factor taken away, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--factor", action="append", help="one of the factors; repeatable; all if left out")
    parser.add_argument("--real", type=Path, action="append", help="folder of real lines; repeatable")
    parser.add_argument("--count", type=int, default=6_000)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--start-steps", type=int, default=700)
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "transfer")
    parser.add_argument("--json", type=Path, help="file of the results; it is read first, so that a run can be gone on with")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sets: dict[str, Lines] = {f.name: real(f, options.every) for f in options.real or default_sets()}
    start = first_recogniser(options.count, options.start_steps, options.cache)
    base = Recipe.from_dict({"language": "en"})
    target = options.json or ROOT / "benchmarks" / "results" / "transfer_ablation.json"
    rows: dict[str, dict[str, float]] = json.loads(target.read_text())["rows"] if target.exists() else {}
    settings = {
        "steps": options.steps,
        "lines": options.count,
        "seed": options.seed,
        "start_steps": options.start_steps,
        "every": options.every,
    }
    recipes: dict[str, Callable[[], Recipe]] = {WHOLE: lambda: base}
    recipes |= {name: (lambda name=name: changed(base, name)) for name in options.factor or FACTORS}
    for name, recipe in recipes.items():
        if name in rows:
            continue
        model = trained(made(recipe(), options.count, options.cache), options.steps, options.seed, start)
        results = {folder: measured(folder, lines, [read(model, lines)])[0] for folder, lines in sets.items()}
        rows[name] = columns_of(results)
        print(name, rows[name], flush=True)
        content = {"machine": machine() | {"torch": version("torch")}, "settings": settings, "rows": rows}
        target.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
