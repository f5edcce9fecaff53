"""Exposure: the picture got too much or too little light."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Exposure(Op):
    """The shutter was open too long or too short: bright paper burns out, or all is dark."""

    name: ClassVar[str] = "exposure"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"stops_ev": [-1.0, 0.6]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"stops_ev": [s, s]} for s in (-0.35, -0.7, -1.05, -1.5, -2.0))

    stops_ev: Annotated[Range, Within(-3, 2)] = Range(-0.7, 0.5)
    """Doublings of the light; below 0 it is halved so often."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``gain``."""
        del frame
        return {"gain": round(2 ** (self.stops_ev.draw(stream) / 2.2), 4)}

    def apply(self, image: NDArray[Any], *, gain: float) -> NDArray[Any]:
        """Return *image* under a gain on the levels of a gamma of 2.2, clipped at white."""
        return cv2.convertScaleAbs(image, alpha=gain)
