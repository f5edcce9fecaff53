"""What stands about a line: rules and boxes in its own ink, highlighter, stamps, shadows, outlines.

Rules are printed with the letters, so they join the coverage mask and are degraded with it.  The legibility check compares
with a mask that holds them too, and cannot tell a dash inside a rule: so none is drawn there.  All lengths are in px of the
frame.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, cast

import cv2
import numpy as np
from pydantic import Field

from ocrsynth.fields import Range, Section, Within
from ocrsynth.render.paper import lay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ocrsynth.records import Bleed, Layout
    from ocrsynth.seeding import Stream

Items = list[dict[str, Any]]


def _share(text: str) -> Any:
    return Field(default=0.0, ge=0, le=1, description=text)


class DecorationConfig(Section):
    """The recipe's ``render.decoration`` section: how often a line has what."""

    underline: float = _share("share of lines underlined, whole or in part")
    strike: float = _share("share of lines struck through")
    box: float = _share("share of lines in a box that comes close to the letters or touches them")
    rules: float = _share("share of lines in a form or table: rules above, below, beside or through the feet of letters")
    highlighter: float = _share("share of lines marked with a highlighter, whole or in part")
    stamp: float = _share("share of lines that a stamp's edge runs across")
    shadow: float = _share("share of lines whose letters cast a shadow")
    outline: float = _share("share of lines whose letters have an outline")
    emboss: float = _share("share of lines whose letters are raised: light on one side, shaded on the other")
    neighbours: float = _share("share of lines of whose neighbours above and below something is seen")
    line_distance_em: Annotated[Range, Within(0.8, 3)] = Range(1.05, 1.5)
    """From a baseline to that of the neighbour; more where letters would touch."""

    @property
    def happens(self) -> bool:
        """Tell whether any line has something about it, beside its neighbours."""
        return any(share > 0 for share in self.model_dump(exclude={"neighbours", "line_distance_em"}).values())


_HIDDEN = 0.5
"""Share of a cluster's box under rules from which nobody can tell that it is there."""


def draw_decoration(
    config: DecorationConfig,
    layout: Layout,
    clusters: NDArray[np.float64],
    surface: dict[str, Any],
    stream: Stream,
    rows: Sequence[tuple[float, float, float, float, float]] = (),
) -> Items:
    """Return what stands about the line, as plain JSON values; *clusters* are their corners, float64 (4 n, 2) in px.

    Of several lines *rows* are left, top, right, bottom and baseline of each: one of them is underlined or struck through.
    """
    items: Items = []
    size = layout.size_px
    left, top, right, bottom = layout.line_box
    own_left, _, own_right, _, baseline = stream.choice(rows) if rows else (left, top, right, bottom, layout.baseline_px)
    thick = round(max(stream.uniform(0.025, 0.08) * size, 0.7), 2)
    if _happens(config.underline, stream):
        start, end = _stretch(own_left, own_right, stream)
        y = baseline + stream.uniform(0.06, 0.22) * size
        items.append({"kind": "rule", "box": _box(start, y, end, y + thick), "strength": 1.0})
        if stream.chance(0.15):
            y += 2 * thick + 0.5
            items.append({"kind": "rule", "box": _box(start, y, end, y + thick), "strength": 1.0})
    if _happens(config.strike, stream):
        start, end = _stretch(own_left, own_right, stream)
        y = baseline - stream.uniform(0.2, 0.32) * size
        items.append({"kind": "rule", "box": _box(start, y, end, y + thick), "strength": round(stream.uniform(0.6, 1), 2)})
    if _happens(config.box, stream):
        pads = [stream.uniform(-0.04, 0.25) * size for _ in range(4)]
        items += _frame(left - pads[0], top - pads[1], right + pads[2], bottom + pads[3], thick)
    if _happens(config.rules, stream):
        items += _form(layout, baseline, thick, stream)
    items = _hiding_none(items, clusters)
    if _happens(config.highlighter, stream):
        start, end = _stretch(left - 0.15 * size, right + 0.15 * size, stream)
        colour = stream.choice(((255, 245, 60), (170, 255, 120), (255, 170, 200), (150, 220, 255), (255, 200, 90)))
        items.append(
            {
                "kind": "highlighter",
                "box": _box(start, top - stream.uniform(0, 0.1) * size, end, bottom + stream.uniform(-0.1, 0.1) * size),
                "colour": list(colour),
            }
        )
    items += _effects(config, surface, size, stream)
    if _happens(config.stamp, stream):
        reach = stream.uniform(1.2, 3.5) * size
        items.append(
            {
                "kind": "stamp",
                "centre": [
                    round(stream.uniform(left, right), 1),
                    round((top + bottom) / 2 + stream.choice((-1, 1)) * stream.uniform(0.3, 1) * reach, 1),
                ],
                "reach": [round(reach, 1), round(reach * stream.uniform(0.7, 1), 1)],
                "angle_deg": round(stream.uniform(-40, 40), 1),
                "thick": round(max(stream.uniform(0.06, 0.14) * size, 1.0), 2),
                "colour": list(stream.choice(((60, 60, 170), (180, 40, 50), (110, 40, 140), (40, 120, 80)))),
                "strength": round(stream.uniform(0.25, 0.6), 2),
            }
        )
    return items


def _hiding_none(rules: Items, clusters: NDArray[np.float64]) -> Items:
    """Return *rules* without those that would swallow a dash, an underscore or a stem, alone or with the ones before."""
    if not rules:
        return rules
    corners = clusters.reshape(-1, 4, 2)
    low, high = corners.min(axis=1), corners.max(axis=1)
    area = np.maximum((high - low).prod(axis=1), 1e-6)
    hidden = np.zeros(len(corners))
    kept: Items = []
    for rule in rules:
        left, top, right, bottom = rule["box"]
        shared = np.minimum(high, (right, bottom)) - np.maximum(low, (left, top))
        under = hidden + np.maximum(shared, 0.0).prod(axis=1) / area
        if under.max(initial=0.0) < _HIDDEN:
            hidden = under
            kept.append(rule)
    return kept


def _happens(share: float, stream: Stream) -> bool:
    return bool(share) and stream.chance(share)


def _effects(config: DecorationConfig, surface: dict[str, Any], size: float, stream: Stream) -> Items:
    """Return shadows, outlines and reliefs: what is done to the letters' own shape."""
    items: Items = []
    paper, ink = surface["paper"], surface["ink"]
    dark = sum(ink) < sum(paper)
    angle = stream.uniform(0, 2 * math.pi)
    if _happens(config.shadow, stream):
        reach = max(stream.uniform(0.03, 0.1) * size, 0.7)
        items.append(
            {
                "kind": "shadow",
                "way": [round(reach * math.cos(angle), 2), round(reach * math.sin(angle), 2)],
                "blur": round(reach * stream.uniform(0, 1), 2),
                # Between paper and ink, nearer the paper: letters must stay in front.
                "colour": [round(p + (i - p) * 0.4) for p, i in zip(paper, ink, strict=True)]
                if dark
                else [v // 3 for v in paper],
                "strength": round(stream.uniform(0.4, 1), 2),
            }
        )
    if _happens(config.outline, stream):
        items.append(
            {
                "kind": "outline",
                "reach": round(max(stream.uniform(0.03, 0.09) * size, 1.0), 2),
                "colour": [min(p + 60, 255) if dark else max(p - 60, 0) for p in paper],
            }
        )
    if _happens(config.emboss, stream):
        reach = max(stream.uniform(0.02, 0.05) * size, 0.7)
        items.append(
            {
                "kind": "emboss",
                "way": [round(reach * math.cos(angle), 2), round(reach * math.sin(angle), 2)],
                "strength": round(stream.uniform(0.3, 0.8), 2),
            }
        )
    return items


def _box(left: float, top: float, right: float, bottom: float) -> list[float]:
    return [round(left, 2), round(top, 2), round(right, 2), round(bottom, 2)]


def _stretch(left: float, right: float, stream: Stream) -> tuple[float, float]:
    """Return the whole line, or at times a part of it."""
    if stream.chance(0.7):
        return left, right
    a, b = sorted((stream.unit(), stream.unit()))
    return left + a * (right - left), left + max(b, a + 0.15) * (right - left)


def _frame(left: float, top: float, right: float, bottom: float, thick: float) -> Items:
    sides = (
        (left, top, right, top + thick),
        (left, bottom - thick, right, bottom),
        (left, top, left + thick, bottom),
        (right - thick, top, right, bottom),
    )
    return [{"kind": "rule", "box": _box(*side), "strength": 1.0} for side in sides]


_FAR = 10_000.0


def _form(layout: Layout, baseline: float, thick: float, stream: Stream) -> Items:
    """Return rules of a form: they go on beyond the picture, and may run through descenders."""
    size = layout.size_px
    left, top, right, _ = layout.line_box
    strength = round(stream.uniform(0.35, 1), 2)
    dash = round(stream.uniform(0.08, 0.3) * size, 2) if stream.chance(0.2) else 0.0
    items: Items = []

    def add(*box: float) -> None:
        items.append({"kind": "rule", "box": _box(*box), "strength": strength} | ({"dash": dash} if dash else {}))

    below = baseline + stream.uniform(0.0, 0.32) * size
    if stream.chance(0.8):
        add(-_FAR, below, _FAR, below + thick)
    if stream.chance(0.5):
        above = top - stream.uniform(0.0, 0.3) * size
        add(-_FAR, above - thick, _FAR, above)
    if stream.chance(0.35):
        x = left - stream.uniform(0.02, 0.4) * size
        add(x - thick, -_FAR, x, _FAR)
    if stream.chance(0.35):
        x = right + stream.uniform(0.02, 0.4) * size
        add(x, -_FAR, x + thick, _FAR)
    return items


def print_rules(items: Items, mask: NDArray[np.uint8], bleed: Bleed) -> NDArray[np.uint8]:
    """Return the coverage *mask* with the rules among *items*, in a new array if there are any."""
    rules = [item for item in items if item["kind"] == "rule"]
    if not rules:
        return mask
    mask = mask.copy()
    height, width = mask.shape
    for rule in rules:
        left, top, right, bottom = rule["box"]
        x0, rows_x = _coverage(left + bleed.left, right + bleed.left, width)
        y0, rows_y = _coverage(top + bleed.top, bottom + bleed.top, height)
        if not len(rows_x) or not len(rows_y):
            continue
        if dash := rule.get("dash"):
            # The dashes of a rule across run along x, of one upright along y.
            along, start = (rows_x, x0 - bleed.left) if len(rows_x) > len(rows_y) else (rows_y, y0 - bleed.top)
            along *= (np.arange(len(along)) + start) % (2 * dash) < dash
        patch = mask[y0 : y0 + len(rows_y), x0 : x0 + len(rows_x)]
        np.maximum(patch, (np.outer(rows_y, rows_x) * (255 * rule["strength"])).astype(np.uint8), out=patch)
    return mask


def _coverage(low: float, high: float, n: int) -> tuple[int, NDArray[np.float64]]:
    """Return the first of n pixels that [low, high] covers some of, and the share of each that it covers."""
    low, high = max(low, 0.0), min(high, float(n))
    if high <= low:
        return 0, np.zeros(0)
    first, end = math.floor(low), math.ceil(high)
    shares = np.ones(end - first)
    shares[-1] = high - (end - 1)
    shares[0] = min(first + 1.0, high) - low
    return first, shares


def paint_under(items: Items, sheet: NDArray[np.uint8], mask: NDArray[np.uint8], bleed: Bleed) -> NDArray[np.uint8]:
    """Return *sheet* with what lies below the letters of *mask*: highlighter, shadows, outlines, reliefs."""
    for item in items:
        painter = _UNDER.get(item["kind"])
        if painter is not None:
            sheet = painter(item, sheet, mask, bleed)
    return sheet


def _highlighter(item: dict[str, Any], sheet: NDArray[np.uint8], _mask: NDArray[np.uint8], bleed: Bleed) -> NDArray[np.uint8]:
    """Take light away, as a translucent colour does: it multiplies."""
    left, top, right, bottom = item["box"]
    x0, columns = _coverage(left + bleed.left, right + bleed.left, sheet.shape[1])
    y0, rows = _coverage(top + bleed.top, bottom + bleed.top, sheet.shape[0])
    colour = np.array(item["colour"]) / 255
    gain = colour if sheet.ndim == 3 else np.array([colour @ (0.299, 0.587, 0.114)])
    out = sheet.copy()
    patch = out[y0 : y0 + len(rows), x0 : x0 + len(columns)].reshape(len(rows), len(columns), -1)
    share = np.outer(rows, columns)[:, :, None]
    out[y0 : y0 + len(rows), x0 : x0 + len(columns)] = (
        np.rint(patch * (1 - share * (1 - gain))).astype(np.uint8).reshape(len(rows), len(columns), *sheet.shape[2:])
    )
    return out


def _shifted(mask: NDArray[np.uint8], way: list[float]) -> NDArray[np.uint8]:
    matrix = np.array(((1, 0, way[0]), (0, 1, way[1])), np.float64)
    return cast("NDArray[np.uint8]", cv2.warpAffine(mask, matrix, mask.shape[::-1]))


def _shadow(item: dict[str, Any], sheet: NDArray[np.uint8], mask: NDArray[np.uint8], _bleed: Bleed) -> NDArray[np.uint8]:
    cast_off: Any = _shifted(mask, item["way"])
    if item["blur"] > 0:
        reach = math.ceil(item["blur"]) * 2 + 1
        cast_off = cv2.blur(cast_off, (reach, reach))
    return lay(sheet, cast("Any", cv2.convertScaleAbs(cast_off, alpha=item["strength"])), item["colour"])


def _outline(item: dict[str, Any], sheet: NDArray[np.uint8], mask: NDArray[np.uint8], _bleed: Bleed) -> NDArray[np.uint8]:
    reach = round(item["reach"]) * 2 + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return lay(sheet, cast("Any", cv2.dilate(mask, kernel)), item["colour"])


def _emboss(item: dict[str, Any], sheet: NDArray[np.uint8], mask: NDArray[np.uint8], _bleed: Bleed) -> NDArray[np.uint8]:
    x, y = item["way"]
    light: Any = cv2.convertScaleAbs(_shifted(mask, [-x, -y]), alpha=item["strength"])
    dark: Any = cv2.convertScaleAbs(_shifted(mask, [x, y]), alpha=item["strength"])
    n = 3 if sheet.ndim == 3 else 1
    level = round(float(sheet.mean()))
    raised = lay(sheet, light, [min(level + 70, 255)] * n)
    return lay(raised, dark, [max(level - 70, 0)] * n)


_UNDER = {"highlighter": _highlighter, "shadow": _shadow, "outline": _outline, "emboss": _emboss}


def paint_over(items: Items, image: NDArray[np.uint8], bleed: Bleed) -> NDArray[np.uint8]:
    """Return *image* with what was put upon the letters: stamps."""
    for item in items:
        if item["kind"] != "stamp":
            continue
        ring: Any = np.zeros(image.shape[:2], np.uint8)
        centre = (round((item["centre"][0] + bleed.left) * 16), round((item["centre"][1] + bleed.top) * 16))
        thick = max(round(item["thick"]), 1)
        for inner in (1.0, 0.86):
            axes = (round(item["reach"][0] * inner * 16), round(item["reach"][1] * inner * 16))
            cv2.ellipse(ring, centre, axes, item["angle_deg"], 0, 360, 255, thick, cv2.LINE_AA, 4)
            thick = max(thick // 2, 1)
        colour = item["colour"] if image.ndim == 3 else [round(float(np.dot(item["colour"], (0.299, 0.587, 0.114))))]
        image = lay(image, cast("Any", cv2.convertScaleAbs(ring, alpha=item["strength"])), colour)
    return image
