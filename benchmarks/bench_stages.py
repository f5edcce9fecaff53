"""Where the time goes: µs of CPU a line by stage, by looking at the stack a few hundred times a second.

Each look is charged to the innermost function of the package, with all that it calls in libraries; looks cost next to
nothing, so the shares are those of an undisturbed run.  Two states of the code are compared by running this in both, with
``--label before`` and ``--label after``: shares and the ratio to the floor tell, µs depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import signal
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import floor
from bench_generate import one_run
from measure import RESULTS, machine

from ocrsynth import Recipe
from ocrsynth.generation.collector import tune_collector

if TYPE_CHECKING:
    from types import FrameType

_INTERVAL_S = 0.001
_STAGES = {
    "text": ("text/",),
    "fonts": ("fonts/",),
    "random numbers": ("seeding", "fields"),
    "shape and proof": ("shape/", "bidi"),
    "layout": ("render/layout", "render/disorder"),
    "glyphs to coverage": ("render/raster",),
    "paper, ink, decoration": ("render/", "page"),
    "drawing the chain": ("degrade/chain", "degrade/entries", "degrade/projection"),
    "print, page and capture ops, warps": ("degrade/",),
    "JPEG, there and back": ("codec",),
    "legibility": ("legibility", "parts"),
    "labels, provenance, scheduling": ("pipeline", "lockstep", "quads", "records"),
    "metadata as JSON": ("write/meta",),
    "shards, statistics": ("write/", "generation/", "files", "recipe"),
}


def stage_of(module: str) -> str:
    """Return the stage that a module belongs to, by its path in the package."""
    return next((stage for stage, heads in _STAGES.items() if module.startswith(heads)), "other")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label", default="after")
    parser.add_argument("--preset", default="scan")
    parser.add_argument("--count", type=int, default=4000)
    options = parser.parse_args()
    recipe = Recipe.for_language("en", preset=options.preset, text={"length_clusters": [1, 60]})
    work = floor.prepare(recipe, 1000)
    one_run(recipe, options.count)
    tune_collector()
    looks: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        while frame is not None:
            before, found, module = frame.f_code.co_filename.rpartition("/ocrsynth/")
            if found and "site-packages" not in before:
                looks[stage_of(module)] += 1
                return
            frame = frame.f_back
        looks["other"] += 1

    with tempfile.TemporaryDirectory() as folder:
        bare = [floor.run(work, 32, Path(folder) / "floor.bin")]
        signal.signal(signal.SIGPROF, look)
        signal.setitimer(signal.ITIMER_PROF, _INTERVAL_S, _INTERVAL_S)
        us = one_run(recipe, options.count)
        signal.setitimer(signal.ITIMER_PROF, 0)
        bare.append(floor.run(work, 32, Path(folder) / "floor.bin"))
    total = sum(looks.values())
    stages = {stage: round(us * looks[stage] / total, 1) for stage in (*_STAGES, "other")}
    content = {"us_a_line": round(us, 1), "floor_us_a_line": round(sum(bare) / 2, 1), "looks": total, "stages_us": stages}
    for stage, cost in sorted(stages.items(), key=lambda item: -item[1]):
        print(f"{cost:8.1f} µs {cost / us:6.1%}  {stage}")
    print(f"{us:8.1f} µs a line, floor {content['floor_us_a_line']} µs")
    path = RESULTS / "profile.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, "machine": machine(), options.label: content}, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
