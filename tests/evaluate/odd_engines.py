"""Engines that do what engines should not."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def width(images: list[np.ndarray]) -> list[str]:
    """Read every picture as a text of its width: deliberately bad, and repeatable."""
    return ["the " * (image.shape[1] // 100) for image in images]


width.version = "7"  # type: ignore[attr-defined]
width.charset = "abcdefgh"  # type: ignore[attr-defined]


class Reader:
    """Made once in each process."""

    def __call__(self, images: list[np.ndarray]) -> list[str]:
        return [f"{image.mean():.3f}" for image in images]


def slow(images: list[np.ndarray]) -> list[str]:
    """Leave time to be killed."""
    time.sleep(0.03 * len(images))
    return width(images)


def _is_odd(image: np.ndarray) -> bool:
    return int(image.sum()) % 4 == 1


def crashing(images: list[np.ndarray]) -> list[str]:
    """End the process at some pictures."""
    if any(map(_is_odd, images)):
        os._exit(11)
    return width(images)


def raising(images: list[np.ndarray]) -> list[str]:
    """Raise at some pictures."""
    if any(map(_is_odd, images)):
        raise RuntimeError("no memory on the device")
    return width(images)


def silent(images: list[np.ndarray]) -> list[str | None]:
    """Give None for some pictures, and a number for others."""
    return [None if _is_odd(i) else 5 if int(i.sum()) % 4 == 2 else "a" for i in images]  # type: ignore[misc]


def short(images: list[np.ndarray]) -> list[str]:
    """Give one reading too few."""
    return width(images)[1:]


def hanging(images: list[np.ndarray]) -> list[str]:
    """Sleep at some pictures."""
    if any(map(_is_odd, images)):
        time.sleep(600)
    return width(images)


class Broken:
    """Cannot be made."""

    def __init__(self) -> None:
        raise OSError("the model is not there")


class Dying:
    """Ends its process while it is made."""

    def __init__(self) -> None:
        Path("died").touch()
        os.write(2, b"no weights\n")
        os._exit(3)


def scribbling(images: list[np.ndarray]) -> list[str]:
    """Read like `width`, and write into the pictures."""
    for image in images:
        image[...] = 0
    return width(images)


def surrogate(images: list[np.ndarray]) -> list[str]:
    """Raise with a message that cannot be written down."""
    raise OSError("no file \udcff")


def wordless(images: list[np.ndarray]) -> list[str]:
    """Say that there are no characters that it can write."""
    return [""] * len(images)


wordless.charset = ""  # type: ignore[attr-defined]


def endless(images: list[np.ndarray]) -> list[str]:
    """Never come back, and tell who hangs."""
    Path("pid").write_text(str(os.getpid()))
    time.sleep(600)
    return width(images)
