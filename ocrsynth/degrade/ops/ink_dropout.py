"""Ink dropout: spots of the page took no ink."""

from __future__ import annotations

from statistics import NormalDist
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
class InkDropout(Op):
    """Grease, dust or a rough fibre keeps the ink off in spots, and the paper shows through the strokes."""

    name: ClassVar[str] = "ink_dropout"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"share_ratio": [0.02, 0.15], "spot_em": [0.03, 0.08]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"share_ratio": [r, r], "spot_em": [0.05, 0.05]} for r in (0.04, 0.1, 0.18, 0.28, 0.4)
    )

    share_ratio: Annotated[Range, Within(0, 0.6)] = Range(0.01, 0.12)
    """Share of the ink that is missing."""
    spot_em: Annotated[Range, Within(0.01, 0.5)] = Range(0.03, 0.09)
    """Size of the spots."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``level``, the height of the field above which ink is missing, ``cell_px`` and ``seed``."""
        share = min(max(self.share_ratio.draw(stream), 1e-4), 0.9)
        return {
            "level": round(NormalDist().inv_cdf(1 - share), 4),
            "cell_px": round(self.spot_em.draw(stream) * frame.em_px, 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, level: float, cell_px: float, seed: int) -> NDArray[Any]:
        """Return the mask without the ink under the peaks of a smooth field."""
        field = clouds(image.shape, seed, cell_px)
        # A soft edge of a quarter of a deviation: a hole in ink is not cut with a knife.
        keep = cv2.convertScaleAbs(np.clip((level + 0.12 - field) * np.float32(4), 0, 1), alpha=255)
        return cv2.multiply(image, keep, scale=1 / 255)
