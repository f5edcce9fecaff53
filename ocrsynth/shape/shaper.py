"""Shapes a line with HarfBuzz and proves that its glyphs show what the label says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import uharfbuzz as hb

from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import FontInstance, open_instance
from ocrsynth.records import FontKey, GlyphRun, ShapedLine, TextLine
from ocrsynth.shape.clusters import cluster_ranges, glyphs_by_cluster, grapheme_starts, needs_ink
from ocrsynth.shape.itemise import Run, by_font, itemise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_PLAIN = {"calt": False}
"""Contextual alternates turn "->" into an arrow and "10x10" into "10×10" in some fonts: the label would not match."""
_UNJOINED = frozenset({"Latn", "Grek", "Cyrl", "Hani", "Hang", "Hira", "Kana", "Zyyy"})
"""Scripts whose letters read the same without contextual alternates; others join or stack by them."""
_DOTTED_CIRCLE = "\u25cc"


class _Glyphs:
    """The glyphs of a line, collected run by run from left to right."""

    __slots__ = ("boxes", "clusters", "from_right", "inked", "pens", "runs", "width")

    def __init__(self) -> None:
        self.runs: list[GlyphRun] = []
        self.boxes: list[NDArray[np.float64]] = []
        self.inked: list[NDArray[np.bool_]] = []
        self.clusters: list[int] = []
        self.from_right: list[bool] = []
        self.pens: list[float] = []
        self.width = 0.0

    def add(self, line: TextLine, run: Run, font: FontKey) -> None:
        """Shape one run; positions are in em, boxes with y down."""
        instance = open_instance(font)
        buffer = hb.Buffer()
        # The whole text stands in the buffer as context: letters at the border of a run join as they should.
        buffer.add_str(line.text, run.start, run.end - run.start)
        buffer.direction = "rtl" if run.rtl else "ltr"
        buffer.script = run.script
        buffer.language = line.language
        hb.shape(instance.hb_font, buffer, _PLAIN if run.script in _UNJOINED else None)
        glyph_ids: list[int] = []
        for info in buffer.glyph_infos:
            glyph_ids.append(info.codepoint)
            self.clusters.append(info.cluster)
        _check_glyphs(instance, glyph_ids, line.text)
        lefts, rises = [], []
        unit = 1 / instance.upem
        pen = self.width
        raised = False
        # HarfBuzz gives (x offset, y offset, x advance, y advance) in font units, y up.
        for position in buffer.glyph_positions:
            x_offset, y_offset, x_advance, _ = position.position
            self.pens.append(pen)
            lefts.append(pen + x_offset * unit)
            rises.append(y_offset * unit)
            if y_offset:
                raised = True
            pen += x_advance * unit
        self.width = pen
        self.from_right += [run.rtl] * len(glyph_ids)
        boxes, inked = instance.ink_boxes(glyph_ids)
        if run.script in _UNJOINED and not inked.all():
            _check_ink(inked, self.clusters[-len(glyph_ids) :], line.text)
        x = np.array(lefts)
        boxes[:, 0] += x
        boxes[:, 2] += x
        if raised:
            y = np.array(rises)
            boxes[:, 1] -= y
            boxes[:, 3] -= y
        self.runs.append(GlyphRun(font, glyph_ids, lefts, rises))
        self.boxes.append(boxes)
        self.inked.append(inked)


def shape_line(line: TextLine, font: FontKey, fallbacks: tuple[FontKey, ...] = ()) -> ShapedLine:
    """Return *line* set in *font*, with every cluster accounted for.

    Clusters that *font* has no glyphs for are set in the first of *fallbacks* that has them.
    Raises Rejected if the proof fails: ``notdef``, ``dotted_circle``, ``empty_glyph`` or ``lost_cluster``.
    """
    text = line.text
    starts = grapheme_starts(text)
    glyphs = _Glyphs()
    for run in itemise(text, line.direction, line.script):
        if not fallbacks:
            glyphs.add(line, run, font)
            continue
        parts = by_font(text, run, starts, (font, *fallbacks))
        for part, key in reversed(parts) if run.rtl else parts:
            glyphs.add(line, part, key)
    if not glyphs.runs:
        raise Rejected("notdef", f"nothing is drawn for {text!r}")
    single = len(glyphs.runs) == 1
    boxes = glyphs.boxes[0] if single else np.concatenate(glyphs.boxes)
    has_ink = glyphs.inked[0] if single else np.concatenate(glyphs.inked)
    metrics = open_instance(font).metrics
    pens = [*glyphs.pens, glyphs.width]
    if glyphs.clusters == starts or (len(glyphs.clusters) == len(starts) and sorted(glyphs.clusters) == starts):
        # One glyph a cluster; where runs go from right to left the glyphs only stand in another order.
        place: Sequence[int] = range(len(starts))
        if glyphs.clusters != starts:
            of_cluster = {cluster: i for i, cluster in enumerate(glyphs.clusters)}
            place = [of_cluster[s] for s in starts]
            boxes, has_ink = boxes[place], has_ink[place]
        split = np.zeros(len(starts), np.bool_)
        for i in np.flatnonzero(~has_ink).tolist():
            boxes[i] = (pens[place[i]], -metrics.x_height_em, pens[place[i] + 1], 0.0)
    else:
        groups = glyphs_by_cluster(glyphs.clusters, starts)
        boxes, has_ink, split = _merge(boxes, has_ink, pens, groups, glyphs.from_right, metrics.x_height_em)
    ranges = cluster_ranges(starts, len(text))
    for i in np.flatnonzero(~has_ink).tolist():
        cluster = text[ranges[i, 0] : ranges[i, 1]]
        if needs_ink(cluster):
            raise Rejected("empty_glyph", f"{cluster!r} leaves no ink")
    return ShapedLine(
        line=line,
        runs=tuple(glyphs.runs),
        advance_em=glyphs.width,
        metrics=metrics,
        cluster_ranges=ranges,
        cluster_boxes_em=boxes,
        cluster_has_ink=has_ink,
        cluster_is_split=split,
    )


def _check_glyphs(instance: FontInstance, glyph_ids: list[int], text: str) -> None:
    if not glyph_ids or 0 in glyph_ids:
        raise Rejected("notdef", f"the font lacks a character of {text!r}")
    circle = instance.dotted_circle
    if circle and circle in glyph_ids and _DOTTED_CIRCLE not in text:
        raise Rejected("dotted_circle", f"a mark of {text!r} found no base")


def _check_ink(inked: NDArray[np.bool_], clusters: list[int], text: str) -> None:
    """Raise Rejected if a glyph of a plain script has no ink although the letter it stands with needs some.

    A font may have a letter but only an empty accent for it.  In scripts that join or stack, empty glyphs are common
    tools of the font's designer and prove nothing; there clusters are checked as a whole.
    """
    for i in np.flatnonzero(~inked).tolist():
        c = text[clusters[i]]
        if needs_ink(c):
            raise Rejected("empty_glyph", f"{c!r} leaves no ink")


def _merge(
    boxes: NDArray[np.float64],
    has_ink: NDArray[np.bool_],
    pens: list[float],
    groups: list[tuple[int, int, list[int]]],
    from_right: list[bool],
    x_height: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return boxes, ink and split flags by grapheme cluster, where glyphs and clusters are not one to one.

    Clusters that share a ligature divide the width of its box evenly.
    """
    n_clusters = groups[-1][1]
    merged: list[tuple[float, float, float, float]] = []
    inked = np.zeros(n_clusters, np.bool_)
    split = np.zeros(n_clusters, np.bool_)
    rows = boxes.tolist()
    for first, end, glyphs in groups:
        if not glyphs:
            raise Rejected("lost_cluster", f"no glyph for cluster {first}")
        n = end - first
        drawn = [rows[g] for g in glyphs if has_ink[g]]
        if len(drawn) == len(glyphs) == n > 1 and all(pens[g + 1] > pens[g] for g in glyphs):
            # HarfBuzz tied letters together that kept a glyph each: they stand in the order of the run.  A glyph without
            # an advance is a mark, on a ligature of the letters.
            merged += reversed(drawn) if from_right[glyphs[0]] else drawn
            inked[first:end] = True
            continue
        if drawn:
            left, top = min(b[0] for b in drawn), min(b[1] for b in drawn)
            right, bottom = max(b[2] for b in drawn), max(b[3] for b in drawn)
        else:
            left, right = min(pens[g] for g in glyphs), max(pens[g + 1] for g in glyphs)
            top, bottom = -x_height, 0.0
        step = (right - left) / n
        parts = [(left + step * k, top, left + step * (k + 1), bottom) for k in range(n)]
        merged += reversed(parts) if from_right[glyphs[0]] else parts
        inked[first:end] = bool(drawn)
        split[first:end] = n > 1
    return np.array(merged), inked, split
