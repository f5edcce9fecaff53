"""Book gutter: the page bends into the spine."""

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
class BookGutter(CurvedOp):
    """An opened book curves down to its spine: near it lines bend away and letters get narrow."""

    name: ClassVar[str] = "book_gutter"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"drop_em": [-0.5, 0.5], "narrow_ratio": [0.1, 0.5], "reach_em": [1, 4]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"drop_em": [d, d], "narrow_ratio": [d / 1.6, d / 1.6], "reach_em": [3, 3]} for d in (0.12, 0.25, 0.4, 0.6, 0.8)
    )

    drop_em: Annotated[Range, Within(-1, 1)] = Range(-0.4, 0.4)
    """How far the line bends down at the spine."""
    narrow_ratio: Annotated[Range, Within(0, 0.5)] = Range(0.05, 0.4)
    """How much narrower the letters are at the spine."""
    reach_em: Annotated[Range, Within(0.5, 20)] = Range(1, 5)
    """Over which distance the bend falls to a third."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``drop_px``, ``narrow``, ``reach_px`` and whether the spine is to the ``left``."""
        return {
            "drop_px": round(self.drop_em.draw(stream) * frame.em_px, 3),
            "narrow": round(self.narrow_ratio.draw(stream), 4),
            "reach_px": round(self.reach_em.draw(stream) * frame.em_px, 3),
            "left": stream.chance(0.5),
        }

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        drop_px: float,
        narrow: float,
        reach_px: float,
        left: bool,
    ) -> NDArray[np.float64]:
        """Return *points* taken back from an exponential that is strongest at the spine."""
        del height
        x = points[:, 0]
        # Beyond the spine is nothing to read: there the bend goes on as it is.
        depth = np.exp(-np.maximum(x if left else width - x, 0.0) / reach_px)
        moved = points.copy()
        moved[:, 0] += (-narrow if left else narrow) * reach_px * depth
        moved[:, 1] -= drop_px * depth
        return moved
