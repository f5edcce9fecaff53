"""The user's own pictures as grounds: crops of any picture that Pillow opens, kept so calm that the ink stands out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cv2
import numpy as np
import orjson

from ocrsynth import cache, pictures
from ocrsynth.errors import AssetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Bleed
    from ocrsynth.render.layout import RenderConfig
    from ocrsynth.seeding import Stream

_MOST_PX = 1_500_000
"""A larger picture is made smaller once: lines are small, and decoded pictures are kept in memory."""
_KEPT = 6
_SUFFIXES = frozenset(
    [".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".jp2", ".avif", ".jfif", ".tga"]
)


class Shown(NamedTuple):
    """A ground drawn for a line: its parameters, and the levels of paper and ink that stand out from each other."""

    params: dict[str, Any]
    level: float
    ink: float


class Files(NamedTuple):
    """The pictures of some folders, and what was left out of them with the reason."""

    paths: tuple[str, ...]
    digests: tuple[str, ...]
    skipped: tuple[str, ...]


@lru_cache(maxsize=8)
def listing(folders: tuple[str, ...]) -> Files:
    """Return the pictures in *folders* and below, by path; raises AssetError for a folder without a readable one.

    Every file is decoded once to know that it can be; the result is kept in the user's cache.
    """
    paths: list[str] = []
    digests: list[str] = []
    skipped: list[str] = []
    for folder in folders:
        place = Path(folder).expanduser()
        if not place.is_dir():
            raise AssetError(f"render.backgrounds: no such folder, got {folder!r}; give a folder of pictures")
        before = len(paths)
        for path in sorted(p for p in place.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file()):
            fault, digest = _checked(path)
            if fault:
                skipped.append(fault)
            else:
                paths.append(str(path))
                digests.append(digest)
        if len(paths) == before:
            why = f"; the first fault: {skipped[0]}" if skipped else ""
            raise AssetError(f"render.backgrounds: no readable picture in {folder!r}{why}")
    return Files(tuple(paths), tuple(digests), tuple(skipped))


def _checked(path: Path) -> tuple[str, str]:
    """Return why a file is no ground (empty: it is one), and its SHA-256."""
    place = cache.entry("backgrounds", path)
    known = cache.read(place)
    if known is not None:
        try:
            fault, digest = orjson.loads(known)
        except (ValueError, TypeError):
            pass
        else:
            return str(fault), str(digest)
    fault, digest = "", ""
    try:
        pictures.read_picture(path)
        digest = pictures.digest_of(path)
    except AssetError as error:
        fault = str(error)
    cache.write(place, orjson.dumps([fault, digest]))
    return fault, digest


@lru_cache(maxsize=_KEPT)
def _picture(path: str, colour: bool) -> NDArray[np.uint8]:  # noqa: FBT001 - a key of the cache
    image: Any = pictures.read_picture(Path(path))
    n = image.shape[0] * image.shape[1]
    if n > _MOST_PX:
        scale = (_MOST_PX / n) ** 0.5
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if colour and image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    elif not colour and image.ndim != 2:
        image = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return cast("NDArray[np.uint8]", image)


def draw(config: RenderConfig, frame: tuple[int, int], contrast: float, stream: Stream, nearby: Stream | None) -> Shown:
    """Return a crop of one of the pictures, and the side on which the ink has more room.

    A crop too lively to leave *contrast* on either side is flattened until it does.  *nearby* is the stream that chooses
    a few files for many samples.
    """
    files = listing(config.backgrounds)
    # Decoding a photograph takes as long as fifty samples: neighbours share a few.
    few = [(nearby or stream).below(len(files.paths)) for _ in range(_KEPT - 2)]
    path = files.paths[stream.choice(few)]
    colour = config.color == "rgb"
    image = _picture(path, colour)
    height, width = frame
    least = max(height / image.shape[0], width / image.shape[1])
    scale = max(least, stream.log_uniform(0.25, 1.0))
    params = {
        "file": path,
        "scale": round(scale, 4),
        "x": round(stream.unit() * max(image.shape[1] * scale - width, 0), 1),
        "y": round(stream.unit() * max(image.shape[0] * scale - height, 0), 1),
        "gain": 1.0,
        "beta": 0.0,
    }
    part: Any = _crop(image, params, frame, 0, 0)
    grey: Any = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY) if colour else part
    low, high = float(grey.min()), float(grey.max())
    mean = float(grey.mean())
    dark = low >= 255 - high
    room = low if dark else 255 - high
    gain = 1.0
    if room < contrast:
        # About the mean, or as near to it as a crop without any contrast could stay.
        centre = max(mean, contrast + _SLACK) if dark else min(mean, 255 - contrast - _SLACK)
        reach = max(mean - low if dark else high - mean, 1.0)
        free = (centre - contrast) if dark else (255 - contrast - centre)
        gain = min(max(free / reach, 0.0), 1.0)
        params["gain"], params["beta"] = round(gain, 4), round(centre - gain * mean, 2)
        low, high = (float(np.clip(v * gain + params["beta"], 0, 255)) for v in (low, high))
    ink = max(low - contrast, 0.0) if dark else min(high + contrast, 255.0)
    return Shown(params, mean * gain + params["beta"], ink)


_SLACK = 12.0


def show(shape: tuple[int, int], params: dict[str, Any], bleed: Bleed, *, colour: bool) -> NDArray[np.uint8]:
    """Return the ground that `draw` chose, with its bleed, uint8 (H, W) or (H, W, 3)."""
    part = _crop(_picture(params["file"], colour), params, shape, bleed.left, bleed.top)
    if params["gain"] == 1.0 and params["beta"] == 0.0:
        return part
    levels = np.clip(np.rint(np.arange(256) * params["gain"] + params["beta"]), 0, 255).astype(np.uint8)
    return cast("NDArray[np.uint8]", cv2.LUT(part, levels))


def _crop(image: NDArray[np.uint8], params: dict[str, Any], shape: tuple[int, int], left: int, top: int) -> NDArray[np.uint8]:
    scale = params["scale"]
    # Pixel centres are at half-integers here and at integers in OpenCV.
    matrix = np.array(
        (
            (1 / scale, 0, (params["x"] - left + 0.5) / scale - 0.5),
            (0, 1 / scale, (params["y"] - top + 0.5) / scale - 0.5),
        )
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(image, matrix, (shape[1], shape[0]), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return cast("NDArray[np.uint8]", part)
