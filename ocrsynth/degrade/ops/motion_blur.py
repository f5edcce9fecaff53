"""Motion blur: camera or page moved while the shutter was open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.kernels import stroke
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class MotionBlur(Op):
    """The camera moved in a straight line while the shutter was open."""

    name: ClassVar[str] = "motion_blur"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"length_em": [0.05, 0.2], "angle_deg": [-20, 20]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"length_em": [n, n], "angle_deg": [30, 30]} for n in (0.06, 0.12, 0.18, 0.25, 0.35)
    )

    length_em: Annotated[Range, Within(0, 2)] = Range(0.02, 0.12)
    """Length of the motion."""
    angle_deg: Annotated[Range, Within(-180, 180)] = Range(-180, 180)
    """Direction of the motion, counter-clockwise from the right."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``length_px`` in sixteenths and ``angle_deg`` in whole degrees, for which kernels are cached."""
        length = round(self.length_em.draw(stream) * frame.em_px * 16) / 16
        return {"length_px": length, "angle_deg": round(self.angle_deg.draw(stream))}

    def apply(self, image: NDArray[Any], *, length_px: float, angle_deg: int) -> NDArray[Any]:
        """Return *image* convolved with a line; a motion and its reverse blur alike."""
        kernel = stroke(round(length_px * 16), angle_deg % 180)
        return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
