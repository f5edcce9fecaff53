"""albumentations both ways: its transforms in a recipe, and our ops in its ``Compose``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from ocrsynth import Recipe, make_sample
from ocrsynth.degrade.base import OPS, GeometricOp
from ocrsynth.degrade.borrowed import BorrowedFilter, BorrowedWarp
from ocrsynth.degrade.entries import describe_chain, parse_chain
from ocrsynth.errors import RecipeError, SampleError
from ocrsynth.pipeline import Pipeline, _pipeline_of, pipeline_for
from ocrsynth.records import Frame
from ocrsynth.seeding import Stream

_FILTERS = [
    "AdditiveNoise",
    "AdvancedBlur",
    "AutoContrast",
    "Blur",
    "CLAHE",
    "ChannelDropout",
    "ChannelShuffle",
    "ChromaticAberration",
    "CoarseDropout",
    "ColorJitter",
    "Defocus",
    "Downscale",
    "Emboss",
    "Equalize",
    "Erasing",
    "FancyPCA",
    "GaussNoise",
    "GaussianBlur",
    "GlassBlur",
    "GridDropout",
    "HEStain",
    "HueSaturationValue",
    "ISONoise",
    "Illumination",
    "ImageCompression",
    "InvertImg",
    "MedianBlur",
    "Morphological",
    "MotionBlur",
    "MultiplicativeNoise",
    "PixelDropout",
    "PlanckianJitter",
    "PlasmaBrightnessContrast",
    "PlasmaShadow",
    "Posterize",
    "RGBShift",
    "RandomBrightnessContrast",
    "RandomFog",
    "RandomGamma",
    "RandomGravel",
    "RandomRain",
    "RandomShadow",
    "RandomSnow",
    "RandomSunFlare",
    "RandomToneCurve",
    "RingingOvershoot",
    "SaltAndPepper",
    "Sharpen",
    "ShotNoise",
    "Solarize",
    "Spatter",
    "Superpixels",
    "ToGray",
    "ToSepia",
    "UnsharpMask",
    "XYMasking",
    "ZoomBlur",
]
_WARPS: dict[str, dict[str, Any]] = {
    "Affine": {"rotate": [-6, 6], "shear": [-10, 10], "scale": [0.8, 1.2]},
    "ElasticTransform": {"alpha": 30, "sigma": 6},
    "GridElasticDeform": {"num_grid_xy": [4, 4], "magnitude": 2},
    "OpticalDistortion": {"distort_limit": [-0.3, 0.3]},
    "Perspective": {"scale": [0.02, 0.05]},
    "RandomRotate90": {},
    "RandomScale": {"scale_limit": [0.2, 0.5]},
    "Rotate": {"limit": [-8, 8]},
    "SafeRotate": {"limit": [-8, 8]},
    "ShiftScaleRotate": {"rotate_limit": [-6, 6]},
    "ThinPlateSpline": {"scale_range": [0.02, 0.05]},
}


def _op(transform: str, arguments: dict[str, Any] | None = None) -> Any:
    [link] = parse_chain([{"albumentations": {"transform": transform, "arguments": arguments or {}}}], "degrade")
    return link.op


def test_at_least_forty_are_tested_by_name() -> None:
    assert len(_FILTERS) + len(_WARPS) >= 60


@pytest.mark.parametrize("name", _FILTERS)
def test_a_filter_keeps_the_kind_of_picture_and_repeats(name: str) -> None:
    op = _op(name)
    assert isinstance(op, BorrowedFilter)
    for shape in ((48, 320), (48, 320, 3), (32, 90)):
        image = np.random.default_rng(3).integers(120, 250, shape, np.uint8)
        image[12:30, ::9] = 20
        image.setflags(write=False)
        before = image.tobytes()
        params = op.sample(Stream(3, 1, "test"), Frame(*shape[:2], 30.0))
        params = json.loads(json.dumps(params))
        outs = [op.apply(image, **params) for _ in range(2)]
        assert outs[0].dtype == np.uint8
        assert outs[0].shape == shape
        assert outs[0].flags.c_contiguous
        assert image.tobytes() == before
        np.testing.assert_array_equal(*outs)


def test_a_filter_draws_anew_for_each_sample() -> None:
    op = _op("GaussNoise")
    image = np.full((32, 100), 128, np.uint8)
    frame = Frame(32, 100, 22.0)
    a, b = (op.apply(image, **op.sample(Stream(3, i, "test"), frame)) for i in range(2))
    assert (a != b).any()


@pytest.mark.parametrize("name", _WARPS)
def test_points_follow_the_pixels_of_a_warp(name: str) -> None:
    op = _op(name, _WARPS[name])
    assert isinstance(op, BorrowedWarp)
    height, width = 64, 300
    dots = np.array([(x, y) for x in range(20, 300, 40) for y in (14, 32, 50)], float)
    for index in range(3):
        params = op.sample(Stream(5, index, "test"), Frame(height, width, 45.0))
        moved = op.move_points(dots, height, width, **params)
        for dot, target in zip(dots, moved, strict=True):
            image = np.zeros((height, width), np.uint8)
            x, y = dot.astype(int)
            image[y - 4 : y + 4, x - 4 : x + 4] = 255
            out = op.apply(image, **params).astype(float)
            ys, xs = np.mgrid[: out.shape[0], : out.shape[1]] + 0.5
            centre = np.array(((xs * out).sum(), (ys * out).sum())) / out.sum()
            assert np.abs(centre - target).max() < 0.7


@pytest.mark.parametrize("name", _WARPS)
def test_the_whole_picture_stays_on_the_canvas(name: str) -> None:
    """The canvas grows: what albumentations alone would cut off is there, and nothing is mirrored."""
    op = _op(name, _WARPS[name])
    height, width = 40, 200
    rim = np.array([(0, 0), (100, 0), (200, 0), (200, 40), (100, 40), (0, 40)], float)
    for index in range(4):
        params = op.sample(Stream(5, index, "test"), Frame(height, width, 28.0))
        canvas = op.canvas(height, width, **params)
        moved = op.move_points(rim, height, width, **params)
        assert moved.min() > -0.51
        assert (moved <= (canvas.width + 0.51, canvas.height + 0.51)).all()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"transform": "GausianBlur"}, r"albumentations has no such transform, got 'GausianBlur'; did you mean 'GaussianBlur'"),
        (
            {"transform": "GaussianBlur", "arguments": {"sigma": 3}},
            "arguments: unknown key 'sigma'; did you mean 'sigma_limit'",
        ),
        ({"transform": "GaussianBlur", "arguments": {"p": 0.3}}, "'p' belongs to the entry itself"),
        ({"transform": "GaussianBlur", "arguments": {"sigma_limit": "x"}}, "does not take a picture and these arguments"),
        ({"transform": "HorizontalFlip"}, "HorizontalFlip mirrors letters"),
        ({"transform": "VerticalFlip"}, "VerticalFlip mirrors letters"),
        ({"transform": "Transpose"}, "Transpose mirrors letters"),
        ({"transform": "Rotate", "arguments": {"limit": [180, 180]}}, "Rotate turns over letters"),
        ({"transform": "SafeRotate", "arguments": {"limit": [170, 180]}}, "SafeRotate turns over letters"),
        ({"transform": "Affine", "arguments": {"rotate": [180, 180]}}, "Affine turns over letters"),
        ({"transform": "RandomCrop", "arguments": {"height": 10, "width": 10}}, "RandomCrop (cuts|folds) the line"),
        ({"transform": "RandomGridShuffle"}, "RandomGridShuffle (mirrors|folds)"),
        ({"transform": "Normalize"}, "gives no 8-bit picture"),
        ({"transform": "FDA"}, "fda_metadata"),
        ({"transform": "Compose"}, "has no such transform"),
        ({}, "transform: field required"),
        ({"transform": "Blur", "argument": {}}, "unknown key 'argument'; did you mean 'arguments'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=rf"^degrade\[0\]\.albumentations.*{message}"):
        parse_chain([{"albumentations": entry}], "degrade")


def test_a_transform_that_fails_is_named() -> None:
    """Of albumentations 2.0 Erasing fails on some pictures that have no room for what it would erase."""
    pipeline = Pipeline(Recipe.for_language("en", degrade=[{"albumentations": {"transform": "Erasing"}}]))
    with pytest.raises(
        SampleError, match=r"^albumentations: Erasing fails on a picture \(32, \d+.*\) with seed \d+, TypeError: "
    ):
        pipeline.batch(range(200))


def test_a_recipe_with_borrowed_links_is_read_back_and_repeats() -> None:
    chain = [
        {"rotation": {"angle_deg": [-2, 2]}},
        {"albumentations": {"transform": "Perspective", "arguments": {"scale": [0.02, 0.05]}, "p": 0.8}},
        {"one_of": {"ops": [{"albumentations": {"transform": "GaussNoise", "weight": 2}}, {"gaussian_blur": {}}]}},
        {"jpeg": {}},
    ]
    links = parse_chain(chain, "degrade")
    assert parse_chain(json.loads(json.dumps(describe_chain(links))), "degrade") == links
    recipe = Recipe.for_language("en", seed=2, degrade=chain, render={"height_px": 48})
    lock = recipe.lock()
    assert {"albumentations", "albucore"} <= lock.keys()
    one = [make_sample(recipe, i) for i in range(24)]
    _pipeline_of.cache_clear()
    for sample, again in zip(one, pipeline_for(recipe).batch(range(24)), strict=True):
        assert sample.encoded == again.encoded
        height, width = sample.image.shape[:2]
        quads = np.array([word.quad for word in sample.words])
        assert quads.min() > -1
        assert (quads <= (width + 1, height + 1)).all()
    used = [entry["params"]["transform"] for s in one for entry in s.provenance["degrade"] if entry["op"] == "albumentations"]
    assert {"Perspective", "GaussNoise"} == set(used)


def test_without_the_package_the_message_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['albumentations'] = None\n"
        "from ocrsynth import Recipe\n"
        "from ocrsynth.errors import MissingDependencyError\n"
        "for act in (lambda: Recipe.for_language('en', degrade=[{'albumentations': {'transform': 'Blur'}}]),\n"
        "            lambda: __import__('ocrsynth.albumentations')):\n"
        "    try: act()\n"
        "    except MissingDependencyError as error: print(error)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.count("pip install 'ocrsynth[albumentations]'") == 2


@pytest.fixture(scope="module")
def library() -> Any:
    """Albumentations itself."""
    import ocrsynth.albumentations  # noqa: F401 - keeps albumentations from asking the network
    import albumentations  # isort: skip

    return albumentations


class TestInCompose:
    """Our ops as transforms of albumentations."""

    @pytest.mark.parametrize("name", list(OPS))
    def test_every_op_is_a_transform(self, name: str, library: Any) -> None:
        import ocrsynth.albumentations as ours

        cls = getattr(ours, "".join(part.capitalize() for part in name.split("_")))
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in OPS.get(name, "test").EXAMPLE.items()}
        image = np.random.default_rng(3).integers(150, 250, (40, 200), np.uint8)
        image[10:30, 20:180:9] = 20
        outs = []
        for _ in range(2):
            compose = library.Compose([cls(**fields, p=1)], seed=11)
            for picture in (image, np.repeat(image[..., None], 3, axis=2), image[..., None]):
                out = compose(image=picture)["image"]
                assert out.dtype == np.uint8
                assert out.ndim == picture.ndim
                if not issubclass(OPS.get(name, "test"), GeometricOp):
                    assert out.shape == picture.shape
                outs.append(out)
        for first, again in zip(outs[:3], outs[3:], strict=True):
            np.testing.assert_array_equal(first, again)

    def test_masks_boxes_and_keypoints_follow(self, library: Any) -> None:
        import ocrsynth.albumentations as ours

        compose = library.Compose(
            [ours.Degrade([{"rotation": {"angle_deg": [4, 4]}}, {"sine_wave": {}}, {"jpeg": {}}, {"perspective": {}}])],
            bbox_params=library.BboxParams("pascal_voc", label_fields=["names"]),
            keypoint_params=library.KeypointParams("xy", remove_invisible=False),
            seed=4,
        )
        mask = np.zeros((60, 300), np.uint8)
        mask[15:45, 40:160] = 7
        image = np.where(mask, 30, 220).astype(np.uint8)
        for _ in range(5):
            out = compose(image=image, mask=mask, bboxes=[(40, 15, 160, 45)], names=["a"], keypoints=[(100.0, 30.0)])
            assert out["mask"].shape == out["image"].shape
            assert set(np.unique(out["mask"])) == {0, 7}
            ys, xs = np.nonzero(out["mask"])
            [box] = out["bboxes"]
            np.testing.assert_allclose(box, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), atol=4)
            np.testing.assert_allclose(out["keypoints"][0], (xs.mean() + 0.5, ys.mean() + 0.5), atol=2.5)

    def test_wrong_pictures_and_fields_are_refused(self, library: Any) -> None:
        import ocrsynth.albumentations as ours

        with pytest.raises(RecipeError, match=r"fax: unknown key 'resolution'; did you mean 'resolution_em'"):
            ours.Fax(resolution=(3, 4))
        with pytest.raises(ValueError, match=r"takes uint8 pictures of one channel or three, got float32"):
            library.Compose([ours.Fax(p=1)])(image=np.zeros((32, 90), np.float32))
        with pytest.raises(AttributeError, match="Faxx"):
            ours.Faxx  # noqa: B018


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int32, np.uint32, np.int64, np.uint64, np.float16, np.float64])
@pytest.mark.parametrize("channels", [(), (1,), (6,)])
def test_masks_keep_their_type_and_values(dtype: type, channels: tuple[int, ...]) -> None:
    import albumentations

    from ocrsynth import albumentations as ours

    compose = albumentations.Compose([ours.Degrade([{"rotation": {"angle_deg": [3, 3]}}, {"page_curl": {}}])], seed=1)
    picture = np.full((40, 120), 220, np.uint8)
    plain = np.zeros((40, 120), np.uint8)
    plain[10:30, 5:] = 1
    large = np.array(1 if dtype is bool else 2**50 + 1 if np.dtype(dtype).itemsize == 8 else 77, dtype)
    mask = np.zeros((40, 120, *channels), dtype)
    mask[10:30, 5:] = large
    moved = compose(image=picture, mask=mask)["mask"]
    where = albumentations.Compose(compose.transforms, seed=1)(image=picture, mask=plain)["mask"] > 0
    assert moved.dtype == dtype
    assert moved.shape == (*where.shape, *channels)
    assert 0 < where.sum() < where.size
    expected = np.where(where.reshape(*where.shape, *(1 for _ in channels)), large, np.zeros((), dtype))
    assert np.array_equal(moved, np.broadcast_to(expected, moved.shape))


@pytest.mark.parametrize("em_px", [True, np.True_, "20", 0, float("nan"), 10_001])
def test_a_size_that_is_none_is_refused(em_px: Any) -> None:
    from ocrsynth import albumentations as ours

    message = f"em_px: must be a font size above 0 and up to 10,000 px, got {em_px!r}; leave it out for 0.7 of the height"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ours.Degrade("scan", em_px=em_px)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        ours.Jpeg(em_px=em_px)


@pytest.mark.parametrize("name", ["jpeg", "rotation", "page_curl"])
def test_pictures_without_boxes_and_masks_of_one_channel(name: str) -> None:
    import albumentations

    from ocrsynth import albumentations as ours

    op = getattr(ours, "".join(part.capitalize() for part in name.split("_")))(p=1)
    picture = np.full((50, 200, 3), 220, np.uint8)
    boxed = albumentations.Compose([op], bbox_params=albumentations.BboxParams("pascal_voc", label_fields=["kinds"]), seed=3)
    made = boxed(image=picture, bboxes=[], kinds=[])
    assert len(made["bboxes"]) == 0
    masks = [
        albumentations.Compose([op], seed=3)(image=picture, mask=mask)["mask"]
        for mask in (picture[..., :1], picture[..., 0], picture)
    ]
    assert [mask.ndim for mask in masks] == [3, 2, 3]
    assert np.array_equal(masks[0][..., 0], masks[1])
    assert np.array_equal(masks[0][..., 0], masks[2][..., 2])
