"""Gaussian blur: the sum of many small causes of unsharpness."""

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
class GaussianBlur(Op):
    """Lens, sensor and resampling each blur a little; together they come close to a normal curve."""

    name: ClassVar[str] = "gaussian_blur"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"sigma_em": [0.01, 0.04]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"sigma_em": [s, s]} for s in (0.02, 0.035, 0.05, 0.07, 0.1))

    sigma_em: Annotated[Range, Within(0, 0.5)] = Range(0.01, 0.05)
    """Standard deviation of the blur."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``sigma_px``."""
        return {"sigma_px": round(self.sigma_em.draw(stream) * frame.em_px, 3)}

    def apply(self, image: NDArray[Any], *, sigma_px: float) -> NDArray[Any]:
        """Return *image* blurred; the border is that of the picture, continued."""
        if sigma_px < _LEAST_PX:
            return image.copy()
        return cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)


_LEAST_PX = 0.05
"""A blur narrower than this changes no level."""
