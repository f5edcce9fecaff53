"""The last check of a sample, on its final pixels: its label must still be inside the frame and legible.

The picture is compared with the clean coverage mask under the same warps, window by window along the line.  In each
window a straight line is fitted, ``level ≈ a + b · coverage``: *b* is the contrast that survives between paper and
ink in grey levels, and the correlation is the share of what is seen that comes from the strokes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from pydantic import Field

from ocrsynth.errors import Rejected
from ocrsynth.fields import Section

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LegibilityConfig(Section):
    """The recipe's ``legibility`` section: what a finished picture must still show, or its degradation is drawn again."""

    min_contrast_grey: float = Field(default=25, ge=0, le=255, description="least contrast of any stretch of the line")
    min_correlation: float = Field(default=0.55, ge=0, le=1, description="least correlation of picture and strokes")
    window_em: float = Field(default=1.5, ge=0.2, description="length of a stretch")
    attempts: int = Field(default=4, ge=1, le=100, description="draws of the chain before it is weakened")
    rejects_per_sample: float = Field(default=1.0, gt=0, description="a run fails above this mean of any one reason")


_EDGE_PX = 0.5
_TALL_PX = 24
_LEAST_COVERAGE = 0.004


def check(
    config: LegibilityConfig, image: NDArray[np.uint8], mask: NDArray[np.uint8], line: NDArray[np.float64], em_px: float
) -> None:
    """Raise Rejected if the sample must not be kept.

    *image* is (H, W) or (H, W, 3), uint8; *mask* is the clean coverage, uint8 (H, W).  *line* are points, (n, 2) in px,
    whose convex hull holds every label: a projective warp keeps what lies inside a hull inside.
    Reasons: ``outside_frame``, ``low_contrast``, ``illegible``.
    """
    height, width = mask.shape
    xs, ys = zip(*line.tolist(), strict=True)
    if min(xs) < -_EDGE_PX or min(ys) < -_EDGE_PX or max(xs) > width + _EDGE_PX or max(ys) > height + _EDGE_PX:
        raise Rejected(
            "outside_frame", f"labels span x {min(xs):.1f}…{max(xs):.1f}, y {min(ys):.1f}…{max(ys):.1f} of {width}×{height}"
        )
    grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim > mask.ndim else image
    if height > width:
        # A vertical line: the windows follow it down.
        grey, mask = grey.T, mask.T
    fits = _fit(grey, mask, max(round(config.window_em * em_px), 4))
    if not fits:
        raise Rejected("illegible", "no ink is left in the frame")
    # Ink is darker or lighter than its paper along the whole line, never both.
    sign = 1.0 if sum(slope for slope, _ in fits) > 0 else -1.0
    contrast = min(slope * sign for slope, _ in fits)
    if contrast < config.min_contrast_grey:
        raise Rejected("low_contrast", f"{contrast:.1f} grey levels in one stretch")
    worst = min(correlation * sign for _, correlation in fits)
    if worst < config.min_correlation:
        raise Rejected("illegible", f"strokes explain the picture with a correlation of {worst:.2f} only")


def _fit(grey: NDArray[np.uint8], mask: NDArray[np.uint8], window: int) -> list[tuple[float, float]]:
    """Return contrast in grey levels and correlation of each window that holds ink."""
    if mask.shape[0] >= _TALL_PX:
        # Every second row tells as much: strokes are wider than that.
        mask, grey = mask[::2], grey[::2]
    height, width = mask.shape
    fields = np.empty((5, height, width), np.float32)
    m, g = fields[0], fields[1]
    m[:] = mask
    g[:] = grey
    np.multiply(m, m, out=fields[2])
    np.multiply(m, g, out=fields[3])
    np.multiply(g, g, out=fields[4])
    starts = list(range(0, max(width - window // 2, 1), window))
    sums = np.add.reduceat(fields.sum(axis=1), starts, axis=1, dtype=np.float64).tolist()
    fits = []
    # A line has few windows: plain floats are faster than arrays here.
    for k, start in enumerate(starts):
        n = height * (window if k + 1 < len(starts) else width - start)
        mean_m, mean_g = sums[0][k] / n, sums[1][k] / n
        var_m = sums[2][k] / n - mean_m * mean_m
        if mean_m > _LEAST_COVERAGE * 255 and var_m > 0:
            cov = sums[3][k] / n - mean_m * mean_g
            var_g = max(sums[4][k] / n - mean_g * mean_g, 1e-3)
            fits.append((255 * cov / var_m, cov / math.sqrt(var_m * var_g)))
    return fits
