"""Binarise: the picture was stored in black and white."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

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
class Binarise(Op):
    """Archives and fax keep one bit a pixel: a threshold decides what is ink."""

    name: ClassVar[str] = "binarise"
    phase: ClassVar[Phase] = "codec"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"method": "otsu"}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"noise_grey": [n, n], "bias_grey": [0, 0]} for n in (20, 28, 36, 46, 58)
    )

    method: Literal["otsu", "sauvola", "fixed"] = "otsu"
    """``otsu`` splits the histogram, ``sauvola`` looks at the surroundings, ``fixed`` takes the middle of the scale."""
    bias_grey: Annotated[Range, Within(-100, 100)] = Range(-15, 15)
    """Levels by which the threshold is off."""
    noise_grey: Annotated[Range, Within(0, 60)] = Range(0, 8)
    """Standard deviation of the noise before the decision, which frays the edges."""
    window_em: Annotated[Range, Within(0.3, 6)] = Range(0.8, 2)
    """Surroundings that ``sauvola`` looks at."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``method``, ``bias_grey``, ``noise_grey``, ``window_px`` and ``seed``."""
        return {
            "method": self.method,
            "bias_grey": round(self.bias_grey.draw(stream), 1),
            "noise_grey": round(self.noise_grey.draw(stream), 2),
            "window_px": 2 * round(self.window_em.draw(stream) * frame.em_px / 2) + 1,
            "seed": stream.word(),
        }

    def apply(
        self, image: NDArray[Any], *, method: str, bias_grey: float, noise_grey: float, window_px: int, seed: int
    ) -> NDArray[Any]:
        """Return *image* in black and white; colour is decided by its luminance."""
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        if noise_grey:
            field = (normal_field(grey.shape, seed) * np.float32(noise_grey / BANK_SIGMA)).astype(np.int16)
            grey = cv2.add(grey, field, dtype=cv2.CV_8U)
        if method == "otsu":
            level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
            _, out = cv2.threshold(grey, level + bias_grey, 255, cv2.THRESH_BINARY)
        elif method == "fixed":
            _, out = cv2.threshold(grey, 127.5 + bias_grey, 255, cv2.THRESH_BINARY)
        else:
            out = _sauvola(grey, window_px, bias_grey)
        return cv2.merge((out, out, out)) if image.ndim == 3 else out


_K = 0.34
_R = 128.0


def _sauvola(grey: NDArray[Any], window_px: int, bias: float) -> NDArray[Any]:
    """Return 255 where a pixel is above ``m · (1 + k · (s / R - 1))`` of the mean and deviation around it.

    Sauvola and Pietikäinen, "Adaptive document image binarization", Pattern Recognition 33(2), 2000; R is 128.
    """
    size = (window_px, window_px)
    mean = cv2.boxFilter(grey, cv2.CV_32F, size, borderType=cv2.BORDER_REPLICATE)
    square = cv2.sqrBoxFilter(grey, cv2.CV_32F, size, borderType=cv2.BORDER_REPLICATE)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    threshold = mean * (1 + _K * (deviation / _R - 1)) + np.float32(bias)
    return np.where(grey > threshold, np.uint8(255), np.uint8(0))
