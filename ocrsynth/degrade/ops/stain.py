"""Stain: coffee, water or grease has dried on the page."""

from __future__ import annotations

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
class Stain(Op):
    """A drop spreads and dries: the paper stays darker inside, most at the rim where the dissolved matter settles."""

    name: ClassVar[str] = "stain"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    TINTS: ClassVar[bool] = True
    EXAMPLE: ClassVar[dict[str, Any]] = {"darkness_ratio": [0.1, 0.35], "size_em": [0.8, 2.5]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"darkness_ratio": [r, r], "size_em": [1.6, 1.6]} for r in (0.1, 0.2, 0.3, 0.42, 0.55)
    )

    darkness_ratio: Annotated[Range, Within(0, 0.8)] = Range(0.06, 0.3)
    """Share of the light that the rim of the stain takes."""
    size_em: Annotated[Range, Within(0.2, 10)] = Range(0.7, 3)
    """Radius of the stain."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``darkness``, ``radius_px``, the centre as shares of the picture, and ``seed``."""
        return {
            "darkness": round(self.darkness_ratio.draw(stream), 4),
            "radius_px": round(max(self.size_em.draw(stream) * frame.em_px, 1.0), 3),
            "x": round(stream.unit(), 4),
            "y": round(stream.uniform(0.1, 0.9), 4),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, darkness: float, radius_px: float, x: float, y: float, seed: int) -> NDArray[Any]:
        """Return *image* under a ragged round stain with a dark rim; in colour it is brown."""
        height, width = image.shape[:2]
        dy = (np.arange(height, dtype=np.float32) - np.float32(y * height)) / np.float32(radius_px)
        dx = (np.arange(width, dtype=np.float32) - np.float32(x * width)) / np.float32(radius_px)
        distance = np.sqrt(np.add.outer(dy * dy, dx * dx))
        distance += np.float32(0.09) * clouds((height, width), seed, radius_px / 2.5)
        inside = np.clip((np.float32(1) - distance) * np.float32(12), 0, 1)
        rim = np.float32(0.45) + np.float32(0.55) * np.clip(
            np.float32(1) - np.abs(distance - np.float32(0.93)) * np.float32(8), 0, 1
        )
        loss = np.float32(darkness) * inside * rim
        if image.ndim == loss.ndim:
            return times_gain(image, as_gain(1 - loss))
        # Coffee takes little red, more green and most blue; the three add up to the same luminance (BT.601).
        gains = [as_gain(1 - loss * np.float32(k)) for k in (0.75, 1.03, 1.5)]
        return cv2.multiply(image, cv2.merge(gains), scale=1 / 255)
