"""What an op does, for the eye: one line, clean and at the op's five severities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ocrsynth.errors import CoverageError, RecipeError, Rejected
from ocrsynth.fields import Range, validate
from ocrsynth.fonts import catalogue
from ocrsynth.records import Bleed, Frame, TextLine
from ocrsynth.render.layout import RenderConfig, lay_out
from ocrsynth.render.paper import draw_surface, ink_on_paper
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from typing import Literal

    from numpy.typing import NDArray

    from ocrsynth.degrade.base import Op
    from ocrsynth.records import Layout, ShapedLine

_GAP_PX = 8
_GROUND = 255
_NO_BLEED = Bleed(0, 0, 0, 0)
_HEIGHT_PX = 48


def severities(cls: type[Op], text: str, color: Literal["grey", "rgb"]) -> NDArray[np.uint8]:
    """Return *text* clean and under the op's severities 1 to 5, below each other, uint8 (H, W) or (H, W, 3) RGB.

    Raises RecipeError for a text of nothing but white space, CoverageError if no font of the default set can show it.
    """
    if not text.strip():
        raise RecipeError(f"--text: must hold a character that leaves ink, got {text!r}; leave it out for a usual line")
    config = RenderConfig(
        height_px=_HEIGHT_PX,
        color=color,
        paper_grey=Range(225, 225),
        contrast_grey=Range(170, 170),
        texture_grey=Range(2.5, 2.5),
        margin_em=Range(0.3, 0.3),
        side_margin_em=Range(0.4, 0.4),
        looseness=Range(1, 1),
        max_width_px=32_000,
    )
    shaped, layout = _set(text, config)
    mask = draw_mask(shaped, layout, _NO_BLEED)
    surface = draw_surface(config, Stream(0, 0, "gallery surface"))
    frame = Frame(layout.height_px, layout.width_px, layout.size_px)
    pictures = [ink_on_paper(mask, surface, _NO_BLEED)]
    for level, entry in enumerate(cls.SEVERITIES, 1):
        op = validate(cls, entry, f"{cls.name}: severity {level}")
        params = op.sample(Stream(0, level, f"gallery {cls.name}"), frame)
        if cls.phase == "print":
            pictures.append(ink_on_paper(op.apply(mask, **params), surface, _NO_BLEED))
        else:
            pictures.append(op.apply(pictures[0], **params))
    width = max(p.shape[1] for p in pictures)
    padded = [_padded(p, width) for p in pictures]
    return np.concatenate(padded)


def _set(text: str, config: RenderConfig) -> tuple[ShapedLine, Layout]:
    line = TextLine(text, "gallery", "ltr", "Latn", "en")
    # A book face first: thin and thick strokes, serifs and counters show what an op does to each.
    for family in sorted(catalogue.load(("default",), ()), key=lambda f: f.kind != "serif"):
        try:
            shaped = shape_line(line, family.plainest.key)
            return shaped, lay_out(shaped, config, Stream(0, 0, "gallery layout"))
        except Rejected:
            continue
    raise CoverageError(f"--text: no font of the default set can show it, got {text!r}; choose another text")


def _padded(picture: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    out: Any = cv2.copyMakeBorder(
        picture, 0, _GAP_PX, 0, width - picture.shape[1], cv2.BORDER_CONSTANT, value=(_GROUND, _GROUND, _GROUND)
    )
    padded: NDArray[np.uint8] = out
    return padded
