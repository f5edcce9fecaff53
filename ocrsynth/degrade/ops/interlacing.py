"""Interlacing: odd and even rows were taken at different times."""

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
class Interlacing(Op):
    """A video camera reads odd rows before even ones: what moved in between is torn like a comb."""

    name: ClassVar[str] = "interlacing"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"shift_em": [0.02, 0.08]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"shift_em": [s, s]} for s in (0.02, 0.035, 0.05, 0.07, 0.095))

    shift_em: Annotated[Range, Within(0, 0.5)] = Range(0.01, 0.08)
    """Way between both fields."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``shift_px``, below 0 to the left."""
        way = round(self.shift_em.draw(stream) * frame.em_px, 3)
        return {"shift_px": -way if stream.chance(0.5) else way}

    def apply(self, image: NDArray[Any], *, shift_px: float) -> NDArray[Any]:
        """Return *image* with every second row shifted; its end is continued."""
        out = image.copy()
        odd = np.ascontiguousarray(image[1::2])
        if odd.size:
            matrix = np.array(((1, 0, shift_px), (0, 1, 0.0)))
            size = (odd.shape[1], odd.shape[0])
            out[1::2] = cv2.warpAffine(odd, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return out
