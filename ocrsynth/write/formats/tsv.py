"""Table: pictures in ``images/`` and ``labels.tsv``, a line ``images/<picture><TAB>label`` each.

What most people keep their own lines in; it is read back where pictures are named from the folder of the pictures, too, and
where lines end as in Windows.  Nothing is quoted or escaped: pandas wants ``quoting=3``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.files import write_atomically
from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, lines_of, read_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LABELS, _IMAGES = "labels.tsv", "images"


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path, _IMAGES)
        self.open_file(_LABELS)

    def add(self, stored: Stored) -> None:
        name = self.put_picture(stored._replace(mask=None))
        self.put_line(_LABELS, f"{_IMAGES}/{name}\t{stored.text}\n".encode())


@FORMATS.register
class Tsv(FolderFormat):
    """Pictures and labels.tsv, a picture, a tab and its label a line."""

    name: ClassVar[str] = "tsv"
    joined: ClassVar[tuple[str, ...]] = (_LABELS,)
    constraints: ClassVar[Constraints] = Constraints(forbidden=frozenset("\t\n\r"))
    keeps: ClassVar[frozenset[str]] = frozenset(("key",))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the table is broken."""
        for number, line in enumerate(lines_of(path / _LABELS), 1):
            name, tab, text = line.removesuffix("\r").partition("\t")
            if not line.strip():
                continue
            if not tab or "\t" in text:
                raise ValueError(f"{_LABELS} line {number} must be a picture, a tab and its label, got {line[:80]!r}")
            # From the folder of the pictures, which may be a link to elsewhere.
            inner = name.removeprefix(f"{_IMAGES}/")
            picture = read_picture(path / _IMAGES, inner) or (read_picture(path, name) if inner == name else b"")
            yield Stored(name.rpartition("/")[2].partition(".")[0], text, picture, {"text": text})

    def join(self, data: Path, shards: list[str]) -> None:
        """Write ``labels.tsv``, the tables of all shards joined."""
        lines = (f"{shard}/{line}\n".encode() for shard in shards for line in lines_of(data / shard / _LABELS))
        write_atomically(data / _LABELS, lines)
