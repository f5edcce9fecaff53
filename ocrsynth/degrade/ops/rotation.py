"""Rotation: the page lies askew on the glass."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from ocrsynth.degrade.base import OPS, Params, ProjectiveOp
from ocrsynth.degrade.projection import Matrix, about_centre
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Rotation(ProjectiveOp):
    """The page was laid askew on the scanner or held askew under the camera."""

    name: ClassVar[str] = "rotation"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"angle_deg": [-2, 2]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"angle_deg": [a, a]} for a in (0.5, 1, 2, 3.5, 5))

    angle_deg: Annotated[Range, Within(-90, 90)] = Range(-1, 1)
    """Counter-clockwise positive; a line that is turned over would read as another, as 66 does."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``angle_deg``."""
        del frame
        return {"angle_deg": round(self.angle_deg.draw(stream), 4)}

    def matrix(self, height: int, width: int, *, angle_deg: float) -> Matrix:
        """Return the rotation about the centre of the picture; y points down, so the sine changes sign."""
        c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
        return about_centre((c, s, 0.0, -s, c, 0.0, 0.0, 0.0, 1.0), height, width)
