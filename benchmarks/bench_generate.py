"""Lines a second, end to end and written to disk, against the floor in the same run.

The figure is CPU time of the process that makes the shards, so that a busy machine disturbs it less; runs of ocrsynth and of
the floor alternate.  Two workers are compared with one by wall time, start-up of the workers left out by a long run; beside it
stands what the machine gives the floor, which shares nothing between its processes: no program scales better there.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import floor
from measure import save, summary

from ocrsynth import Recipe
from ocrsynth.generation.collector import tune_collector
from ocrsynth.generation.plan import DATA, RECEIPTS, Plan, prepare
from ocrsynth.generation.shard import build_shard
from ocrsynth.pipeline import pipeline_for

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue
    from multiprocessing.synchronize import Barrier


def one_run(recipe: Recipe, count: int) -> float:
    """Return CPU µs a line of building *count* samples as shards on disk."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        plan, lock = Plan.of(recipe, count)
        prepare(out, plan, lock)
        gc.collect()
        started = time.process_time_ns()
        for shard in range(plan.n_shards):
            build_shard(recipe, plan, shard, out, lambda _n, _r: None)
        elapsed = time.process_time_ns() - started
        assert len(list((out / DATA).iterdir())) == len(list((out / RECEIPTS).iterdir())) == plan.n_shards  # noqa: S101
    return elapsed / count / 1000


def wall_s(workers: int, count: int, height: int, preset: str) -> float:
    """Return wall seconds of the command line for *count* samples."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["generate", "--lang", "en", "--preset", preset, "--height", str(height), "-q"]
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "ocrsynth", *arguments, "-n", str(count), "-o", f"{folder}/out", "--workers", str(workers)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - started


def floor_wall_s(processes: int, rounds: int, recipe: Recipe, height: int) -> float:
    """Return the longest wall seconds of *rounds* of the floor in each of some processes that begin together."""
    context = multiprocessing.get_context("spawn")
    barrier, times = context.Barrier(processes), context.SimpleQueue()
    arguments = (recipe.canonical, rounds, height, barrier, times)
    running = [context.Process(target=_floor_rounds, args=arguments) for _ in range(processes)]
    for process in running:
        process.start()
    longest = max(times.get() for _ in running)
    for process in running:
        process.join()
    return longest


def _floor_rounds(canonical: bytes, rounds: int, height: int, barrier: Barrier, times: SimpleQueue[float]) -> None:
    recipe = Recipe.from_dict(json.loads(canonical))
    work = floor.prepare(recipe, 1000)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "floor.bin"
        floor.run(work, height, target)
        barrier.wait()
        started = time.perf_counter()
        for _ in range(rounds):
            floor.run(work, height, target)
        times.put(time.perf_counter() - started)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="scan")
    parser.add_argument("--height", type=int, default=32)
    parser.add_argument("--color", default="grey")
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scaling-count", type=int, default=60_000, help="0 leaves the comparison of workers out")
    options = parser.parse_args()
    recipe = Recipe.for_language(
        "en",
        preset=options.preset,
        render={"height_px": options.height, "color": options.color},
        text={"length_clusters": [1, 60]},
    )
    pipeline = pipeline_for(recipe)
    lengths = [len(pipeline.sample(i).text) for i in range(300)]
    work = floor.prepare(recipe, min(options.count, 1500))
    # A long run meets every font instance early on and then keeps it: the first pass over the samples is not counted.
    one_run(recipe, options.count)
    tune_collector()
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.runs):
            ours.append(one_run(recipe, options.count))
            bare.append(floor.run(work, options.height, Path(folder) / "floor.bin"))
    content = {
        "preset": options.preset,
        "height_px": options.height,
        "color": options.color,
        "mean_length": round(sum(lengths) / len(lengths), 1),
        "us_a_line": summary(ours),
        "lines_a_second": round(1e6 / summary(ours)["median"]),
        "floor_us_a_line": summary(bare),
        "ratio_to_floor": round(summary([f / o for f, o in zip(bare, ours, strict=True)])["median"], 3),
    }
    print(f"{options.preset} {options.height} px {options.color}: {content['lines_a_second']:,} lines/s a core, CPU")
    print(f"  {content['us_a_line']['median']} µs a line, floor {content['floor_us_a_line']['median']} µs")
    print(f"  ratio to the floor {content['ratio_to_floor']}")
    if options.scaling_count:
        n = options.scaling_count
        pairs = [(wall_s(1, n, options.height, options.preset), wall_s(2, n, options.height, options.preset)) for _ in range(3)]
        content["two_workers"] = summary([one / two for one, two in pairs])
        alone_and_beside = [[floor_wall_s(k, 40, recipe, options.height) for k in (1, 2)] for _ in range(3)]
        content["two_floors"] = summary([2 * one / two for one, two in alone_and_beside])
        content["two_workers_lines_a_second_wall"] = round(n / min(two for _, two in pairs))
        print(
            f"  two workers: {content['two_workers']['median']} × one, {content['two_workers_lines_a_second_wall']:,} lines/s"
            f"; two floors {content['two_floors']['median']} ×"
        )
    save(f"generate_{options.preset}_{options.height}_{options.color}", content)


if __name__ == "__main__":
    main()
