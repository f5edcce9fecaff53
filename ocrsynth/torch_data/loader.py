"""A plain DataLoader, set up for training a recogniser."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, get_args

from torch.utils.data import DataLoader

from ocrsynth.errors import RecipeError
from ocrsynth.torch_data.collate import AttentionCollate, CTCCollate, HFCollate
from ocrsynth.torch_data.datasets import rank_of
from ocrsynth.torch_data.samplers import BucketBatchSampler

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.charset import Charset
    from ocrsynth.torch_data.datasets import LineDataset
    from ocrsynth.torch_data.shards import ShardDataset

Task = Literal["ctc", "attention", "hf"]


def make_loader(
    dataset: LineDataset | ShardDataset,
    batch_size: int,
    task: Task = "ctc",
    num_workers: int = 0,
    *,
    bucket: bool = True,
    resume: int | None = None,
    charset: Charset | None = None,
    processor: Any = None,
    rank: int | None = None,
    world_size: int | None = None,
    drop_last: bool = False,
    collate_options: dict[str, Any] | None = None,
    **options: Any,
) -> DataLoader[Any]:
    """Return a `DataLoader` of batches for *task*: ``ctc``, ``attention``, or ``hf`` with a *processor*.

    Batches are of lines of about the same width if *bucket*.  Each batch holds ``position``: give it as *resume* to go on
    behind that batch and those that other ranks took beside it, with any number of workers and ranks; batch size, length,
    *bucket* and *drop_last* must be the same.  Without *resume* it begins with the data set's epoch; ``dataset.set_epoch(e)``
    or ``loader.batch_sampler.set_epoch(e)`` goes to another with the next pass.  Ranks are those of torch.distributed if they
    are not given.  *drop_last* gives every rank as many batches, all full.  *collate_options* are those of the collate, such
    as ``{"stride": 4, "dtype": "float32"}``; *options* those of DataLoader.

    Raises RecipeError for an unknown task, a missing processor, two charsets that differ, ranks that nobody told, and options
    of DataLoader that the batches leave no room for.
    """
    for taken in ("shuffle", "sampler", "batch_sampler", "collate_fn"):
        if given := options.pop(taken, None):
            raise RecipeError(f"{taken}: make_loader has its own, got {given!r}; leave it out, or take a DataLoader")
    sampler = BucketBatchSampler(
        dataset,
        batch_size,
        position=0 if resume is None else resume,
        bucket=bucket,
        drop_last=drop_last,
        **dict(zip(("rank", "world_size"), rank_of(rank, world_size), strict=True)),
    )
    if resume is None and dataset.length is not None:
        sampler.set_epoch(dataset.epoch)
    collate = _collate_of(dataset, task, charset, processor, collate_options or {})
    if num_workers:
        options = {"prefetch_factor": 4, "persistent_workers": True} | options
    return DataLoader(dataset, batch_sampler=sampler, num_workers=num_workers, collate_fn=collate, **options)


def _collate_of(
    dataset: LineDataset | ShardDataset, task: str, charset: Charset | None, processor: Any, more: dict[str, Any]
) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    if task == "hf":
        if processor is None:
            raise RecipeError("processor: task 'hf' needs one, got None; give for example a TrOCRProcessor")
        if more:
            raise RecipeError(f"collate_options: task 'hf' has none, got {', '.join(more)}; set up the processor")
        return HFCollate(processor)
    if task not in get_args(Task):
        raise RecipeError(f"task: must be 'ctc', 'attention' or 'hf', got {task!r}")
    if charset is not None and dataset.charset is not None and charset != dataset.charset:
        raise RecipeError(
            f"charset: differs from that of the data set, got {len(charset)} and {len(dataset.charset)} classes; give one"
        )
    charset = charset or dataset.charset or dataset.default_charset()
    collate = CTCCollate if task == "ctc" else AttentionCollate
    # Each passes on what is an option of both.
    both, own = signature(collate.__base__ or collate).parameters, signature(collate).parameters
    known = [name for name, option in (own | both).items() if option.kind is option.KEYWORD_ONLY]
    for name in more:
        if name not in known:
            raise RecipeError(f"collate_options: unknown option of task {task!r}, got {name!r}; known: {', '.join(known)}")
    return collate(charset, **more)
