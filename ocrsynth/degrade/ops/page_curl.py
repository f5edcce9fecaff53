"""Page curl: the end of the line lifts off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, CurvedOp, Params
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class PageCurl(CurvedOp):
    """Towards its edge the sheet rolls up from the glass: lines bend and letters narrow."""

    name: ClassVar[str] = "page_curl"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"rise_em": [-0.4, 0.4], "narrow_ratio": [0.05, 0.3]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"rise_em": [r, r], "narrow_ratio": [r / 2.5, r / 2.5], "length_ratio": [0.6, 0.6]} for r in (0.12, 0.25, 0.4, 0.6, 0.8)
    )

    rise_em: Annotated[Range, Within(-1, 1)] = Range(-0.35, 0.35)
    """How far the end of the line bends up."""
    narrow_ratio: Annotated[Range, Within(0.01, 0.5)] = Range(0.02, 0.25)
    """How much narrower the letters are at the edge."""
    length_ratio: Annotated[Range, Within(0.1, 1)] = Range(0.3, 0.9)
    """Share of the picture's width that bends."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``rise_px``, ``narrow``, ``length_px`` and whether the ``left`` edge bends."""
        return {
            "rise_px": round(self.rise_em.draw(stream) * frame.em_px, 3),
            "narrow": round(self.narrow_ratio.draw(stream), 4),
            "length_px": round(max(self.length_ratio.draw(stream) * frame.width, frame.em_px), 3),
            "left": stream.chance(0.5),
        }

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        rise_px: float,
        narrow: float,
        length_px: float,
        left: bool,
    ) -> NDArray[np.float64]:
        """Return *points* taken back from a parabola that begins *length_px* before the edge."""
        del height
        x = points[:, 0]
        past = np.maximum(length_px - x if left else x - (width - length_px), 0.0)
        bend = past * past / length_px
        moved = points.copy()
        moved[:, 0] += (-narrow if left else narrow) * bend
        moved[:, 1] += rise_px / length_px * bend
        return moved

    def push(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        rise_px: float,
        narrow: float,
        length_px: float,
        left: bool,
    ) -> NDArray[np.float64]:
        """Return *points* on the parabola: the positive root of a quadratic equation."""
        del height
        x = points[:, 0]
        flat = np.maximum(length_px - x if left else x - (width - length_px), 0.0)
        past = (np.sqrt(1 + 4 * narrow * flat / length_px) - 1) * (length_px / (2 * narrow))
        moved = points.copy()
        moved[:, 0] += (flat - past) if left else (past - flat)
        moved[:, 1] -= rise_px * (past / length_px) ** 2
        return moved
