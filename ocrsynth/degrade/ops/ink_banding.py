"""Ink banding: the print is lighter in stripes."""

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
class InkBanding(Op):
    """A worn drum, a clogged nozzle or uneven feed prints some rows lighter than their neighbours, at regular distances."""

    name: ClassVar[str] = "ink_banding"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"loss_ratio": [0.1, 0.4], "period_em": [0.15, 0.6]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"loss_ratio": [r, r], "period_em": [0.3, 0.3]} for r in (0.15, 0.3, 0.45, 0.6, 0.8)
    )

    loss_ratio: Annotated[Range, Within(0, 1)] = Range(0.05, 0.35)
    """Share of the ink that is missing in the lightest row."""
    period_em: Annotated[Range, Within(0.05, 4)] = Range(0.12, 0.8)
    """Distance between two light stripes."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``loss``, ``period_px`` and ``phase``, a share of the period."""
        return {
            "loss": round(self.loss_ratio.draw(stream), 4),
            "period_px": round(max(self.period_em.draw(stream) * frame.em_px, 2.0), 3),
            "phase": round(stream.unit(), 4),
        }

    def apply(self, image: NDArray[Any], *, loss: float, period_px: float, phase: float) -> NDArray[Any]:
        """Return the mask with rows lighter by a wave."""
        rows = np.arange(image.shape[0]) / period_px + phase
        keep = np.rint(255 * (1 - loss * (0.5 + 0.5 * np.cos(2 * np.pi * rows)) ** 2)).astype(np.uint8)
        return cv2.multiply(image, np.repeat(keep[:, None], image.shape[1], axis=1), scale=1 / 255)
