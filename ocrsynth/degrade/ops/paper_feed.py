"""Paper feed: the sheet passed the sensor unevenly."""

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
class PaperFeed(CurvedOp):
    """Rollers that slip and catch stretch some letters and squeeze others, along the way of the sheet."""

    name: ClassVar[str] = "paper_feed"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"change_ratio": [0.05, 0.3], "period_em": [1, 5]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"change_ratio": [c, c], "period_em": [3, 3]} for c in (0.08, 0.16, 0.26, 0.38, 0.5)
    )

    change_ratio: Annotated[Range, Within(0, 0.55)] = Range(0.03, 0.25)
    """Largest change of the speed, as a share of it."""
    period_em: Annotated[Range, Within(0.5, 50)] = Range(1, 6)
    """How far the sheet moves from one slip to the next."""
    upright_share: Annotated[Range, Within(0, 1)] = Range(0.2, 0.4)
    """How often the sheet moves up rather than along the line."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``change``, ``period_px``, ``phase_rad`` and the ``axis``, 0 for along the line and 1 for up."""
        return {
            "change": round(self.change_ratio.draw(stream), 4),
            "period_px": round(self.period_em.draw(stream) * frame.em_px, 3),
            "phase_rad": round(stream.uniform(0, 2 * math.pi), 4),
            "axis": int(stream.chance(self.upright_share.draw(stream))),
        }

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        change: float,
        period_px: float,
        phase_rad: float,
        axis: int,
    ) -> NDArray[np.float64]:
        """Return *points* moved along the way of the sheet; the derivative of the sum is the speed."""
        del height, width
        k = 2 * math.pi / period_px
        moved = points.copy()
        moved[:, axis] += (
            change / k * (0.7 * np.sin(points[:, axis] * k + phase_rad) + 0.16 * np.sin(points[:, axis] * (k * 1.83)))
        )
        return moved
