"""PaddleOCR: lists of path and label, a dictionary, and a list of quads for detection.

Recognition: ``rec_gt.txt``, a line ``path<TAB>label``; ``dict.txt``, a character a line, without the space
(``use_space_char: true``).  Detection: ``det_gt.txt``, a line ``path<TAB>[{"transcription": …, "points": […]}, …]`` of
the words.  Paths are relative to the data folder (``data_dir``).  Readers strip nothing, but split at tabs.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth.files import write_atomically
from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat, FolderWriter, boxes_in, lines_of, placed, read_near, read_picture, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_REC, _DET, _DICT = "rec_gt.txt", "det_gt.txt", "dict.txt"


class _Writer(FolderWriter):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.open_file(_REC)
        self.open_file(_DET)

    def add(self, stored: Stored) -> None:
        name = self.put_picture(stored._replace(mask=None))
        self.put_line(_REC, f"{name}\t{stored.text}\n".encode())
        words = [{"transcription": text, "points": _points(quad)} for text, quad in words_of(stored)]
        if words:
            self.put_line(_DET, f"{name}\t".encode() + orjson.dumps(words) + b"\n")


def _points(quad: NDArray[np.float64]) -> list[list[int]]:
    """Return a quad in whole pixels; of a dash that is thinner than one, still an area."""
    points: list[list[int]] = quad.round().astype(int).tolist()
    for axis, far in ((0, (1, 2)), (1, (2, 3))):
        if len({point[axis] for point in points}) == 1:
            for corner in far:
                points[corner][axis] += 1
    return points


def _boxes(path: Path) -> Iterator[tuple[str, list[tuple[str, list[float]]]]]:
    """Yield each picture's words with their corners, x, y, …; raises ValueError where the list is broken."""
    for number, line in enumerate(lines_of(path), 1):
        name, _, content = line.partition("\t")
        try:
            words = [
                (str(w["transcription"]), [float(n) for point in w["points"] for n in point]) for w in orjson.loads(content)
            ]
        except (ValueError, KeyError, TypeError):
            raise ValueError(f"{_DET} line {number} is not path, tab and a list of words with points") from None
        # Of regions with more corners, and those marked as not to be read, nothing is known of words.
        if all(len(corners) == _FLAT_QUAD for _, corners in words):
            yield name, words


_FLAT_QUAD = 8


@FORMATS.register
class Paddle(FolderFormat):
    """PaddleOCR's lists for recognition and detection, with the dictionary."""

    name: ClassVar[str] = "paddle"
    joined: ClassVar[tuple[str, ...]] = (_REC, _DET, _DICT)
    constraints: ClassVar[Constraints] = Constraints(forbidden=frozenset("\t\n\r"), drops_empty=True)
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "boxes"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return _Writer(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples; raises ValueError where the list is broken."""
        boxes = dict(_boxes(path / _DET)) if (path / _DET).is_file() else {}
        folder, listing = placed(path, _REC)
        picture = read_near if path.is_file() else read_picture
        for number, line in enumerate(lines_of(folder / listing), 1):
            if not line.strip():
                continue
            name, tab, text = line.partition("\t")
            if not tab or "\t" in text:
                raise ValueError(f"{listing} line {number} is not path, tab and label")
            words = boxes.get(name, [])
            meta: dict[str, Any] = {"text": text}
            with suppress(ValueError):  # The two lists are read by two trainers, and one of them may have been mended.
                meta |= boxes_in(text, words) if words else {}
            yield Stored(name.rpartition("/")[2].partition(".")[0], text, picture(folder, name), meta)

    def join(self, data: Path, shards: list[str]) -> None:
        """Write both lists for all shards, and the dictionary of their characters."""
        characters: Counter[str] = Counter()

        def lines(file: str) -> Iterator[bytes]:
            for shard in shards:
                for line in lines_of(data / shard / file):
                    if file == _REC:
                        characters.update(line.partition("\t")[2])
                    yield f"{shard}/{line}\n".encode()

        write_atomically(data / _REC, lines(_REC))
        write_atomically(data / _DET, lines(_DET))
        del characters[" "]
        write_atomically(data / _DICT, (f"{c}\n".encode() for c in sorted(characters)))
