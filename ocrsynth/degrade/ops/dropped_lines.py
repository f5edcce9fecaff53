"""Dropped lines: the scanner lost rows and repeated others."""

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
class DroppedLines(Op):
    """When data come too slowly a scanner skips rows, or stores the last one again."""

    name: ClassVar[str] = "dropped_lines"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"share_ratio": [0.02, 0.1]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"share_ratio": [r, r]} for r in (0.04, 0.09, 0.15, 0.24, 0.36))

    share_ratio: Annotated[Range, Within(0, 0.6)] = Range(0.01, 0.08)
    """Share of the rows that are lost."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``level``, the noise above which a row is lost, and ``seed``."""
        del frame
        share = min(max(self.share_ratio.draw(stream), 1e-4), 0.9)
        return {"level": round(NormalDist().inv_cdf(1 - share), 4), "seed": stream.word()}

    def apply(self, image: NDArray[Any], *, level: float, seed: int) -> NDArray[Any]:
        """Return *image* whose lost rows repeat the last one that was read."""
        height = image.shape[0]
        lost = normal_field((height,), seed) > min(round(level * BANK_SIGMA), 32767)
        rows = np.maximum.accumulate(np.where(lost, 0, np.arange(height)))
        return np.ascontiguousarray(image[rows])
