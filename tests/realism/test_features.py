"""Every feature follows the one thing that it is named after: pictures are changed in a known way and measured again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from ocrsynth import Recipe, codec
from ocrsynth.degrade.base import OPS
from ocrsynth.pipeline import Pipeline
from ocrsynth.realism.features import FEATURES, GROUPS, NAMES, measure
from ocrsynth.realism.seen import see

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Change = Callable[[Picture], Any]

HEIGHT = 32
_CHANGES: dict[str, tuple[Change, dict[str, str]]] = {}


_CLASSES = {"serif": 3, "sans": 4, "mono": 1.5, "slab": 1, "condensed": 1, "hand": 0.5, "display": 0.5}
"""Written out, so that the lines do not change with the default mixture."""


def _lines(**sections: Any) -> list[Picture]:
    recipe = Recipe.from_dict(
        {
            "language": "en",
            "seed": 5,
            "degrade": "clean",
            "text": {"sources": [{"words": {}}], "length_clusters": [12, 30]},
            "fonts": {"classes": _CLASSES},
            "render": {"height_px": HEIGHT, "texture_grey": [1, 1], "paper_grey": [220, 220], "contrast_grey": [180, 180]},
            **sections,
        }
    )
    return [sample.image for sample in Pipeline(recipe).batch(range(24))]


@pytest.fixture(scope="module")
def lines() -> list[Picture]:
    return _lines()


@pytest.fixture(scope="module")
def before(lines: list[Picture]) -> dict[str, float]:
    return _measured(lines)


def _measured(pictures: list[Picture], height: int = HEIGHT) -> dict[str, float]:
    """Return the median of each feature; NaN where no picture tells."""
    rows = [measure(picture, height) for picture in pictures]
    assert not any(isinstance(row, str) for row in rows)
    values = np.array(rows)
    return {
        n: float(np.median(c[~np.isnan(c)])) if (~np.isnan(c)).any() else np.nan for n, c in zip(NAMES, values.T, strict=True)
    }


def change(**expected: str) -> Callable[[Change], Change]:
    """Register a change; *expected* says for features whether they rise (``+``), fall (``-``) or stay (``=``)."""

    def register(function: Change) -> Change:
        _CHANGES[function.__name__] = (function, expected)
        return function

    return register


@change(
    edge_width_px="+", detail_cutoff_cycles_per_px="-", mid_tone_share="+", x_height_ratio="=", paper_grey="=", tilt_deg="="
)
def blur(image: Picture) -> Any:
    return cv2.GaussianBlur(image, (0, 0), 1.0)


@change(
    paper_noise_grey="+", paper_texture_grey="+", grain_ratio="+", paper_grey="=", x_height_ratio="=", stroke_width_ratio="="
)
def noise(image: Picture) -> Any:
    return np.clip(image + np.random.default_rng(1).normal(0, 6, image.shape), 0, 255).astype(np.uint8)


@change(paper_texture_grey="+", grain_ratio="-", x_height_ratio="=")
def blotches(image: Picture) -> Any:
    field = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 1, image.shape), (0, 0), 2.0)
    return np.clip(image + field / field.std() * 6, 0, 255).astype(np.uint8)


@change(contrast_grey="-", ink_grey="+", paper_grey="=", edge_width_px="=", stroke_width_ratio="=", x_height_ratio="=")
def fade(image: Picture) -> Any:
    return (220 - (220 - np.minimum(image, 220).astype(np.float32)) * 0.5).astype(np.uint8)


@change(paper_grey="-", ink_grey="-", contrast_grey="=", edge_width_px="=", stroke_width_ratio="=")
def darken(image: Picture) -> Any:
    return np.maximum(image.astype(np.int16) - 25, 0).astype(np.uint8)


@change(white_paper_share="+", paper_grey="+", paper_texture_grey="-")
def overexpose(image: Picture) -> Any:
    return np.minimum(image.astype(np.int16) + 60, 255).astype(np.uint8)


@change(stroke_width_ratio="+", ink_density_share="+", gap_share="-", letter_gap_ratio="-", paper_grey="=")
def embolden(image: Picture) -> Any:
    return cv2.erode(image, np.ones((3, 3), np.uint8))


@change(stroke_width_ratio="-", ink_density_share="-", spur_share="+", gap_share="+")
def thin(image: Picture) -> Any:
    return cv2.dilate(image, np.ones((2, 2), np.uint8))


@change(margin_top_ratio="+", x_height_ratio="-", text_height_ratio="-", tilt_deg="=")
def pad_above(image: Picture) -> Any:
    return cv2.copyMakeBorder(image, 10, 0, 0, 0, cv2.BORDER_CONSTANT, value=220)


@change(margin_bottom_ratio="+", x_height_ratio="-")
def pad_below(image: Picture) -> Any:
    return cv2.copyMakeBorder(image, 0, 10, 0, 0, cv2.BORDER_CONSTANT, value=220)


@change(margin_left_ratio="+", margin_right_ratio="=", length_ratio="+", x_height_ratio="=")
def pad_left(image: Picture) -> Any:
    return cv2.copyMakeBorder(image, 0, 0, 16, 0, cv2.BORDER_CONSTANT, value=220)


@change(margin_right_ratio="+", margin_left_ratio="=", length_ratio="+", x_height_ratio="=")
def pad_right(image: Picture) -> Any:
    return cv2.copyMakeBorder(image, 0, 0, 0, 16, cv2.BORDER_CONSTANT, value=220)


@change(margin_left_ratio="-", border_ink_share="+")
def cut_through_a_letter(image: Picture) -> Any:
    columns = np.flatnonzero((image < 130).any(axis=0))
    return np.ascontiguousarray(image[:, int(columns[0]) + 2 :])


@change(rule_share="+", margin_bottom_ratio="=", x_height_ratio="=", stroke_width_ratio="=")
def underline(image: Picture) -> Any:
    out = image.copy()
    out[-3:-1] = 40
    return out


@change(specks_per_square="+", stroke_width_ratio="=", x_height_ratio="=")
def specks(image: Picture) -> Any:
    out = image.copy()
    rng = np.random.default_rng(2)
    out[rng.integers(0, image.shape[0], 12), rng.integers(0, image.shape[1], 12)] = 20
    return out


@change(pinholes_per_square="+", notch_share="+")
def pinholes(image: Picture) -> Any:
    bold = cv2.erode(image, np.ones((5, 5), np.uint8))
    rows, columns = np.nonzero(cv2.dilate(bold, np.ones((3, 3), np.uint8)) < 60)
    chosen = np.random.default_rng(3).choice(len(rows), 12, replace=False)
    bold[rows[chosen], columns[chosen]] = 220
    return bold


@change(halo_ratio="+", x_height_ratio="=", paper_grey="=")
def sharpen(image: Picture) -> Any:
    wide = cv2.GaussianBlur(image, (0, 0), 1.5).astype(np.float32)
    return np.clip(image + 0.8 * (image - wide), 0, 255).astype(np.uint8)


@change(paper_unevenness_grey="+", x_height_ratio="=", stroke_width_ratio="=")
def shade(image: Picture) -> Any:
    return (image * np.linspace(1, 0.75, image.shape[1])).astype(np.uint8)


@change(ink_unevenness_ratio="+", paper_grey="=", x_height_ratio="=")
def run_dry(image: Picture) -> Any:
    left = np.linspace(1, 0.55, image.shape[1])
    return np.clip(220 - (220 - image.astype(np.float32)) * left, 0, 255).astype(np.uint8)


@change(blockiness_grey="+", ringing_grey="+", x_height_ratio="=")
def jpeg(image: Picture) -> Any:
    return codec.decode(codec.encode_jpeg(image, 12))


@change(chroma_grey="+", x_height_ratio="=", stroke_width_ratio="=")
def tint(image: Picture) -> Any:
    return np.dstack((image, (image * 0.95).astype(np.uint8), (image * 0.8).astype(np.uint8)))


@change(mid_tone_share="-", edge_width_px="-", paper_texture_grey="-", x_height_ratio="=")
def binarise(image: Picture) -> Any:
    return np.where(image > 130, 255, 0).astype(np.uint8)


@change(pieces_per_x_height="+", gap_share="+")
def break_strokes(image: Picture) -> Any:
    out = image.copy()
    out[:, ::4] = 220
    return out


@change(length_ratio="+", word_gap_ratio="+", gap_share="+")
def stretch_gaps(image: Picture) -> Any:
    bare = (image > 150).all(axis=0)
    return np.ascontiguousarray(np.repeat(image, np.where(bare, 3, 1), axis=1))


_TOLERANCE = {"tilt_deg": 0.3, "paper_grey": 3.0, "contrast_grey": 6.0, "x_height_ratio": 0.035, "edge_width_px": 0.15}


@pytest.mark.parametrize("name", _CHANGES)
def test_features_follow_a_change(name: str, lines: list[Picture], before: dict[str, float]) -> None:
    changed, expected = _CHANGES[name]
    after = _measured([np.ascontiguousarray(changed(line)) for line in lines])
    for feature, sign in expected.items():
        a, b = before[feature], after[feature]
        if sign == "=":
            assert b == pytest.approx(a, rel=0.12, abs=_TOLERANCE.get(feature, 0.03)), feature
        elif sign == "+":
            assert b > a + 0.05 * abs(a), feature
        else:
            assert b < a - 0.05 * abs(a), feature


def test_every_feature_but_those_of_the_recipe_is_moved() -> None:
    moved = {f for _, expected in _CHANGES.values() for f, sign in expected.items() if sign != "="}
    # Tested below, by their own figures.
    assert set(NAMES) - moved == {
        "tilt_deg",
        "light_on_dark_share",
        "pitch_regularity",
        "neighbour_ink_share",
        "height_px",
    }


@pytest.mark.parametrize("angle", [-3.0, -1.0, 0.0, 1.0, 3.0])
def test_tilt_is_counter_clockwise(angle: float, lines: list[Picture]) -> None:
    def turned(image: Picture) -> Any:
        width = image.shape[1]
        room = int(width * abs(np.tan(np.radians(angle)))) + 4
        tall = cv2.copyMakeBorder(image, room, room, 0, 0, cv2.BORDER_CONSTANT, value=220)
        matrix = cv2.getRotationMatrix2D((width / 2, tall.shape[0] / 2), angle, 1)
        return cv2.warpAffine(tall, matrix, (width, tall.shape[0]), borderMode=cv2.BORDER_CONSTANT, borderValue=220)

    # OpenCV's angles are counter-clockwise; a tall picture is measured at a height that leaves the text as large.
    found = [measure(t, t.shape[0]) for t in map(turned, lines)]
    tilts = [row[NAMES.index("tilt_deg")] for row in found if not isinstance(row, str)]
    assert np.nanmedian(tilts) == pytest.approx(angle, abs=0.3)


def test_light_ink_on_dark_paper_measures_as_dark_on_light(lines: list[Picture]) -> None:
    for line in lines:
        plain, inverted = measure(line, HEIGHT), measure(255 - line, HEIGHT)
        assert not isinstance(plain, str)
        assert not isinstance(inverted, str)
        at = NAMES.index("light_on_dark_share")
        assert (plain[at], inverted[at]) == (0, 1)
        rest = [i for i, n in enumerate(NAMES) if i != at]
        np.testing.assert_allclose(plain[rest], inverted[rest], atol=0.02, rtol=0.05)


def test_ink_of_neighbours_is_not_the_line_s_own(lines: list[Picture]) -> None:
    roomy = [cv2.copyMakeBorder(line, 6, 6, 0, 0, cv2.BORDER_CONSTANT, value=220) for line in lines]
    touched = [line.copy() for line in roomy]
    for line in touched:
        for column in range(0, line.shape[1] - 3, 9):
            line[:3, column : column + 3] = line[-2:, column + 4 : column + 6] = 40
    before, after = _measured(roomy), _measured(touched)
    assert before["neighbour_ink_share"] == before["border_ink_share"] == 0
    assert after["neighbour_ink_share"] > 0.05
    assert after["border_ink_share"] > 0.2
    for name in (
        "x_height_ratio",
        "text_height_ratio",
        "margin_top_ratio",
        "margin_bottom_ratio",
        "gap_share",
        "pieces_per_x_height",
    ):
        assert after[name] == pytest.approx(before[name], rel=0.1), name


def test_mirrored_lines_swap_their_margins(lines: list[Picture]) -> None:
    left, right, tilt = (NAMES.index(n) for n in ("margin_left_ratio", "margin_right_ratio", "tilt_deg"))
    for line in lines:
        plain, mirrored = measure(line, HEIGHT), measure(np.ascontiguousarray(line[:, ::-1]), HEIGHT)
        assert (plain[left], plain[right]) == (mirrored[right], mirrored[left])
        assert plain[tilt] == pytest.approx(-float(mirrored[tilt]), abs=0.3, nan_ok=True)


def test_size_of_the_picture_hardly_matters(lines: list[Picture], before: dict[str, float]) -> None:
    doubled = [np.asarray(cv2.resize(line, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)) for line in lines]
    after = _measured(doubled)
    assert after["height_px"] == 2 * before["height_px"]
    for name in (
        "contrast_grey",
        "paper_grey",
        "x_height_ratio",
        "stroke_width_ratio",
        "ink_density_share",
        "length_ratio",
        "gap_share",
    ):
        assert after[name] == pytest.approx(before[name], rel=0.1), name


def test_gaps_of_words_are_wider_than_those_of_letters(before: dict[str, float]) -> None:
    assert before["word_gap_ratio"] > 0.35 > before["letter_gap_ratio"] > 0


def test_typewriters_set_letters_at_even_distances() -> None:
    even, uneven = (_measured(_lines(fonts={"classes": {name: 1}}))["pitch_regularity"] for name in ("mono", "serif"))
    assert even > uneven + 0.1


def test_x_height_agrees_with_the_font(lines: list[Picture]) -> None:
    del lines
    recipe = Recipe.from_dict(
        {"language": "en", "seed": 6, "degrade": "clean", "text": {"sources": [{"words": {}}], "length_clusters": [15, 30]}}
    )
    errors = []
    for sample in Pipeline(recipe).batch(range(60)):
        seen = see(sample.image, 32)
        assert not isinstance(seen, str)
        if sample.text.islower() and not seen.light_on_dark:
            errors.append(seen.x_height_px / sample.provenance["font"]["x_height_px"] - 1)
    assert len(errors) > 15
    assert abs(np.median(errors)) < 0.08
    assert np.percentile(np.abs(errors), 80) < 0.2


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (3, 500), (500, 3), (8, 5), (5, 8, 3)])
@pytest.mark.parametrize("kind", ["noise", "white", "black", "half"])
def test_any_picture_is_measured_or_has_a_reason(shape: tuple[int, ...], kind: str) -> None:
    image = np.full(shape, 255, np.uint8)
    if kind == "noise":
        image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    elif kind == "black":
        image[:] = 0
    elif kind == "half":
        image[: shape[0] // 2] = 0
    image.setflags(write=False)
    found = measure(image, 24)
    if kind in {"white", "black"}:
        assert found == "no contrast"
    elif isinstance(found, str):
        assert found in {"no contrast", "no paper", "too wide"}
    else:
        assert found.shape == (len(FEATURES),)
        assert not np.isinf(found).any()


def test_measuring_is_repeatable_and_leaves_the_picture(lines: list[Picture]) -> None:
    for line in lines[:5]:
        copy = line.copy()
        line.setflags(write=False)
        first, second = measure(line, 40), measure(line, 40)
        assert np.asarray(first).tobytes() == np.asarray(second).tobytes()
        assert (line == copy).all()


def test_what_moves_a_feature_exists() -> None:
    recipe = Recipe.for_language("en")
    sections = {"render": recipe.render, "text": recipe.text, "fonts": recipe.fonts}
    for feature in FEATURES:
        assert feature.moved_by, feature.name
        for name in feature.moved_by:
            section, dot, key = name.partition(".")
            if not dot:
                assert name in OPS, name
                continue
            value: Any = sections[section]
            for part in key.split("."):
                assert part in type(value).model_fields, name
                value = getattr(value, part)
    assert len(set(NAMES)) == len(NAMES)
    assert {f.group for f in FEATURES} == set(GROUPS)
