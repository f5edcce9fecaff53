"""Data sets that render as they are read."""

from __future__ import annotations

import operator
import os
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
import torch.distributed
from torch.utils.data import Dataset, IterableDataset, get_worker_info

from ocrsynth.augment import chain_of, degrade_image
from ocrsynth.charset import Charset
from ocrsynth.errors import RecipeError
from ocrsynth.fields import is_whole
from ocrsynth.pipeline import pipeline_for
from ocrsynth.recipe import Recipe
from ocrsynth.seeding import LARGEST_INDEX
from ocrsynth.torch_data.samplers import MOST, BatchIndices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ocrsynth.records import Sample

Item = dict[str, Any]
ENDLESS = 1 << 40
_MOST_EPOCHS = 1 << 23
_BATCH = 64
_SHAPE = 3
"""Share, number of shares and of workers: what the state of a stream is of."""
_quiet_in: int | None = None


def quiet_opencv() -> None:
    """Switch OpenCV's threads off in this process, once: a forked process that uses those of its parent hangs."""
    global _quiet_in  # noqa: PLW0603 - a process has one OpenCV
    if _quiet_in != os.getpid():
        cv2.setNumThreads(0)
        cv2.ocl.setUseOpenCL(False)
        _quiet_in = os.getpid()


class Augment:
    """A degradation chain, by preset or as a recipe's list, as a transform for real pictures.

    Seeded by (seed, index, epoch): data sets of this package call it with the index and the epoch of the picture if it is
    their *transform* itself; inside another one, pass them on.  The canvas grows where a warp needs room; with *keep_height*
    the picture is then scaled to the height it had, as batches need.  Raises RecipeError.
    """

    def __init__(self, degrade: str | list[dict[str, Any]] = "scan", seed: int = 0, *, keep_height: bool = False) -> None:
        if not is_whole(seed, 0, LARGEST_INDEX):
            raise RecipeError(f"seed: must be a whole number from 0 to 2**64 - 1, got {seed!r}")
        # A copy, for the caller may go on with his.
        self.degrade = deepcopy(degrade)
        self.seed = seed
        self.keep_height = keep_height
        self._chain = chain_of(degrade)

    def __call__(self, image: NDArray[np.uint8], index: int = 0, epoch: int = 0) -> NDArray[np.uint8]:
        """Return *image*, uint8 (H, W) or (H, W, 3) RGB, degraded; raises ValueError for another, or an odd index or epoch."""
        if not is_whole(index, 0, ENDLESS - 1) or not is_whole(epoch, 0, _MOST_EPOCHS - 1):
            raise ValueError(
                f"index: must be from 0 to {ENDLESS - 1}, the epoch from 0 to {_MOST_EPOCHS - 1}, got {index!r} and {epoch!r}"
            )
        quiet_opencv()
        degraded = degrade_image(image, self._chain, seed=self.seed, index=epoch * ENDLESS + index).image
        height, width = degraded.shape[:2]
        if not self.keep_height or height == image.shape[0]:
            return degraded
        size = (max(round(width * image.shape[0] / height), 1), image.shape[0])
        return np.asarray(cv2.resize(degraded, size, interpolation=cv2.INTER_AREA), np.uint8)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as the arguments it was made of."""
        return partial(Augment, keep_height=self.keep_height), (self.degrade, self.seed)


def checked_epoch(epoch: int) -> int:
    """Return *epoch*; raises RecipeError if it is none."""
    if not is_whole(epoch, 0, _MOST_EPOCHS - 1):
        raise RecipeError(f"epoch: must be a whole number from 0 to {_MOST_EPOCHS - 1}, got {epoch!r}")
    return epoch


def with_position(items: list[Item], places: Sequence[int]) -> list[Item]:
    """Return the items of a batch, told where the batch stands if its sampler knows."""
    if isinstance(places, BatchIndices):
        for item in items:
            item["position"] = places.position
    return items


def transformed(transform: Callable[..., Any] | None, image: NDArray[np.uint8], index: int, epoch: int) -> Any:
    """Return the picture after a user's transform; our own is told which picture it is."""
    if transform is None:
        return image
    return transform(image, index, epoch) if isinstance(transform, Augment) else transform(image)


class LineDataset(Dataset[Item]):
    """Lines of a recipe by their index: a pure function of (recipe, seed, index), the same that `ocrsynth.generate` writes.

    Items are ``{"image": uint8 (H, W) or (H, W, 3), "text", "key", "index"}``, with a *charset* also ``"target"``, a list of
    numbers.  *transform* takes and gives a picture.  Without *length* it is endless: use `StreamSampler` or `make_loader`.
    ``set_epoch`` moves to fresh samples, epoch · length further on, if *fresh*; workers that persist see it, too.

    Raises RecipeError for a length below 1.
    """

    def __init__(
        self,
        recipe: Recipe | str | os.PathLike[str],
        length: int | None = None,
        seed: int | None = None,
        charset: Charset | None = None,
        transform: Callable[..., Any] | None = None,
        *,
        fresh: bool = True,
    ) -> None:
        loaded = recipe if isinstance(recipe, Recipe) else Recipe.load(str(recipe))
        self.recipe = loaded if seed is None else loaded.with_seed(seed)
        if length is not None and not is_whole(length, 1, MOST):
            raise RecipeError(f"length: must be 1 or more, got {length!r}; leave it out for an endless data set")
        self.length = length
        self.charset = charset
        self.transform = transform
        self.fresh = fresh
        # In shared memory, so that workers that live on see a new epoch.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        """Return the length; raises TypeError if it is endless."""
        if self.length is None:
            raise TypeError("an endless LineDataset has no len(); use make_loader, or give it a length")
        return self.length

    @property
    def epoch(self) -> int:
        """Return the epoch."""
        return int(self._epoch)

    @property
    def seed(self) -> int:
        """Return the recipe's seed."""
        return self.recipe.seed

    def default_charset(self) -> Charset:
        """Return the characters that labels may hold."""
        return Charset.from_recipe(self.recipe)

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch, from 0; raises RecipeError for a negative one."""
        self._epoch.fill_(checked_epoch(epoch))

    def __getstate__(self) -> dict[str, Any]:
        """Travel without fonts and caches: the recipe as plain values."""
        return self.__dict__ | {"recipe": self.recipe.to_dict()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the recipe again."""
        self.__dict__.update(state)
        self.recipe = Recipe.from_dict(state["recipe"])

    def _place(self, index: int) -> int:
        index = operator.index(index)
        if index < 0 and self.length is not None:
            index += self.length
        if not 0 <= index <= MOST:
            raise IndexError(f"index: must be from 0 to 2**63 - 1, got {index}")
        if self.length is not None and index >= self.length:
            raise IndexError(f"index: the data set has {self.length} samples, got {index}")
        return index + (self.epoch * (self.length or 0) if self.fresh else 0)

    def __getitem__(self, index: int) -> Item:
        """Return the item of one index."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Item]:
        """Return the items of a whole batch, which is faster than one by one; those of a `BucketBatchSampler` are absolute."""
        if isinstance(indices, BatchIndices):
            return with_position(self.items(indices, indices.epoch), indices)
        return self.items([self._place(i) for i in indices], self.epoch)

    def items(self, places: Sequence[int], epoch: int = 0) -> list[Item]:
        """Return items by their absolute place, whatever the length; *epoch* is for transforms of lines that come again."""
        quiet_opencv()
        again = 0 if self.fresh else epoch
        found = []
        for start in range(0, len(places), _BATCH):
            made = pipeline_for(self.recipe).batch(list(places[start : start + _BATCH]))
            found += [self._item(sample, again) for sample in made]
        return found

    def _item(self, sample: Sample, epoch: int) -> Item:
        image = transformed(self.transform, sample.image, sample.index, epoch)
        item: Item = {"image": image, "text": sample.text, "key": sample.key, "index": sample.index}
        if self.charset is not None:
            item["target"] = self.charset.encode(sample.text)
        return item

    def predicted_width(self, place: int) -> float:
        """Return about how wide the picture at an absolute place will be, in px, without rendering it."""
        return pipeline_for(self.recipe).predicted_width(place)


class LineIterable(IterableDataset[Item]):
    """The same lines as a stream that shards itself over ranks and workers.

    Prefer `LineDataset`: its state is one integer for any number of workers; the state of a stream fits the number of
    workers and ranks that it was taken with.  Every pass begins with the first line of the epoch, or once behind a state that
    was loaded.  Raises RecipeError where ranks are in play and none was given.
    """

    def __init__(self, dataset: LineDataset, rank: int | None = None, world_size: int | None = None) -> None:
        self.dataset = dataset
        self.rank, self.world_size = rank_of(rank, world_size)
        self._done = 0
        self._shape: tuple[int, int, int] | None = None
        self._resumed: dict[str, Any] | None = None
        # In shared memory, so that a process that asks for the state knows of workers that hold it.
        self._in_workers = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def __iter__(self) -> Iterator[Item]:
        """Return an iterator over this worker's share, from where `load_state_dict` left it."""
        info = get_worker_info()
        workers, worker = (info.num_workers, info.id) if info is not None else (1, 0)
        self._in_workers.fill_(info is not None)
        share, shares = self.rank * workers + worker, self.world_size * workers
        self._shape = (share, shares, workers)
        resumed, self._resumed = self._resumed, None
        # Now and not with the first item: of a pass that was at its end StatefulDataLoader asks for none.
        self._done = self._checked(resumed) if resumed is not None else 0
        return self._items(share, shares)

    def _items(self, share: int, shares: int) -> Iterator[Item]:
        done = self._done
        length = self.dataset.length
        while length is None or share + done * shares < length:
            # The state counts what was given away, so it is taken before the consumer goes on.
            done += 1
            self._done = done
            yield self.dataset[share + (done - 1) * shares]
        # What was given away is kept: the state of a worker's last batch is asked for only now.

    def _checked(self, state: dict[str, Any]) -> int:
        shape = state["shape"]
        if shape is not None and tuple(shape) != self._shape:
            share, shares, _ = self._shape or (0, 1, 1)
            raise RecipeError(
                f"state: was taken by share {shape[0]} of {shape[1]}, got {share} of {shares}; "
                "resume with the same ranks and workers, or use LineDataset with make_loader"
            )
        return int(state["done"])

    def state_dict(self) -> dict[str, Any]:
        """Return how many items this worker has given, which share it has, and of which lines.

        Raises RecipeError in a process whose workers hold the state: StatefulDataLoader asks them.
        """
        if self._resumed is not None:
            return self._resumed
        if get_worker_info() is None and int(self._in_workers) and not self._done:
            raise RecipeError(
                "state: is held by the workers of a DataLoader, got a call outside; take torchdata's StatefulDataLoader, or "
                "LineDataset with make_loader"
            )
        return {
            "done": self._done,
            "shape": list(self._shape) if self._shape else None,
            "seed": self.dataset.seed,
            "length": self.dataset.length,
            "epoch": self.dataset.epoch,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on behind the items of a state of the same share; raises RecipeError if it is of other lines."""
        done = state.get("done") if isinstance(state, dict) else None
        if not is_whole(done, 0, MOST):
            raise RecipeError(f"state: must count what is done from 0, got {done!r}; give one of state_dict")
        for name, own in (("seed", self.dataset.seed), ("length", self.dataset.length)):
            if state.get(name) != own:
                raise RecipeError(f"state: is of lines of another {name}, got {state.get(name)!r} in place of {own!r}")
        shape = state.get("shape")
        if shape is not None and not (isinstance(shape, (list, tuple)) and len(shape) == _SHAPE):
            raise RecipeError(f"state: must say of which share it is, got {shape!r}; give one of state_dict")
        if not is_whole(epoch := state.get("epoch"), 0, MOST):
            raise RecipeError(f"state: must say of which epoch it is, got {epoch!r}; give one of state_dict")
        self.dataset.set_epoch(epoch)
        self._resumed = dict(state)


def rank_of(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """Return rank and number of ranks, of torch.distributed if they are not given; raises RecipeError if nobody told them."""
    if (rank is None) != (world_size is None):
        raise RecipeError(f"rank: goes with world_size, got rank {rank!r} and world_size {world_size!r}; give both or none")
    if rank is not None and world_size is not None:
        if not is_whole(world_size, 1, MOST) or not is_whole(rank, 0, world_size - 1):
            raise RecipeError(f"rank: must be from 0 to world_size - 1, got {rank!r} of {world_size!r}")
        return rank, world_size
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError(
            f"rank: WORLD_SIZE is {os.environ['WORLD_SIZE']}, but torch.distributed is not initialised, got no rank; every "
            "rank would yield the same lines, so initialise it first or give rank and world_size"
        )
    return 0, 1
