"""Folder: one image file a sample, labels in ``labels.jsonl``.

A shard is a folder ``<number>/`` of images with a ``labels.jsonl`` of its own; the data set as a whole gets one
``labels.jsonl`` whose ``file`` entries are relative to it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth import codec
from ocrsynth.write.base import FORMATS, Format, ShardWriter, Stored
from ocrsynth.write.meta import as_dict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocrsynth.records import Sample

_LABELS = "labels.jsonl"
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


class _FolderWriter(ShardWriter):
    def __init__(self, path: Path) -> None:
        path.mkdir()
        self._path = path
        self._labels = (path / _LABELS).open("wb")

    def add(self, sample: Sample) -> None:
        name = f"{sample.key}.{codec.suffix_of(sample.encoded)}"
        (self._path / name).write_bytes(sample.encoded)
        self._labels.write(orjson.dumps({"file": name, **as_dict(sample)}, option=_OPTIONS))

    def close(self) -> None:
        with self._labels:
            self._labels.flush()
            os.fsync(self._labels.fileno())
        # The names of the images live in the folder itself, which has a buffer of its own.
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@FORMATS.register
class Folder(Format):
    """Plain image files with one label file."""

    name: ClassVar[str] = "folder"
    suffix: ClassVar[str] = ""
    joined: ClassVar[tuple[str, ...]] = (_LABELS,)

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _FolderWriter(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the label file or an image is missing or broken."""
        try:
            with (path / _LABELS).open("rb") as labels:
                for number, line in enumerate(labels, 1):
                    yield _stored(path, orjson.loads(line), number)
        except (OSError, orjson.JSONDecodeError) as error:
            raise ValueError(f"{_LABELS} cannot be read, {error}") from None

    def join(self, data: Path, shards: list[str]) -> None:
        """Write ``labels.jsonl``, the label files of all shards joined."""
        part = data / f"{_LABELS}.part-{os.getpid()}"
        with part.open("wb") as joined:
            for shard in shards:
                with (data / shard / _LABELS).open("rb") as labels:
                    for line in labels:
                        record = orjson.loads(line)
                        record["file"] = f"{shard}/{record['file']}"
                        joined.write(orjson.dumps(record, option=_OPTIONS))
            joined.flush()
            os.fsync(joined.fileno())
        part.replace(data / _LABELS)


def _stored(path: Path, record: Any, number: int) -> Stored:
    if not isinstance(record, dict) or not isinstance(record.get("file"), str) or not isinstance(record.get("text"), str):
        raise ValueError(f"{_LABELS} line {number} is no record with a file and a text")  # noqa: TRY004 - of the file's content
    name = record.pop("file")
    picture = path / name
    return Stored(name.partition(".")[0], record["text"], picture.read_bytes() if picture.is_file() else b"", record)
