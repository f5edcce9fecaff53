"""docTR: ``images/`` and ``labels.json``, for its RecognitionDataset.

docTR's vocabularies have no space, so its samples are words: each word of a line is cut out by its box, as
``<key>_<n>``.  A line of one word is one sample.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, ClassVar

import orjson

from ocrsynth import codec
from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, box_of, read_picture, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LABELS = "labels.json"


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path, "images")
        self._labels: dict[str, str] = {}

    def add(self, stored: Stored) -> None:
        image = codec.decode(stored.image)
        for number, (text, quad) in enumerate(words_of(stored)):
            left, top, right, bottom = box_of(quad, *image.shape[:2])
            name = f"{stored.key}_{number:03d}.png"
            (self.pictures / name).write_bytes(codec.encode_png(image[top:bottom, left:right].copy()))
            self._labels[name] = text

    def close(self) -> None:
        content = orjson.dumps(self._labels, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        self.put_line(_LABELS, content + b"\n")
        super().close()


@FORMATS.register
class Doctr(FolderFormat):
    """Words for docTR's RecognitionDataset."""

    name: ClassVar[str] = "doctr"
    constraints: ClassVar[Constraints] = Constraints(drops_empty=True, needs_boxes=True)
    keeps: ClassVar[frozenset[str]] = frozenset(("words",))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the words; raises ValueError where the labels are broken."""
        try:
            labels = orjson.loads((path / _LABELS).read_bytes().removeprefix(BOM_UTF8))
        except (OSError, orjson.JSONDecodeError) as error:
            raise ValueError(f"{_LABELS} cannot be read, {error}") from None
        if not isinstance(labels, dict) or not all(isinstance(text, str) for text in labels.values()):
            raise ValueError(f"{_LABELS} is no mapping of names to labels")
        for name, text in labels.items():
            yield Stored(name.partition(".")[0], text, read_picture(path / "images", name), {"text": text})
