"""A contact sheet of real lines on the left and synthetic ones on the right, for the eye.

The folder of real lines holds ``labels.tsv`` (file, tab, text) and ``images/``; nothing of it is kept but the sheet.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from ocrsynth import Recipe, codec
from ocrsynth.pictures import read_picture
from ocrsynth.pipeline import Pipeline
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTH = 760
_GAP = 6


def cell(picture: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """Return *picture*, grey, at a height, on a cell of one width."""
    scale = min(height / picture.shape[0], _WIDTH / picture.shape[1])
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    out = np.full((height + _GAP, _WIDTH + _GAP), 255, np.uint8)
    out[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return out


def main() -> None:
    """Run and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("real", type=Path, help="folder of real lines")
    parser.add_argument("-o", "--out", type=Path, required=True, help="PNG file of the sheet")
    parser.add_argument("--lang", default="en")
    parser.add_argument("--preset", default="scan")
    parser.add_argument("-n", "--count", type=int, default=24)
    parser.add_argument("--height", type=int, default=40)
    parser.add_argument("--fonts", action="append", default=[], help="folder of fonts; repeatable")
    options = parser.parse_args()
    lines = (options.real / "labels.tsv").read_text(encoding="utf-8").splitlines()
    files = [line.partition("\t")[0] for line in lines if "\t" in line]
    stream = Stream(0, 0, "beside real")
    drawn = [stream.choice(files) for _ in range(options.count)]
    names = [name if (options.real / name).exists() else f"images/{name}" for name in drawn]
    fonts = {"sets": [], "folders": options.fonts} if options.fonts else {}
    recipe = Recipe.for_language(options.lang, preset=options.preset, seed=1, fonts=fonts, render={"height_px": options.height})
    made = [sample.image for sample in Pipeline(recipe).batch(range(options.count))]
    rows = []
    for name, picture in zip(names, made, strict=True):
        real = read_picture(options.real / name)
        grey = cv2.cvtColor(real, cv2.COLOR_RGB2GRAY) if real.ndim > picture.ndim else real
        rows.append(np.concatenate((cell(np.asarray(grey, np.uint8), options.height), cell(picture, options.height)), axis=1))
    options.out.write_bytes(codec.encode_png(np.concatenate(rows)))
    print(f"{options.out}: {options.count} real lines of {options.real.name} beside {options.preset}")


if __name__ == "__main__":
    main()
