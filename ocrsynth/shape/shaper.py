"""Shapes a line with HarfBuzz and proves that its glyphs show what the label says."""

from __future__ import annotations

from itertools import accumulate, chain, pairwise
from unicodedata import category

import numpy as np
import uharfbuzz as hb

from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import Box, FontInstance, open_instance
from ocrsynth.records import PLAIN, FontKey, GlyphRun, Ligature, Setting, ShapedLine, TextLine
from ocrsynth.shape.clusters import cluster_ranges, glyphs_by_cluster, grapheme_starts, needs_ink
from ocrsynth.shape.glyphs import TORN, UNJOINED, Glyphs, check_run, features_for
from ocrsynth.shape.itemise import Run, by_font, itemise
from ocrsynth.shape.traces import check_traces

_LONG_DASH = {"—"}
"""Of Chinese two stand for one dash, drawn without a gap: no other text looks like it."""


def shape_line(
    line: TextLine,
    font: FontKey,
    fallbacks: tuple[FontKey, ...] = (),
    setting: Setting = PLAIN,
    lacking: frozenset[str] = frozenset(),
) -> ShapedLine:
    """Return *line* set in *font*, with every cluster accounted for.

    Clusters that *font* has no glyphs for, or that hold a character of *lacking*, for which its glyph is a wrong one, are set
    in the first of *fallbacks* that has them.
    Raises Rejected if the proof fails: ``notdef``, ``dotted_circle``, ``empty_glyph``, ``lost_mark``,
    ``lost_cluster``, ``other_character`` or ``tied_signs``.
    """
    shaped = _shaped(line, font, fallbacks, setting, lacking)
    if shaped.ligatures and _ties_signs(shaped):
        # The ligatures of some fonts make one dash of two hyphens, or an arrow: not what the label says.
        shaped = _shaped(line, font, fallbacks, setting._replace(features=(*setting.features, *TORN)), lacking)
        if _ties_signs(shaped):
            raise Rejected("tied_signs", f"a ligature of signs in {line.text!r}")
    return shaped


def _ties_signs(shaped: ShapedLine) -> bool:
    """Tell whether a ligature shows other than letters: those of letters show the letters."""
    starts = [*shaped.cluster_ranges[:, 0].tolist(), len(shaped.line.text)]
    tied = (shaped.line.text[starts[tie.first] : starts[tie.end]] for tie in shaped.ligatures)
    return any(category(c)[0] not in "LM" and category(c) != "Cf" for text in tied if set(text) != _LONG_DASH for c in text)


def _shaped(
    line: TextLine, font: FontKey, fallbacks: tuple[FontKey, ...], setting: Setting, lacking: frozenset[str]
) -> ShapedLine:
    """Return what `shape_line` does, with signs tied where the font ties them."""
    text = line.text
    starts = grapheme_starts(text)
    instance = open_instance(font)
    runs = itemise(text, line.direction, line.script)
    if len(runs) == 1 and not fallbacks and (shaped := _plain(line, runs[0], instance, setting, starts)) is not None:
        return shaped
    glyphs = Glyphs(line)
    instances = (instance, *(open_instance(f) for f in fallbacks))
    for run in runs:
        if not fallbacks:
            glyphs.add(run, instance, setting, starts)
            continue
        parts = by_font(text, run, starts, instances, lacking)
        for part, its in reversed(parts) if run.rtl else parts:
            glyphs.add(part, its, setting, starts)
    if not glyphs.runs:
        raise Rejected("notdef", f"nothing is drawn for {text!r}")
    rows, flags = glyphs.boxes()
    if len(starts) < len(text):
        for run, its in zip(glyphs.runs, glyphs.instances, strict=True):
            check_traces(its.key, run, text, line.language, starts)
    x_height = instance.metrics.x_height_em
    ligatures: tuple[Ligature, ...] = ()
    if glyphs.clusters == starts or (len(glyphs.clusters) == len(starts) and sorted(glyphs.clusters) == starts):
        # One glyph a cluster; where runs go from right to left the glyphs only stand in another order.
        pens = [*glyphs.pens, glyphs.width]
        if False in flags:
            vertical = line.direction == "ttb"
            for i, inked in enumerate(flags):
                if not inked:
                    rows[i] = _advance_box(pens[i], pens[i + 1], x_height, vertical=vertical)
        if glyphs.clusters != starts:
            order = sorted(range(len(starts)), key=glyphs.clusters.__getitem__)
            rows, flags = [rows[i] for i in order], [flags[i] for i in order]
    else:
        rows, flags, ligatures = _merge(rows, flags, starts, glyphs, x_height)
    if False in flags:
        ends = [*starts[1:], len(text)]
        for start, end, inked in zip(starts, ends, flags, strict=True):
            if not inked and needs_ink(text[start:end]):
                raise Rejected("empty_glyph", f"{text[start:end]!r} leaves no ink")
    return ShapedLine(
        line=line,
        runs=glyphs.glyph_runs(),
        advance_em=glyphs.width,
        metrics=instance.metrics,
        cluster_ranges=cluster_ranges(starts, len(text)),
        cluster_boxes_em=np.fromiter(chain.from_iterable(rows), np.float64, 4 * len(rows)).reshape(-1, 4),
        cluster_has_ink=np.array(flags),
        ligatures=ligatures,
        letter_spaced=glyphs.spaced,
    )


def _plain(line: TextLine, run: Run, instance: FontInstance, setting: Setting, starts: list[int]) -> ShapedLine | None:
    """Return what `shape_line` does, for most lines: one run from left to right in which each cluster has its own glyph.

    None for any other; the proof is the same, in fewer steps.
    """
    spread = setting.letter_em or setting.word_em or setting.pitch_em
    if run.rtl or run.stance != "flat" or run.script not in UNJOINED or spread:
        return None
    text = line.text
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.direction = "ltr"
    buffer.script = run.script
    buffer.language = line.language
    hb.shape(instance.hb_font, buffer, features_for(unjoined=True, torn=False, chosen=setting.features))
    infos = buffer.glyph_infos
    clusters = [info.cluster for info in infos]
    if clusters != starts:
        return None
    glyph_ids = [info.codepoint for info in infos]
    check_run(run, instance, setting, glyph_ids, clusters, text)
    unit = 1 / instance.upem
    # HarfBuzz gives (x offset, y offset, x advance, y advance) in font units, y up.
    x_offsets, y_offsets, advances, _ = zip(*[position.position for position in buffer.glyph_positions], strict=True)
    pens = list(accumulate([advance * unit for advance in advances], initial=0.0))
    width = pens[-1]
    lefts = [pen + offset * unit for pen, offset in zip(pens, x_offsets, strict=False)] if any(x_offsets) else pens[:-1]
    boxes = instance.ink_boxes(glyph_ids)
    boxes[:, 0::2] += np.array(lefts)[:, None]
    rises = [offset * unit for offset in y_offsets]
    if any(y_offsets):
        boxes[:, 1::2] -= np.array(rises)[:, None]
    inked = np.ones(len(glyph_ids), np.bool_)
    if not instance.inkless.isdisjoint(glyph_ids):
        ends = [*starts[1:], len(text)]
        for i, glyph in enumerate(glyph_ids):
            if glyph in instance.inkless:
                if needs_ink(text[starts[i] : ends[i]]):
                    raise Rejected("empty_glyph", f"{text[starts[i] : ends[i]]!r} leaves no ink")
                inked[i] = False
                boxes[i] = pens[i], -instance.metrics.x_height_em, pens[i + 1], 0.0
    if len(starts) < len(text):
        check_traces(instance.key, run, text, line.language, starts)
    return ShapedLine(
        line=line,
        runs=(GlyphRun(instance.key, glyph_ids, lefts, rises, clusters=clusters),),
        advance_em=width,
        metrics=instance.metrics,
        cluster_ranges=cluster_ranges(starts, len(text)),
        cluster_boxes_em=boxes,
        cluster_has_ink=inked,
    )


def _advance_box(start: float, end: float, x_height: float, *, vertical: bool) -> Box:
    """Return the box of a cluster without ink: its advance by the x-height, or about the middle of a vertical line."""
    return (-x_height / 2, start, x_height / 2, end) if vertical else (start, -x_height, end, 0.0)


def _merge(
    rows: list[Box], flags: list[bool], starts: list[int], line: Glyphs, x_height: float
) -> tuple[list[Box], list[bool], tuple[Ligature, ...]]:
    """Return boxes and ink by grapheme cluster, where glyphs and clusters are not one to one, and what is a ligature.

    Clusters that share a ligature divide its box where the font's carets say, else evenly.
    """
    groups = glyphs_by_cluster(line.clusters, starts)
    pens = [*line.pens, line.width]
    vertical = line.line.direction == "ttb"
    merged: list[Box] = []
    inked: list[bool] = []
    ligatures: list[Ligature] = []
    for first, end, glyphs in groups:
        if not glyphs:
            raise Rejected("lost_cluster", f"no glyph for cluster {first}")
        n = end - first
        drawn = [g for g in glyphs if flags[g]]
        if n == len(drawn) == 1:
            merged.append(rows[drawn[0]])
            inked.append(True)
            continue
        from_right = line.from_right[glyphs[0]]
        if len(drawn) == len(glyphs) == n > 1 and all(pens[g + 1] > pens[g] for g in glyphs):
            # HarfBuzz tied letters together that kept a glyph each.  A glyph without an advance is a mark, on a ligature of
            # the letters.
            letters = "".join(line.line.text[start] for start in starts[first:end])
            merged += [rows[g] for g in line.in_logical_order(drawn, letters)]
            inked += [True] * n
            continue
        if drawn:
            left, top = min(rows[g][0] for g in drawn), min(rows[g][1] for g in drawn)
            right, bottom = max(rows[g][2] for g in drawn), max(rows[g][3] for g in drawn)
        else:
            start, stop = min(pens[g] for g in glyphs), max(pens[g + 1] for g in glyphs)
            left, top, right, bottom = _advance_box(start, stop, x_height, vertical=vertical)
        if n == 1:
            merged.append((left, top, right, bottom))
        else:
            # In a vertical line letters are never tied into one glyph, but a font may leave one out.
            low, high = (top, bottom) if vertical else (left, right)
            widest = max(drawn, key=lambda g: rows[g][2] - rows[g][0], default=glyphs[0])
            carets = [c for c in line.carets(widest) if low < c < high] if drawn and not vertical else []
            by_caret = len(carets) == n - 1
            cuts = [low, *sorted(carets), high] if by_caret else [low + (high - low) * k / n for k in range(n + 1)]
            parts = [(left, a, right, b) if vertical else (a, top, b, bottom) for a, b in pairwise(cuts)]
            merged += reversed(parts) if from_right else parts
            ligatures.append(Ligature(first, end, "caret" if by_caret else "even"))
        inked += [bool(drawn)] * n
    return merged, inked, tuple(ligatures)
