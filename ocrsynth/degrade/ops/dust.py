"""Dust: specks and hairs lie on the page or the glass."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import clouds, plus
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Dust(Op):
    """Specks between page and lens are dark or bright, whatever is printed below them."""

    name: ClassVar[str] = "dust"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"share_ratio": [0.001, 0.006]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"share_ratio": [r, r], "speck_em": [0.05, 0.05]} for r in (0.003, 0.007, 0.014, 0.025, 0.04)
    )

    share_ratio: Annotated[Range, Within(0, 0.1)] = Range(0.0005, 0.006)
    """Share of the picture that specks cover."""
    speck_em: Annotated[Range, Within(0.01, 0.3)] = Range(0.02, 0.08)
    """Size of the specks."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``level``, the height of the field beyond which specks lie, ``cell_px`` and ``seed``."""
        share = min(max(self.share_ratio.draw(stream), 1e-5), 0.5)
        return {
            "level": round(NormalDist().inv_cdf(1 - share / 2), 4),
            "cell_px": round(self.speck_em.draw(stream) * frame.em_px, 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, level: float, cell_px: float, seed: int) -> NDArray[Any]:
        """Return *image* with dark specks on the peaks and bright ones in the valleys of a fine field."""
        field = clouds(image.shape, seed, cell_px, 1.5)
        height = np.clip((np.abs(field) - np.float32(level - 0.08)) * np.float32(3), 0, 1)
        return plus(image, (np.copysign(height, -field) * np.float32(150)).astype(np.int16))
