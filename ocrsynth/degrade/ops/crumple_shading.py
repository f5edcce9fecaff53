"""Crumple shading: the sheet was crumpled and smoothed out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import as_gain, clouds, times_gain
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class CrumpleShading(Op):
    """Each facet of crumpled paper meets the light at an angle of its own, with sharp edges between facets."""

    name: ClassVar[str] = "crumple_shading"
    phase: ClassVar[Phase] = "page"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"contrast_ratio": [0.05, 0.2], "facet_em": [0.6, 2.0]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"contrast_ratio": [c, c], "facet_em": [1.0, 1.0]} for c in (0.06, 0.12, 0.19, 0.27, 0.36)
    )

    contrast_ratio: Annotated[Range, Within(0, 0.6)] = Range(0.03, 0.2)
    """Difference of light between facets."""
    facet_em: Annotated[Range, Within(0.2, 10)] = Range(0.5, 2.5)
    """Size of the facets."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``contrast``, ``cell_px`` and ``seed``."""
        return {
            "contrast": round(self.contrast_ratio.draw(stream), 4),
            "cell_px": round(max(self.facet_em.draw(stream) * frame.em_px, 2.0), 3),
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, contrast: float, cell_px: float, seed: int) -> NDArray[Any]:
        """Return *image* under the folded field |a| - |b|, whose creases are sharp."""
        height, width = image.shape[:2]
        ridges = np.abs(clouds((height, width), seed, cell_px)) - np.abs(clouds((height, width), seed + 1, cell_px * 1.4))
        loss = np.float32(contrast) * np.clip(np.float32(0.5) + np.float32(0.45) * ridges, 0, 1)
        return times_gain(image, as_gain(1 - loss))
