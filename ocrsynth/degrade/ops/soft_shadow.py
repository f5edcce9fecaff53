"""Soft shadow: the light is half covered."""

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
class SoftShadow(Op):
    """A far edge or a broad lamp throws a shadow whose border is as wide as several letters."""

    name: ClassVar[str] = "soft_shadow"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"darkness_ratio": [0.2, 0.5]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"darkness_ratio": [d, d], "angle_deg": [60, 60]} for d in (0.12, 0.24, 0.36, 0.5, 0.65)
    )

    darkness_ratio: Annotated[Range, Within(0, 0.9)] = Range(0.08, 0.45)
    """Share of the light that is missing in the shadow."""
    border_em: Annotated[Range, Within(0, 20)] = Range(1.0, 5.0)
    """Width of the border of the shadow."""
    angle_deg: Annotated[Range, Within(-180, 180)] = Range(-180, 180)
    """Direction of the border, counter-clockwise from the right."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``darkness``, ``border_px``, ``angle_deg`` and ``place``, the distance from the centre."""
        return {
            "darkness": round(self.darkness_ratio.draw(stream), 4),
            "border_px": round(max(self.border_em.draw(stream) * frame.em_px, 1.0), 3),
            "angle_deg": round(self.angle_deg.draw(stream), 2),
            "place": round(stream.uniform(-0.3, 0.3), 4),
        }

    def apply(self, image: NDArray[Any], *, darkness: float, border_px: float, angle_deg: float, place: float) -> NDArray[Any]:
        """Return *image* darker on one side of a border."""
        height, width = image.shape[:2]
        distance = across(height, width, -angle_deg)
        reach = abs(math.sin(math.radians(angle_deg))) * width + abs(math.cos(math.radians(angle_deg))) * height
        distance -= np.float32(place * reach)
        loss = np.float32(darkness) * np.clip(distance / np.float32(border_px) + np.float32(0.5), 0, 1)
        return times_gain(image, as_gain(1 - loss))
