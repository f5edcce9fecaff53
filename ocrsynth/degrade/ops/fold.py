"""Fold: one half of the page is tilted away from the light."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import across, as_gain, times_gain
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Fold(Op):
    """A folded sheet never lies quite flat again: both sides of the fold meet the light at different angles."""

    name: ClassVar[str] = "fold"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"contrast_ratio": [0.05, 0.2]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"contrast_ratio": [c, c], "angle_deg": [70, 70]} for c in (0.06, 0.12, 0.18, 0.26, 0.36)
    )

    contrast_ratio: Annotated[Range, Within(0, 0.6)] = Range(0.03, 0.2)
    """Difference of light between both sides."""
    angle_deg: Annotated[Range, Within(-90, 90)] = Range(-90, 90)
    """Direction of the fold, counter-clockwise from the right."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``contrast``, ``angle_deg``, ``place`` and ``soft_px``, over which the light changes back."""
        return {
            "contrast": round(self.contrast_ratio.draw(stream), 4),
            "angle_deg": round(self.angle_deg.draw(stream), 2),
            "place": round(stream.uniform(-0.35, 0.35), 4),
            "soft_px": round(frame.em_px * stream.uniform(2, 6), 2),
        }

    def apply(self, image: NDArray[Any], *, contrast: float, angle_deg: float, place: float, soft_px: float) -> NDArray[Any]:
        """Return *image* darker on one side of a line, and lighter again with the distance from it."""
        height, width = image.shape[:2]
        distance = across(height, width, -angle_deg)
        reach = abs(math.sin(math.radians(angle_deg))) * width + abs(math.cos(math.radians(angle_deg))) * height
        distance -= np.float32(place * reach)
        side = np.clip(distance * np.float32(0.7) + np.float32(0.5), 0, 1)
        loss = np.float32(contrast) * side * np.exp(-np.maximum(distance, 0) / np.float32(max(soft_px, 1.0)))
        return times_gain(image, as_gain(1 - loss))
