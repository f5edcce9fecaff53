"""ImageFolder of Hugging Face datasets: pictures with a ``metadata.jsonl``.

``load_dataset("imagefolder", data_dir="out/data")`` gives the columns ``image`` and ``text``; TrOCR's recipes read the same.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, ClassVar

import orjson

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, placed, read_picture, records_of, shape_of, strings_of

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


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield number and content of each row of a ``metadata.csv``; raises ValueError if it is no UTF-8."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from enumerate(csv.DictReader(file), 2)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path.name} cannot be read, {error}") from None


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
        folder, labels = placed(path, _LABELS)
        records = _rows(path) if labels.endswith(".csv") else records_of(folder / labels)
        for number, record in records:
            try:
                name, text = strings_of(record, "file_name", "text")
            except (KeyError, TypeError):
                raise ValueError(f"{labels} line {number} is no record with file_name and text") from None
            meta = {"text": text, **{k: record[k] for k in ("height", "width") if isinstance(record.get(k), int)}}
            yield Stored(name.rpartition("/")[2].partition(".")[0], text, read_picture(folder, name), meta)
