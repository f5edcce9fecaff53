"""kraken: Arrow IPC files for ``ketos train -f binary``.

One column ``lines`` of struct (text, im, language) and three of booleans for the splits; the metadata ``lines`` is JSON
with the alphabet's counts.  (kraken.lib.arrow_dataset of kraken 7.)  A shard is of the split that its folder says.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth import codec
from ocrsynth.write.base import FORMATS, Constraints, Format, ShardWriter, Stored, optional, split_of
from ocrsynth.write.folders import grey_png

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BATCH = 1000
_SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and c != " ")


class _Writer(ShardWriter):
    def __init__(self, path: Path) -> None:
        self._pa: Any = optional("pyarrow", "arrow", "kraken")
        self._path = path
        self._rows: list[dict[str, Any]] = []
        self._alphabet: Counter[str] = Counter()
        self._colour = False
        # What is not split is for training; what a split of another name is for, kraken has no word for.
        name = split_of(path, "kraken")
        self._split = {"": "train", "val": "validation", "dev": "validation"}.get(name, name)
        path.touch()

    def add(self, stored: Stored) -> None:
        image = stored.image
        if codec.suffix_of(image) != "png":
            pixels = codec.decode(image)
            image = codec.encode_png(pixels) if pixels.ndim == 3 else grey_png(pixels)
        self._colour |= image[25] not in (0, 4)
        self._alphabet.update(stored.text)
        self._rows.append({"text": stored.text, "im": image, "language": []})

    def close(self) -> None:
        pa = self._pa
        line = pa.struct([("text", pa.string()), ("im", pa.binary()), ("language", pa.list_(pa.string()))])
        splits = ("train", "validation", "test")
        counts = {"all": len(self._rows)} | {name: len(self._rows) if name == self._split else 0 for name in splits}
        about = {
            "type": "kraken_recognition_bbox",
            "alphabet": dict(sorted(self._alphabet.items())),
            "text_type": "raw",
            "image_type": "raw",
            "splits": ["train", "eval", "test"],
            "im_mode": "RGB" if self._colour else "L",
            "legacy_polygons": False,
            "languages": {},
            "counts": counts,
        }
        schema = pa.schema([("lines", line), *((name, pa.bool_()) for name in splits)], metadata={"lines": orjson.dumps(about)})
        with self._path.open("wb") as file:
            with pa.ipc.new_file(file, schema) as writer:
                for start in range(0, len(self._rows), _BATCH):
                    rows = self._rows[start : start + _BATCH]
                    marks = [pa.array([name == self._split] * len(rows), pa.bool_()) for name in splits]
                    writer.write_batch(pa.record_batch([pa.array(rows, line), *marks], schema=schema))
            file.flush()
            os.fsync(file.fileno())


@FORMATS.register
class Kraken(Format):
    """Arrow files for kraken's ketos train."""

    name: ClassVar[str] = "kraken"
    requires: ClassVar[tuple[str, str] | None] = ("pyarrow", "arrow")
    suffix: ClassVar[str] = ".arrow"
    # Its loader puts a space for white space of any kind, and takes it off the ends.
    constraints: ClassVar[Constraints] = Constraints(
        forbidden=frozenset(_SPACES), strips=True, drops_empty=True, horizontal=True
    )

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new file at *path*; raises MissingDependencyError."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples, numbered from 0; raises ValueError where the file is broken."""
        pa: Any = optional("pyarrow", "arrow", "kraken")
        try:
            with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as file:
                number = 0
                for i in range(file.num_record_batches):
                    for row in file.get_batch(i).column("lines").to_pylist():
                        yield Stored(f"{number:012d}", row["text"], row["im"] or b"", {"text": row["text"]})
                        number += 1
        except (pa.ArrowException, OSError, KeyError) as error:
            raise ValueError(f"is no readable Arrow file, {error}") from None
