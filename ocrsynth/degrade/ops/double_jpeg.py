"""Double JPEG: the picture was stored with loss, moved, and stored again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np

from ocrsynth import codec
from ocrsynth.degrade.base import OPS, CodecOp, Params
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class DoubleJpeg(CodecOp):
    """A picture that was cropped and saved again has two grids of 8×8 blocks, one shifted against the other."""

    name: ClassVar[str] = "double_jpeg"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"first_quality": [20, 60], "quality": [60, 95]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple(
        {"first_quality": [q, q], "quality": [q + 20, q + 20]} for q in (50, 32, 20, 12, 6)
    )

    first_quality: Annotated[Range, Within(1, 100, whole=True)] = Range(25, 85)
    """Quality of the first time, on the scale of the IJG."""
    quality: Annotated[Range, Within(1, 100, whole=True)] = Range(50, 95)
    """Quality of the second time."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return both qualities and the offset of the first grid of blocks, ``dx_px`` and ``dy_px``."""
        del frame
        return {
            "first_quality": self.first_quality.draw_int(stream),
            "quality": self.quality.draw_int(stream),
            "dx_px": stream.below(8),
            "dy_px": stream.below(8),
        }

    def encode(self, image: NDArray[Any], *, first_quality: int, quality: int, dx_px: int, dy_px: int) -> bytes:
        """Return *image* as JPEG of what an earlier JPEG left of it."""
        height, width = image.shape[:2]
        pad = ((dy_px, 0), (dx_px, 0), (0, 0))[: image.ndim]
        first = codec.decode(codec.encode_jpeg(np.pad(image, pad, mode="edge"), first_quality))
        return codec.encode_jpeg(np.ascontiguousarray(first[dy_px : dy_px + height, dx_px : dx_px + width]), quality)

    def apply(self, image: NDArray[Any], **params: Any) -> NDArray[Any]:
        """Return *image* as both times leave it."""
        return codec.decode(self.encode(image, **params))
