"""Outlines of glyphs, to compare and to measure: what has the same one looks the same."""

from __future__ import annotations

import math
import signal
import threading
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import uharfbuzz as hb

if TYPE_CHECKING:
    from collections.abc import Callable


class Outline(NamedTuple):
    """The commands of an outline, and its points in font units from its left edge, x and y in turns."""

    commands: str
    points: tuple[float, ...]


def outline_of(font: hb.Font, glyph: int) -> Outline:
    """Return the outline of a glyph; equal shapes compare equal wherever their side bearings put them."""
    commands, points = _drawn(font, glyph)
    left = min(points[::2], default=0.0)
    points[::2] = [round(x - left, 3) for x in points[::2]]
    return Outline("".join(commands), tuple(points))


def bounds_of(font: hb.Font, glyph: int) -> tuple[float, float, float, float] | None:
    """Return least x and y and greatest x and y of a glyph's outline in font units, y up; None if it has none.

    Of cubic curves HarfBuzz's extents are those of their control points, which lie outside of the ink.
    """
    commands, points = _drawn(font, glyph)
    if not points:
        return None
    bounds = []
    for axis in (points[::2], points[1::2]):
        reached: list[float] = []
        place = 0
        for command in commands:
            n = _POINTS[command]
            if n > 1:
                reached += _turns(axis[place - 1 : place + n])
            reached += axis[place + n - 1 : place + n] if n else ()
            place += n
        bounds.append((min(reached), max(reached)))
    (left, right), (bottom, top) = bounds
    return left, bottom, right, top


_POINTS = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 0}
"""Points that each command adds; a curve begins where the last one ended."""


def _turns(along: list[float]) -> list[float]:
    """Return where a quadratic or cubic Bézier curve turns on one axis, by the coordinates of its points."""
    if len(along) == 3:
        p, q, r = along
        # The same curve as a cubic one.
        along = [p, p + 2 / 3 * (q - p), r + 2 / 3 * (q - r), r]
    p, q, r, s = along
    # Its derivative is a t² + b t + c, but for a factor.
    a, b, c = s - p + 3 * (q - r), 2 * (p - 2 * q + r), q - p
    if abs(a) < _FLAT:
        times = [-c / b] if abs(b) >= _FLAT else []
    elif (square := b * b - 4 * a * c) >= 0:
        root = math.sqrt(square)
        times = [(-b + root) / (2 * a), (-b - root) / (2 * a)]
    else:
        times = []
    return [(1 - t) ** 3 * p + 3 * (1 - t) ** 2 * t * q + 3 * (1 - t) * t * t * r + t**3 * s for t in times if 0 < t < 1]


_FLAT = 1e-9


def _drawn(font: hb.Font, glyph: int) -> tuple[list[str], list[float]]:
    """Return the commands of an outline, and the coordinates of its points, x and y in turns.

    HarfBuzz calls back for each command, and what is raised there is lost: Ctrl-C would be, and a part of the outline with it.
    """
    commands: list[str] = []
    points: list[float] = []
    # A handler that was not set by Python could not be set again.
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        font.draw_glyph(glyph, _pen(), (commands, points))
        return commands, points
    missed: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, _frame: missed.append(number))
    try:
        font.draw_glyph(glyph, _pen(), (commands, points))
    finally:
        signal.signal(signal.SIGINT, usual)
    if missed:
        signal.raise_signal(signal.SIGINT)
    return commands, points


@cache
def _pen() -> hb.DrawFuncs:
    funcs = hb.DrawFuncs()

    def to(letter: str) -> Callable[..., None]:
        def add(*arguments: Any) -> None:
            *points, (commands, all_points) = arguments
            commands.append(letter)
            all_points.extend(points)

        return add

    funcs.set_move_to_func(to("M"))
    funcs.set_line_to_func(to("L"))
    funcs.set_quadratic_to_func(to("Q"))
    funcs.set_cubic_to_func(to("C"))
    funcs.set_close_path_func(to("Z"))
    return funcs
