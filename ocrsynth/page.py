"""What is to be drawn on a picture: a line, or nothing, what is seen of the lines above and below, and rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ocrsynth.render.decoration import print_rules
from ocrsynth.render.raster import draw_mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Bleed, Layout, ShapedLine


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

    def described(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Return what stands about the line, for the provenance."""
        texts = [neighbour.shaped.line.text for neighbour in self.neighbours]
        return ({"decoration": items} if items else {}) | ({"neighbours": texts} if texts else {})


def all_print(page: Page, items: list[dict[str, Any]], bleed: Bleed) -> NDArray[np.uint8]:
    """Return the coverage of all that is printed: the line, what is seen of its neighbours, and rules."""
    printed = draw_mask(page.shaped, page.layout, bleed)
    for neighbour in page.neighbours:
        near = _within(neighbour, (page.layout.height_px, page.layout.width_px), bleed)
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
