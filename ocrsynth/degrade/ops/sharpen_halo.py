"""Sharpening halo: edges have bright and dark seams."""

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
class SharpenHalo(Op):
    """Scanners and telephones sharpen too much: beside every edge the picture overshoots."""

    name: ClassVar[str] = "sharpen_halo"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_ratio": [0.5, 2.0], "sigma_em": [0.03, 0.08]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"strength_ratio": [s, s], "sigma_em": [0.06, 0.06]} for s in (0.4, 0.9, 1.6, 2.5, 4.0)
    )

    strength_ratio: Annotated[Range, Within(0, 8)] = Range(0.3, 2.0)
    """Overshoot, as a share of what the blur takes."""
    sigma_em: Annotated[Range, Within(0.005, 0.5)] = Range(0.02, 0.09)
    """Standard deviation of the blur that is subtracted."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength`` and ``sigma_px``."""
        return {
            "strength": round(self.strength_ratio.draw(stream), 4),
            "sigma_px": round(max(self.sigma_em.draw(stream) * frame.em_px, 0.3), 3),
        }

    def apply(self, image: NDArray[Any], *, strength: float, sigma_px: float) -> NDArray[Any]:
        """Return *image* plus what its blur lacks (unsharp masking)."""
        blurred = cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
        return cv2.addWeighted(image, 1 + strength, blurred, -strength, 0)
