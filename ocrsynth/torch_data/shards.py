"""Random access to data sets on disk."""

from __future__ import annotations

import operator
import os
import struct
import tarfile
import threading
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import torch
from torch.utils.data import Dataset

from ocrsynth import codec
from ocrsynth.charset import Charset
from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.generation.plan import PLAN, read_plan
from ocrsynth.generation.source import Shard, open_source
from ocrsynth.torch_data.datasets import Item, checked_epoch, quiet_opencv, transformed, with_position
from ocrsynth.torch_data.samplers import BatchIndices
from ocrsynth.write.base import optional
from ocrsynth.write.formats.lmdb import environment, reading
from ocrsynth.write.formats.webdataset import PICTURES, end_of, is_cut_off, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ShardDataset(Dataset[Item]):
    """What `ocrsynth generate` wrote as ``webdataset``, ``lmdb`` or ``parquet``, by index.

    Items are those of `LineDataset`, and `make_loader` takes it as well.  *split* takes one split only.  *transform* takes and
    gives a picture; an `Augment` is told index and epoch.  ``set_epoch`` is seen by workers that persist.  *partial* takes what
    shards there are of a data set that is not complete.

    Raises OutputError if there is no such data set, or it is damaged or not complete, RecipeError for another format.
    """

    fresh = True
    """Places go on from epoch to epoch, so that an `Augment` degrades anew; the lines come again."""
    seed = 0

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        split: str | None = None,
        charset: Charset | None = None,
        transform: Callable[..., Any] | None = None,
        format: str | None = None,  # noqa: A002 - the name of the recipe's key
        partial: bool = False,
    ) -> None:
        source = open_source(Path(folder), format or _readable(Path(folder)))
        name = source.format.name
        if name not in _READERS:
            raise RecipeError(
                f"{folder}: has no random access in format {name!r}, got no other; run ocrsynth convert to one of: "
                f"{', '.join(sorted(_READERS))}"
            )
        if not partial:
            source.require_whole(", or take partial=True")
        shards = [s for s in source.shards if split is None or s.split == split]
        if not shards:
            raise OutputError(f"{folder}: has no shard of split {split!r}; leave it out for all")
        self.charset = charset
        self.transform = transform
        self.folder = Path(folder)
        # In shared memory, so that workers that live on see a new epoch.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
        self._readers = [_opened(_READERS[name], shard) for shard in shards]
        self._ends = np.cumsum([len(reader) for reader in self._readers]).tolist()
        if not self._ends[-1]:
            raise OutputError(f"{folder}: holds no samples, got {len(shards)} empty shards; choose another data set")

    def __len__(self) -> int:
        """Return the number of samples."""
        return int(self._ends[-1])

    @property
    def length(self) -> int:
        """Return the number of samples, as `LineDataset` has it."""
        return len(self)

    @property
    def epoch(self) -> int:
        """Return the epoch."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Go to an epoch: an `Augment` then degrades anew; raises RecipeError for a negative one."""
        self._epoch.fill_(checked_epoch(epoch))

    def default_charset(self) -> Charset:
        """Return the characters of the whole data set's labels; raises AssetError if it was not finished by `generate`."""
        return Charset.from_data(self.folder)

    def predicted_width(self, place: int) -> float:
        """Return what grows with the width of a picture and costs little to read: the length of its label."""
        reader, inside = self._found(place % len(self))
        try:
            return len(reader.label(inside))
        except _DAMAGES as error:
            raise _unreadable(reader, inside, error) from None

    def __getitem__(self, index: int) -> Item:
        """Return the item of one index."""
        place = operator.index(index) + (len(self) if index < 0 else 0)
        if not 0 <= place < len(self):
            raise IndexError(f"index: the data set has {len(self)} samples, got {index}")
        return self._item(place, self.epoch)

    def _found(self, index: int) -> tuple[_Reader, int]:
        shard = bisect_right(self._ends, index)
        return self._readers[shard], index - (self._ends[shard - 1] if shard else 0)

    def _item(self, index: int, epoch: int) -> Item:
        quiet_opencv()
        reader, inside = self._found(index)
        try:
            key, text, data = reader.get(inside)
            picture = codec.decode(data)
        except _DAMAGES as error:
            raise _unreadable(reader, inside, error) from None
        image = transformed(self.transform, picture, index, epoch)
        item: Item = {"image": image, "text": text, "key": key, "index": index}
        if self.charset is not None:
            item["target"] = self.charset.encode(text)
        return item

    def __getitems__(self, indices: Sequence[int]) -> list[Item]:
        """Return the items of a batch; those of a `BucketBatchSampler` are absolute places."""
        if isinstance(indices, BatchIndices):
            # That of a sample, plus the length for each epoch before.
            return with_position([self._item(place % len(self), place // len(self)) for place in indices], indices)
        return [self[i] for i in indices]


_DAMAGES = (OSError, ValueError, TypeError, KeyError, AttributeError, struct.error, tarfile.TarError)
"""What libraries raise when they read what is damaged; `ValueError` is that of Arrow as well."""


def _unreadable(reader: _Reader, inside: int, error: Exception) -> OutputError:
    return OutputError(f"{reader.path}: sample {inside} cannot be read, {error}; look with ocrsynth verify")


def _readable(root: Path) -> str | None:
    """Return a format of a data set of `generate` that can be read by index, None if it tells none."""
    formats = read_plan(root).formats if (root / PLAN).exists() else ()
    return next((name for name in _READERS if name in formats), None)


def _opened(kind: type[_Reader], shard: Shard) -> _Reader:
    path = shard.path
    try:
        reader = kind(path)
    except OutputError:
        raise
    except _DAMAGES as error:
        raise OutputError(f"{path}: cannot be read, {error}; look with ocrsynth verify") from None
    if shard.samples is not None and len(reader) != shard.samples:
        # A file of zeros is a tar without members.
        raise OutputError(f"{path}: holds {len(reader)} samples, its receipt says {shard.samples}; look with ocrsynth verify")
    return reader


class _Reader(ABC):
    """One shard."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of samples."""

    @abstractmethod
    def get(self, index: int) -> tuple[str, str, bytes]:
        """Return key, label and picture."""

    def label(self, index: int) -> str:
        """Return the label alone."""
        return self.get(index)[1]


class _Tar(_Reader):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        places: dict[str, dict[str, tuple[int, int]]] = {}
        end = 0
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                end = end_of(member)
                if member.isfile():
                    stem, ending = key_of(member.name)
                    places.setdefault(stem, {})[ending] = (member.offset_data, member.size)
        if is_cut_off(path, end):
            raise ValueError("it is cut off")
        self._index = []
        for stem, parts in places.items():
            picture = next((parts[s] for s in PICTURES if s in parts), None)
            if picture is None or "txt" not in parts:
                raise OutputError(f"{path}: sample {stem!r} has no picture or no label; look with ocrsynth lint")
            self._index.append((stem, parts["txt"], picture))

    def __len__(self) -> int:
        return len(self._index)

    def get(self, index: int) -> tuple[str, str, bytes]:
        key, *places = self._index[index]
        label, picture = self._read(places)
        return key, label.decode(), picture

    def label(self, index: int) -> str:
        return self._read([self._index[index][1]])[0].decode()

    def _read(self, places: list[tuple[int, int]]) -> list[bytes]:
        # Opened anew each time, which costs microseconds: shards are more than files that a process may hold open.
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            return [os.pread(descriptor, size, offset) for offset, size in places]
        finally:
            os.close(descriptor)


class _Lmdb(_Reader):
    def __init__(self, path: Path) -> None:
        super().__init__(path.resolve())
        with reading(), environment(self.path).begin() as transaction:
            number = transaction.get(b"num-samples")
        if number is None or not number.isdigit():
            raise ValueError(f"it has no number under num-samples, got {number!r}")
        self._n = int(number)

    def __len__(self) -> int:
        return self._n

    def get(self, index: int) -> tuple[str, str, bytes]:
        with reading(), environment(self.path).begin() as transaction:
            image, label, meta = (transaction.get(b"%s-%09d" % (kind, index + 1)) for kind in (b"image", b"label", b"meta"))
        # Other tools write no metadata.
        key = orjson.loads(meta)["key"] if meta else f"{self.path.name}-{index:09d}"
        return key, label.decode(), bytes(image)

    def label(self, index: int) -> str:
        with reading(), environment(self.path).begin() as transaction:
            return str(transaction.get(b"label-%09d" % (index + 1)).decode())


class _Groups:
    """Row groups of Parquet files that were read last, of all readers: to keep one of each would be the whole data set."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._tables: OrderedDict[tuple[Path, int, int], Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path, stamp_ns: int, group: int) -> Any:
        """Return the keys, labels and pictures of a group as a table, of the file as it was written at *stamp_ns*."""
        key = (path, stamp_ns, group)
        with self._lock:
            if key in self._tables:
                self._tables.move_to_end(key)
                return self._tables[key]
            with optional("pyarrow.parquet", "arrow", "parquet").ParquetFile(path, memory_map=True) as file:
                table = file.read_row_group(group, columns=["image", "text", "key"])
            self._tables[key] = table
            while len(self._tables) > 1 and self.nbytes > self._most_bytes:
                self._tables.popitem(last=False)
        return table

    @property
    def nbytes(self) -> int:
        """Return the bytes that are kept."""
        return sum(table.nbytes for table in self._tables.values())


_GROUPS = _Groups(256_000_000)


class _Parquet(_Reader):
    def __init__(self, path: Path) -> None:
        super().__init__(path.resolve())
        self._stamp_ns = self.path.stat().st_mtime_ns
        with optional("pyarrow.parquet", "arrow", "parquet").ParquetFile(path) as file:
            groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        self._ends = np.cumsum(groups).tolist()

    def __len__(self) -> int:
        return int(self._ends[-1]) if self._ends else 0

    def get(self, index: int) -> tuple[str, str, bytes]:
        group = bisect_right(self._ends, index)
        rows = _GROUPS.get(self.path, self._stamp_ns, group)
        row = rows.slice(index - (self._ends[group - 1] if group else 0), 1).to_pylist()[0]
        return row["key"], row["text"], row["image"]["bytes"]


_READERS: dict[str, type[_Reader]] = {"webdataset": _Tar, "lmdb": _Lmdb, "parquet": _Parquet}
