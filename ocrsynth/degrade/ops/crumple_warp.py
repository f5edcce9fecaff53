"""Crumple: the sheet was crushed and smoothed out again."""

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

_MOST_RIDGES = 24
_STEEPEST = 0.8
"""Bound of all slopes together; at 1 the sheet could fold."""


@OPS.register
class CrumpleWarp(CurvedOp):
    """Ridges stay in crushed paper: along each the text bends sharply, to both sides it falls back."""

    name: ClassVar[str] = "crumple_warp"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"amplitude_em": [0.02, 0.1], "width_em": [0.8, 3]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"amplitude_em": [a, a], "width_em": [2, 2]} for a in (0.05, 0.09, 0.14, 0.2, 0.27)
    )

    amplitude_em: Annotated[Range, Within(0, 0.5)] = Range(0.02, 0.12)
    """How far text moves at the top of a ridge; less where it would fold the sheet."""
    width_em: Annotated[Range, Within(0.5, 10)] = Range(0.8, 3)
    """From the top of a ridge to its foot."""
    spacing_em: Annotated[Range, Within(1, 50)] = Range(2, 6)
    """Mean distance between ridges along the line."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``ridges``: place x, direction in rad, and the way up (x, y) in px; and their ``width_px``."""
        width = self.width_em.draw(stream) * frame.em_px
        height = self.amplitude_em.draw(stream) * frame.em_px
        spacing = max(self.spacing_em.draw(stream) * frame.em_px, frame.width / _MOST_RIDGES)
        ridges = []
        for k in range(max(math.ceil(frame.width / spacing), 1)):
            way = stream.uniform(0, 2 * math.pi)
            ridges.append(
                [
                    round((k + stream.unit()) * spacing, 2),
                    round(stream.uniform(-math.pi, math.pi), 4),
                    round(math.cos(way), 4),
                    round(math.sin(way), 4),
                ]
            )
        # Where ridges cross their slopes add up.
        across = min(1 + 4 * width / spacing, len(ridges))
        return {
            "ridges": ridges,
            "amplitude_px": round(min(height, _STEEPEST * width / across), 3),
            "width_px": round(width, 3),
        }

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        ridges: list[list[float]],
        amplitude_px: float,
        width_px: float,
    ) -> NDArray[np.float64]:
        """Return *points* moved by every ridge that they stand on."""
        del width
        place, angle, along, up = np.array(ridges).T
        normal = np.stack((np.cos(angle), np.sin(angle)))
        distance = points @ normal - (place * normal[0] + height / 2 * normal[1])
        slope = np.maximum(1 - np.abs(distance) * (1 / width_px), 0.0)
        moved: NDArray[np.float64] = points + slope @ (np.stack((along, up), axis=1) * amplitude_px)
        return moved
