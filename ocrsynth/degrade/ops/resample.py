"""Resample: the picture was made smaller and larger again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import cv2

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Resample(Op):
    """Programs and telephones store pictures at another size, with kernels that blur, ring or leave steps."""

    name: ClassVar[str] = "resample"
    phase: ClassVar[Phase] = "codec"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"scale_ratio": [0.4, 0.8], "kernel": "nearest"}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"scale_ratio": [s, s], "kernel": "linear"} for s in (0.7, 0.52, 0.4, 0.32, 0.25)
    )

    scale_ratio: Annotated[Range, Within(0.1, 1)] = Range(0.45, 0.95)
    """Size in between, as a share of the picture's."""
    kernel: Literal["nearest", "linear", "cubic", "lanczos"] = "cubic"
    """Kernel of both ways."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``scale`` and ``kernel``."""
        del frame
        return {"scale": round(self.scale_ratio.draw(stream), 4), "kernel": self.kernel}

    def kept_ratio(self, **params: Any) -> float:
        """Return the size in between."""
        return float(params["scale"])

    def apply(self, image: NDArray[Any], *, scale: float, kernel: str) -> NDArray[Any]:
        """Return *image* after both ways."""
        height, width = image.shape[:2]
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        small = cv2.resize(image, size, interpolation=_KERNELS[kernel])
        return cv2.resize(small, (width, height), interpolation=_KERNELS[kernel])


_KERNELS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
}
