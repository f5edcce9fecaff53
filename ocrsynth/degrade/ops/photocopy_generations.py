"""Photocopy generations: a copy of a copy of a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class PhotocopyGenerations(Op):
    """Each copy hardens the contrast, spreads the toner a little and adds specks of its own."""

    name: ClassVar[str] = "photocopy_generations"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"generations": [1, 3]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"generations": [g, g]} for g in (1, 2, 3, 4, 6))

    generations: Annotated[Range, Within(1, 8, whole=True)] = Range(1, 3)
    """Copies of copies."""
    blur_em: Annotated[Range, Within(0, 0.2)] = Range(0.02, 0.035)
    """Blur of each copy."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``generations``, ``sigma_px`` and ``seed``."""
        return {
            "generations": self.generations.draw_int(stream),
            "sigma_px": round(max(self.blur_em.draw(stream) * frame.em_px, 0.05), 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, generations: int, sigma_px: float, seed: int) -> NDArray[Any]:
        """Return *image* after so many copies; colour copies keep their colours."""
        out = image
        for generation in range(generations):
            out = cv2.GaussianBlur(out, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
            field: Any = normal_field(out.shape[:2], seed + generation)
            if out.ndim > field.ndim:
                field = cv2.merge((field, field, field))
            out = cv2.add(out, (field * np.float32(_GRAIN / BANK_SIGMA)).astype(np.int16), dtype=cv2.CV_8U)
            out = cv2.LUT(out, _CURVE)
        return out


_GRAIN = 5.0
"""Standard deviation of the specks of one copy, in levels."""
_CURVE = np.rint(255 / (1 + np.exp(-(np.arange(256) - 132) / 34))).astype(np.uint8)
"""Tones of one copy: an S-curve, with a middle a little above half, so that strokes grow."""
