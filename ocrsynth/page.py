"""What is to be drawn on a picture: a line, several, or none, what is seen of the lines above and below, and rules."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ocrsynth.errors import Rejected
from ocrsynth.render.decoration import print_rules
from ocrsynth.render.raster import draw_mask
from ocrsynth.render.stack import stacked
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.fonts.selection import FontSelector
    from ocrsynth.recipe import Recipe
    from ocrsynth.records import Bleed, FontChoice, Layout, ShapedLine
    from ocrsynth.text.mixture import TextMixture

_LEAST_GAP_EM = 0.02
_LINE_ATTEMPTS = 12


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


def with_further_lines(
    recipe: Recipe,
    index: int,
    take: int,
    shaped: ShapedLine,
    font: FontChoice,
    texts: TextMixture,
    fonts: FontSelector,
    longest: int,
) -> tuple[ShapedLine, dict[str, Any]]:
    """Return a line with those that the recipe sets below it, and what was drawn; nothing for a single line.

    They are drawn for at most *longest* characters each, if that is not 0.  Raises Rejected if the font has no further line.
    """
    render = recipe.render
    if render.lines.high <= 1 or shaped.line.direction == "ttb":
        return shaped, {}
    stream = Stream(recipe.seed, index, "lines", 0, take)
    n = render.lines.draw_int(stream)
    if n == 1:
        return shaped, {}
    pitch_em = render.line_pitch_em.draw(stream)
    weights = render.alignment.model_dump()
    alignment = list(weights)[stream.weighted(list(accumulate(weights.values())))]
    lines = [shaped]
    for number in range(1, n):
        last: Rejected | None = None
        for attempt in range(_LINE_ATTEMPTS):
            line = texts.draw(Stream(recipe.seed, index, "further", _LINE_ATTEMPTS * number + attempt, take), index, longest)
            if lacking := fonts.missing(font, line.text) or fonts.in_squares(font, line.text):
                last = Rejected("font_coverage", f"{font.family} lacks {''.join(sorted(lacking))!r} of {line.text!r}")
                continue
            try:
                lines.append(shape_line(line, font.key, (), font.setting))
                break
            except Rejected as verdict:
                last = verdict
        else:
            raise last or Rejected("font_coverage", f"{font.family} has no line {number + 1}")
    return stacked(lines, pitch_em, alignment), {"count": n, "pitch_em": round(pitch_em, 4), "alignment": alignment}


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
