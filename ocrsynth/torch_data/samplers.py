"""Samplers whose whole state is one integer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.utils.data import Sampler

from ocrsynth.errors import RecipeError
from ocrsynth.fields import is_whole
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocrsynth.torch_data.datasets import LineDataset
    from ocrsynth.torch_data.shards import ShardDataset

MOST = (1 << 63) - 1
"""The last place that a sample, or a length, can have."""


class StreamSampler(Sampler[int]):
    """Indices 0, 1, 2, … without end, every world_size-th of them for each rank, from *start* on.

    ``start`` is the state: the number of indices that all ranks together have used.
    """

    def __init__(self, start: int = 0, rank: int = 0, world_size: int = 1, length: int | None = None) -> None:
        _check(start, rank, world_size)
        if length is not None and not is_whole(length, 0, MOST):
            raise RecipeError(f"length: must be a whole number from 0, got {length!r}; leave it out for an endless sampler")
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
    """The absolute places of a batch, its epoch, and how many batches of all ranks are done after it."""

    position: int = 0
    epoch: int = 0


class BucketBatchSampler(Sampler[list[int]]):
    """Batches of lines of about the same width, so that little is padded; a pure function of (seed, position).

    Of each window of *window* batches of indices the widths are predicted, the indices sorted by them and cut into batches,
    and the batches put in an order drawn from the seed.  Ranks take batches in turns.  ``position``, the number of batches
    that all ranks together have used, is the whole state: with it any number of workers and ranks goes on exactly where
    others stopped, if batch size, *drop_last* and the data set's length are the same.  Each pass goes to the end of an epoch,
    and the next one, also after a ``break``, begins with the next epoch.

    With *drop_last* every rank has as many batches, and all are full; without it the last batches may be missing in some
    ranks, which waits for ever where ranks step together.  Raises RecipeError.
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
        drop_last: bool = False,
        window: int = 32,
    ) -> None:
        _check(position, rank, world_size)
        if not is_whole(batch_size, 1, MOST):
            raise RecipeError(f"batch_size: must be 1 or more, got {batch_size!r}; give a whole number")
        if not is_whole(window, 1, MOST):
            raise RecipeError(f"window: must be 1 or more, got {window!r}; give a whole number of batches")
        if not all(hasattr(dataset, name) for name in ("predicted_width", "epoch", "length", "seed")):
            raise RecipeError(
                f"dataset: must be a LineDataset or a ShardDataset, got {type(dataset).__name__}; give others to a plain "
                "DataLoader, with a collate of ocrsynth as collate_fn"
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.position = int(position)
        self.rank = rank
        self.world_size = world_size
        self.bucket = bucket
        self.drop_last = drop_last
        self.window = window
        self._epoch_seen = dataset.epoch
        if self.batches is not None and self.batches < (world_size if drop_last else 1):
            raise RecipeError(
                f"drop_last: leaves nothing of {dataset.length} samples, got batches of {batch_size} for {world_size} ranks; "
                "take smaller batches, or a larger data set"
            )

    @property
    def batches(self) -> int | None:
        """Return the number of batches of an epoch, in which all ranks take turns; None if there is no end."""
        length = self.dataset.length
        if length is None:
            return None
        # Not by the number of ranks: a position means the same place for any of them.
        return length // self.batch_size if self.drop_last else -(-length // self.batch_size)

    def set_epoch(self, epoch: int) -> None:
        """Go to the beginning of an epoch; raises RecipeError for an endless data set."""
        if self.batches is None:
            raise RecipeError(f"epoch: an endless data set has none, got {epoch!r}; give the data set a length")
        if not is_whole(epoch, 0, MOST // self.batches):
            raise RecipeError(f"epoch: must be a whole number from 0 to {MOST // self.batches}, got {epoch!r}")
        self.position = epoch * self.batches

    def __len__(self) -> int:
        """Return this rank's number of batches to the end of the epoch; raises TypeError if there is no end."""
        if self.batches is None:
            raise TypeError("an endless data set has no number of batches")
        self._follow()
        left = self._shared(self.batches - self.position % self.batches)
        return len(range(self.rank, left, self.world_size))

    def _follow(self) -> None:
        """Go to the epoch of the data set, where that was set since."""
        if self.batches is not None and self.dataset.epoch != self._epoch_seen:
            self._epoch_seen = self.dataset.epoch
            self.set_epoch(self._epoch_seen)

    def _shared(self, left: int) -> int:
        """Return how many of the batches that are *left* of an epoch are taken: with *drop_last* as many by every rank."""
        return left // self.world_size * self.world_size if self.drop_last else left

    def __iter__(self) -> Iterator[list[int]]:
        """Yield this rank's batches to the end of the epoch."""
        self._follow()
        per_epoch = self.batches
        begin = k = self.position
        epoch = begin // per_epoch if per_epoch is not None else 0
        first = epoch * (per_epoch or 0)
        end = first + per_epoch if per_epoch is not None else None
        if end is not None:
            # With the first batch, for a DataLoader makes iterators that it does not use; and not with the last one, for how
            # far ahead of a break workers have read must not tell where the next pass begins.
            self.position = end
        stop = begin + self._shared(end - begin) if end is not None else None
        while stop is None or k < stop:
            number, inside = divmod(k - first, self.window)
            for batch in self._window(epoch, number)[inside:]:
                if k == stop:
                    return
                if (k - begin) % self.world_size == self.rank:
                    # Behind the batches that the other ranks take at the same time: all resume at one position.
                    after = k - (k - begin) % self.world_size + self.world_size
                    # Batches that no rank takes are behind, too.
                    batch.position = after if end is None or stop is None or after < stop else end
                    batch.epoch = epoch
                    yield batch
                k += 1

    def _window(self, epoch: int, number: int) -> list[BatchIndices]:
        """Return the batches of a window of an epoch."""
        dataset = self.dataset
        length = dataset.length
        size = self.batch_size
        start = number * self.window * size
        stop = start + self.window * size
        if length is not None:
            stop = min(stop, (self.batches or 0) * size if self.drop_last else length)
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
    if not is_whole(start, 0, MOST):
        raise RecipeError(f"resume: must be a whole number from 0, got {start!r}; give a batch's 'position'")
    if not is_whole(world_size, 1, MOST) or not is_whole(rank, 0, world_size - 1):
        raise RecipeError(f"rank: must be from 0 to world_size - 1, got {rank!r} of {world_size!r}")
