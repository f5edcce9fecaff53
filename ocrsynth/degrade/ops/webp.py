"""WebP: the picture was stored with loss in the format of web pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import cv2

from ocrsynth import codec
from ocrsynth.degrade.base import OPS, Op, Params, Phase
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream

_LONGEST_PX = 16_383
"""What the format holds; a longer picture is stored in parts."""


@OPS.register
class Webp(Op):
    """Lossy WebP predicts blocks from their neighbours and smooths their edges: fine strokes smear instead of ringing."""

    name: ClassVar[str] = "webp"
    phase: ClassVar[Phase] = "codec"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"quality": [20, 80]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"quality": [q, q]} for q in (60, 35, 18, 7, 1))

    quality: Annotated[Range, Within(1, 100, whole=True)] = Range(25, 90)
    """Quality on the scale of libwebp."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``quality``, an integer."""
        del frame
        return {"quality": self.quality.draw_int(stream)}

    def apply(self, image: NDArray[Any], *, quality: int) -> NDArray[Any]:
        """Return *image* as WebP leaves it; the format knows colour only, so grey is stored as such."""
        if max(image.shape[:2]) > _LONGEST_PX:
            axis = int(image.shape[1] > image.shape[0])
            halves = (codec.through_webp(half, quality) for half in _split(image, axis))
            return cv2.hconcat(list(halves)) if axis else cv2.vconcat(list(halves))
        return codec.through_webp(image, quality)


def _split(image: NDArray[Any], axis: int) -> list[NDArray[Any]]:
    n = image.shape[axis]
    cuts = range(0, n, _LONGEST_PX)
    return [image[:, at : at + _LONGEST_PX] if axis else image[at : at + _LONGEST_PX] for at in cuts]
