"""Draws glyph outlines to a coverage mask with HarfBuzz's own rasteriser."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import uharfbuzz as hb

from ocrsynth.fonts.faces import open_instance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Bleed, Layout, ShapedLine


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.draw = hb.RasterDraw()


_local = _PerThread()


def draw_mask(shaped: ShapedLine | None, layout: Layout, bleed: Bleed) -> NDArray[np.uint8]:
    """Return the coverage of the line's ink, uint8 (H, W), 0 bare to 255 covered, on the frame widened by *bleed*.

    The array is a read-only view of HarfBuzz's picture, whose rows may be padded.  Without a line nothing is covered.
    """
    width = layout.width_px + bleed.left + bleed.right
    height = layout.height_px + bleed.top + bleed.bottom
    if shaped is None:
        return np.zeros((height, width), np.uint8)
    raster = _local.draw
    raster.extents = hb.RasterExtents(0, 0, width, height, 0)
    size = layout.size_px
    x0 = layout.x_px + bleed.left
    y0 = layout.baseline_px + bleed.top
    for run in shaped.runs:
        instance = open_instance(run.font)
        font = instance.hb_font
        scale = size / instance.upem
        x_px = [x0 + x * size for x in run.x_em]
        # Font units run right and up, pixels right and down; a quarter turn clockwise makes right down and up right.
        a, b, c, d = (0.0, scale, scale, 0.0) if run.sideways else (scale, 0.0, 0.0, -scale)
        draw = raster.draw_glyph
        if run.slopes is not None or run.widths is not None:
            n = len(run.glyph_ids)
            slopes, widths = run.slopes or [0.0] * n, run.widths or [1.0] * n
            for glyph, x, y, slope, wide in zip(run.glyph_ids, x_px, run.y_em, slopes, widths, strict=True):
                raster.transform = (a * wide, slope * scale * wide, c, d, x, y0 - y * size)
                draw(font, glyph)
        elif any(run.y_em):
            for glyph, x, y in zip(run.glyph_ids, x_px, run.y_em, strict=True):
                raster.transform = (a, b, c, d, x, y0 - y * size)
                draw(font, glyph)
        else:
            for glyph, x in zip(run.glyph_ids, x_px, strict=True):
                raster.transform = (a, b, c, d, x, y0)
                draw(font, glyph)
    image = raster.render()
    stride = image.extents.stride
    mask: NDArray[np.uint8] = np.frombuffer(image.buffer, np.uint8).reshape(height, stride)[:, :width]
    return mask
