"""Ink spread: wet ink creeps along the fibres and strokes grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.morphology import grow
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class InkSpread(Op):
    """Strokes grow on every side because ink soaks into the paper or toner is squashed by the fuser."""

    name: ClassVar[str] = "ink_spread"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"radius_em": [0.01, 0.03]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"radius_em": [r, r]} for r in (0.01, 0.02, 0.03, 0.045, 0.06))

    radius_em: Annotated[Range, Within(0, 0.2)] = Range(0.005, 0.025)
    """Width that strokes gain on each side."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``radius_px``."""
        return {"radius_px": round(self.radius_em.draw(stream) * frame.em_px, 3)}

    def apply(self, image: NDArray[Any], *, radius_px: float) -> NDArray[Any]:
        """Return the mask with strokes wider by *radius_px* on each side."""
        return grow(image, radius_px, cv2.dilate)
