"""The one border between pixels and bytes: lossless PNG, colours in their order, and bytes that are no picture."""

from __future__ import annotations

import io
import re
import struct
import zlib
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from ocrsynth import codec

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHAPES = [(1, 1), (5, 8), (48, 320), (1, 2000), (33, 7)]
_COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "orange": (255, 128, 0), "paper": (250, 245, 230)}


def _noise(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, shape, np.uint8)


def _plain(colour: tuple[int, int, int], height: int = 24, width: int = 40) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
@pytest.mark.parametrize("shape", _SHAPES, ids=str)
def test_png_gives_back_every_pixel(shape: tuple[int, int], channels: tuple[int, ...], level: int) -> None:
    image = _noise((*shape, *channels))
    image.setflags(write=False)
    back = codec.decode(codec.encode_png(image, level))
    assert back.dtype == np.uint8
    assert back.flags.c_contiguous
    assert back.shape == image.shape
    np.testing.assert_array_equal(back, image)


@pytest.mark.parametrize("colour", _COLOURS.values(), ids=_COLOURS)
def test_png_keeps_the_order_of_the_channels(colour: tuple[int, int, int]) -> None:
    data = codec.encode_png(_plain(colour), 0)
    np.testing.assert_array_equal(codec.decode(data), _plain(colour))
    # Read without OpenCV: colour type 2 is red, green, blue; every filter of PNG leaves the first pixel as it is.
    assert data[25] == 2
    start = data.index(b"IDAT")
    length = struct.unpack(">I", data[start - 4 : start])[0]
    assert zlib.decompressobj().decompress(data[start + 4 : start + 4 + length])[1:4] == bytes(colour)


@pytest.mark.parametrize("colour", _COLOURS.values(), ids=_COLOURS)
def test_jpeg_keeps_the_order_of_the_channels(colour: tuple[int, int, int]) -> None:
    back = codec.decode(codec.encode_jpeg(_plain(colour), 90))
    assert back.shape == (24, 40, 3)
    assert np.abs(back.astype(int) - colour).max() <= 6


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
@pytest.mark.parametrize("shape", _SHAPES, ids=str)
def test_jpeg_keeps_shape_and_kind(shape: tuple[int, int], channels: tuple[int, ...]) -> None:
    image = np.full((*shape, *channels), 180, np.uint8)
    image.setflags(write=False)
    back = codec.decode(codec.encode_jpeg(image, 50))
    assert (back.shape, back.dtype, back.flags.c_contiguous) == (image.shape, np.uint8, True)
    assert np.abs(back.astype(int) - 180).max() <= 3


def test_jpeg_loses_more_at_a_lower_quality() -> None:
    image = _noise((48, 320))
    sizes, losses = [], []
    for quality in (1, 10, 40, 70, 100):
        data = codec.encode_jpeg(image, quality)
        sizes.append(len(data))
        losses.append(float(np.abs(codec.decode(data).astype(int) - image).mean()))
    assert sizes == sorted(set(sizes))
    assert losses == sorted(set(losses), reverse=True)


@pytest.mark.parametrize("channels", [(), (3,)], ids=["grey", "rgb"])
def test_jpeg_is_baseline(channels: tuple[int, ...]) -> None:
    data = codec.encode_jpeg(_noise((48, 64, *channels)), 80)
    markers, at = [], 2
    while data[at + 1] != 0xDA:
        markers.append(data[at + 1])
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    assert 0xC0 in markers
    assert 0xC2 not in markers


def test_the_same_picture_gives_the_same_bytes() -> None:
    image = _noise((48, 320, 3))
    assert codec.encode_png(image) == codec.encode_png(image.copy())
    assert codec.encode_jpeg(image, 70) == codec.encode_jpeg(image.copy(), 70)


@pytest.mark.parametrize(
    "data", [b"", b"x", b"not a picture at all", b"\x00" * 100, b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"], ids=repr
)
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    text = f"not a PNG, JPEG or WebP picture: {len(data)} bytes that begin with {data[:8]!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        codec.decode(data)


def test_of_16_bits_the_upper_8_stay() -> None:
    levels = np.array([[0, 0x00FF, 0x0100, 0x80FF, 0xFFFF]], np.uint16)
    done, data = cv2.imencode(".png", levels)
    assert done
    assert codec.decode(data.tobytes()).tolist() == [[0, 0, 1, 128, 255]]


def test_of_rgba_the_alpha_is_dropped() -> None:
    done, data = cv2.imencode(".png", np.array([[[30, 20, 10, 128], [6, 5, 4, 0]]], np.uint8))
    assert done
    assert codec.decode(data.tobytes()).tolist() == [[[10, 20, 30], [4, 5, 6]]]


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.zeros((2, 3), np.uint16), "uint16 (2, 3)"),
        (np.zeros((2, 3, 3)), "float64 (2, 3, 3)"),
        (np.zeros(6, np.uint8), "uint8 (6,)"),
    ],
    ids=["of 16 bits", "of fractions", "of one row"],
)
def test_arrays_that_are_no_pictures_are_refused(array: NDArray[Any], what: str) -> None:
    file = io.BytesIO()
    np.save(file, array)
    with pytest.raises(ValueError, match=f"^{re.escape(f'not an NPY picture: {what}')}$"):
        codec.decode(file.getvalue())


@pytest.mark.parametrize("data", [b"", b"\x89PN", b"GIF89a....", b"BM\x00\x00"], ids=repr)
def test_bytes_of_another_format_have_no_suffix(data: bytes) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'not a PNG, JPEG, WebP or NPY picture: begins with {data[:8]!r}')}$"):
        codec.suffix_of(data)


def test_suffixes_are_told_by_the_bytes() -> None:
    image = _noise((5, 8))
    assert codec.suffix_of(codec.encode_png(image)) == "png"
    assert codec.suffix_of(codec.encode_jpeg(image, 50)) == "jpg"


def test_a_picture_that_no_jpeg_can_hold() -> None:
    with pytest.raises(ValueError, match=r"^a picture of 66000×2 px cannot be written as jpg$"):
        codec.encode_jpeg(np.zeros((2, 66_000), np.uint8), 80)
