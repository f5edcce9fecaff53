"""The comparison as a whole: what it says of lines whose truth is known, its page, and the data it is given."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ocrsynth import Recipe, codec, generate
from ocrsynth.cli import cli
from ocrsynth.errors import OcrsynthError, OutputError, RecipeError
from ocrsynth.pipeline import Pipeline
from ocrsynth.realism.comparison import LEAST_LINES, Comparison, as_dict, compare
from ocrsynth.realism.features import FEATURES, NAMES
from ocrsynth.realism.lines import real_lines
from ocrsynth.realism.page import page
from ocrsynth.realism.table import about, figure, rows

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.records import Sample

N = 120


def _recipe(preset: str, seed: int, **sections: Any) -> Recipe:
    return Recipe.from_dict(
        {"language": "en", "degrade": preset, "seed": seed, "text": {"length_clusters": [6, 30]}, **sections}
    )


def _samples(recipe: Recipe, count: int) -> list[Sample]:
    return Pipeline(recipe).batch(range(count))


def _write(folder: Path, samples: list[Sample], *, labels: bool = True) -> Path:
    """Write samples as a folder with ``labels.tsv``, or as pictures alone."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for sample in samples:
        name = f"images/{sample.key}.png"
        (folder / name).write_bytes(codec.encode_png(sample.image))
        rows.append(f"{name}\t{sample.text}\n")
    if labels:
        (folder / "labels.tsv").write_text("".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("scans") / "real", _samples(_recipe("scan", 1), N))


@pytest.fixture(scope="module")
def same(scans: Path) -> Comparison:
    """Lines of one recipe, under two seeds; one pair of seeds in twenty would be told apart by chance."""
    return compare(scans, _recipe("scan", 4))


@pytest.fixture(scope="module")
def apart(scans: Path) -> Comparison:
    return compare(scans, _recipe("fax", 2))


def test_halves_of_one_recipe_are_not_told_apart(same: Comparison) -> None:
    assert same.verdict.accuracy == pytest.approx(0.5, abs=0.08)
    assert same.verdict.p > 0.05
    assert same.energy[1] > 0.05
    assert not same.differs
    assert same.sentence().startswith("not told apart by 240 lines: accuracy 0.")
    assert "more lines, or other features, may still tell them apart" in same.sentence()
    assert not [row.feature.name for row in same.rows if row.p <= 0.05]
    assert all(accuracy < 0.62 for accuracy in same.groups.values())


def test_scan_and_fax_are_told_apart_by_what_differs(apart: Comparison) -> None:
    assert apart.verdict.accuracy > 0.97
    assert apart.verdict.p == 1 / 200
    assert apart.sentence().startswith("distinguishable: accuracy ")
    # A fax is bilevel, and knows neither grain nor JPEG.
    top = {row.feature.name for row in apart.rows[:8]}
    assert {"mid_tone_share", "paper_noise_grey", "white_paper_share"} <= top
    assert apart.telling[0][1] > 0.9
    assert apart.energy[0] > 0.1
    by_name = {row.feature.name: row for row in apart.rows}
    assert by_name["contrast_grey"].difference.delta > 0.9
    assert by_name["mid_tone_share"].difference.delta < -0.9
    assert [row.difference.ks for row in apart.rows] == sorted((row.difference.ks for row in apart.rows), reverse=True)


def test_a_recipe_that_differs_in_one_thing_is_told_by_it(scans: Path) -> None:
    wide = compare(scans, _recipe("scan", 2, render={"side_margin_em": [1.2, 2.0]}))
    assert wide.telling[0][0] in {"margin_left_ratio", "margin_right_ratio"}
    assert next(iter(wide.groups)) == "layout"
    differing = {row.feature.name for row in wide.rows if row.difference.ks > 0.5}
    assert differing <= {"margin_left_ratio", "margin_right_ratio", "length_ratio"}


def test_the_same_arguments_give_the_same_bytes(scans: Path, same: Comparison) -> None:
    again = compare(scans, _recipe("scan", 4))
    assert json.dumps(as_dict(again)) == json.dumps(as_dict(same))
    assert page(again, "real", "recipe") == page(same, "real", "recipe")
    other = compare(scans, _recipe("scan", 3))
    assert as_dict(other) != as_dict(same)


def test_json_is_plain_and_complete(apart: Comparison) -> None:
    content = json.loads(json.dumps(as_dict(apart), allow_nan=False))
    assert {f["name"] for f in content["features"]} == set(NAMES)
    assert content["real"] == {"lines": N, "left_out": {}, "enlarged": 0}
    assert content["distinguishable"] is True
    for feature in content["features"]:
        for kind in ("real", "synthetic"):
            values = [v for v in feature[kind].values() if v is not None]
            assert values == sorted(values)


class _Checker(HTMLParser):
    """Fails on tags that do not pair, and collects all that a browser would fetch."""

    VOID = frozenset({"meta", "link", "img", "br", "hr", "input"})
    SHAPES = frozenset({"line", "circle", "polygon"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.text: list[str] = []
        self.counts: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "data", "action"}]
        assert tag not in {"script", "iframe", "object"}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        assert tag in self.SHAPES
        self.counts[tag] = self.counts.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("which", ["same", "apart"])
def test_the_page_is_whole_and_fetches_nothing(which: str, request: pytest.FixtureRequest) -> None:
    found: Comparison = request.getfixturevalue(which)
    content = page(found, "real <&> lines/", 'recipe "a".yaml')
    checker = _Checker()
    checker.feed(content)
    checker.close()
    assert checker.open == []
    assert all(value.startswith("data:") for value in checker.fetched)
    assert not re.search(r"https?://|url\(|@import", content)
    text = "".join(checker.text)
    assert found.sentence() in text
    assert 'real <&> lines/ against recipe "a".yaml' in text
    for feature in FEATURES:
        assert feature.meaning in text
    # Three sheets of twelve lines of each kind.
    assert checker.counts["img"] == 3 * 2 * 12
    assert checker.counts["svg"] + text.count("on every line") + text.count("could not be measured") == len(FEATURES)
    for picture in re.findall(r'src="data:image/png;base64,([^"]+)"', content)[:5]:
        assert codec.decode(base64.b64decode(picture)).shape[0] == found.height_px


def test_labels_are_escaped(tmp_path: Path) -> None:
    samples = _samples(_recipe("clean", 1), LEAST_LINES)
    folder = _write(tmp_path / "real", samples)
    names = [f"images/{s.key}.png" for s in samples]
    (folder / "labels.tsv").write_text("".join(f"{n}\t<script>alert(1)</script> שלום\r\n" for n in names), encoding="utf-8")
    content = page(compare(folder, _recipe("clean", 1)), "real", "recipe")
    assert "<script" not in content
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt; שלום</bdi>" in content


def test_the_same_lines_from_every_kind_of_folder(tmp_path: Path) -> None:
    recipe = _recipe("clean", 9, output={"image": "png", "format": "folder"})
    samples = _samples(recipe, 30)
    generate(recipe, 30, tmp_path / "set", workers=1)
    plain = _write(tmp_path / "plain", samples, labels=False)
    labelled = _write(tmp_path / "labelled", samples)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "images").symlink_to(labelled / "images")
    (bare / "labels.tsv").write_text("\ufeff" + "".join(f"{s.key}.png\t{s.text}\n" for s in samples) + "\n", encoding="utf-8")
    expected = {s.key: s for s in samples}
    for folder, has_text in ((tmp_path / "set", True), (plain, False), (labelled, True), (bare, True)):
        total, lines = real_lines(folder, None, 1000)
        found = {line.name.removesuffix(".png"): line for line in lines}
        assert total == 30
        assert found.keys() == expected.keys()
        for key, line in found.items():
            assert (line.image == expected[key].image).all()
            assert line.text == (expected[key].text if has_text else "")
    total, lines = real_lines(plain, None, 7)
    chosen = [int(line.name.removesuffix(".png")) for line in lines]
    assert (total, chosen) == (30, [0, 4, 8, 12, 17, 21, 25])


_MODES = ["L", "RGB", "RGBA", "LA", "1", "P", "I;16", "CMYK"]


@pytest.mark.parametrize("mode", _MODES)
def test_pictures_of_every_mode_measure_alike(mode: str, tmp_path: Path) -> None:
    """Black on white: transparent paper, sixteen bits, palettes."""
    for sample in _samples(_recipe("clean", 3), 22):
        grey = Image.fromarray(np.where(sample.image > 140, 255, 0).astype(np.uint8))
        if mode == "I;16":
            picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
        elif mode in {"RGBA", "LA"}:
            # As many tools write it: black everywhere, and transparent where there is paper.
            picture = Image.new(mode, grey.size, 0)
            picture.putalpha(Image.fromarray(255 - np.asarray(grey)))
        else:
            picture = grey.convert(mode)
        picture.save(tmp_path / f"{sample.key}.{'tif' if mode == 'CMYK' else 'png'}")
    found = compare(tmp_path, _recipe("clean", 3))
    values = np.array(found.real.values)
    assert found.real.left_out == {}
    assert np.median(values[:, NAMES.index("paper_grey")]) > 250
    assert np.median(values[:, NAMES.index("contrast_grey")]) > 240
    assert not values[:, NAMES.index("light_on_dark_share")].any()


def _error(path: Path | str, recipe: Recipe | None = None, **arguments: Any) -> OcrsynthError:
    with pytest.raises(OcrsynthError) as caught:
        compare(path, recipe or _recipe("clean", 1), **arguments)
    return caught.value


def test_wrong_data_are_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert str(_error(gone)) == f"{gone}: is not there; give a data set, or a folder of line pictures"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert str(_error(empty)) == f"{empty}: holds neither a data set nor pictures; give one or the other"
    one = _write(tmp_path / "one", _samples(_recipe("clean", 1), 1))
    assert str(_error(one)) == f"{one}: there must be 20 real lines or more that can be measured, got 1; give more"
    table = one / "labels.tsv"
    table.write_text("images/nothing.png\tabc\n")
    assert str(_error(one)) == f"{one}: nothing: the picture is missing; see what is wrong with ocrsynth lint {one}"
    table.write_text("\nimages/nothing.png abc\n")
    expected = f"{one}: labels.tsv line 2 must be a picture, a tab and its label, got 'images/nothing.png abc'"
    assert str(_error(one)) == f"{expected}; see what is wrong with ocrsynth lint {one}"
    table.write_text("\n")
    assert str(_error(one)) == f"{one}: holds no line; check the path"
    table.write_bytes(b"a\xff\tb\n")
    assert str(_error(one)).startswith(f"{one}: labels.tsv line 1 is no UTF-8, invalid start byte")
    text = tmp_path / "notes.txt"
    text.write_text("nothing")
    told = str(_error(text))
    assert told.startswith(f"{text}: holds nothing that looks like a data set; name its format, of alto, ")
    assert told.endswith(", tsv, webdataset")
    assert str(_error(one, fmt="lmbd")).startswith("format: unknown format 'lmbd'; did you mean 'lmdb'?")


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = _write(tmp_path / "real", _samples(_recipe("clean", 1), 25), labels=False)
    broken = folder / "images" / "000000000007.png"
    broken.write_bytes(b"no picture at all")
    assert str(_error(folder)) == f"{broken}: is no picture that can be read; give PNG, JPEG, TIFF, WebP and the like"
    broken.write_bytes(codec.encode_png(_samples(_recipe("clean", 1), 1)[0].image)[:200])
    assert str(_error(folder)).startswith(f"{broken}: cannot be read as a picture, ")
    assert isinstance(_error(folder), OutputError)


def test_a_broken_data_set_is_named(tmp_path: Path) -> None:
    recipe = _recipe("clean", 9, output={"image": "png"})
    generate(recipe, 30, tmp_path / "set", workers=1)
    [shard] = sorted((tmp_path / "set" / "data").iterdir())
    shard.write_bytes(shard.read_bytes()[:20_000])
    message = str(_error(tmp_path / "set"))
    assert message.startswith(f"{shard}: ")
    assert message.endswith(f"; see what is wrong with ocrsynth lint {tmp_path / 'set'}")


def test_pictures_that_cannot_be_measured_are_counted(tmp_path: Path) -> None:
    folder = _write(tmp_path / "real", _samples(_recipe("clean", 1), 25), labels=False)
    odd = {"white": np.full((30, 80), 255), "dot": np.zeros((1, 1)), "thread": np.resize([0, 255], (1, 900))}
    for name, image in odd.items():
        cv2.imwrite(str(folder / "images" / f"{name}.png"), image.astype(np.uint8))
    found = compare(folder, _recipe("clean", 1))
    assert (len(found.real.lines), dict(found.real.left_out)) == (25, {"no contrast": 2, "too wide": 1})
    assert "25 real lines of 28 in real, left out 2 no contrast, 1 too wide, 28 synthetic" in about(found, "real", "recipe")[0]
    for path in (folder / "images").glob("0*.png"):
        cv2.imwrite(str(path), np.full((30, 80), 200, np.uint8))
    expected = (
        "there must be 20 real lines or more that can be measured, got 0 (left out: 27 no contrast, 1 too wide); give more"
    )
    assert str(_error(folder)) == f"{folder}: {expected}"


def test_wrong_recipes_are_named(scans: Path) -> None:
    error = _error(scans, count=19)
    assert isinstance(error, RecipeError)
    assert str(error) == "-n: must be 20 or more, got 19; fewer lines say nothing"
    vertical = Recipe.from_dict({"language": "ja", "degrade": "clean", "render": {"vertical": 0.5}})
    assert str(_error(scans, vertical)) == "render.vertical: only horizontal lines can be compared, got 0.5; set it to 0"
    empty = _recipe("clean", 1, text={"empty_share": 1.0})
    assert str(_error(scans, empty)).startswith("recipe: there must be 20 lines or more that can be measured, got ")


def test_what_must_be_borne_in_mind_is_said(tmp_path: Path) -> None:
    samples = _samples(_recipe("clean", 1, text={"length_clusters": [1, 3]}, render={"height_px": 20}), 40)
    folder = _write(tmp_path / "real", samples)
    found = compare(folder, _recipe("clean", 1))
    sentences = about(found, "real", "recipe")
    assert sentences[0] == "40 real lines of 40 in real, 40 synthetic ones of recipe, measured at a height of 32 px."
    assert sentences[1].startswith("100% of the real pictures are lower than that and were enlarged")
    assert sentences[2].startswith("Lines differ in length (median ")
    assert len(about(compare(folder, _recipe("clean", 1), height_px=20), "real", "recipe")) == 2


def test_figures_have_three_digits() -> None:
    values = (0.0, 1.0, 0.123456, 12.3456, 123.456, 2e-6, -0.0123, float("nan"))
    assert [figure(v) for v in values] == ["0", "1.00", "0.123", "12.3", "123", "0", "-0.0123", "–"]


def test_the_table_lists_what_differs_or_all(apart: Comparison, same: Comparison) -> None:
    listed = rows(apart)
    assert 5 < len(listed) < len(FEATURES)
    assert {"contrast_grey": "+", "mid_tone_share": "−"}.items() <= {row[0]: row[1][0] for row in listed}.items()
    assert rows(same) == []
    assert len(rows(same, all_features=True)) == len(FEATURES)


def _invoke(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["compare", *arguments], catch_exceptions=False, standalone_mode=False)


def test_the_command_prints_a_table_and_writes_the_page(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    done = _invoke(str(scans), "--lang", "en", "--preset", "fax", "--most-real", "40", "-o", str(out))
    lines = done.output.splitlines()
    assert lines[0].split()[0] == "feature"
    assert any(line.startswith("mid_tone_share ") for line in lines)
    assert lines[-1] == str(out)
    assert (
        f"40 real lines of {N} in {scans}, 40 synthetic ones of --lang en --preset fax, measured at a height of 32 px." in lines
    )
    assert any(line.startswith("distinguishable: accuracy ") for line in lines)
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_command_takes_a_recipe_file_and_prints_json(scans: Path, tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("language: en\ndegrade: scan\nseed: 2\ntext: {length_clusters: [6, 30]}\n")
    content = json.loads(_invoke(str(scans), str(file), "--json", "-n", "50", "--common-height", "24").output)
    assert (content["recipe"], content["page"], content["height_px"]) == (str(file), None, 24)
    assert (content["real"]["lines"], content["synthetic"]["lines"]) == (N, 50)
    assert re.fullmatch(r"[0-9a-f]{64}", content["fingerprint"])
    assert content["found"] == N


def test_a_page_that_cannot_be_written_is_known_before_the_work(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "no" / "page.html"
    with pytest.raises(OutputError, match=re.escape(f"{out}: its folder is not there; make it, or choose another file")):
        _invoke(str(scans), "--lang", "en", "-o", str(out))
