"""Defocus: the page is not in the focal plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.kernels import disk
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class DefocusBlur(Op):
    """Every point of a page outside the focal plane becomes a disk, the image of the lens's stop."""

    name: ClassVar[str] = "defocus_blur"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"radius_em": [0.02, 0.06]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"radius_em": [r, r]} for r in (0.03, 0.05, 0.07, 0.1, 0.14))

    radius_em: Annotated[Range, Within(0, 0.5)] = Range(0.01, 0.05)
    """Radius of the disk."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``radius_px``, in sixteenths, for which kernels are cached."""
        return {"radius_px": round(self.radius_em.draw(stream) * frame.em_px * 16) / 16}

    def apply(self, image: NDArray[Any], *, radius_px: float) -> NDArray[Any]:
        """Return *image* convolved with a disk."""
        return cv2.filter2D(image, -1, disk(round(radius_px * 16)), borderType=cv2.BORDER_REPLICATE)
