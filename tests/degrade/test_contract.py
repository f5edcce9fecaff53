"""What every degradation op promises, tested on all that the registry holds: a new op is tested by being there."""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import random  # noqa: TID251 - its state is what must stay untouched
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

import cv2
import numpy as np
import pytest

from ocrsynth import Recipe, make_sample
from ocrsynth.degrade.base import OPS, PHASES, CodecOp, GeometricOp, Op
from ocrsynth.degrade.entries import describe_chain, parse_chain
from ocrsynth.errors import RecipeError
from ocrsynth.fields import Range, Within, validate
from ocrsynth.pipeline import pipeline_for
from ocrsynth.records import Bleed, Frame, TextLine
from ocrsynth.render.layout import lay_out
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAMES = list(OPS)
_SIZES = [(1, 1), (8, 5), (48, 320), (64, 2000)]
_LEVELS = range(1, 6)


def _cls(name: str) -> type[Op]:
    return OPS.get(name, "test")


def _op(name: str, severity: int) -> Op:
    cls = _cls(name)
    return validate(cls, cls.SEVERITIES[severity - 1], name)


def _params(op: Op, shape: tuple[int, ...], index: int = 0) -> dict[str, Any]:
    height, width = shape[:2]
    return op.sample(Stream(3, index, "contract"), Frame(height, width, 0.7 * height))


def _picture(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return bright noise with dark bars, which every op has something to do to."""
    image = np.random.default_rng(5).integers(170, 230, shape, np.uint8)
    image[shape[0] // 4 : shape[0] // 2, :: max(shape[1] // 16, 2)] = 30
    return image


def _inputs(cls: type[Op], size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Return a grey and an RGB picture, or for a print op a coverage mask; all of them read-only."""
    grey = _picture(size)
    images = [255 - grey] if cls.phase == "print" else [grey, _picture((*size, 3))]
    for image in images:
        image.setflags(write=False)
    return images


@pytest.fixture(scope="module")
def lines(named_fonts: dict[str, list[str]]) -> list[NDArray[np.uint8]]:
    """Rendered lines of text of 48 px; in named fonts, for a coarse grid falls on strokes by chance."""
    recipe = Recipe.for_language("en", preset="clean", seed=3, render={"height_px": 48}, fonts=named_fonts)
    return [make_sample(recipe, i).image for i in range(4)]


@pytest.fixture(scope="module")
def masks(named_fonts: dict[str, list[str]]) -> list[NDArray[np.uint8]]:
    """Coverage masks of lines of text of 48 px, in named fonts as well."""
    recipe = Recipe.for_language("en", preset="clean", seed=3, render={"height_px": 48}, fonts=named_fonts)
    fonts = pipeline_for(recipe).fonts
    found = []
    for i, text in enumerate(("Hamburgefonstiv 0123", "minimum (QWERTY)", "jumping fox; 98%", "ILLUMINATION")):
        font = fonts.draw(Stream(3, i, "font"))
        shaped = shape_line(TextLine(text, "test", "ltr", "Latn", "en"), font.key)
        found.append(draw_mask(shaped, lay_out(shaped, recipe.render, Stream(3, i, "layout")), Bleed(0, 0, 0, 0)))
    return found


@pytest.fixture
def drawn(request: pytest.FixtureRequest, name: str) -> list[NDArray[np.uint8]]:
    """What the op meets in a run: pictures of text, or masks for a print op."""
    found: list[NDArray[np.uint8]] = request.getfixturevalue("masks" if _cls(name).phase == "print" else "lines")
    return found


def _change(op: Op, image: NDArray[np.uint8], params: dict[str, Any]) -> float:
    """Return the mean absolute change of pixels; of a geometric op, the mean way of points against the centre."""
    if not isinstance(op, GeometricOp):
        return float(np.abs(op.apply(image, **params).astype(int) - image).mean())
    height, width = image.shape[:2]
    grid = np.array([(x, y) for x in np.linspace(0, width, 17) for y in np.linspace(0, height, 5)])
    moved = op.move_points(grid, height, width, **params)
    return float(np.linalg.norm((moved - moved.mean(axis=0)) - (grid - grid.mean(axis=0)), axis=1).mean())


def test_there_are_ops() -> None:
    assert len(_NAMES) >= 45


@pytest.mark.parametrize("name", _NAMES)
class TestDeclaration:
    def test_the_file_is_called_like_the_op(self, name: str) -> None:
        cls = _cls(name)
        assert cls.name == name
        assert Path(inspect.getfile(cls)).stem == name

    def test_it_says_what_it_is(self, name: str) -> None:
        cls = _cls(name)
        for thing in (cls, inspect.getmodule(cls), cls.sample, cls.apply):
            doc = inspect.getdoc(thing)
            assert doc
            assert doc.splitlines()[0].endswith(".")
        assert cls.__doc__ != Op.__doc__

    def test_its_phase_and_version_are_valid(self, name: str) -> None:
        cls = _cls(name)
        assert cls.phase in PHASES
        assert type(cls.VERSION) is int
        assert cls.VERSION >= 1
        assert issubclass(cls, CodecOp) <= (cls.phase == "codec")
        assert issubclass(cls, GeometricOp) <= (cls.phase == "capture")

    def test_its_example_is_a_valid_recipe_entry(self, name: str) -> None:
        [link] = parse_chain([{name: _cls(name).EXAMPLE}], "degrade")
        assert type(link.op) is _cls(name)
        assert _cls(name).EXAMPLE

    def test_it_has_five_severities_of_constant_ranges(self, name: str) -> None:
        cls = _cls(name)
        assert len(cls.SEVERITIES) == 5
        for i, entry in enumerate(cls.SEVERITIES):
            op = validate(cls, entry, f"{name}[{i}]")
            for key in entry:
                value = getattr(op, key)
                if isinstance(value, Range):
                    assert value.low == value.high, f"severity {i + 1}: {key} is no constant"
        assert len({repr(entry) for entry in cls.SEVERITIES}) == 5

    def test_unknown_keys_are_refused(self, name: str) -> None:
        with pytest.raises(RecipeError, match=rf"^degrade\[0\]\.{name}: unknown key 'no_such_key'; known: "):
            parse_chain([{name: {"no_such_key": 1}}], "degrade")

    def test_its_recipe_entry_is_read_back(self, name: str) -> None:
        links = parse_chain([{name: _cls(name).EXAMPLE}, {name: {"p": 0.25}}], "degrade")
        assert parse_chain(json.loads(json.dumps(describe_chain(links))), "degrade") == links
        assert [link.occurrence for link in links] == [0, 1]


@pytest.mark.parametrize("name", _NAMES)
class TestApply:
    @pytest.mark.parametrize("severity", [1, 3, 5])
    @pytest.mark.parametrize("size", _SIZES, ids=str)
    def test_it_keeps_kind_and_shape_and_leaves_its_input(self, name: str, size: tuple[int, int], severity: int) -> None:
        op = _op(name, severity)
        for image in _inputs(type(op), size):
            before = image.tobytes()
            params = _params(op, image.shape)
            out = op.apply(image, **params)
            assert out.dtype == np.uint8
            assert out.flags.c_contiguous
            assert out.ndim == image.ndim
            assert not np.shares_memory(out, image)
            assert image.tobytes() == before
            if isinstance(op, GeometricOp):
                canvas = op.canvas(*size, **params)
                assert out.shape == (canvas.height, canvas.width, *image.shape[2:])
            else:
                assert out.shape == image.shape

    def test_it_is_repeatable_also_from_json(self, name: str) -> None:
        op = _op(name, 4)
        for size in ((48, 320), (8, 5)):
            for image in _inputs(type(op), size):
                params = _params(op, image.shape)
                text = json.dumps(params, allow_nan=False)
                first = op.apply(image, **params)
                again = op.apply(image, **json.loads(text))
                assert json.dumps(params) == text, "apply changed its parameters"
                np.testing.assert_array_equal(again, first)

    def test_a_view_gives_the_pixels_of_its_copy(self, name: str) -> None:
        """A picture with a bleed is often cut out of a larger one."""
        op = _op(name, 3)
        for image in _inputs(type(op), (50, 330)):
            view = image[1:-1, 4:-6]
            params = _params(op, view.shape)
            np.testing.assert_array_equal(op.apply(view, **params), op.apply(np.ascontiguousarray(view), **params))

    def test_drawing_is_repeatable_and_uses_its_stream(self, name: str) -> None:
        op = validate(_cls(name), _cls(name).EXAMPLE, name)
        assert _params(op, (48, 320), 0) == _params(op, (48, 320), 0)
        assert any(_params(op, (48, 320), i) != _params(op, (48, 320), 0) for i in range(1, 20))

    def test_the_resolution_that_is_kept_is_told(self, name: str) -> None:
        for severity in _LEVELS:
            kept = _op(name, severity).kept_ratio(**_params(_op(name, severity), (48, 320)))
            assert kept < 1 if name in {"downscale", "resample"} else kept == 1

    def test_severity_3_changes_something(self, name: str, drawn: list[NDArray[np.uint8]]) -> None:
        op = _op(name, 3)
        for i, image in enumerate(drawn):
            assert _change(op, image, _params(op, image.shape, i)) > 0
            out = op.apply(image, **_params(op, image.shape, i))
            assert out.shape != image.shape or (out != image).mean() > 0.01

    def test_the_change_never_falls_as_severity_rises(self, name: str, drawn: list[NDArray[np.uint8]]) -> None:
        ops = [_op(name, severity) for severity in _LEVELS]
        for i, image in enumerate(drawn):
            changes = [_change(op, image, _params(op, image.shape, i)) for op in ops]
            assert changes == sorted(changes)
            # What is black and white at its weakest has changed every pixel already.
            bilevel = len(np.unique(ops[0].apply(image, **_params(ops[0], image.shape, i)))) <= 2
            assert changes[-1] > (1.1 if bilevel else 1.5) * changes[0]

    def test_severity_5_leaves_a_picture(self, name: str, drawn: list[NDArray[np.uint8]]) -> None:
        op = _op(name, 5)
        for i, image in enumerate(drawn):
            out = op.apply(image, **_params(op, image.shape, i))
            assert int(out.max()) - int(out.min()) > 10

    def test_global_random_state_is_neither_read_nor_written(self, name: str) -> None:
        op = _op(name, 3)
        [image, *_] = _inputs(type(op), (48, 320))

        def run() -> bytes:
            return op.apply(image, **_params(op, image.shape)).tobytes()

        random.seed(1)
        np.random.seed(1)  # noqa: NPY002 - the legacy state is what must not matter
        before = random.getstate(), pickle.dumps(np.random.get_state())  # noqa: NPY002
        first = run()
        assert random.getstate() == before[0]
        assert pickle.dumps(np.random.get_state()) == before[1]  # noqa: NPY002
        random.seed(2)
        np.random.seed(2)  # noqa: NPY002
        assert run() == first


# Print ops never see colour, noise is drawn per channel, and codecs subsample colour.
@pytest.mark.parametrize("name", [n for n in _NAMES if _cls(n).phase not in ("print", "codec") and n != "sensor_noise"])
def test_grey_and_equal_channels_agree(name: str, lines: list[NDArray[np.uint8]]) -> None:
    """A colour picture without colour is degraded like a grey one, but for noise and codecs, which know channels."""
    op = _op(name, 2)
    image = lines[0]
    params = _params(op, image.shape)
    grey = op.apply(image, **params)
    colour = op.apply(np.repeat(image[:, :, None], 3, axis=2), **params)
    if op.TINTS:
        luminance = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        assert np.abs(luminance.astype(int) - grey).max() <= 2
        return
    for channel in range(3):
        assert np.abs(colour[:, :, channel].astype(int) - grey).max() <= 1


def _limits(cls: type[Op]) -> list[dict[str, Any]]:
    """Return entries with every field, one after the other, at the least and the largest value that recipes may give."""
    entries: list[dict[str, Any]] = []
    for key, hint in get_type_hints(cls, include_extras=True).items():
        for mark in getattr(hint, "__metadata__", ()):
            if isinstance(mark, Within):
                entries += [{key: [end, end]} for end in (mark.low, mark.high)]
    return entries


@pytest.mark.parametrize("name", _NAMES)
def test_the_limits_of_every_field_give_a_picture(name: str) -> None:
    cls = _cls(name)
    assert _limits(cls)
    for entry in _limits(cls):
        op = validate(cls, entry, name)
        for size in ((48, 320), (8, 5)):
            for image in _inputs(cls, size):
                for i in range(4):
                    params = json.loads(json.dumps(_params(op, image.shape, i), allow_nan=False))
                    if isinstance(op, GeometricOp):
                        _, height, width, _ = op.canvas(*size, **params)
                        assert height + width < 10 * sum(size), f"{entry}: a canvas of {height}×{width} for {size}"
                    out = op.apply(image, **params)
                    assert out.dtype == np.uint8
                    assert out.ndim == image.ndim
                    assert not np.shares_memory(out, image)
                    assert isinstance(op, GeometricOp) or out.shape == image.shape


@pytest.mark.parametrize("field", ["radius_em", "length_em"])
def test_a_blur_of_no_size_changes_nothing(field: str) -> None:
    names = [name for name in _NAMES if field in _cls(name).model_fields]
    assert names
    for name in names:
        op = validate(_cls(name), {field: [0, 0]}, name)
        for image in _inputs(type(op), (48, 320)):
            np.testing.assert_array_equal(op.apply(image, **_params(op, image.shape)), image)


@pytest.mark.parametrize("name", [n for n in _NAMES if issubclass(_cls(n), CodecOp)])
def test_a_codec_gives_what_its_bytes_hold(name: str) -> None:
    from ocrsynth import codec

    op = _op(name, 3)
    assert isinstance(op, CodecOp)
    for image in _inputs(type(op), (48, 320)):
        params = _params(op, image.shape)
        np.testing.assert_array_equal(codec.decode(op.encode(image, **params)), op.apply(image, **params))


_CHILD = """
import hashlib, json, pickle, sys
jobs = pickle.load(sys.stdin.buffer)
print(json.dumps([hashlib.sha256(op.apply(image, **params).tobytes()).hexdigest() for op, image, params in jobs]))
"""


@pytest.fixture(scope="module")
def in_another_process() -> dict[str, list[str]]:
    """The digests of all ops as a fresh interpreter makes them from pickles."""
    jobs = [(name, op, image) for name in _NAMES for op in [_op(name, 4)] for image in _inputs(type(op), (48, 320))]
    pickled = pickle.dumps([(op, image, _params(op, image.shape)) for _, op, image in jobs])
    out = subprocess.run([sys.executable, "-c", _CHILD], input=pickled, capture_output=True, check=True).stdout
    found: dict[str, list[str]] = {name: [] for name in _NAMES}
    for (name, _, _), digest in zip(jobs, json.loads(out), strict=True):
        found[name].append(digest)
    return found


@pytest.mark.parametrize("name", _NAMES)
def test_a_pickled_op_gives_the_same_pixels_in_another_process(name: str, in_another_process: dict[str, list[str]]) -> None:
    op = _op(name, 4)
    assert pickle.loads(pickle.dumps(op)) == op  # noqa: S301 - made here
    here = [
        hashlib.sha256(op.apply(image, **_params(op, image.shape)).tobytes()).hexdigest()
        for image in _inputs(type(op), (48, 320))
    ]
    assert in_another_process[name] == here
