"""What is to be drawn on a picture: a line, several, or none, what is seen of the lines above and below, and rules."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ocrsynth.errors import Rejected
from ocrsynth.render.decoration import print_rules
from ocrsynth.render.layout import widths_of
from ocrsynth.render.raster import draw_mask
from ocrsynth.render.stack import stacked
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.fonts.selection import FontSelector
    from ocrsynth.recipe import Recipe
    from ocrsynth.records import Bleed, FontChoice, Layout, ShapedLine, TextLine
    from ocrsynth.text.mixture import TextMixture
    from ocrsynth.text.splits import Splits

_LEAST_GAP_EM = 0.02
_LINE_ATTEMPTS = 12
_MOST_DRAWS = 4096
"""Of a further line, until one is of the split of the first: they cost little."""
_SURE, _MARGINS_EM = 1.05, 1.5
"""An em is at most as much less than the height of a picture, and so much of it are margins."""


class Neighbour(NamedTuple):
    """A line above or below, and where it stands."""

    shaped: ShapedLine
    layout: Layout


class Page(NamedTuple):
    """What is to be drawn: a line, or nothing, and what is seen of its neighbours."""

    layout: Layout
    shaped: ShapedLine | None
    font_class: str
    neighbours: tuple[Neighbour, ...]
    cut: bool = False
    """Whether the line goes on beyond the right side of the frame."""

    def described(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what stands about the line, for the provenance."""
        texts = [neighbour.shaped.line.text for neighbour in self.neighbours]
        return ({"decoration": items} if items else {}) | ({"neighbours": texts} if texts else {})


def neighbours_of(
    recipe: Recipe, index: int, take: int, layout: Layout, font: FontChoice, texts: TextMixture, fonts: FontSelector
) -> tuple[Neighbour, ...]:
    """Return the lines of which something is seen above and below, by the recipe's chance."""
    config = recipe.render.decoration
    stream = Stream(recipe.seed, index, "neighbours", 0, take)
    if not config.neighbours or not stream.chance(config.neighbours):
        return ()
    distance = config.line_distance_em.draw(stream)
    sides = stream.choice(((-1,), (1,), (-1, 1), (-1, 1)))
    _, top, _, bottom = layout.line_box
    found = []
    for side in sides:
        line = texts.draw(Stream(recipe.seed, index, "neighbour", side + 1, take), index)
        along = stream.uniform(-2, 1)
        if fonts.missing(font, line.text):
            continue
        try:
            other = shape_line(line, font.key, (), font.setting)
        except Rejected:
            continue
        # Their letters may come close to ours, but not touch them.
        boxes = other.cluster_boxes_em
        clear = (layout.baseline_px - top) + float(boxes[:, 3].max()) * layout.size_px
        if side > 0:
            clear = (bottom - layout.baseline_px) - float(boxes[:, 1].min()) * layout.size_px
        away = max(distance * layout.size_px, clear + _LEAST_GAP_EM * layout.size_px)
        place = replace(
            layout, baseline_px=layout.baseline_px + side * away, x_px=layout.x_px + min(along, 0.0) * layout.size_px
        )
        found.append(Neighbour(other, place))
    return tuple(found)


class Further(NamedTuple):
    """What the lines below the first one of a picture are drawn from."""

    recipe: Recipe
    texts: TextMixture
    fonts: FontSelector
    splits: Splits

    def n_lines(self, index: int, take: int) -> int:
        """Return how many lines a picture has in all."""
        lines = self.recipe.render.lines
        return 1 if lines.high <= 1 else lines.draw_int(Stream(self.recipe.seed, index, "lines", 0, take))

    def text(self, index: int, take: int, number: int, draw: int = 0, longest: int = 0) -> TextLine:
        """Return the text of line *number*, from 1, in the *draw*-th of its draws."""
        return self.texts.draw(Stream(self.recipe.seed, index, "further", _MOST_DRAWS * number + draw, take), index, longest)

    def asked(self, index: int) -> list[str]:
        """Return the texts that the further lines of a picture were drawn with first."""
        return [self.text(index, 0, number).text for number in range(1, self.n_lines(index, 0))]

    def stacked(
        self, index: int, take: int, shaped: ShapedLine, font: FontChoice, rejected: dict[str, int]
    ) -> tuple[ShapedLine, dict[str, Any]]:
        """Return a line with those that the recipe sets below it, and what was drawn; nothing for a single line.

        They are of the split of the first, and no wider than it, or than fits a picture for certain.  What is drawn again is
        counted in *rejected*.  Raises Rejected if no further line was found.
        """
        n = 1 if shaped.line.direction == "ttb" else self.n_lines(index, take)
        if n == 1:
            return shaped, {}
        render = self.recipe.render
        stream = Stream(self.recipe.seed, index, "stack", 0, take)
        pitch_em = render.line_pitch_em.draw(stream)
        weights = render.alignment.model_dump()
        alignment = list(weights)[stream.weighted(list(accumulate(weights.values())))]
        widest_em = max(shaped.advance_em, _SURE * widths_of(render)[1] / render.height_px - _MARGINS_EM)
        found = [self._line(index, take, number, shaped, font, widest_em, rejected) for number in range(1, n)]
        described: dict[str, Any] = {"count": n, "pitch_em": round(pitch_em, 4), "alignment": alignment}
        if redrawn := sum(draws for _, _, draws in found):
            described["redrawn"] = redrawn
        if lenders := sorted({lender for _, lender, _ in found if lender}):
            described["fallbacks"] = lenders
        return stacked([shaped, *(line for line, _, _ in found)], pitch_em, alignment), described

    def _line(
        self,
        index: int,
        take: int,
        number: int,
        first: ShapedLine,
        font: FontChoice,
        widest_em: float,
        rejected: dict[str, int],
    ) -> tuple[ShapedLine, str, int]:
        """Return line *number*, the family that lends it characters, if any, and how often it was drawn again."""
        split, longest, faults = self.splits.of(first.line.text), 0, 0
        for draw in range(_MOST_DRAWS):
            line = self.text(index, take, number, draw, longest)
            if self.splits.of(line.text) != split:
                continue
            try:
                which = index, number * _MOST_DRAWS + draw, take
                fallback, missing = fallback_for(self.recipe, self.fonts, font, line.text, which)
                shaped = shape_line(line, font.key, (fallback.key,) if fallback else (), font.setting, missing)
            except Rejected as verdict:
                faults += 1
                if faults >= _LINE_ATTEMPTS:
                    raise
                rejected[verdict.reason] = rejected.get(verdict.reason, 0) + 1
                continue
            if shaped.advance_em > widest_em and len(shaped.cluster_ranges) > 1:
                # The picture is as wide as its widest line: shorter ones are drawn, as where the first is too wide.
                longest = len(shaped.cluster_ranges) // 2
                faults += 1
                continue
            return shaped, fallback.family if fallback else "", faults
        raise Rejected("split", f"no text of split {split!r} for line {number + 1} in {_MOST_DRAWS} draws")


def fallback_for(
    recipe: Recipe, fonts: FontSelector, font: FontChoice, text: str, which: tuple[int, int, int]
) -> tuple[FontChoice | None, frozenset[str]]:
    """Return the font that lends *font* what it lacks of a text, if it lacks any, and those characters.

    *which* are index, occurrence and attempt of its stream.  Raises Rejected(``font_coverage``) if none does.
    """
    fallback: FontChoice | None = None
    if missing := fonts.missing(font, text):
        if recipe.fonts.fallback:
            index, occurrence, attempt = which
            fallback = fonts.draw_fallback(Stream(recipe.seed, index, "fallback", occurrence, attempt), missing)
        if fallback is None:
            raise Rejected("font_coverage", f"{font.family} lacks {''.join(sorted(missing))!r} of {text!r}")
    if squares := fonts.in_squares(font, text):
        raise Rejected("font_coverage", f"{font.family} sets {''.join(sorted(squares))!r} of {text!r} in squares")
    return fallback, missing


def all_print(page: Page, items: list[dict[str, Any]], bleed: Bleed) -> NDArray[np.uint8]:
    """Return the coverage of all that is printed: the line, what is seen of its neighbours, and rules."""
    printed = draw_mask(page.shaped, page.layout, bleed)
    for neighbour in page.neighbours:
        near = _within(neighbour, page.layout.shape, bleed)
        if near is not None:
            printed = np.maximum(printed, draw_mask(near, neighbour.layout, bleed))
    return print_rules(items, printed, bleed) if items else printed


def _within(neighbour: Neighbour, frame: tuple[int, int], bleed: Bleed) -> ShapedLine | None:
    """Return the line with those of its glyphs alone that the picture shows some of; None if there are none."""
    shaped, layout = neighbour.shaped, neighbour.layout
    boxes = shaped.cluster_boxes_em * layout.size_px
    x, y = layout.x_px + bleed.left, layout.baseline_px + bleed.top
    height, width = frame[0] + bleed.top + bleed.bottom, frame[1] + bleed.left + bleed.right
    # A pixel more, for outlines that are wider than their boxes say.
    seen = (boxes[:, 3] + y > -1) & (boxes[:, 1] + y < height + 1) & (boxes[:, 2] + x > -1) & (boxes[:, 0] + x < width + 1)
    if not seen.any():
        return None
    [run, *others] = shaped.runs
    if others or len(run.glyph_ids) != len(boxes) or run.clusters != shaped.cluster_ranges[:, 0].tolist():
        return shaped
    some = np.flatnonzero(seen).tolist()
    shown = run._replace(
        glyph_ids=[run.glyph_ids[i] for i in some],
        x_em=[run.x_em[i] for i in some],
        y_em=[run.y_em[i] for i in some],
        slopes=run.slopes and [run.slopes[i] for i in some],
        widths=run.widths and [run.widths[i] for i in some],
    )
    return replace(shaped, runs=(shown,))
