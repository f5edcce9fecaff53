"""Sensor noise: photons arrive at random, and the electronics add their own."""

from __future__ import annotations

from functools import lru_cache
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
class SensorNoise(Op):
    """Shot noise grows with the root of the light, read noise is the same everywhere.

    Variance ``read² + shot² · level / 255``, the affine model of Foi, Trimeche, Katkovnik and Egiazarian, "Practical
    Poissonian-Gaussian noise modeling and fitting for single-image raw-data", IEEE TIP 17(10), 2008.
    """

    name: ClassVar[str] = "sensor_noise"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"read_grey": [2, 6], "shot_grey": [2, 6]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"read_grey": [s, s], "shot_grey": [s, s]} for s in (4, 8, 14, 22, 32)
    )

    read_grey: Annotated[Range, Within(0, 80)] = Range(0.5, 5)
    """Standard deviation of the read noise."""
    shot_grey: Annotated[Range, Within(0, 80)] = Range(0.5, 5)
    """Standard deviation of the shot noise at white."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``read_grey`` and ``shot_grey`` in quarters of a level, and the ``seed`` of the noise field."""
        del frame
        read, shot = (round(r.draw(stream) * 4) / 4 for r in (self.read_grey, self.shot_grey))
        return {"read_grey": read, "shot_grey": shot, "seed": stream.word()}

    def apply(self, image: NDArray[Any], *, read_grey: float, shot_grey: float, seed: int) -> NDArray[Any]:
        """Return *image* with noise; channels of RGB are independent."""
        field = normal_field(image.shape, seed)
        sigma = cv2.LUT(image, _sigmas(read_grey, shot_grey))
        noise = cv2.multiply(field, sigma, scale=1 / (_FIXED * BANK_SIGMA), dtype=cv2.CV_16S)
        return cv2.add(image, noise, dtype=cv2.CV_8U)


_FIXED = 64


@lru_cache(maxsize=1024)
def _sigmas(read_grey: float, shot_grey: float) -> NDArray[np.int16]:
    """Return the standard deviation of each level, in 1/64 levels."""
    levels = np.arange(256) / 255
    table: NDArray[np.int16] = np.rint(np.sqrt(read_grey**2 + shot_grey**2 * levels) * _FIXED).astype(np.int16)
    return table
