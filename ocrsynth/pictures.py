"""Reads the pictures that users have: any format that Pillow opens, in any of its modes."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import TYPE_CHECKING

import numpy as np

from ocrsynth.errors import AssetError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file; raises AssetError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AssetError(f"{path}: cannot be read, {error.strerror or error}; check the path") from None


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Return any picture that Pillow opens as uint8 (H, W) or (H, W, 3) RGB: upright by its EXIF, alpha on white.

    Raises AssetError if the file is no picture, or one that would fill the memory.
    """
    return _opened(path, str(path))


def read_picture_in(data: bytes, where: str) -> NDArray[np.uint8]:
    """Return the picture that the bytes of a file hold, as `read_picture` does; errors name *where*."""
    return _opened(io.BytesIO(data), where)


def _opened(source: Path | io.BytesIO, where: str) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings(), Image.open(source) as opened:
            # Of large pictures Pillow warns; of too large ones it raises.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # Phones put a preview or a depth map behind a photograph.
            if opened.format != "MPO" and (pages := getattr(opened, "n_frames", 1)) > 1:
                raise AssetError(f"{where}: holds {pages} pictures; save each as a file of its own")
            picture = ImageOps.exif_transpose(opened)
            if picture.mode.startswith(("I", "F")):
                levels = np.asarray(picture).astype(np.float64)
                if not np.isfinite(levels).all() or levels.min() < 0:
                    raise AssetError(f"{where}: holds levels that are negative or no numbers; save it with 8 or 16 bits")
                # Sixteen bits use their whole scale; floats and 32 bits what they hold.
                top = 65_535.0 if picture.mode.startswith("I;16") else max(float(levels.max()), 1.0)
                return np.rint(np.clip(levels / top, 0, 1) * 255).astype(np.uint8)
            if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
                layer = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            grey = picture.mode in {"1", "L"}
            return np.ascontiguousarray(np.asarray(picture.convert("L" if grey else "RGB")))
    except UnidentifiedImageError:
        raise AssetError(f"{where}: is no picture that can be read; give PNG, JPEG, TIFF, WebP and the like") from None
    except Image.DecompressionBombError as error:
        raise AssetError(f"{where}: is too large a picture, {error}; make it smaller") from None
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, AssetError):
            raise
        raise AssetError(f"{where}: cannot be read as a picture, {error}; check the file") from None
