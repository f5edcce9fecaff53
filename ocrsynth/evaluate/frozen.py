"""A suite's pictures as files, for engines that run elsewhere, and for the same pixels on any machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from ocrsynth import codec
from ocrsynth.errors import OutputError
from ocrsynth.evaluate.lines import LINES, hash_of, hash_of_lines, stored_lines
from ocrsynth.evaluate.suite import read_suite
from ocrsynth.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ocrsynth.evaluate.lines import SourceLine
    from ocrsynth.evaluate.reading import Pictures
    from ocrsynth.evaluate.suite import Condition, Suite

FROZEN = "suite.json"
_HASHES = "pictures.json"


def freeze(
    folder: Path,
    suite: Suite,
    conditions: Sequence[Condition],
    lines: Sequence[SourceLine],
    pictures: Pictures,
    on_picture: Callable[[int], None],
    language: str,
) -> None:
    """Write ``<condition>/<line>.png`` for every condition and line; the lines themselves are in *folder* already.

    The description comes last, so a folder with one is whole.
    """
    hashes: dict[str, list[str]] = {}
    for condition in conditions:
        if not condition.severity:
            continue
        (folder / condition.name).mkdir(exist_ok=True)
        hashes[condition.name] = []
        for line in lines:
            data = codec.encode_png(pictures.of(condition, line.number))
            (folder / condition.name / f"{line.number:06d}.png").write_bytes(data)
            hashes[condition.name].append(hash_of(data))
            on_picture(1)
    write_atomically(folder / _HASHES, orjson.dumps(hashes) + b"\n")
    content = {"suite": suite.source, "hash": suite.hash, "lines_sha256": hash_of_lines(lines), "language": language}
    content["conditions"] = [c.name for c in conditions]
    write_atomically(folder / FROZEN, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def read_frozen(folder: Path) -> Suite:
    """Return the suite of a frozen folder, which has the conditions that were frozen.

    Raises OutputError if it is none, or its lines are not those that were frozen.
    """
    path = folder / FROZEN
    try:
        content = orjson.loads(path.read_bytes())
        # Whatever the ops are by now, the pictures are those of the hash that they were frozen with.
        suite = replace(read_suite(content["suite"], str(path)), frozen_hash=str(content["hash"]))
        unknown = set(content["conditions"]) - {c.name for c in suite.conditions()}
        lines_sha256 = content["lines_sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{path}: is no frozen suite, {error}; freeze it again") from None
    if unknown:
        raise OutputError(f"{path}: has conditions that its suite has not, got {', '.join(sorted(unknown))}; freeze it again")
    lines = stored_lines(folder / LINES)
    if lines is None or hash_of_lines(lines) != lines_sha256:
        # Pictures go by the numbers of lines: one line less, and each has its neighbour's label.
        raise OutputError(f"{folder / LINES}: must be the lines that were frozen, got others; freeze them again")
    return suite


def language_of(folder: Path) -> str | None:
    """Return the language that a frozen suite was made for; None of one that does not say it, as the first did not."""
    language = orjson.loads((folder / FROZEN).read_bytes()).get("language")
    return language if isinstance(language, str) else None


class FrozenPictures:
    """The pictures of a frozen folder, each looked at before it is used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._hashes: dict[str, list[str]] = orjson.loads((folder / _HASHES).read_bytes())
        except (OSError, ValueError) as error:
            raise OutputError(f"{folder / _HASHES}: cannot be read, {error}; freeze the suite again") from None

    def of(self, condition: str, number: int) -> NDArray[np.uint8]:
        """Return the picture of a line under a condition; raises OutputError if it is not the one that was frozen."""
        path = self._folder / condition / f"{number:06d}.png"
        try:
            data = path.read_bytes()
            same = hash_of(data) == self._hashes[condition][number]
            picture = codec.decode(data) if same else None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise OutputError(f"{path}: cannot be read, {error}; freeze the suite again") from None
        if picture is None:
            raise OutputError(f"{path}: is not the picture that was frozen, got other bytes; freeze the suite again")
        return picture


def files_of(data: Path) -> list[Path]:
    """Return what tells whether lines changed: of a frozen folder its two files, which hold hashes of the others."""
    frozen = [data / FROZEN, data / _HASHES]
    return frozen if frozen[0].exists() else [data]


def frozen_conditions(folder: Path) -> frozenset[str]:
    """Return the names of the conditions whose pictures a frozen folder holds."""
    return frozenset(orjson.loads((folder / FROZEN).read_bytes())["conditions"])
