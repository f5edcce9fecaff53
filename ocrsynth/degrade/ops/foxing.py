"""Foxing: old paper has brown spots."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import as_gain, clouds, times_gain
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Foxing(Op):
    """Mould and rust in the paper make it brown in many small spots."""

    name: ClassVar[str] = "foxing"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    TINTS: ClassVar[bool] = True
    EXAMPLE: ClassVar[dict[str, Any]] = {"share_ratio": [0.02, 0.1], "darkness_ratio": [0.15, 0.4]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"share_ratio": [r, r], "darkness_ratio": [0.4, 0.4]} for r in (0.02, 0.05, 0.09, 0.14, 0.2)
    )

    share_ratio: Annotated[Range, Within(0, 0.4)] = Range(0.01, 0.1)
    """Share of the paper that is spotted."""
    darkness_ratio: Annotated[Range, Within(0, 0.8)] = Range(0.1, 0.4)
    """Share of the light that the middle of a spot takes."""
    spot_em: Annotated[Range, Within(0.05, 1)] = Range(0.12, 0.35)
    """Size of the spots."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``level``, the height of the field above which it is brown, ``darkness``, ``cell_px`` and ``seed``."""
        share = min(max(self.share_ratio.draw(stream), 1e-4), 0.9)
        return {
            "level": round(NormalDist().inv_cdf(1 - share), 4),
            "darkness": round(self.darkness_ratio.draw(stream), 4),
            "cell_px": round(self.spot_em.draw(stream) * frame.em_px, 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, level: float, darkness: float, cell_px: float, seed: int) -> NDArray[Any]:
        """Return *image* with soft spots; in colour they are brown."""
        field = clouds(image.shape, seed, cell_px)
        loss = np.float32(darkness) * np.clip((field - np.float32(level)) * np.float32(0.8), 0, 1)
        if image.ndim == loss.ndim:
            return times_gain(image, as_gain(1 - loss))
        gains = [as_gain(np.maximum(1 - loss * np.float32(k), 0)) for k in (0.75, 1.03, 1.5)]
        return cv2.multiply(image, cv2.merge(gains), scale=1 / 255)
