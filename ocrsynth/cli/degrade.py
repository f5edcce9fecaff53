"""``ocrsynth degrade``."""

from __future__ import annotations

from codecs import BOM_UTF8
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import click

from ocrsynth.cli import _complete
from ocrsynth.cli._number import a_number
from ocrsynth.cli._place import Place

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ocrsynth.augment import Augmented

_SHAPES = {
    "cluster_quads": (-1, 4, 2),
    "word_quads": (-1, 4, 2),
    "line_quad": (4, 2),
    "baseline": (-1, 2),
    "line_quads": (-1, 4, 2),
}
"""Of the points of a label; -1 for any number."""


@click.command(epilog="Example: ocrsynth degrade one/000000000123.png --preset camera -o degraded/")
@click.argument("pictures", nargs=-1, required=True, type=Place(exists=True, dir_okay=False))
@click.option("--preset", help="Degradation preset.  [default: scan]", shell_complete=_complete.presets)
@click.option("--recipe", type=Place(dir_okay=False), help="Take the chain of this recipe, or of its styles by their weights.")
@click.option("--seed", type=click.IntRange(0, (1 << 63) - 1), default=0, show_default=True, help="Seed of all random numbers.")
@click.option(
    "--em",
    "em_px",
    type=click.FloatRange(1, 10_000),
    callback=a_number,
    help="Font size of the text in px.  [default: as the file beside a picture says, or 0.7 of the height]",
)
@click.option("-o", "--out", required=True, type=Place(file_okay=False), help="Folder of the degraded pictures.")
def command(
    pictures: tuple[str, ...], preset: str | None, recipe: str | None, seed: int, em_px: float | None, out: str
) -> None:
    """Degrade pictures of your own.

    A file of the same name ending in .json beside a picture, with boxes as ocrsynth writes them, is carried along.
    """
    from pathlib import Path

    from ocrsynth import codec
    from ocrsynth.augment import chain_of, degrade_image
    from ocrsynth.degrade.chain import Chain
    from ocrsynth.errors import AssetError, OutputError, RecipeError
    from ocrsynth.files import write_output
    from ocrsynth.pictures import read_picture
    from ocrsynth.recipe import Recipe
    from ocrsynth.seeding import Stream

    if preset and recipe:
        raise RecipeError(f"--preset: there is one chain, got {preset!r} beside --recipe {recipe}; give one of the two")
    loaded = Recipe.load(recipe) if recipe else None
    styles = loaded.styles if loaded else ()
    chains = [Chain(style.recipe.degrade) for style in styles]
    chains = chains or [Chain(loaded.degrade) if loaded else chain_of(preset or "scan")]
    weights = list(accumulate(style.weight for style in styles)) or [1.0]
    paths = [Path(p) for p in pictures]
    names = [p.stem for p in paths]
    double = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if double is not None:
        raise RecipeError(f"PICTURES: two files would be written as {double}.png, got {list(pictures)!r}; rename one")
    folder = Path(out)
    own = next((p for p in paths for made in (f"{p.stem}.png", f"{p.stem}.json") if _same(folder / made, p, made)), None)
    if own is not None:
        raise OutputError(f"{out}: {own} would be written over; choose another folder than that of the pictures")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index, path in enumerate(paths):
            picture = read_picture(path)
            try:
                chain = chains[Stream(seed, index, "style").weighted(weights)]
                made = degrade_image(picture, chain, seed=seed, index=index, em_px=em_px or _size_of(path.with_suffix(".json")))
            except ValueError as error:
                raise AssetError(f"{path}: {str(error).removeprefix('image: ')}") from None
            sidecar = path.with_suffix(".json")
            moved = _moved(sidecar, picture, made) if sidecar.is_file() else None
            # Boxes of a picture that had this name before would be wrong beside the new one.
            (folder / sidecar.name).unlink(missing_ok=True)
            write_output(folder / f"{path.stem}.png", codec.encode_png(made.image))
            if moved is not None:
                write_output(folder / sidecar.name, moved)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and type(error) is not FileNotFoundError:
            raise  # One of our own, which says already what is wrong.
        raise OutputError(f"{out}: cannot be written, {error.strerror or error}; choose another folder") from None
    click.echo(f"{len(paths)} pictures: {out}")


def _same(target: Path, picture: Path, name: str) -> bool:
    """Tell whether *target* is *picture*, or the file *name* beside it."""
    return any(source.exists() and target.exists() and target.samefile(source) for source in (picture, picture.with_name(name)))


def _require_size(meta: dict[str, Any], picture: NDArray[np.uint8]) -> None:
    """Raise ValueError if metadata are of a picture of another size."""
    height, width = picture.shape[:2]
    if (meta.get("width"), meta.get("height")) != (width, height):
        raise ValueError(f"it is of a picture of {meta.get('width')}×{meta.get('height')} px, not {width}×{height}")


def _points(values: Any, key: str) -> NDArray[np.float64]:
    """Return *values*, the corners that stand under *key*, float64; raises ValueError if one is none."""
    import numpy as np

    points = np.array(values, np.float64)
    if not np.isfinite(points).all():
        raise ValueError(f"a corner of {key} is no number")
    wanted = _SHAPES[key]
    if points.ndim != len(wanted) or any(n not in (-1, m) for n, m in zip(wanted, points.shape, strict=True)):
        raise ValueError(f"{key} must have the shape {wanted}, -1 for any number, got {points.shape}")
    return points


def _size_of(sidecar: Path) -> float | None:
    """Return the font size in px that the file beside a picture tells, if there is one that does."""
    import orjson

    try:
        meta = orjson.loads(sidecar.read_bytes().removeprefix(BOM_UTF8))
        size = meta["provenance"]["font"]["size_px"]
    except (OSError, ValueError, TypeError, LookupError):
        return None
    return float(size) if isinstance(size, (int, float)) and 0 < size < _LARGEST else None


_LARGEST = 10_000


def _moved(sidecar: Path, picture: NDArray[np.uint8], made: Augmented) -> bytes:
    """Return the metadata of *picture* with all boxes where the degraded picture has them."""
    import numpy as np
    import orjson

    from ocrsynth.errors import AssetError

    try:
        meta: dict[str, Any] = orjson.loads(sidecar.read_bytes().removeprefix(BOM_UTF8))
        boxes = {key: _points(meta[key], key) for key in _SHAPES if meta.get(key)}
        baselines = [_points(line, "baseline") for line in meta.get("line_baselines", ())]
        _require_size(meta, picture)
        meta |= {"width": made.image.shape[1], "height": made.image.shape[0]}
        for key, points in boxes.items():
            meta[key] = np.round(made.move(points.reshape(-1, 2)), 2).reshape(points.shape).tolist()
        if baselines:
            meta["line_baselines"] = [np.round(made.move(points), 2).tolist() for points in baselines]
        provenance = meta.get("provenance", {})
        # A picture may be degraded again.
        meta["provenance"] = {**provenance, "degraded": [*provenance.get("degraded", []), *made.record]}
    except (ValueError, TypeError, AttributeError) as error:
        raise AssetError(f"{sidecar}: holds no boxes as ocrsynth writes them, {error}; remove it or mend it") from None
    return orjson.dumps(meta, option=orjson.OPT_SORT_KEYS)
