"""Perspective: the camera does not look straight down at the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2
import numpy as np

from ocrsynth.degrade.base import OPS, Params, ProjectiveOp
from ocrsynth.degrade.projection import Matrix, corners
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Perspective(ProjectiveOp):
    """The page is tilted against the image plane, so far corners move inwards."""

    name: ClassVar[str] = "perspective"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"shift_ratio": [0.05, 0.15]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"shift_ratio": [r, r]} for r in (0.04, 0.08, 0.12, 0.18, 0.25))

    shift_ratio: Annotated[Range, Within(0, 0.25)] = Range(0.0, 0.12)
    """How far each corner may move, as a fraction of the shorter side of the picture."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``shifts_px``: (x, y) of the four corners, clockwise from the top-left."""
        reach = self.shift_ratio.draw(stream) * min(frame.height, frame.width)
        return {"shifts_px": [[round(stream.uniform(-reach, reach), 3) for _ in range(2)] for _ in range(4)]}

    def matrix(self, height: int, width: int, *, shifts_px: list[list[float]]) -> Matrix:
        """Return the matrix that takes the corners of the picture to their shifted places."""
        source = np.array(corners(height, width), np.float32)
        target = source + np.array(shifts_px, np.float32)
        m = cv2.getPerspectiveTransform(source, target).ravel().tolist()
        return (m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8])
