"""EasyOCR's trainer: pictures beside a ``labels.csv``.

Its reader splits each line at the first comma and takes the rest as it is: labels are neither quoted nor escaped, and
white space at their end is lost.  It is pandas that reads: where all labels of a shard are numbers, ``007`` is a 7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, lines_of, read_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LABELS = "labels.csv"


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.put_line(_LABELS, b"filename,words\n")

    def add(self, stored: Stored) -> None:
        name = self.put_picture(stored._replace(mask=None))
        self.put_line(_LABELS, f"{name},{stored.text}\n".encode())


@FORMATS.register
class EasyOcr(FolderFormat):
    """Pictures and labels.csv for EasyOCR's trainer."""

    name: ClassVar[str] = "easyocr"
    constraints: ClassVar[Constraints] = Constraints(forbidden=frozenset("\n\r"), strips=True, drops_empty=True)
    keeps: ClassVar[frozenset[str]] = frozenset(("key",))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the list is broken."""
        for number, line in enumerate(lines_of(path / _LABELS), 1):
            name, comma, text = line.partition(",")
            if number == 1 and line == "filename,words":
                continue
            if not comma:
                raise ValueError(f"{_LABELS} line {number} is not a name, a comma and a label")
            yield Stored(name.partition(".")[0], text, read_picture(path, name), {"text": text})
