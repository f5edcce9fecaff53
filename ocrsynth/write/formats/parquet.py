"""Parquet with the metadata of Hugging Face datasets: ``load_dataset("parquet", …)`` gives pictures and texts.

Columns: ``image`` (struct of bytes and path, the ``Image`` feature), ``text``, ``key`` and ``metadata`` (JSON, see
``write/meta.py``).  Texts are compressed with zstd; pictures are compressed already.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth import codec
from ocrsynth.write.base import FORMATS, Format, ShardWriter, Stored, optional
from ocrsynth.write.meta import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROWS = 1000
_FEATURES = {
    "info": {
        "features": {
            "image": {"_type": "Image"},
            "text": {"dtype": "string", "_type": "Value"},
            "key": {"dtype": "string", "_type": "Value"},
            "metadata": {"dtype": "string", "_type": "Value"},
        }
    }
}


class _Writer(ShardWriter):
    def __init__(self, path: Path) -> None:
        self._pa: Any = optional("pyarrow", "arrow", "parquet")
        self._pq: Any = optional("pyarrow.parquet", "arrow", "parquet")
        pa = self._pa
        self._schema = pa.schema(
            [
                ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
                ("text", pa.string()),
                ("key", pa.string()),
                ("metadata", pa.string()),
            ],
            metadata={"huggingface": orjson.dumps(_FEATURES).decode()},
        )
        self._file = path.open("wb")
        self._writer = self._pq.ParquetWriter(
            self._file,
            self._schema,
            compression={"image.bytes": "none", "image.path": "zstd", "text": "zstd", "key": "zstd", "metadata": "zstd"},
            use_dictionary=False,
            write_page_index=True,
        )
        self._rows: list[dict[str, Any]] = []

    def add(self, stored: Stored) -> None:
        name = f"{stored.key}.{codec.suffix_of(stored.image)}"
        self._rows.append(
            {
                "image": {"bytes": stored.image, "path": name},
                "text": stored.text,
                "key": stored.key,
                "metadata": to_json(stored.meta).decode(),
            }
        )
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(self._pa.Table.from_pylist(self._rows, schema=self._schema), row_group_size=_ROWS)
            self._rows.clear()

    def close(self) -> None:
        with self._file:
            self._flush()
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())


@FORMATS.register
class Parquet(Format):
    """Parquet shards for Hugging Face datasets."""

    name: ClassVar[str] = "parquet"
    requires: ClassVar[tuple[str, str] | None] = ("pyarrow", "arrow")
    suffix: ClassVar[str] = ".parquet"
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "meta"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new file at *path*; raises MissingDependencyError."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the file is broken."""
        pa: Any = optional("pyarrow", "arrow", "parquet")
        pq: Any = optional("pyarrow.parquet", "arrow", "parquet")
        try:
            with pq.ParquetFile(path) as file:
                names = set(file.schema_arrow.names)
                if not {"image", "text"} <= names:
                    raise ValueError(f"has the columns {sorted(names)}, not image and text")
                number = 0
                for batch in file.iter_batches(batch_size=_ROWS):
                    for row in batch.to_pylist():
                        image, text = row["image"] or {}, row["text"]
                        meta = orjson.loads(row["metadata"]) if row.get("metadata") else {"text": text}
                        key = row.get("key") or f"{number:012d}"
                        number += 1
                        yield Stored(key, text, (image.get("bytes") if isinstance(image, dict) else image) or b"", meta)
        except (pa.ArrowException, OSError) as error:
            raise ValueError(f"is no readable Parquet file, {error}") from None
