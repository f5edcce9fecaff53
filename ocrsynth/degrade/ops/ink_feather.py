"""Ink feather: ink runs into the paper along its fibres."""

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
class InkFeather(Op):
    """Unsized paper soaks up wet ink, which creeps along fibres and gives strokes a ragged, lighter fringe."""

    name: ClassVar[str] = "ink_feather"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"reach_em": [0.02, 0.06]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"reach_em": [r, r]} for r in (0.015, 0.03, 0.045, 0.065, 0.09))

    reach_em: Annotated[Range, Within(0, 0.2)] = Range(0.01, 0.05)
    """How far the ink creeps."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``reach_px`` and ``seed``."""
        return {"reach_px": round(self.reach_em.draw(stream) * frame.em_px, 3), "seed": stream.word()}

    def apply(self, image: NDArray[Any], *, reach_px: float, seed: int) -> NDArray[Any]:
        """Return the mask with a fringe whose reach varies along the strokes."""
        if reach_px <= 0:
            return image.copy()
        spread = cv2.GaussianBlur(image, (0, 0), max(reach_px, 0.3))
        fibres = clouds(image.shape, seed, 1.6, 2.5)
        drawn = np.clip(spread * (np.float32(1.0) + np.float32(0.55) * fibres), 0, 255).astype(np.uint8)
        return cv2.max(image, drawn)
