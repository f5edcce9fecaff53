"""What each ingredient of the default recipe is worth: one factor at a time is taken away.

    python -m benchmarks.transfer.ablate                     # all factors; python -m benchmarks.transfer.page writes the table
    python -m benchmarks.transfer.ablate --factor "no blur"

All trainings go on from the first recogniser of ``run``, which was trained on the whole recipe: what a short training without
an ingredient unlearns is what the ingredient had taught.
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
from benchmarks.transfer.run import ROOT, columns_of, default_sets, recogniser
from benchmarks.transfer.scores import measured
from benchmarks.transfer.train import read, trained
from ocrsynth import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Train with each factor taken away, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--factor", action="append", help="one of the factors; repeatable; all if left out")
    parser.add_argument("--real", type=Path, action="append", help="folder of real lines; repeatable")
    parser.add_argument("--count", type=int, default=6_000)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--start-count", type=int, default=20_000, help="lines of the training that is gone on from")
    parser.add_argument("--start-steps", type=int, default=3_000, help="and its steps")
    parser.add_argument("--every", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "transfer")
    parser.add_argument("--json", type=Path, help="file of the results; it is read first, so that a run can be gone on with")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sets: dict[str, Lines] = {f.name: real(f, options.every) for f in options.real or default_sets()}
    base = Recipe.from_dict({"language": "en"})
    known = options.cache / f"{key_of(base, options.start_count)}_{options.start_steps}_1.pt"
    start = recogniser(made(base, options.start_count, options.cache), options.start_steps, 1, known).state_dict()
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
