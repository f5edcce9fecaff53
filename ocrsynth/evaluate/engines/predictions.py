"""Readings that were made elsewhere, of the pictures of a frozen suite: services, and engines that need other machines."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrsynth.errors import AssetError, RecipeError, suggest
from ocrsynth.evaluate.engine import ENGINES, Engine, Key, Recognition
from ocrsynth.evaluate.reading import digest_of
from ocrsynth.fields import is_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_SHOWN = 3


@ENGINES.register
class Predictions(Engine):
    """A file of JSON lines, ``{"condition": "defocus_blur-3", "line": 17, "reading": "…"}``, ``confidence`` if there is one.

    Conditions and numbers are those of the frozen suite's folders and files; the predictions.jsonl of a report is such a file.
    """

    name = "predictions"
    BATCH = 256

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[Key, Recognition | None] = {}
        self._pictures: dict[Key, Any] = {}
        try:
            content = path.read_bytes()
        except OSError as error:
            raise AssetError(f"{path}: cannot be read, {error.strerror or error}") from None
        self._sha256 = hashlib.sha256(content).hexdigest()
        for number, row in enumerate(content.splitlines(), 1):
            if not row.strip():
                continue
            try:
                record: dict[str, Any] = json.loads(row)  # which takes the NaN and lone surrogates of its writer
                if "condition" not in record and ("about" in record or "engine_s" in record):
                    continue  # What a report's own file says beside the readings.
                key, known = _prediction(record)
                if "image" in record:
                    self._pictures[key] = record["image"]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise RecipeError(
                    f"{path}:{number}: is no prediction ({error}), got {row[:80]!r}; "
                    'write {"condition": …, "line": …, "reading": …}'
                ) from None
            if self._known.setdefault(key, known) != known:
                raise RecipeError(
                    f"{path}:{number}: is another reading of {key.condition}, line {key.line}, got {row[:80]!r}; "
                    "keep one reading of each picture"
                )

        if not self._known:
            raise RecipeError(f'{path}: holds no readings; write {{"condition": …, "line": …, "reading": …}} for each picture')

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine of a path."""
        del language
        return cls(Path(arguments))

    @classmethod
    def files(cls, arguments: str) -> list[Path]:
        """Return the file."""
        return [Path(arguments)]

    def check_pictures(self, conditions: Sequence[str], n_lines: int | None) -> None:
        """Raise RecipeError if the file has readings of other conditions and lines: misspelt, they would count as missing."""
        known = frozenset(conditions)
        strange = [key for key in self._known if key.condition not in known or (n_lines is not None and key.line >= n_lines)]
        if not strange:
            return
        few = ", ".join(f"{key.condition} line {key.line}" for key in strange[:_SHOWN]) + (
            " …" if len(strange) > _SHOWN else ""
        )
        condition = strange[0].condition
        lines = f"its lines are 0 to {(n_lines or 0) - 1}"
        raise RecipeError(
            f"{self.path}: has readings of pictures that the suite has not, {len(strange)} of {len(self._known)}, got {few}; "
            f"{lines if condition in known else suggest(condition, known)}"
        )

    def versions(self) -> dict[str, str]:
        """Return the name of the file, its hash, and how many readings it holds."""
        return {"predictions": f"{self.path.name} {self._sha256[:16]}, {len(self._known)} readings"}

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Refuse: pictures are found by their keys."""
        raise RecipeError(
            f"{self.path}: readings are found by condition and line, got {len(images)} pictures alone; use evaluate"
        )

    def read_keyed(self, images: Sequence[NDArray[np.uint8]], keys: Sequence[Key]) -> Sequence[str | Recognition | None]:
        """Return the file's readings, None for what it does not hold; raises RecipeError for those of other pictures."""
        for image, key in zip(images, keys, strict=True):
            if key in self._pictures and self._pictures[key] != (known := digest_of(image)):
                raise RecipeError(
                    f"{self.path}: was read of other pictures, got {self._pictures[key]!r} for {key.condition}, "
                    f"line {key.line}, which is {known!r} here; give the --data, -n and --seed that it was read with"
                )
        return [self._known.get(key) for key in keys]


def _prediction(record: dict[str, Any]) -> tuple[Key, Recognition | None]:
    """Return a row's picture and reading; raises KeyError, TypeError or AttributeError."""
    condition, line, text = record["condition"], record["line"], record.get("reading", record.get("text"))
    if not (isinstance(condition, str) and is_whole(line, 0, 1 << 62) and (text is None or isinstance(text, str))):
        raise TypeError("condition and reading must be text, line a whole number from 0")
    # What a report could not read is as good as missing.
    unread = text is None or record.get("status", "ok") != "ok"
    return Key(condition, line), None if unread else Recognition(str(text), record.get("confidence"))
