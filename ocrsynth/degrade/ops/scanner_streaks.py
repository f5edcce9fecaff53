"""Scanner streaks: dirt on the scan line draws lines along the page."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.degrade.noise import BANK_SIGMA, normal_field
from ocrsynth.degrade.textures import plus
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class ScannerStreaks(Op):
    """A scanner moves one line of sensors over the page: a dirty sensor draws a streak all along it."""

    name: ClassVar[str] = "scanner_streaks"
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"strength_grey": [15, 60], "spacing_em": [0.5, 2.0]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"strength_grey": [s, s], "spacing_em": [0.7, 0.7]} for s in (15, 30, 50, 75, 105)
    )

    strength_grey: Annotated[Range, Within(0, 200)] = Range(8, 50)
    """Levels of a typical streak."""
    spacing_em: Annotated[Range, Within(0.1, 10)] = Range(0.5, 3)
    """Typical distance of streaks."""
    along_x: bool = False
    """Whether streaks run along the line, for a page that was fed sideways."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``strength_grey``, ``level``, the noise beyond which a sensor is dirty, ``along_x`` and ``seed``."""
        share = min(max(1 / (self.spacing_em.draw(stream) * frame.em_px), 1e-4), 0.5)
        return {
            "strength_grey": round(self.strength_grey.draw(stream), 2),
            "level": round(NormalDist().inv_cdf(1 - share / 2), 4),
            "along_x": self.along_x,
            "seed": stream.word(),
        }

    def apply(self, image: NDArray[Any], *, strength_grey: float, level: float, along_x: bool, seed: int) -> NDArray[Any]:
        """Return *image* with dark and light streaks."""
        height, width = image.shape[:2]
        field = normal_field((height if along_x else width,), seed) / np.float32(BANK_SIGMA)
        dirty = np.where(np.abs(field) > level, np.sign(field) * (0.5 + np.abs(field) - level), 0)
        offsets = np.clip(np.rint(-dirty * strength_grey), -255, 255).astype(np.int16)
        grid = np.repeat(offsets[:, None], width, axis=1) if along_x else np.repeat(offsets[None], height, axis=0)
        return plus(image, grid)
