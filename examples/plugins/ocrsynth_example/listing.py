"""A format."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, lines_of, read_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Writer(FolderWriter):
    """Writes a shard, a folder; the base class writes pictures and flushes all to the disk."""

    def add(self, stored: Stored) -> None:
        name = self.put_picture(stored)
        self.put_line("listing.txt", f"{name}\t{stored.text}\n".encode())


class Listing(FolderFormat):
    """Pictures and a list of name, tab, label."""

    name: ClassVar[str] = "listing"
    # What a reader of this format would lose: such labels are refused, or left out and counted.
    constraints: ClassVar[Constraints] = Constraints(forbidden=frozenset("\t\n\r"))
    keeps: ClassVar[frozenset[str]] = frozenset(("key",))

    def open(self, path: Path) -> ShardWriter:
        """Return the writer of a new shard."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield what was written; `verify`, `convert`, `lint` and `inspect` need no more."""
        for line in lines_of(path / "listing.txt"):
            name, _, text = line.partition("\t")
            yield Stored(name.partition(".")[0], text, read_picture(path, name), {"text": text})
