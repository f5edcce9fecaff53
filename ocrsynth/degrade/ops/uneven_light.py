"""Uneven light: a lamp or window lights one side of the page more than the other."""

from __future__ import annotations

import math
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
class UnevenLight(Op):
    """Light falls off across the page: a slope from a side lamp, and a bend because no lamp is far away."""

    name: ClassVar[str] = "uneven_light"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"loss_ratio": [0.1, 0.4]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"loss_ratio": [r, r], "angle_deg": [20, 20], "bend_ratio": [0.3, 0.3]} for r in (0.15, 0.3, 0.45, 0.6, 0.75)
    )

    loss_ratio: Annotated[Range, Within(0, 0.9)] = Range(0.03, 0.3)
    """Share of the light that is lost at the darkest place."""
    angle_deg: Annotated[Range, Within(-180, 180)] = Range(-180, 180)
    """Direction in which the light grows, counter-clockwise from the right."""
    bend_ratio: Annotated[Range, Within(0, 1)] = Range(0, 0.6)
    """Share of the loss that is quadratic."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``loss``, ``angle_deg`` and ``bend``."""
        del frame
        return {
            "loss": round(self.loss_ratio.draw(stream), 4),
            "angle_deg": round(self.angle_deg.draw(stream), 2),
            "bend": round(self.bend_ratio.draw(stream), 4),
        }

    def apply(self, image: NDArray[Any], *, loss: float, angle_deg: float, bend: float) -> NDArray[Any]:
        """Return *image* under a gain of 1 at the light and ``1 - loss`` opposite to it."""
        height, width = image.shape[:2]
        angle = math.radians(angle_deg)
        cos, sin = math.cos(angle), math.sin(angle)
        slope = loss * (1 - bend) / (abs(cos) + abs(sin))
        # Slope and bend are sums of one function of x and one of y, so the gain is an outer sum of two vectors.
        gain_x = _parabola(width, slope * cos, -4 * loss * bend * cos * cos, 0.0)
        gain_y = _parabola(height, -slope * sin, -4 * loss * bend * sin * sin, 1 - loss * (1 - bend) / 2)
        # A gain in 255ths: the eye sees no step of it, and whole bytes multiply three times as fast as floats.
        gain: Any = cv2.convertScaleAbs(np.add.outer(gain_y, gain_x), alpha=255)
        if image.ndim > gain.ndim:
            gain = cv2.merge((gain, gain, gain))
        return cv2.multiply(image, gain, scale=1 / 255)


def _parabola(n: int, linear: float, square: float, constant: float) -> NDArray[Any]:
    """Return ``constant + linear·t + square·t²`` at the pixel centres of a side from t = -½ to ½, float32 (n,)."""
    t = np.arange(0.5 / n - 0.5, 0.5, 1 / n, dtype=np.float32)[:n]
    out = t * np.float32(square)
    out += np.float32(linear)
    out *= t
    out += np.float32(constant)
    return out
