"""µs of each op at severity 3 on a 32 × 400 line, grey and RGB, on one core."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from measure import save, summary

from ocrsynth.degrade.base import OPS
from ocrsynth.degrade.entries import parse_chain
from ocrsynth.records import Frame
from ocrsynth.seeding import Stream, bank_words

_RUNS = 9


def cost_us(apply: Any, image: Any, params: dict[str, Any], repeats: int) -> float:
    """Return the median CPU µs of one call."""
    apply(image, **params)
    runs = []
    for _ in range(_RUNS):
        started = time.process_time_ns()
        for _ in range(repeats):
            apply(image, **params)
        runs.append((time.process_time_ns() - started) / repeats / 1000)
    return summary(runs)["median"]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    repeats = parser.parse_args().repeats
    noise = bank_words(32 * 400 * 3 // 8, "bench").view(np.uint8)
    grey = noise[: 32 * 400].reshape(32, 400) // 8 + 200
    rgb = noise.reshape(32, 400, 3) // 8 + 200
    rows = {}
    for name in OPS:
        cls = OPS.get(name, "bench")
        op = parse_chain([{name: cls.SEVERITIES[2]}], "bench")[0].op
        params = op.sample(Stream(0, 0, "bench"), Frame(32, 400, 24.0))
        rows[name] = {"grey_us": cost_us(op.apply, grey, params, repeats)}
        if op.phase != "print":
            rows[name]["rgb_us"] = cost_us(op.apply, rgb, params, repeats)
        print(f"{name:22s} {rows[name]['grey_us']:8.1f} {rows[name].get('rgb_us', float('nan')):8.1f}")
    print(f"median {np.median([r['grey_us'] for r in rows.values()]):.1f} µs grey")
    save("ops", {"ops": rows})


if __name__ == "__main__":
    main()
