"""ImageFolder of Hugging Face datasets: pictures with a ``metadata.jsonl``.

``load_dataset("imagefolder", data_dir="out/data")`` gives the columns ``image`` and ``text``; TrOCR's recipes read the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import orjson

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, lines_of, read_picture, shape_of, strings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LABELS = "metadata.jsonl"


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.open_file(_LABELS)

    def add(self, stored: Stored) -> None:
        name = self.put_picture(stored._replace(mask=None))
        height, width = shape_of(stored)
        record = {"file_name": name, "height": height, "text": stored.text, "width": width}
        self.put_line(_LABELS, orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


@FORMATS.register
class ImageFolder(FolderFormat):
    """Pictures and metadata.jsonl, as Hugging Face datasets loads them."""

    name: ClassVar[str] = "imagefolder"
    constraints: ClassVar[Constraints] = Constraints()
    keeps: ClassVar[frozenset[str]] = frozenset(("key",))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the metadata is broken."""
        for number, line in enumerate(lines_of(path / _LABELS), 1):
            try:
                record = orjson.loads(line)
                name, text = strings_of(record, "file_name", "text")
            except (orjson.JSONDecodeError, KeyError, TypeError):
                raise ValueError(f"{_LABELS} line {number} is no record with file_name and text") from None
            meta = {"text": text, **{k: record[k] for k in ("height", "width") if k in record}}
            yield Stored(name.rpartition("/")[2].partition(".")[0], text, read_picture(path, name), meta)
