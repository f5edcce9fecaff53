"""Camera shake: the hand trembled while the shutter was open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.kernels import trembling
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class CameraShake(Op):
    """The picture moves along a random path and each point of the page is drawn along it."""

    name: ClassVar[str] = "camera_shake"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"length_em": [0.05, 0.2]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"length_em": [e, e]} for e in (0.05, 0.09, 0.14, 0.2, 0.28))

    length_em: Annotated[Range, Within(0, 1)] = Range(0.02, 0.14)
    """Length of the path."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``length_16th``, in sixteenths of a pixel, and ``path``, one of 64 shapes."""
        return {"length_16th": round(self.length_em.draw(stream) * frame.em_px * 16), "path": stream.below(64)}

    def apply(self, image: NDArray[Any], *, length_16th: int, path: int) -> NDArray[Any]:
        """Return *image* drawn along the path."""
        if length_16th < _LEAST:
            return image.copy()
        return cv2.filter2D(image, -1, trembling(length_16th, path), borderType=cv2.BORDER_REPLICATE)


_LEAST = 2
"""Sixteenths of a pixel below which nothing moves."""
