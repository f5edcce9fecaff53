"""Samplers whose whole state is one integer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch.utils.data import Sampler

from ocrsynth.errors import RecipeError
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocrsynth.torch_data.datasets import LineDataset
    from ocrsynth.torch_data.shards import ShardDataset


class StreamSampler(Sampler[int]):
    """Indices 0, 1, 2, … without end, every world_size-th of them for each rank, from *start* on.

    ``start`` is the state: the number of indices that all ranks together have used.
    """

    def __init__(self, start: int = 0, rank: int = 0, world_size: int = 1, length: int | None = None) -> None:
        _check(start, rank, world_size)
        self.start = start
        self.rank = rank
        self.world_size = world_size
        self.length = length

    def __iter__(self) -> Iterator[int]:
        """Yield this rank's indices."""
        index = self.start + (self.rank - self.start) % self.world_size
        while self.length is None or index < self.length:
            yield index
            index += self.world_size

    def __len__(self) -> int:
        """Return how many there are; raises TypeError if there is no end."""
        if self.length is None:
            raise TypeError("an endless StreamSampler has no len(); give it a length")
        first = self.start + (self.rank - self.start) % self.world_size
        return max(-(-(self.length - first) // self.world_size), 0)


class BatchIndices(list[int]):
    """The indices of a batch, absolute, and how many batches of all ranks are done after it."""

    position: int = 0


class BucketBatchSampler(Sampler[list[int]]):
    """Batches of lines of about the same width, so that little is padded; a pure function of (seed, position).

    Of each window of *window* batches of indices the widths are predicted, the indices sorted by them and cut into batches,
    and the batches put in an order drawn from the seed.  Batch *k* is that of rank k mod world_size.  ``position``, the
    number of batches that all ranks together have used, is the whole state: with it any number of workers goes on exactly
    where others stopped.
    """

    def __init__(
        self,
        dataset: LineDataset | ShardDataset,
        batch_size: int,
        *,
        position: int = 0,
        rank: int = 0,
        world_size: int = 1,
        bucket: bool = True,
        window: int = 32,
    ) -> None:
        _check(position, rank, world_size)
        if batch_size < 1:
            raise RecipeError(f"batch_size: must be 1 or more, got {batch_size!r}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.position = position
        self.rank = rank
        self.world_size = world_size
        self.bucket = bucket
        self.window = window

    @property
    def batches(self) -> int | None:
        """Return the number of batches of an epoch over all ranks, the last one short; None if there is no end."""
        length = self.dataset.length
        return None if length is None else -(-length // self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch."""
        self.position = epoch * (self.batches or 0)

    def __len__(self) -> int:
        """Return this rank's number of batches to the end of the epoch; raises TypeError if there is no end."""
        if self.batches is None:
            raise TypeError("an endless data set has no number of batches")
        left = range(self.position % self.batches if self.position else 0, self.batches)
        base = self.position - left.start
        return sum((base + k) % self.world_size == self.rank for k in left)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield this rank's batches to the end of the epoch, then stand at the beginning of the next."""
        per_epoch = self.batches
        k = self.position
        epoch = k // per_epoch if per_epoch else 0
        end = (epoch + 1) * per_epoch if per_epoch else None
        while end is None or k < end:
            first = epoch * (per_epoch or 0)
            number, inside = divmod(k - first, self.window)
            for batch in self._window(epoch, number)[inside:]:
                k += 1
                batch.position = k
                if (k - 1) % self.world_size == self.rank:
                    yield batch
        if end is not None:
            self.position = end

    def _window(self, epoch: int, number: int) -> list[BatchIndices]:
        """Return the batches of a window of an epoch."""
        dataset = self.dataset
        length = dataset.length
        size = self.batch_size
        start = number * self.window * size
        stop = start + self.window * size if length is None else min(start + self.window * size, length)
        offset = epoch * length if length is not None and dataset.fresh else 0
        places = list(range(offset + start, offset + stop))
        batches = [BatchIndices(places[i : i + size]) for i in range(0, len(places), size)]
        if not self.bucket:
            return batches
        places.sort(key=lambda place: (dataset.predicted_width(place), place))
        batches = [BatchIndices(places[i : i + size]) for i in range(0, len(places), size)]
        stream = Stream(dataset.seed, epoch, "batches", number)
        for i in range(len(batches) - 1, 0, -1):
            j = stream.below(i + 1)
            batches[i], batches[j] = batches[j], batches[i]
        return batches


def _check(start: int, rank: int, world_size: int) -> None:
    if start < 0:
        raise RecipeError(f"resume: must be 0 or more, got {start!r}")
    if not 0 <= rank < world_size:
        raise RecipeError(f"rank: must be from 0 to world_size - 1, got {rank!r} of {world_size!r}")


def state_of(items: list[dict[str, Any]]) -> int:
    """Return the position that a batch's items carry; 0 if they carry none."""
    return int(items[0].get("position", 0)) if items else 0
