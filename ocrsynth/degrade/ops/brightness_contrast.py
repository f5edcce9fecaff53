"""Brightness and contrast: exposure and tone curve of the device are off."""

from __future__ import annotations

from functools import lru_cache
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
class BrightnessContrast(Op):
    """The device maps light to levels by a line of the wrong slope and height."""

    name: ClassVar[str] = "brightness_contrast"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"brightness_grey": [-20, 20], "contrast_ratio": [0.8, 1.2]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"brightness_grey": [0, 0], "contrast_ratio": [c, c]} for c in (0.75, 0.55, 0.4, 0.28, 0.18)
    )

    brightness_grey: Annotated[Range, Within(-200, 200)] = Range(-15, 15)
    """Levels added."""
    contrast_ratio: Annotated[Range, Within(0, 5)] = Range(0.75, 1.2)
    """Slope about mid-grey."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``brightness_grey`` and ``contrast``, rounded to the steps for which tables are cached."""
        del frame
        return {
            "brightness_grey": round(self.brightness_grey.draw(stream)),
            "contrast": round(self.contrast_ratio.draw(stream), 2),
        }

    def apply(self, image: NDArray[Any], *, brightness_grey: int, contrast: float) -> NDArray[Any]:
        """Return *image* with each level v at ``(v - 128) · contrast + 128 + brightness``, clipped."""
        return cv2.LUT(image, _table(brightness_grey, contrast))


@lru_cache(maxsize=4096)
def _table(brightness_grey: int, contrast: float) -> NDArray[np.uint8]:
    levels = (np.arange(256) - 128) * contrast + 128 + brightness_grey
    table: NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return table
