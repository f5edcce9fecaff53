"""The lines that are compared: real ones from wherever they are, synthetic ones from a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ocrsynth import codec
from ocrsynth.errors import AssetError, OutputError, RecipeError
from ocrsynth.generation.source import evenly, open_source
from ocrsynth.pictures import read_picture, read_picture_in
from ocrsynth.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from ocrsynth.recipe import Recipe

_PICTURES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".pgm", ".ppm", ".pbm", ".pnm", ".gif", ".jp2"}
)
_BATCH = 64


class LinePicture(NamedTuple):
    """A picture of one line."""

    image: NDArray[np.uint8]
    """(H, W) or (H, W, 3) RGB."""
    text: str
    """Its label, or empty if it has none."""
    name: str


def real_lines(path: str | Path, fmt: str | None, most: int) -> tuple[int, Iterator[LinePicture]]:
    """Return how many lines there are at *path*, and up to *most* of them, spread evenly.

    *path* is a data set in any readable format, as a folder with ``labels.tsv``, or a folder of pictures, searched through.
    Raises OutputError if nothing is found there, and while it yields if a picture cannot be read; RecipeError if *fmt* is no
    format.
    """
    root = Path(path)
    if not root.exists():
        raise OutputError(f"{path}: is not there; give a data set, or a folder of line pictures")
    if fmt is None and root.is_dir():
        try:
            open_source(root)
        except OutputError:
            files = [p for p in sorted(root.rglob("*")) if p.suffix.lower() in _PICTURES and p.is_file()]
            if not files:
                raise OutputError(f"{path}: holds neither a data set nor pictures; give one or the other") from None
            return _chosen_files(files, most)
    return _stored(root, fmt, most)


def _chosen_files(files: list[Path], most: int) -> tuple[int, Iterator[LinePicture]]:
    def lines() -> Iterator[LinePicture]:
        for i in evenly(len(files), most):
            try:
                yield LinePicture(read_picture(files[i]), "", files[i].name)
            except AssetError as error:
                raise OutputError(str(error)) from None

    return len(files), lines()


def _stored(root: Path, fmt: str | None, most: int) -> tuple[int, Iterator[LinePicture]]:
    total, chosen = open_source(root, fmt).spread(most)

    def lines() -> Iterator[LinePicture]:
        for shard, stored in chosen:
            where = f"{shard.path}: {stored.key}"
            if not stored.image:
                raise OutputError(f"{where}: the picture is missing; see what is wrong with ocrsynth lint {root}")
            if "\n" in stored.text:
                raise OutputError(f"{where}: only single lines can be compared, got {stored.text!r}; give such")
            try:
                raw = codec.decode(stored.image) if stored.image.startswith(b"\x93NUMPY") else None
                yield LinePicture(read_picture_in(stored.image, where) if raw is None else raw, stored.text, stored.key)
            except (ValueError, AssetError) as error:
                raise OutputError(f"{error}; see what is wrong with ocrsynth lint {root}") from None

    return total, lines()


def synthetic_lines(recipe: Recipe, count: int, on_line: Callable[[int], None]) -> Iterator[LinePicture]:
    """Yield the first *count* samples of a recipe; raises RecipeError if they are not single horizontal lines."""
    if recipe.render.lines.high > 1:
        raise RecipeError(f"render.lines: only single lines can be compared, got {list(recipe.render.lines)!r}; leave it out")
    if recipe.render.vertical:
        raise RecipeError(
            f"render.vertical: only horizontal lines can be compared, got {recipe.render.vertical!r}; set it to 0"
        )
    pipeline = Pipeline(recipe)
    for start in range(0, count, _BATCH):
        for sample in pipeline.batch(range(start, min(start + _BATCH, count))):
            on_line(sample.index + 1)
            yield LinePicture(sample.image, sample.text, sample.key)
