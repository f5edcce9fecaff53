"""Makes one shard, whole: the unit of work, of resuming and of distribution."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from ocrsynth.generation.plan import DATA, RECEIPTS, Plan, Receipt, hash_of, part_name, write_atomically
from ocrsynth.pipeline import pipeline_for
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.recipe import Recipe

BATCH = 64
Report = Callable[[int, dict[str, int]], None]
"""Called now and then with the number of samples made since the last call, and the rejections among them."""


def build_shard(recipe: Recipe, plan: Plan, shard: int, out: Path, report: Report) -> Receipt:
    """Build *shard* under a temporary name, give it its name, then write and return its receipt.

    Raises SampleError and OSError; what was begun is then removed.
    """
    pipeline = pipeline_for(recipe)
    fmt = FORMATS.get(plan.format, "output.format")()
    final = out / DATA / fmt.shard_name(shard)
    part = part_name(final)
    remove(part)
    rejected: Counter[str] = Counter()
    fonts: Counter[str] = Counter()
    indices = plan.indices(shard)
    try:
        writer = fmt.open(part)
        try:
            for start in range(indices.start, indices.stop, BATCH):
                batch = range(start, min(start + BATCH, indices.stop))
                news: Counter[str] = Counter()
                for sample in pipeline.batch(batch):
                    fmt.check(sample)
                    writer.add(sample)
                    news.update(sample.provenance["rejected"])
                    fonts[sample.provenance["font"]["family"]] += 1
                rejected += news
                report(len(batch), dict(news))
        finally:
            writer.close()
        sha256, size = hash_of(part)
        remove(final)
        part.replace(final)
    except BaseException:
        remove(part)
        raise
    receipt = Receipt(
        plan.digest, shard, final.name, sha256, size, len(indices), dict(sorted(rejected.items())), dict(sorted(fonts.items()))
    )
    write_atomically(out / RECEIPTS / f"{shard:06d}.json", receipt.to_bytes())
    return receipt


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
