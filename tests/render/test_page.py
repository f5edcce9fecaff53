"""What lines are printed on, with and beside: papers, inks, polarity, backgrounds, decorations, neighbours, disorder."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np
import pytest
from PIL import Image

from ocrsynth import Recipe, make_sample
from ocrsynth.codec import decode
from ocrsynth.errors import AssetError, RecipeError
from ocrsynth.pictures import read_picture
from ocrsynth.pipeline import Pipeline
from ocrsynth.records import Bleed
from ocrsynth.render import backgrounds
from ocrsynth.render.inks import INKS, lay_ink
from ocrsynth.render.papers import PAPERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from ocrsynth.records import Sample

_DECORATIONS = ("underline", "strike", "box", "rules", "highlighter", "stamp", "shadow", "outline", "emboss")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCRSYNTH_CACHE", str(tmp_path / "cache"))
    backgrounds.listing.cache_clear()


def _recipe(*, color: str = "grey", preset: str = "clean", **render: Any) -> Recipe:
    return Recipe.for_language("en", preset=preset, seed=5, render={"color": color, "height_px": 40, **render})


def _samples(recipe: Recipe, count: int = 24) -> list[Sample]:
    return Pipeline(recipe).batch(range(count))


def _grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image, np.uint8)


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize("paper", PAPERS)
def test_every_paper_shows_its_own_surface(paper: str, color: str) -> None:
    found = _samples(_recipe(color=color, paper={paper: 1}), 6)
    plain = _samples(_recipe(color=color), 6)
    for sample, other in zip(found, plain, strict=True):
        assert sample.provenance["surface"].get("kind", "plain") == paper
        assert sample.text == other.text
        assert (paper == "plain") == (sample.encoded == other.encoded)


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize("ink", INKS)
def test_every_ink_leaves_its_own_print(ink: str, color: str) -> None:
    found = _samples(_recipe(color=color, ink={ink: 1}), 40)
    plain = _samples(_recipe(color=color), 40)
    # The sub-pixels of a screen have no meaning without colour; a ball-pen writes only with fonts of handwriting.
    same = ink == "plain" or (ink == "screen" and color == "grey")
    differs = sum(a.encoded != b.encoded for a, b in zip(found, plain, strict=True))
    assert (differs == 0) if same else differs


def test_a_typewriter_strikes_each_letter_with_a_force_of_its_own() -> None:
    pitch, count = 24, 64
    letter = np.zeros((32, pitch), np.uint8)
    letter[10:23, 8:15] = 255
    letter[12:21, 10:13] = 0
    mask = np.tile(letter, count)
    columns = np.arange(count) * float(pitch) + 7
    ink = {"name": "typewriter", "depth": 1.0, "offset": [3, 7]}
    struck = lay_ink(mask, ink, Bleed(0, 0, 0, 0), 24.0, ((columns, math.inf),))
    assert struck.shape == mask.shape
    letters = struck.reshape(32, count, pitch).swapaxes(0, 1)
    middles, strokes = letters[:, 14:19, 11].mean(axis=1), letters.max(axis=(1, 2))
    # Ink of a hard strike runs into the counter of a letter, a light one leaves its strokes grey; most do neither.
    assert middles.max() > 55
    assert middles.max() > 3 * middles.min()
    assert strokes.min() < 210
    # No letter is lost, nor a hairline: each pixel keeps four fifths of its ink, less what the ribbon's weave takes.
    hairline = np.zeros((32, count * pitch), np.uint8)
    hairline[16, ::2] = 90
    for known, inked in ((mask, struck), (hairline, lay_ink(hairline, ink, Bleed(0, 0, 0, 0), 24.0, ((columns, math.inf),)))):
        assert (inked >= 0.8 * (1 - 0.25) * known.astype(np.float64) - 1).all()
    assert np.median(strokes) > 200
    # Heads and feet differ, one way in some letters and the other way in others.
    tops, feet = letters[:, 8:13].mean(axis=(1, 2)), letters[:, 20:25].mean(axis=(1, 2))
    assert (tops > 1.1 * feet).any()
    assert (feet > 1.1 * tops).any()
    # Nothing far from a stroke, and the same each time.
    assert not letters[:, :2].any()
    assert np.array_equal(struck, lay_ink(mask, ink, Bleed(0, 0, 0, 0), 24.0, ((columns, math.inf),)))


@pytest.mark.parametrize("size_px", [24.0, 70.0])
@pytest.mark.parametrize("bleed", [Bleed(3, 1, 0, 0), Bleed(0, 0, 5, 9), Bleed(40, 30, 20, 11)], ids=lambda b: str(tuple(b)))
@pytest.mark.parametrize("ink", INKS)
def test_ink_does_not_depend_on_the_room_that_a_warp_asks_for(ink: str, bleed: Bleed, size_px: float) -> None:
    mask = np.zeros((97, 403), np.uint8)
    mask[30:60, 40:360:16] = mask[31:60, 41:360:16] = 255
    mask[45, 40:360] = 90
    columns = np.arange(40.0, 360, 16)
    process = {"name": ink, "depth": 0.9, "offset": [500, 2040]}
    frame = lay_ink(mask, process, Bleed(0, 0, 0, 0), size_px, ((columns, math.inf),))
    wide = lay_ink(
        np.pad(mask, ((bleed.top, bleed.bottom), (bleed.left, bleed.right))), process, bleed, size_px, ((columns, math.inf),)
    )
    np.testing.assert_array_equal(wide[bleed.top : bleed.top + 97, bleed.left : bleed.left + 403], frame)


@pytest.mark.parametrize("light_on_dark", [0.0, 1.0])
@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_ink_stands_out_on_its_side_of_every_paper(color: str, light_on_dark: float) -> None:
    render = {
        "paper": dict.fromkeys(PAPERS, 1),
        "contrast_grey": [60, 120],
        "coloured_paper": 0.5,
        "coloured_ink": 0.5,
        "light_on_dark": light_on_dark,
    }
    for sample in _samples(_recipe(color=color, **render), 64):
        grey = _grey(sample.image).astype(int)
        darkest, lightest = np.percentile(grey, (0.5, 99.5))
        middle = np.median(grey)
        # The side with more room is the ink's.
        assert (lightest - middle > middle - darkest) == bool(light_on_dark)
        assert max(lightest - middle, middle - darkest) > 45


class TestBackgrounds:
    """Folders of the user's pictures."""

    @staticmethod
    def _noise(height: int, width: int, channels: int = 3) -> NDArray[np.uint8]:
        noise = np.random.default_rng(height).integers(0, 256, (height, width, channels), np.uint8)
        return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8).reshape(height, width, channels)

    def _write(self, folder: Path) -> list[str]:
        folder.mkdir()
        noise = self._noise(300, 500)
        exif = Image.Exif()
        exif[0x0112] = 6
        makers: dict[str, Callable[[Path], Any]] = {
            "rgb.png": Image.fromarray(noise).save,
            "rotated.jpg": lambda p: Image.fromarray(noise).save(p, exif=exif),
            "cmyk.jpg": Image.fromarray(noise).convert("CMYK").save,
            "sixteen.png": Image.fromarray(noise[..., 0].astype(np.uint16) * 257).save,
            "float.tif": Image.fromarray(noise[..., 0].astype(np.float32)).save,
            "alpha.png": Image.fromarray(np.dstack((noise, noise[..., 0]))).save,
            "palette.gif": Image.fromarray(noise).quantize(16).save,
            "bilevel.png": Image.fromarray(noise[..., 0]).convert("1").save,
            "tiny.png": Image.fromarray(noise[:1, :1]).save,
            "sliver.png": Image.fromarray(noise[:2]).save,
            "huge.webp": Image.fromarray(self._noise(2500, 3000)).save,
            "black.png": Image.new("L", (50, 50)).save,
            "white.bmp": Image.new("RGB", (50, 50), "white").save,
        }
        for name, save in makers.items():
            save(folder / name)
        return sorted(makers)

    @pytest.mark.parametrize("color", ["grey", "rgb"])
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_any_picture_serves_and_the_ink_stands_out(self, color: str, tmp_path: Path) -> None:
        names = self._write(tmp_path / "grounds")
        for name in names:
            one = tmp_path / f"only {name}"
            one.mkdir()
            (tmp_path / "grounds" / name).rename(one / name)
            recipe = _recipe(color=color, backgrounds=[str(one)], background_share=1, contrast_grey=[80, 120])
            for sample in _samples(recipe, 4):
                assert sample.provenance["surface"]["background"]["file"].endswith(name)
                assert sample.provenance["rejected"].get("low_contrast", 0) == 0
                assert sample.image.ndim == (3 if color == "rgb" else 2)
                assert int(sample.image.max()) - int(sample.image.min()) > 60

    def test_pictures_are_read_upright_on_white_and_in_eight_bits(self, tmp_path: Path) -> None:
        names = self._write(tmp_path / "grounds")
        read = {name: read_picture(tmp_path / "grounds" / name) for name in names}
        assert read["rgb.png"].shape == (300, 500, 3)
        assert read["rotated.jpg"].shape == (500, 300, 3)
        assert read["cmyk.jpg"].shape == (300, 500, 3)
        np.testing.assert_array_equal(read["sixteen.png"], read["rgb.png"][..., 0])
        # Floats have no scale of their own: the brightest is white.
        scaled = read["rgb.png"][..., 0] * (255 / read["rgb.png"][..., 0].max())
        assert np.abs(read["float.tif"] - scaled).max() <= 1
        assert read["bilevel.png"].ndim == 2
        # Where nothing is, white shows through.
        assert read["alpha.png"].mean() > read["rgb.png"].mean()
        assert all(picture.dtype == np.uint8 for picture in read.values())

    def test_broken_files_are_left_out_with_their_reason(self, tmp_path: Path) -> None:
        folder = tmp_path / "grounds"
        folder.mkdir()
        Image.fromarray(self._noise(60, 60)).save(folder / "good.png")
        (folder / "empty.png").touch()
        (folder / "text.jpg").write_text("no picture")
        (folder / "cut.png").write_bytes((folder / "good.png").read_bytes()[:200])
        (folder / "notes.txt").write_text("is not looked at")
        found = backgrounds.listing((str(folder),))
        assert [path.rpartition("/")[2] for path in found.paths] == ["good.png"]
        assert len(found.skipped) == 3
        assert all(str(folder) in fault for fault in found.skipped)

    def test_a_folder_without_a_picture_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(AssetError, match="no readable picture"):
            backgrounds.listing((str(tmp_path),))
        with pytest.raises(AssetError, match="no such folder"):
            backgrounds.listing((str(tmp_path / "nowhere"),))

    def test_a_changed_picture_changes_the_lock(self, tmp_path: Path) -> None:
        folder = tmp_path / "grounds"
        folder.mkdir()
        Image.fromarray(self._noise(60, 60)).save(folder / "a.png")
        recipe = _recipe(backgrounds=[str(folder)])
        before = recipe.lock()["files"]
        Image.fromarray(self._noise(61, 60)).save(folder / "a.png")
        backgrounds.listing.cache_clear()
        assert recipe.lock()["files"] != before

    def test_a_decompression_bomb_is_left_out(self, tmp_path: Path) -> None:
        Image.new("1", (30_000, 20_000)).save(tmp_path / "bomb.png")
        with pytest.raises(AssetError, match="too large a picture"):
            read_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize("kind", _DECORATIONS)
def test_a_decoration_is_there_and_leaves_the_labels_alone(kind: str, color: str) -> None:
    plain = _samples(_recipe(color=color), 16)
    found = _samples(_recipe(color=color, decoration={kind: 1}), 16)
    decorated = ["decoration" in sample.provenance["surface"] for sample in found]
    # A form may have all its rules elsewhere.
    assert sum(decorated) >= (12 if kind == "rules" else 16)
    for sample, other, has in zip(found, plain, decorated, strict=True):
        assert (sample.encoded != other.encoded) == has
        if sample.provenance["rejected"] == other.provenance["rejected"]:
            assert sample.text == other.text
            for word, same in zip(sample.words, other.words, strict=True):
                np.testing.assert_array_equal(word.quad, same.quad)


def test_no_rule_swallows_a_dash_or_a_stem(tmp_path: Path) -> None:
    lines = ("a-b_c", "x = 4_1", "|one| two", "co–op l", "1 - 2 — 3", "__name__")
    (tmp_path / "lines.txt").write_text("\n".join(lines), encoding="utf-8")
    recipe = Recipe.for_language(
        "en",
        preset="clean",
        seed=5,
        text={"sources": [{"corpus": {"file": str(tmp_path / "lines.txt"), "cut": "lines"}}]},
        render={"height_px": 40, "decoration": {"underline": 0.4, "strike": 0.3, "rules": 0.5, "box": 0.3}},
    )
    finer, drawn = 10, 0
    for sample in _samples(recipe, 300):
        ruled = np.zeros([finer * n for n in sample.image.shape], bool)
        for item in sample.provenance["surface"].get("decoration", ()):
            left, top, right, bottom = (max(round(finer * v), 0) for v in item["box"])
            ruled[top:bottom, left:right] = True
            drawn += 1
        for cluster in sample.clusters:
            (left, top), (right, bottom) = np.rint(finer * cluster.quad[[0, 2]]).astype(int)
            assert ruled[top:bottom, left:right].mean() < 0.55, sample.text[cluster.start : cluster.end]
    assert drawn > 600


def test_without_a_share_nothing_is_decorated() -> None:
    assert not any("decoration" in s.provenance["surface"] for s in _samples(_recipe(decoration={})))


def test_shares_are_about_what_is_asked() -> None:
    found = _samples(_recipe(decoration={"underline": 0.3, "neighbours": 0.4}, bent=0.25), 400)
    underlined = sum("decoration" in s.provenance["surface"] for s in found)
    bent = sum("bend_em" in s.provenance.get("baseline", {}) for s in found)
    assert 0.22 < underlined / 400 < 0.38
    assert 0.18 < bent / 400 < 0.32


def test_neighbours_come_close_but_never_touch() -> None:
    """Between a line and its neighbours there is a gap, though they may be nearer than the line's height.

    The pictures are large, for the gap may be a fiftieth of an em.
    """
    render = {"decoration": {"neighbours": 1, "line_distance_em": [0.8, 1.1]}, "margin_em": [0.3, 0.6], "texture_grey": [0, 0]}
    render |= {"paper_grey": [255, 255], "height_px": 192}
    seen = 0
    for sample in _samples(_recipe(**render), 40):
        if not sample.provenance["surface"].get("neighbours"):
            continue
        quads = np.array([cluster.quad for cluster in sample.clusters])
        top, bottom = quads[:, :, 1].min(), quads[:, :, 1].max()
        ink = sample.image < 200
        rows = np.flatnonzero(ink.any(axis=1))
        seen += bool(len(rows)) and bool(rows.min() < top - 2 or rows.max() > bottom + 2)
        # No connected piece of ink reaches from inside the line to outside of it.
        n, labels = cv2.connectedComponents(ink.astype(np.uint8), connectivity=8)
        for piece in range(1, n):
            ys = np.flatnonzero((labels == piece).any(axis=1))
            inside = ys.max() >= top + 2 and ys.min() <= bottom - 2
            assert not inside or (ys.min() >= top - 2 and ys.max() <= bottom + 2)
    assert seen >= 15


def test_a_cut_line_loses_the_letters_that_the_crop_goes_through(named_fonts: dict[str, list[str]]) -> None:
    # In named fonts, for a cut may go through the white inside of a letter.
    whole = _samples(_recipe().with_changes(fonts=named_fonts), 200)
    cut = _samples(_recipe(clip_share=0.5).with_changes(fonts=named_fonts), 200)
    clipped = touched = 0
    for sample, other in zip(cut, whole, strict=True):
        if not sample.provenance.get("clipped"):
            assert sample.encoded == other.encoded
            continue
        clipped += 1
        assert other.text.startswith(sample.text)
        assert sample.text != other.text
        assert sample.text == sample.text.rstrip()
        # Ink reaches the right edge, and every labelled letter lies before it.
        width = sample.image.shape[1]
        right = max(float(c.quad[:, 0].max()) if hasattr(c.quad, "max") else max(x for x, _ in c.quad) for c in sample.clusters)
        assert right < width
        # Of the letter behind it no more is seen than half a stem.
        inked = np.ptp(_grey(sample.image).astype(int), axis=0) > 40
        seen = min(int(np.argmin(inked[::-1])), width - right)
        assert (seen - 2) / sample.provenance["font"]["size_px"] < 0.06
        edge = _grey(sample.image)[:, -2:].astype(int)
        touched += bool(edge.max() - edge.min() > 25)
    assert 45 < clipped < 110
    # Of a round letter it may be less than a pixel.
    assert touched > 0.6 * clipped


@pytest.mark.parametrize("height", [16, 32, 128])
def test_nothing_that_could_be_read_is_left_of_a_cut_letter(height: int) -> None:
    """By its ink: half an ``l`` is an ``l``, and a pixel at 16 px is as wide as one."""
    cut, whole = (
        _samples(
            _recipe(height_px=height, clip_share=share).with_changes(text={"length_clusters": [5, 14]}, output={"masks": True}),
            150,
        )
        for share in (1.0, 0.0)
    )
    found = 0
    for sample, other in zip(cut, whole, strict=True):
        n = len(sample.cluster_ranges)
        if not sample.provenance.get("clipped") or not other.text.startswith(sample.text):
            continue
        found += 1
        n += len(other.text[len(sample.text) :]) - len(other.text[len(sample.text) :].lstrip())
        quad, first = other.cluster_quads[n], other.cluster_quads[0]
        scale = sample.provenance["font"]["size_px"] / other.provenance["font"]["size_px"]
        # Where the right side of the cut picture is in the whole one.
        side = first[0, 0] + (sample.image.shape[1] - sample.cluster_quads[0][0, 0]) / scale
        (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
        # It goes through the letter, or a pixel's rounding before it.
        assert left - 1.1 / scale < side < right
        ink = decode(cast("bytes", other.mask))[int(top) : math.ceil(bottom), int(left) : math.ceil(right)].sum(
            axis=0, dtype=float
        )
        seen = ink[np.arange(int(left), math.ceil(right)) + 0.5 < side].sum()
        assert seen < 0.35 * ink.sum(), (sample.index, other.text, sample.text)
    assert found > 75


@pytest.mark.parametrize("preset", ["document", "camera", "receipt"])
def test_widths_are_those_of_the_recipe_after_all_warps(preset: str) -> None:
    for least, most in ((300, 300), (1, 150), (200, 400)):
        recipe = _recipe(preset=preset, min_width_px=least, max_width_px=most).with_changes(text={"length_clusters": [1, 12]})
        for sample in _samples(recipe, 60):
            assert least <= sample.image.shape[1] <= most
            assert sample.line.quad[:, 0].max() <= most + 0.5


def test_widths_that_cannot_be() -> None:
    with pytest.raises(RecipeError, match=r"render\.min_width_px: must be at most max_width_px, got 128 above 64"):
        _recipe(min_width_px=128, max_width_px=64)


@pytest.mark.parametrize(
    "chain",
    [
        [{"stretch": {"width_ratio": [0.6, 0.7]}}],
        [{"stretch": {"width_ratio": [0.6, 0.7]}}, {"sine_wave": {}}],
        [{"stretch": {"width_ratio": [0.7, 0.8]}}, {"gaussian_blur": {}}, {"stretch": {"width_ratio": [0.7, 0.8]}}],
    ],
    ids=["matrix", "curved", "twice"],
)
def test_a_warp_moves_the_side_that_cuts_with_the_letters(chain: list[Any]) -> None:
    """What is seen of the letter behind the label gets no wider: else the whole letter would be there, and no label of it."""
    cut = _recipe(clip_share=1.0)
    beyond = [_beyond(_samples(recipe, 60)) for recipe in (cut, cut.with_changes(degrade=chain))]
    found = 0
    for plain, warped in zip(*beyond, strict=True):
        if plain is not None:
            found += 1
            assert warped is not None
            assert warped <= 0.85 * plain + 2
    assert found > 40


def _beyond(samples: list[Sample]) -> list[float | None]:
    """Return how many px lie between the line and the right side, of lines that are cut."""
    return [s.image.shape[1] - float(s.line.quad[:, 0].max()) if s.provenance.get("clipped") else None for s in samples]


def test_what_is_not_cut_is_never_clipped() -> None:
    """All ink of the line, and no ink but the line's, lies inside the frame."""
    for preset in ("scan", "book", "receipt", "fax"):
        for sample in _samples(_recipe(preset=preset, decoration={}), 60):
            height, width = sample.image.shape[:2]
            quads = np.array([cluster.quad for cluster in sample.clusters])
            assert quads[..., 0].min() > -0.6
            assert quads[..., 1].min() > -0.6
            assert quads[..., 0].max() < width + 0.6
            assert quads[..., 1].max() < height + 0.6


def test_bent_and_jumping_letters_are_where_their_boxes_are() -> None:
    render = {"bent": 1.0, "jittered": 1.0, "jitter_em": [0.1, 0.2], "height_px": 80, "texture_grey": [0, 0]}
    for sample in _samples(_recipe(**render, paper_grey=[255, 255]), 12):
        ink = (sample.image < 128).astype(np.uint8)
        outside = ink.copy()
        for cluster in sample.clusters:
            quad = np.array(cluster.quad)
            cv2.fillConvexPoly(outside, np.rint(quad + np.sign(quad - quad.mean(axis=0)) * 1.5).astype(np.int32), 0)
        assert outside.sum() <= 0.002 * ink.sum()
        assert sample.provenance["baseline"]
        assert len(sample.line.baseline) > 2


def test_scripts_whose_letters_join_do_not_jump() -> None:
    recipe = Recipe.for_language("hi", preset="clean", render={"jittered": 1.0})
    assert not any("jitter_em" in make_sample(recipe, i).provenance.get("baseline", {}) for i in range(8))


def test_a_short_line_is_widened_to_the_least_width() -> None:
    for sample in _samples(_recipe(min_width_px=600)):
        assert sample.image.shape[1] >= 600


@pytest.mark.parametrize(
    ("render", "message"),
    [
        ({"paper": {"papyrus": 1}}, "render.paper: unknown key 'papyrus'; known: "),
        ({"ink": {"lasser": 1}}, "render.ink: unknown key 'lasser'; did you mean 'laser'"),
        ({"paper": {"plain": -1}}, "render.paper: weights must be 0 or more"),
        ({"ink": {"laser": 0}}, "render.ink: must have a weight above 0"),
        ({"decoration": {"underlined": 1}}, "render.decoration: unknown key 'underlined'; did you mean 'underline'"),
        ({"decoration": {"underline": 2}}, "render.decoration.underline: "),
    ],
)
def test_wrong_keys_are_told(render: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        _recipe(**render)
