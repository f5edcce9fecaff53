"""Makes the pictures of a condition and has an engine read them; whatever the engine does, each picture gets a record."""

from __future__ import annotations

import hashlib
import math
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ocrsynth.errors import OcrsynthError
from ocrsynth.evaluate.engine import Key, Recognition, Unanswered
from ocrsynth.evaluate.frozen import FrozenPictures
from ocrsynth.evaluate.lines import SourceLine, picture_of, stored_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ocrsynth.evaluate.engine import Engine
    from ocrsynth.evaluate.suite import Condition, Suite

OK = "ok"
_DETAIL = 200


class Pictures:
    """The pictures of all conditions: made from the clean lines, or read from a frozen suite."""

    def __init__(self, suite: Suite, folder: Path, frozen: Path | None = None) -> None:
        self.suite = suite
        self._folder = folder
        self._frozen = None if frozen is None else FrozenPictures(frozen)
        self._lines = {line.number: line for line in stored_lines(folder) or ()}
        self._clean = lru_cache(maxsize=4096)(self._read_clean)

    def _read_clean(self, line: SourceLine) -> NDArray[np.uint8]:
        return picture_of(self._folder, line)

    def of(self, condition: Condition, number: int) -> NDArray[np.uint8]:
        """Return the picture of a line under a condition."""
        line = self._lines[number]
        if self._frozen is not None and condition.severity:
            return self._frozen.of(condition.name, number)
        return self.suite.degrade(self._clean(line), condition, number, line.x_height_px)


def digest_of(image: NDArray[np.uint8]) -> str:
    """Return 16 hex digits of the SHA-256 of a picture's pixels and shape."""
    digest = hashlib.sha256(f"{image.shape}".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()[:16]


def read_chunk(engine: Engine, pictures: Pictures, condition: Condition, numbers: Sequence[int]) -> dict[str, Any]:
    """Return a record of every line, and the seconds inside the engine and in all."""
    began = time.perf_counter()
    images = [pictures.of(condition, number) for number in numbers]
    digests = [digest_of(image) for image in images]
    keys = [Key(condition.name, number) for number in numbers]
    inside = time.perf_counter()
    answers = _answers(engine, images, keys)
    inside = time.perf_counter() - inside
    records = [
        {"condition": key.condition, "line": key.line, "image": digest, **answer}
        for key, digest, answer in zip(keys, digests, answers, strict=True)
    ]
    return {"records": records, "engine_s": inside, "all_s": time.perf_counter() - began}


def failed(condition: str, line: int, image: str, status: str, detail: str = "") -> dict[str, Any]:
    """Return the record of a picture that was not read."""
    return {"condition": condition, "line": line, "image": image, **_failure(status, detail)}


def _failure(status: str, detail: str = "") -> dict[str, Any]:
    return {"reading": "", "confidence": None, "status": status, **({"detail": _written(detail[:_DETAIL])} if detail else {})}


def _written(text: str) -> str:
    """Return *text* without lone surrogates, which cannot be written down."""
    return text.encode("utf-8", "replace").decode()


def _answers(engine: Engine, images: list[NDArray[np.uint8]], keys: list[Key]) -> list[dict[str, Any]]:
    """Return one answer a picture; where a batch goes wrong, its pictures are tried one by one."""
    try:
        # Copies, for an engine may write into what it is given, and clean lines are used again.
        given = engine.read_keyed([image.copy() for image in images], keys)
        if isinstance(given, (str, bytes, dict)):
            # Of which the letters or keys would be taken for readings.
            raise TypeError(f"must give a list of readings, got {type(given).__name__}")  # noqa: TRY301 - as the engine's own
        count = len(given)
    except OcrsynthError:
        raise
    except Unanswered as verdict:
        if len(images) == 1:
            return [_failure(verdict.status, str(verdict))]
    except MemoryError as error:
        if len(images) == 1:
            return [_failure("exception", f"MemoryError: {error}")]
    except Exception as error:  # noqa: BLE001 - an engine may raise anything, and no run is lost for it
        if len(images) == 1:
            return [_failure("exception", f"{type(error).__name__}: {error}")]
    else:
        if count == len(images):
            return [_answer(one) for one in given]
        if len(images) == 1:
            return [_failure("count", f"{count} readings of one picture")]
    return [_answers(engine, [image], [key])[0] for image, key in zip(images, keys, strict=True)]


def _answer(given: Any) -> dict[str, Any]:
    if given is None:
        return _failure("none")
    text, confidence = given if isinstance(given, Recognition) else (given, None)
    if not isinstance(text, str):
        return _failure("type", f"{type(text).__name__} in place of str")
    return {"reading": _written(text), "confidence": _confidence(confidence), "status": OK}


def _confidence(given: Any) -> float | None:
    """Return a confidence as a number, or None for what is none: the reading counts all the same."""
    try:
        number = round(float(given), 4)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
