"""Outlines of glyphs, to compare: what has the same one looks the same."""

from __future__ import annotations

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
    commands: list[str] = []
    points: list[float] = []
    font.draw_glyph(glyph, _pen(), (commands, points))
    left = min(points[::2], default=0.0)
    points[::2] = [round(x - left, 3) for x in points[::2]]
    return Outline("".join(commands), tuple(points))


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
