"""The only place that encodes and decodes pictures, and the only RGB⇄BGR swap.

Pictures are uint8, (H, W) grey or (H, W, 3) RGB, C-contiguous.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

cv2.setNumThreads(0)

_COLOUR_DIMENSIONS = 3
_SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg"}


def _bgr(image: NDArray[np.uint8]) -> Any:
    return cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == _COLOUR_DIMENSIONS else image


def encode_png(image: NDArray[np.uint8], level: int = 1) -> bytes:
    """Return *image* as PNG; *level* is zlib's, 0 to 9."""
    _, data = cv2.imencode(".png", _bgr(image), [cv2.IMWRITE_PNG_COMPRESSION, level])
    return data.tobytes()


def encode_jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """Return *image* as baseline JPEG; *quality* is 1 to 100 on the scale of the IJG."""
    _, data = cv2.imencode(".jpg", _bgr(image), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes()


def through_webp(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Return *image*, grey or RGB, as lossy WebP of this quality, 1 to 100, gives it back; no side above 16,383 px."""
    # The format holds colour only; a grey picture comes back as the luminance of an RGB one.
    _, data = cv2.imencode(".webp", _bgr(image), [cv2.IMWRITE_WEBP_QUALITY, quality])
    kind = cv2.IMREAD_COLOR_RGB if image.ndim == _COLOUR_DIMENSIONS else cv2.IMREAD_GRAYSCALE
    return np.ascontiguousarray(cv2.imdecode(data, kind))


def decode(data: bytes) -> NDArray[np.uint8]:
    """Return the picture in PNG or JPEG bytes, grey as (H, W) and colour as (H, W, 3) RGB.

    Raises ValueError if the bytes are no picture.
    """
    image: Any = None
    if data:
        # OpenCV returns None for what it does not know, but raises where a size is absurd.
        with suppress(cv2.error):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise ValueError(f"not a PNG or JPEG picture: {len(data)} bytes that begin with {data[:8]!r}")
    if image.ndim == _COLOUR_DIMENSIONS:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return np.ascontiguousarray(image)


def suffix_of(data: bytes) -> str:
    """Return ``png`` or ``jpg`` by the signature of the bytes; raises ValueError for anything else."""
    for signature, suffix in _SIGNATURES.items():
        if data.startswith(signature):
            return suffix
    raise ValueError(f"not a PNG or JPEG picture: begins with {data[:8]!r}")
