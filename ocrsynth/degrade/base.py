"""What a degradation op is, and the registry of ops.

An op is a frozen model whose fields are ranges.  `Op.sample` draws plain JSON parameters for a frame; `Op.apply` is a
pure function of the picture and those parameters.  Probability and order belong to the chain, never to the op.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import cv2
import numpy as np

from ocrsynth.degrade.curves import Curve, followed_by, grow_around, maps_of, push, remap
from ocrsynth.degrade.projection import IDENTITY, Canvas, Matrix, as_array, grow_to_fit, shifted_first, then_shifted
from ocrsynth.fields import Section
from ocrsynth.registry import Registry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.degrade.curves import Part, Parts
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
    TINTS: ClassVar[bool] = False
    """Whether it gives colour to a picture that has none; the luminance is then that of the grey picture."""
    EXAMPLE: ClassVar[dict[str, Any]]
    """A valid recipe entry."""
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]]
    """Five recipe entries of growing strength, each with constant ranges."""

    @abstractmethod
    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return drawn parameters, plain JSON values in pixel units of the frame."""

    def kept_ratio(self, **params: Any) -> float:
        """Return the share of the resolution that is left under *params*: 1 if no picture of fewer pixels is in between."""
        del params
        return 1.0

    # "*args: Any, **params: Any" lets each op name its own keyword parameters under strict typing.
    @abstractmethod
    def apply(self, image: NDArray[np.uint8], *args: Any, **params: Any) -> NDArray[np.uint8]:
        """Return a new picture, uint8 and C-contiguous; *image*, (H, W) or (H, W, 3) RGB, is not touched."""


class GeometricOp(Op):
    """An op that moves points; a chain fuses neighbours into one warp, so that a picture is resampled once."""

    phase: ClassVar[Phase] = "capture"

    @abstractmethod
    def part(self, height: int, width: int, **params: Any) -> Part:
        """Return what takes points of a picture of this size, in px, to their new place."""

    def canvas(self, height: int, width: int, **params: Any) -> Canvas:
        """Return the warp and the canvas that holds the whole moved picture."""
        return grown(*followed_by((), IDENTITY, self.part(height, width, **params)), height, width)

    def apply(self, image: NDArray[np.uint8], **params: Any) -> NDArray[np.uint8]:
        """Return the picture on a canvas that grew to hold it; uncovered canvas takes the median colour of the border."""
        return warp(image, self.canvas(*image.shape[:2], **params), border_colour(image))

    def move_points(self, points: NDArray[np.float64], height: int, width: int, **params: Any) -> NDArray[np.float64]:
        """Return where `apply` takes *points*, float64 (n, 2) in (x, y), of a picture of this size."""
        canvas = self.canvas(height, width, **params)
        return push(canvas.parts, canvas.matrix, points)


class ProjectiveOp(GeometricOp):
    """A geometric op that keeps straight lines straight."""

    @abstractmethod
    def matrix(self, height: int, width: int, *args: Any, **params: Any) -> Matrix:
        """Return the matrix that takes points of a picture of this size, in px, to their new place."""

    def part(self, height: int, width: int, **params: Any) -> Part:
        """Return the matrix."""
        return self.matrix(height, width, **params)


class CurvedOp(GeometricOp):
    """A geometric op that bends: it says where each point of the new picture comes from.

    The map covers the whole plane, for a picture is drawn beyond its frame, and must not fold: no direction may shrink to
    nothing or turn over.
    """

    @abstractmethod
    def pull(self, points: NDArray[np.float64], height: int, width: int, *args: Any, **params: Any) -> NDArray[np.float64]:
        """Return where *points* of the new picture, float64 (n, 2), come from, in a new array."""

    def push(self, points: NDArray[np.float64], height: int, width: int, *args: Any, **params: Any) -> NDArray[np.float64]:
        """Return where *points* of the old picture, float64 (n, 2), go: the inverse of `pull`, to `PUSH_PX`."""
        moved = points
        for _ in range(_PUSH_STEPS):
            off = points - self.pull(moved, height, width, *args, **params)
            moved = moved + off
            if np.abs(off).max(initial=0.0) < PUSH_PX:
                break
        return moved

    def part(self, height: int, width: int, **params: Any) -> Part:
        """Return the curve."""
        return Curve(self, params, height, width)


PUSH_PX = 0.005
"""To this many px labels are where the pixels went."""
_PUSH_STEPS = 60


class CodecOp(Op):
    """An op that is a file format: its bytes may be stored as they are."""

    phase: ClassVar[Phase] = "codec"

    @abstractmethod
    def encode(self, image: NDArray[np.uint8], *args: Any, **params: Any) -> bytes:
        """Return the bytes whose decoding is the degraded picture."""


OPS: Registry[type[Op]] = Registry("degrade op", "ocrsynth.degrade.ops", "ocrsynth.ops")


def grown(parts: Parts, matrix: Matrix, height: int, width: int) -> Canvas:
    """Return the canvas that holds the whole picture under a warp."""
    return grow_around(parts, matrix, height, width) if parts else grow_to_fit(matrix, height, width)


def warp(image: NDArray[np.uint8], canvas: Canvas, border: Any, every: int = 1) -> NDArray[np.uint8]:
    """Return *image* resampled once onto *canvas*, of its rows each *every*-th; *border* is the colour outside the picture."""
    if canvas.parts:
        return remap(image, maps_of(canvas, (0, 0, 0, 0), (0, 0, 0, 0))[::every], border)
    # OpenCV puts pixel centres at integers, ocrsynth at half-integers.
    matrix = as_array(then_shifted(shifted_first(canvas.matrix, 0.5, 0.5), -0.5, -0.5))
    size = (canvas.width, canvas.height)
    if every > 1:
        matrix[1] /= every
        size = (canvas.width, -(-canvas.height // every))
    flat = matrix[2, 0] == 0 and matrix[2, 1] == 0
    options: dict[str, Any] = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_CONSTANT, "borderValue": border}
    source: Any = image
    if image.ndim == _COLOUR_DIMENSIONS:
        # OpenCV warps four channels in half the time of three.
        source = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA)
    out: Any
    out = cv2.warpAffine(source, matrix[:2], size, **options) if flat else cv2.warpPerspective(source, matrix, size, **options)
    return cast("NDArray[np.uint8]", cv2.cvtColor(out, cv2.COLOR_RGBA2RGB) if source is not image else out)


_COLOUR_DIMENSIONS = 3


def border_colour(image: NDArray[np.uint8]) -> tuple[int, ...]:
    """Return the median colour of the outermost pixels, the best guess at what lies beyond them."""
    rim = np.concatenate((image[0], image[-1], image[:, 0], image[:, -1])).reshape(-1, *image.shape[2:])
    return tuple(int(v) for v in np.atleast_1d(np.median(rim, axis=0)))
