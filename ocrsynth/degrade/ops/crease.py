"""Crease: the sheet was folded sharply and lies flat again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import across, plus
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Crease(Op):
    """Along a crease the fibres are broken: a thin line, light where ink has flaked off, with a shade on one side."""

    name: ClassVar[str] = "crease"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_ratio": [0.15, 0.5], "width_em": [0.03, 0.1]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"strength_ratio": [s, s], "width_em": [0.07, 0.07]} for s in (0.15, 0.28, 0.42, 0.58, 0.75)
    )

    strength_ratio: Annotated[Range, Within(0, 1)] = Range(0.08, 0.45)
    """Contrast of the line."""
    width_em: Annotated[Range, Within(0.01, 0.5)] = Range(0.03, 0.1)
    """Width of the line."""
    angle_deg: Annotated[Range, Within(-90, 90)] = Range(-90, 90)
    """Direction of the crease, counter-clockwise from the right."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength``, ``width_px``, ``angle_deg`` and ``place``, the distance from the centre."""
        return {
            "strength": round(self.strength_ratio.draw(stream), 4),
            "width_px": round(max(self.width_em.draw(stream) * frame.em_px, 0.5), 3),
            "angle_deg": round(self.angle_deg.draw(stream), 2),
            "place": round(stream.uniform(-0.35, 0.35), 4),
        }

    def apply(self, image: NDArray[Any], *, strength: float, width_px: float, angle_deg: float, place: float) -> NDArray[Any]:
        """Return *image* with a light line and its shade."""
        height, width = image.shape[:2]
        distance = across(height, width, -angle_deg)
        reach = abs(math.sin(math.radians(angle_deg))) * width + abs(math.cos(math.radians(angle_deg))) * height
        distance -= np.float32(place * reach)
        u = distance / np.float32(width_px)
        light = np.exp(-u * u) * np.float32(110 * strength)
        shade = np.exp(-np.abs(u) * np.float32(0.5)) * (u > 0) * np.float32(60 * strength)
        return plus(image, (light - shade).astype(np.int16))
