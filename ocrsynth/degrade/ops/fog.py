"""Fog: stray light lies over the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Fog(Op):
    """Mist, a dirty lens or light from the side lifts the dark tones and leaves little contrast."""

    name: ClassVar[str] = "fog"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"density_ratio": [0.1, 0.4]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"density_ratio": [d, d]} for d in (0.12, 0.24, 0.36, 0.5, 0.65))

    density_ratio: Annotated[Range, Within(0, 0.9)] = Range(0.05, 0.35)
    """Share of the light that comes from the fog."""
    light_grey: Annotated[Range, Within(0, 255)] = Range(180, 235)
    """Level of the fog."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``density`` and ``light_grey``."""
        del frame
        return {"density": round(self.density_ratio.draw(stream), 4), "light_grey": round(self.light_grey.draw(stream), 1)}

    def apply(self, image: NDArray[Any], *, density: float, light_grey: float) -> NDArray[Any]:
        """Return *image* mixed with even light."""
        return cv2.convertScaleAbs(image, alpha=1 - density, beta=density * light_grey)
