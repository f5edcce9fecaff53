"""Downscale: the picture was captured with too few pixels."""

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
class Downscale(Op):
    """The text was captured with fewer pixels than the picture has, and enlarged afterwards."""

    name: ClassVar[str] = "downscale"
    phase: ClassVar[Phase] = "codec"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"scale_ratio": [0.5, 0.9]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"scale_ratio": [r, r]} for r in (0.8, 0.65, 0.5, 0.4, 0.32))

    scale_ratio: Annotated[Range, Within(0.05, 1)] = Range(0.5, 0.95)
    """Size of the small picture by that of the large one."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``scale``."""
        del frame
        return {"scale": round(self.scale_ratio.draw(stream), 3)}

    def kept_ratio(self, **params: Any) -> float:
        """Return the size in between."""
        return float(params["scale"])

    def apply(self, image: NDArray[Any], *, scale: float) -> NDArray[Any]:
        """Return *image* averaged down by *scale* and interpolated back to its size."""
        height, width = image.shape[:2]
        small = cv2.resize(image, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
