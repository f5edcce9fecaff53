"""Halftone: grey ink is printed as dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import screen
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Halftone(Op):
    """A press has one ink only: a tone lighter than full ink is broken up into a screen of dots."""

    name: ClassVar[str] = "halftone"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"tone_ratio": [0.5, 0.9], "pitch_em": [0.08, 0.16]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"tone_ratio": [t, t], "pitch_em": [0.11, 0.11], "angle_deg": [45, 45]} for t in (0.9, 0.78, 0.66, 0.56, 0.46)
    )

    tone_ratio: Annotated[Range, Within(0.1, 1)] = Range(0.55, 0.95)
    """Share of the strokes that dots cover."""
    pitch_em: Annotated[Range, Within(0.03, 0.5)] = Range(0.07, 0.16)
    """Distance of two dots."""
    angle_deg: Annotated[Range, Within(0, 90)] = Range(0, 90)
    """Angle of the screen; black is mostly printed at 45°."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``tone``, ``pitch_px`` and ``angle_deg``, quantised for the cache of screens."""
        return {
            "tone": round(self.tone_ratio.draw(stream), 4),
            "pitch_px": round(max(self.pitch_em.draw(stream) * frame.em_px, 1.5) * 8) / 8,
            "angle_deg": 15 * round(self.angle_deg.draw(stream) / 15),
        }

    def apply(self, image: NDArray[Any], *, tone: float, pitch_px: float, angle_deg: int) -> NDArray[Any]:
        """Return the mask cut to the dots of a screen, with edges of half a pixel."""
        dots = screen(image.shape, pitch_px, angle_deg)
        # The thresholds of a cosine screen lie densest in the middle; over a dot's edge they climb by a few of them a pixel.
        level = 255 * _LEVEL[round(tone * 100)]
        slope = max(pitch_px / 3, 1.0)
        keep = cv2.convertScaleAbs(
            np.clip((np.float32(level) - dots) * np.float32(slope / 64) + np.float32(0.5), 0, 1), alpha=255
        )
        return cv2.multiply(image, keep, scale=1 / 255)


_U = np.cos(np.linspace(0, 2 * np.pi, 200, endpoint=False))
_LEVEL = np.quantile(np.add.outer(_U, _U) / 4 + 0.5, np.linspace(0, 1, 101))
"""Threshold that a share of the screen lies below, by per cent."""
