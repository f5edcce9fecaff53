"""`generate`: plan, build what is missing, finish."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from ocrsynth.errors import OutputError, RecipeError, SampleError
from ocrsynth.fields import is_whole
from ocrsynth.files import remove, size_of, stated, whole_name, write_atomically
from ocrsynth.fonts import catalogue
from ocrsynth.generation.card import card_of
from ocrsynth.generation.collector import rare_collection
from ocrsynth.generation.executor import run_workers
from ocrsynth.generation.parts import WHOLE, Part
from ocrsynth.generation.plan import (
    CARD,
    DATA,
    DATASET,
    LOCK,
    MOST_SAMPLES,
    NOTICE,
    PLAN,
    RECEIPTS,
    Plan,
    Receipt,
    data_folders,
    load_recipe,
    locked,
    prepare,
    read_plan,
    read_receipt,
)
from ocrsynth.generation.shard import build_shard
from ocrsynth.generation.statistics import Statistics, shift_between
from ocrsynth.pipeline import pipeline_for
from ocrsynth.recipe import require_recipe
from ocrsynth.render.layout import advice_on
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocrsynth.recipe import Recipe

PATIENCE_S = 300.0
"""A worker that says nothing for so long is taken for hung; a batch takes less than a second."""
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
    part: Part = WHOLE
    """What was to be made."""

    @property
    def finished(self) -> bool:
        """Tell whether the data set is complete; a part of a run leaves that to `finish`."""
        return self.part == WHOLE

    @property
    def n_shards(self) -> int:
        """Return the number of shards of what was to be made."""
        return len(self.part.shards(self.plan.n_shards))


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


def generate(
    recipe: Recipe,
    count: int,
    out: str | Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    part: Part = WHOLE,
    patience_s: float = PATIENCE_S,
) -> Result:
    """Write samples 0 … count-1 of *recipe* as a data set into the folder *out*, or the rest of it if a part is there.

    The files are the same for any number of *workers* and after any interruption.  With one worker the work is done in
    this process, else in processes of their own; one that is silent for *patience_s* seconds is replaced.  With a *part*
    only its shards are made, many parts may run at once on many machines, and `finish` completes the folder.

    Raises RecipeError for what is no recipe, a count or number of workers below 1, OutputError if the folder holds something
    else or cannot be written, SampleError if samples are rejected more often than the recipe allows, WorkerError if worker
    processes keep dying.
    """
    require_recipe(recipe)
    for name, number, wanted in (("count", count, "samples to make"), ("workers", workers, "processes to use")):
        if not is_whole(number, 1, MOST_SAMPLES):
            raise RecipeError(f"{name}: must be a whole number from 1 to 2**63 - 1, got {number!r}; say how many {wanted}")
    count, workers = int(count), int(workers)  # A NumPy number does not go into the plan.
    progress = progress or _Silent()
    out = Path(out)
    pipeline_for(recipe)  # Fonts and sources are opened before anything is written: what is wrong shows now.
    for name in recipe.output.format:
        FORMATS.get(name, "output.format").require()
    plan, lock_text = Plan.of(recipe, count)
    created = _make_folder(out)
    shards = part.shards(plan.n_shards)
    try:
        with locked(out, part, lambda: prepare(out, plan, lock_text)):
            statistics = Statistics()
            missing = _take_stock(out, plan, shards, statistics)
            resumed = len(shards) - len(missing)
            _check_rejections(recipe, statistics)
            progress.start(sum(len(plan.indices(shard)) for shard in shards), statistics.samples)

            def finished(receipt: Receipt) -> None:
                statistics.add(receipt.statistics)
                _check_rejections(recipe, statistics)

            if workers > 1 and len(missing) > 1:
                run_workers(out, missing, workers, progress.advance, finished, patience_s)
            else:
                stamps = recipe.stamps()
                with rare_collection():
                    for shard in missing:
                        finished(build_shard(recipe, plan, shard, out, progress.advance, stamps))
            _remove_parts(out, plan, shards, whole=part == WHOLE)
            if part == WHOLE:
                _finish(recipe, plan, out, statistics)
    except OSError as error:
        if created and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"{out}/: cannot be written, {error.strerror or error}; free or fix it and run again to resume"
        ) from error
    return Result(out, plan, statistics, resumed, part)


def words_in(result: Result) -> dict[str, int]:
    """Return how many words were made for each format whose samples are words."""
    formats = [name for name in result.plan.formats if FORMATS.get(name, "plan.formats")().of_words]
    shards = result.part.shards(result.plan.n_shards) if formats else ()
    receipts = [read_receipt(result.out, result.plan, shard) for shard in shards]
    files = [file for receipt in receipts if receipt is not None for file in receipt.files]
    return {name: sum(file.count for file in files if file.format == name) for name in formats}


def finish(out: str | Path) -> Result:
    """Complete the data set in *out* after all its parts were made; raises OutputError if shards are missing."""
    out = Path(out)
    plan = read_plan(out)
    recipe = load_recipe(out, plan)
    try:
        with locked(out, WHOLE, lambda: None):
            statistics = Statistics()
            missing = _take_stock(out, plan, range(plan.n_shards), statistics)
            if missing:
                few = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
                raise OutputError(
                    f"{out}/: shards are missing, {len(missing)} of {plan.n_shards}, got none of {few}; "
                    "run their parts of ocrsynth generate again"
                )
            _finish(recipe, plan, out, statistics)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{out}/: cannot be written, {error.strerror or error}; free or fix it and run again") from error
    return Result(out, plan, statistics, plan.n_shards)


def _make_folder(out: Path) -> bool:
    """Make the folder if it is missing; tell whether it was."""
    try:
        missing = not out.exists()
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = "is a file" if out.is_file() else f"cannot be made, {error.strerror}"
        raise OutputError(f"{out}/: {what}; choose a folder that you may write to") from None
    return missing


def _take_stock(out: Path, plan: Plan, shards: range, statistics: Statistics) -> list[int]:
    """Count the finished shards, remove what dead processes left, and return the shards that are missing.

    A shard counts as finished if its receipt is there and it has the size that the receipt says; `verify` hashes.
    """
    _remove_parts(out, plan, shards, whole=len(shards) == plan.n_shards)
    missing = []
    for shard in shards:
        receipt = read_receipt(out, plan, shard)
        if receipt is None or not all(_is_whole(out / DATA / file.name, file.size_bytes) for file in receipt.files):
            missing.append(shard)
        else:
            statistics.add(receipt.statistics)
    return missing


def _is_whole(path: Path, size_bytes: int) -> bool:
    return path.exists() and size_of(path) == size_bytes


def _remove_parts(out: Path, plan: Plan, shards: range, *, whole: bool) -> None:
    """Remove the temporary files that processes which died left of *shards*, and of all else if the run is the *whole*.

    Whatever else lies in the folder is the user's, or another part's.
    """
    ours = {out / RECEIPTS: {f"{shard:06d}.json" for shard in shards}}
    if whole:
        ours[out] = {PLAN, LOCK, NOTICE, DATASET, CARD}
    for name, folder in data_folders(out, plan):
        fmt = FORMATS.get(name, "output.format")()
        ours[folder] = {*(fmt.shard_name(shard) for shard in shards), *(fmt.joined if whole else ())}
    for folder, names in ours.items():
        for path in folder.iterdir():
            if whole_name(path) in names:
                remove(path)


def _check_rejections(recipe: Recipe, statistics: Statistics) -> None:
    allowed = recipe.legibility.rejects_per_sample
    for reason, n in statistics.rejected.items():
        if statistics.samples >= _FEW and n > allowed * statistics.samples:
            cause = advice_on({reason: n}, "mend its cause")
            raise SampleError(
                f"legibility.rejects_per_sample: {n} draws of {statistics.samples} samples were rejected as {reason!r}, more "
                f"than {allowed:g} a sample; what is delivered would not be what the recipe asks for, so {cause}"
            )


def _finish(recipe: Recipe, plan: Plan, out: Path, statistics: Statistics) -> None:
    """Write what belongs to the data set as a whole, `dataset.json` last; raises SampleError as `generate` does."""
    _check_rejections(recipe, statistics)
    receipts = all_receipts(out, plan)
    for format_name, folder in data_folders(out, plan):
        names = (Path(file.name) for receipt in receipts for file in receipt.files)
        in_folder = [name.name for name in names if (out / DATA / name).parent == folder]
        try:
            FORMATS.get(format_name, "output.format")().join(folder, in_folder)
        except ValueError as error:
            # The size of a shard tells whether it is whole, only its hash whether it was changed.
            raise OutputError(
                f"{folder}/: cannot be joined, {error}; find the damaged shard with ocrsynth verify, delete it and run "
                "ocrsynth generate again"
            ) from None
    write_atomically(out / NOTICE, _notice(recipe, statistics.delivered.fonts | statistics.lent).encode())
    if not (out / CARD).exists():
        # People write into theirs.
        write_atomically(out / CARD, card_of(plan, statistics).encode())
    write_atomically(out / DATASET, summary_of(out, plan, receipts))


def summary_of(out: Path, plan: Plan, receipts: list[Receipt]) -> bytes:
    """Return the content of ``dataset.json``: a pure function of plan, receipts and joined files."""
    statistics = Statistics()
    for receipt in receipts:
        statistics.add(receipt.statistics)
    joined = [
        stated(folder / name, out)
        for format_name, folder in data_folders(out, plan)
        for name in FORMATS.get(format_name, "output.format")().joined
    ]
    content = {
        "schema": plan.schema,
        "plan": plan.digest,
        "fingerprint": plan.fingerprint,
        "language": plan.language,
        "seed": plan.seed,
        "formats": plan.formats,
        "count": statistics.samples,
        "bytes": statistics.size_bytes,
        "joined": joined,
        "shards": [
            {"name": f"{DATA}/{f.name}", "format": f.format, "sha256": f.sha256, "bytes": f.size_bytes, "count": f.count}
            for r in receipts
            for f in r.files
        ],
        "splits": {name: statistics.splits[name] for name in plan.splits},
        "skipped": dict(sorted(statistics.skipped.items())),
        **figures_of(statistics),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def figures_of(statistics: Statistics) -> dict[str, Any]:
    """Return what was asked and delivered: rejections, distributions, how far they shifted, and distinct texts."""
    requested, delivered = statistics.requested, statistics.delivered
    return {
        "rejected": dict(sorted(statistics.rejected.items())),
        "weakened": statistics.weakened,
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
