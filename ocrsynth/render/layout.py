"""Places a shaped line in its frame: size, margins, and the corners of every label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from ocrsynth.errors import Rejected
from ocrsynth.fields import Range, Section, Within
from ocrsynth.records import Layout, Margins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import ShapedLine
    from ocrsynth.seeding import Stream


class RenderConfig(Section):
    """The recipe's ``render`` section."""

    height_px: int = Field(default=32, ge=8, le=1024, description="height of every picture")
    color: Literal["grey", "rgb"] = "grey"
    max_width_px: int = Field(default=4000, ge=32, le=32_000, description="a line wider than this is drawn again")
    margin_em: Annotated[Range, Within(0.02, 4)] = Range(0.08, 0.35)
    """Distance from the line to the upper and the lower edge, each drawn for itself."""
    side_margin_em: Annotated[Range, Within(0.02, 8)] = Range(0.1, 0.6)
    looseness: Annotated[Range, Within(0, 1)] = Range(0, 1)
    """0 measures the line by its ink, 1 by the ascenders and descenders of its font."""
    paper_grey: Annotated[Range, Within(0, 255)] = Range(175, 250)
    texture_grey: Annotated[Range, Within(0, 20)] = Range(0.5, 4)
    contrast_grey: Annotated[Range, Within(30, 255)] = Range(90, 230)
    """Luminance difference between the ink and the darkest spot of the paper."""


def lay_out(shaped: ShapedLine, config: RenderConfig, stream: Stream) -> Layout:
    """Return the layout of a line in a frame of ``config.height_px``.

    The frame always holds the band from baseline to x-height, so that a lone dash is not blown up to its height.
    Raises Rejected(``too_wide``).
    """
    looseness = config.looseness.draw(stream)
    above, below = config.margin_em.draw(stream), config.margin_em.draw(stream)
    before, after = config.side_margin_em.draw(stream), config.side_margin_em.draw(stream)
    metrics = shaped.metrics
    boxes = shaped.cluster_boxes_em
    ink = boxes[shaped.cluster_has_ink]
    left, top = ink[:, :2].min(axis=0).tolist()
    right, bottom = ink[:, 2:].max(axis=0).tolist()
    # y is down in boxes: the top of the ink is negative.
    rise = max(-top, metrics.x_height_em)
    fall = max(bottom, 0.0)
    rise += looseness * max(metrics.ascent_em - rise, 0.0)
    fall += looseness * max(metrics.descent_em - fall, 0.0)
    size = config.height_px / (above + rise + fall + below)
    width = math.ceil((before + right - left + after) * size)
    if width > config.max_width_px:
        raise Rejected("too_wide", f"{width} px at a height of {config.height_px} px")
    x = (before - left) * size
    baseline = (above + rise) * size
    word_ranges, points = _points(shaped, size, x, baseline, (left, top, right, bottom))
    return Layout(
        height_px=config.height_px,
        width_px=width,
        size_px=size,
        x_px=x,
        baseline_px=baseline,
        margins_px=Margins(
            before * size, baseline + top * size, width - (x + right * size), config.height_px - (baseline + bottom * size)
        ),
        word_ranges=word_ranges,
        points=points,
    )


def _points(
    shaped: ShapedLine, size: float, x: float, baseline: float, line_box: tuple[float, float, float, float]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the code-point ranges of the words, and the corners of all labels as `Layout.points` orders them."""
    text = shaped.line.text
    ranges = shaped.cluster_ranges
    # A word is a run of clusters between white space.
    is_space = np.array([text[a].isspace() for a in ranges[:, 0].tolist()], np.bool_)
    edges = np.flatnonzero(np.diff(np.concatenate(([True], is_space, [True]))))
    first, end = edges[0::2], edges[1::2]
    boxes = shaped.cluster_boxes_em
    # reduceat over [first, end, first, end, …] yields words in the even places; the pad keeps the last end in range.
    padded = np.concatenate((boxes, boxes[-1:]))
    low = np.minimum.reduceat(padded[:, :2], edges)[0::2]
    high = np.maximum.reduceat(padded[:, 2:], edges)[0::2]
    all_boxes = np.concatenate((boxes, np.concatenate((low, high), axis=1), [line_box])) * size
    corners = all_boxes[:, _CORNERS].reshape(-1, 2)
    ends = np.array(((0.0, 0.0), (shaped.advance_em * size, 0.0)))
    points = np.concatenate((corners, ends))
    points += (x, baseline)
    word_ranges = np.stack((ranges[first, 0], ranges[end - 1, 1]), axis=1)
    return word_ranges, points


_CORNERS = np.array((0, 1, 2, 1, 2, 3, 0, 3))
"""Columns of (left, top, right, bottom) that make a quad, clockwise from the top-left."""
