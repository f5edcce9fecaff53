"""Rolling shutter: the rows of the picture were read one after the other."""

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
class RollingShutter(CurvedOp):
    """The camera moved and trembled while its sensor was read row by row: letters lean and wobble."""

    name: ClassVar[str] = "rolling_shutter"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"lean_ratio": [-0.25, 0.25], "wobble_em": [0.0, 0.03]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"lean_ratio": [s, s], "wobble_em": [s / 16, s / 16]} for s in (0.08, 0.16, 0.25, 0.36, 0.5)
    )

    lean_ratio: Annotated[Range, Within(-0.7, 0.7)] = Range(-0.2, 0.2)
    """How far the picture moved to the right, against how far the read-out moved down."""
    wobble_em: Annotated[Range, Within(0, 0.2)] = Range(0.0, 0.03)
    """Amplitude of the tremor."""
    period_em: Annotated[Range, Within(1, 10)] = Range(1, 3)
    """How far the read-out moves down during one period of the tremor."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``lean``, ``wobble_px``, ``period_px`` and ``phase_rad``."""
        return {
            "lean": round(self.lean_ratio.draw(stream), 4),
            "wobble_px": round(self.wobble_em.draw(stream) * frame.em_px, 3),
            "period_px": round(self.period_em.draw(stream) * frame.em_px, 3),
            "phase_rad": round(stream.uniform(0, 2 * math.pi), 4),
        }

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        lean: float,
        wobble_px: float,
        period_px: float,
        phase_rad: float,
    ) -> NDArray[np.float64]:
        """Return *points* moved along their row by what the camera had moved when it was read."""
        del width
        y = points[:, 1]
        moved = points.copy()
        moved[:, 0] += lean * (y - height / 2) + wobble_px * np.sin(y * (2 * math.pi / period_px) + phase_rad)
        return moved

    def push(self, points: NDArray[np.float64], height: int, width: int, *args: Any, **params: Any) -> NDArray[np.float64]:
        """Return *points* moved the other way: the shift depends on y alone, which stays."""
        del args
        return 2 * points - self.pull(points, height, width, **params)
