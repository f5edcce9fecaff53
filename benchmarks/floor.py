"""The floor: the work of one sample done by bare library calls in one loop.

Shape, rasterise, put ink on paper, warp once, blur, add noise, encode as JPEG, append to a file: no proof, no labels, no
provenance, no check, no choice.  Texts, fonts and sizes are those that the recipe draws, made beforehand.  What
ocrsynth adds to this is the price of its promises; the figure to watch is the ratio of the two in the same run.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import uharfbuzz as hb

from ocrsynth.fonts.faces import open_instance
from ocrsynth.pipeline import pipeline_for
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.recipe import Recipe


def prepare(recipe: Recipe, count: int) -> list[tuple[str, Any, float, int, float]]:
    """Return text, HarfBuzz font, scale, width in px and baseline in px of the first samples of *recipe*."""
    pipeline = pipeline_for(recipe)
    work = []
    for index in range(count):
        sample = pipeline.sample(index)
        for attempt in range(12):
            font = pipeline.fonts.draw(Stream(recipe.seed, index, "font", 0, attempt))
            if not pipeline.fonts.missing(font, sample.text):
                break
        instance = open_instance(font.key)
        scale = sample.provenance["font"]["size_px"] / instance.upem
        work.append((sample.text, instance.hb_font, scale, sample.image.shape[1], 0.75 * recipe.render.height_px))
    return work


def run(work: list[tuple[str, Any, float, int, float]], height: int, target: Path) -> float:
    """Do the work once and return the CPU time of a line in µs."""
    raster = hb.RasterDraw()
    rng = np.random.default_rng(0)
    noise = rng.normal(128, 16, 1 << 20).clip(0, 255).astype(np.uint8)
    texture = rng.normal(210, 3, 1 << 20).clip(0, 255).astype(np.uint8)
    matrix = np.array(((1.0, 0.01, 0.5), (-0.01, 1.0, 0.5), (1e-5, 0.0, 1.0)))
    jpeg = [cv2.IMWRITE_JPEG_QUALITY, 75]
    started = time.process_time_ns()
    with target.open("wb") as file:
        for number, (text, font, scale, width, baseline) in enumerate(work):
            buffer = hb.Buffer()
            buffer.add_str(text)
            buffer.guess_segment_properties()
            hb.shape(font, buffer)
            raster.extents = hb.RasterExtents(0, 0, width, height, 0)
            x = 4.0
            for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
                raster.transform = (scale, 0.0, 0.0, -scale, x + position.x_offset * scale, baseline)
                raster.draw_glyph(font, info.codepoint)
                x += position.x_advance * scale
            image = raster.render()
            mask = np.frombuffer(image.buffer, np.uint8).reshape(height, -1)[:, :width]
            size = height * width
            start = (number * 7919) % ((1 << 20) - size)
            paper = texture[start : start + size].reshape(height, width)
            picture = cv2.subtract(paper, cv2.multiply(cv2.subtract(paper, 30), mask, scale=1 / 255))
            picture = cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
            picture = cv2.GaussianBlur(picture, (5, 5), 0.8)
            grain = noise[start : start + size].reshape(height, width)
            picture = cv2.addWeighted(picture, 1.0, grain, 0.2, -25.6)
            file.write(cv2.imencode(".jpg", picture, jpeg)[1].tobytes())
    return (time.process_time_ns() - started) / len(work) / 1000
