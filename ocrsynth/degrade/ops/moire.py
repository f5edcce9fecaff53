"""Moiré: two gratings beat against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import across, plus
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Moire(Op):
    """The grid of a display or a halftone and the grid of the sensor make bands that neither has."""

    name: ClassVar[str] = "moire"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"contrast_grey": [8, 25], "period_em": [0.2, 0.6]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"contrast_grey": [c, c], "period_em": [0.3, 0.3], "angle_deg": [25, 25]} for c in (8, 16, 26, 38, 54)
    )

    contrast_grey: Annotated[Range, Within(0, 120)] = Range(3, 22)
    """Levels between the bands."""
    period_em: Annotated[Range, Within(0.05, 4)] = Range(0.12, 0.7)
    """Distance of the bands."""
    angle_deg: Annotated[Range, Within(-90, 90)] = Range(-90, 90)
    """Direction of the bands, counter-clockwise from the right."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``contrast_grey``, ``period_px``, ``angle_deg`` and ``bend``, by which the bands curve."""
        return {
            "contrast_grey": round(self.contrast_grey.draw(stream), 2),
            "period_px": round(max(self.period_em.draw(stream) * frame.em_px, 2.0), 3),
            "angle_deg": round(self.angle_deg.draw(stream), 2),
            "bend": round(stream.uniform(-0.4, 0.4), 3),
        }

    def apply(
        self, image: NDArray[Any], *, contrast_grey: float, period_px: float, angle_deg: float, bend: float
    ) -> NDArray[Any]:
        """Return *image* under curved bands."""
        height, width = image.shape[:2]
        phase = across(height, width, -angle_deg) / np.float32(period_px)
        along = (np.arange(width, dtype=np.float32) / width - np.float32(0.5)) ** 2
        phase += np.float32(bend * width / period_px) * along
        bands = np.sin(phase * np.float32(2 * np.pi)) * np.float32(contrast_grey / 2)
        return plus(image, bands.astype(np.int16))
