"""Speckle: noise grows with the light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Speckle(Op):
    """Coherent light and coarse paper scatter: each point is brighter or darker by a share of its light."""

    name: ClassVar[str] = "speckle"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_ratio": [0.03, 0.12]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"strength_ratio": [s, s]} for s in (0.04, 0.08, 0.13, 0.2, 0.3))

    strength_ratio: Annotated[Range, Within(0, 0.6)] = Range(0.01, 0.09)
    """Standard deviation as a share of the level."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength`` and ``seed``."""
        del frame
        return {"strength": round(self.strength_ratio.draw(stream), 4), "seed": stream.word()}

    def apply(self, image: NDArray[Any], *, strength: float, seed: int) -> NDArray[Any]:
        """Return *image* times one plus noise, the same in all channels."""
        field: Any = normal_field(image.shape[:2], seed)
        if image.ndim > field.ndim:
            # Bits are copied, whatever they mean: twice as fast as cv2.merge.
            field = cv2.cvtColor(field.view(np.uint16), cv2.COLOR_GRAY2RGB).view(np.int16)
        noise = cv2.multiply(field, image, scale=strength / BANK_SIGMA, dtype=cv2.CV_16S)
        return cv2.add(image, noise, dtype=cv2.CV_8U)
