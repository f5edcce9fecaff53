"""Glare: a lamp is mirrored in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import plus
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Glare(Op):
    """Glossy paper, film or glass mirrors a lamp: a bright patch lies over the print."""

    name: ClassVar[str] = "glare"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_grey": [30, 100], "size_em": [0.8, 2.5]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"strength_grey": [s, s], "size_em": [1.6, 1.6]} for s in (25, 50, 80, 115, 155)
    )

    strength_grey: Annotated[Range, Within(0, 255)] = Range(15, 90)
    """Levels that the middle of the patch adds."""
    size_em: Annotated[Range, Within(0.2, 20)] = Range(0.7, 4)
    """Radius of the patch, at six tenths of its strength."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength_grey``, ``radius_px``, the centre as shares of the picture, and ``stretch``."""
        return {
            "strength_grey": round(self.strength_grey.draw(stream), 2),
            "radius_px": round(max(self.size_em.draw(stream) * frame.em_px, 1.0), 3),
            "x": round(stream.unit(), 4),
            "y": round(stream.unit(), 4),
            "stretch": round(stream.uniform(0.6, 2.5), 3),
        }

    def apply(
        self, image: NDArray[Any], *, strength_grey: float, radius_px: float, x: float, y: float, stretch: float
    ) -> NDArray[Any]:
        """Return *image* and a patch of light."""
        height, width = image.shape[:2]
        down = np.exp(-(((np.arange(height) - y * height) / radius_px) ** 2) / 2).astype(np.float32)
        along = np.exp(-(((np.arange(width) - x * width) / (radius_px * stretch)) ** 2) / 2).astype(np.float32)
        return plus(image, (np.multiply.outer(down, along) * np.float32(strength_grey)).astype(np.int16))
