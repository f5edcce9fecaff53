"""Thin plate: a few points of the sheet are held elsewhere."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

import numpy as np

from ocrsynth.degrade.base import OPS, CurvedOp, Params
from ocrsynth.fields import Range, Within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream

_MOST_COLUMNS = 5
_FURTHEST = 0.16


def _plate(points: NDArray[np.float64], knots: NDArray[np.float64], height: int) -> NDArray[np.float64]:
    """Return ``r² log r`` of each point and knot, (n, k), with r in heights of the picture."""
    unit = 1 / height
    x = np.subtract.outer(points[:, 0] * unit, knots[:, 0] * unit)
    y = np.subtract.outer(points[:, 1] * unit, knots[:, 1] * unit)
    square = x * x + y * y
    return cast("NDArray[np.float64]", square * np.log(square + 1e-12))


@lru_cache(maxsize=16)
def _spline(height: int, width: int, shifts: tuple[tuple[float, ...], ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the knots (k, 2) and the weights (k + 3, 2) of the spline that takes *shifts* at them."""
    columns = len(shifts) // 2
    knots = np.array([(x, y) for y in (0.0, height) for x in np.linspace(0, width, columns)])
    k = len(knots)
    system = np.zeros((k + 3, k + 3))
    system[:k, :k] = _plate(knots, knots, height)
    system[:k, k] = system[k, :k] = 1
    system[:k, k + 1 :] = knots
    system[k + 1 :, :k] = knots.T
    wanted = np.zeros((k + 3, 2))
    wanted[:k] = shifts
    return knots, cast("NDArray[np.float64]", np.linalg.solve(system, wanted))


@OPS.register
class ThinPlate(CurvedOp):
    """A sheet held at some points and bent between them like a thin plate of metal."""

    name: ClassVar[str] = "thin_plate"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"shift_em": [0.05, 0.25]}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = tuple({"shift_em": [s, s]} for s in (0.06, 0.1, 0.15, 0.2, 0.26))

    shift_em: Annotated[Range, Within(0, 0.5)] = Range(0.02, 0.2)
    """How far each point is moved, in any direction; less where it would fold the sheet."""

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return ``shifts_px``: (x, y) of points along the upper edge from left to right, then along the lower."""
        columns = min(max(round(frame.width / frame.height) + 1, 2), _MOST_COLUMNS)
        apart = min(frame.width / (columns - 1), frame.height)
        reach = min(self.shift_em.draw(stream) * frame.em_px, _FURTHEST * apart)
        ways = [stream.uniform(0, 2 * math.pi) for _ in range(2 * columns)]
        return {"shifts_px": [[round(reach * math.cos(w), 3), round(reach * math.sin(w), 3)] for w in ways]}

    def pull(
        self, points: NDArray[np.float64], height: int, width: int, *, shifts_px: list[list[float]]
    ) -> NDArray[np.float64]:
        """Return *points* moved by the thin-plate spline through the shifts.

        Source: F. L. Bookstein, "Principal warps: thin-plate splines and the decomposition of deformations", IEEE PAMI 11
        (1989).
        """
        knots, weights = _spline(height, width, tuple(map(tuple, shifts_px)))
        # Far outside a spline runs away: there the sheet moves like its nearest place.
        near = np.clip(points, (-height, -height / 2), (width + height, 1.5 * height))
        terms = np.empty((len(points), len(knots) + 3))
        terms[:, :-3] = _plate(near, knots, height)
        terms[:, -3] = 1
        terms[:, -2:] = near
        return points + terms @ weights
