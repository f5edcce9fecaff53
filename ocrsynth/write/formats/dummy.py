"""dummy: makes every sample and keeps none; a shard is one line with their number and the hash of their labels."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import FORMATS, Format, ShardWriter, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Writer(ShardWriter):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()
        self._count = 0
        path.touch()

    def add(self, stored: Stored) -> None:
        self._digest.update(f"{stored.key}\t{stored.text}\n".encode())
        self._count += 1

    def close(self) -> None:
        with self._path.open("wb") as file:
            file.write(f"{self._count} {self._digest.hexdigest()}\n".encode())
            file.flush()
            os.fsync(file.fileno())


@FORMATS.register
class Dummy(Format):
    """Nothing is kept: for measuring and for dry runs."""

    name: ClassVar[str] = "dummy"
    suffix: ClassVar[str] = ".txt"

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new file at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield nothing."""
        del path
        yield from ()
