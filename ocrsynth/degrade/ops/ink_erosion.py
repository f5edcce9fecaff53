"""Ink erosion: too little ink or a worn ribbon leaves strokes thin."""

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
class InkErosion(Op):
    """Strokes shrink on every side because the plate, ribbon or toner gave too little ink."""

    name: ClassVar[str] = "ink_erosion"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"radius_em": [0.005, 0.015]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"radius_em": [r, r]} for r in (0.005, 0.01, 0.015, 0.02, 0.03))

    radius_em: Annotated[Range, Within(0, 0.1)] = Range(0.002, 0.012)
    """Width that strokes lose on each side."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``radius_px``."""
        return {"radius_px": round(self.radius_em.draw(stream) * frame.em_px, 3)}

    def apply(self, image: NDArray[Any], *, radius_px: float) -> NDArray[Any]:
        """Return the mask with strokes thinner by *radius_px* on each side."""
        return grow(image, radius_px, cv2.erode)
