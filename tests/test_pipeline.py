"""`make_sample` is a pure function of the recipe and the index, and its samples are what their records say."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from ocrsynth import Recipe, codec, make_sample
from ocrsynth.degrade.presets import preset_names, preset_styles
from ocrsynth.errors import ExitCode, SampleError
from ocrsynth.pipeline import Pipeline
from ocrsynth.records import Cluster, Line, Sample, Word
from ocrsynth.write.meta import as_dict, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_PRESETS = preset_names()


def _digest(samples: Iterable[Sample]) -> list[str]:
    """Return a hash a sample over all that it holds."""
    return [hashlib.sha256(s.encoded + to_json(as_dict(s)) + s.image.tobytes() + s.text.encode()).hexdigest() for s in samples]


def _recipe(preset: str, **sections: Any) -> Recipe:
    return Recipe.for_language("en", preset=preset, seed=17, **sections)


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, list[str]]:
    """Samples by preset of a fresh interpreter under another hash seed: made backwards, from the text of the recipe alone."""
    code = """
import sys, hashlib, orjson
from ocrsynth import Recipe, make_sample
from ocrsynth.write.meta import as_dict, to_json
for row in sys.stdin:
    recipe = Recipe.from_dict(orjson.loads(row))
    for i in reversed(range(12)):
        s = make_sample(recipe, i)
        print(hashlib.sha256(s.encoded + to_json(as_dict(s)) + s.image.tobytes() + s.text.encode()).hexdigest())
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="".join(_recipe(preset).canonical.decode() + "\n" for preset in reversed(_PRESETS)),
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
        env=os.environ | {"PYTHONHASHSEED": "4242", "LC_ALL": "C"},
    )
    backwards = done.stdout.split()[::-1]
    return {preset: backwards[12 * i : 12 * (i + 1)] for i, preset in enumerate(_PRESETS)}


@pytest.mark.parametrize("preset", _PRESETS)
class TestPurity:
    """The same recipe and index, the same bytes."""

    def test_on_repeat(self, preset: str) -> None:
        recipe = _recipe(preset)
        first = _digest(make_sample(recipe, i) for i in range(20))
        assert first == _digest(make_sample(recipe, i) for i in range(20))
        assert first == _digest(Pipeline(_recipe(preset)).batch(range(20)))
        assert len(set(first)) == 20

    def test_in_any_order(self, preset: str) -> None:
        pipeline = Pipeline(_recipe(preset))
        indices = [11, 3, 19, 3, 0, 7, 1_000_003]
        forwards = dict(zip(indices, _digest(pipeline.batch(indices)), strict=True))
        for i in reversed(indices):
            assert _digest([pipeline.sample(i)]) == [forwards[i]]

    def test_in_batches_of_any_size(self, preset: str) -> None:
        pipeline = Pipeline(_recipe(preset))
        one_by_one = [pipeline.sample(i) for i in range(48)]
        for size in (48, 7):
            batched = [s for start in range(0, 48, size) for s in pipeline.batch(range(start, min(start + size, 48)))]
            assert [s.index for s in batched] == list(range(48))
            assert [to_json(as_dict(s)) for s in batched] == [to_json(as_dict(s)) for s in one_by_one]
            assert _digest(batched) == _digest(one_by_one)

    def test_in_another_process(self, preset: str, elsewhere: dict[str, list[str]]) -> None:
        assert elsewhere[preset] == _digest(make_sample(_recipe(preset), i) for i in range(12))

    def test_no_global_generator_is_touched(self, preset: str) -> None:
        before = np.random.get_state()  # noqa: NPY002 - the legacy state is what is looked at
        Pipeline(_recipe(preset)).batch(range(10))
        after = np.random.get_state()  # noqa: NPY002
        assert before[0] == after[0]
        assert (before[1] == after[1]).all()

    def test_another_seed_is_another_set(self, preset: str) -> None:
        recipe = _recipe(preset)
        assert set(_digest(Pipeline(recipe).batch(range(30)))).isdisjoint(
            _digest(Pipeline(recipe.with_seed(18)).batch(range(30)))
        )

    def test_seed_plus_index_is_no_address(self, preset: str) -> None:
        recipe = _recipe(preset)
        assert make_sample(recipe.with_seed(7), 3).text != make_sample(recipe.with_seed(8), 2).text


class TestPairs:
    """Recipes that differ in one stage make samples that differ in one stage."""

    def _upstream(self, sample: Sample) -> tuple[Any, ...]:
        keep = ("font", "surface", "source", "language", "seed")
        return sample.text, *(sample.provenance[k] for k in keep)

    # A preset of styles chooses text and fonts as well; tests/test_styles.py proves its pairs.
    @pytest.mark.parametrize("preset", [p for p in _PRESETS if p != "clean" and not preset_styles(p)])
    def test_degradation_changes_neither_text_nor_font_nor_layout(self, preset: str) -> None:
        recipe = _recipe(preset)
        degraded = Pipeline(recipe).batch(range(150))
        # The same papers, inks and rules, which a preset chooses too.
        clean = Pipeline(recipe.with_changes(degrade=[])).batch(range(150))
        assert [self._upstream(s) for s in degraded] == [self._upstream(s) for s in clean]
        assert all(a.encoded != b.encoded for a, b in zip(clean, degraded, strict=True))
        assert [s.cluster_ranges.tolist() for s in degraded] == [s.cluster_ranges.tolist() for s in clean]

    def test_ops_that_move_nothing_move_no_label(self) -> None:
        clean = Pipeline(_recipe("clean")).batch(range(40))
        blurred = Pipeline(_recipe("clean").with_changes(degrade=[{"defocus_blur": {}}, {"jpeg": {}}])).batch(range(40))
        for a, b in zip(clean, blurred, strict=True):
            assert (a.cluster_quads == b.cluster_quads).all()
            assert (a.line.baseline == b.line.baseline).all()
            assert a.image.shape == b.image.shape

    _CHAIN = (
        {"ink_spread": {"p": 0.5}},
        {"rotation": {"p": 0.5}},
        {"uneven_light": {"p": 0.5}},
        {"sensor_noise": {"p": 0.5}},
        {"jpeg": {"quality": [60, 95], "p": 0.5}},
    )

    @pytest.mark.parametrize("place", range(len(_CHAIN) + 1))
    def test_an_op_more_does_not_shift_the_draws_of_the_others(self, place: int) -> None:
        more: list[Any] = [*self._CHAIN[:place], {"brightness_contrast": {"brightness_grey": [-5, 5]}}, *self._CHAIN[place:]]
        chains = [_recipe("clean").with_changes(degrade=list(chain)) for chain in (self._CHAIN, more)]
        fewer_samples, more_samples = (Pipeline(recipe).batch(range(60)) for recipe in chains)
        compared = 0
        for a, b in zip(fewer_samples, more_samples, strict=True):
            if a.provenance["rejected"] or b.provenance["rejected"]:
                continue
            others = [step for step in b.provenance["degrade"] if step["op"] != "brightness_contrast"]
            assert len(b.provenance["degrade"]) == len(others) + 1
            assert others == a.provenance["degrade"]
            compared += 1
        assert compared > 50

    def test_a_second_op_of_a_name_draws_for_itself(self) -> None:
        twice = [{"sensor_noise": {}}, {"sensor_noise": {}}]
        for sample in Pipeline(_recipe("clean").with_changes(degrade=twice)).batch(range(20)):
            first, second = (step["params"] for step in sample.provenance["degrade"])
            assert first["seed"] != second["seed"]

    def test_the_height_changes_neither_text_nor_font_nor_paper(self) -> None:
        small, large = (
            Pipeline(_recipe("clean", render={"height_px": h, "max_width_px": 30_000})).batch(range(40)) for h in (24, 96)
        )
        for a, b in zip(small, large, strict=True):
            assert a.text == b.text
            assert a.provenance["surface"] == b.provenance["surface"]
            fonts = [{k: v for k, v in s.provenance["font"].items() if k not in ("size_px", "x_height_px")} for s in (a, b)]
            assert fonts[0] == fonts[1]
            # Labels scale with the picture.
            assert np.abs(a.cluster_quads * 4 - b.cluster_quads).max() < 0.05

    def test_the_colour_changes_no_geometry(self) -> None:
        grey, rgb = (Pipeline(_recipe("clean", render={"color": c})).batch(range(20)) for c in ("grey", "rgb"))
        for a, b in zip(grey, rgb, strict=True):
            assert a.text == b.text
            assert (a.cluster_quads == b.cluster_quads).all()
            assert b.image.shape == (*a.image.shape, 3)


@pytest.mark.parametrize("color", ["grey", "rgb"])
@pytest.mark.parametrize("image", ["auto", "png", "jpeg"])
@pytest.mark.parametrize("preset", _PRESETS)
def test_the_picture_is_that_of_its_bytes(preset: str, image: str, color: str) -> None:
    pipeline = Pipeline(_recipe(preset, output={"image": image}, render={"color": color}))
    suffix = {"png": "png", "jpeg": "jpg", "auto": "png" if preset in ("clean", "fax") else "jpg"}[image]
    assert pipeline.suffix == suffix
    for sample in pipeline.batch(range(12)):
        decoded = codec.decode(sample.encoded)
        assert decoded.shape == sample.image.shape
        assert (decoded == sample.image).all()
        assert codec.suffix_of(sample.encoded) == suffix


def test_a_chain_that_may_end_in_a_codec_is_stored_as_png() -> None:
    pipeline = Pipeline(_recipe("clean").with_changes(degrade=[{"jpeg": {"quality": [20, 40], "p": 0.5}}]))
    samples = pipeline.batch(range(20))
    assert {codec.suffix_of(s.encoded) for s in samples} == {"png"}
    assert len({len(s.provenance["degrade"]) for s in samples}) == 2
    assert all((codec.decode(s.encoded) == s.image).all() for s in samples)


@pytest.mark.parametrize("preset", _PRESETS)
class TestRecords:
    """Types, shapes and the provenance."""

    def test_types_and_shapes(self, preset: str) -> None:
        for sample in Pipeline(_recipe(preset)).batch(range(30)):
            n, m = len(sample.cluster_ranges), len(sample.word_ranges)
            assert sample.image.dtype == np.uint8
            assert sample.image.ndim == 2
            assert sample.image.flags.c_contiguous
            assert isinstance(sample.encoded, bytes)
            assert sample.cluster_ranges.dtype == sample.word_ranges.dtype == np.int32
            assert sample.cluster_ranges.shape == (n, 2)
            assert sample.word_ranges.shape == (m, 2)
            assert sample.cluster_quads.dtype == sample.word_quads.dtype == np.float32
            assert sample.cluster_quads.shape == (n, 4, 2)
            assert sample.word_quads.shape == (m, 4, 2)
            assert isinstance(sample.line, Line)
            assert sample.line.quad.dtype == sample.line.baseline.dtype == np.float32
            assert sample.line.quad.shape == (4, 2)
            assert sample.line.baseline.shape[1:] == (2,)
            assert len(sample.line.baseline) >= 2
            assert np.isfinite(sample.cluster_quads).all()

    def test_clusters_and_words_are_views_in_logical_order(self, preset: str) -> None:
        for sample in Pipeline(_recipe(preset)).batch(range(10)):
            clusters, words = sample.clusters, sample.words
            assert all(isinstance(c, Cluster) and type(c.start) is type(c.end) is int for c in clusters)
            assert all(isinstance(w, Word) and type(w.start) is type(w.end) is int for w in words)
            assert [(c.start, c.end) for c in clusters] == [tuple(r) for r in sample.cluster_ranges.tolist()]
            assert all((c.quad == q).all() for c, q in zip(clusters, sample.cluster_quads, strict=True))
            assert "".join(sample.text[c.start : c.end] for c in clusters) == sample.text
            assert [sample.text[w.start : w.end] for w in words] == sample.text.split()

    def test_the_provenance_is_plain_json(self, preset: str) -> None:
        for sample in Pipeline(_recipe(preset)).batch(range(30)):
            assert json.loads(json.dumps(sample.provenance)) == sample.provenance
            assert orjson.loads(orjson.dumps(sample.provenance)) == sample.provenance

    def test_the_provenance_says_what_was_drawn(self, preset: str) -> None:
        recipe = _recipe(preset)
        pipeline = Pipeline(recipe)
        families = {f.name: f for f in pipeline.fonts.families}
        names = [link.op.name for link in recipe.degrade]
        versions = {link.op.name: link.op.VERSION for link in recipe.degrade}
        for sample in pipeline.batch(range(30)):
            provenance = sample.provenance
            assert (provenance["seed"], provenance["language"]) == (17, "en_Latn")
            family = families[provenance["font"]["family"]]
            assert provenance["font"]["class"] == family.kind
            assert provenance["font"]["sha256"] in {face.sha256 for face in family.faces}
            steps = [step["op"] for step in provenance["degrade"]]
            assert set(steps) <= set(names)
            assert all(step["version"] == versions[step["op"]] for step in provenance["degrade"])
            always = {link.op.name for link in recipe.degrade if link.p == 1 and not link.gates}
            # After rejections the chain is weakened, and then no op is certain.
            assert always <= set(steps) or provenance["rejected"]

    def test_the_metadata_reads_back(self, preset: str) -> None:
        for sample in Pipeline(_recipe(preset)).batch(range(10)):
            read = json.loads(to_json(as_dict(sample)))
            assert read["text"] == sample.text
            assert (read["height"], read["width"]) == sample.image.shape
            assert np.allclose(read["cluster_quads"], sample.cluster_quads, atol=1e-3)
            assert np.allclose(read["line_quad"], sample.line.quad, atol=1e-3)
            assert read["clusters"] == sample.cluster_ranges.tolist()
            assert read["provenance"] == sample.provenance


def test_the_key_has_twelve_digits_and_no_dot() -> None:
    recipe = _recipe("clean")
    assert [make_sample(recipe, i).key for i in (0, 42, 10**11)] == ["000000000000", "000000000042", "100000000000"]


@pytest.mark.parametrize("index", [1.5, "3", True, None, 2**64])
def test_what_is_no_index(index: Any) -> None:
    with pytest.raises(ValueError, match="index: must be a whole number from 0 to "):
        make_sample(_recipe("clean"), index)


def test_indices_of_numpy_and_the_last_one() -> None:
    recipe = _recipe("clean")
    assert make_sample(recipe, np.int64(7)).encoded == make_sample(recipe, 7).encoded  # type: ignore[arg-type]
    assert make_sample(recipe, 2**64 - 1).index == 2**64 - 1


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda image: image.astype(np.float32), "got float32 "),
        (lambda image: np.dstack([image] * 3), r"got uint8 \(\d+, \d+, 3\)"),
        (lambda image: image[:-1], "got uint8 "),
        (lambda _image: None, "got None"),
    ],
)
def test_an_op_whose_picture_could_not_stand_is_named(
    result: Callable[[Any], Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, chain in (("gaussian_blur", [{"gaussian_blur": {}}]), ("ink_spread", [{"ink_spread": {}}])):
        recipe = _recipe("clean").with_changes(degrade=chain)
        monkeypatch.setattr(type(recipe.degrade[0].op), "apply", lambda _self, image, **_params: result(image))
        with pytest.raises(SampleError, match=f"^op '{name}': must give a picture uint8 .*{message}"):
            make_sample(recipe, 0)


@pytest.mark.parametrize("lossy", ["downscale", "resample", "stretch"])
def test_letters_do_not_become_narrower_than_can_be_told_apart(lossy: str) -> None:
    field, ratio = ("width_ratio", 0.4) if lossy == "stretch" else ("scale_ratio", 0.3)
    recipe = _recipe("clean", text={"length_clusters": [8, 20]}, fonts={"families": ["Roboto"]}).with_changes(
        degrade=[{lossy: {field: [ratio, ratio]}}],
        legibility={"min_advance_px": 6.0, "min_contrast_grey": 0, "min_correlation": 0},
    )
    for sample in Pipeline(recipe).batch(range(40)):
        left = sample.line.quad[1][0] - sample.line.quad[0][0]
        advance = left / len(sample.cluster_ranges)
        kept = 1.0
        for step in sample.provenance["degrade"]:
            kept *= step["params"].get("scale", 1.0)
        assert advance * kept >= 6.0 or not sample.provenance["degrade"]
        assert bool(sample.provenance["rejected"].get("too_small")) == (not sample.provenance["degrade"])
    # A few thin ones, and what the recipe itself asks for, are left alone.
    free = recipe.with_changes(legibility={"min_advance_px": 0.0})
    assert not any(s.provenance["rejected"].get("too_small") for s in Pipeline(free).batch(range(20)))


@pytest.mark.parametrize(("angle_deg", "redrawn"), [(45, True), (20, True), (1, False)])
def test_tilted_lines_do_not_become_specks(angle_deg: float, redrawn: bool) -> None:
    recipe = _recipe("clean", text={"length_clusters": [20, 40]}).with_changes(
        degrade=[{"rotation": {"angle_deg": [angle_deg, angle_deg]}}]
    )
    samples = Pipeline(recipe).batch(range(40))
    heights = [np.median(np.linalg.norm(s.cluster_quads[:, 3] - s.cluster_quads[:, 0], axis=1)) for s in samples]
    assert min(heights) > 2.4
    assert any("too_small" in s.provenance["rejected"] for s in samples) == redrawn
    # Small type that the recipe asks for is no fault of the warps.
    small = Pipeline(recipe.with_changes(render={"height_px": 8}, degrade=[{"rotation": {"angle_deg": [-0.2, 0.2]}}]))
    assert not any(s.provenance["rejected"].get("too_small") for s in small.batch(range(20)))


def test_a_negative_index() -> None:
    with pytest.raises(ValueError, match=f"^{re.escape('index: must be a whole number from 0 to 2**64 - 1, got -1')}$"):
        make_sample(_recipe("clean"), -1)


class TestRejections:
    """Draws that were thrown away are counted, and there is an end to them."""

    def test_reasons_are_counted(self) -> None:
        hard = _recipe("clean", legibility={"min_contrast_grey": 70, "min_correlation": 0.8}).with_changes(degrade="camera")
        samples = Pipeline(hard).batch(range(80))
        reasons = {reason for s in samples for reason in s.provenance["rejected"]}
        assert {"low_contrast", "illegible"} <= reasons
        assert all(type(n) is int and n > 0 for s in samples for n in s.provenance["rejected"].values())

    def test_a_rejected_degradation_keeps_text_and_font(self) -> None:
        recipe = _recipe("clean").with_changes(degrade="camera")
        easy = Pipeline(recipe.with_changes(legibility={"min_contrast_grey": 0, "min_correlation": 0})).batch(range(120))
        hard = Pipeline(recipe.with_changes(legibility={"min_contrast_grey": 60})).batch(range(120))
        redrawn = 0
        for a, b in zip(easy, hard, strict=True):
            if not 0 < b.provenance["rejected"].get("low_contrast", 0) < 7:
                continue
            assert b.text == a.text
            assert b.provenance["font"] == a.provenance["font"]
            assert b.provenance["degrade"] != a.provenance["degrade"]
            redrawn += 1
        assert redrawn > 5

    def test_without_a_rejection_the_count_is_empty(self) -> None:
        samples = Pipeline(_recipe("clean")).batch(range(30))
        assert {str(s.provenance["rejected"]) for s in samples} == {"{}"}

    def test_a_recipe_that_can_never_be_legible_ends_in_an_error(self) -> None:
        recipe = _recipe("clean", render={"contrast_grey": [30, 30]}, legibility={"min_contrast_grey": 200})
        # Eight texts, twelve fonts each, four tries of the full chain and three of a weaker one.
        text = (
            r"sample 5: 672 draws were all rejected \(low_contrast 672×; the last: low_contrast: \d+\.\d grey levels in one "
            r"stretch\); check the recipe's fonts, widths and legibility"
        )
        with pytest.raises(SampleError) as caught:
            make_sample(recipe, 5)
        assert re.fullmatch(text, str(caught.value)), str(caught.value)
        assert caught.value.exit_code == ExitCode.SAMPLE

    def test_lines_longer_than_any_picture_end_in_an_error_that_names_the_width(self) -> None:
        """Where the recipe says nothing of the width, its default is what they meet."""
        with pytest.raises(SampleError) as caught:
            make_sample(_recipe("clean", text={"length_clusters": [1000, 1000]}), 0)
        text = (
            r"sample 0: 8 draws were all rejected \(too_wide 8×; the last: too_wide: longer than 6400 px, \d+ px at a "
            r"height of 32 px\); raise render\.max_width_px, or lower text\.length_clusters or render\.height_px"
        )
        assert re.fullmatch(text, str(caught.value)), str(caught.value)

    def test_lines_that_never_fit_end_in_an_error(self) -> None:
        recipe = _recipe("clean", render={"max_width_px": 32, "height_px": 64}, text={"length_clusters": [30, 40]})
        text = (
            r"sample 0: 8 draws were all rejected \(too_wide 8×; the last: too_wide: longer than 32 px, \d+ px at a "
            r"height of 64 px\); raise render\.max_width_px, or lower text\.length_clusters or render\.height_px"
        )
        with pytest.raises(SampleError) as caught:
            make_sample(recipe, 0)
        assert re.fullmatch(text, str(caught.value)), str(caught.value)

    def test_a_kind_of_page_too_wide_for_its_lines_has_shorter_ones(self) -> None:
        recipe = Recipe.for_language("en", seed=1, render={"max_width_px": 200})
        samples = Pipeline(recipe).batch(range(200))
        assert max(sample.image.shape[1] for sample in samples) <= 200
        # Those that fit sooner are what they were.
        often = [s.provenance["rejected"].get("too_wide", 0) for s in samples]
        assert max(often) >= 4
        assert sum(n == 0 for n in often) > 20

    @pytest.mark.parametrize("preset", ["camera", "scene", "book"])
    def test_the_widest_pictures(self, preset: str) -> None:
        # A warp may need a canvas that cannot be drawn: then it is drawn again.
        render = {"height_px": 300, "min_width_px": 31_999, "max_width_px": 32_000}
        for sample in Pipeline(Recipe.for_language("en", preset, render=render)).batch(range(2)):
            assert 31_999 <= sample.image.shape[1] <= 32_000

    def test_a_text_of_a_megabyte_is_not_shaped(self, tmp_path: Path) -> None:
        (tmp_path / "long.txt").write_text("Hello\n" + "word " * 200_000 + "\n")
        corpus = {"corpus": {"file": str(tmp_path / "long.txt"), "cut": "lines"}}
        samples = Pipeline(_recipe("clean", text={"sources": [corpus], "case": {"asis": 1}})).batch(range(12))
        assert {sample.text for sample in samples} == {"Hello"}
        assert sum(sample.provenance["rejected"].get("too_wide", 0) for sample in samples) > 0
        assert all(len(to_json(as_dict(sample))) < 10_000 for sample in samples)

    def test_samples_beside_a_bad_one_can_be_made(self) -> None:
        recipe = _recipe("clean", render={"max_width_px": 40, "height_px": 64}, text={"length_clusters": [1, 30]})
        pipeline = Pipeline(recipe)
        good = []
        for i in range(200):
            with suppress(SampleError):
                good.append(pipeline.sample(i).index)
        assert 0 < len(good) < 200
        assert [s.index for s in pipeline.batch(good)] == good


def test_a_text_that_has_changed_is_read_again(tmp_path: Path) -> None:
    """A process that goes on must make what its lock says: the hash in it is that of the file as it is now."""
    corpus = tmp_path / "corpus.txt"
    sources = [{"corpus": {"file": str(corpus)}}]
    for number, content in enumerate(("alpha beta gamma\n", "one two three four\n")):
        corpus.write_text(content)
        recipe = Recipe.for_language("en", preset="clean", text={"sources": sources, "length_clusters": [4, 12]})
        texts = {make_sample(recipe, i).text for i in range(8)}
        assert all(set(text.lower().split()) <= set(content.split()) for text in texts), (number, texts)


@pytest.mark.parametrize("image", ["jpeg", "webp", "png"])
@pytest.mark.parametrize("last", ["jpeg", "webp", "grey_levels"])
def test_stored_bytes_are_the_picture_in_its_kind_whatever_comes_last(last: str, image: str) -> None:
    """A codec in the midst of a chain leaves bytes that are older than the picture."""
    recipe = Recipe.for_language("en", degrade=[{"jpeg": {"quality": [60, 60]}}, {last: {}}], output={"image": image})
    for index in range(3):
        sample = make_sample(recipe, index)
        assert sample.image.ndim == 2
        assert codec.suffix_of(sample.encoded) == image.replace("jpeg", "jpg")
        assert np.array_equal(codec.decode_as(sample.encoded, 2), sample.image)
