"""Ink fade: the print gets lighter in places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import clouds
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class InkFade(Op):
    """A ribbon runs dry, a plate presses unevenly, thermal paper bleaches: whole stretches of the line are lighter."""

    name: ClassVar[str] = "ink_fade"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"loss_ratio": [0.2, 0.6], "size_em": [1.0, 4.0]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"loss_ratio": [r, r], "size_em": [2.0, 2.0]} for r in (0.2, 0.35, 0.5, 0.65, 0.8)
    )

    loss_ratio: Annotated[Range, Within(0, 0.95)] = Range(0.1, 0.5)
    """Share of the ink that is missing where it is lightest."""
    size_em: Annotated[Range, Within(0.3, 20)] = Range(0.8, 5)
    """Size of light and dark stretches."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``loss``, ``cell_px`` and ``seed``."""
        return {
            "loss": round(self.loss_ratio.draw(stream), 4),
            "cell_px": round(self.size_em.draw(stream) * frame.em_px, 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, loss: float, cell_px: float, seed: int) -> NDArray[Any]:
        """Return the mask under a smooth loss of ink."""
        field = clouds(image.shape, seed, cell_px)
        keep = cv2.convertScaleAbs(1 - np.float32(loss) * np.clip(field * np.float32(0.33) + np.float32(0.5), 0, 1), alpha=255)
        return cv2.multiply(image, keep, scale=1 / 255)
