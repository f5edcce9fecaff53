"""tesstrain: pairs of a picture and ``.gt.txt``, with a ``.box`` file, as Tesseract's training Makefile wants them.

Line boxes are one WordStr entry for the whole line: tesstrain takes it for every script.  Its text is in visual order for
lines that run from right to left.  The label file holds one line of NFC without white space at its ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, read_picture, shape_of
from ocrsynth.write.visual import visual_label

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Writer(FolderWriter):
    def add(self, stored: Stored) -> None:
        self.put_picture(stored._replace(mask=None))
        (self.path / f"{stored.key}.gt.txt").write_bytes(f"{stored.text}\n".encode())
        height, width = shape_of(stored)
        lines = f"WordStr 0 0 {width} {height} 0 #{visual_label(stored)}\n\t 0 0 {width} {height} 0\n"
        (self.path / f"{stored.key}.box").write_bytes(lines.encode())


@FORMATS.register
class Tesstrain(FolderFormat):
    """Pairs of picture and .gt.txt with .box, for Tesseract's tesstrain and for kraken's path format."""

    name: ClassVar[str] = "tesstrain"
    constraints: ClassVar[Constraints] = Constraints(
        forbidden=frozenset("\0\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"),
        strips=True,
        drops_empty=True,
        nfc=True,
        longest=1023,  # Tesseract reads a line of a box file into a buffer.
        images=frozenset(("png", "jpg")),
    )
    keeps: ClassVar[frozenset[str]] = frozenset(("key",))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where a label is no UTF-8."""
        if not path.is_dir():
            raise ValueError("is no folder")
        for label in sorted(path.glob("*.gt.txt")):
            key = label.name.removesuffix(".gt.txt")
            try:
                text = label.read_bytes().decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
            except UnicodeDecodeError as error:
                raise ValueError(f"{label.name} is no UTF-8, {error.reason}") from None
            pictures = [p for p in (path / f"{key}.{s}" for s in ("png", "jpg", "tif", "jpeg")) if p.exists()]
            yield Stored(key, text, read_picture(path, pictures[0].name) if pictures else b"", {"text": text})
