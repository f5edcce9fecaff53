"""Automatic levels: a scanner or its program stretches what it sees to the whole range, and the paper to white."""

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

_BRIGHT, _DARK = 0.9, 0.01
"""Shares of the pixels below the level of the paper, and below that of the ink."""
_LEAST_SPAN = 24
"""Levels that are stretched at least: of bare paper only grain would be seen."""


@OPS.register
class AutoLevels(Op):
    """The program of a scanner takes the brightest and the darkest of what it sees for white and black."""

    name: ClassVar[str] = "auto_levels"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"white_ratio": [0.8, 1.0], "black_ratio": [0, 0.8]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"white_ratio": [w, w], "black_ratio": [0, 0]} for w in (1.05, 0.9, 0.75, 0.6, 0.45)
    )

    white_ratio: Annotated[Range, Within(0.2, 2)] = Range(0.8, 1.0)
    """Level that becomes white, as a share of the paper's: of less than 1 the grain of the paper is lost."""
    black_ratio: Annotated[Range, Within(0, 1)] = Range(0, 0.8)
    """Level that becomes black, as a share of the darkest ink's."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``white`` and ``black``, as the fields."""
        del frame
        return {"white": round(self.white_ratio.draw(stream), 3), "black": round(self.black_ratio.draw(stream), 3)}

    def apply(self, image: NDArray[Any], *, white: float, black: float) -> NDArray[Any]:
        """Return *image* with its levels from *black* times the darkest to *white* times the brightest on 0 to 255."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        below = np.cumsum(cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel())
        darkest, brightest = np.searchsorted(below, (_DARK * below[-1], _BRIGHT * below[-1])).tolist()
        low = black * darkest
        span = max(white * brightest - low, _LEAST_SPAN)
        table = np.clip(np.rint((np.arange(256) - low) * (255 / span)), 0, 255).astype(np.uint8)
        return cv2.LUT(image, table)
