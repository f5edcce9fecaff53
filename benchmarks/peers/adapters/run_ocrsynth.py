"""ocrsynth: lines as shards on disk with labels, boxes and provenance, or pictures through `degrade_image`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pictures
from harness import Make, serve

_SHARD = 50
_ENOUGH = 10_000_000


def prepare(job: dict[str, Any], worker: int) -> Make:
    """Return what makes *count* pictures."""
    return _degrader(job, worker) if "pictures" in job else _generator(job, worker)


def _generator(job: dict[str, Any], worker: int) -> Make:
    from ocrsynth import Recipe
    from ocrsynth.generation.plan import Plan, prepare
    from ocrsynth.generation.shard import build_shard
    from ocrsynth.generation.worker import tune_collector
    from ocrsynth.pipeline import pipeline_for

    recipe = Recipe.for_language(
        "en",
        preset="scan" if job["degraded"] else "clean",
        text={"sources": [{"corpus": {"file": job["texts"], "cut": "lines"}}], "case": {"asis": 1}},
        fonts={"sets": [], "folders": [job["fonts"]]},
        render={"height_px": job["height_px"], "color": "rgb"},
        output={"shard_size": _SHARD, **({} if job["degraded"] else {"image": "jpeg", "quality": job["quality"]})},
    )
    out = Path(job["out"]) / f"ocrsynth-{worker}"
    out.mkdir(parents=True)
    plan, lock = Plan.of(recipe, _ENOUGH)
    prepare(out, plan, lock)
    pipeline_for(recipe)
    tune_collector()
    shard = iter(range(worker * job["stride"], plan.n_shards))

    def make(_first: int, count: int) -> int:
        made = 0
        while made < count:
            build_shard(recipe, plan, next(shard), out, lambda _n, _r: None)
            made += _SHARD
        return made

    return make


def _degrader(job: dict[str, Any], worker: int) -> Make:
    from itertools import count

    from ocrsynth import degrade_image
    from ocrsynth.augment import chain_of

    chain = chain_of(job["degrade"])
    numbers = count()
    return pictures.over(pictures.load(job), lambda image: degrade_image(image, chain, seed=worker, index=next(numbers)).image)


if __name__ == "__main__":
    sys.exit(serve(prepare))
