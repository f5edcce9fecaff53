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
    for element in _elements(int(whole)):
        out = step(out, element)
    if rest > 0:
        out = cv2.addWeighted(out, 1 - rest, step(out, _CROSS), rest, 0)
    return out.copy() if out is mask else out


def closed(mask: NDArray[Any], radius_px: float) -> NDArray[Any]:
    """Return *mask*, uint8 (H, W), with what a disk of a fractional radius cannot reach filled; outer edges stay.

    A closing (Serra, Image Analysis and Mathematical Morphology, 1982) by octagons that contain one another, between two of
    which a fraction blends: so a larger radius never fills less.  Gaps nearer to the border than the radius stay open.
    """
    whole, rest = divmod(radius_px, 1.0)
    steps = int(whole)
    grown: Any = mask
    for element in _elements(steps):
        grown = cv2.dilate(grown, element)
    out = _shrunk(grown, steps, mask)
    if rest == 0:
        return out
    more = cv2.dilate(grown, _elements(steps + 1)[-1])
    return cv2.addWeighted(out, 1 - rest, _shrunk(more, steps + 1, mask), rest, 0)


def _shrunk(grown: NDArray[Any], steps: int, mask: NDArray[Any]) -> NDArray[Any]:
    """Return what grew out of *mask* in so many steps, taken back by as many."""
    out: Any = grown
    for element in _elements(steps):
        # Nothing stands beyond the border that could hold a gap shut.
        out = cv2.erode(out, element, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return cv2.max(out, mask)


def _elements(steps: int) -> list[NDArray[Any]]:
    return [_SQUARE if i % 2 else _CROSS for i in range(steps)]
