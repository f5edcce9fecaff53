"""Dot matrix: letters are struck by pins."""

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
class DotMatrix(Op):
    """A row of pins strikes an inked ribbon: a stroke is a chain of round dots on a grid."""

    name: ClassVar[str] = "dot_matrix"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"pitch_em": [0.07, 0.11]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"pitch_em": [0.045, 0.045], "dot_ratio": [d, d]} for d in (1.5, 1.15, 0.85, 0.6, 0.4)
    )

    pitch_em: Annotated[Range, Within(0.03, 0.2)] = Range(0.05, 0.1)
    """Distance of two pins; nine pins to a capital are about 0.09."""
    dot_ratio: Annotated[Range, Within(0.3, 1.6)] = Range(0.95, 1.3)
    """Diameter of a dot, as a share of the distance."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``pitch_px`` and ``dot_px``."""
        pitch = max(self.pitch_em.draw(stream) * frame.em_px, 1.5)
        return {"pitch_px": round(pitch, 3), "dot_px": round(pitch * self.dot_ratio.draw(stream), 3)}

    def apply(self, image: NDArray[Any], *, pitch_px: float, dot_px: float) -> NDArray[Any]:
        """Return the mask drawn in dots: a pin strikes where it meets ink."""
        height, width = image.shape[:2]
        rows, columns = max(round(height / pitch_px), 1), max(round(width / pitch_px), 1)
        struck = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
        struck = cv2.LUT(struck, _STRIKE)
        # Each pin's level over its own square, times the distance from its middle.
        level = cv2.resize(struck, (width, height), interpolation=cv2.INTER_NEAREST)
        y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) * np.float32(rows / height)
        x = (np.arange(width, dtype=np.float32) + np.float32(0.5)) * np.float32(columns / width)
        square = np.add.outer(((y % 1 - 0.5) * pitch_px) ** 2, ((x % 1 - 0.5) * pitch_px) ** 2)
        dots = cv2.convertScaleAbs(np.clip(np.float32(dot_px / 2 + 0.5) - np.sqrt(square), 0, 1), alpha=255)
        return cv2.multiply(level, dots, scale=1 / 255)


_STRIKE = np.clip((np.arange(256) - 60) * 2.6, 0, 255).astype(np.uint8)
"""A pin strikes where more than a third of its square is ink, with little in between."""
