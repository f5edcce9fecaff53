"""What a degradation op is, and the registry of ops.

An op is a frozen model whose fields are ranges.  `Op.sample` draws plain JSON parameters for a frame; `Op.apply` is a
pure function of the picture and those parameters.  Probability and order belong to the chain, never to the op.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import cv2
import numpy as np

from ocrsynth.degrade.projection import Canvas, grow_to_fit, move
from ocrsynth.fields import Section
from ocrsynth.registry import Registry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream

Phase = Literal["print", "page", "capture", "codec"]
PHASES: tuple[Phase, ...] = ("print", "page", "capture", "codec")
"""Physical order; a chain applies its ops in it."""

Params = dict[str, Any]


class Op(Section):
    """One degradation.

    ``print`` ops work on the coverage mask (uint8, 0 bare to 255 ink); all others on the picture (uint8, paper bright).
    """

    name: ClassVar[str]
    """Equal to the file's name."""
    phase: ClassVar[Phase]
    VERSION: ClassVar[int]
    """Raised whenever the pixels change for the same parameters."""
    EXAMPLE: ClassVar[dict[str, Any]]
    """A valid recipe entry."""
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]]
    """Five recipe entries of growing strength, each with constant ranges."""

    @abstractmethod
    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return drawn parameters, plain JSON values in pixel units of the frame."""

    @abstractmethod
    def apply(self, image: NDArray[np.uint8], **params: Any) -> NDArray[np.uint8]:
        """Return a new picture, uint8 and C-contiguous; *image*, (H, W) or (H, W, 3) RGB, is not touched."""


class GeometricOp(Op):
    """An op that moves points by a 3×3 projective matrix; a chain fuses neighbours into one warp."""

    phase: ClassVar[Phase] = "capture"

    @abstractmethod
    def matrix(self, shape: tuple[int, ...], **params: Any) -> NDArray[np.float64]:
        """Return the 3×3 matrix that takes points (x, y, 1) of a picture of this *shape* to their new place."""

    def canvas(self, shape: tuple[int, ...], **params: Any) -> Canvas:
        """Return the matrix and the canvas that holds the whole moved picture."""
        return grow_to_fit(self.matrix(shape, **params), shape)

    def apply(self, image: NDArray[np.uint8], **params: Any) -> NDArray[np.uint8]:
        """Return the picture on a canvas that grew to hold it; uncovered canvas takes the mean colour of the border."""
        canvas = self.canvas(image.shape, **params)
        return warp(image, canvas, border_colour(image))

    def move_points(self, points: NDArray[np.float64], shape: tuple[int, ...], **params: Any) -> NDArray[np.float64]:
        """Return where `apply` takes *points*, float (n, 2) in (x, y)."""
        return move(self.canvas(shape, **params).matrix, points)


class CodecOp(Op):
    """An op that is a file format: its bytes may be stored as they are."""

    phase: ClassVar[Phase] = "codec"

    @abstractmethod
    def encode(self, image: NDArray[np.uint8], **params: Any) -> bytes:
        """Return the bytes whose decoding is the degraded picture."""


OPS: Registry[type[Op]] = Registry("degrade op", "ocrsynth.degrade.ops", "ocrsynth.ops")


def warp(image: NDArray[np.uint8], canvas: Canvas, border: Any) -> NDArray[np.uint8]:
    """Return *image* resampled once onto *canvas*; *border* is the colour outside the picture."""
    # OpenCV puts pixel centres at integers, ocrsynth at half-integers.
    matrix = _TO_INTEGER_CENTRES @ canvas.matrix @ _TO_HALF_CENTRES
    size = (canvas.width, canvas.height)
    flags = cv2.INTER_LINEAR
    if np.allclose(matrix[2], (0, 0, 1), atol=1e-12):
        affine: Any = matrix[:2]
        return cv2.warpAffine(image, affine, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=border)  # type: ignore[return-value]
    return cv2.warpPerspective(image, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=border)  # type: ignore[return-value]


_TO_HALF_CENTRES = np.array(((1, 0, 0.5), (0, 1, 0.5), (0, 0, 1)))
_TO_INTEGER_CENTRES = np.array(((1, 0, -0.5), (0, 1, -0.5), (0, 0, 1)))


def border_colour(image: NDArray[np.uint8]) -> tuple[int, ...]:
    """Return the median colour of the outermost pixels, the best guess at what lies beyond them."""
    rim = np.concatenate((image[0], image[-1], image[:, 0], image[:, -1])).reshape(-1, *image.shape[2:])
    return tuple(int(v) for v in np.atleast_1d(np.median(rim, axis=0)))
