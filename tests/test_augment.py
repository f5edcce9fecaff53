"""A chain on the user's own pictures: any that Pillow opens, boxes carried along, the same bytes for the same seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from commands import run_here
from PIL import Image

from ocrsynth import Recipe, make_sample
from ocrsynth.augment import chain_of, degrade_image
from ocrsynth.degrade.presets import preset_names
from ocrsynth.errors import AssetError, ExitCode, RecipeError
from ocrsynth.pictures import read_picture

if TYPE_CHECKING:
    import subprocess

_RECIPE = Recipe.for_language("en", preset="clean", seed=4, render={"height_px": 64, "color": "rgb"})


def _cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_here(Path(), *arguments)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (64, 500), (64, 500, 3), (300, 40, 3)])
@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_on_pictures_of_any_size(preset: str, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    image.setflags(write=False)
    one, two = (degrade_image(image, preset, seed=3, index=7) for _ in range(2))
    assert one.image.dtype == np.uint8
    assert one.image.ndim == image.ndim
    assert np.array_equal(one.image, two.image)
    assert json.dumps(one.record) == json.dumps(two.record)


def test_another_seed_and_another_index_are_other_draws() -> None:
    image = make_sample(_RECIPE, 0).image
    results = {degrade_image(image, "camera", seed=s, index=i).image.tobytes() for s in range(3) for i in range(3)}
    assert len(results) == 9


@pytest.mark.parametrize("seed", range(6))
def test_points_follow_the_picture(seed: int) -> None:
    """A red cross on the picture is where its point has moved to."""
    image = np.full((80, 300, 3), 240, np.uint8)
    places = np.array([(40.5, 20.5), (260.5, 60.5), (150.5, 40.5)])
    for x, y in places.astype(int):
        image[y - 2 : y + 3, x - 2 : x + 3] = (255, 0, 0)
    chain: list[dict[str, Any]] = [
        {"rotation": {"angle_deg": [-8, 8]}},
        {"perspective": {"shift_ratio": [0.1, 0.15]}},
        {"shear": {"slope_ratio": [-0.2, 0.2]}},
        {"stretch": {"width_ratio": [0.7, 1.4]}},
    ]
    made = degrade_image(image, chain, seed=seed)
    red = (made.image[:, :, 0].astype(int) - made.image[:, :, 1]) > 60
    count, _, _, centres = cv2.connectedComponentsWithStats(red.astype(np.uint8))
    assert count == 4
    for x, y in made.move(places):
        assert np.hypot(centres[1:, 0] + 0.5 - x, centres[1:, 1] + 0.5 - y).min() < 1.0


def test_nothing_is_cut_and_the_new_border_has_the_colour_of_the_old() -> None:
    image = np.full((60, 200), 200, np.uint8)
    image[28:32] = 20
    made = degrade_image(image, [{"rotation": {"angle_deg": [6, 6]}}])
    assert made.image.shape[0] > 60
    assert (made.image < 100).sum() > 0.85 * (image < 100).sum()
    assert all(abs(int(made.image[y, x]) - 200) < 3 for y in (0, -1) for x in (0, -1))


@pytest.mark.parametrize(("paper", "ink"), [(230, 30), (30, 230)])
@pytest.mark.parametrize("op", ["ink_spread", "ink_erosion"])
def test_print_ops_act_on_the_ink_of_a_picture(op: str, paper: int, ink: int) -> None:
    image = np.full((64, 300), paper, np.uint8)
    for x in range(20, 280, 20):
        image[16:48, x : x + 6] = ink
    made = degrade_image(image, [{op: {"radius_em": [0.03, 0.03]}}]).image
    before, after = (np.abs(p.astype(int) - paper).sum() for p in (image, made))
    assert (after > 1.1 * before) if op == "ink_spread" else (after < 0.9 * before)


def test_a_chain_without_ops_changes_nothing() -> None:
    image = make_sample(_RECIPE, 1).image
    assert np.array_equal(degrade_image(image, "clean").image, image)
    assert degrade_image(image, chain_of("clean")).record == []


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)])
def test_an_array_that_is_no_picture(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"image: must be uint8 \(H, W\) or \(H, W, 3\), got"):
        degrade_image(bad)


@pytest.mark.parametrize("bad", [[[1, 2]], None, "line.png"])
def test_what_is_no_array(bad: Any) -> None:
    with pytest.raises(ValueError, match="image: must be an array uint8"):
        degrade_image(bad)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"index": -1}, "index: must be a whole number from 0 to 2\\*\\*64 - 1, got -1"),
        ({"index": 1.5}, "index: must be a whole number from 0 to 2\\*\\*64 - 1, got 1.5"),
        ({"seed": None}, "seed: must be a whole number from 0 to 2\\*\\*64 - 1, got None"),
        ({"seed": True}, "seed: must be a whole number from 0 to 2\\*\\*64 - 1, got True"),
        ({"em_px": 0}, "em_px: must be a font size above 0 and up to 10,000 px, got 0"),
        ({"em_px": -3.0}, "em_px: must be a font size above 0 and up to 10,000 px, got -3.0"),
        ({"em_px": float("inf")}, "em_px: must be a font size above 0 and up to 10,000 px, got inf"),
        ({"em_px": True}, "em_px: must be a font size above 0 and up to 10,000 px, got True"),
        ({"em_px": np.True_}, "em_px: must be a font size above 0 and up to 10,000 px, got np.True_"),
        ({"em_px": "20"}, "em_px: must be a font size above 0 and up to 10,000 px, got '20'"),
        ({"em_px": float("nan")}, "em_px: must be a font size above 0 and up to 10,000 px, got nan"),
    ],
)
def test_wrong_numbers(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        degrade_image(np.full((32, 90), 230, np.uint8), "scan", **options)


def test_numbers_of_numpy_do_as_well() -> None:
    picture = np.full((32, 90), 230, np.uint8)
    made = degrade_image(picture, seed=np.int64(3), index=np.uint64(4), em_px=np.float32(20))  # type: ignore[arg-type]
    assert np.array_equal(made.image, degrade_image(picture, seed=3, index=4, em_px=20).image)


def test_no_points_go_nowhere() -> None:
    made = degrade_image(np.full((32, 90), 230, np.uint8), [{"rotation": {"angle_deg": [3, 3]}}])
    assert made.move(np.zeros((0, 2))).shape == (0, 2)


@pytest.mark.parametrize(
    ("width", "message"),
    [(70_000, "must have at most 32766 px a side, got 70000×32"), (32_700, "got 32700×32 px, a warp needs a canvas of ")],
)
def test_a_picture_too_long_to_be_warped(width: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        degrade_image(np.full((32, width), 230, np.uint8), [{"stretch": {"width_ratio": [1.2, 1.2]}}, {"jpeg": {}}])


def test_the_command_names_a_picture_too_long(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wide.png"), np.full((32, 40_000), 230, np.uint8))
    done = run_here(tmp_path, "degrade", "wide.png", "-o", "out")
    assert done.stderr == "error: wide.png: must have at most 32766 px a side, got 40000×32; cut it up\n"
    assert done.returncode == ExitCode.ASSET


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(RecipeError, match="did you mean 'camera'"):
        degrade_image(np.zeros((9, 9), np.uint8), "camra")


class TestReading:
    """Pictures as users have them."""

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"])
    def test_every_mode(self, mode: str, tmp_path: Path) -> None:
        levels = np.tile(np.linspace(0, 255, 40), (20, 1))
        if mode == "I;16":
            picture = Image.fromarray((levels * 257).astype(np.uint16))
        elif mode in ("I", "F"):
            picture = Image.fromarray(levels.astype(np.int32 if mode == "I" else np.float32))
        else:
            picture = (
                Image.fromarray(levels.astype(np.uint8)).convert("RGB" if mode in ("CMYK", "YCbCr") else "L").convert(mode)
            )
        path = tmp_path / ("a.tif" if mode in ("CMYK", "I", "F", "YCbCr") else "a.png")
        picture.save(path)
        image = read_picture(path)
        assert image.dtype == np.uint8
        assert image.shape[:2] == (20, 40)
        assert image.ndim == (2 if mode in ("1", "L", "I;16", "I", "F") else 3)
        assert image[:, -3:].mean() > 200
        assert image[:, :3].mean() < 60

    def test_a_turned_photograph_stands_upright(self, tmp_path: Path) -> None:
        picture = Image.new("RGB", (60, 20), "white")
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.save(tmp_path / "a.jpg", exif=exif)
        assert read_picture(tmp_path / "a.jpg").shape == (60, 20, 3)

    def test_what_is_clear_is_white(self, tmp_path: Path) -> None:
        Image.new("RGBA", (5, 5), (0, 0, 0, 0)).save(tmp_path / "a.png")
        assert (read_picture(tmp_path / "a.png") == 255).all()

    @pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken", b"\xff\xd8\xff\xe0 broken"])
    def test_a_broken_file_is_named(self, content: bytes, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(content)
        with pytest.raises(AssetError, match=rf"^{path}: "):
            read_picture(path)

    def test_a_bomb_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        Image.new("L", (40, 40)).save(tmp_path / "a.png")
        with pytest.raises(AssetError, match="is too large a picture"):
            read_picture(tmp_path / "a.png")


class TestCommand:
    """``ocrsynth degrade``."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        folder = tmp_path / "source"
        done = _cli("render", "--lang", "en", "--preset", "clean", "--height", "64", "--index", "3", "-o", str(folder))
        assert done.returncode == 0, done.stderr
        return folder

    def test_pictures_and_boxes_are_written(self, source: Path, tmp_path: Path) -> None:
        [picture] = source.glob("*.png")
        done = _cli("degrade", str(picture), "--preset", "camera", "-o", str(tmp_path / "out"))
        assert done.returncode == 0, done.stderr
        image = read_picture(tmp_path / "out" / picture.name)
        meta = json.loads((tmp_path / "out" / picture.with_suffix(".json").name).read_bytes())
        before = json.loads(picture.with_suffix(".json").read_bytes())
        assert (meta["height"], meta["width"]) == image.shape[:2]
        assert meta["text"] == before["text"]
        assert len(meta["cluster_quads"]) == len(before["cluster_quads"])
        points = np.array([p for quad in meta["cluster_quads"] for p in quad])
        assert points.min() >= -0.5
        assert (points.max(axis=0) <= (image.shape[1] + 0.5, image.shape[0] + 0.5)).all()
        assert meta["provenance"]["degraded"]
        again = _cli("degrade", str(picture), "--preset", "camera", "-o", str(tmp_path / "again"))
        assert again.returncode == 0
        assert (tmp_path / "again" / picture.name).read_bytes() == (tmp_path / "out" / picture.name).read_bytes()

    def test_outlines_and_baselines_of_several_lines_are_carried(self, tmp_path: Path) -> None:
        (tmp_path / "r.yaml").write_text("language: en\nrender: {lines: [3, 3]}\ndegrade: [{rotation: {angle_deg: [4, 4]}}]\n")
        done = _cli("render", str(tmp_path / "r.yaml"), "--preset", "clean", "--index", "3", "-o", str(tmp_path / "source"))
        assert done.returncode == 0, done.stderr
        [picture] = (tmp_path / "source").glob("*.png")
        done = _cli("degrade", str(picture), "--recipe", str(tmp_path / "r.yaml"), "-o", str(tmp_path / "out"))
        assert done.returncode == 0, done.stderr
        before = json.loads(picture.with_suffix(".json").read_bytes())
        after = json.loads((tmp_path / "out" / picture.with_suffix(".json").name).read_bytes())
        assert len(after["line_baselines"]) == len(after["line_quads"]) == 3
        for old, new in zip(before["line_baselines"], after["line_baselines"], strict=True):
            (x0, y0), (x1, y1) = new[0], new[-1]
            assert np.degrees(np.arctan2(y0 - y1, x1 - x0)) == pytest.approx(4, abs=0.2)
            assert len(new) == len(old)
        for old, new in zip(before["line_quads"], after["line_quads"], strict=True):
            assert np.hypot(*np.subtract(new[1], new[0])) == pytest.approx(np.hypot(*np.subtract(old[1], old[0])), rel=0.02)

    def test_the_chain_of_a_recipe(self, source: Path, tmp_path: Path) -> None:
        [picture] = source.glob("*.png")
        recipe = tmp_path / "r.yaml"
        recipe.write_text("language: en\ndegrade: [{binarise: {}}]\n")
        assert _cli("degrade", str(picture), "--recipe", str(recipe), "-o", str(tmp_path / "out")).returncode == 0
        assert set(np.unique(read_picture(tmp_path / "out" / picture.name))) == {0, 255}

    def test_the_styles_of_a_recipe_by_their_weights(self, source: Path, tmp_path: Path) -> None:
        [picture] = source.glob("*.png")
        recipe = tmp_path / "r.yaml"
        styles = [
            {"name": "black", "weight": 3, "degrade": [{"binarise": {}}]},
            {"name": "white", "degrade": [{"gamma": {"gamma_ratio": [1.5, 1.5]}}]},
        ]
        recipe.write_text(json.dumps({"language": "en", "degrade": "document", "styles": styles}))
        copies = []
        for i in range(12):
            copies.append(str(tmp_path / f"{i}.png"))
            shutil.copy(picture, copies[-1])
        done = _cli("degrade", *copies, "--recipe", str(recipe), "-o", str(tmp_path / "out"))
        assert done.returncode == 0, done.stderr
        black = [len(np.unique(read_picture(tmp_path / "out" / f"{i}.png"))) == 2 for i in range(12)]
        assert 5 < sum(black) < 12

    def test_no_boxes_of_an_older_picture_stay(self, source: Path, tmp_path: Path) -> None:
        [picture] = source.glob("*.png")
        out = tmp_path / "out"
        assert _cli("degrade", str(picture), "--preset", "clean", "-o", str(out)).returncode == 0
        assert (out / picture.name).with_suffix(".json").exists()
        alone = tmp_path / "alone" / picture.name
        alone.parent.mkdir()
        shutil.copy(picture, alone)
        assert _cli("degrade", str(alone), "--preset", "clean", "-o", str(out)).returncode == 0
        assert [p.name for p in out.iterdir()] == [picture.name]

    def test_errors(self, source: Path, tmp_path: Path) -> None:
        [picture] = source.glob("*.png")
        copy = tmp_path / picture.name
        shutil.copy(picture, copy)
        done = _cli("degrade", str(picture), str(copy), "-o", str(tmp_path / "out"))
        assert done.returncode == ExitCode.RECIPE
        assert "two files would be written as" in done.stderr
        (tmp_path / "no.png").write_bytes(b"no picture")
        done = _cli("degrade", str(tmp_path / "no.png"), "-o", str(tmp_path / "out"))
        assert done.returncode == ExitCode.ASSET
        assert "is no picture that can be read" in done.stderr
        copy.with_suffix(".json").write_text("[1, 2]")
        done = _cli("degrade", str(copy), "-o", str(tmp_path / "out"))
        assert done.returncode == ExitCode.ASSET
        assert "holds no boxes as ocrsynth writes them" in done.stderr
        copy.with_suffix(".json").write_text('{"line_quad": [[0, null], [1, 0], [1, 1], [0, 1]]}')
        done = _cli("degrade", str(copy), "-o", str(tmp_path / "out"))
        assert done.returncode == ExitCode.ASSET
        assert "holds no boxes as ocrsynth writes them, a corner of line_quad is no number; remove it or mend it" in done.stderr
        done = _cli("degrade", str(picture), "-o", str(tmp_path / "no.png"))
        assert done.returncode in (ExitCode.OUTPUT, ExitCode.RECIPE)


def test_points_are_numbers_of_any_kind() -> None:
    made = degrade_image(np.full((32, 100), 230, np.uint8), "camera", seed=3)
    wanted = made.move(np.array(((1.0, 2.0), (30.0, 4.0))))
    for points in ([[1, 2], [30, 4]], np.array(((1, 2), (30, 4))), np.array(((1, 2), (30, 4)), np.float32)):
        assert np.array_equal(made.move(points), wanted)


@pytest.mark.parametrize(
    ("points", "message"),
    [([[1, 2, 3]], "of shape"), ([1.0, 2.0], "of shape"), ([[float("nan"), 1]], "finite"), ([[float("inf"), 1]], "finite")],
)
def test_what_are_no_points(points: Any, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^points: must be .*{message}"):
        degrade_image(np.full((32, 100), 230, np.uint8), "camera", seed=3).move(points)
