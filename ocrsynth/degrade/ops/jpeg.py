"""JPEG: the picture was stored with loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from ocrsynth import codec
from ocrsynth.degrade.base import OPS, CodecOp, Params
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream


@OPS.register
class Jpeg(CodecOp):
    """Blocks of 8×8 pixels lose their fine frequencies when a picture is stored as baseline JPEG."""

    name: ClassVar[str] = "jpeg"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"quality": [30, 90]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"quality": [q, q]} for q in (60, 40, 25, 15, 8))

    quality: Annotated[Range, Within(1, 100, whole=True)] = Range(40, 95)
    """Quality on the scale of the IJG."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``quality``, an integer."""
        del frame
        return {"quality": self.quality.draw_int(stream)}

    def encode(self, image: NDArray[Any], *, quality: int) -> bytes:
        """Return *image* as JPEG."""
        return codec.encode_jpeg(image, quality)

    def apply(self, image: NDArray[Any], *, quality: int) -> NDArray[Any]:
        """Return *image* as JPEG leaves it."""
        return codec.decode(codec.encode_jpeg(image, quality))
