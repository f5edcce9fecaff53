"""What a line of a recipe costs on this machine, by stage and by op, and how much room it takes.

The time of each op is clocked; that of the stages is told by looking, a thousand times a second, at which of them is running.
So the pipeline that is measured is the one that runs, and nothing in it knows of being measured.  Times are of the processor:
what else the machine is doing does not count.
"""

from __future__ import annotations

import signal
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ocrsynth.errors import RecipeError
from ocrsynth.fields import is_whole
from ocrsynth.generation.plan import MOST_SAMPLES
from ocrsynth.generation.profile import Profile
from ocrsynth.pipeline import Pipeline
from ocrsynth.write.base import FORMATS
from ocrsynth.write.meta import stored_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from ocrsynth.recipe import Recipe
    from ocrsynth.records import Sample

STAGES = ("text", "fonts", "shape", "render", "degrade", "legibility", "records", "write")
"""In the order in which a line passes them; ``records`` is what the pipeline itself does: labels and provenance."""
_HOME = {
    "ocrsynth.text": "text",
    "ocrsynth.fonts": "fonts",
    "ocrsynth.shape": "shape",
    "ocrsynth.bidi": "shape",
    "ocrsynth.render": "render",
    "ocrsynth.degrade": "degrade",
    "ocrsynth.legibility": "legibility",
    "ocrsynth.quads": "records",
    "ocrsynth.write": "write",
    "ocrsynth.generation": "write",
}
DRAWS = "(draws)"
"""In place of an op: drawing which ops happen and their parameters, and reading back what codecs wrote."""
_INTERVAL_S = 0.001
_BATCH = 64


@dataclass(slots=True)
class Costs:
    """Costs of some samples on one core, after as many to warm the caches, in time of the processor."""

    samples: int
    start_s: float
    """Time until the first sample: fonts, word lists, caches."""
    stages_us: dict[str, float] = field(default_factory=dict)
    """Mean time a sample by stage."""
    ops: list[tuple[str, float, float, float]] = field(default_factory=list)
    """(op, share of samples, µs a use, share of the whole time), the dearest first."""
    bytes_a_sample: float = 0.0
    """In the files of all formats of the recipe."""
    rejected: dict[str, int] = field(default_factory=dict)
    """Draws that were made again, by reason."""
    busy: float = 1.0
    """Wall time over processor time: well above 1 if other programs were in the way."""

    @property
    def us_a_sample(self) -> float:
        """Return the mean time of a sample."""
        return sum(self.stages_us.values())

    @property
    def lines_per_s(self) -> float:
        """Return how many samples one core makes in a second."""
        return 1e6 / self.us_a_sample

    def seconds_for(self, count: int, workers: int) -> float:
        """Return about how long *count* samples take with so many workers, each with a core of its own."""
        return self.start_s + count / (self.lines_per_s * max(workers, 1))


_LEAST_BEFORE = 1000
"""Lines made before those that are measured: the first each open a font, which in a long run is no cost of a line."""


def measure(recipe: Recipe, count: int) -> Costs:
    """Return what the first *count* samples of *recipe* cost; nothing of them is kept.

    Call it in the main thread, for it uses the timer of the process.  Raises RecipeError for a *count* below 1, and what
    making and writing samples raises.
    """
    if not is_whole(count, 1, MOST_SAMPLES):
        raise RecipeError(f"count: must be a whole number from 1 to 2**63 - 1, got {count!r}; say how many samples to measure")
    started = time.process_time()
    pipeline = Pipeline(recipe)
    pipeline.sample(count)
    costs = Costs(count, time.process_time() - started)
    end = count + max(count, _LEAST_BEFORE)
    for first in range(count, end, _BATCH):
        pipeline.batch(range(first, min(first + _BATCH, end)))
    chain = pipeline.measure_chain()
    with tempfile.TemporaryDirectory(prefix="ocrsynth-") as folder, _watched() as seen:
        began, began_wall = time.process_time_ns(), time.perf_counter_ns()
        with _Writers(recipe, Path(folder)) as writers:
            for first in range(0, count, _BATCH):
                samples = pipeline.batch(range(first, min(first + _BATCH, count)))
                writers.add(samples)
                for sample in samples:
                    for reason, n in sample.provenance["rejected"].items():
                        costs.rejected[reason] = costs.rejected.get(reason, 0) + n
        total_us = (time.process_time_ns() - began) / 1000
        wall_us = (time.perf_counter_ns() - began_wall) / 1000
        costs.bytes_a_sample = sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file()) / count
    looks = max(sum(seen.values()), 1)
    costs.stages_us = {stage: total_us / count * seen[stage] / looks for stage in STAGES}
    costs.busy = wall_us / total_us
    # The chain's clock is the wall's; it is the same share of either.
    costs.ops = [(op, used, us / costs.busy, share) for op, used, us, share in Profile(count, wall_us, chain).rows()]
    draws_us = max(costs.stages_us["degrade"] - sum(used * us for _, used, us, _ in costs.ops), 0.0)
    costs.ops.append((DRAWS, 1.0, draws_us, draws_us * count / total_us))
    return costs


def try_writing(recipe: Recipe, samples: list[Sample]) -> None:
    """Write *samples* in all formats of *recipe* to a folder that is removed again; raises what writing raises."""
    with tempfile.TemporaryDirectory(prefix="ocrsynth-") as folder, _Writers(recipe, Path(folder)) as writers:
        writers.add(samples)


class _Writers:
    """One shard of each format of a recipe."""

    def __init__(self, recipe: Recipe, folder: Path) -> None:
        self._output = recipe.output
        self._folder = folder
        self._stack = ExitStack()
        self._open: list[Any] = []

    def __enter__(self) -> Self:
        for name in self._output.format:
            fmt = FORMATS.get(name, "output.format")()
            (self._folder / name).mkdir()
            writer = fmt.open(self._folder / name / fmt.shard_name(0))
            self._stack.callback(writer.close)
            self._open.append((fmt, writer))
        return self

    def add(self, samples: list[Sample]) -> None:
        """Write samples; those that a format's consumer would not read are left out or refused, as the recipe says."""
        for sample in samples:
            stored = stored_of(sample, self._output.boxes)
            for fmt, writer in self._open:
                if self._output.unreadable == "refuse":
                    fmt.check(stored)
                elif fmt.fault(stored) is not None:
                    continue
                writer.add(stored)

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@contextmanager
def _watched() -> Iterator[dict[str, int]]:
    """Give a mapping that counts, from now to the end, how often each stage was seen at work."""
    seen = dict.fromkeys(STAGES, 0)

    def look(_signal: int, frame: FrameType | None) -> None:
        seen[_stage_of(frame)] += 1

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, _INTERVAL_S, _INTERVAL_S)
    try:
        yield seen
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stage_of(frame: FrameType | None) -> str:
    """Return the innermost stage that is running; coding a picture belongs to the op that does it, else to writing."""
    coding = False
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        stage = _HOME.get(name) or _HOME.get(".".join(name.split(".", 2)[:2]))
        if stage is not None:
            return stage
        if name == "ocrsynth.pipeline":
            return "write" if coding else "records"
        coding = coding or name == "ocrsynth.codec"
        frame = frame.f_back
    return "write"
