"""Sine wave: the line runs up and down."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, CurvedOp, Params
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class SineWave(CurvedOp):
    """The sheet lies in waves, as after it was damp, or a loose belt carried it past the sensor."""

    name: ClassVar[str] = "sine_wave"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"amplitude_em": [0.03, 0.12], "wavelength_em": [4, 12]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"amplitude_em": [a, a], "wavelength_em": [6, 6]} for a in (0.04, 0.08, 0.13, 0.2, 0.3)
    )

    amplitude_em: Annotated[Range, Within(0, 0.5)] = Range(0.02, 0.12)
    """Half the way between the highest and the lowest place of the baseline."""
    wavelength_em: Annotated[Range, Within(3, 100)] = Range(4, 14)
    """Distance from one crest to the next."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``amplitude_px``, ``wavelength_px`` and ``phase_rad``."""
        return {
            "amplitude_px": round(self.amplitude_em.draw(stream) * frame.em_px, 3),
            "wavelength_px": round(self.wavelength_em.draw(stream) * frame.em_px, 3),
            "phase_rad": round(stream.uniform(0, 2 * math.pi), 4),
        }

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        amplitude_px: float,
        wavelength_px: float,
        phase_rad: float,
    ) -> NDArray[np.float64]:
        """Return *points* moved up or down by the wave at their place."""
        del height, width
        moved = points.copy()
        moved[:, 1] -= amplitude_px * np.sin(points[:, 0] * (2 * math.pi / wavelength_px) + phase_rad)
        return moved

    def push(self, points: NDArray[np.float64], height: int, width: int, *args: Any, **params: Any) -> NDArray[np.float64]:
        """Return *points* moved the other way: the wave depends on x alone, which stays."""
        del args
        return 2 * points - self.pull(points, height, width, **params)
