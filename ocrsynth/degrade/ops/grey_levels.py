"""Grey levels: the picture was stored with few tones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class GreyLevels(Op):
    """A format or a driver keeps only some levels, and smooth tones fall into steps."""

    name: ClassVar[str] = "grey_levels"
    phase: ClassVar[Phase] = "codec"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"levels": [4, 32]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"levels": [n, n]} for n in (24, 12, 8, 5, 3))

    levels: Annotated[Range, Within(2, 256, whole=True)] = Range(6, 64)
    """Tones that are left."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``levels``, an integer."""
        del frame
        return {"levels": self.levels.draw_int(stream)}

    def apply(self, image: NDArray[Any], *, levels: int) -> NDArray[Any]:
        """Return *image* rounded to so many tones."""
        tones = np.rint(np.arange(256) / 255 * (levels - 1)) / (levels - 1) * 255
        return cv2.LUT(image, np.rint(tones).astype(np.uint8))
