"""White balance: the light is not white and the camera does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class WhiteBalance(Op):
    """Lamps are yellow, shade is blue: all colours lean to one side, and paper is no longer white."""

    name: ClassVar[str] = "white_balance"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 2
    TINTS: ClassVar[bool] = True
    EXAMPLE: ClassVar[dict[str, Any]] = {"cast_ratio": [0.05, 0.25]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"cast_ratio": [c, c], "warm_ratio": [1, 1]} for c in (0.06, 0.12, 0.19, 0.27, 0.36)
    )

    cast_ratio: Annotated[Range, Within(0, 0.6)] = Range(0.02, 0.2)
    """Strength of the cast; a grey picture gets darker by a third of it, for some light is lost."""
    warm_ratio: Annotated[Range, Within(-1, 1)] = Range(-1, 1)
    """Yellow at 1, blue at -1."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return the gains of red, green and blue, ``gains``."""
        del frame
        cast, warm = self.cast_ratio.draw(stream), self.warm_ratio.draw(stream)
        green = stream.uniform(-0.15, 0.15)
        # Red and blue move against each other; the luminance (BT.601) falls by a third of the cast.
        shift = np.array((warm, green, -warm)) * cast
        shift -= shift @ _LUMA
        # Of so few bits that a level times a gain is exact in float32, so that all machines round it alike.
        return {"gains": [round(max(float(g), 0.05) * _STEPS) / _STEPS for g in (1 + shift) * (1 - cast / 3)]}

    def apply(self, image: NDArray[Any], *, gains: list[float]) -> NDArray[Any]:
        """Return *image* under a gain a channel; a grey one under that of their luminance."""
        if image.ndim == 2:
            return cv2.convertScaleAbs(image, alpha=float(np.array(gains) @ _LUMA))
        return cv2.transform(image, np.diag(gains))


_STEPS = 4096
_LUMA = np.array((0.299, 0.587, 0.114))
