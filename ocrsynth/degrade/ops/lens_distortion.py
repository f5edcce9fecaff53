"""Lens distortion: straight lines bend around the middle of the picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, CurvedOp, Params
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream

_NEWTON_STEPS = 6


@OPS.register
class LensDistortion(CurvedOp):
    """A simple lens enlarges its edges more or less than its middle: pincushion or barrel."""

    name: ClassVar[str] = "lens_distortion"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_ratio": [-0.15, 0.15]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"strength_ratio": [-s, -s]} for s in (0.03, 0.06, 0.09, 0.12, 0.15)
    )

    strength_ratio: Annotated[Range, Within(-0.2, 0.3)] = Range(-0.12, 0.12)
    """Share by which the corner of the photograph is enlarged (negative, pincushion) or made smaller (positive, barrel)."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength``, the ``centre_px`` of the lens, mostly off the line, and the ``radius_px`` of the photograph."""
        x = frame.width * stream.uniform(-0.1, 1.1)
        y = frame.height / 2 + stream.uniform(-0.4, 0.4) * (frame.width + frame.height)
        return {
            "strength": round(self.strength_ratio.draw(stream), 4),
            "centre_px": [round(x, 2), round(y, 2)],
            "radius_px": round(math.hypot(max(x, frame.width - x), max(y, frame.height - y)), 2),
        }

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        strength: float,
        centre_px: list[float],
        radius_px: float,
    ) -> NDArray[np.float64]:
        """Return *points* moved along their radius by the first term of Brown's model, ``r (1 + k r²)``.

        Source: D. C. Brown, "Close-range camera calibration", Photogrammetric Engineering 37 (1971).
        """
        del height, width
        off: NDArray[np.float64] = points - centre_px
        square = (off * off).sum(axis=1, keepdims=True) * (1 / radius_px**2)
        # Beyond the photograph the model would turn over.
        moved: NDArray[np.float64] = off * (1 + strength * np.minimum(square, 1.0)) + centre_px
        return moved

    def push(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        strength: float,
        centre_px: list[float],
        radius_px: float,
    ) -> NDArray[np.float64]:
        """Return *points* moved the other way: Newton's method for the radius, whose map has no turning point."""
        del height, width
        off: NDArray[np.float64] = points - centre_px
        there = np.sqrt((off * off).sum(axis=1, keepdims=True)) * (1 / radius_px)
        r = there / (1 + strength)
        inside = there < 1 + strength
        for _ in range(_NEWTON_STEPS):
            step = (r * (1 + strength * r * r) - there) / (1 + 3 * strength * r * r)
            r = np.where(inside, np.clip(r - step, 0.0, 1.0), r)
        moved: NDArray[np.float64] = off * (r / np.maximum(there, 1e-12)) + centre_px
        return moved
