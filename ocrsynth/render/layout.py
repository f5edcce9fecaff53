"""Places a shaped line in its frame: size, margins, and the corners of every label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from ocrsynth.errors import Rejected, suggest
from ocrsynth.fields import Range, Section, Within
from ocrsynth.records import Layout
from ocrsynth.render.decoration import DecorationConfig
from ocrsynth.render.inks import INKS
from ocrsynth.render.papers import PAPERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from ocrsynth.records import ShapedLine
    from ocrsynth.seeding import Stream


_WIDEST = 200
"""Widest picture, in its own heights: about 500 characters."""
_MAX_WIDTH_PX = 32_000
"""The largest side that consumers of line pictures take (Tesseract's boxes are 16-bit)."""


class RenderConfig(Section):
    """The recipe's ``render`` section: size of the pictures, margins, paper, ink, and what stands about a line."""

    height_px: int = Field(default=32, ge=8, le=1024, description="height of every picture; of vertical lines the width")
    color: Literal["grey", "rgb"] = "grey"
    """Channels of the pictures."""
    max_width_px: int | None = Field(
        default=None, ge=32, le=32_000, description="a line longer than this is drawn again; empty for 200 times the height"
    )
    vertical: float = Field(default=0.0, ge=0, le=1, description="share of lines that run from top to bottom")
    margin_em: Annotated[Range, Within(0.02, 4)] = Range(0.08, 0.35)
    """Distance from the line to the upper and the lower edge, each drawn for itself."""
    side_margin_em: Annotated[Range, Within(0.02, 8)] = Range(0.1, 0.6)
    """Distance from the line to the left and the right edge, each drawn for itself."""
    looseness: Annotated[Range, Within(0, 1)] = Range(0, 1)
    """0 measures the line by its ink, 1 by the ascenders and descenders of its font."""
    min_width_px: int = Field(default=1, ge=1, le=32_000, description="a shorter line gets more margin behind it")
    clip_share: float = Field(
        default=0.0, ge=0, le=1, description="share of lines whose end the crop cuts; the label ends before"
    )
    bent: float = Field(default=0.0, ge=0, le=1, description="share of lines on a bent or wavy baseline")
    bend_em: Annotated[Range, Within(-1, 1)] = Range(-0.3, 0.3)
    """How far the middle of a bent line lies below its ends."""
    jittered: float = Field(default=0.0, ge=0, le=1, description="share of lines whose letters jump, as from a worn machine")
    jitter_em: Annotated[Range, Within(0, 0.2)] = Range(0.005, 0.03)
    """How far letters jump, up or down."""
    paper: dict[str, float] = Field(
        default={"plain": 1.0},
        description="weights of plain, laid, recycled, kraft, newsprint, thermal, squared, guilloche, gradient, clutter",
    )
    ink: dict[str, float] = Field(
        default={"plain": 1.0},
        description="weights of plain, offset, laser, inkjet, typewriter, thermal, ballpoint, screen",
    )
    light_on_dark: float = Field(default=0.0, ge=0, le=1, description="share of lines in light ink on dark paper")
    coloured_paper: float = Field(default=0.0, ge=0, le=1, description="of RGB pictures: share on paper of a strong colour")
    coloured_ink: float = Field(default=0.0, ge=0, le=1, description="of RGB pictures: share in ink of a strong colour")
    backgrounds: tuple[str, ...] = Field(default=(), description="folders of pictures to print on")
    background_share: float = Field(
        default=0.7, ge=0, le=1, description="share of lines on one of the backgrounds, if there are any"
    )
    decoration: DecorationConfig = DecorationConfig()
    """What stands about a line; see below."""
    paper_grey: Annotated[Range, Within(0, 255)] = Range(175, 250)
    """Mean luminance of the paper; of dark paper under light ink its distance from 255."""
    texture_grey: Annotated[Range, Within(0, 20)] = Range(0.5, 4)
    """Standard deviation of the paper's texture."""
    contrast_grey: Annotated[Range, Within(30, 255)] = Range(90, 230)
    """Luminance difference between the ink and the darkest spot of the paper, or the lightest under light ink."""

    @field_validator("paper", "ink")
    @classmethod
    def _are_known(cls, value: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        known: Iterable[str] = PAPERS if info.field_name == "paper" else INKS
        for name, weight in value.items():
            if name not in known:
                raise PydanticCustomError(
                    "name", "unknown name {name}; {advice}", {"name": repr(name), "advice": suggest(name, known)}
                )
            if not 0 <= weight < math.inf:
                raise PydanticCustomError("weight", "weights must be 0 or more")
        if sum(value.values()) <= 0:
            raise PydanticCustomError("weight", "must have a weight above 0")
        # Recipes that say the same draw the same, in whatever order they say it.
        return dict(sorted(value.items()))


def lay_out(shaped: ShapedLine, config: RenderConfig, stream: Stream, cut_em: float | None = None) -> Layout:
    """Return the layout of a line in a frame of ``config.height_px``; a vertical line has a frame of that width.

    With *cut_em* the frame ends there, in the middle of what follows the line.  The frame always holds the band from
    baseline to x-height, so that a lone dash is not blown up to its height.
    Raises Rejected(``too_wide``).
    """
    looseness = config.looseness.draw(stream)
    above, below = config.margin_em.draw(stream), config.margin_em.draw(stream)
    before, after = config.side_margin_em.draw(stream), config.side_margin_em.draw(stream)
    left, top, right, bottom = _ink_of(shaped.cluster_boxes_em)
    metrics = shaped.metrics
    if shaped.line.direction == "ttb":
        # Half an em to either side of the middle is where full-width letters stand.
        rise, fall = max(-left, metrics.x_height_em / 2), max(right, metrics.x_height_em / 2)
        rise += looseness * max(0.5 - rise, 0.0)
        fall += looseness * max(0.5 - fall, 0.0)
        size = config.height_px / (above + rise + fall + below)
        length = _length((before + bottom - top + after) * size, config)
        x, y = (above + rise) * size, (before - top) * size
        ends = ((0.0, top), (0.0, bottom))
        height, width = length, config.height_px
    else:
        # y is down in boxes: the top of the ink is negative.
        rise = max(-top, metrics.x_height_em)
        fall = max(bottom, 0.0)
        rise += looseness * max(metrics.ascent_em - rise, 0.0)
        fall += looseness * max(metrics.descent_em - fall, 0.0)
        size = config.height_px / (above + rise + fall + below)
        end = right + after if cut_em is None else cut_em
        length = _length((before + end - left) * size, config)
        x, y = (before - left) * size, (above + rise) * size
        ends = ((left, 0.0), (right, 0.0))
        height, width = config.height_px, max(length, config.min_width_px if cut_em is None else 1)
    baseline = np.array(ends) if shaped.baseline_em is None else shaped.baseline_em
    word_ranges, points = _points(shaped, size, x, y, (left, top, right, bottom), baseline)
    return Layout(
        height_px=height,
        width_px=width,
        size_px=size,
        x_px=x,
        baseline_px=y,
        word_ranges=word_ranges,
        points=points,
        n_baseline=len(baseline),
    )


def lay_out_nothing(config: RenderConfig, n_clusters: int, stream: Stream) -> Layout:
    """Return the layout of a picture without text, as long as one of *n_clusters* would be; its line is a bare band."""
    above, below = config.margin_em.draw(stream), config.margin_em.draw(stream)
    before, after = config.side_margin_em.draw(stream), config.side_margin_em.draw(stream)
    size = config.height_px / (above + 1 + below)
    width = min(math.ceil((before + n_clusters * _TYPICAL_ADVANCE_EM + after) * size), _longest(config))
    width = max(width, config.min_width_px)
    line = (before * size, above * size, max(width - after * size, before * size), config.height_px - below * size)
    points = np.zeros((6, 2))
    points[:4] = np.array(line)[_CORNERS].reshape(4, 2)
    points[4:] = ((line[0], line[3]), (line[2], line[3]))
    return Layout(
        height_px=config.height_px,
        width_px=width,
        size_px=size,
        x_px=line[0],
        baseline_px=line[3],
        word_ranges=np.zeros((0, 2), np.int32),
        points=points,
    )


_TYPICAL_ADVANCE_EM = 0.5


def _ink_of(boxes: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the box around all *boxes*."""
    left, top, _, _ = boxes.min(axis=0).tolist()
    _, _, right, bottom = boxes.max(axis=0).tolist()
    return left, top, right, bottom


def _longest(config: RenderConfig) -> int:
    return config.max_width_px or min(_WIDEST * config.height_px, _MAX_WIDTH_PX)


def _length(length_px: float, config: RenderConfig) -> int:
    length = math.ceil(length_px)
    if length > _longest(config):
        raise Rejected("too_wide", f"{length} px at a height of {config.height_px} px")
    return length


def _points(
    shaped: ShapedLine,
    size: float,
    x: float,
    y: float,
    line_box: tuple[float, float, float, float],
    baseline: NDArray[np.float64],
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the code-point ranges of the words, and the corners of all labels as `Layout.points` orders them."""
    ranges = shaped.cluster_ranges
    spans = _word_spans(shaped.line.text)
    word_ranges = np.array(spans, np.int32)
    single = len(ranges) == len(shaped.line.text)
    # White space is never part of a larger cluster here, so words begin and end with clusters.
    edges = word_ranges.ravel() if single else np.searchsorted(ranges[:, 0], word_ranges.ravel())
    boxes = shaped.cluster_boxes_em
    # reduceat over [first, end, first, end, …] yields words in the even places; the pad keeps the last end in range.
    padded = np.concatenate((boxes, boxes[-1:]))
    n = len(boxes)
    m = len(spans)
    all_boxes = np.empty((n + m + 1, 4))
    all_boxes[:n] = boxes
    all_boxes[n:-1, :2] = np.minimum.reduceat(padded[:, :2], edges)[0::2]
    all_boxes[n:-1, 2:] = np.maximum.reduceat(padded[:, 2:], edges)[0::2]
    all_boxes[-1] = line_box
    points = np.zeros((4 * (n + m + 1) + len(baseline), 2))
    points[: -len(baseline)] = all_boxes[:, _CORNERS].reshape(-1, 2)
    points[-len(baseline) :] = baseline
    if shaped.cluster_quads_em is not None:
        points[: 4 * n] = shaped.cluster_quads_em.reshape(-1, 2)
    points *= size
    points += (x, y)
    return word_ranges, points


def _word_spans(text: str) -> list[tuple[int, int]]:
    """Return the half-open ranges between white space; there is at least one, for labels are never blank."""
    spans = []
    at = 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        spans.append((start, at))
    return spans


_CORNERS = np.array((0, 1, 2, 1, 2, 3, 0, 3))
"""Columns of (left, top, right, bottom) that make a quad, clockwise from the top-left."""
