"""Shapes a line with HarfBuzz and proves that its glyphs show what the label says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import uharfbuzz as hb

from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import FontInstance, open_instance
from ocrsynth.records import FontKey, GlyphRun, ShapedLine, TextLine
from ocrsynth.shape.clusters import cluster_ranges, glyphs_by_cluster, grapheme_starts, needs_ink
from ocrsynth.shape.itemise import itemise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PLAIN = {"calt": False}
"""Contextual alternates turn "->" into an arrow and "10x10" into "10×10" in some fonts: the label would not match."""
_UNJOINED = frozenset({"Latn", "Grek", "Cyrl", "Hani", "Hang", "Hira", "Kana", "Zyyy"})
"""Scripts whose letters read the same without contextual alternates; others join or stack by them."""
_DOTTED_CIRCLE = "\u25cc"


def shape_line(line: TextLine, font: FontKey) -> ShapedLine:
    """Return *line* set in *font*, with every cluster accounted for.

    Raises Rejected if the proof fails: ``notdef``, ``dotted_circle``, ``empty_glyph`` or ``lost_cluster``.
    """
    instance = open_instance(font)
    glyph_ids: list[int] = []
    glyph_clusters: list[int] = []
    from_right: list[bool] = []
    pens, lefts, rises = [], [], []
    pen = 0
    raised = False
    runs = itemise(line.text, line.direction, line.script)
    for run in runs:
        buffer = hb.Buffer()
        # The whole text stands in the buffer as context: letters at the border of a run join as they should.
        buffer.add_str(line.text, run.start, run.end - run.start)
        buffer.direction = "rtl" if run.rtl else "ltr"
        buffer.script = run.script
        buffer.language = line.language
        hb.shape(instance.hb_font, buffer, _PLAIN if run.script in _UNJOINED else None)
        for info in buffer.glyph_infos:
            glyph_ids.append(info.codepoint)
            glyph_clusters.append(info.cluster)
            from_right.append(run.rtl)
        # HarfBuzz gives (x offset, y offset, x advance, y advance) in font units, y up.
        for position in buffer.glyph_positions:
            x_offset, y_offset, x_advance, _ = position.position
            pens.append(pen)
            lefts.append(pen + x_offset)
            rises.append(y_offset)
            if y_offset:
                raised = True
            pen += x_advance
    pens.append(pen)
    _check_glyphs(instance, glyph_ids, line.text)
    pen_em = np.array(pens, np.float64)
    pen_em /= instance.upem
    x = np.array(lefts, np.float64)
    x /= instance.upem
    y = np.array(rises, np.float64) / instance.upem if raised else None
    boxes, has_ink = instance.ink_boxes(glyph_ids)
    boxes[:, 0] += x
    boxes[:, 2] += x
    if y is not None:
        boxes[:, 1] -= y
        boxes[:, 3] -= y

    starts = grapheme_starts(line.text)
    x_height = instance.metrics.x_height_em
    if glyph_clusters == starts:
        split = np.zeros(len(starts), np.bool_)
        for i in np.flatnonzero(~has_ink).tolist():
            boxes[i] = (pen_em[i], -x_height, pen_em[i + 1], 0.0)
    else:
        groups = glyphs_by_cluster(glyph_clusters, starts)
        boxes, has_ink, split = _merge(boxes, has_ink, pen_em, groups, from_right, x_height)
    ranges = cluster_ranges(starts, len(line.text))
    for i in np.flatnonzero(~has_ink).tolist():
        cluster = line.text[ranges[i, 0] : ranges[i, 1]]
        if needs_ink(cluster):
            raise Rejected("empty_glyph", f"{cluster!r} leaves no ink")
    return ShapedLine(
        line=line,
        runs=(GlyphRun(font, glyph_ids, x.tolist(), [0.0] * len(glyph_ids) if y is None else y.tolist()),),
        advance_em=pens[-1] / instance.upem,
        metrics=instance.metrics,
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


def _merge(
    boxes: NDArray[np.float64],
    has_ink: NDArray[np.bool_],
    pen_em: NDArray[np.float64],
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
    pens = pen_em.tolist()
    for first, end, glyphs in groups:
        if not glyphs:
            raise Rejected("lost_cluster", f"no glyph for cluster {first}")
        drawn = [rows[g] for g in glyphs if has_ink[g]]
        if drawn:
            left, top = min(b[0] for b in drawn), min(b[1] for b in drawn)
            right, bottom = max(b[2] for b in drawn), max(b[3] for b in drawn)
        else:
            left, right = min(pens[g] for g in glyphs), max(pens[g + 1] for g in glyphs)
            top, bottom = -x_height, 0.0
        n = end - first
        step = (right - left) / n
        parts = [(left + step * k, top, left + step * (k + 1), bottom) for k in range(n)]
        merged += reversed(parts) if from_right[glyphs[0]] else parts
        inked[first:end] = bool(drawn)
        split[first:end] = n > 1
    return np.array(merged), inked, split
