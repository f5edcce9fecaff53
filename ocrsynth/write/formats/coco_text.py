"""COCO-Text v2: ``coco_text.json`` with a box and a text for each word, over pictures in folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth.files import write_atomically
from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored, split_of
from ocrsynth.write.folders import (
    FolderFormat,
    FolderWriter,
    box_of,
    boxes_in,
    lines_of,
    read_picture,
    records_of,
    shape_of,
    strings_of,
    words_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART, _WHOLE = "words.jsonl", "coco_text.json"
_SETS = {"": "train", "validation": "val", "dev": "val"}
"""By name of a split, what its pictures are for; what is not split is for training, and splits of other names are of these."""


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.open_file(_PART)

    def add(self, stored: Stored) -> None:
        height, width = shape_of(stored)
        words = []
        for text, quad in words_of(stored):
            left, top, right, bottom = box_of(quad, height, width)
            mask = [round(v, 2) for v in quad.ravel().tolist()]
            words.append({"text": text, "bbox": [left, top, right - left, bottom - top], "mask": mask})
        name = self.put_picture(stored._replace(mask=None))
        record = {"file_name": name, "height": height, "text": stored.text, "width": width, "words": words}
        self.put_line(_PART, orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))


@FORMATS.register
class CocoText(FolderFormat):
    """Words with boxes, as COCO-Text has them."""

    name: ClassVar[str] = "coco-text"
    joined: ClassVar[tuple[str, ...]] = (_WHOLE,)
    constraints: ClassVar[Constraints] = Constraints(needs_boxes=True, drops_empty=True)
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "boxes"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the list is broken."""
        for number, record in records_of(path / _PART):
            try:
                name, text = strings_of(record, "file_name", "text")
                meta = {"text": text, "height": int(record["height"]), "width": int(record["width"])}
                meta |= boxes_in(text, [(word["text"], word["mask"]) for word in record["words"]])
            except (KeyError, TypeError, ValueError):
                raise ValueError(f"{_PART} line {number} is no record with file_name and text") from None
            yield Stored(name.partition(".")[0], text, read_picture(path, name), meta)

    def join(self, data: Path, shards: list[str]) -> None:
        """Write ``coco_text.json``, its images and annotations numbered from 1."""
        split = split_of(data / _WHOLE, self.name)

        def records() -> Iterator[tuple[int, str, Any]]:
            number = 0
            for shard in shards:
                for line in lines_of(data / shard / _PART):
                    number += 1
                    yield number, shard, orjson.loads(line)

        def parts() -> Iterator[bytes]:
            # Walks over the label files, and not all pictures in memory.
            yield b'{"cats":{},"imgs":{'
            for number, shard, r in records():
                image = {
                    "id": number,
                    "set": _SETS.get(split, split),
                    "width": r["width"],
                    "height": r["height"],
                    "file_name": f"{shard}/{r['file_name']}",
                }
                yield (b",\n" if number > 1 else b"\n") + b'"%d":' % number + orjson.dumps(image)
            yield b'},\n"anns":{'
            of_image: list[bytes] = []
            annotation = 0
            for number, _, r in records():
                ids = []
                for word in r["words"]:
                    annotation += 1
                    ids.append(annotation)
                    content = {
                        "id": annotation,
                        "image_id": number,
                        "utf8_string": word["text"],
                        "legibility": "legible",
                        "language": "na",
                        "class": "machine printed",
                        "mask": word["mask"],
                        "bbox": word["bbox"],
                        "area": word["bbox"][2] * word["bbox"][3],
                    }
                    yield (b",\n" if annotation > 1 else b"\n") + b'"%d":' % annotation + orjson.dumps(content)
                of_image.append(b'"%d":' % number + orjson.dumps(ids))
            yield b'},\n"imgToAnns":{' + b",".join(of_image) + b"}}\n"

        write_atomically(data / _WHOLE, parts())
