"""Toner specks: grains of toner lie where no letter is."""

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
class TonerSpecks(Op):
    """Charged toner strays from the drum and is fused onto the bare paper as black grains."""

    name: ClassVar[str] = "toner_specks"
    phase: ClassVar[Phase] = "print"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"share_ratio": [0.001, 0.006], "grain_em": [0.02, 0.05]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"share_ratio": [r, r], "grain_em": [0.035, 0.035]} for r in (0.002, 0.005, 0.01, 0.018, 0.03)
    )

    share_ratio: Annotated[Range, Within(0, 0.1)] = Range(0.0005, 0.006)
    """Share of the paper that grains cover."""
    grain_em: Annotated[Range, Within(0.01, 0.2)] = Range(0.015, 0.05)
    """Size of the grains."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``level``, the height of the field above which grains lie, ``cell_px`` and ``seed``."""
        share = min(max(self.share_ratio.draw(stream), 1e-5), 0.5)
        return {
            "level": round(NormalDist().inv_cdf(1 - share), 4),
            "cell_px": round(self.grain_em.draw(stream) * frame.em_px, 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, level: float, cell_px: float, seed: int) -> NDArray[Any]:
        """Return the mask with grains on the peaks of a fine field."""
        field = clouds(image.shape, seed, cell_px)
        grains = cv2.convertScaleAbs(np.clip((field - np.float32(level - 0.1)) * np.float32(3), 0, 1), alpha=255)
        return cv2.max(image, grains)
