"""Salt and pepper: single pixels are black or white."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class SaltAndPepper(Op):
    """Dead pixels and faults of transmission leave pixels at the ends of the scale."""

    name: ClassVar[str] = "salt_and_pepper"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"share_ratio": [0.002, 0.02]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"share_ratio": [r, r]} for r in (0.005, 0.015, 0.035, 0.07, 0.12))

    share_ratio: Annotated[Range, Within(0, 0.4)] = Range(0.0005, 0.015)
    """Share of the pixels that are faulty, half of them black."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``level``, the height of the noise beyond which a pixel is faulty, and ``seed``."""
        del frame
        share = min(max(self.share_ratio.draw(stream), 1e-6), 0.9)
        return {"level": round(NormalDist().inv_cdf(1 - share / 2), 4), "seed": stream.word()}

    def apply(self, image: NDArray[Any], *, level: float, seed: int) -> NDArray[Any]:
        """Return *image* with faulty pixels; in colour all channels fail together."""
        field = normal_field(image.shape[:2], seed)
        bound = min(round(level * BANK_SIGMA), 32767)
        out = image.copy()
        # Few pixels fail: their places are found once for all channels.
        pixels, heights = out.reshape(field.size, -1), field.ravel()
        pixels[np.flatnonzero(heights > bound)] = 255
        pixels[np.flatnonzero(heights < -bound)] = 0
        return out
