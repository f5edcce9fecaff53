"""Ink clog: hollows of the type print as well."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.morphology import closed
from ocrsynth.degrade.textures import as_gain, clouds
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class InkClog(Op):
    """Lint and dried ink fill the eyes and narrow gaps of types, and these print too; outer edges stay as they were."""

    name: ClassVar[str] = "ink_clog"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"radius_em": [0.03, 0.06], "strength_ratio": [0.5, 0.9], "share_ratio": [0.5, 1.0]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"radius_em": [r, r], "strength_ratio": [s, s], "share_ratio": [1.0, 1.0]}
        for r, s in ((0.03, 0.4), (0.04, 0.5), (0.05, 0.6), (0.06, 0.7), (0.07, 0.8))
    )

    radius_em: Annotated[Range, Within(0, 0.15)] = Range(0.02, 0.055)
    """Half the width of the widest gap that fills."""
    strength_ratio: Annotated[Range, Within(0, 1)] = Range(0.3, 0.85)
    """Share of full ink with which a filled gap prints."""
    share_ratio: Annotated[Range, Within(0, 1)] = Range(0.3, 1.0)
    """Share of the letters whose gaps are filled."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``radius_px``, ``strength``, ``level`` (of a field, above which gaps fill), ``cell_px`` and ``seed``."""
        share = min(max(self.share_ratio.draw(stream), 1e-3), 1 - 1e-3)
        return {
            "radius_px": round(self.radius_em.draw(stream) * frame.em_px, 3),
            "strength": round(self.strength_ratio.draw(stream), 4),
            "level": round(NormalDist().inv_cdf(1 - share), 4),
            "cell_px": round(frame.em_px, 3),
            "seed": stream.word(),
        }

    def apply(
        self, image: NDArray[Any], *, radius_px: float, strength: float, level: float, cell_px: float, seed: int
    ) -> NDArray[Any]:
        """Return the mask with its gaps of up to twice *radius_px* filled, where a field of letters' size is above *level*."""
        field = clouds(image.shape, seed, cell_px)
        # From nothing to all of it within half a deviation: a type is clogged or is not.
        share = as_gain(np.clip((field - np.float32(level)) * np.float32(2) + np.float32(0.5), 0, 1))
        filling = cv2.multiply(cv2.subtract(closed(image, radius_px), image), share, scale=strength / 255)
        return cv2.add(image, filling)
