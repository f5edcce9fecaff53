"""Dither: grey ink is printed as a pattern of pixels."""

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
class Dither(Op):
    """A printer or display with two levels shows a lighter ink by leaving pixels of a fixed pattern bare (Bayer, ICC 1973)."""

    name: ClassVar[str] = "dither"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"tone_ratio": [0.5, 0.9]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"tone_ratio": [t, t], "dot_em": [0.04, 0.04]} for t in (0.9, 0.78, 0.66, 0.55, 0.44)
    )

    tone_ratio: Annotated[Range, Within(0.1, 1)] = Range(0.55, 0.95)
    """Share of the pixels of a stroke that are inked."""
    dot_em: Annotated[Range, Within(0.01, 0.2)] = Range(0.02, 0.05)
    """Size of a pixel of the pattern."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``tone`` and ``dot_px``, a whole number."""
        return {"tone": round(self.tone_ratio.draw(stream), 4), "dot_px": max(round(self.dot_em.draw(stream) * frame.em_px), 1)}

    def apply(self, image: NDArray[Any], *, tone: float, dot_px: int) -> NDArray[Any]:
        """Return the mask without the pixels whose threshold is above the tone."""
        height, width = image.shape[:2]
        keep = np.where(tone * 16 > _BAYER, np.uint8(255), np.uint8(0))
        tile = keep.repeat(dot_px, axis=0).repeat(dot_px, axis=1)
        repeats = (-(-height // len(tile)), -(-width // len(tile)))
        return cv2.bitwise_and(image, np.ascontiguousarray(np.tile(tile, repeats)[:height, :width]))


_BAYER = np.array(((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5)))
"""The ordered thresholds of 4×4 pixels."""
