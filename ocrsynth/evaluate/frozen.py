"""A suite's pictures as files, for engines that run elsewhere, and for the same pixels on any machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from ocrsynth import codec
from ocrsynth.errors import OutputError
from ocrsynth.evaluate.lines import hash_of_lines
from ocrsynth.evaluate.suite import read_suite
from ocrsynth.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ocrsynth.evaluate.lines import SourceLine
    from ocrsynth.evaluate.reading import Pictures
    from ocrsynth.evaluate.suite import Condition, Suite

FROZEN = "suite.json"


def freeze(
    folder: Path,
    suite: Suite,
    conditions: Sequence[Condition],
    lines: Sequence[SourceLine],
    pictures: Pictures,
    on_picture: Callable[[int], None],
) -> None:
    """Write ``<condition>/<line>.png`` for every condition and line; the lines themselves are in *folder* already.

    The description comes last, so a folder with one is whole.
    """
    for condition in conditions:
        if not condition.severity:
            continue
        (folder / condition.name).mkdir(exist_ok=True)
        for line in lines:
            data = codec.encode_png(pictures.of(condition, line.number))
            (folder / condition.name / f"{line.number:06d}.png").write_bytes(data)
            on_picture(1)
    content = {"suite": suite.source, "hash": suite.hash, "lines_sha256": hash_of_lines(lines)}
    content["conditions"] = [c.name for c in conditions]
    write_atomically(folder / FROZEN, orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")


def read_frozen(folder: Path) -> Suite:
    """Return the suite of a frozen folder, which has the conditions that were frozen; raises OutputError."""
    path = folder / FROZEN
    try:
        content = orjson.loads(path.read_bytes())
        frozenset(content["conditions"])
        # Whatever the ops are by now, the pictures are those of the hash that they were frozen with.
        return replace(read_suite(content["suite"], str(path)), frozen_hash=str(content["hash"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{path}: is no frozen suite, {error}; freeze it again") from None


def frozen_conditions(folder: Path) -> frozenset[str]:
    """Return the names of the conditions whose pictures a frozen folder holds."""
    return frozenset(orjson.loads((folder / FROZEN).read_bytes())["conditions"])
