"""A chain on pictures that were not made here: the user's own scans, crops and photographs."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cv2
import numpy as np

from ocrsynth.degrade.base import border_colour
from ocrsynth.degrade.chain import LONGEST_PX, Chain, Drawn
from ocrsynth.degrade.entries import parse_chain
from ocrsynth.degrade.presets import read_preset
from ocrsynth.errors import Rejected
from ocrsynth.fields import is_whole
from ocrsynth.records import Frame
from ocrsynth.seeding import LARGEST_INDEX

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_EM_OF_HEIGHT = 0.7
"""Font size of a line picture, as a share of its height."""
_LARGEST_EM_PX = 10_000
_INK_PERCENTILE = 3
_LEAST_CONTRAST = 12


class Augmented(NamedTuple):
    """A degraded picture, where its points went, and what was drawn."""

    image: NDArray[np.uint8]
    record: list[dict[str, Any]]
    drawn: Drawn

    def move(self, points: ArrayLike) -> NDArray[np.float64]:
        """Return where *points*, numbers (n, 2) as (x, y) of the old picture, are in the new one, as float64 (n, 2).

        Raises ValueError for another shape, and for what is no finite number.
        """
        # A copy, for the caller may go on with his.
        there = np.array(points, np.float64)
        if there.size and (there.ndim != 2 or there.shape[1] != 2):
            raise ValueError(f"points: must be of shape (n, 2), got {there.shape}")
        if not np.isfinite(there).all():
            raise ValueError("points: must be finite numbers, got NaN or infinity")
        return self.drawn.move(there) if len(there) else np.zeros((0, 2))


def chain_of(degrade: str | list[dict[str, Any]]) -> Chain:
    """Return the chain of a preset's name or of a recipe's list; raises RecipeError."""
    return Chain(parse_chain(read_preset(degrade, "degrade") if isinstance(degrade, str) else degrade, "degrade"))


def degrade_image(
    image: NDArray[np.uint8],
    degrade: str | list[dict[str, Any]] | Chain = "scan",
    *,
    seed: int = 0,
    index: int = 0,
    em_px: float | None = None,
) -> Augmented:
    """Return *image*, uint8 (H, W) or (H, W, 3) RGB, under a chain; a pure function of the arguments.

    The canvas grows where a warp needs room.  *em_px* is the font size of the text in px, by default that of a line as
    high as the picture.  Print ops act on an estimate of the ink: what differs from the paper around it.
    Raises RecipeError for a wrong chain, ValueError for an array that is no such picture, or a wrong number.
    """
    for name, value in (("seed", seed), ("index", index)):
        if not is_whole(value, 0, LARGEST_INDEX):
            raise ValueError(f"{name}: must be a whole number from 0 to 2**64 - 1, got {value!r}")
    check_em(em_px)
    if not isinstance(image, np.ndarray):
        raise ValueError(f"image: must be an array uint8 (H, W) or (H, W, 3), got {type(image).__name__}")  # noqa: TRY004
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3) or 0 in image.shape:
        raise ValueError(f"image: must be uint8 (H, W) or (H, W, 3), got {image.dtype} {image.shape}")
    chain = degrade if isinstance(degrade, Chain) else chain_of(degrade)
    height, width = image.shape[:2]
    frame = Frame(height, width, em_px or _EM_OF_HEIGHT * height)
    drawn = draw_for(chain, (seed, index, 0), frame)
    return Augmented(apply_drawn(chain, drawn, image), drawn.record, drawn)


def check_em(em_px: Any) -> None:
    """Raise ValueError if *em_px* is neither None nor a font size in px."""
    # True is a number of Python's.
    is_number = isinstance(em_px, Real) and not isinstance(em_px, bool)
    if em_px is not None and not (is_number and 0 < em_px <= _LARGEST_EM_PX):
        raise ValueError(
            f"em_px: must be a font size above 0 and up to {_LARGEST_EM_PX:,} px, got {em_px!r}; "
            f"leave it out for {_EM_OF_HEIGHT:g} of the height"
        )


def draw_for(chain: Chain, address: tuple[int, int, int], frame: Frame) -> Drawn:
    """Return a chain with its parameters drawn for a picture; *address* is (seed, index, attempt).

    Raises ValueError if the picture is too large, or too thin to be bent.
    """
    if max(frame.height, frame.width) > LONGEST_PX:
        raise ValueError(f"image: must have at most {LONGEST_PX} px a side, got {frame.width}×{frame.height}; cut it up")
    try:
        return chain.draw(address, frame)
    except Rejected as verdict:
        size = f"{frame.width}×{frame.height}"
        raise ValueError(f"image: must be one that these warps leave whole, got {size} px, {verdict.detail}") from None


def apply_drawn(chain: Chain, drawn: Drawn, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return *image*, uint8 (H, W) or (H, W, 3), under a chain that was drawn for its size."""
    bleed = drawn.bleed
    colour = border_colour(image)
    wide: Any = cv2.copyMakeBorder(
        image, bleed.top, bleed.bottom, bleed.left, bleed.right, cv2.BORDER_CONSTANT, value=(*colour, 0, 0, 0)[:4]
    )
    inked = _with_print(chain, drawn, np.ascontiguousarray(wide))
    return chain.apply(drawn, inked).image


def _with_print(chain: Chain, drawn: Drawn, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return *image* after the print ops of the chain: its ink is estimated, degraded, and laid on its paper again."""
    if not drawn.steps or drawn.steps[0].op is None or drawn.steps[0].op.phase != "print":
        return image
    grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
    light_on_dark = np.median(grey) < (int(grey.min()) + int(grey.max())) / 2
    picture: Any = cv2.bitwise_not(image) if light_on_dark else image
    dark: Any = cv2.bitwise_not(grey) if light_on_dark else grey
    # Closing by half a line fills the strokes with the paper around them.
    reach = max(image.shape[0] // 4, 1) * 2 + 1
    kernel = np.ones((reach, reach), np.uint8)
    paper: Any = cv2.morphologyEx(picture, cv2.MORPH_CLOSE, kernel)
    ground: Any = cv2.cvtColor(paper, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else paper
    depth: Any = cv2.subtract(ground, dark)
    full = float(np.percentile(depth, 100 - _INK_PERCENTILE))
    if full < _LEAST_CONTRAST:
        return image
    mask = cv2.convertScaleAbs(depth, alpha=255 / full)
    ratio = chain.apply_print(drawn, cast("NDArray[np.uint8]", mask)).astype(np.float32) / 255
    ink = picture[mask >= 200].reshape(-1, *image.shape[2:]).mean(axis=0, dtype=np.float32)
    share = ratio[..., None] if image.ndim == 3 else ratio
    out = np.rint(paper * (1 - share) + np.minimum(ink, paper) * share).astype(np.uint8)
    return cast("NDArray[np.uint8]", cv2.bitwise_not(out)) if light_on_dark else out
