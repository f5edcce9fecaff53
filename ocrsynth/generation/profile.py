"""What each op of a recipe's chain costs, measured on its own samples."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocrsynth.pipeline import Pipeline

if TYPE_CHECKING:
    from ocrsynth.degrade.chain import Costs
    from ocrsynth.recipe import Recipe

_BATCH = 64


@dataclass(slots=True)
class Profile:
    """Costs of some samples on one core, in µs of wall time."""

    samples: int
    total_us: float
    costs: Costs = field(default_factory=dict)

    @property
    def chain_us(self) -> float:
        """Return the mean cost of the chain a sample."""
        return sum(us for _, us in self.costs.values()) / self.samples

    @property
    def rest_us(self) -> float:
        """Return the mean cost a sample of all but the chain: text, shaping, drawing, checks, coding."""
        return self.total_us / self.samples - self.chain_us

    def rows(self) -> list[tuple[str, float, float, float]]:
        """Return (op, share of samples, µs a use, share of the whole time), the dearest first."""
        found = [
            (name, uses / self.samples, us / max(uses, 1), us / self.total_us)
            for name, (uses, us) in self.costs.items()
            if uses
        ]
        return sorted(found, key=lambda row: -row[3])


def profile(recipe: Recipe, count: int) -> Profile:
    """Return what the first *count* samples of *recipe* cost, after as many samples more to warm the caches."""
    pipeline = Pipeline(recipe)
    pipeline.batch(range(count, count + min(count, _BATCH)))
    costs = pipeline.measure_chain()
    started = time.perf_counter_ns()
    for first in range(0, count, _BATCH):
        pipeline.batch(range(first, min(first + _BATCH, count)))
    return Profile(count, (time.perf_counter_ns() - started) / 1000, costs)
