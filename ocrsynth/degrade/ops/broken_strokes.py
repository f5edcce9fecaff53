"""Broken strokes: hairline gaps run through the letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import clouds
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class BrokenStrokes(Op):
    """Worn type, cracked plates and creased ribbons leave thin gaps where no ink reaches the paper."""

    name: ClassVar[str] = "broken_strokes"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"gap_em": [0.01, 0.03], "spacing_em": [0.3, 0.8]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"gap_em": [g, g], "spacing_em": [0.28, 0.28]} for g in (0.012, 0.022, 0.034, 0.048, 0.064)
    )

    gap_em: Annotated[Range, Within(0, 0.15)] = Range(0.005, 0.025)
    """Width of the gaps."""
    spacing_em: Annotated[Range, Within(0.1, 4)] = Range(0.3, 1.0)
    """Typical distance between two gaps."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``gap_px``, ``cell_px`` and ``seed``."""
        return {
            "gap_px": round(self.gap_em.draw(stream) * frame.em_px, 3),
            "cell_px": round(self.spacing_em.draw(stream) * frame.em_px, 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, gap_px: float, cell_px: float, seed: int) -> NDArray[Any]:
        """Return the mask without ink along the lines where a smooth field crosses zero."""
        field = np.abs(clouds(image.shape, seed, cell_px))
        # The field climbs by about one deviation a cell, so this is the distance from the line in pixels.
        distance = field * np.float32(max(cell_px, 1.0))
        keep = cv2.convertScaleAbs(np.clip(distance - np.float32(gap_px / 2 - 0.5), 0, 1), alpha=255)
        return cv2.multiply(image, keep, scale=1 / 255)
