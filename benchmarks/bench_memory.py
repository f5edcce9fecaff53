"""Resident memory of one worker from sample 0 to 100,000: its peak, and its growth from 10,000 on."""

from __future__ import annotations

import argparse
from pathlib import Path

from measure import save

from ocrsynth import Recipe
from ocrsynth.generation.collector import tune_collector
from ocrsynth.generation.shard import BATCH
from ocrsynth.pipeline import pipeline_for
from ocrsynth.write.meta import as_dict, to_json

_PAGE_KB = 4


def resident_mb() -> float:
    """Return the resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_KB / 1024


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--every", type=int, default=10_000, help="samples between two looks")
    options = parser.parse_args()
    pipeline = pipeline_for(Recipe.for_language("en"))
    tune_collector()
    steps = {}
    every = options.every
    for start in range(0, options.count, BATCH):
        for sample in pipeline.batch(range(start, start + BATCH)):
            to_json(as_dict(sample))
        done = start + BATCH
        if done % every < BATCH:
            steps[done // every * every] = round(resident_mb(), 1)
            print(f"{done:8,} {steps[done // every * every]:8.1f} MB", flush=True)
    save(
        "memory",
        {"resident_mb": steps, "peak_mb": max(steps.values()), "growth_mb": round(steps[max(steps)] - steps[every], 1)},
    )


if __name__ == "__main__":
    main()
