"""Growing and shrinking of strokes by fractions of a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_SQUARE = np.ones((3, 3), np.uint8)


def grow(mask: NDArray[Any], radius_px: float, step: Callable[..., Any]) -> NDArray[Any]:
    """Return *mask* after ``cv2.dilate`` or ``cv2.erode`` (*step*) by a fractional radius.

    Whole pixels are steps of a 3×3 element, cross and square in turn, which approaches an octagon; the rest is a blend
    with one more step, which on an anti-aliased edge is a shift by that fraction.
    """
    whole, rest = divmod(radius_px, 1.0)
    out: Any = mask
    for i in range(int(whole)):
        out = step(out, _SQUARE if i % 2 else _CROSS)
    if rest > 0:
        out = cv2.addWeighted(out, 1 - rest, step(out, _CROSS), rest, 0)
    return out.copy() if out is mask else out
