"""Zoom blur: the camera moved towards the page during the exposure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class ZoomBlur(Op):
    """Points are drawn out along rays from the centre, the more the farther from it."""

    name: ClassVar[str] = "zoom_blur"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"stretch_ratio": [0.01, 0.04]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"stretch_ratio": [s, s]} for s in (0.008, 0.016, 0.026, 0.038, 0.055)
    )

    stretch_ratio: Annotated[Range, Within(0, 0.2)] = Range(0.004, 0.03)
    """Change of scale during the exposure, at the height of the picture."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``stretch_px``, the way of a point one height from the centre, and the centre as shares of the picture."""
        return {
            "stretch_px": round(self.stretch_ratio.draw(stream) * frame.height, 3),
            "x": round(stream.uniform(0.2, 0.8), 4),
            "y": round(stream.uniform(0.3, 0.7), 4),
        }

    def apply(self, image: NDArray[Any], *, stretch_px: float, x: float, y: float) -> NDArray[Any]:
        """Return the mean of *image* at four scales about a centre."""
        height, width = image.shape[:2]
        # A line is much longer than high: the stretch is bounded at its ends, as a lens bounds it at the edge of its field.
        scale = stretch_px / max(height, 0.25 * width)
        out = cv2.convertScaleAbs(image, alpha=0.25)
        for share in (0.33, 0.67, 1.0):
            s = 1 + scale * share
            matrix = np.array(((s, 0, x * width * (1 - s)), (0, s, y * height * (1 - s))))
            moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            out = cv2.addWeighted(out, 1, moved, 0.25, 0)
        return out
