"""A plain DataLoader, set up for training a recogniser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from torch.utils.data import DataLoader, Dataset

from ocrsynth.errors import RecipeError
from ocrsynth.torch_data.collate import AttentionCollate, CTCCollate, HFCollate
from ocrsynth.torch_data.samplers import BatchIndices, BucketBatchSampler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocrsynth.charset import Charset
    from ocrsynth.torch_data.datasets import LineDataset
    from ocrsynth.torch_data.shards import ShardDataset

Task = Literal["ctc", "attention", "hf"]


class _Places(Dataset[dict[str, Any]]):
    """A data set by absolute places: what the batch sampler says is what every worker makes."""

    def __init__(self, dataset: LineDataset | ShardDataset) -> None:
        self.dataset = dataset

    def __getitem__(self, place: int) -> dict[str, Any]:
        return self.dataset.items([place])[0]

    def __getitems__(self, places: Sequence[int]) -> list[dict[str, Any]]:
        items = self.dataset.items(list(places))
        if isinstance(places, BatchIndices):
            for item in items:
                item["position"] = places.position
        return items


def make_loader(
    dataset: LineDataset | ShardDataset,
    batch_size: int,
    task: Task = "ctc",
    num_workers: int = 0,
    *,
    bucket: bool = True,
    resume: int = 0,
    charset: Charset | None = None,
    processor: Any = None,
    rank: int = 0,
    world_size: int = 1,
    collate_options: dict[str, Any] | None = None,
    **options: Any,
) -> DataLoader[Any]:
    """Return a `DataLoader` of batches for *task*: ``ctc``, ``attention``, or ``hf`` with a *processor*.

    Batches are of lines of about the same width if *bucket*.  Each batch holds ``position``: give it as *resume* to go on
    behind that batch, with any number of workers and ranks.  ``loader.batch_sampler.set_epoch(e)`` goes to an epoch.
    *collate_options* are those of the collate, such as ``{"stride": 4, "dtype": "float32"}``; *options* those of DataLoader.

    Raises RecipeError for an unknown task or a missing processor.
    """
    charset = charset or dataset.charset or dataset.default_charset()
    more = collate_options or {}
    collate: Any
    if task == "ctc":
        collate = CTCCollate(charset, **more)
    elif task == "attention":
        collate = AttentionCollate(charset, **more)
    elif task == "hf":
        if processor is None:
            raise RecipeError("processor: task 'hf' needs one, got None; give for example a TrOCRProcessor")
        collate = HFCollate(processor)
    else:
        raise RecipeError(f"task: must be 'ctc', 'attention' or 'hf', got {task!r}")
    sampler = BucketBatchSampler(dataset, batch_size, position=resume, rank=rank, world_size=world_size, bucket=bucket)
    if num_workers:
        options = {"prefetch_factor": 4, "persistent_workers": True} | options
    return DataLoader(_Places(dataset), batch_sampler=sampler, num_workers=num_workers, collate_fn=collate, **options)
