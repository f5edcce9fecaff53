"""The source lines: clean text that every condition starts from, kept as files beside the report."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cv2
import numpy as np
import orjson

from ocrsynth import codec
from ocrsynth.degrade.chain import LONGEST_PX
from ocrsynth.errors import AssetError, OutputError, RecipeError
from ocrsynth.files import write_atomically
from ocrsynth.generation.source import open_source
from ocrsynth.pictures import read_picture_in
from ocrsynth.pipeline import Pipeline
from ocrsynth.recipe import Recipe
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import default_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_RENDER_PX = 96
"""Lines are drawn larger than they are used, and averaged down."""
_LENGTH = [8, 40]
_CLASSES = {"serif": 3, "sans": 4, "slab": 1, "mono": 1, "condensed": 1, "other": 4, "hand": 0, "display": 0}
"""Engines for print are not asked to read brush scripts."""
_BATCH = 32
_INDEX = "lines.jsonl"
_X_OF_HEIGHT = 0.35
"""X-height of a line picture whose text cannot be measured, as a share of its height."""
_LEAST_X_OF_HEIGHT = 0.12
"""What is lower is no letter: a dash, a rule."""
_LARGEST_SCALE = 6.0


LINES = "lines"
"""Folder of the lines, of a report or a frozen suite."""


class SourceLine(NamedTuple):
    """A clean line, as the index of a report has it."""

    number: int
    text: str
    x_height_px: float
    font_class: str
    """Class of its font (serif, sans, …), or empty for lines that were not made here."""
    family: str
    key: str
    """Its name where it comes from."""
    sha256: str
    """Of its PNG file."""


def rendered(recipe: Recipe, count: int) -> Iterator[tuple[NDArray[np.uint8], float, dict[str, Any]]]:
    """Yield *count* clean lines: the picture, its x-height in px, and text, font_class, family and key."""
    pipeline = Pipeline(recipe)
    for start in range(0, count, _BATCH):
        for sample in pipeline.batch(range(start, min(start + _BATCH, count))):
            font = sample.provenance["font"]
            x_height = measured_x_height(sample.image) if font is None else font["x_height_px"]
            yield (
                sample.image,
                x_height,
                {
                    "text": sample.text,
                    "font_class": font["class"] if font else "",
                    "family": font["family"] if font else "",
                    "key": sample.key,
                },
            )


def clean_recipe(language: str, seed: int, fonts: dict[str, Any] | None = None) -> Recipe:
    """Return the recipe of an evaluation's lines: running words of the language in fonts made for text, black on white."""
    # All that decides the pixels is said here: a suite's figures must not move with the defaults of recipes.
    return Recipe.from_dict(
        {
            "language": language,
            "seed": seed,
            "degrade": "clean",
            "text": {"sources": list(default_sources(alphabet.load(language))[:1]), "length_clusters": _LENGTH},
            "render": {"height_px": _RENDER_PX},
            "fonts": {"classes": _CLASSES, **(fonts or {})},
            "output": {"image": "png"},
        }
    )


def read_from(data: Path, fmt: str | None, count: int) -> Iterator[tuple[NDArray[np.uint8], float, dict[str, Any]]]:
    """Yield up to *count* lines of a data set in any readable format, spread evenly over it; for the rest see `rendered`."""
    _, lines = open_source(data, fmt).spread(count)
    for _, stored in lines:
        try:
            raw = stored.image.startswith(b"\x93NUMPY")
            # As `degrade` and `compare` read them: upright by its EXIF, alpha on white.
            image = codec.decode(stored.image) if raw else read_picture_in(stored.image, stored.key)
        except (ValueError, AssetError) as error:
            raise OutputError(f"{data}: the picture of {stored.key} cannot be read, {error}; run ocrsynth lint") from None
        if "\n" in stored.text:
            raise OutputError(
                f"{data}: pictures of several lines cannot be evaluated, got {stored.text!r} of {stored.key}; give single lines"
            )
        font = (stored.meta.get("provenance") or {}).get("font") or {}
        facts = {"text": stored.text, "font_class": font.get("class", ""), "family": font.get("family", ""), "key": stored.key}
        yield image, measured_x_height(image), facts


def store(
    lines: Iterable[tuple[NDArray[np.uint8], float, dict[str, Any]]],
    folder: Path,
    x_height_px: float | None,
    on_line: Callable[[int], None] = lambda _: None,
) -> list[SourceLine]:
    """Write lines as PNG files and an index; the index comes last, so a folder with one is whole.

    With *x_height_px* pictures are resized to that x-height: averaged down, or interpolated up by `_LARGEST_SCALE` at most.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: list[SourceLine] = []
    for number, (image, x_height, facts) in enumerate(lines):
        if x_height_px is not None:
            height, width = image.shape[:2]
            scale = _scale(x_height, x_height_px)
            if max(height, width) * scale > LONGEST_PX:
                raise RecipeError(
                    f"--data: the picture of {facts['key']} would have {width * scale:.0f}×{height * scale:.0f} px, got "
                    f"{width}×{height} with letters of {x_height:.0f} px; cut it into lines, or give --keep-size"
                )
            image, x_height = resized(image, x_height, x_height_px)  # noqa: PLW2901 - the same line, at its size
        data = codec.encode_png(image)
        (folder / f"{number:06d}.png").write_bytes(data)
        found.append(
            SourceLine(
                number,
                facts["text"],
                round(x_height, 3),
                facts["font_class"],
                facts["family"],
                facts["key"],
                hash_of(data),
            )
        )
        on_line(number + 1)
    if not found:
        raise RecipeError("-n: there must be at least one line, got none")
    write_atomically(folder / _INDEX, b"".join(orjson.dumps(line._asdict()) + b"\n" for line in found))
    return found


def stored_lines(folder: Path) -> list[SourceLine] | None:
    """Return the lines of a folder that `store` filled, or None if it did not finish."""
    try:
        content = (folder / _INDEX).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return [SourceLine(**orjson.loads(row)) for row in content.splitlines()]
    except (ValueError, TypeError) as error:
        raise OutputError(f"{folder / _INDEX}: is damaged, {error}; start again in an empty folder") from None


def picture_of(folder: Path, line: SourceLine) -> NDArray[np.uint8]:
    """Return the picture of a stored line; raises OutputError if it changed."""
    path = folder / f"{line.number:06d}.png"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OutputError(f"{path}: cannot be read, {error.strerror or error}; start again in an empty folder") from None
    if hash_of(data) != line.sha256:
        raise OutputError(f"{path}: is not the picture of line {line.number} any more; start again in an empty folder")
    return codec.decode(data)


def hash_of(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(data).hexdigest()


def hash_of_lines(lines: Iterable[SourceLine]) -> str:
    """Return SHA-256 over labels and pictures."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(orjson.dumps([line.text, line.sha256, line.x_height_px]))
    return digest.hexdigest()


def measured_x_height(image: NDArray[np.uint8]) -> float:
    """Return about the x-height of a picture of one line, in px: the rows between x-line and baseline hold most ink.

    Capitals alone give their own height.  A picture without contrast gives a share of its height.
    """
    grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    height = int(grey.shape[0])
    if int(grey.max()) - int(grey.min()) < 16 or height < 4:
        return max(height * _X_OF_HEIGHT, 1.0)
    # Subpixel rows: small pictures would otherwise be measured in steps of a tenth of their text.
    tall: Any = cv2.resize(grey, (int(grey.shape[1]), height * 4), interpolation=cv2.INTER_LINEAR)
    _, binary = cv2.threshold(tall, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    if np.count_nonzero(binary) > binary.size / 2:
        binary = cast("NDArray[np.uint8]", cv2.bitwise_not(binary))
    rows = np.asarray(binary, np.float64).sum(axis=1)
    dense = np.flatnonzero(rows >= np.quantile(rows, 0.9) * 0.5)
    if not len(dense):
        return max(height * _X_OF_HEIGHT, 1.0)
    runs = np.split(dense, np.flatnonzero(np.diff(dense) > 2) + 1)
    longest = max(runs, key=lambda run: float(rows[run].sum()))
    return max(float(longest[-1] - longest[0] + 1) / 4, height * _LEAST_X_OF_HEIGHT, 1.0)


def _scale(x_height: float, wanted: float) -> float:
    return min(wanted / x_height, _LARGEST_SCALE)


def resized(image: NDArray[np.uint8], x_height: float, wanted: float) -> tuple[NDArray[np.uint8], float]:
    """Return a picture whose text has an x-height of *x_height* px brought to *wanted*, and the x-height that it got."""
    scale = _scale(x_height, wanted)
    height, width = image.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    if size == (width, height):
        return image, x_height
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cast("NDArray[np.uint8]", cv2.resize(image, size, interpolation=how)), x_height * scale
