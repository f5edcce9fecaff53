"""Fax: the page was sent by telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Fax(Op):
    """Group 3 fax scans 204 by 98 dots an inch in black and white, and noise on the line breaks rows."""

    name: ClassVar[str] = "fax"
    phase: ClassVar[Phase] = "codec"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"resolution_em": [10, 18]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"resolution_em": [r, r], "bias_grey": [b, b]} for r, b in ((26, 0), (20, 6), (16, 12), (12, 24), (9, 40))
    )

    resolution_em: Annotated[Range, Within(6, 60)] = Range(12, 26)
    """Scan lines to the em; at 98 an inch and 12 points they are 16."""
    bias_grey: Annotated[Range, Within(-60, 60)] = Range(-20, 20)
    """Levels by which the threshold is off."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``rows_px``, the height of a scan line, ``bias_grey`` and ``seed``."""
        return {
            "rows_px": round(max(frame.em_px / self.resolution_em.draw(stream), 1.0), 3),
            "bias_grey": round(self.bias_grey.draw(stream), 1),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, rows_px: float, bias_grey: float, seed: int) -> NDArray[Any]:
        """Return *image* in coarse black and white pixels, twice as high as wide."""
        height, width = image.shape[:2]
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        size = (max(round(width / max(rows_px / 2, 1.0)), 1), max(round(height / rows_px), 1))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        noise = (normal_field(small.shape, seed) * np.float32(9 / BANK_SIGMA)).astype(np.int16)
        small = cv2.add(small, noise, dtype=cv2.CV_8U)
        level, _ = cv2.threshold(small, 0, 255, cv2.THRESH_OTSU)
        _, bits = cv2.threshold(small, level + bias_grey, 255, cv2.THRESH_BINARY)
        out = cv2.resize(bits, (width, height), interpolation=cv2.INTER_NEAREST)
        return cv2.merge((out, out, out)) if image.ndim == 3 else out
