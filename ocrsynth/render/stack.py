"""Several lines in one picture, set below each other as in a paragraph; the label has a line feed between them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ocrsynth.fields import MOST_WEIGHT, Section
from ocrsynth.records import LINE_FEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocrsynth.records import GlyphRun, Layout, ShapedLine
    from ocrsynth.render.inks import Bands

_LEAST_GAP_EM = 0.02


class Alignment(Section):
    """Weights of how lines of one picture stand below each other; what is not named has none."""

    start: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="flush where they begin: left, or right in Arabic")
    centre: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="about one middle")
    end: float = Field(default=0.0, ge=0, le=MOST_WEIGHT, description="flush where they end")

    @model_validator(mode="after")
    def _is_one(self) -> Alignment:
        if self.start + self.centre + self.end <= 0:
            raise PydanticCustomError("weight", "must have a weight above 0")
        return self


def stacked(lines: Sequence[ShapedLine], pitch_em: float, alignment: str) -> ShapedLine:
    """Return *lines* as one, each baseline *pitch_em* below the last, or further where letters would touch.

    Its label is theirs with line feeds between them.  A line feed is a cluster without ink and without width, where its line
    ends.
    """
    first = lines[0]
    from_right = first.line.direction == "rtl"
    low, high = min(_left(line) for line in lines), max(_right(line) for line in lines)
    at = 0
    place = 0.0
    rows_em = []
    runs: list[GlyphRun] = []
    ranges, boxes, inked, ligatures = [], [], [], []
    clusters = 0
    for number, line in enumerate(lines):
        if number:
            above = lines[number - 1]
            clear = float(above.cluster_boxes_em[:, 3].max() - line.cluster_boxes_em[:, 1].min())
            place += max(pitch_em, clear + _LEAST_GAP_EM)
        rows_em.append(place)
        share = {"start": 0.0, "centre": 0.5, "end": 1.0}[alignment]
        free = (high - low) - (_right(line) - _left(line))
        aside = low - _left(line) + (1 - share if from_right else share) * free
        for run in line.runs:
            x_em, y_em = [x + aside for x in run.x_em], [y - place for y in run.y_em]
            runs.append(run._replace(x_em=x_em, y_em=y_em, clusters=[c + at for c in run.clusters]))
        own = line.cluster_boxes_em + np.array((aside, place, aside, place))
        ranges.append(line.cluster_ranges + at)
        boxes.append(own)
        inked.append(line.cluster_has_ink)
        ligatures += [tie._replace(first=tie.first + clusters, end=tie.end + clusters) for tie in line.ligatures]
        at += len(line.line.text)
        clusters += len(line.cluster_ranges)
        if number < len(lines) - 1:
            ends = own[:, 0].min() if from_right else own[:, 2].max()
            ranges.append(np.array(((at, at + 1),), np.int32))
            boxes.append(np.array(((ends, place - line.metrics.x_height_em, ends, place),)))
            inked.append(np.zeros(1, np.bool_))
            at += 1
            clusters += 1
    return replace(
        first,
        line=replace(first.line, text=LINE_FEED.join(line.line.text for line in lines)),
        runs=tuple(runs),
        advance_em=max(line.advance_em for line in lines),
        cluster_ranges=np.concatenate(ranges),
        cluster_boxes_em=np.concatenate(boxes),
        cluster_has_ink=np.concatenate(inked),
        ligatures=tuple(ligatures),
        rows_em=tuple(rows_em),
    )


def _left(line: ShapedLine) -> float:
    return float(line.cluster_boxes_em[:, 0].min())


def _right(line: ShapedLine) -> float:
    return float(line.cluster_boxes_em[:, 2].max())


def rows_of(shaped: ShapedLine, layout: Layout) -> list[tuple[float, float, float, float, float]]:
    """Return left, top, right, bottom and baseline of each of several lines, in px; nothing of a single one."""
    if len(shaped.rows_em) == 1:
        return []
    quads = layout.points[: 4 * len(shaped.cluster_ranges)].reshape(-1, 4, 2)
    lows = [quads[row].min(axis=(0, 1)).tolist() for row in shaped.rows]
    highs = [quads[row].max(axis=(0, 1)).tolist() for row in shaped.rows]
    baselines = [layout.baseline_px + below * layout.size_px for below in shaped.rows_em]
    return [(*low, *high, baseline) for low, high, baseline in zip(lows, highs, baselines, strict=True)]


def bands_of(shaped: ShapedLine, layout: Layout) -> Bands:
    """Return the left edges of the letters of each line, and the row of pixels that its part of the picture ends at."""
    lefts = layout.points[: 4 * len(shaped.cluster_ranges) : 4, 0]
    boxes = rows_of(shaped, layout)
    if not boxes:
        return ((lefts, math.inf),)
    ends = [(above[3] + below[1]) / 2 for above, below in pairwise(boxes)]
    return [(lefts[row], end) for row, end in zip(shaped.rows, (*ends, math.inf), strict=True)]
