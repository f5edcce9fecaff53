"""Folder: one image file a sample, labels in ``labels.jsonl``.

A shard is a folder ``<number>/`` of images with a ``labels.jsonl`` of its own; the data set as a whole gets one
``labels.jsonl`` whose ``file`` entries are relative to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth import codec
from ocrsynth.files import write_atomically
from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, read_mask, read_picture, records_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LABELS = "labels.jsonl"
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.open_file(_LABELS)

    def add(self, stored: Stored) -> None:
        name = self.put_picture(stored)
        record = {**stored.meta, "file": name, "text": stored.text}
        self.put_line(_LABELS, orjson.dumps(record, option=_OPTIONS))


@FORMATS.register
class Folder(FolderFormat):
    """Plain image files with one label file."""

    name: ClassVar[str] = "folder"
    joined: ClassVar[tuple[str, ...]] = (_LABELS,)
    constraints: ClassVar[Constraints] = Constraints(images=frozenset(codec.SUFFIXES))
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "meta", "mask"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the label file or an image is missing or broken."""
        for number, record in records_of(path / _LABELS):
            yield _stored(path, record, number)

    def join(self, data: Path, shards: list[str]) -> None:
        """Write ``labels.jsonl``, the label files of all shards joined."""

        def lines() -> Iterator[bytes]:
            for shard in shards:
                with (data / shard / _LABELS).open("rb") as labels:
                    for line in labels:
                        record = orjson.loads(line)
                        record["file"] = f"{shard}/{record['file']}"
                        yield orjson.dumps(record, option=_OPTIONS)

        write_atomically(data / _LABELS, lines())


def _stored(path: Path, record: Any, number: int) -> Stored:
    if not isinstance(record, dict) or not isinstance(record.get("file"), str) or not isinstance(record.get("text"), str):
        raise ValueError(f"{_LABELS} line {number} is no record with a file and a text")  # noqa: TRY004 - of the file's content
    name = record.pop("file")
    key = name.rpartition("/")[2].partition(".")[0]
    return Stored(key, record["text"], read_picture(path, name), record, read_mask(path, key))
