"""Shapes a line with HarfBuzz and proves that its glyphs show what the label says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import uharfbuzz as hb

from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import FontInstance, open_instance
from ocrsynth.records import FontKey, GlyphRun, ShapedLine, TextLine
from ocrsynth.shape.clusters import grapheme_starts, needs_ink, owner_of_glyphs, share_ligatures

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEATURES = {"calt": False}
"""Contextual alternates turn "->" into an arrow and "10x10" into "10×10" in some fonts: the label would not match."""
_DOTTED_CIRCLE = "\u25cc"


def shape_line(line: TextLine, font: FontKey) -> ShapedLine:
    """Return *line* set in *font*, with every cluster accounted for.

    Raises Rejected if the proof fails: ``notdef``, ``dotted_circle``, ``empty_glyph`` or ``lost_cluster``.
    """
    instance = open_instance(font)
    buffer = hb.Buffer()
    buffer.add_str(line.text)
    buffer.direction = line.direction
    buffer.script = line.script
    buffer.language = line.language
    hb.shape(instance.hb_font, buffer, _FEATURES)
    infos = [(g.codepoint, g.cluster) for g in buffer.glyph_infos]
    glyph_ids = [g for g, _ in infos]
    glyph_clusters = [c for _, c in infos]
    positions = np.array([p.position for p in buffer.glyph_positions], np.float64).reshape(-1, 4)
    _check_glyphs(instance, glyph_ids, line.text)

    # HarfBuzz gives (x offset, y offset, x advance, y advance) in font units, y up.
    upem = instance.upem
    positions /= upem
    pen = np.cumsum(positions[:, 2])
    advance = float(pen[-1])
    pen -= positions[:, 2]
    x = pen + positions[:, 0]
    y = positions[:, 1]
    ink = np.array([instance.extents(g) for g in glyph_ids], np.float64) / upem
    has_ink = ink[:, 2] > ink[:, 0]
    boxes = np.column_stack((x + ink[:, 0], -y - ink[:, 1], x + ink[:, 2], -y - ink[:, 3]))
    advances = np.column_stack((pen, pen + positions[:, 2]))

    starts = grapheme_starts(line.text)
    ends = [*starts[1:], len(line.text)]
    x_height = instance.metrics.x_height_em
    if glyph_clusters == starts:
        split = np.zeros(len(starts), np.bool_)
        bare = ~has_ink
        if bare.any():
            boxes[bare, 0] = advances[bare, 0]
            boxes[bare, 1] = -x_height
            boxes[bare, 2] = advances[bare, 1]
            boxes[bare, 3] = 0
    else:
        owners = owner_of_glyphs(glyph_clusters, starts)
        boxes, has_ink, split = _merge(boxes, has_ink, advances, owners, len(starts), x_height)
    if not has_ink.all():
        for i in np.flatnonzero(~has_ink).tolist():
            if needs_ink(line.text[starts[i] : ends[i]]):
                raise Rejected("empty_glyph", f"{line.text[starts[i] : ends[i]]!r} leaves no ink")
    return ShapedLine(
        line=line,
        runs=(GlyphRun(font, glyph_ids, x.tolist(), y.tolist()),),
        advance_em=advance,
        metrics=instance.metrics,
        cluster_ranges=np.stack((np.array(starts, np.int32), np.array(ends, np.int32)), axis=1),
        cluster_boxes_em=boxes,
        cluster_has_ink=has_ink,
        cluster_is_split=split,
    )


def _check_glyphs(instance: FontInstance, glyph_ids: list[int], text: str) -> None:
    if not glyph_ids or 0 in glyph_ids:
        raise Rejected("notdef", f"the font lacks a character of {text!r}")
    circle = instance.hb_font.get_nominal_glyph(0x25CC)
    if circle and circle in glyph_ids and _DOTTED_CIRCLE not in text:
        raise Rejected("dotted_circle", f"a mark of {text!r} found no base")


def _merge(
    boxes: NDArray[np.float64],
    has_ink: NDArray[np.bool_],
    advances: NDArray[np.float64],
    owners: NDArray[np.intp],
    n_clusters: int,
    x_height: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return boxes, ink and split flags by grapheme cluster, where glyphs and clusters are not one to one.

    Clusters that share a ligature divide the width of its box evenly.
    """
    merged = np.zeros((n_clusters, 4))
    inked = np.zeros(n_clusters, np.bool_)
    split = np.zeros(n_clusters, np.bool_)
    for first, end in share_ligatures(owners, n_clusters):
        mine = owners == first
        if not mine.any():
            raise Rejected("lost_cluster", f"no glyph for cluster {first}")
        drawn = mine & has_ink
        if drawn.any():
            left, top = boxes[drawn, :2].min(axis=0)
            right, bottom = boxes[drawn, 2:].max(axis=0)
        else:
            left, right, top, bottom = advances[mine, 0].min(), advances[mine, 1].max(), -x_height, 0.0
        edges = np.linspace(left, right, end - first + 1)
        merged[first:end, 0] = edges[:-1]
        merged[first:end, 2] = edges[1:]
        merged[first:end, 1] = top
        merged[first:end, 3] = bottom
        inked[first:end] = drawn.any()
        split[first:end] = end - first > 1
    return merged, inked, split
