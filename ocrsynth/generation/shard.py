"""Makes one shard, whole: the unit of work, of resuming and of distribution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ocrsynth.errors import OutputError
from ocrsynth.files import hash_of, part_name, remove, write_atomically
from ocrsynth.generation.plan import DATA, RECEIPTS, Plan, Receipt, ShardFile, data_folders
from ocrsynth.generation.statistics import Statistics
from ocrsynth.pipeline import pipeline_for
from ocrsynth.write.base import FORMATS
from ocrsynth.write.meta import stored_of

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.recipe import Recipe
    from ocrsynth.records import Sample
    from ocrsynth.write.base import ShardWriter

BATCH = 64
Report = Callable[[int, dict[str, int]], None]
"""Called now and then with the number of samples made since the last call, and the rejections among them."""


class _Files:
    """The files of one shard, under temporary names: one of each format, or of each format and split."""

    def __init__(self, recipe: Recipe, plan: Plan, shard: int, out: Path) -> None:
        self._recipe = recipe
        self._out = out
        self._formats = {name: FORMATS.get(name, "output.format")() for name in plan.formats}
        splits = plan.splits or [""]
        folders = iter(data_folders(out, plan))
        self._finals = {
            (name, split): next(folders)[1] / fmt.shard_name(shard) for name, fmt in self._formats.items() for split in splits
        }
        self._writers: dict[tuple[str, str], ShardWriter] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self.skipped: Counter[str] = Counter()
        """Samples that a format's consumer would not read, by format and reason."""
        self.discard()

    def add(self, sample: Sample) -> None:
        output = self._recipe.output
        stored = stored_of(sample, output.boxes)
        split = sample.provenance.get("split") or ""
        for name, fmt in self._formats.items():
            if output.unreadable == "refuse":
                fmt.check(stored)
            elif (slug := fmt.fault(stored)) is not None:
                self.skipped[f"{name}: {slug}"] += 1
                continue
            place = name, split
            writer = self._writers.get(place)
            if writer is None:
                writer = self._writers[place] = fmt.open(part_name(self._finals[place]))
            writer.add(stored)
            self._counts[place] += fmt.count_of(stored)

    def close(self) -> None:
        """Complete all files; every one is closed even if one fails."""
        with ExitStack() as stack:
            for writer in self._writers.values():
                stack.callback(writer.close)

    def publish(self) -> list[ShardFile]:
        """Give the files their names."""
        files = []
        for place, final in self._finals.items():
            if place not in self._writers:
                remove(final)
                continue
            part = part_name(final)
            if not part.exists():
                # A run that was begun anew has removed it, and what lies there is its own.
                raise OutputError(f"{part}: was removed by another run; see whether one is at work in {self._out}")
            sha256, size = hash_of(part)
            remove(final)
            part.replace(final)
            name = final.relative_to(self._out / DATA).as_posix()
            files.append(ShardFile(name, place[0], sha256, size, self._counts[place]))
        return files

    def discard(self) -> None:
        """Remove what was begun."""
        for final in self._finals.values():
            remove(part_name(final))


def _require_unchanged(recipe: Recipe, stamps: tuple[tuple[int, int], ...], shard: int) -> None:
    """Raise OutputError if a text of the recipe is not what it was: the shard would be of two."""
    if recipe.stamps() != stamps:
        raise OutputError(
            f"shard {shard}: a text or model that the recipe reads was changed while it was read; restore it and run again to "
            "resume, or begin anew in an empty folder"
        )


def build_shard(
    recipe: Recipe, plan: Plan, shard: int, out: Path, report: Report, stamps: tuple[tuple[int, int], ...] | None = None
) -> Receipt:
    """Build *shard* under temporary names, give its files their names, then write and return its receipt.

    *stamps* are those of the recipe's texts when the run began.  Raises SampleError and OSError, and OutputError if a text
    has changed since; what was begun is then removed.
    """
    stamps = recipe.stamps() if stamps is None else stamps
    pipeline = pipeline_for(recipe)
    files = _Files(recipe, plan, shard, out)
    statistics = Statistics()
    indices = plan.indices(shard)
    try:
        try:
            for start in range(indices.start, indices.stop, BATCH):
                batch = range(start, min(start + BATCH, indices.stop))
                samples = pipeline.batch(batch)
                for sample in samples:
                    files.add(sample)
                before = statistics.rejected.copy()
                statistics.count(samples)
                report(len(batch), dict(statistics.rejected - before))
        finally:
            files.close()
        _require_unchanged(recipe, stamps, shard)
        published = files.publish()
    except BaseException:
        files.discard()
        raise
    statistics.skipped = files.skipped
    statistics.size_bytes = sum(file.size_bytes for file in published)
    receipt = Receipt(plan.digest, shard, published, statistics)
    write_atomically(out / RECEIPTS / f"{shard:06d}.json", receipt.to_bytes())
    return receipt
