"""Vignette: the corners of the picture are darker than its middle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.textures import as_gain, times_gain
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Vignette(Op):
    """Less light reaches the corners of the sensor, by the fourth power of the cosine and the edges of the lens."""

    name: ClassVar[str] = "vignette"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"loss_ratio": [0.1, 0.4]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"loss_ratio": [r, r]} for r in (0.12, 0.25, 0.38, 0.52, 0.68))

    loss_ratio: Annotated[Range, Within(0, 0.9)] = Range(0.05, 0.35)
    """Share of the light that is missing in the corners."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``loss`` and the optical centre ``x``, ``y`` as shares of the picture."""
        del frame
        return {
            "loss": round(self.loss_ratio.draw(stream), 4),
            "x": round(stream.uniform(0.35, 0.65), 4),
            "y": round(stream.uniform(0.3, 0.7), 4),
        }

    def apply(self, image: NDArray[Any], *, loss: float, x: float, y: float) -> NDArray[Any]:
        """Return *image* under a loss that grows with the square of the distance from the centre."""
        height, width = image.shape[:2]
        across = (np.arange(width, dtype=np.float32) / width - np.float32(x)) ** 2
        down = (np.arange(height, dtype=np.float32) / height - np.float32(y)) ** 2
        square = np.add.outer(down, across)
        return times_gain(image, as_gain(1 - np.float32(loss) * square / np.float32(square.max() + 1e-6)))
