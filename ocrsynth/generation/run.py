"""`generate`: plan, build what is missing, finish."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from ocrsynth.errors import OutputError, RecipeError, SampleError
from ocrsynth.fonts import catalogue
from ocrsynth.generation.executor import run_workers
from ocrsynth.generation.plan import (
    DATA,
    DATASET,
    LOCK,
    NOTICE,
    PLAN,
    RECEIPTS,
    Plan,
    Receipt,
    data_folders,
    hash_of,
    locked,
    prepare,
    read_receipt,
    size_of,
    whole_name,
    write_atomically,
)
from ocrsynth.generation.shard import build_shard, remove
from ocrsynth.generation.statistics import Statistics, shift_between
from ocrsynth.pipeline import pipeline_for
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocrsynth.recipe import Recipe

_FEW = 200
"""Samples before the share of rejections means anything."""


@dataclass(frozen=True, slots=True)
class Result:
    """What `generate` made."""

    out: Path
    plan: Plan
    statistics: Statistics
    resumed_shards: int
    """Shards that were there already."""


class Progress(Protocol):
    """Listens to a run."""

    def start(self, total: int, already: int) -> None:
        """Tell the number of samples of the plan, and how many are there already."""

    def advance(self, samples: int, rejected: dict[str, int]) -> None:
        """Tell of new samples and of the rejections among them."""


class _Silent:
    def start(self, total: int, already: int) -> None:
        del total, already

    def advance(self, samples: int, rejected: dict[str, int]) -> None:
        del samples, rejected


def generate(recipe: Recipe, count: int, out: str | Path, *, workers: int = 1, progress: Progress | None = None) -> Result:
    """Write samples 0 … count-1 of *recipe* as a data set into the folder *out*, or the rest of it if a part is there.

    The files are the same for any number of *workers* and after any interruption.  With one worker the work is done in
    this process, else in processes of their own.

    Raises RecipeError for a count or number of workers below 1, OutputError if the folder holds something else or
    cannot be written, SampleError if samples are rejected more often than the recipe allows, WorkerError if worker
    processes keep dying.
    """
    if count < 1:
        raise RecipeError(f"count: must be 1 or more, got {count!r}; say how many samples to make")
    if workers < 1:
        raise RecipeError(f"workers: must be 1 or more, got {workers!r}; say how many processes to use")
    progress = progress or _Silent()
    out = Path(out)
    pipeline_for(recipe)  # Fonts and sources are opened before anything is written: what is wrong shows now.
    plan, lock_text = Plan.of(recipe, count)
    created = _make_folder(out)
    try:
        with locked(out):
            prepare(out, plan, lock_text)
            statistics = Statistics()
            missing = _take_stock(out, plan, statistics)
            resumed = plan.n_shards - len(missing)
            _check_rejections(recipe, statistics)
            progress.start(plan.count, statistics.samples)

            def finished(receipt: Receipt) -> None:
                statistics.add(receipt.statistics)
                _check_rejections(recipe, statistics)

            if workers > 1 and len(missing) > 1:
                run_workers(out, missing, workers, progress.advance, finished)
            else:
                for shard in missing:
                    finished(build_shard(recipe, plan, shard, out, progress.advance))
            _remove_parts(out, plan)
            _finish(recipe, plan, out, statistics)
    except OSError as error:
        if created and not any(out.iterdir()):
            out.rmdir()
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"{out}/: cannot be written, {error.strerror or error}; free or fix it and run again to resume"
        ) from error
    return Result(out, plan, statistics, resumed)


def _make_folder(out: Path) -> bool:
    """Make the folder if it is missing; tell whether it was."""
    try:
        missing = not out.exists()
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}/: cannot be made, {error.strerror}; choose a folder that you may write to") from None
    return missing


def _take_stock(out: Path, plan: Plan, statistics: Statistics) -> list[int]:
    """Count the finished shards, remove what dead processes left, and return the shards that are missing.

    A shard counts as finished if its receipt is there and it has the size that the receipt says; `verify` hashes.
    """
    _remove_parts(out, plan)
    missing = []
    for shard in range(plan.n_shards):
        receipt = read_receipt(out, plan, shard)
        if receipt is None or not all(_is_whole(out / DATA / file.name, file.size_bytes) for file in receipt.files):
            missing.append(shard)
        else:
            statistics.add(receipt.statistics)
    return missing


def _is_whole(path: Path, size_bytes: int) -> bool:
    return path.exists() and size_of(path) == size_bytes


def _remove_parts(out: Path, plan: Plan) -> None:
    """Remove the temporary files of processes that died; whatever else lies in the folder is the user's."""
    fmt = FORMATS.get(plan.format, "output.format")()
    ours = {
        out: {PLAN, LOCK, NOTICE, DATASET},
        out / RECEIPTS: {f"{shard:06d}.json" for shard in range(plan.n_shards)},
    }
    shards = {*(fmt.shard_name(shard) for shard in range(plan.n_shards)), *fmt.joined}
    ours |= dict.fromkeys(data_folders(out, plan), shards)
    for folder, names in ours.items():
        for path in folder.iterdir():
            if whole_name(path) in names:
                remove(path)


def _check_rejections(recipe: Recipe, statistics: Statistics) -> None:
    allowed = recipe.legibility.rejects_per_sample
    for reason, n in statistics.rejected.items():
        if statistics.samples >= _FEW and n > allowed * statistics.samples:
            raise SampleError(
                f"legibility.rejects_per_sample: {n} draws of {statistics.samples} samples were rejected as {reason!r}, more "
                f"than {allowed:g} a sample; what is delivered would not be what the recipe asks for, so mend its cause"
            )


def _finish(recipe: Recipe, plan: Plan, out: Path, statistics: Statistics) -> None:
    """Write what belongs to the data set as a whole, `dataset.json` last."""
    receipts = all_receipts(out, plan)
    fmt = FORMATS.get(plan.format, "output.format")()
    for folder in data_folders(out, plan):
        names = (Path(file.name) for receipt in receipts for file in receipt.files)
        fmt.join(folder, [name.name for name in names if (out / DATA / name).parent == folder])
    write_atomically(out / NOTICE, _notice(recipe, statistics.delivered.fonts).encode())
    write_atomically(out / DATASET, summary_of(out, plan, receipts))


def summary_of(out: Path, plan: Plan, receipts: list[Receipt]) -> bytes:
    """Return the content of ``dataset.json``: a pure function of plan, receipts and joined files."""
    statistics = Statistics()
    for receipt in receipts:
        statistics.add(receipt.statistics)
    joined = []
    for folder in data_folders(out, plan):
        for name in FORMATS.get(plan.format, "output.format")().joined:
            sha256, size = hash_of(folder / name)
            joined.append({"name": (folder / name).relative_to(out).as_posix(), "sha256": sha256, "bytes": size})
    content = {
        "schema": plan.schema,
        "plan": plan.digest,
        "fingerprint": plan.fingerprint,
        "language": plan.language,
        "seed": plan.seed,
        "format": plan.format,
        "count": statistics.samples,
        "bytes": statistics.size_bytes,
        "joined": joined,
        "shards": [
            {"name": f"{DATA}/{f.name}", "sha256": f.sha256, "bytes": f.size_bytes, "count": f.count}
            for r in receipts
            for f in r.files
        ],
        "splits": {name: statistics.splits[name] for name in plan.splits},
        **figures_of(statistics),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def figures_of(statistics: Statistics) -> dict[str, Any]:
    """Return what was asked and delivered: rejections, distributions, how far they shifted, and distinct texts."""
    requested, delivered = statistics.requested, statistics.delivered
    return {
        "rejected": dict(sorted(statistics.rejected.items())),
        "distinct_texts": statistics.distinct_texts,
        "requested": requested.as_dict(),
        "delivered": delivered.as_dict(),
        "shift": {
            name: round(shift_between(getattr(requested, name), getattr(delivered, name)), 5)
            for name in ("characters", "lengths", "fonts", "sources")
        },
    }


def all_receipts(out: Path, plan: Plan) -> list[Receipt]:
    """Return the receipts that are there, in order."""
    found = [read_receipt(out, plan, shard) for shard in range(plan.n_shards)]
    return [r for r in found if r is not None]


def _notice(recipe: Recipe, used: Iterable[str]) -> str:
    """Return the notice of the fonts that a data set shows."""
    names = set(used)
    lines = ["The pictures of this data set were drawn with these fonts:", ""]
    families: list[Any] = [f for f in catalogue.load(recipe.fonts.sets, recipe.fonts.all_folders) if f.name in names]
    for family in sorted(families, key=lambda f: f.name):
        lines += [family.name, f"  Licence: {family.licence}", f"  Source: {family.package}"]
        if family.copyright:
            lines.append(f"  {family.copyright}")
        lines.append("")
    return "\n".join(lines)
