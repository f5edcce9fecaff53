"""Plots of cost against size on logarithmic axes, as SVG by hand, and the exponent that fits them."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

_WIDTH, _HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 30, 46
_COLOURS = ("#1f5fa8", "#b5501d")


class Series(NamedTuple):
    """Points of one cost."""

    label: str
    points: list[tuple[float, float]]


def exponent(points: list[tuple[float, float]]) -> float:
    """Return the slope of the line that fits the logarithms best by least squares: y grows as x to this power."""
    xs = [math.log(x) for x, _ in points]
    ys = [math.log(y) for _, y in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0


def steepest(points: list[tuple[float, float]]) -> float:
    """Return the exponent of the steepest two neighbouring points."""
    return max(exponent(list(pair)) for pair in pairwise(points))


def svg(title: str, x_label: str, y_label: str, series: list[Series]) -> str:
    """Return a plot of *series*; a broken line through the first point shows what growth in proportion would be."""
    xs = [x for one in series for x, _ in one.points]
    ys = [y for one in series for _, y in one.points]
    x_low, x_high = min(xs) / 1.15, max(xs) * 1.15
    y_low, y_high = min(ys) / 1.6, max(ys) * 1.6

    def at(x: float, y: float) -> tuple[float, float]:
        across = math.log(x / x_low) / math.log(x_high / x_low)
        up = math.log(y / y_low) / math.log(y_high / y_low)
        return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)

    left, bottom, right = _LEFT, _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_WIDTH / 2}" y="18" text-anchor="middle" font-size="13">{title}</text>',
        f'<path d="M{left} {_TOP}V{bottom}H{right}" fill="none" stroke="#444"/>',
        f'<text x="{(left + right) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">{x_label}</text>',
        f'<text transform="translate(14 {(_TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">{y_label}</text>',
    ]
    for x in _ticks(x_low, x_high):
        px, _ = at(x, y_low)
        parts.append(f'<path d="M{px:.1f} {_TOP}V{bottom + 4}" stroke="#ddd"/>')
        parts.append(f'<text x="{px:.1f}" y="{bottom + 16}" text-anchor="middle">{x:g}</text>')
    for y in _ticks(y_low, y_high):
        _, py = at(x_low, y)
        parts.append(f'<path d="M{left - 4} {py:.1f}H{right}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 7}" y="{py + 4:.1f}" text-anchor="end">{y:g}</text>')
    for number, one in enumerate(series):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [at(x, y) for x, y in one.points]
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in places]
        x, y = one.points[0]
        # Cut off at the frame: by then the line has made its point.
        end = min(one.points[-1][0], x * y_high / y)
        (ax, ay), (bx, by) = at(x, y), at(end, y * end / x)
        parts.append(f'<path d="M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}" stroke="{colour}" stroke-dasharray="3 4" opacity="0.6"/>')
        parts.append(f'<text x="{left + 8}" y="{_TOP + 12 + 14 * number}" fill="{colour}">{one.label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 1000 else (1,)
    return [m * 10.0**d for d in decades for m in steps if low <= m * 10.0**d <= high]
