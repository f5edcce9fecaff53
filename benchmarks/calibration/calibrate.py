"""Finds the strengths at which two reference engines make the target error rates, and writes the suite.

    python benchmarks/calibration/calibrate.py

Each perturbation is read at strengths spread over its range, then where the mean error rate of both engines crosses a target;
rates are made monotone (pool adjacent violators) and interpolated in the logarithms of strength and rate.  Every measured
point is kept in ``measured.json``, so that a run that was stopped goes on, and the suite can be written again without reading.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import yaml

from ocrsynth.evaluate.engine import engine_of
from ocrsynth.evaluate.lines import clean_recipe, rendered, resized
from ocrsynth.evaluate.metrics import score
from ocrsynth.evaluate.suite import Perturbation, read_suite

if TYPE_CHECKING:
    from ocrsynth.evaluate.engine import Engine

HERE = Path(__file__).resolve().parent
TEMPLATE, MEASURED = HERE / "ocrsynth-c@1.yaml", HERE / "measured.json"
SUITE = HERE.parent.parent / "ocrsynth" / "evaluate" / "suites" / "ocrsynth-c@1.yaml"
ENGINES = ("tesseract", "rapidocr")
_SEED = 20_261
"""Of other lines than an evaluation's by default."""
_FIRST, _ROUNDS = 5, 1
_NEAR = 0.2
"""A measured rate this near to a target, relatively, needs no further point."""
_FLOOR = 1e-3


class Bench:
    """Lines and engines, and the rates that were measured."""

    def __init__(self, n_lines: int, x_height_px: float) -> None:
        lines = rendered(clean_recipe("en", _SEED), n_lines)
        self.lines = [(*resized(image, x, x_height_px), facts["text"]) for image, x, facts in lines]
        self.engines: list[Engine] = [engine_of(name, "en_Latn") for name in ENGINES]
        self.known: dict[str, Any] = orjson.loads(MEASURED.read_bytes()) if MEASURED.exists() else {}

    def rates(self, p: Perturbation | None, strength: float = 0.0) -> list[float]:
        """Return each engine's CER, in the profile that does not tell one kind of quotes from another."""
        key = f"{strength:.4g}"
        points = self.known.setdefault(p.name if p else "clean", {})
        if key not in points:
            images = [p.degrade(i, strength, n, x) if p else i for n, (i, x, _) in enumerate(self.lines)]
            points[key] = [round(self._rate(engine, images), 5) for engine in self.engines]
            MEASURED.write_bytes(orjson.dumps(self.known, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
        found: list[float] = points[key]
        return found

    def _rate(self, engine: Engine, images: list[Any]) -> float:
        edits = characters = 0
        for image, (_, _, text) in zip(images, self.lines, strict=True):
            [answer] = engine.read([image])
            reading = answer if isinstance(answer, str) else answer.text if answer is not None else ""
            counted = score(text, reading, "compat")[0]
            edits, characters = edits + counted.edits, characters + counted.characters
        return edits / characters

    def mean(self, p: Perturbation, strength: float) -> float:
        """Return the mean of both rates."""
        rates = self.rates(p, strength)
        return sum(rates) / len(rates)


def monotone(values: list[float]) -> list[float]:
    """Return the nearest values that never fall: neighbours out of order become their mean (Ayer et al., 1955)."""
    blocks: list[list[float]] = []
    for value in values:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n), (b, m) = blocks[-2:]
            blocks[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    return [value for value, n in blocks for _ in range(int(n))]


def crossing(strengths: list[float], rates: list[float], target: float) -> float:
    """Return the strength at which the rate is *target*; an end of the range if it never is."""
    smooth = [math.log(max(rate, _FLOOR)) for rate in monotone(rates)]
    logs, want = [math.log(s) for s in strengths], math.log(target)
    for (a, ra), (b, rb) in zip(zip(logs, smooth, strict=True), zip(logs[1:], smooth[1:], strict=True), strict=False):
        if ra <= want <= rb and rb > ra:
            return math.exp(a + (b - a) * (want - ra) / (rb - ra))
    return strengths[0] if want < smooth[0] else strengths[-1]


def strengths_of(bench: Bench, p: Perturbation, low: float, high: float, targets: list[float]) -> list[dict[str, Any]]:
    """Return strength and expected rate by target."""
    rising = high > low
    points = {float(f"{low * (high / low) ** (i / (_FIRST - 1)):.4g}") for i in range(_FIRST)}

    def measured() -> tuple[list[float], list[float]]:
        order = sorted(points, reverse=not rising)
        return order, [bench.mean(p, s) for s in order]

    for _ in range(_ROUNDS):
        order, rates = measured()
        for target in targets:
            if all(abs(rate - target) > _NEAR * target for rate in rates):
                points.add(float(f"{crossing(order, rates, target):.4g}"))
    order, rates = measured()
    smooth = monotone(rates)
    reached = [t for t in targets if t <= smooth[-1]]
    found = [crossing(order, rates, t) for t in reached]
    # Where one engine is hardly troubled at the end of the range, the last severities go there in even steps.
    n_left = len(targets) - len(reached)
    last = found[-1] if found else low
    found += [last * (high / last) ** (i / n_left) for i in range(1, n_left + 1)]
    expected = [*reached, *(float(np.interp(math.log(s), *_ascending(order, smooth))) for s in found[len(reached) :])]
    return [
        {"target": t, "strength": float(f"{s:.3g}"), "expected": round(e, 4)}
        for t, s, e in zip(targets, found, expected, strict=True)
    ]


def _ascending(strengths: list[float], rates: list[float]) -> tuple[list[float], list[float]]:
    pairs = sorted(zip(map(math.log, strengths), rates, strict=True))
    return [a for a, _ in pairs], [b for _, b in pairs]


def main() -> None:
    """Measure what is missing, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--lines", type=int, default=60)
    parser.add_argument("--only", nargs="*", help="perturbations; the suite is written only if all are there")
    options = parser.parse_args()
    template = yaml.safe_load(TEMPLATE.read_text(encoding="utf-8"))
    bench = Bench(options.lines, template["x_height_px"])
    print("clean", bench.rates(None))
    for name, entry in template["perturbations"].items():
        if options.only and name not in options.only:
            continue
        low, high = entry.pop("range")
        kind = entry.get("kind", "suite")
        p = Perturbation(name, entry["group"], kind, tuple(entry["chain"]), ())
        found = strengths_of(bench, p, low, high, template["targets"][kind])
        entry["strengths"] = [one["strength"] for one in found]
        print(f"{name:20}", "  ".join(f"{one['strength']:g} → {100 * one['expected']:.1f} %" for one in found), flush=True)
    if options.only:
        return
    del template["targets"]
    read_suite(template, str(SUITE))
    head = "# Written by benchmarks/calibration/calibrate.py from measured error rates; frozen: a change is another suite.\n"
    SUITE.write_text(head + yaml.safe_dump(template, sort_keys=False, default_flow_style=None, width=160), encoding="utf-8")


if __name__ == "__main__":
    main()
