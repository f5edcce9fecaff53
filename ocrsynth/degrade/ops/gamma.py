"""Gamma: the tones between black and white are wrong."""

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
class Gamma(Op):
    """Scanner software and displays bend the scale of tones; black and white stay where they are."""

    name: ClassVar[str] = "gamma"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"gamma_ratio": [0.6, 1.6]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"gamma_ratio": [g, g]} for g in (1.25, 1.5, 1.85, 2.3, 3.0))

    gamma_ratio: Annotated[Range, Within(0.2, 5)] = Range(0.6, 1.7)
    """Exponent on levels from 0 to 1; above 1 darkens."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``gamma``."""
        del frame
        return {"gamma": round(self.gamma_ratio.draw(stream), 3)}

    def apply(self, image: NDArray[Any], *, gamma: float) -> NDArray[Any]:
        """Return *image* with its levels bent."""
        return cv2.LUT(image, np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8))
