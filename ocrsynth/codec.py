"""The only place that encodes and decodes pictures, and the only RGB⇄BGR swap.

Pictures are uint8, (H, W) grey or (H, W, 3) RGB, C-contiguous.
"""

from __future__ import annotations

import io
import math
import struct
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from ocrsynth.errors import SampleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

cv2.setNumThreads(0)

_COLOUR_DIMENSIONS = 3
WEBP_LONGEST_PX = 16_383
_LONGEST_HEADER = 1000
_PNG, _PNG_HEAD = b"\x89PNG\r\n\x1a\n", 24
_MOST_PIXELS = 1 << 27
"""Of a PNG: a few kilobytes can hold a picture that takes all memory."""
_SIGNATURES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp", b"\x93NUMPY": "npy"}
SUFFIXES = tuple(_SIGNATURES.values())


def _bgr(image: NDArray[np.uint8]) -> Any:
    return cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == _COLOUR_DIMENSIONS else image


def _encoded(suffix: str, image: NDArray[np.uint8], option: int, value: int) -> bytes:
    done, data = cv2.imencode(suffix, _bgr(image), [option, value])
    if not done:
        raise ValueError(f"a picture of {image.shape[1]}×{image.shape[0]} px cannot be written as {suffix[1:]}")
    return data.tobytes()


def encode_png(image: NDArray[np.uint8], level: int = 1) -> bytes:
    """Return *image* as PNG; *level* is zlib's, 0 to 9."""
    return _encoded(".png", image, cv2.IMWRITE_PNG_COMPRESSION, level)


def encode_jpeg(image: NDArray[np.uint8], quality: int) -> bytes:
    """Return *image* as baseline JPEG; *quality* is 1 to 100 on the scale of the IJG.

    Raises ValueError for a picture of a side above 65,500 px.
    """
    return _encoded(".jpg", image, cv2.IMWRITE_JPEG_QUALITY, quality)


def encode_webp(image: NDArray[np.uint8], quality: int) -> bytes:
    """Return *image* as WebP, lossless if *quality* is 101; raises ValueError for a picture of a side above 16,383 px."""
    return _encoded(".webp", image, cv2.IMWRITE_WEBP_QUALITY, quality)


def encode_raw(image: NDArray[np.uint8]) -> bytes:
    """Return *image* as the bytes of an NPY file: pixels as they are."""
    file = io.BytesIO()
    np.lib.format.write_array(file, image, version=(1, 0), allow_pickle=False)
    return file.getvalue()


def through_webp(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Return *image*, grey or RGB, as lossy WebP of this quality, 1 to 100, gives it back; no side above 16,383 px."""
    # The format holds colour only; a grey picture comes back as the luminance of an RGB one.
    data = np.frombuffer(encode_webp(image, quality), np.uint8)
    kind = cv2.IMREAD_COLOR_RGB if image.ndim == _COLOUR_DIMENSIONS else cv2.IMREAD_GRAYSCALE
    return np.ascontiguousarray(cv2.imdecode(data, kind))


def decode(data: bytes) -> NDArray[np.uint8]:
    """Return the picture in PNG, JPEG, WebP or NPY bytes, grey as (H, W) and colour as (H, W, 3) RGB.

    Of RGBA the alpha is dropped, of 16 bits the upper 8 stay.  Raises ValueError if the bytes are no picture.
    """
    if data.startswith(b"\x93NUMPY"):
        return _decode_raw(data)
    if data.startswith(_PNG) and len(data) >= _PNG_HEAD:
        width, height = struct.unpack(">II", data[16:24])
        if width * height > _MOST_PIXELS:
            raise ValueError(f"a PNG of {width}×{height} px, more than the {_MOST_PIXELS:,} that are read")
    image: Any = None
    if data:
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        except cv2.error:
            # OpenCV returns None for what it does not know, but raises where a size is absurd.
            image = None
    if image is None:
        raise ValueError(f"not a PNG, JPEG or WebP picture: {len(data)} bytes that begin with {data[:8]!r}")
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    if image.ndim == _COLOUR_DIMENSIONS:  # Of four channels it drops the last, the alpha.
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    return cast("NDArray[np.uint8]", np.ascontiguousarray(image))


def decode_as(data: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Return the picture in *data* with 2 or 3 *dimensions*: some formats know no grey."""
    image = decode(data)
    if image.ndim == dimensions:
        return image
    swapped: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY if dimensions < _COLOUR_DIMENSIONS else cv2.COLOR_GRAY2RGB)
    return cast("NDArray[np.uint8]", swapped)


def _decode_raw(data: bytes) -> NDArray[np.uint8]:
    try:
        head = io.BytesIO(data)
        known = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = known[np.lib.format.read_magic(head)](head, max_header_size=_LONGEST_HEADER)
        if 0 in shape or math.prod(shape) * dtype.itemsize > len(data):
            raise ValueError(f"{len(data)} bytes for an array of {shape}")  # noqa: TRY301 - one of its faults
        image = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False, max_header_size=_LONGEST_HEADER)
    except (ValueError, EOFError, KeyError) as error:
        raise ValueError(f"not an NPY picture: {error}") from None
    if image.dtype != np.uint8 or image.ndim not in (2, _COLOUR_DIMENSIONS):
        raise ValueError(f"not an NPY picture: {image.dtype} {image.shape}")
    return np.ascontiguousarray(image)


def suffix_of(data: bytes) -> str:
    """Return ``png``, ``jpg``, ``webp`` or ``npy`` by the signature of the bytes; raises ValueError for anything else."""
    for signature, suffix in _SIGNATURES.items():
        if data.startswith(signature):
            return suffix
    raise ValueError(f"not a PNG, JPEG, WebP or NPY picture: begins with {data[:8]!r}")


def stored_as(image: NDArray[np.uint8], encoded: bytes | None, suffix: str, quality: int) -> tuple[NDArray[np.uint8], bytes]:
    """Return a picture as a file ``.suffix`` stores it, and its bytes; the two always agree.

    *encoded* are the bytes that *image* was decoded from, if it was: they are kept where they are of that kind.
    Raises SampleError for a picture that WebP cannot hold.
    """
    if suffix == "png":
        return image, encode_png(image)
    if suffix == "npy":
        return image, encode_raw(image)
    if encoded is not None and suffix_of(encoded) == suffix:
        return image, encoded
    if suffix == "webp":
        if max(image.shape[:2]) > WEBP_LONGEST_PX:
            size = f"{image.shape[1]}×{image.shape[0]}"
            raise SampleError(
                f"output.image: WebP holds at most {WEBP_LONGEST_PX} px a side, got {size}; "
                "choose png, or a smaller render.max_width_px or render.lines"
            )
        encoded = encode_webp(image, quality)
        return decode_as(encoded, image.ndim), encoded
    encoded = encode_jpeg(image, quality)
    return decode(encoded), encoded
