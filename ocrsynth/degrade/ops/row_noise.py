"""Row noise: whole rows are brighter or darker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.degrade.textures import plus
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class RowNoise(Op):
    """The amplifiers of a sensor or scanner read row by row, and each row gets an offset of its own."""

    name: ClassVar[str] = "row_noise"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"sigma_grey": [2, 8]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"sigma_grey": [s, s]} for s in (3, 6, 10, 15, 22))

    sigma_grey: Annotated[Range, Within(0, 80)] = Range(0.5, 6)
    """Standard deviation of the offsets."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``sigma_grey`` and ``seed``."""
        del frame
        return {"sigma_grey": round(self.sigma_grey.draw(stream), 2), "seed": stream.word()}

    def apply(self, image: NDArray[Any], *, sigma_grey: float, seed: int) -> NDArray[Any]:
        """Return *image* with an offset on each row."""
        height, width = image.shape[:2]
        offsets = np.rint(normal_field((height, 1), seed) * (sigma_grey / BANK_SIGMA)).astype(np.int16)
        return plus(image, np.repeat(offsets, width, axis=1))
