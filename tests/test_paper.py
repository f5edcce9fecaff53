"""Paper and ink: the contrast that the recipe asks for is there, and a bleed shows more of the same paper."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ocrsynth import Recipe
from ocrsynth.errors import RecipeError
from ocrsynth.fields import validate
from ocrsynth.records import Bleed
from ocrsynth.render.layout import RenderConfig
from ocrsynth.render.paper import check_contrast, draw_surface, ink_on_paper
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_BLEED = Bleed(0, 0, 0, 0)
_LUMA = np.array((0.299, 0.587, 0.114))


def _config(**changes: Any) -> RenderConfig:
    config = validate(RenderConfig, changes, "render")
    check_contrast(config)
    return config


def _luminance(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    return image @ _LUMA if image.ndim == 3 else image.astype(np.float64)


def _mask(height: int = 64, width: int = 400) -> NDArray[np.uint8]:
    """Return a mask with bare columns, full columns, and ramps between them."""
    ramp = np.abs((np.arange(width) * 15) % 1020 - 510).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(ramp, (height, width)))


_CONFIGS: dict[str, dict[str, Any]] = {
    "default": {},
    "strong texture": {"texture_grey": [20, 20], "paper_grey": [200, 255]},
    "least contrast": {"contrast_grey": [30, 30], "paper_grey": [120, 255]},
    "white paper": {"paper_grey": [255, 255]},
    "black ink": {"paper_grey": [180, 180], "texture_grey": [0, 0], "contrast_grey": [178, 180]},
    "white paper, black ink": {"paper_grey": [255, 255], "texture_grey": [0, 1], "contrast_grey": [250, 255]},
    "dark paper": {"paper_grey": [100, 110], "texture_grey": [0, 3], "contrast_grey": [85, 95]},
}


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize("name", _CONFIGS)
def test_the_contrast_is_guaranteed(name: str, color: str) -> None:
    config = _config(color=color, **_CONFIGS[name])
    mask = _mask()
    worst = np.inf
    for i in range(150):
        surface = draw_surface(config, Stream(4, i, "surface"))
        light = _luminance(ink_on_paper(mask, surface, _NO_BLEED))
        worst = min(worst, float(light[mask == 0].min() - light[mask == 255].max()))
    assert worst >= config.contrast_grey.low - 2


@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_more_ink_is_never_lighter(color: str) -> None:
    config = _config(color=color)
    levels = np.broadcast_to(np.arange(256, dtype=np.uint8), (32, 256))
    for i in range(20):
        surface = draw_surface(config, Stream(4, i, "surface"))
        surface["texture_grey"] = 0
        light = _luminance(ink_on_paper(np.ascontiguousarray(levels), surface, _NO_BLEED))
        assert (np.diff(light, axis=1) <= 0).all()


def test_full_ink_is_the_colour_of_the_ink_and_bare_paper_varies_about_its_own() -> None:
    for color in ("grey", "rgb"):
        config = _config(color=color, texture_grey=[3, 3], paper_grey=[200, 220])
        surface = draw_surface(config, Stream(4, 1, "surface"))
        inked = ink_on_paper(np.full((64, 1000), 255, np.uint8), surface, _NO_BLEED).reshape(-1, len(surface["ink"]))
        assert (inked == surface["ink"]).all()
        bare = ink_on_paper(np.zeros((512, 2000), np.uint8), surface, _NO_BLEED).reshape(-1, len(surface["ink"]))
        assert bare.mean(axis=0) == pytest.approx(surface["paper"], abs=0.5)
        assert bare.std(axis=0) == pytest.approx([3] * len(surface["paper"]), abs=0.3)


def test_surfaces_are_what_the_recipe_allows() -> None:
    for color, n in (("grey", 1), ("rgb", 3)):
        config = _config(color=color, paper_grey=[180, 240], texture_grey=[1, 2], contrast_grey=[100, 150])
        seen = []
        for i in range(300):
            surface = draw_surface(config, Stream(4, i, "surface"))
            assert len(surface["paper"]) == len(surface["ink"]) == n
            assert all(type(v) is int and 0 <= v <= 255 for v in (*surface["paper"], *surface["ink"]))
            assert 1 <= surface["texture_grey"] <= 2
            assert 0 <= surface["offset"][0] < 512
            assert 0 <= surface["offset"][1] < 2048
            weights = _LUMA if n == 3 else np.ones(1)
            level = float(np.array(surface["paper"]) @ weights)
            assert 178 <= level <= 242
            seen.append(level)
        assert np.mean(seen) == pytest.approx(210, abs=4)


def test_every_parameter_of_the_surface_changes_the_picture() -> None:
    surface = draw_surface(_config(color="rgb"), Stream(4, 0, "surface"))
    mask = _mask()
    first = ink_on_paper(mask, surface, _NO_BLEED)
    others = {
        "paper": [v - 3 for v in surface["paper"]],
        "ink": [v + 3 for v in surface["ink"]],
        "texture_grey": surface["texture_grey"] + 2,
        "offset": [surface["offset"][0] + 1, surface["offset"][1]],
    }
    assert others.keys() == surface.keys()
    for key, value in others.items():
        assert (ink_on_paper(mask, {**surface, key: value}, _NO_BLEED) != first).any(), key


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("offset", [[0, 0], [5, 7], [511, 2047], [500, 2000], [256, 1024]], ids=str)
@pytest.mark.parametrize(
    "bleed",
    [Bleed(3, 1, 0, 0), Bleed(40, 30, 20, 10), Bleed(0, 0, 9, 9), Bleed(600, 500, 700, 300)],
    ids=lambda b: str(tuple(b)),
)
def test_a_bleed_shows_more_of_the_same_paper(bleed: Bleed, offset: list[int], channels: int) -> None:
    surface = {"paper": [210, 205, 190][:channels], "ink": [40, 35, 60][:channels], "texture_grey": 6.0, "offset": offset}
    mask = _mask(48, 320)
    frame = ink_on_paper(mask, surface, _NO_BLEED)
    wide = np.pad(mask, ((bleed.top, bleed.bottom), (bleed.left, bleed.right)))
    inner = ink_on_paper(wide, surface, bleed)[bleed.top : bleed.top + 48, bleed.left : bleed.left + 320]
    np.testing.assert_array_equal(inner, frame)


def test_the_texture_repeats_with_its_tile_and_not_before() -> None:
    surface = {"paper": [200], "ink": [20], "texture_grey": 8.0, "offset": [300, 1900]}
    sheet = ink_on_paper(np.zeros((1100, 4200), np.uint8), surface, _NO_BLEED)
    np.testing.assert_array_equal(sheet[:512], sheet[512:1024])
    np.testing.assert_array_equal(sheet[:, :2048], sheet[:, 2048:4096])
    for dy, dx in ((256, 0), (0, 1024), (1, 0), (0, 1), (128, 512)):
        assert (sheet[:300, :1000] != sheet[dy : dy + 300, dx : dx + 1000]).mean() > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (8, 5), (48, 320), (64, 5000)], ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_any_size(shape: tuple[int, int], channels: int) -> None:
    surface = {"paper": [210, 205, 190][:channels], "ink": [40, 35, 60][:channels], "texture_grey": 6.0, "offset": [511, 2047]}
    mask = _mask(*shape)
    mask.setflags(write=False)
    before = mask.tobytes()
    image = ink_on_paper(mask, surface, _NO_BLEED)
    assert image.shape == (shape if channels == 1 else (*shape, 3))
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert mask.tobytes() == before
    again = ink_on_paper(mask, surface, _NO_BLEED)
    np.testing.assert_array_equal(again, image)
    image[...] = 0
    np.testing.assert_array_equal(ink_on_paper(mask, surface, _NO_BLEED), again)


def test_the_colours_are_red_green_blue() -> None:
    surface = {"paper": [250, 240, 200], "ink": [10, 20, 90], "texture_grey": 0.0, "offset": [0, 0]}
    image = ink_on_paper(np.array([[0, 255]], np.uint8), surface, _NO_BLEED)
    assert image.tolist() == [[[250, 240, 200], [10, 20, 90]]]


@pytest.mark.parametrize(
    ("changes", "contrast", "darkest"),
    [
        ({"paper_grey": [60, 80]}, "[90, 230]", "48"),
        ({"paper_grey": [100, 200], "texture_grey": [0, 5]}, "[90, 230]", "85"),
        ({"contrast_grey": [200, 255]}, "[200, 255]", "163"),
        ({"paper_grey": [90, 200], "texture_grey": [0, 0.1]}, "[90, 230]", "89.7"),
    ],
)
def test_a_contrast_that_paper_cannot_give_is_refused(changes: dict[str, Any], contrast: str, darkest: str) -> None:
    text = (
        "render.contrast_grey: the lowest contrast needs paper of at least that level, got "
        f"{contrast} on paper as dark as {darkest}; raise render.paper_grey or lower the contrast"
    )
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        check_contrast(validate(RenderConfig, changes, "render"))
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        Recipe.for_language("en", preset="clean", render=changes)


def test_a_contrast_that_paper_can_just_give_is_accepted() -> None:
    assert _config(paper_grey=[90, 200], texture_grey=[0, 0], contrast_grey=[90, 90]).contrast_grey == (90, 90)
