"""A degradation op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


class PencilMark(Op):
    """A reader has drawn a thin pencil mark along the line."""

    name: ClassVar[str] = "pencil_mark"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"mark_grey": [140, 190]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"mark_grey": [g, g]} for g in (200, 175, 150, 125, 100))

    mark_grey: Annotated[Range, Within(0, 255)] = Range(130, 200)
    """Level of the mark; what is darker stays as it is."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return where the mark stands and how dark it is: plain numbers, which go into the provenance."""
        return {"y_px": stream.below(frame.height), "grey": round(self.mark_grey.draw(stream))}

    def apply(self, image: NDArray[Any], *, y_px: int, grey: int) -> NDArray[Any]:
        """Return a new picture: *image* itself is not touched."""
        marked = image.copy()
        marked[y_px] = np.minimum(marked[y_px], grey)
        return marked
