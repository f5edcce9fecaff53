"""The features of a line picture: names with units, meanings, and the recipe keys and ops that move them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ocrsynth.realism import measures
from ocrsynth.realism.seen import see

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Feature(NamedTuple):
    """A number that is measured on a line picture."""

    name: str
    """Ends in the unit: ``_grey`` levels, ``_px`` at the height of measurement, ``_deg``, ``_share`` of 1, ``_ratio``."""
    group: str
    meaning: str
    moved_by: tuple[str, ...]
    """Ops, and keys of the recipe, that move it."""


_EDGES = ("defocus_blur", "gaussian_blur", "downscale", "resample", "sharpen_halo")
_CROP = ("render.margin_em", "render.looseness")
_NOISE = ("sensor_noise", "render.texture_grey", "render.paper")

FEATURES = (
    Feature("contrast_grey", "tone", "paper less ink", ("render.contrast_grey", "brightness_contrast", "ink_fade", "fog")),
    Feature("paper_grey", "tone", "level of the paper", ("render.paper_grey", "brightness_contrast", "exposure", "gamma")),
    Feature("ink_grey", "tone", "level of the darkest ink", ("render.contrast_grey", "render.ink", "ink_fade")),
    Feature(
        "white_paper_share", "tone", "paper at 254 or 255: cut off at white", ("brightness_contrast", "exposure", "binarise")
    ),
    Feature(
        "paper_unevenness_grey",
        "tone",
        "paper's range along the line, without its grain",
        ("uneven_light", "soft_shadow", "stain"),
    ),
    Feature(
        "ink_unevenness_ratio",
        "tone",
        "spread of the ink's depth along the line, by contrast",
        ("render.ink", "ink_fade", "ink_banding"),
    ),
    Feature("light_on_dark_share", "tone", "light ink on dark paper", ("render.light_on_dark",)),
    Feature(
        "chroma_grey",
        "tone",
        "colour: strongest less weakest channel",
        ("render.color", "render.coloured_paper", "render.coloured_ink"),
    ),
    Feature("edge_width_px", "sharpness", "way from paper to ink across an edge; 1 is the sharpest", _EDGES),
    Feature(
        "halo_ratio",
        "sharpness",
        "how much brighter than paper it is beside edges, by contrast; below 0: dark tails",
        ("sharpen_halo", "defocus_blur"),
    ),
    Feature(
        "mid_tone_share",
        "sharpness",
        "pixels in and about strokes that are neither paper nor ink",
        (*_EDGES, "binarise", "fax"),
    ),
    Feature("detail_cutoff_cycles_per_px", "sharpness", "frequency along the line below which 95 % of the energy lies", _EDGES),
    Feature("paper_noise_grey", "noise", "fine grain of the paper, standard deviation", _NOISE),
    Feature(
        "paper_texture_grey", "noise", "fine and coarse grain of the paper, standard deviation", (*_NOISE, "bleed_through")
    ),
    Feature(
        "grain_ratio",
        "noise",
        "fine grain by all grain: 1 for white noise, less for soft blotches",
        (*_NOISE, "jpeg", "downscale"),
    ),
    Feature(
        "specks_per_square",
        "noise",
        "specks of ink in a square of the height",
        ("toner_specks", "salt_and_pepper", "dust", "speckle"),
    ),
    Feature(
        "pinholes_per_square",
        "noise",
        "holes in the ink in a square of the height",
        ("ink_dropout", "salt_and_pepper", "broken_strokes"),
    ),
    Feature(
        "ringing_grey", "noise", "grain near strokes less grain far from them", ("jpeg", "double_jpeg", "webp", "sharpen_halo")
    ),
    Feature(
        "stroke_width_ratio",
        "strokes",
        "stroke width by x-height",
        ("ink_spread", "ink_erosion", "fonts.weight", "fonts.classes"),
    ),
    Feature("ink_density_share", "strokes", "ink between x-line and baseline", ("ink_spread", "ink_erosion", "fonts.weight")),
    Feature(
        "pieces_per_x_height",
        "strokes",
        "separate pieces of ink in an x-height of the line",
        ("broken_strokes", "dot_matrix", "ink_spread"),
    ),
    Feature(
        "spur_share",
        "strokes",
        "ink pixels with two inked neighbours of eight or fewer: ends, hair lines, frayed edges",
        ("ink_erosion", "binarise", "dither", "fax"),
    ),
    Feature(
        "notch_share",
        "strokes",
        "pixels beside ink with six inked neighbours or more: notches, clogged corners",
        ("ink_spread", "ink_clog", "ink_dropout", "binarise"),
    ),
    Feature("x_height_ratio", "layout", "x-line to baseline (capitals alone: their height) by height of the picture", _CROP),
    Feature("text_height_ratio", "layout", "highest to lowest ink of the line by height of the picture", _CROP),
    Feature("margin_top_ratio", "layout", "ink to upper edge, in heights", _CROP),
    Feature("margin_bottom_ratio", "layout", "ink to lower edge, in heights", _CROP),
    Feature("margin_left_ratio", "layout", "ink to left edge, in heights", ("render.side_margin_em",)),
    Feature("margin_right_ratio", "layout", "ink to right edge, in heights", ("render.side_margin_em", "render.min_width_px")),
    Feature(
        "border_ink_share",
        "layout",
        "border of the picture that is ink",
        ("render.clip_share", "render.decoration.neighbours", "render.decoration.rules", *_CROP),
    ),
    Feature(
        "neighbour_ink_share",
        "layout",
        "ink that reaches in from the lines above and below",
        ("render.decoration.neighbours", "render.decoration.line_distance_em"),
    ),
    Feature(
        "rule_share",
        "layout",
        "columns crossed by a straight horizontal rule",
        ("render.decoration.underline", "render.decoration.rules", "render.decoration.box"),
    ),
    Feature("tilt_deg", "layout", "tilt of the line, counter-clockwise positive", ("rotation", "perspective", "shear")),
    Feature(
        "gap_share", "spacing", "columns of the text without ink", ("fonts.spaced", "fonts.letter_spacing_em", "text.sources")
    ),
    Feature("word_gap_ratio", "spacing", "median gap of words by x-height", ("fonts.spaced", "fonts.word_spacing_em")),
    Feature(
        "letter_gap_ratio",
        "spacing",
        "median gap of letters by x-height",
        ("fonts.spaced", "fonts.letter_spacing_em", "ink_spread", "ink_erosion"),
    ),
    Feature(
        "pitch_regularity",
        "spacing",
        "letters at even distances: above about 0.3 for typewriters",
        ("fonts.classes", "fonts.families"),
    ),
    Feature(
        "blockiness_grey",
        "compression",
        "excess of steps at the borders of blocks of 8 px, at the picture's own size",
        ("jpeg", "double_jpeg"),
    ),
    Feature("height_px", "size", "height of the picture as it came", ("render.height_px",)),
    Feature("length_ratio", "size", "width of the picture by its height", ("text.length_clusters", "text.sources")),
)
NAMES = tuple(feature.name for feature in FEATURES)
GROUPS = tuple(dict.fromkeys(feature.group for feature in FEATURES))
SIZE = "size"
"""Group of what a training program evens out, or the text decides: shown, but not used to tell pictures apart."""
_MEASURES = (
    measures.tone,
    measures.sharpness,
    measures.noise,
    measures.strokes,
    measures.layout,
    measures.spacing,
    measures.compression,
    measures.size,
)


def measure(image: NDArray[np.uint8], height_px: int) -> NDArray[np.float64] | str:
    """Return the features of a picture, float64 (F,) in the order of `FEATURES`, or in a word or two why it has none.

    *image* is uint8 (H, W) or (H, W, 3) RGB and holds one horizontal line; it is measured at *height_px*.  What a picture is
    too small to tell is NaN.
    """
    seen = see(image, height_px)
    if isinstance(seen, str):
        return seen
    found: dict[str, float] = {}
    for take in _MEASURES:
        found |= take(seen)
    values = np.array([found[name] for name in NAMES])
    values[~np.isfinite(values)] = math.nan
    return values
