"""What each preset costs and rejects: lines a second, µs of the chain, rejected draws; grey and RGB, on one core."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import Any

from measure import save

from ocrsynth import Recipe
from ocrsynth.degrade.presets import preset_names
from ocrsynth.generation.profile import profile
from ocrsynth.pipeline import Pipeline

_LEGIBILITY = ("low_contrast", "illegible", "outside_frame", "faint_cluster", "too_small")


def rejections(recipe: Recipe, count: int) -> tuple[dict[str, int], float, float]:
    """Return rejected draws by reason, the share of samples with one by legibility, and lines a second of CPU time."""
    pipeline = Pipeline(recipe)
    pipeline.batch(range(64))
    reasons: Counter[str] = Counter()
    hit = 0
    started = time.process_time()
    for first in range(0, count, 64):
        for sample in pipeline.batch(range(first, min(first + 64, count))):
            found = sample.provenance["rejected"]
            reasons.update(found)
            hit += any(reason in found for reason in _LEGIBILITY)
    return dict(sorted(reasons.items())), hit / count, count / (time.process_time() - started)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--count", type=int, default=1536)
    count = parser.parse_args().count
    rows: dict[str, Any] = {}
    print("preset       color   lines/s  chain µs  illegible  dearest op (µs a use)")
    for name in preset_names():
        for color in ("grey", "rgb"):
            recipe = Recipe.for_language("en", preset=name, seed=3, render={"color": color})
            reasons, share, speed = rejections(recipe, count)
            costs = profile(recipe, min(count, 512))
            dearest = max(costs.rows(), key=lambda row: row[2], default=("none", 0.0, 0.0, 0.0))
            rows[f"{name} {color}"] = {
                "lines_per_s": round(speed),
                "chain_us": round(costs.chain_us, 1),
                "rejected_by_legibility": round(share, 4),
                "rejected_draws": reasons,
                "dearest_op": dearest[0],
                "dearest_op_us": round(dearest[2], 1),
            }
            print(f"{name:12} {color:5} {speed:9.0f} {costs.chain_us:9.1f} {share:10.2%}  {dearest[0]} ({dearest[2]:.0f})")
    save("presets", {"presets": rows, "samples": count})


if __name__ == "__main__":
    main()
