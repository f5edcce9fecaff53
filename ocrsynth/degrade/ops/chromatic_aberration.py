"""Chromatic aberration: the lens bends colours by different angles."""

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
class ChromaticAberration(Op):
    """Red and blue meet the sensor at other places than green: edges have coloured seams, in a grey picture soft ones."""

    name: ClassVar[str] = "chromatic_aberration"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    TINTS: ClassVar[bool] = True
    EXAMPLE: ClassVar[dict[str, Any]] = {"shift_em": [0.01, 0.04]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"shift_em": [s, s]} for s in (0.015, 0.03, 0.045, 0.065, 0.09))

    shift_em: Annotated[Range, Within(0, 0.3)] = Range(0.005, 0.03)
    """Distance of red and of blue from green."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return the shift of red, ``dx_px`` and ``dy_px``; that of blue is its opposite."""
        way = self.shift_em.draw(stream) * frame.em_px
        angle = stream.uniform(0, 2 * math.pi)
        return {"dx_px": round(way * math.cos(angle), 3), "dy_px": round(way * math.sin(angle), 3)}

    def apply(self, image: NDArray[Any], *, dx_px: float, dy_px: float) -> NDArray[Any]:
        """Return *image* with red and blue shifted; a grey one as the luminance of both leaves it."""
        if image.ndim == 2:
            red, blue = _moved(image, dx_px, dy_px), _moved(image, -dx_px, -dy_px)
            colour = cv2.merge((red, image, blue))
            return cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        red, green, blue = cv2.split(image)
        return cv2.merge((_moved(red, dx_px, dy_px), green, _moved(blue, -dx_px, -dy_px)))


def _moved(channel: NDArray[Any], dx: float, dy: float) -> NDArray[Any]:
    size = (channel.shape[1], channel.shape[0])
    matrix = np.array(((1, 0, dx), (0, 1, dy)))
    return cv2.warpAffine(channel, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
