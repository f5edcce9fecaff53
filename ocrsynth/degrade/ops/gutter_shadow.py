"""Gutter shadow: the page bends down into the binding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import times_gain
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class GutterShadow(Op):
    """Towards the spine of an open book less and less light falls on the page."""

    name: ClassVar[str] = "gutter_shadow"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"darkness_ratio": [0.2, 0.6], "width_em": [1.0, 4.0]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"darkness_ratio": [d, d], "width_em": [2.5, 2.5]} for d in (0.2, 0.35, 0.5, 0.65, 0.8)
    )

    darkness_ratio: Annotated[Range, Within(0, 0.95)] = Range(0.1, 0.55)
    """Share of the light that is missing at the spine."""
    width_em: Annotated[Range, Within(0.2, 20)] = Range(0.8, 5)
    """Distance over which the shadow falls to a third."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``darkness``, ``width_px`` and ``left``, whether the spine is on the left."""
        return {
            "darkness": round(self.darkness_ratio.draw(stream), 4),
            "width_px": round(max(self.width_em.draw(stream) * frame.em_px, 1.0), 3),
            "left": stream.chance(0.5),
        }

    def apply(self, image: NDArray[Any], *, darkness: float, width_px: float, left: bool) -> NDArray[Any]:
        """Return *image* with an exponential shadow from one side."""
        height, width = image.shape[:2]
        distance = np.arange(width, dtype=np.float32)
        gain = np.rint(255 * (1 - darkness * np.exp(-distance / np.float32(width_px)))).astype(np.uint8)
        row = gain if left else gain[::-1]
        return times_gain(image, np.repeat(row[None], height, axis=0))
