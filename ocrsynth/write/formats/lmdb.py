"""LMDB: one environment a shard, with the keys that DTRB, PARSeq, MMOCR and PaddleOCR read.

``image-000000001`` and ``label-000000001`` count from 1 without gaps, ``num-samples`` is their number; ``meta-…`` holds the
sample's metadata with its key, which those readers leave alone.  They take every folder that holds ``data.mdb``.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth.write.base import FORMATS, Constraints, Format, ShardWriter, Stored, optional
from ocrsynth.write.meta import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAGE = 4096
_LEAST_MAP = 1 << 20


class _Writer(ShardWriter):
    def __init__(self, path: Path) -> None:
        self._lmdb = optional("lmdb", "lmdb", "lmdb")
        path.mkdir()
        self._path = path
        self._rows: list[tuple[bytes, bytes, bytes]] = []

    def add(self, stored: Stored) -> None:
        self._rows.append((stored.image, stored.text.encode(), to_json({**stored.meta, "key": stored.key})))

    def close(self) -> None:
        # Sorted and in one transaction, the same samples give the same file.
        rows = [(b"%s-%09d" % (kind, i), row[k]) for k, kind in _KINDS for i, row in enumerate(self._rows, 1)]
        rows.append((b"num-samples", b"%d" % len(self._rows)))
        # Each value takes pages of its own if it is long; the map is a bound, not a size.
        size = sum(-(-len(value) // _PAGE) * _PAGE + 2 * _PAGE for _, value in rows)
        try:
            self._write(rows, max(size * 2, _LEAST_MAP))
        except self._lmdb.Error as error:
            # It does not tell a full disk from a broken one.
            raise OSError(errno.EIO, f"LMDB: {error}; is there room on the disk?") from None
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, rows: list[tuple[bytes, bytes]], map_size: int) -> None:
        environment = self._lmdb.open(
            str(self._path), map_size=map_size, subdir=True, lock=False, sync=False, meminit=True, max_dbs=0
        )
        try:
            with environment.begin(write=True) as transaction, transaction.cursor() as cursor:
                cursor.putmulti(rows, append=True)
            environment.sync(True)  # noqa: FBT003 - the library's own signature
        finally:
            environment.close()


_KINDS = ((0, b"image"), (1, b"label"), (2, b"meta"))


@FORMATS.register
class Lmdb(Format):
    """Environments for DTRB, PARSeq, MMOCR and PaddleOCR."""

    name: ClassVar[str] = "lmdb"
    requires: ClassVar[tuple[str, str] | None] = ("lmdb", "lmdb")
    suffix: ClassVar[str] = ""
    constraints: ClassVar[Constraints] = Constraints(drops_empty=True)
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "meta"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new environment at *path*; raises MissingDependencyError."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the environment is broken."""
        shared = _held.get(path.resolve())
        opened = shared[1] if shared is not None and shared[0] == _mark_of(path) else _opened(path)
        try:
            with reading(), opened.begin(buffers=False) as transaction:
                number = transaction.get(b"num-samples")
                if number is None or not number.isdigit():
                    raise ValueError(f"has no number under num-samples, got {number!r}")
                for i in range(1, int(number) + 1):
                    label, image = transaction.get(b"label-%09d" % i), transaction.get(b"image-%09d" % i)
                    if label is None:
                        raise ValueError(f"has no label-{i:09d}")
                    meta = transaction.get(b"meta-%09d" % i)
                    text = label.decode("utf-8")
                    found = orjson.loads(meta) if meta is not None else {"text": text}
                    yield Stored(found.pop("key", f"{i - 1:012d}"), text, image or b"", found)
        finally:
            if shared is None or opened is not shared[1]:
                opened.close()


_MOST_HELD = 128
_held: dict[Path, tuple[tuple[int, int, int], Any]] = {}
"""A process may open an environment only once, whoever reads it; with the mark of the file that was opened."""


def environment(path: Path) -> Any:
    """Return the environment at *path*, open for reading as long as its file is the same.

    Raises ValueError if it is broken, OSError if it is not there, MissingDependencyError.
    """
    mark = _mark_of(path)
    held = _held.get(path)
    if held is not None and held[0] == mark:
        _held[path] = _held.pop(path)
        return held[1]
    # One that was replaced, and the one that was asked for the longest ago: each holds a file open.
    for old in [path, *list(_held)[: max(len(_held) - _MOST_HELD + 1, 0)]]:
        if old in _held:
            _held.pop(old)[1].close()
    opened = _opened(path)
    _held[path] = mark, opened
    return opened


@contextmanager
def reading() -> Iterator[None]:
    """Raise ValueError for a page that is broken: LMDB's own errors are of no class that is known without it."""
    lmdb: Any = optional("lmdb", "lmdb", "lmdb")
    try:
        yield
    except lmdb.Error as error:
        raise ValueError(f"is a broken LMDB environment, {error}") from None


def _opened(path: Path) -> Any:
    lmdb: Any = optional("lmdb", "lmdb", "lmdb")
    try:
        found = lmdb.open(str(path), readonly=True, lock=False, subdir=True, readahead=False)
    except lmdb.Error as error:
        raise ValueError(f"is no readable LMDB environment, {error}") from None
    # Reading a page that was cut off would end the process, not raise.
    due = (found.info()["last_pgno"] + 1) * found.stat()["psize"]
    there = (path / "data.mdb").stat().st_size
    if there < due:
        found.close()
        raise ValueError(f"data.mdb has {there} bytes, its pages need {due}")
    return found


def _mark_of(path: Path) -> tuple[int, int, int]:
    found = (path / "data.mdb").stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _close_all() -> None:
    for _, held in _held.values():
        held.close()
    _held.clear()


# An environment that is open while a process forks can be used by neither; both open it again.
os.register_at_fork(before=_close_all)
