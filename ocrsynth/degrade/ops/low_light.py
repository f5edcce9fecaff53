"""Low light: the sensor saw little and was amplified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class LowLight(Op):
    """In the dark few photons are counted: after amplification tones are coarse and grainy."""

    name: ClassVar[str] = "low_light"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"light_ratio": [0.1, 0.5]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"light_ratio": [g, g]} for g in (0.45, 0.28, 0.18, 0.11, 0.06))

    light_ratio: Annotated[Range, Within(0.02, 1)] = Range(0.12, 0.6)
    """Light, as a share of what a good picture gets."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``light`` and ``seed``."""
        del frame
        return {"light": round(self.light_ratio.draw(stream), 4), "seed": stream.word()}

    def apply(self, image: NDArray[Any], *, light: float, seed: int) -> NDArray[Any]:
        """Return *image* as few counts leave it, amplified again: shot noise and steps."""
        levels = np.arange(256, dtype=np.float32) * np.float32(light)
        # Shot noise by the root of the light, read noise of one level, and the gain that brings paper back to white.
        gain = min(1 / light, 3.0 + 0.35 / light)
        table = np.rint(np.rint(levels) * gain).clip(0, 255).astype(np.uint8)
        sigma = np.rint(np.sqrt(1 + levels * 0.22) * gain * _FIXED).clip(0, 32767).astype(np.int16)
        field: Any = normal_field(image.shape[:2], seed)
        spread = cv2.LUT(image, sigma)
        if image.ndim > field.ndim:
            field = cv2.merge((field, field, field))
        noise = cv2.multiply(field, spread, scale=1 / (_FIXED * BANK_SIGMA), dtype=cv2.CV_16S)
        return cv2.add(cv2.LUT(image, table), noise, dtype=cv2.CV_8U)


_FIXED = 64
"""Steps of a level in the table of deviations."""
