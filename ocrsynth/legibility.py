"""The last check of a sample, on its final pixels: its label must still be inside the frame and legible.

The picture is compared with the clean coverage mask under the same warps, window by window along the line.  In each
window a straight line is fitted, ``level ≈ a + b · coverage``: *b* is the contrast that survives between paper and
ink in grey levels, and the correlation is the share of what is seen that comes from the strokes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from pydantic import Field

from ocrsynth.errors import Rejected
from ocrsynth.fields import Section

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LegibilityConfig(Section):
    """The recipe's ``legibility`` section."""

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
    slope, correlation = _fit(grey, mask, max(round(config.window_em * em_px), 4))
    if slope.size == 0:
        raise Rejected("illegible", "no ink is left in the frame")
    # Ink is darker or lighter than its paper along the whole line, never both.
    sign = 1.0 if float(slope.sum()) > 0 else -1.0
    contrast = float((slope * sign).min())
    if contrast < config.min_contrast_grey:
        raise Rejected("low_contrast", f"{contrast:.1f} grey levels in one stretch")
    worst = float((correlation * sign).min())
    if worst < config.min_correlation:
        raise Rejected("illegible", f"strokes explain the picture with a correlation of {worst:.2f} only")


def _fit(grey: NDArray[np.uint8], mask: NDArray[np.uint8], window: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return contrast and correlation of each window that holds ink."""
    if mask.shape[0] >= _TALL_PX:
        # Every second row tells as much: strokes are wider than that.
        mask, grey = mask[::2], grey[::2]
    height, width = mask.shape
    m = mask.astype(np.float32)
    g = grey.astype(np.float32)
    fields = np.empty((5, height, width), np.float32)
    fields[0] = m
    fields[1] = g
    np.multiply(m, m, out=fields[2])
    np.multiply(m, g, out=fields[3])
    np.multiply(g, g, out=fields[4])
    columns = fields.sum(axis=1).astype(np.float64)
    starts = list(range(0, max(width - window // 2, 1), window))
    s = np.add.reduceat(columns, starts, axis=1)
    s[:, :-1] /= height * window
    s[:, -1] /= height * (width - starts[-1])
    mean_m, mean_g, square_m, product, square_g = s
    var_m = square_m - mean_m * mean_m
    var_g = square_g - mean_g * mean_g
    cov = product - mean_m * mean_g
    inked = (mean_m > _LEAST_COVERAGE * 255) & (var_m > 0)
    if not inked.all():
        cov, var_m, var_g = cov[inked], var_m[inked], var_g[inked]
    return 255 * cov / var_m, cov / np.sqrt(var_m * np.maximum(var_g, 1e-3))
