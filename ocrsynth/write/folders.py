"""What formats share whose shards are folders of pictures with label files."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast

import cv2
import numpy as np
import orjson

from ocrsynth import codec
from ocrsynth.write.base import Format, ShardWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ocrsynth.write.base import Stored


class FolderWriter(ShardWriter):
    """Writes pictures under their keys, and lines of labels to one file or several."""

    def __init__(self, path: Path, pictures: str = "") -> None:
        path.mkdir()
        self.path = path
        self.pictures = path / pictures if pictures else path
        if pictures:
            self.pictures.mkdir()
        self._files: dict[str, Any] = {}

    def put_picture(self, stored: Stored) -> str:
        """Write the picture, and its mask if there is one; return the picture's name."""
        name = f"{stored.key}.{codec.suffix_of(stored.image)}"
        (self.pictures / name).write_bytes(stored.image)
        if stored.mask is not None:
            (self.pictures / f"{stored.key}.mask.png").write_bytes(stored.mask)
        return name

    def put_line(self, file: str, content: bytes) -> None:
        """Append *content* to one of the label files."""
        self.open_file(file).write(content)

    def open_file(self, file: str) -> Any:
        """Return a label file, made if it is not there."""
        if file not in self._files:
            self._files[file] = (self.path / file).open("wb")
        return self._files[file]

    def close(self) -> None:
        """Flush all to the disk."""
        for file in self._files.values():
            with file:
                file.flush()
                os.fsync(file.fileno())
        # The names of the pictures live in the folder itself, which has a buffer of its own.
        for folder in {self.path, self.pictures}:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class FolderFormat(Format):
    """A format whose shards are folders."""

    suffix: ClassVar[str] = ""


def read_picture(folder: Path, name: str) -> bytes:
    """Return the bytes of a picture in a folder; empty if it is missing; raises ValueError if it lies outside."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"a label names a picture outside the folder, got {name!r}")
    return path.read_bytes() if path.is_file() else b""


def placed(path: Path, labels: str) -> tuple[Path, str]:
    """Return folder and name of the label file of a shard: a folder with one called *labels*, or a label file itself."""
    return (path.parent, path.name) if path.is_file() else (path, labels)


def read_near(folder: Path, name: str) -> bytes:
    """Return the bytes of a picture in a folder or the one above it, as trainers name them; empty if it is in neither."""
    return read_picture(folder, name) or read_picture(folder.parent, name)


def read_mask(folder: Path, key: str) -> bytes | None:
    """Return the mask of a sample, if there is one."""
    with suppress(FileNotFoundError):
        return (folder / f"{key}.mask.png").read_bytes()
    return None


def strings_of(record: Any, *keys: str) -> tuple[str, ...]:
    """Return the values of *keys* in a record; raises KeyError or TypeError where one is not there, or is no string.

    A label of ``null`` is a missing one, and not the text "None".
    """
    values = tuple(record[key] for key in keys)
    if not all(isinstance(value, str) for value in values):
        raise TypeError(f"no strings under {', '.join(keys)}")
    return values


def lines_of(path: Path) -> Iterator[str]:
    """Yield the lines of a label file, split at LF, or CR LF, only; raises ValueError if it is missing or no UTF-8."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    # Some editors begin a file with a mark of byte order, which is no part of its text.
                    yield line.decode("utf-8-sig" if number == 1 else "utf-8").removesuffix("\n").removesuffix("\r")
                except UnicodeDecodeError as error:
                    raise ValueError(f"{path.name} line {number} is no UTF-8, {error.reason}") from None
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read, {error.strerror}") from None


def records_of(path: Path) -> Iterator[tuple[int, Any]]:
    """Yield number and content of each line of JSON that is not blank; raises ValueError if one is none."""
    for number, line in enumerate(lines_of(path), 1):
        if line.strip():
            try:
                yield number, orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ValueError(f"{path.name} line {number} is not JSON, {error}") from None


def quads_of(meta: dict[str, Any], name: str) -> NDArray[np.float64]:
    """Return quads of the metadata, float64 (n, 4, 2); none if they were not stored."""
    return np.asarray(meta.get(name, ()), np.float64).reshape(-1, 4, 2)


def words_of(stored: Stored) -> list[tuple[str, NDArray[np.float64]]]:
    """Return text and quad, float64 (4, 2), of each word."""
    ranges = np.asarray(stored.meta.get("words", ()), np.int64).reshape(-1, 2).tolist()
    return [(stored.text[a:b], quad) for (a, b), quad in zip(ranges, quads_of(stored.meta, "word_quads"), strict=True)]


def shape_of(stored: Stored) -> tuple[int, int]:
    """Return height and width of the picture."""
    if "height" in stored.meta and "width" in stored.meta:
        return int(stored.meta["height"]), int(stored.meta["width"])
    height, width = codec.decode(stored.image).shape[:2]
    return height, width


def boxes_in(text: str, words: list[tuple[str, list[float]]]) -> dict[str, Any]:
    """Return the metadata of the *words* of a label, each with its corners x, y, …; raises ValueError if one is not in it."""
    ranges, end = [], 0
    for word, _ in words:
        start = text.index(word, end)
        end = start + len(word)
        ranges.append([start, end])
    return {"words": ranges, "word_quads": np.reshape([corners for _, corners in words], (-1, 4, 2)).tolist()}


def box_of(quad: NDArray[np.float64], height: int, width: int) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a quad in whole pixels, inside the picture and not empty."""
    left, top = np.floor(quad.min(axis=0)).astype(int)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int)
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    return int(left), int(top), int(max(min(right, width), left + 1)), int(max(min(bottom, height), top + 1))


def grey_png(image: NDArray[np.uint8]) -> bytes:
    """Return a picture as grey PNG."""
    grey = cast("NDArray[np.uint8]", cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) if image.ndim == 3 else image
    return codec.encode_png(grey)
