"""The glyphs of a line, collected run by run, and the part of the proof that looks at single glyphs."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import uharfbuzz as hb

from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import Box, FontInstance, ligature_carets
from ocrsynth.records import TATWEEL, GlyphRun, Setting, TextLine
from ocrsynth.shape.alternates import check_alternates
from ocrsynth.shape.clusters import needs_ink

if TYPE_CHECKING:
    from ocrsynth.shape.itemise import Run

UNJOINED = frozenset({"Latn", "Grek", "Cyrl", "Hani", "Hang", "Hira", "Kana", "Zyyy"})
"""Scripts whose letters read the same without contextual alternates; others join or stack by them."""
_TIED = frozenset(["Arab", "Syrc", "Mong", "Nkoo", "Phag", "Mand", "Rohg", "Adlm", "Sogd", "Deva", "Beng", "Guru", "Tibt"])
"""Scripts whose letters join, or hang from one line: no typesetter spaces them."""
FINE = frozenset({"Mymr", "Knda", "Sinh", "Guru"})
"""Scripts in which HarfBuzz counts signs to a letter that are grapheme clusters with a glyph of their own: Burmese visarga."""
_PITCHED = frozenset({"Latn", "Grek", "Cyrl", "Armn", "Geor", "Zyyy"})
"""Scripts that typewriters write in cells of one width, of those whose letters stand each for itself."""
_LEAST_INK, _MOST_INK, _WIDEST = 0.5, 0.94, 1.3
"""Ink of a letter, as shares of its cell, and the most by which thin letters are widened."""
_LEAST_SPACE_EM = 0.14
_TURNED = frozenset("ー〜～「」『』（）〈〉《》【】〔〕［］｛｝〖〗〘〙")
"""Signs that have another form in vertical lines (UAX 50, class Tr)."""
_DOTTED_CIRCLE = "\u25cc"
_BUFFER_DIRECTIONS = {"upright": "ttb", "sideways": "ltr"}


_NO_BOX: Box = (0.0, 0.0, 0.0, 0.0)


TORN = (("liga", False), ("clig", False), ("dlig", False))
"""Features that leave letters and signs untied."""


@lru_cache(maxsize=512)
def features_for(unjoined: bool, torn: bool, chosen: tuple[tuple[str, bool], ...]) -> dict[str, bool] | None:  # noqa: FBT001
    """Return the features to shape with.

    Contextual alternates turn "->" into an arrow and "10x10" into "10×10" in some fonts: the label would not match.
    Spaced letters have no ligatures, as in CSS.
    """
    features = dict(chosen)
    if unjoined:
        features["calt"] = False
    if torn:
        features |= dict(TORN)
    return features or None


def _torn_within(
    part: tuple[int, int], features: dict[str, bool] | None, end: int
) -> dict[str, bool | list[tuple[int, int, bool]]]:
    """Return *features* of a text of *end* code points, without ties in a *part* of it."""
    chosen = features or {}
    torn = {tag: [(0, end, chosen[tag]), (*part, off)] if tag in chosen else [(*part, off)] for tag, off in TORN}
    return {**chosen, **torn}


def _buffer(line: TextLine, run: Run) -> hb.Buffer:
    """Return a run of a line, ready to be shaped."""
    buffer = hb.Buffer()
    # The whole text stands in the buffer as context: letters at the border of a run join as they should.
    buffer.add_str(line.text, run.start, run.end - run.start)
    buffer.direction = ("rtl" if run.rtl else "ltr") if run.stance == "flat" else _BUFFER_DIRECTIONS[run.stance]
    buffer.script = run.script
    buffer.language = line.language
    if run.script in FINE:
        buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
    return buffer


class Glyphs:
    """The glyphs of a line, collected run by run from left to right, or from top to bottom."""

    __slots__ = (
        "clusters",
        "from_right",
        "instances",
        "lefts",
        "line",
        "pens",
        "rises",
        "run_ids",
        "runs",
        "spaced",
        "stances",
        "width",
        "widths",
    )

    def __init__(self, line: TextLine) -> None:
        self.line = line
        self.runs: list[Run] = []
        self.instances: list[FontInstance] = []
        self.run_ids: list[list[int]] = []
        self.stances: list[str] = []
        self.clusters: list[int] = []
        self.from_right: list[bool] = []
        self.lefts: list[float] = []
        self.rises: list[float] = []
        self.pens: list[float] = []
        self.widths: list[float] = []
        """Widths of the glyphs as shares of the font's; empty if all are as the font has them."""
        self.width = 0.0
        self.spaced: tuple[int, int] | None = None
        """Range of code points whose letters stand apart by the setting, from the first run of such to the last."""

    def add(self, run: Run, instance: FontInstance, setting: Setting, starts: list[int]) -> None:
        """Shape one run; positions are in em along and across the line."""
        line = self.line
        buffer = _buffer(line, run)
        spaced = bool(setting.letter_em) and run.script not in _TIED
        pitched = bool(setting.pitch_em) and run.script in _PITCHED and run.stance == "flat" and not run.rtl
        part = setting.spaced_range(line.text)
        everywhere = (spaced and setting.stressed is None) or pitched or run.stance == "sideways"
        features: Any = features_for(run.script in UNJOINED, everywhere, setting.features)
        if spaced and not everywhere:
            features = _torn_within(part, features, len(line.text))
        hb.shape(instance.hb_font, buffer, features)
        infos = buffer.glyph_infos
        glyph_ids, clusters = [info.codepoint for info in infos], [info.cluster for info in infos]
        check_run(run, instance, setting, glyph_ids, clusters, line.text)
        distant = (spaced or setting.word_em) and not pitched
        extra = self._distances(run, clusters, starts, setting, part if spaced else (0, 0)) if distant else None
        unit = 1 / instance.upem
        if extra and run.stance != "upright" and min(setting.letter_em, setting.word_em) < 0:
            advances = [position.x_advance * unit for position in buffer.glyph_positions]
            _keep_spaces(extra, advances, [line.text[cluster] == " " for cluster in clusters], setting.letter_em)
        pen = self.width
        lefts, rises, pens = self.lefts, self.rises, self.pens
        # HarfBuzz gives (x offset, y offset, x advance, y advance) in font units, y up; a vertical advance is negative.
        if run.stance == "upright":
            for position in buffer.glyph_positions:
                x_offset, y_offset, _, y_advance = position.position
                pens.append(pen)
                lefts.append(x_offset * unit)
                rises.append(y_offset * unit - pen)
                pen -= y_advance * unit
        else:
            for position in buffer.glyph_positions:
                x_offset, y_offset, x_advance, _ = position.position
                pens.append(pen)
                lefts.append(pen + x_offset * unit)
                rises.append(y_offset * unit)
                pen += x_advance * unit
        self.width = pen
        if extra:
            self._spread(extra, along=rises if run.stance == "upright" else lefts, sign=-1 if run.stance == "upright" else 1)
        if pitched:
            self._pitch([bisect_right(starts, c) for c in clusters], glyph_ids, instance, setting.pitch_em)
        elif self.widths:
            self.widths += [1.0] * len(glyph_ids)
        if setting.kashida_em and run.stance == "flat" and TATWEEL in line.text:
            self._draw_out(clusters, glyph_ids, instance, setting.kashida_em)
        self.clusters += clusters
        self.from_right += [run.rtl] * len(glyph_ids)
        self.runs.append(run)
        self.instances.append(instance)
        self.run_ids.append(glyph_ids)

    def _distances(
        self, run: Run, clusters: list[int], starts: list[int], setting: Setting, spaced: tuple[int, int]
    ) -> list[float]:
        """Return what to add to the advance of each glyph: behind the last glyph of a grapheme cluster, and behind spaces.

        Letters stand apart in the range *spaced* of the text alone.
        """
        text = self.line.text
        begin, end = max(spaced[0], run.start), min(spaced[1], run.end)
        if begin < end:
            self.spaced = (min(begin, self.spaced[0]), max(end, self.spaced[1])) if self.spaced else (begin, end)

        def behind(cluster: int) -> float:
            apart = setting.letter_em if begin <= cluster < end else 0.0
            if text[cluster] != " ":
                return apart
            if setting.stressed and spaced[0] - 1 <= cluster <= spaced[1]:
                # Beside letters that stand apart a space of the usual width would not be seen: compositors widen it as well.
                apart = setting.letter_em * (1 if cluster == spaced[1] else 2)
            return apart + setting.word_em

        graphemes = [bisect_right(starts, cluster) for cluster in clusters]
        following = [*graphemes[1:], 0]
        return [
            behind(cluster) if grapheme != after else 0.0
            for cluster, grapheme, after in zip(clusters, graphemes, following, strict=True)
        ]

    def _spread(self, extra: list[float], along: list[float], sign: int) -> None:
        """Move the glyphs of the last run apart, by the sums of what stands before each."""
        first = len(self.pens) - len(extra)
        total = 0.0
        for i, distance in enumerate(extra, first):
            self.pens[i] += total
            along[i] += sign * total
            total += distance
        self.width += total

    def _pitch(self, letters: list[int], glyph_ids: list[int], instance: FontInstance, pitch: float) -> None:
        """Set the glyphs of the last run in cells of one width; *letters* tells the grapheme cluster of each.

        What is too wide for its cell is made narrower, thin letters somewhat wider, as on types of one width.
        """
        first = len(self.pens) - len(glyph_ids)
        self.widths += [1.0] * (first - len(self.widths))
        pen = self.pens[first]
        i = 0
        while i < len(glyph_ids):
            end = i + 1
            while end < len(glyph_ids) and letters[end] == letters[i]:
                end += 1
            box = next((box for g in glyph_ids[i:end] if (box := instance.ink_box(g)) is not None), None)
            wide = 1.0
            if box is not None:
                ink = max(box[2] - box[0], 1e-6)
                wide = min(max(_LEAST_INK * pitch / ink, 1.0), _WIDEST) if ink < _MOST_INK * pitch else _MOST_INK * pitch / ink
            left = self.lefts[first + i]
            middle = 0.0 if box is None else wide * (box[0] + box[2]) / 2
            for k in range(first + i, first + end):
                self.lefts[k] = pen + pitch / 2 - middle + wide * (self.lefts[k] - left)
                self.pens[k] = pen
            self.widths += [wide] * (end - i)
            pen += pitch
            i = end
        self.width = pen

    def _draw_out(self, clusters: list[int], glyph_ids: list[int], instance: FontInstance, length: float) -> None:
        """Give the strokes between joined letters of the last run their *length*, where the font has a glyph for them alone."""
        text, first = self.line.text, len(self.pens) - len(glyph_ids)
        stroke = instance.hb_font.get_nominal_glyph(ord(TATWEEL))
        self.widths += [1.0] * (len(self.pens) - len(self.widths))
        moved = 0.0
        for k, (cluster, glyph) in enumerate(zip(clusters, glyph_ids, strict=True), first):
            self.pens[k] += moved
            self.lefts[k] += moved
            advance = (self.pens[k + 1] + moved if k + 1 < len(self.pens) else self.width + moved) - self.pens[k]
            # A mark upon it stands where the font puts it.
            if glyph == stroke and text[cluster] == TATWEEL and advance > 0 and clusters.count(cluster) == 1:
                self.widths[k] = length / advance
                self.lefts[k] = self.pens[k] + (self.lefts[k] - self.pens[k]) * self.widths[k]
                moved += length - advance
        self.width += moved

    def boxes(self) -> tuple[list[Box], list[bool]]:
        """Return the ink of all glyphs in picture order; raises Rejected for letters without any.

        Letters that lie sideways are turned here, their positions with them.
        """
        rows: list[Box] = []
        flags: list[bool] = []
        at = 0
        for run, instance, ids in zip(self.runs, self.instances, self.run_ids, strict=True):
            end = at + len(ids)
            found = [instance.ink_box(g) for g in ids]
            if self.widths:
                widths = self.widths[at:end]
                found = [b and (b[0] * w, b[1], b[2] * w, b[3]) for b, w in zip(found, widths, strict=True)]
            flags += [box is not None for box in found]
            if run.script in UNJOINED and None in found:
                _check_ink(flags[at:], self.clusters[at:end], self.line.text)
            sideways = run.stance == "sideways"
            if sideways:
                self._turn(at, end, instance)
            for box, x, y in zip(found, self.lefts[at:end], self.rises[at:end], strict=True):
                if box is None:
                    rows.append(_NO_BOX)
                elif sideways:
                    rows.append((x - box[3], box[0] - y, x - box[1], box[2] - y))
                else:
                    rows.append((box[0] + x, box[1] - y, box[2] + x, box[3] - y))
            at = end
        return rows, flags

    def _turn(self, at: int, end: int, instance: FontInstance) -> None:
        """Turn the positions of glyphs clockwise, so that the middle of the capitals runs along the line."""
        middle = instance.metrics.cap_height_em / 2
        for i in range(at, end):
            self.lefts[i], self.rises[i] = self.rises[i] - middle, -self.lefts[i]

    def glyph_runs(self) -> tuple[GlyphRun, ...]:
        """Return the runs as the renderer takes them; after `boxes`, which turns what lies sideways."""
        if len(self.runs) == 1:
            return (
                GlyphRun(
                    self.instances[0].key,
                    self.run_ids[0],
                    self.lefts,
                    self.rises,
                    self.runs[0].stance == "sideways",
                    self.clusters,
                    widths=self.widths or None,
                ),
            )
        out = []
        at = 0
        for run, instance, ids in zip(self.runs, self.instances, self.run_ids, strict=True):
            end = at + len(ids)
            sideways = run.stance == "sideways"
            widths = self.widths[at:end] if self.widths else None
            lefts, rises, clusters = self.lefts[at:end], self.rises[at:end], self.clusters[at:end]
            out.append(GlyphRun(instance.key, ids, lefts, rises, sideways, clusters, widths=widths))
            at = end
        return tuple(out)

    def carets(self, glyph: int) -> list[float]:
        """Return where the font divides a glyph among the letters of a ligature, in em along the line; empty if it does not."""
        instance, glyph_id = self._glyph(glyph)
        carets = ligature_carets(instance.key.path, instance.key.face).get(glyph_id, ())
        return [self.lefts[glyph] + caret for caret in carets]

    def in_logical_order(self, glyphs: list[int], letters: str) -> list[int]:
        """Return *glyphs*, in picture order, by the letters that they show, one each.

        A letter that keeps its own glyph is known by it, as in Kannada, where a reph stands behind the letter that follows it;
        others stand in the order of the run.
        """
        rest = glyphs[::-1] if self.from_right[glyphs[0]] else list(glyphs)
        known: dict[int, int] = {}
        for glyph in glyphs:
            instance, glyph_id = self._glyph(glyph)
            shown = [i for i, c in enumerate(letters) if instance.hb_font.get_nominal_glyph(ord(c)) == glyph_id]
            if len(shown) > 1 or known.keys() & shown:
                return rest
            known |= dict.fromkeys(shown, glyph)
        rest = [glyph for glyph in rest if glyph not in known.values()]
        return [known[i] if i in known else rest.pop(0) for i in range(len(letters))]

    def _glyph(self, number: int) -> tuple[FontInstance, int]:
        """Return the font of a glyph of the line, and what it is there."""
        for instance, ids in zip(self.instances, self.run_ids, strict=True):
            if number < len(ids):
                return instance, ids[number]
            number -= len(ids)
        raise IndexError(number)


def _keep_spaces(extra: list[float], advances: list[float], is_space: list[bool], letter_em: float) -> None:
    """Raise what is added to the *advances* of spaces, so that one is seen however close letters and words are set."""
    for i, advance in enumerate(advances):
        if is_space[i]:
            # The letter before it was moved close as well.
            extra[i] = max(extra[i], _LEAST_SPACE_EM - advance - min(letter_em, 0.0))


def check_run(run: Run, instance: FontInstance, setting: Setting, glyph_ids: list[int], clusters: list[int], text: str) -> None:
    """Raise Rejected if a glyph is missing, shows that a mark found no base, or is that of another character."""
    if not glyph_ids or 0 in glyph_ids:
        raise Rejected("notdef", f"the font lacks a character of {text!r}")
    circle = instance.dotted_circle
    if circle and circle in glyph_ids and _DOTTED_CIRCLE not in text:
        raise Rejected("dotted_circle", f"a mark of {text!r} found no base")
    check_alternates(instance, setting, glyph_ids, clusters, text, run)
    if run.stance == "upright":
        _check_turned(instance, glyph_ids, clusters, text)


def _check_turned(instance: FontInstance, glyph_ids: list[int], clusters: list[int], text: str) -> None:
    """Raise Rejected if a sign that stands upright in vertical lines lies as in a horizontal one: ``ー`` would be a ``一``."""
    for glyph, cluster in zip(glyph_ids, clusters, strict=True):
        if text[cluster] in _TURNED and glyph == instance.hb_font.get_nominal_glyph(ord(text[cluster])):
            raise Rejected("font_coverage", f"the font has no vertical form of {text[cluster]!r}")


def _check_ink(inked: list[bool], clusters: list[int], text: str) -> None:
    """Raise Rejected if a glyph of a plain script has no ink although the letter it stands with needs some.

    A font may have a letter but only an empty accent for it.  In scripts that join or stack, empty glyphs are common
    tools of the font's designer and prove nothing; there clusters are checked as a whole.
    """
    for has_ink, cluster in zip(inked, clusters, strict=True):
        if not has_ink and needs_ink(text[cluster]):
            raise Rejected("empty_glyph", f"{text[cluster]!r} leaves no ink")
