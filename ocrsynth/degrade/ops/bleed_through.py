"""Bleed-through: the other side of the sheet shows."""

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
class BleedThrough(Op):
    """Thin paper or wet ink lets the print on the back show through, mirrored and blurred."""

    name: ClassVar[str] = "bleed_through"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_ratio": [0.1, 0.3]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"strength_ratio": [r, r], "blur_em": [0.05, 0.05]} for r in (0.08, 0.16, 0.25, 0.35, 0.48)
    )

    strength_ratio: Annotated[Range, Within(0, 0.7)] = Range(0.04, 0.25)
    """Darkness of the other side, as a share of this side's ink."""
    blur_em: Annotated[Range, Within(0, 0.3)] = Range(0.03, 0.09)
    """How far the light spreads inside the sheet."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength``, ``blur_px`` and the offset of the other side, ``dx_px`` and ``dy_px``."""
        return {
            "strength": round(self.strength_ratio.draw(stream), 4),
            "blur_px": round(self.blur_em.draw(stream) * frame.em_px, 3),
            "dx_px": round(stream.uniform(-1.5, 1.5) * frame.em_px),
            "dy_px": round(stream.uniform(-0.35, 0.35) * frame.em_px),
        }

    def apply(self, image: NDArray[Any], *, strength: float, blur_px: float, dx_px: int, dy_px: int) -> NDArray[Any]:
        """Return *image* darkened by its own mirror image, which stands for the text on the back."""
        back = np.roll(image[:, ::-1], (dy_px, dx_px), axis=(0, 1))
        back = cv2.GaussianBlur(back, (0, 0), max(blur_px, 0.3))
        # Only what is darker than the sheet shows; the sheet itself is there already.
        ink = cv2.subtract(np.broadcast_to(_paper(back), back.shape), back)
        return cv2.subtract(image, cv2.convertScaleAbs(ink, alpha=strength))


_PAPER_RANK = 0.8
"""Place of the paper's level among all levels in order: ink is darker, and less than a fifth is lighter than usual."""


def _paper(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the level of the paper in each channel of uint8 *image*, uint8 () or (3,): a percentile, rounded down.

    `numpy.percentile` takes as long as the whole of the op.
    """
    levels = image[::2, ::4].reshape(-1, *image.shape[2:])
    place = _PAPER_RANK * (len(levels) - 1)
    below = int(place)
    above = min(below + 1, len(levels) - 1)
    ordered = np.partition(levels, (below, above), axis=0)
    low, high = ordered[below].astype(np.float64), ordered[above].astype(np.float64)
    return np.asarray(low + (high - low) * (place - below)).astype(np.uint8)
