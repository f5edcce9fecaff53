"""Several lines in one picture: every label's ink is where its box says, on the line that the label says."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import yaml
from commands import run_here

from ocrsynth import Recipe, codec, generate, make_sample
from ocrsynth.charset import Charset
from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.generation.convert import convert
from ocrsynth.generation.lint import lint
from ocrsynth.generation.source import open_source
from ocrsynth.generation.verify import recompute, verify
from ocrsynth.pipeline import Pipeline
from ocrsynth.torch_data import AttentionCollate, CTCCollate, LineDataset
from ocrsynth.write.meta import as_dict

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.records import Sample

_COUNT = 24
_SETTINGS: dict[str, dict[str, Any]] = {
    "en": {},
    "ar": {},
    "hi": {},
    "el": {"alignment": {"centre": 1}},
    "he": {"alignment": {"end": 1}},
    "de": {"bent": 1.0, "jittered": 1.0},
}


def _recipe(language: str = "en", preset: str = "clean", lines: tuple[int, int] = (2, 4), **render: Any) -> Recipe:
    return Recipe.for_language(
        language,
        preset=preset,
        seed=3,
        render={"lines": lines, **render},
        text={"length_clusters": [3, 25]},
        output={"masks": True},
    )


def _rows(sample: Sample) -> list[slice]:
    """Return the clusters of each line of a sample, without the line feeds."""
    feeds = [i for i, (a, b) in enumerate(sample.cluster_ranges.tolist()) if sample.text[a:b] == "\n"]
    return [slice(a + 1, b) for a, b in pairwise((-1, *feeds, len(sample.cluster_ranges)))]


@pytest.mark.parametrize("language", _SETTINGS)
def test_ink_is_where_the_boxes_of_its_line_say(language: str) -> None:
    for sample in Pipeline(_recipe(language, **_SETTINGS[language])).batch(range(_COUNT)):
        lines = sample.text.split("\n")
        assert len(lines) == sample.provenance["lines"]["count"] in (2, 3, 4)
        assert sample.cluster_ranges[0, 0] == 0
        assert sample.cluster_ranges[-1, 1] == len(sample.text)
        assert (sample.cluster_ranges[1:, 0] == sample.cluster_ranges[:-1, 1]).all()
        assert sample.mask is not None
        ink = codec.decode(sample.mask) > 127
        inside = np.zeros_like(ink)
        for row, line in zip(_rows(sample), lines, strict=True):
            assert sum(len(sample.text[a:b]) for a, b in sample.cluster_ranges[row].tolist()) == len(line)
            for quad, (a, b) in zip(sample.cluster_quads[row], sample.cluster_ranges[row].tolist(), strict=True):
                (left, top), (right, bottom) = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
                box = (slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1))
                inside[box] = True
                assert ink[box].any() or sample.text[a:b] in (" ", "\u200c", "\u200d"), (sample.text, sample.text[a:b])
        # Marks of some scripts reach out of the box of their letter by a pixel or two.
        assert (ink & ~inside).sum() <= 0.01 * ink.sum()


def test_each_line_is_below_the_last_and_none_touch() -> None:
    for sample in Pipeline(_recipe()).batch(range(_COUNT)):
        rows = [sample.cluster_quads[row].reshape(-1, 2)[:, 1] for row in _rows(sample)]
        middles = [(row.min() + row.max()) / 2 for row in rows]
        assert middles == sorted(middles)
        for above, below in zip(_rows(sample), _rows(sample)[1:], strict=False):
            assert (
                sample.cluster_quads[above].reshape(-1, 2)[:, 1].max() <= sample.cluster_quads[below].reshape(-1, 2)[:, 1].min()
            )


@pytest.mark.parametrize(
    ("language", "alignment", "flush"), [("en", "start", 0), ("en", "end", 1), ("ar", "start", 1), ("ar", "end", 0)]
)
def test_lines_are_flush_where_the_recipe_says(language: str, alignment: str, flush: int) -> None:
    weights = {"start": 0.0, "centre": 0.0, "end": 0.0} | {alignment: 1.0}
    for sample in Pipeline(_recipe(language, alignment=weights)).batch(range(8)):
        assert sample.provenance["lines"]["alignment"] == alignment
        ends = [sample.cluster_quads[row].reshape(-1, 2)[:, 0] for row in _rows(sample)]
        edges = [e.max() if flush else e.min() for e in ends]
        assert max(edges) - min(edges) < 1
        assert len({round(float(e.max() - e.min())) for e in ends}) > 1


def test_further_lines_make_pictures_higher_and_type_no_smaller() -> None:
    one = Pipeline(_recipe(lines=(1, 1))).batch(range(_COUNT))
    two = Pipeline(_recipe(lines=(3, 3))).batch(range(_COUNT))
    sizes = [[s.provenance["font"]["size_px"] for s in made] for made in (one, two)]
    assert np.median(sizes[1]) == pytest.approx(np.median(sizes[0]), rel=0.15)
    for sample in two:
        least = 2 * 1.15 * sample.provenance["font"]["size_px"]
        assert sample.image.shape[0] >= 32 + least - 1


def test_a_recipe_of_single_lines_makes_what_it_did(tmp_path: Path) -> None:
    """The pictures of a recipe that may have several lines, but drew one, are those of a recipe without them."""
    single = Pipeline(_recipe("en", "document", lines=(1, 1))).batch(range(60))
    mixed = Pipeline(_recipe("en", "document", lines=(1, 2))).batch(range(60))
    same = [a.encoded == b.encoded for a, b in zip(single, mixed, strict=True) if "lines" not in b.provenance]
    assert len(same) > 15
    assert sum(same) >= len(same) - 2  # Of those drawn again because their second line failed.


@pytest.mark.parametrize("preset", ["document", "camera", "receipt"])
def test_a_sample_is_the_same_alone_and_among_others(preset: str) -> None:
    recipe = _recipe(preset=preset)
    together = Pipeline(recipe).batch(range(16))
    assert [make_sample(recipe, i).encoded for i in (3, 11)] == [together[i].encoded for i in (3, 11)]
    for sample in together:
        height, width = sample.image.shape[:2]
        quads = sample.cluster_quads.reshape(-1, 2)
        assert (quads >= -1).all()
        assert (quads <= (width + 1, height + 1)).all()


def test_what_is_written_is_read_back_and_verified(tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate(_recipe(preset="scan", lines=(1, 3)), 40, out)
    assert not verify(out).findings
    assert not recompute(out, 0.2).findings
    assert not lint(out).faults
    texts = [stored.text for _, stored in open_source(out).read()]
    assert {text.count("\n") for text in texts} == {0, 1, 2}
    assert "\n" in json.loads((out / "dataset.json").read_bytes())["delivered"]["characters"]
    assert "1 to 3 lines in a picture" in run_here(tmp_path, "recipe", "explain", "out/recipe.lock.yaml").stdout


def test_a_line_feed_that_nothing_speaks_of_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    codec_picture = codec.encode_png(np.tile(np.arange(64, dtype=np.uint8), (32, 1)))
    (tmp_path / "data" / "a.png").write_bytes(codec_picture)
    (tmp_path / "data" / "metadata.jsonl").write_text(json.dumps({"file_name": "a.png", "text": "two\nlines"}) + "\n")
    assert "control or unassigned character" in lint(tmp_path / "data").faults


@pytest.mark.parametrize("fmt", ["tsv", "tesstrain", "paddle", "easyocr", "kraken", "lstmf"])
def test_formats_of_lines_refuse_several(fmt: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"render\.lines: format"):
        _recipe().with_changes(output={"format": fmt, "masks": False})
    generate(_recipe(lines=(1, 2)), 12, tmp_path / "out")
    with pytest.raises(OutputError, match=r"U\+000A"):
        convert(tmp_path / "out", tmp_path / "converted", fmt)


@pytest.mark.parametrize("language", ["en", "ar", "de"])
def test_each_line_has_an_outline_and_a_baseline_of_its_own(language: str) -> None:
    recipe = _recipe(language, preset="camera", **_SETTINGS[language])
    several = 0
    for index in range(_COUNT):
        sample = make_sample(recipe, index)
        rows = _rows(sample)
        assert len(sample.lines) == len(rows)
        several += any(len(line.baseline) > 2 for line in sample.lines)
        for line, row in zip(sample.lines, rows, strict=True):
            points = sample.cluster_quads[row].reshape(-1, 2)
            # The outline is around the letters, and no larger than they need in its own direction.
            assert _distances_outside(points, line.quad).max() < 0.1
            assert abs(_area(line.quad)) <= np.prod(np.ptp(points, axis=0)) * 1.6 + 4
            # A line of quotation marks stands above its baseline, one of letters on it.
            reach_em = 0.8 if np.ptp(line.quad[:, 1]) < sample.provenance["font"]["size_px"] / 2 else 0.4
            assert _distances_outside(line.baseline, line.quad).max() < reach_em * sample.provenance["font"]["size_px"]
        middles = [line.baseline.mean(axis=0)[1] for line in sample.lines]
        assert middles == sorted(middles)
        assert (sample.lines[0].baseline == sample.line.baseline).all()
    assert several, "some chains bend"


def _area(quad: Any) -> float:
    x, y = quad[:, 0], quad[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _distances_outside(points: Any, quad: Any) -> Any:
    """Return how far *points* lie outside a convex *quad* that runs clockwise on the screen; 0 for those inside."""
    edges = np.roll(quad, -1, axis=0) - quad
    normals = np.stack((edges[:, 1], -edges[:, 0]), axis=1) / np.maximum(np.hypot(*edges.T), 1e-9)[:, None]
    return np.maximum(((points[:, None] - quad) * normals).sum(axis=2).max(axis=1), 0)


def test_a_single_line_says_nothing_of_several() -> None:
    sample = make_sample(_recipe(lines=(1, 1)), 0)
    assert sample.lines == ()
    assert "lines" not in as_dict(sample)


@pytest.mark.parametrize("fmt", ["page-xml", "alto"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_pages_of_several_lines(fmt: str, language: str, tmp_path: Path) -> None:
    recipe = _recipe(language, preset="scan", lines=(1, 3))
    recipe = recipe.with_changes(output={"format": ["webdataset", fmt], "masks": False})
    generate(recipe, 16, tmp_path / "out")
    assert not verify(tmp_path / "out").findings
    assert not lint(tmp_path / "out", fmt=fmt).faults
    whole = {stored.key: stored for _, stored in open_source(tmp_path / "out", "webdataset").read()}
    read = {stored.key: stored for _, stored in open_source(tmp_path / "out", fmt).read()}
    assert {key: stored.text for key, stored in read.items()} == {key: stored.text for key, stored in whole.items()}
    several = {key for key, stored in whole.items() if "\n" in stored.text}
    assert several
    for key in several:
        meta = read[key].meta
        assert meta["lines"] == whole[key].meta["lines"]
        assert meta["words"] == whole[key].meta["words"]
        for name in ("line_quads", "line_baselines"):
            for ours, theirs in zip(meta[name], whole[key].meta[name], strict=True):
                assert np.abs(np.array(ours) - np.array(theirs)).max() <= 1
        document = next((tmp_path / "out").rglob(f"{key}.xml")).read_text(encoding="utf-8")
        assert len(re.findall("<TextLine ", document)) == whole[key].text.count("\n") + 1
        assert len(set(re.findall(r'\b(?:id|ID)="(\w+)"', document))) == len(re.findall(r'\b(?:id|ID)="', document))
    # Nothing of it is lost on the way through the other.
    other = {"page-xml": "alto", "alto": "page-xml"}[fmt]
    convert(tmp_path / "out", tmp_path / "other", other)
    convert(tmp_path / "other", tmp_path / "back", fmt)
    assert not verify(tmp_path / "back").findings
    assert not lint(tmp_path / "back").faults
    back = {stored.key: stored for _, stored in open_source(tmp_path / "back").read()}
    assert {key: stored.meta.get("lines") for key, stored in back.items()} == {
        key: stored.meta.get("lines") for key, stored in whole.items()
    }


@pytest.mark.parametrize("fmt", ["page-xml", "alto"])
def test_pages_of_lines_without_places_are_refused(fmt: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"output\.boxes: format"):
        _recipe().with_changes(output={"format": fmt, "masks": False, "boxes": "none"})
    generate(_recipe().with_changes(output={"boxes": "none"}), 4, tmp_path / "out")
    with pytest.raises(OutputError, match="each of several lines has a place of its own"):
        convert(tmp_path / "out", tmp_path / "converted", fmt)


@pytest.mark.parametrize("fmt", ["imagefolder", "mmocr", "lmdb"])
def test_formats_without_metadata_are_clean_as_well(fmt: str, tmp_path: Path) -> None:
    generate(_recipe().with_changes(output={"format": fmt, "masks": False}), 12, tmp_path / "out")
    assert not lint(tmp_path / "out").faults
    convert(tmp_path / "out", tmp_path / "again", fmt)
    assert not lint(tmp_path / "again").faults


def test_no_line_is_in_two_splits(tmp_path: Path) -> None:
    words = [f"{a} {b}" for a in ("red", "blue", "green", "grey") for b in ("fox", "dog", "cat", "cow", "hen")]
    (tmp_path / "words.txt").write_text("\n".join(words))
    source = {"corpus": {"file": str(tmp_path / "words.txt"), "cut": "lines"}}
    recipe = Recipe.for_language(
        "en",
        preset="clean",
        render={"lines": [2, 3]},
        text={"sources": [source], "case": {"asis": 1, "sentence": 0}},
        output={"split": {"train": 0.7, "val": 0.3}},
    )
    generate(recipe, 60, tmp_path / "out")
    lines = {"train": set(), "val": set()}
    for shard, stored in open_source(tmp_path / "out").read():
        lines[shard.split].update(stored.text.lower().split("\n"))
    assert lines["train"]
    assert lines["val"]
    assert lines["train"].isdisjoint(lines["val"])
    assert not verify(tmp_path / "out").findings


def test_a_cut_line_is_of_the_split_of_what_is_left(tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", preset="clean", render={"clip_share": 1.0}, output={"split": {"train": 0.5, "val": 0.5}})
    generate(recipe, 60, tmp_path / "out")
    assert not verify(tmp_path / "out").findings


def test_further_lines_borrow_what_a_font_lacks() -> None:
    """Else they would be of other texts than the first: those without what it lacks."""
    recipe = Recipe.for_language(
        "en",
        preset="clean",
        render={"lines": [3, 3]},
        fonts={"families": ["Anton", "Roboto"]},
        text={"sources": [{"pattern": {"templates": ["5€ – £3 §1 °C", "7 §"]}}], "case": {"asis": 1}},
    )
    samples = Pipeline(recipe).batch(range(20))
    first, further = Counter(), Counter()
    for sample in samples:
        head, *rest = sample.text.split("\n")
        first.update(head)
        further.update("".join(rest))
    assert set(first) == set(further)
    lent = {name for s in samples for name in s.provenance["lines"].get("fallbacks", ())}
    assert lent == {s.provenance["font"]["fallback"] for s in samples} - {None}


def test_what_was_asked_is_told_where_lines_were_drawn_again() -> None:
    recipe = Recipe.for_language(
        "en", preset="clean", render={"lines": [3, 3], "max_width_px": 300}, text={"length_clusters": [1, 40]}
    )
    samples = Pipeline(recipe).batch(range(100))
    changed = [s for s in samples if "first_draw" in s.provenance]
    assert changed
    assert all(s.provenance["first_draw"]["text"].count("\n") == 2 for s in changed)
    asked = [s.provenance.get("first_draw", {"text": s.text})["text"] for s in samples]
    assert max(len(line) for text in asked for line in text.split("\n")) >= 35
    assert sum(s.provenance["rejected"].get("too_wide", 0) for s in samples) < len(samples)


def test_widths_are_predicted_by_all_lines() -> None:
    pipeline = Pipeline(_recipe(lines=(1, 4)))
    predicted = [pipeline.predicted_width(i) for i in range(80)]
    widths = [s.image.shape[1] for s in pipeline.batch(range(80))]
    assert np.corrcoef(predicted, widths)[0, 1] > 0.9


@pytest.mark.parametrize("kind", ["underline", "strike"])
def test_a_rule_is_no_longer_than_its_line(kind: str) -> None:
    which = set()
    for sample in Pipeline(_recipe(lines=(3, 3), decoration={kind: 1.0})).batch(range(40)):
        items = [item for item in sample.provenance["surface"].get("decoration", ()) if item["kind"] == "rule"]
        for item in items:
            left, top, right, bottom = item["box"]
            spans = [sample.cluster_quads[row].reshape(-1, 2) for row in _rows(sample)]
            near = min(range(3), key=lambda k: abs((spans[k][:, 1].min() + spans[k][:, 1].max()) / 2 - (top + bottom) / 2))
            which.add(near)
            fits = [k for k in range(3) if left > spans[k][:, 0].min() - 3 and right < spans[k][:, 0].max() + 3]
            assert fits, (item, sample.text)
    assert which == {0, 1, 2}


def test_types_strike_each_line_by_itself() -> None:
    """A ribbon that is struck hard in one place is no harder below it."""
    struck = _recipe("en", "clean", lines=(2, 2), ink={"typewriter": 1}).with_changes(fonts={"families": ["Courier Prime"]})
    plain = struck.with_changes(render={"ink": {"plain": 1}})
    likeness = []
    for inked, bare in zip(Pipeline(struck).batch(range(30)), Pipeline(plain).batch(range(30)), strict=True):
        ratio = []
        for row in _rows(inked):
            weights = []
            for quad in inked.cluster_quads[row]:
                (left, top), (right, bottom) = np.floor(quad.min(axis=0)).astype(int), np.ceil(quad.max(axis=0)).astype(int)
                box = (slice(max(top, 0), bottom), slice(max(left, 0), right))
                ink = float(bare.image.max()) - bare.image[box].astype(float)
                weights.append((float(inked.image.max()) - inked.image[box].astype(float)).sum() / max(ink.sum(), 1.0))
            ratio.append(weights)
        n = min(map(len, ratio))
        if n >= 8:
            likeness.append(np.corrcoef(ratio[0][:n], ratio[1][:n])[0, 1])
    assert len(likeness) > 5
    assert np.mean(likeness) < 0.5  # 0.67 where one force was for both lines.


def test_the_baseline_is_that_of_the_first_line() -> None:
    for render in ({}, {"bent": 1.0}):
        for sample in Pipeline(_recipe(lines=(2, 3), alignment={"end": 1}, **render)).batch(range(20)):
            first = sample.cluster_quads[_rows(sample)[0]].reshape(-1, 2)
            assert abs(sample.line.baseline[0, 0] - first[:, 0].min()) < 1.5
            assert abs(sample.line.baseline[-1, 0] - first[:, 0].max()) < 1.5


def test_ctc_reads_single_lines() -> None:
    recipe = _recipe(lines=(2, 2)).with_changes(output={"masks": False})
    items = [LineDataset(recipe, length=2)[i] for i in range(2)]
    with pytest.raises(ValueError, match="CTC reads one line"):
        CTCCollate(Charset.from_recipe(recipe), pad_height=True)(items)


def test_pictures_of_several_lines_are_not_taken_for_one(tmp_path: Path) -> None:
    generate(_recipe(lines=(2, 2)), 30, tmp_path / "set")
    done = run_here(tmp_path, "evaluate", "python:builtins:print", "--data", "set", "-o", "out")
    assert done.returncode != 0
    assert "pictures of several lines" in done.stderr
    done = run_here(tmp_path, "compare", "set", "--lang", "en", "-n", "30", "-o", "page.html")
    assert "only single lines" in done.stderr


def test_degrade_knows_the_size_of_the_letters(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump({"language": "en", "degrade": "clean", "render": {"lines": [4, 4]}}))
    assert run_here(tmp_path, "render", "recipe.yaml", "--index", "0", "-o", "one").returncode == 0
    size = json.loads((tmp_path / "one/000000000000.json").read_bytes())["provenance"]["font"]["size_px"]
    for name, more in (("told", ()), ("same", ("--em", str(size)))):
        done = run_here(tmp_path, "degrade", "one/000000000000.png", "--preset", "camera", "-o", name, *more)
        assert done.returncode == 0, done.stderr
    pictures = [(tmp_path / name / "000000000000.png").read_bytes() for name in ("told", "same")]
    assert pictures[0] == pictures[1]


def test_batches_of_lower_and_higher_pictures() -> None:
    recipe = _recipe(lines=(1, 3)).with_changes(output={"masks": False})
    charset = Charset.from_recipe(recipe)
    assert "\n" in charset.symbols
    items = [LineDataset(recipe, length=8)[i] for i in range(8)]
    with pytest.raises(ValueError, match="pad_height=True"):
        AttentionCollate(charset)(items)
    batch = AttentionCollate(charset, pad_height=True, pad_value=7)(items)
    heights = [item["image"].shape[0] for item in items]
    assert batch["heights"].tolist() == heights
    assert len(set(heights)) > 1
    for image, item, height, width in zip(batch["images"], items, heights, batch["widths"].tolist(), strict=True):
        assert torch.equal(image[0, :height, :width], torch.as_tensor(np.asarray(item["image"])).reshape(height, width))
        assert (image[:, height:] == 7).all()
        assert (image[:, :, width:] == 7).all()


@pytest.mark.parametrize(
    ("render", "path"),
    [
        ({"lines": [0, 2]}, "render.lines"),
        ({"lines": [3, 2]}, "render.lines"),
        ({"line_pitch_em": [0.1, 1]}, "render.line_pitch_em"),
        ({"alignment": {"start": 0}}, "render.alignment"),
        ({"lines": [1.2, 1.8]}, "render.lines"),
        ({"lines": [1, 2], "vertical": 0.5}, "render.vertical"),
        ({"lines": [1, 2], "clip_share": 0.5}, "render.clip_share"),
        ({"alignment": {"left": 1}}, "render.alignment"),
    ],
)
def test_what_cannot_be_is_told_at_its_key(render: dict[str, Any], path: str) -> None:
    with pytest.raises(RecipeError, match=path.replace(".", r"\.")):
        Recipe.from_dict({"language": "en", "render": render})


def test_a_narrow_bound_shortens_all_lines() -> None:
    recipe = Recipe.for_language(
        "en", preset="clean", render={"lines": [3, 3], "max_width_px": 260}, text={"length_clusters": [1, 60]}
    )
    for sample in Pipeline(recipe).batch(range(30)):
        assert sample.image.shape[1] <= 260
        assert sample.text.count("\n") == 2


def test_a_sheet_shows_their_labels(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump({"language": "en", "degrade": "clean", "render": {"lines": [2, 3]}}))
    done = run_here(tmp_path, "preview", "recipe.yaml", "-n", "3", "-o", "sheet.png")
    assert done.returncode == 0, done.stderr
    sheet = codec.decode((tmp_path / "sheet.png").read_bytes())
    # Below the pictures stand labels: dark letters on the ground of the sheet.
    assert (sheet[-30:] < 100).any()
