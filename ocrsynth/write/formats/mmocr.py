"""MMOCR 1.x: mmengine's ``data_list`` as ``textrecog.json``, over pictures in folders."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TYPE_CHECKING, ClassVar

import orjson

from ocrsynth.files import write_atomically
from ocrsynth.write.base import FORMATS, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, lines_of, read_near, read_picture, records_of, strings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART, _WHOLE = "labels.jsonl", "textrecog.json"


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.open_file(_PART)

    def add(self, stored: Stored) -> None:
        record = {"filename": self.put_picture(stored._replace(mask=None)), "text": stored.text}
        self.put_line(_PART, orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


def _of_whole(path: Path) -> Iterator[Stored]:
    """Yield the samples of a file as MMOCR's configurations name it; raises ValueError if it is none."""
    try:
        records = orjson.loads(path.read_bytes().removeprefix(BOM_UTF8))["data_list"]
        for record in records:
            (name,) = strings_of(record, "img_path")
            for instance in record["instances"]:
                (text,) = strings_of(instance, "text")
                yield Stored(name.rpartition("/")[2].partition(".")[0], text, read_near(path.parent, name), {"text": text})
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no list of img_path and instances with text, {error}") from None


@FORMATS.register
class MmOcr(FolderFormat):
    """Pictures, a labels.jsonl a shard, and textrecog.json for MMOCR."""

    name: ClassVar[str] = "mmocr"
    joined: ClassVar[tuple[str, ...]] = (_WHOLE,)
    keeps: ClassVar[frozenset[str]] = frozenset(("key",))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the list is broken."""
        if path.is_file():
            yield from _of_whole(path)
            return
        for number, record in records_of(path / _PART):
            try:
                name, text = strings_of(record, "filename", "text")
            except (KeyError, TypeError):
                raise ValueError(f"{_PART} line {number} is no record with filename and text") from None
            yield Stored(name.partition(".")[0], text, read_picture(path, name), {"text": text})

    def join(self, data: Path, shards: list[str]) -> None:
        """Write ``textrecog.json``, which names the pictures of all shards."""

        def parts() -> Iterator[bytes]:
            yield b'{"metainfo":{"dataset_type":"TextRecogDataset","task_name":"textrecog"},"data_list":['
            between = b"\n"
            for shard in shards:
                for line in lines_of(data / shard / _PART):
                    record = orjson.loads(line)
                    if not isinstance(record, dict) or not record.keys() >= {"filename", "text"}:
                        raise ValueError(f"{shard}/{_PART}: lacks filename or text in {line[:60]!r}")
                    yield between + orjson.dumps(
                        {"img_path": f"{shard}/{record['filename']}", "instances": [{"text": record["text"]}]}
                    )
                    between = b",\n"
            yield b"\n]}\n"

        write_atomically(data / _WHOLE, parts())
