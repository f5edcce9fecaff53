"""Elastic: the sheet is stretched and squeezed at random."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, CurvedOp, Params
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream

_WAVES = 6
_STEEPEST = 0.7
"""Bound of all slopes together; at 1 the sheet could fold."""


@lru_cache(maxsize=64)
def _waves(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return wave vectors (2, n) of lengths 0.5 to 1, phases (n,), and the ways (n, 2) that points go, of deviation 1."""
    drawn = normal_field((_WAVES, 6), seed).astype(np.float64) / BANK_SIGMA
    wave = drawn[:, :2] / np.maximum(np.hypot(drawn[:, 0], drawn[:, 1]), 1e-3)[:, None]
    length = 0.75 + 0.25 * np.tanh(drawn[:, 2])
    way = drawn[:, 4:] / np.sqrt((drawn[:, 4:] ** 2).sum() / 4 + 1e-9)
    return (wave * length[:, None]).T, drawn[:, 3] * 7, way


@OPS.register
class Elastic(CurvedOp):
    """Paper that was wet, cloth and soft plastic move under the text, smoothly and everywhere differently."""

    name: ClassVar[str] = "elastic"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"amplitude_em": [0.02, 0.08], "size_em": [1, 3]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"amplitude_em": [a, a], "size_em": [3, 3]} for a in (0.02, 0.03, 0.042, 0.055, 0.07)
    )

    amplitude_em: Annotated[Range, Within(0, 0.5)] = Range(0.01, 0.06)
    """Standard deviation of where a point goes; less where it would fold the sheet."""
    size_em: Annotated[Range, Within(0.5, 20)] = Range(1, 4)
    """How far points move alike."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``amplitude_px``, ``size_px`` and a ``seed``."""
        size = self.size_em.draw(stream) * frame.em_px
        amplitude = self.amplitude_em.draw(stream) * frame.em_px
        seed = stream.word()
        wave, _, way = _waves(seed)
        steepest = float((np.hypot(*wave) * np.hypot(*way.T)).sum())
        return {
            "amplitude_px": round(min(amplitude, _STEEPEST * size / (2 * math.pi * steepest)), 3),
            "size_px": round(size, 3),
            "seed": seed,
        }

    def pull(
        self, points: NDArray[np.float64], height: int, width: int, *, amplitude_px: float, size_px: float, seed: int
    ) -> NDArray[np.float64]:
        """Return *points* moved by a sum of plane waves: a smooth random field without a grid."""
        del height, width
        wave, phase, way = _waves(seed)
        # Half the size is a hill, half a valley.
        return points + np.sin(points @ (wave * (2 * math.pi / size_px)) + phase) @ (way * amplitude_px)
