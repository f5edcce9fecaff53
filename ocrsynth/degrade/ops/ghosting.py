"""Ghosting: a faint second print beside the first."""

from __future__ import annotations

import math
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
class Ghosting(Op):
    """The drum is not wiped clean and prints what it holds once more, or the sheet slips between two strikes."""

    name: ClassVar[str] = "ghosting"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_ratio": [0.1, 0.4], "shift_em": [0.04, 0.15]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"strength_ratio": [r, r], "shift_em": [0.1, 0.1]} for r in (0.12, 0.24, 0.36, 0.5, 0.7)
    )

    strength_ratio: Annotated[Range, Within(0, 1)] = Range(0.05, 0.35)
    """Ink of the ghost, as a share of the print."""
    shift_em: Annotated[Range, Within(0, 1)] = Range(0.03, 0.18)
    """Distance of the ghost from its letter."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength`` and the shift ``dx_px``, ``dy_px``."""
        reach = self.shift_em.draw(stream) * frame.em_px
        angle = stream.uniform(0, 2 * math.pi)
        return {
            "strength": round(self.strength_ratio.draw(stream), 4),
            "dx_px": round(reach * math.cos(angle), 3),
            "dy_px": round(reach * math.sin(angle), 3),
        }

    def apply(self, image: NDArray[Any], *, strength: float, dx_px: float, dy_px: float) -> NDArray[Any]:
        """Return the mask and its shifted, weaker copy."""
        height, width = image.shape[:2]
        matrix = np.array(((1, 0, dx_px), (0, 1, dy_px)))
        ghost = cv2.warpAffine(
            image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        return cv2.max(image, cv2.convertScaleAbs(ghost, alpha=strength))
