"""Shear: the page was fed askew or the type leans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from ocrsynth.degrade.base import OPS, Params, ProjectiveOp
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from ocrsynth.degrade.projection import Matrix
    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Shear(ProjectiveOp):
    """Rows are shifted against each other by the same amount each: uprights lean, the baseline stays level."""

    name: ClassVar[str] = "shear"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"slope_ratio": [-0.15, 0.15]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"slope_ratio": [s, s]} for s in (0.06, 0.12, 0.2, 0.3, 0.42))

    slope_ratio: Annotated[Range, Within(-0.6, 0.6)] = Range(-0.15, 0.15)
    """Shift to the right for each pixel upwards."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``slope``."""
        del frame
        return {"slope": round(self.slope_ratio.draw(stream), 4)}

    def matrix(self, height: int, width: int, *, slope: float) -> Matrix:
        """Return the matrix that shifts rows."""
        del width
        return (1.0, -slope, slope * height / 2, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
