"""Makes one shard, whole: the unit of work, of resuming and of distribution."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from ocrsynth.generation.plan import DATA, RECEIPTS, Plan, Receipt, ShardFile, hash_of, part_name, write_atomically
from ocrsynth.generation.statistics import Statistics
from ocrsynth.pipeline import pipeline_for
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.recipe import Recipe
    from ocrsynth.records import Sample
    from ocrsynth.write.base import ShardWriter

BATCH = 64
Report = Callable[[int, dict[str, int]], None]
"""Called now and then with the number of samples made since the last call, and the rejections among them."""


class _Files:
    """The files of one shard, under temporary names: one, or one a split."""

    def __init__(self, plan: Plan, shard: int, out: Path) -> None:
        self._format = FORMATS.get(plan.format, "output.format")()
        self._name = self._format.shard_name(shard)
        self._out = out
        self._finals = {split: out / DATA / split / self._name for split in plan.splits or ("",)}
        self._writers: dict[str, ShardWriter] = {}
        self._counts: Counter[str] = Counter()
        self.discard()

    def add(self, sample: Sample) -> None:
        self._format.check(sample)
        split = sample.provenance.get("split") or ""
        writer = self._writers.get(split)
        if writer is None:
            writer = self._writers[split] = self._format.open(part_name(self._finals[split]))
        writer.add(sample)
        self._counts[split] += 1

    def close(self) -> None:
        """Complete all files; every one is closed even if one fails."""
        with ExitStack() as stack:
            for writer in self._writers.values():
                stack.callback(writer.close)

    def publish(self) -> list[ShardFile]:
        """Give the files their names."""
        files = []
        for split, final in self._finals.items():
            remove(final)
            if split in self._writers:
                part = part_name(final)
                sha256, size = hash_of(part)
                part.replace(final)
                files.append(ShardFile(final.relative_to(self._out / DATA).as_posix(), sha256, size, self._counts[split]))
        return files

    def discard(self) -> None:
        """Remove what was begun."""
        for final in self._finals.values():
            remove(part_name(final))


def build_shard(recipe: Recipe, plan: Plan, shard: int, out: Path, report: Report) -> Receipt:
    """Build *shard* under temporary names, give its files their names, then write and return its receipt.

    Raises SampleError and OSError; what was begun is then removed.
    """
    pipeline = pipeline_for(recipe)
    files = _Files(plan, shard, out)
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
        published = files.publish()
    except BaseException:
        files.discard()
        raise
    statistics.size_bytes = sum(file.size_bytes for file in published)
    receipt = Receipt(plan.digest, shard, published, statistics)
    write_atomically(out / RECEIPTS / f"{shard:06d}.json", receipt.to_bytes())
    return receipt


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
