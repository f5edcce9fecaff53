"""Ink on paper with a guaranteed luminance contrast, dark on light or light on dark.

The texture is a crop of a tile made once a process, or of a picture of the user's; a sample addresses it by an offset.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from ocrsynth.errors import RecipeError
from ocrsynth.render import backgrounds
from ocrsynth.render.inks import draw_ink, lay_ink
from ocrsynth.render.papers import PAPERS, PEAK, SIGMAS, TILE_HEIGHT, TILE_WIDTH, crop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import Bleed
    from ocrsynth.render.inks import Bands
    from ocrsynth.render.layout import RenderConfig
    from ocrsynth.seeding import Stream


def check_contrast(config: RenderConfig) -> None:
    """Raise RecipeError if some paper is too dark for the contrast that the recipe asks for, or too light for light ink."""
    strongest = max(PAPERS[kind].gain for kind, weight in config.paper.items() if weight > 0)
    darkest = config.paper_grey.low - SIGMAS * strongest * config.texture_grey.high
    if darkest < config.contrast_grey.low:
        raise RecipeError(
            f"render.contrast_grey: the lowest contrast needs paper of at least that level, got "
            f"{list(config.contrast_grey)!r} on paper as dark as {darkest:g}; raise render.paper_grey or lower the contrast"
        )


def draw_surface(
    config: RenderConfig, stream: Stream, font_class: str = "", frame: tuple[int, int] = (1, 1), nearby: Stream | None = None
) -> dict[str, Any]:
    """Return the parameters of paper and ink, as plain JSON values.

    ``paper`` and ``ink`` are levels of red, green and blue (grey pictures: one level); ``texture_grey`` is the standard
    deviation of the paper; ``offset`` addresses the tile.  What is not plain has keys of its own: ``kind`` of the paper,
    ``process`` of the ink, ``background``.  *font_class* is that of the line, *frame* its height and width in px;
    *nearby* is a stream that neighbouring samples share: they take their backgrounds from the same few files.
    """
    level = config.paper_grey.draw(stream)
    texture = config.texture_grey.draw(stream)
    kind = _pick(config.papers, stream)
    paper = PAPERS[kind]
    texture *= paper.gain
    room = max(level - SIGMAS * texture - config.contrast_grey.low, 0.0)
    level -= min(paper.shade_grey, room)
    darkest = level - SIGMAS * texture
    contrast = min(config.contrast_grey.draw(stream), darkest)
    offset = [stream.below(TILE_HEIGHT), stream.below(TILE_WIDTH)]
    surface: dict[str, Any] = {}
    ink = darkest - contrast
    if config.light_on_dark and stream.chance(config.light_on_dark):
        level, ink = 255 - level, 255 - ink
    if kind != "plain":
        surface["kind"] = kind
    if config.backgrounds and stream.chance(config.background_share):
        shown = backgrounds.draw(config, frame, contrast, stream, nearby)
        surface["background"] = shown.params
        level, ink = shown.level, shown.ink
    process = draw_ink(_pick(config.inks, stream), font_class, stream)
    if process is not None and not (process["name"] == "screen" and config.color == "grey"):
        surface["process"] = process
    if config.color == "grey":
        return {
            "paper": [round(level)],
            "ink": [_floor(ink, level)],
            "texture_grey": round(texture, 2),
            "offset": offset,
            **surface,
        }
    paper_tint, ink_tint = (
        (stream.uniform(-1, 1), stream.uniform(-1, 1)),
        (2 * stream.uniform(-1, 1), 2 * stream.uniform(-1, 1)),
    )
    if config.coloured_paper and stream.chance(config.coloured_paper):
        paper_tint = _vivid(stream, 5)
    if config.coloured_ink and stream.chance(config.coloured_ink):
        ink_tint = _vivid(stream, 12)
    return {
        "paper": _tinted(level, paper_tint[0] + paper.warmth, paper_tint[1]),
        "ink": _tinted(ink, *ink_tint),
        "texture_grey": round(texture, 2),
        "offset": offset,
        **surface,
    }


def _pick(weighted: tuple[list[str], list[float]], stream: Stream) -> str:
    """Return a name by the sums of weights; of one name without a number being drawn."""
    names, sums = weighted
    return names[0] if len(names) == 1 else names[stream.weighted(sums)]


def _floor(ink: float, level: float) -> int:
    """Return the level of the ink, rounded away from the paper's."""
    return math.ceil(ink) if ink > level else int(ink)


def _vivid(stream: Stream, most: float) -> tuple[float, float]:
    """Return a tint of any hue, in units of the plain tint."""
    hue, strength = stream.uniform(0, 2 * math.pi), stream.uniform(0.35, 1) * most
    return strength * math.cos(hue), 2 * strength * math.sin(hue)


_TINT = 14.0
"""Largest shift of a channel of plain paper, in levels; real papers run from bluish to yellowish white."""
_LUMA = (0.299, 0.587, 0.114)
"""Weights of ITU-R BT.601, those of OpenCV's conversion to grey."""


def _tinted(level: float, warm: float, green: float) -> list[int]:
    """Return red, green, blue of luminance *level*; *warm* and *green* are shifts in units of the tint."""
    shift = np.array((warm, 0.5 * green, -warm)) * _TINT
    shift -= shift @ np.array(_LUMA)
    # Near black and white there is little room for colour: clipping a channel would change the luminance.
    room = min(*((255 - level) / s if s > 0 else level / -s for s in shift if s), 1.0)
    return [int(v) for v in np.clip(np.rint(level + max(room, 0.0) * shift), 0, 255)]


def blank_paper(shape: tuple[int, int], surface: dict[str, Any], bleed: Bleed) -> NDArray[np.uint8]:
    """Return the ground of a picture, uint8 (H, W) or (H, W, 3) RGB, of this *shape* with its bleed.

    The texture is anchored at the frame, not at its bleed: a wider bleed shows more of the same paper.
    """
    if "background" in surface:
        return backgrounds.show(shape, surface["background"], bleed, colour=len(surface["paper"]) > 1)
    top, left = surface["offset"][0] - bleed.top, surface["offset"][1] - bleed.left
    part = crop(surface.get("kind", "plain"), shape, top, left)
    gain = surface["texture_grey"] * SIGMAS / PEAK
    # One pass that rounds and saturates; "Abs" never matters: convertScaleAbs of a darker level than 0 is cut below.
    channels = [_sheet(part, p, gain) for p in surface["paper"]]
    return channels[0] if len(channels) == 1 else cast("NDArray[np.uint8]", cv2.merge(channels))


def _sheet(part: NDArray[np.uint8], paper: int, gain: float) -> NDArray[np.uint8]:
    beta = paper - 128.0 * gain
    # convertScaleAbs would fold levels below 0 back to light; dark paper can reach there.
    if paper < PEAK * gain:
        dark: Any = np.clip(np.rint(part * np.float32(gain) + np.float32(beta)), 0, 255)
        return cast("NDArray[np.uint8]", dark.astype(np.uint8))
    return cast("NDArray[np.uint8]", cv2.convertScaleAbs(part, alpha=gain, beta=beta))


def lay(sheet: NDArray[np.uint8], mask: NDArray[np.uint8], levels: list[int]) -> NDArray[np.uint8]:
    """Return *sheet* covered by *mask* with a colour: at 255 wholly, at 0 not at all.

    *mask* is uint8 (H, W), or (H, W, 3) with a coverage for each channel; *levels* has one level a channel of the sheet.
    """
    if sheet.ndim == 2:
        return _laid(sheet, mask, levels[0])
    channels: list[Any] = [sheet[..., c] for c in range(3)]
    masks = [mask if mask.ndim == 2 else mask[..., c] for c in range(3)]
    return cast("NDArray[np.uint8]", cv2.merge([_laid(s, m, v) for s, m, v in zip(channels, masks, levels, strict=True)]))


def _laid(sheet: NDArray[np.uint8], mask: NDArray[np.uint8], level: int) -> NDArray[np.uint8]:
    # Saturation makes each half 0 where the other works; ink is mostly darker everywhere, and needs the first alone.
    # NumPy's way with a single level is three times as fast as OpenCV's.
    above: Any = np.maximum(sheet, np.uint8(level))
    above -= np.uint8(level)
    deeper = cv2.multiply(above, mask, scale=1 / 255)
    out: Any = cv2.subtract(sheet, deeper)
    if level > _DARK:
        lighter = cv2.multiply(cv2.subtract(cast("Any", level), sheet), mask, scale=1 / 255)
        out = cv2.add(out, lighter)
    return cast("NDArray[np.uint8]", out)


_DARK = 20
"""No paper is darker than the ink up to this level."""


_NO_BANDS = ((np.zeros(0), math.inf),)


def ink_on_paper(
    mask: NDArray[np.uint8],
    surface: dict[str, Any],
    bleed: Bleed,
    size_px: float = 24.0,
    bands: Bands = (),
    ground: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Return a picture, uint8 (H, W) or (H, W, 3) RGB, of the coverage *mask* in ink on paper.

    *size_px* is the font size and *bands* where the letters of each line stand (see `inks.lay_ink`), which some printing
    processes leave their marks by; *ground* replaces the bare paper, where something is printed on it already.
    """
    sheet = blank_paper((mask.shape[0], mask.shape[1]), surface, bleed) if ground is None else ground
    if "process" in surface:
        mask = lay_ink(mask, surface["process"], bleed, size_px, bands or _NO_BANDS)
    return lay(sheet, mask, surface["ink"])
