"""An OCR engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocrsynth.evaluate.engine import Engine, options_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


class Widths(Engine):
    """Reads a letter for so many px of width: ``widths:letter=e,px=10``.  A real engine loads its model in from_spec."""

    name = "widths"

    def __init__(self, letter: str, px: int) -> None:
        self.letter = letter
        self.px = px

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine; wrong options are refused with a message."""
        del language
        return cls(**options_of(arguments, f"widths:{arguments}", letter="e", px=10))

    def versions(self) -> dict[str, str]:
        """Return what decides the readings; it stands in the report."""
        return {"widths": "1"}

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[Any]:
        """Return a reading of each picture, uint8 (H, W) or (H, W, 3) RGB; None where there is none."""
        return [self.letter * (image.shape[1] // self.px) for image in images]
