"""lstmf: Tesseract's own training files, ready for ``lstmtraining``, without a process of Tesseract a line.

A shard is one file of many pages.  Little-endian: u32 pages, then of each page u8 1, u32 + bytes file name, i32 page
number, u32 + PNG (grey), u32 + language, u32 + UTF-8 transcription, u32 boxes and of each four i16 (left, bottom, right,
top), u32 box texts and of each u32 + UTF-8, u8 vertical.  Boxes are one for the whole line.  (DocumentData and ImageData of
tesseract/src/ccstruct/imagedata.cpp; found by reading Tesseract's own files.)

Transcriptions are NFC and, for lines that run from right to left, in visual order, as ``lstm.train`` writes them.
``list.txt`` names the shards, relative to the data folder: run ``lstmtraining`` there, or put the folder before each line.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any, ClassVar

from ocrsynth import codec
from ocrsynth.files import write_atomically
from ocrsynth.write.base import FORMATS, Constraints, Format, ShardWriter, Stored
from ocrsynth.write.folders import grey_png
from ocrsynth.write.visual import visual_label

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LIST = "list.txt"
_LARGEST_SIDE = 32_767


def _counted(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


class _Writer(ShardWriter):
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._pages = 0
        self._file.write(struct.pack("<I", 0))

    def add(self, stored: Stored) -> None:
        image = codec.decode(stored.image)
        height, width = image.shape[:2]
        if max(height, width) > _LARGEST_SIDE:
            raise ValueError(f"sample {stored.key}: {width}×{height} px are more than Tesseract's boxes can say")
        grey = image.ndim == 2 and codec.suffix_of(stored.image) == "png"
        text = visual_label(stored).encode()
        page = [
            b"\x01",
            _counted(b""),
            struct.pack("<i", 0),
            _counted(stored.image if grey else grey_png(image)),
            _counted(b""),
            _counted(text),
            struct.pack("<I4h", 1, 0, 0, width, height),
            struct.pack("<I", 1),
            _counted(text),
            b"\x00",
        ]
        self._file.write(b"".join(page))
        self._pages += 1

    def close(self) -> None:
        with self._file:
            self._file.seek(0)
            self._file.write(struct.pack("<I", self._pages))
            self._file.flush()
            os.fsync(self._file.fileno())


@FORMATS.register
class Lstmf(Format):
    """Pages for Tesseract's lstmtraining and lstmeval."""

    name: ClassVar[str] = "lstmf"
    suffix: ClassVar[str] = ".lstmf"
    joined: ClassVar[tuple[str, ...]] = (_LIST,)
    constraints: ClassVar[Constraints] = Constraints(
        forbidden=frozenset("\t\n\r\0"), strips=True, drops_empty=True, nfc=True, horizontal=True
    )

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new file at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples, numbered from 0, labels in visual order; raises ValueError where the file is broken."""
        with path.open("rb") as file:
            (pages,) = _unpacked(file, "<I")
            for page in range(pages):
                _unpacked(file, "<B")
                _block(file)
                _unpacked(file, "<i")
                image = _block(file)
                _block(file)
                text = _block(file)
                (boxes,) = _unpacked(file, "<I")
                _exactly(file, 8 * boxes)
                (texts,) = _unpacked(file, "<I")
                for _ in range(texts):
                    _block(file)
                _unpacked(file, "<B")
                label = text.decode("utf-8")
                yield Stored(f"{page:012d}", label, image, {"text": label})
            if file.read(1):
                raise ValueError("has bytes behind its last page")

    def join(self, data: Path, shards: list[str]) -> None:
        """Write ``list.txt``."""
        write_atomically(data / _LIST, (f"{shard}\n".encode() for shard in shards))


def _exactly(file: Any, n: int) -> bytes:
    data: bytes = file.read(n)
    if len(data) != n:
        raise ValueError(f"ends {n - len(data)} bytes too early")
    return data


def _unpacked(file: Any, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, _exactly(file, struct.calcsize(layout)))


def _block(file: Any) -> bytes:
    (n,) = _unpacked(file, "<I")
    return _exactly(file, n)
