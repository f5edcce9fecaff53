"""Stretch: the picture is wider or narrower than the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from ocrsynth.degrade.base import OPS, Params, ProjectiveOp
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from ocrsynth.degrade.projection import Matrix
    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Stretch(ProjectiveOp):
    """A scanner feeds faster or slower than it reads, or a program changes the shape of a picture."""

    name: ClassVar[str] = "stretch"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"width_ratio": [0.8, 1.25]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"width_ratio": [w, w]} for w in (1.08, 1.18, 1.3, 1.5, 1.8))

    width_ratio: Annotated[Range, Within(0.4, 2.5)] = Range(0.8, 1.25)
    """Width of a letter, as a share of what it was."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``width_ratio``."""
        del frame
        return {"width_ratio": round(self.width_ratio.draw(stream), 4)}

    def matrix(self, height: int, width: int, *, width_ratio: float) -> Matrix:
        """Return the matrix that stretches rows."""
        del height, width
        return (width_ratio, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
