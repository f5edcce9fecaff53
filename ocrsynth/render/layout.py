"""Places a shaped line in its frame: size, margins, and the corners of every label."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from ocrsynth.errors import RecipeError, Rejected
from ocrsynth.fields import MOST_WEIGHT, UNKNOWN_KEY, Range, Section, Within
from ocrsynth.records import Layout
from ocrsynth.render.decoration import DecorationConfig
from ocrsynth.render.inks import INKS
from ocrsynth.render.papers import PAPERS
from ocrsynth.render.stack import Alignment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ocrsynth.records import ShapedLine
    from ocrsynth.seeding import Stream


_WIDEST = 200
"""Widest picture, in its own heights: about 500 characters."""
_MAX_WIDTH_PX = 32_000
"""The largest side that consumers of line pictures take (Tesseract's boxes are 16-bit)."""


class RenderConfig(Section):
    """The recipe's ``render`` section: size of the pictures, margins, paper, ink, and what stands about a line."""

    height_px: int = Field(default=32, ge=8, le=1024, description="height of pictures of one line; of vertical lines the width")
    color: Literal["grey", "rgb"] = "grey"
    """Channels of the pictures."""
    max_width_px: int | None = Field(
        default=None, ge=32, le=32_000, description="a line longer than this is drawn again; empty for 200 times the height"
    )
    vertical: float = Field(default=0.0, ge=0, le=1, description="share of lines that run from top to bottom")
    lines: Annotated[Range, Within(1, 50)] = Range(1, 1)
    """Lines in a picture, whole numbers; of several the label has line feeds between them, and the picture is higher."""
    line_pitch_em: Annotated[Range, Within(0.8, 4)] = Range(1.15, 1.6)
    """Of several lines: from one baseline to the next; more where letters would touch."""
    alignment: Alignment = Alignment(start=1)
    """Of several lines: how they stand below each other."""
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

    @cached_property
    def papers(self) -> tuple[list[str], list[float]]:
        """Return the papers by name, and the sums of their weights."""
        return list(self.paper), list(accumulate(self.paper.values()))

    @cached_property
    def inks(self) -> tuple[list[str], list[float]]:
        """Return the inks by name, and the sums of their weights."""
        return list(self.ink), list(accumulate(self.ink.values()))

    @field_validator("paper", "ink")
    @classmethod
    def _are_known(cls, value: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        known: Iterable[str] = PAPERS if info.field_name == "paper" else INKS
        for name, weight in value.items():
            if name not in known:
                raise PydanticCustomError(UNKNOWN_KEY, "unknown key", {"key": name, "known": known})
            if not 0 <= weight <= MOST_WEIGHT:
                raise PydanticCustomError(
                    "weight", "weights must be at most 1e12" if weight > 0 else "weights must be 0 or more"
                )
        if sum(value.values()) <= 0:
            raise PydanticCustomError("weight", "must have a weight above 0")
        # Recipes that say the same draw the same, in whatever order they say it.
        return dict(sorted(value.items()))


def check_lines(render: RenderConfig) -> None:
    """Raise RecipeError if a recipe asks of several lines what only single ones have."""
    low, high = render.lines
    if low != int(low) or high != int(high):
        raise RecipeError(f"render.lines: must be whole numbers, got {[low, high]!r}; write [{round(low)}, {math.ceil(high)}]")
    for key, value in (("vertical", render.vertical), ("clip_share", render.clip_share)):
        if high > 1 and value:
            raise RecipeError(f"render.{key}: there are none of several lines, got {value!r}; leave it or render.lines out")


class Unplaced(NamedTuple):
    """A line to lay out, the stream that its margins are drawn from, and where its crop ends, if it cuts the line."""

    shaped: ShapedLine
    stream: Stream
    cut_em: float | None = None


def lay_out(shaped: ShapedLine, config: RenderConfig, stream: Stream, cut_em: float | None = None) -> Layout:
    """Return the layout of a line in a frame of ``config.height_px``; a vertical line has a frame of that width.

    With *cut_em* the frame ends there, in the middle of what follows the line.  The frame always holds the band from
    baseline to x-height, so that a lone dash is not blown up to its height.
    Raises Rejected(``too_wide``).
    """
    [found] = lay_out_all(config, [Unplaced(shaped, stream, cut_em)])
    if isinstance(found, Rejected):
        raise found
    return found


def lay_out_all(config: RenderConfig, lines: Sequence[Unplaced]) -> list[Layout | Rejected]:
    """Return what `lay_out` would of each line, or its rejection; the arrays of all are made together."""
    counts = [len(line.shaped.cluster_ranges) for line in lines]
    firsts = [0, *accumulate(counts)]
    boxes = [line.shaped.cluster_boxes_em for line in lines]
    # The last one twice: it keeps the end of the last word in range.
    clusters = np.concatenate((*boxes, boxes[-1][-1:]))
    ink = np.empty((len(lines), 4))
    ink[:, :2] = np.minimum.reduceat(clusters[:-1, :2], firsts[:-1], axis=0)
    ink[:, 2:] = np.maximum.reduceat(clusters[:-1, 2:], firsts[:-1], axis=0)
    places: list[_Place | Rejected] = []
    for line, box in zip(lines, ink.tolist(), strict=True):
        try:
            places.append(_place(config, line, *box))
        except Rejected as verdict:
            places.append(verdict)
    spans = [_word_spans(line.shaped.line.text) for line in lines]
    edges = [e for line, first, some in zip(lines, firsts, spans, strict=False) for e in _edges(line.shaped, first, some)]
    words = np.empty((len(edges) // 2, 4))
    # reduceat over [first, end, first, end, …] yields words in the even places.
    words[:, :2] = np.minimum.reduceat(clusters[:, :2], edges, axis=0)[0::2]
    words[:, 2:] = np.maximum.reduceat(clusters[:, 2:], edges, axis=0)[0::2]
    word_ranges = np.array([span for some in spans for span in some], np.int32)
    # The rows of a line: its clusters, its words, itself, and its baseline, of which the two upper corners are the ends.
    lengths = [n + len(some) + 2 for n, some in zip(counts, spans, strict=True)]
    ends = np.array([*accumulate(lengths)])
    rows = np.empty((ends[-1], 4))
    rows[ends - 2] = ink
    rows[ends - 1] = ink * (1, 0, 1, 0)
    starts = [0, *ends.tolist()]
    at = 0
    first_words = []
    for first, n, start, some in zip(firsts, counts, starts, spans, strict=False):
        first_words.append(at)
        m = len(some)
        rows[start : start + n] = clusters[first : first + n]
        rows[start + n : start + n + m] = words[at : at + m]
        at += m
    corners = rows[:, _CORNERS]
    corners *= np.repeat([getattr(place, "size", 1.0) for place in places], lengths)[:, None]
    corners[:, 0::2] += np.repeat([getattr(place, "x", 0.0) for place in places], lengths)[:, None]
    corners[:, 1::2] += np.repeat([getattr(place, "y", 0.0) for place in places], lengths)[:, None]
    points = corners.reshape(-1, 2)
    found: list[Layout | Rejected] = []
    for line, place, start, end, at, some in zip(lines, places, starts, starts[1:], first_words, spans, strict=False):
        if isinstance(place, Rejected):
            found.append(place)
            continue
        own, n_baseline = points[4 * start : 4 * end - 2], 2
        n_lines = len(line.shaped.rows_em)
        if line.shaped.baseline_em is not None or line.shaped.line.direction == "ttb" or n_lines > 1:
            own, n_baseline = _with_baseline(line.shaped, place, own[:-2])
        spanned = word_ranges[at : at + len(some)]
        found.append(Layout(place.height, place.width, place.size, place.x, place.y, spanned, own, n_baseline, n_lines))
    return found


def _baselines(shaped: ShapedLine) -> NDArray[np.float64]:
    """Return the ends of the baseline below the ink of each of several lines, float64 (2 n, 2), in em."""
    boxes = [shaped.cluster_boxes_em[row] for row in shaped.rows]
    ends = [((box[:, 0].min(), below), (box[:, 2].max(), below)) for box, below in zip(boxes, shaped.rows_em, strict=True)]
    return np.array(ends).reshape(-1, 2)


class _Place(NamedTuple):
    """Size of the frame in px, of the font in px, and the start of the baseline in px."""

    height: int
    width: int
    size: float
    x: float
    y: float


def _place(config: RenderConfig, line: Unplaced, left: float, top: float, right: float, bottom: float) -> _Place:
    """Return the place of a line whose ink has this box, in em."""
    stream, cut_em = line.stream, line.cut_em
    looseness = config.looseness.draw(stream)
    above, below = config.margin_em.draw(stream), config.margin_em.draw(stream)
    before, after = config.side_margin_em.draw(stream), config.side_margin_em.draw(stream)
    metrics = line.shaped.metrics
    if line.shaped.line.direction == "ttb":
        # Half an em to either side of the middle is where full-width letters stand.
        rise, fall = max(-left, metrics.x_height_em / 2), max(right, metrics.x_height_em / 2)
        rise += looseness * max(0.5 - rise, 0.0)
        fall += looseness * max(0.5 - fall, 0.0)
        size = config.height_px / (above + rise + fall + below)
        length = _length((before + bottom - top + after) * size, config)
        return _Place(length, config.height_px, size, (above + rise) * size, (before - top) * size)
    # y is down in boxes: the top of the ink is negative.
    rise = max(-top, metrics.x_height_em)
    below_em = line.shaped.rows_em[-1]
    fall = max(bottom - below_em, 0.0)
    if rise + fall > _TALLEST_EM:
        # A glyph as large as a page, as damaged and symbol fonts have: the rest of the line would be specks beside it.
        raise Rejected("huge_glyph", f"ink {rise + fall:.1f} em high")
    rise += looseness * max(metrics.ascent_em - rise, 0.0)
    fall += looseness * max(metrics.descent_em - fall, 0.0)
    size = config.height_px / (above + rise + fall + below)
    # Further lines make the picture higher, and their type no smaller.
    height = config.height_px + math.ceil(below_em * size)
    if height > _MAX_WIDTH_PX:
        raise Rejected("too_high", f"higher than {_MAX_WIDTH_PX} px, {height} px")
    if cut_em is None:
        width = max(_length((before + right + after - left) * size, config), config.min_width_px)
    else:
        # No more of the letter than was drawn, but for what a pixel holds of the line itself.
        whole = _length((before + right - left) * size, config)
        width = max(whole, math.floor((before + cut_em - left) * size))
    return _Place(height, width, size, (before - left) * size, (above + rise) * size)


def _edges(shaped: ShapedLine, first: int, spans: list[tuple[int, int]]) -> Iterable[int]:
    """Return where the words of a line begin and end among the clusters of all lines, its own beginning at *first*."""
    edges = [e for span in spans for e in span]
    ranges = shaped.cluster_ranges
    if len(ranges) < len(shaped.line.text):
        # White space is never part of a larger cluster here, so words begin and end with clusters.
        edges = np.searchsorted(ranges[:, 0], edges).tolist()
    return [e + first for e in edges] if first else edges


def _with_baseline(shaped: ShapedLine, place: _Place, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return the corners of labels with the baseline of a line that is bent or vertical behind them, and its length.

    Of several lines all baselines stand there, behind each other.
    """
    baseline = shaped.baseline_em
    if baseline is None and len(shaped.rows_em) > 1:
        baseline = _baselines(shaped)
    elif baseline is None:
        baseline = np.array(((0.0, shaped.cluster_boxes_em[:, 1].min()), (0.0, shaped.cluster_boxes_em[:, 3].max())))
    points = np.concatenate((points, baseline * place.size + (place.x, place.y)))
    if shaped.cluster_quads_em is not None:
        n = 4 * len(shaped.cluster_ranges)
        points[:n] = shaped.cluster_quads_em.reshape(-1, 2) * place.size + (place.x, place.y)
    return points, len(baseline)


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
_TALLEST_EM = 4.0


def widths_of(config: RenderConfig) -> tuple[int, int]:
    """Return the least and the greatest width in px of the picture of a line that is not vertical."""
    return config.min_width_px, _longest(config)


def _longest(config: RenderConfig) -> int:
    return config.max_width_px or min(_WIDEST * config.height_px, _MAX_WIDTH_PX)


def advice_on(rejected: dict[str, int], otherwise: str) -> str:
    """Return what to change in a recipe whose draws were *rejected*, numbers by reason: *otherwise*, if not for their width."""
    mostly = max(rejected, key=lambda reason: rejected[reason])
    return {
        "too_wide": "raise render.max_width_px, or lower text.length_clusters or render.height_px",
        "too_high": "lower render.lines, render.line_pitch_em or render.height_px",
        "split": "raise the smallest share of output.split, or set render.lines to 1",
    }.get(mostly, otherwise)


def _length(length_px: float, config: RenderConfig) -> int:
    length = math.ceil(length_px)
    if length > _longest(config):
        raise Rejected("too_wide", f"longer than {_longest(config)} px, {length} px at a height of {config.height_px} px")
    return length


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
