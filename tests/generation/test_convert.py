"""convert, lint and inspect: data sets of any origin."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import zlib
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from commands import run_here

from ocrsynth import Recipe, cache, codec, generate, make_sample
from ocrsynth.charset import Charset
from ocrsynth.errors import ExitCode, OutputError, RecipeError
from ocrsynth.evaluate.lines import read_from
from ocrsynth.generation.convert import convert
from ocrsynth.generation.lint import lint
from ocrsynth.generation.parts import Part
from ocrsynth.generation.report import report
from ocrsynth.generation.source import open_source
from ocrsynth.generation.verify import verify
from ocrsynth.realism.lines import real_lines
from ocrsynth.write.base import FORMATS, Stored

if TYPE_CHECKING:
    from pathlib import Path

_TARGETS = [name for name in FORMATS if name not in ("dummy", "doctr")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty samples in every format."""
    out = tmp_path_factory.mktemp("made") / "out"
    formats = [name for name in FORMATS if name != "dummy"]
    generate(Recipe.for_language("en", seed=9, output={"format": formats, "shard_size": 20}), 40, out)
    return out


def _pairs(path: Path, fmt: str | None = None) -> list[tuple[str, bytes]]:
    return [(s.text, codec.decode(s.image).tobytes()) for _, s in open_source(path, fmt).read()]


@pytest.mark.parametrize("target", _TARGETS)
@pytest.mark.parametrize("source", [name for name in _TARGETS if name != "lstmf"])
def test_labels_and_pictures_go_between_any_two(source: str, target: str, made: Path, tmp_path: Path) -> None:
    needs = FORMATS.get(target, "t").constraints.needs_boxes
    if needs and FORMATS.get(source, "t").keeps.isdisjoint(("meta", "boxes")):
        with pytest.raises(RecipeError, match=rf"^--format: '{target}' is about boxes, and format '{source}' keeps none"):
            convert(made / "data" / source, tmp_path / "out", target)
        return
    done = convert(made / "data" / source, tmp_path / "out", target)
    assert (done.samples, done.shards, done.skipped) == (40, 2, {})
    assert _pairs(tmp_path / "out") == _pairs(made / "data" / source)
    assert open_source(tmp_path / "out").format.name == target


@pytest.mark.parametrize("fmt", [name for name in FORMATS if name != "dummy"])
def test_the_format_of_a_folder_is_told_by_its_files(fmt: str, made: Path) -> None:
    assert open_source(made / "data" / fmt).format.name == fmt


@pytest.mark.parametrize("fmt", ["webdataset", "lmdb", "parquet"])
def test_a_conversion_is_what_generate_writes(fmt: str, made: Path, tmp_path: Path) -> None:
    convert(made, tmp_path / "out", fmt, source_format="folder")
    ours = sorted(p for p in (tmp_path / "out/data").rglob("*") if p.is_file())
    theirs = sorted(p for p in (made / "data" / fmt).rglob("*") if p.is_file())
    assert [p.read_bytes() for p in ours] == [p.read_bytes() for p in theirs]


def test_of_words_words_are_counted(made: Path, tmp_path: Path) -> None:
    n_words = len(_pairs(made / "data/doctr"))
    assert n_words > 100
    done = convert(made, tmp_path / "out", "doctr")
    assert (done.samples, done.words, done.shards) == (40, n_words, 2)
    stated = json.loads((tmp_path / "out/dataset.json").read_bytes())
    assert stated["count"] == n_words
    told = run_here(tmp_path, "convert", str(made), "again", "--format", "doctr")
    assert (told.stdout, told.stderr) == (f"{n_words:,} words of 40 samples in 2 shards: again\n", "")
    told = run_here(tmp_path, "convert", str(made), "lines", "--format", "paddle")
    assert told.stdout == "40 samples in 2 shards: lines\n"


def test_generate_tells_how_many_words_it_made(tmp_path: Path) -> None:
    line = "generate --lang en --seed 9 -n 40 --shard-size 20 -o set --format doctr --format paddle -q --workers 1"
    told = run_here(tmp_path, *line.split()).stdout
    files = sorted((tmp_path / "set/data/doctr").glob("*/labels.json"))
    counts = [len(json.loads(path.read_bytes())) for path in files]
    assert told.startswith("40 samples in 2 shards: set/\n")
    assert f"\n  doctr holds {sum(counts):,} words, each a sample of its own\n" in told
    assert "paddle holds" not in told
    stated = json.loads((tmp_path / "set/dataset.json").read_bytes())
    assert [shard["count"] for shard in stated["shards"] if shard["format"] == "doctr"] == counts
    assert [shard["count"] for shard in stated["shards"] if shard["format"] == "paddle"] == [20, 20]
    again = json.loads(run_here(tmp_path, *line.split(), "--json").stdout)
    assert (again["resumed_shards"], again["count"], again["words"]) == (2, 40, {"doctr": sum(counts)})
    assert run_here(tmp_path, "verify", "set").returncode == 0


def test_a_conversion_can_be_done_again_and_is_not_mixed_up(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    convert(made, out, "lmdb")
    before = [p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()]
    convert(made, out, "lmdb")
    assert [p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()] == before
    with pytest.raises(OutputError, match="holds another conversion"):
        convert(made, out, "parquet")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").touch()
    with pytest.raises(OutputError, match=r"is not empty, got 'thesis.txt'"):
        convert(made, tmp_path / "full", "lmdb")
    with pytest.raises(OutputError, match="lies in the source"):
        convert(made, made / "inside", "lmdb")


@pytest.mark.parametrize("fmt", ["webdataset", "lmdb", "paddle", "page-xml"])
def test_no_shard_of_a_longer_source_stays(fmt: str, tmp_path: Path) -> None:
    source, again, fresh = tmp_path / "source", tmp_path / "again", tmp_path / "fresh"
    long = {"format": ["webdataset"], "shard_size": 5, "split": {"train": 0.5, "val": 0.5}}
    generate(Recipe.for_language("en", seed=9, output=long), 30, source)
    convert(source, again, fmt)
    assert len(list((again / "data").iterdir())) == 2
    shutil.rmtree(source)
    generate(Recipe.for_language("en", seed=10, output={"format": ["webdataset"], "shard_size": 5}), 10, source)
    assert convert(source, again, fmt).samples == 10
    convert(source, fresh, fmt)
    trees = [{p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()} for out in (again, fresh)]
    assert trees[0] == trees[1]
    assert len(_pairs(again)) == 10


def test_of_several_formats_the_one_that_keeps_most_is_read(tmp_path: Path) -> None:
    output = {"format": ["lstmf", "paddle", "kraken"], "shard_size": 20}
    generate(Recipe.for_language("en", seed=9, output=output), 20, tmp_path / "a")
    assert open_source(tmp_path / "a").format.name == "paddle"
    output = {"format": ["lstmf", "lmdb", "webdataset"], "shard_size": 20}
    generate(Recipe.for_language("en", seed=9, output=output), 20, tmp_path / "b")
    assert open_source(tmp_path / "b").format.name == "webdataset"


def test_what_cannot_be_converted(made: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="labels of 'lstmf' are in visual order"):
        convert(made / "data/lstmf", tmp_path / "a", "folder")
    with pytest.raises(OutputError, match="is not there"):
        convert(tmp_path / "nothing", tmp_path / "a", "folder")
    (tmp_path / "empty").mkdir()
    with pytest.raises(OutputError, match="holds nothing that looks like a data set"):
        convert(tmp_path / "empty", tmp_path / "a", "folder")
    with pytest.raises(RecipeError, match="--format: unknown format 'pdf'"):
        convert(made, tmp_path / "a", "pdf")


@pytest.mark.parametrize("cut", [0, 32, 600, -32])
def test_a_damaged_source_leaves_no_half_shard(made: Path, tmp_path: Path, cut: int) -> None:
    """Cut before, in and behind the header of a member, and in the data before it."""
    source = tmp_path / "source"
    shutil.copytree(made / "data/webdataset", source)
    shard = source / "000001.tar"
    with tarfile.open(shard) as tar:
        header = tar.getmembers()[7].offset
    shard.write_bytes(shard.read_bytes()[: header + cut])
    with pytest.raises(OutputError, match=r"000001\.tar: cannot be converted"):
        convert(source, tmp_path / "out", "parquet")
    assert sorted(p.name for p in (tmp_path / "out/data").iterdir()) == ["000000.parquet"]


class TestLint:
    def test_our_own_sets_are_clean(self, made: Path) -> None:
        for fmt in ("webdataset", "paddle", "lmdb", "alto"):
            assert lint(made / "data" / fmt).faults == {}

    def test_every_fault_is_found(self, made: Path, tmp_path: Path) -> None:
        folder = tmp_path / "theirs"
        shutil.copytree(made / "data/paddle/000000", folder)
        lines = (folder / "rec_gt.txt").read_text(encoding="utf-8").split("\n")[:-1]
        names = [line.split("\t")[0] for line in lines]
        labels = {
            "empty label": "",
            "white space at the ends": "x ",
            "label is not NFC": "cafe\u0301",
            "control or unassigned character": "a\x07b",
            "invisible direction mark": "a\u200fb",
            "replacement character": "a\ufffdb",
            "Arabic presentation form": "\ufefb",
            "character outside the alphabet": "日本",
        }
        for i, text in enumerate(labels.values()):
            lines[i] = f"{names[i]}\t{text}"
        (folder / names[8]).write_bytes(b"no picture")
        (folder / names[9]).unlink()
        (folder / names[10]).write_bytes(codec.encode_png(np.full((4, 90), 200, np.uint8)))
        (folder / names[11]).write_bytes((folder / names[12]).read_bytes())
        (folder / "rec_gt.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        found = lint(folder, characters=frozenset(map(chr, range(32, 0x250))))
        assert found.samples == 20
        expected = {
            *labels,
            "broken picture",
            "picture is missing",
            "tiny picture",
            "picture without contrast",
            "duplicate picture",
        }
        assert expected <= set(found.faults)
        assert found.faults["duplicate picture"] == 1

    def test_thin_letters_are_no_fault_of_a_set_of_words(self, tmp_path: Path) -> None:
        recipe = Recipe.for_language("en", preset="clean", seed=3, output={"format": "doctr"})
        generate(recipe, 120, tmp_path / "set")
        sides = [min(codec.decode(s.image).shape[:2]) for _, s in open_source(tmp_path / "set").read()]
        assert sum(side < 8 for side in sides) > 5
        assert lint(tmp_path / "set").faults == {}

    def test_crops_that_cannot_hold_their_word_are_one(self, tmp_path: Path) -> None:
        (tmp_path / "images").mkdir()
        crops = {
            "I": (20, 2),
            "-": (2, 9),
            "\N{EM DASH}": (2, 9),
            ".": (3, 3),
            "il": (9, 5),
            "|": (1, 1),
            "lightning": (7, 9),
            "word": (9, 7),
        }
        labels = {}
        for number, (text, shape) in enumerate(crops.items()):
            picture = np.zeros(shape, np.uint8)
            if len(text) > 1:
                picture[: number + 1, ::2] = 255
            (tmp_path / f"images/{number}.png").write_bytes(codec.encode_png(picture))
            labels[f"{number}.png"] = text
        (tmp_path / "labels.json").write_text(json.dumps(labels))
        found = lint(tmp_path)
        assert found.faults == {"tiny picture": 2}
        assert [example.rpartition(": ")[2] for example in found.examples["tiny picture"]] == ["1×1 px", "9×7 px"]

    def test_boxes_outside(self, made: Path, tmp_path: Path) -> None:
        folder = tmp_path / "theirs"
        shutil.copytree(made / "data/folder/000000", folder)
        lines = (folder / "labels.jsonl").read_bytes().splitlines()
        record = json.loads(lines[3])
        record["word_quads"][0][1][0] += 5000
        lines[3] = json.dumps(record).encode()
        (folder / "labels.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        assert lint(folder).faults == {"box outside the picture": 1}

    def test_the_command_exits_with_8(self, made: Path, tmp_path: Path) -> None:
        folder = tmp_path / "theirs"
        shutil.copytree(made / "data/easyocr/000000", folder)
        for path in folder.glob("*.jpg"):
            path.unlink()
        done = subprocess.run(
            [sys.executable, "-m", "ocrsynth", "lint", str(folder), "--json"], capture_output=True, text=True, check=False
        )
        assert done.returncode == ExitCode.VERIFY
        assert json.loads(done.stdout)["faults"] == {"picture is missing": 20}

    def test_a_path_that_leads_outside_is_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "secret.png").write_bytes(codec.encode_png(np.zeros((9, 9), np.uint8)))
        folder = tmp_path / "theirs"
        folder.mkdir()
        for name in ("../secret.png", str(tmp_path / "secret.png")):
            (folder / "rec_gt.txt").write_text(f"{name}\tx\n")
            assert lint(folder).faults == {"unreadable shard": 1}
        (folder / "link.png").symlink_to(tmp_path / "secret.png")
        (folder / "rec_gt.txt").write_text("link.png\tx\n")
        assert lint(folder).faults == {"unreadable shard": 1}


class TestReport:
    def test_it_is_one_page_without_a_request(self, made: Path) -> None:
        page = report(made)
        assert page.startswith("<!doctype html>")
        assert not re.findall(r"""(?:src|href)=["']?(?!data:)[^"'> ]+""", page)
        # But for pictures and for labels, of which some are addresses.
        assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+|<bdi>[^<]*</bdi>", "", page)
        assert page.count("<figure>") == 40
        for word in ("Font families", "Ops, by samples", "Requested against delivered", "Contrast"):
            assert word in page

    def test_what_was_asked_stands_beside_what_was_given(self, made: Path) -> None:
        page = report(made)
        tables = page.partition("Requested against delivered")[2]
        assert re.findall(r"<h3>(\w+)", tables) == ["sources", "fonts", "lengths", "characters"]
        assert re.search(r"<bdi>space</bdi><td class=n>\d+\.\d%<td class=n>\d+\.\d%", tables)
        assert all(tables.count("<tr>", *_table(tables, name)) <= 41 for name in ("lengths", "characters"))

    def test_throughput_is_told_by_the_times_of_the_receipts(self, tmp_path: Path) -> None:
        generate(Recipe.for_language("en", seed=9, preset="clean", output={"shard_size": 5}), 20, tmp_path / "out")
        receipts = sorted((tmp_path / "out" / "receipts").glob("*.json"))
        # Three steps of two seconds, the last after a night.
        for path, time in zip(receipts, (1000, 1002, 1004, 40_000), strict=True):
            os.utime(path, (time, time))
        assert "throughput<td>2 samples a second" in report(tmp_path / "out")
        for path in receipts:
            os.utime(path, (1000, 1000))
        assert "throughput" not in report(tmp_path / "out")

    @pytest.mark.parametrize("fmt", ["lmdb", "tesstrain", "doctr", "kraken"])
    def test_other_formats_have_one_too(self, fmt: str, made: Path) -> None:
        assert "<figure>" in report(made / "data" / fmt)

    def test_labels_are_escaped(self, tmp_path: Path) -> None:
        (tmp_path / "labels.csv").write_text("filename,words\na.png,<script>alert(1)</script>\n")
        (tmp_path / "a.png").write_bytes(codec.encode_png(np.zeros((20, 60), np.uint8)))
        page = report(tmp_path)
        assert "<script>" not in page
        assert "&lt;script&gt;" in page

    def test_the_command_says_what_is_wrong(self, tmp_path: Path) -> None:
        (tmp_path / "x.tar").write_bytes(b"no tar" * 300)
        command = [sys.executable, "-m", "ocrsynth", "inspect", str(tmp_path), "-o", str(tmp_path / "r.html")]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
        assert done.returncode == ExitCode.VERIFY
        assert "x.tar" in done.stderr
        assert "Traceback" not in done.stderr


def test_pictures_without_text_are_no_fault_where_they_were_asked_for(tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", preset="clean", text={"empty_share": 0.4}, output={"format": "webdataset"})
    generate(recipe, 30, tmp_path / "set")
    assert lint(tmp_path / "set").faults == {}


@pytest.mark.parametrize("fmt", ["webdataset", "parquet", "kraken", "lstmf"])
def test_a_broken_picture_is_not_carried_on(fmt: str, tmp_path: Path) -> None:
    generate(Recipe.for_language("en", output={"format": "folder"}), 5, tmp_path / "set")
    picture = sorted((tmp_path / "set/data").rglob("*.jpg"))[2]
    picture.write_bytes(picture.read_bytes()[:200])
    with pytest.raises(OutputError, match="cannot be converted, "):
        convert(tmp_path / "set", tmp_path / "made", fmt)


def test_a_folder_in_a_file_s_place_is_an_error_of_one_line(tmp_path: Path) -> None:
    generate(Recipe.for_language("en", seed=9), 3, tmp_path / "out")
    (tmp_path / "out/dataset.json").unlink()
    (tmp_path / "out/dataset.json").mkdir()
    command = [sys.executable, "-m", "ocrsynth", "verify", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    place = tmp_path / "out/dataset.json"
    told = f"error: {place}: cannot be read or written, Is a directory; look at what it is and at its rights\n"
    assert (done.stderr, done.returncode) == (told, ExitCode.OUTPUT)


def test_a_run_without_standard_error(tmp_path: Path) -> None:
    command = f"{sys.executable} -m ocrsynth generate --lang en -n 2 -o {tmp_path / 'out'} --workers 1 2>&-"
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=False).returncode == 0
    assert (tmp_path / "out/dataset.json").exists()


def test_a_source_that_cannot_be_read_is_named_and_not_the_target(tmp_path: Path) -> None:
    source = tmp_path / "source"
    generate(Recipe.for_language("en", seed=9, output={"format": ["webdataset"], "shard_size": 3}), 6, source)
    shard = source / "data/000001.tar"
    shard.unlink()
    shard.mkdir()
    with pytest.raises(OutputError, match=rf"^{re.escape(str(shard))}: cannot be read, Is a directory; free or fix it and run"):
        convert(source, tmp_path / "out", "lmdb")


def _table(page: str, name: str) -> tuple[int, int]:
    """Return where the table of *name* begins and ends."""
    start = page.index(f"<h3>{name}")
    return start, page.index("</table>", start)


def _grey(level: int) -> bytes:
    return codec.encode_png(np.full((20, 40), level, np.uint8))


class TestKeys:
    """Of a foreign set's names a key is made; two samples that shared one would share a picture."""

    @pytest.mark.parametrize("target", ["folder", "webdataset", "parquet", "tesstrain"])
    def test_two_pictures_of_one_name_in_two_folders_stay_two(self, target: str, tmp_path: Path) -> None:
        lines = []
        for name, level, text in (
            ("a/1.png", 10, "dark"),
            ("b/1.png", 200, "light"),
            ("p.1.png", 90, "mid"),
            ("p.2.png", 150, "pale"),
        ):
            file = tmp_path / "set" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_grey(level))
            lines.append(json.dumps({"file_name": name, "text": text}))
        (tmp_path / "set" / "metadata.jsonl").write_text("\n".join(lines) + "\n")
        assert convert(tmp_path / "set", tmp_path / "out", target).samples == 4
        found = {s.text: int(codec.decode(s.image)[0, 0]) for _, s in open_source(tmp_path / "out").read()}
        assert found == {"dark": 10, "light": 200, "mid": 90, "pale": 150}
        assert not lint(tmp_path / "out").faults.keys() & {"picture is missing", "unreadable shard"}

    def test_a_key_that_leads_outside_stays_inside(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        with tarfile.open(tmp_path / "in" / "x.tar", "w") as tar:
            for name, data in (("../../../../escaped.png", _grey(70)), ("../../../../escaped.txt", b"out")):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        convert(tmp_path / "in", tmp_path / "deep" / "out", "folder", source_format="webdataset")
        assert [s.text for _, s in open_source(tmp_path / "deep" / "out").read()] == ["out"]
        assert not list(tmp_path.rglob("../escaped*"))
        assert [p.name for p in tmp_path.rglob("*.png")] == ["escaped.png"]
        assert next(tmp_path.rglob("*.png")).is_relative_to(tmp_path / "deep" / "out" / "data")

    @pytest.mark.parametrize("key", ["n" * 120, "é" * 100, "a.b", "...", "x y"])
    def test_keys_that_a_tar_cannot_hold(self, key: str, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / f"{key}.png").write_bytes(_grey(60))
        (tmp_path / "in" / f"{key}.gt.txt").write_text("label\n")
        convert(tmp_path / "in", tmp_path / "out", "webdataset", source_format="tesstrain")
        [(_, stored)] = open_source(tmp_path / "out").read()
        assert (stored.text, int(codec.decode(stored.image)[0, 0])) == ("label", 60)

    def test_a_writer_refuses_a_name_that_has_no_room(self, tmp_path: Path) -> None:
        writer = FORMATS.get("webdataset", "t")().open(tmp_path / "x.tar")
        with pytest.raises(ValueError, match="at most 100 bytes"):
            writer.add(Stored("k" * 98, "t", _grey(9), {"text": "t"}))
        writer.close()


@pytest.mark.parametrize(
    ("fmt", "file", "key"), [("imagefolder", "metadata.jsonl", "file_name"), ("mmocr", "labels.jsonl", "filename")]
)
@pytest.mark.parametrize("label", [None, 3.5, ["a"]])
def test_a_label_that_is_no_text_is_none(fmt: str, file: str, key: str, label: object, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(_grey(60))
    (tmp_path / "in" / file).write_text(json.dumps({key: "a.png", "text": label}) + "\n")
    assert lint(tmp_path / "in", fmt=fmt).faults == {"unreadable shard": 1}
    with pytest.raises(OutputError, match="line 1 is no record"):
        convert(tmp_path / "in", tmp_path / "out", "folder", source_format=fmt)


class TestSplits:
    def test_splits_of_any_name_stay_apart(self, tmp_path: Path) -> None:
        split = {"train": 0.5, "dev": 0.25, "holdout": 0.25}
        recipe = Recipe.for_language("en", preset="clean", seed=3, output={"shard_size": 20, "split": split})
        generate(recipe, 40, tmp_path / "set")
        texts = {(shard.split, stored.text) for shard, stored in open_source(tmp_path / "set").read()}
        assert {name for name, _ in texts} == set(split)
        convert(tmp_path / "set", tmp_path / "tars", "webdataset")
        convert(tmp_path / "tars", tmp_path / "back", "folder")
        for made in ("tars", "back"):
            assert {(shard.split, stored.text) for shard, stored in open_source(tmp_path / made).read()} == texts

    def test_what_is_held_out_is_not_for_training(self, tmp_path: Path) -> None:
        split = {"train": 0.4, "dev": 0.3, "holdout": 0.3}
        recipe = Recipe.for_language("en", preset="clean", seed=3, output={"format": ["kraken", "coco-text"], "split": split})
        generate(recipe, 30, tmp_path / "set")
        marks = {}
        for name in split:
            [path] = (tmp_path / "set/data/kraken" / name).glob("*.arrow")
            with pa.ipc.open_file(str(path)) as file:
                table = file.read_all()
            marks[name] = [all(table.column(part).to_pylist()) for part in ("train", "validation", "test")]
            images = json.loads((tmp_path / "set/data/coco-text" / name / "coco_text.json").read_bytes())["imgs"]
            assert {image["set"] for image in images.values()} == {{"dev": "val"}.get(name, name)}
        assert marks == {"train": [True, False, False], "dev": [False, True, False], "holdout": [False, False, False]}


def test_what_a_killed_conversion_left_is_removed(tmp_path: Path) -> None:
    generate(Recipe.for_language("en", preset="clean", seed=3, output={"shard_size": 5}), 10, tmp_path / "set")
    convert(tmp_path / "set", tmp_path / "out", "easyocr")
    shard = tmp_path / "out/data/000001"
    shutil.copytree(shard, tmp_path / "out/data/000001.part-0123abcd-999")
    convert(tmp_path / "set", tmp_path / "out", "easyocr")
    assert sorted(p.name for p in (tmp_path / "out/data").iterdir()) == ["000000", "000001"]


def test_keys_that_a_format_does_not_keep_are_made_once_each(tmp_path: Path) -> None:
    generate(
        Recipe.for_language("en", preset="clean", seed=3, output={"shard_size": 4, "format": "kraken"}), 12, tmp_path / "set"
    )
    convert(tmp_path / "set", tmp_path / "out", "webdataset")
    keys = [stored.key for _, stored in open_source(tmp_path / "out").read()]
    assert len(set(keys)) == len(keys) == 12


@pytest.mark.parametrize(("fmt", "within"), [("coco-text", 0.006), ("page-xml", 0.51), ("paddle", 1.01), ("alto", None)])
def test_boxes_of_words_come_back(fmt: str, within: float | None, tmp_path: Path) -> None:
    generate(Recipe.for_language("en", preset="camera", seed=3, output={"format": [fmt, "webdataset"]}), 12, tmp_path / "set")
    convert(tmp_path / "set", tmp_path / "again", fmt, source_format=fmt)
    convert(tmp_path / "again", tmp_path / "words", "doctr")
    first = {s.key: s for _, s in open_source(tmp_path / "set", "webdataset").read()}
    for _, stored in open_source(tmp_path / "again").read():
        meta = first[stored.key].meta
        assert stored.meta["words"] == meta["words"]
        quads, wanted = np.array(stored.meta["word_quads"]), np.array(meta["word_quads"])
        if within is None:  # The upright boxes around the words, in whole pixels.
            low, high = quads.min(axis=1), quads.max(axis=1)
            inside = np.clip(wanted, 0, (meta["width"], meta["height"]))
            assert (low <= inside.min(axis=1)).all()
            assert (low > inside.min(axis=1) - 1.01).all()
            assert (high >= inside.max(axis=1)).all()
            assert (high < inside.max(axis=1) + 1.01).all()
        else:
            np.testing.assert_allclose(quads, np.clip(wanted, 0, (meta["width"] - 1, meta["height"] - 1)), atol=within)
    assert [s.text for _, s in open_source(tmp_path / "words").read()] == [w for s in first.values() for w in s.text.split()]


@pytest.mark.parametrize("fmt", ["page-xml", "alto", "paddle"])
def test_without_boxes_none_come_back(fmt: str, tmp_path: Path) -> None:
    recipe = Recipe.for_language(
        "en", preset="clean", seed=3, output={"format": fmt, "boxes": "none"}, text={"length_clusters": [9, 30]}
    )
    generate(recipe, 12, tmp_path / "set")
    several = [s for _, s in open_source(tmp_path / "set").read() if " " in s.text]
    assert several
    assert all("word_quads" not in s.meta for s in several)


@pytest.mark.parametrize(
    ("fmt", "file"), [("page-xml", "000000000000.xml"), ("alto", "000000000000.xml"), ("paddle", "det_gt.txt")]
)
def test_words_that_are_not_in_the_label_are_told(fmt: str, file: str, tmp_path: Path) -> None:
    text = {
        "sources": [{"pattern": {"templates": ["qx wz"]}}],
        "case": {"asis": 1, "sentence": 0, "mixed": 0, "title": 0, "upper": 0},
    }
    generate(Recipe.for_language("en", preset="clean", text=text, output={"format": fmt}), 2, tmp_path / "set")
    path = tmp_path / "set/data/000000" / file
    wrong = path.read_text("utf-8").replace("qx", "other", 1)
    path.write_text(wrong, "utf-8")
    if fmt == "alto":  # There words are the label.
        assert next(s.text for _, s in open_source(tmp_path / "set").read()).startswith("other")
        return
    if fmt == "paddle":  # There they are of another list, for another trainer.
        [first, second] = [s for _, s in open_source(tmp_path / "set").read()]
        assert "word_quads" not in first.meta
        assert len(second.meta["word_quads"]) == 2
        return
    with pytest.raises(ValueError, match="not in its label"):
        list(open_source(tmp_path / "set").read())


def test_a_conversion_tells_its_characters(tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", preset="clean", seed=3)
    generate(recipe, 12, tmp_path / "set")
    convert(tmp_path / "set", tmp_path / "out", "webdataset")
    assert Charset.from_data(tmp_path / "out").symbols == Charset.from_data(tmp_path / "set").symbols


def test_pictures_that_are_called_alto_do_not_make_alto_of_a_page(tmp_path: Path) -> None:
    generate(Recipe.for_language("en", preset="clean", seed=3, output={"format": "page-xml"}), 2, tmp_path / "set")
    [first, *_] = folder = sorted((tmp_path / "set/data/000000").glob("*.xml"))
    for path in folder:
        content = path.read_text().replace(path.stem, f"contralto-{path.stem}")
        path.with_name(f"contralto-{path.name}").write_text(content)
        picture = next(p for p in path.parent.glob(f"{path.stem}.*") if p.suffix != ".xml")
        picture.rename(picture.with_name(f"contralto-{picture.name}"))
        path.unlink()
    shutil.copytree(first.parent, tmp_path / "theirs")
    assert open_source(tmp_path / "theirs").format.name == "page-xml"
    assert len(list(open_source(tmp_path / "theirs").read())) == 2


class TestIncomplete:
    def test_what_generate_has_not_finished_is_not_taken_for_a_whole_set(self, tmp_path: Path) -> None:
        recipe = Recipe.for_language("en", seed=3, output={"shard_size": 10})
        generate(recipe, 40, tmp_path / "set", part=Part(1, 2))
        with pytest.raises(OutputError, match=r"set: is not complete, shards missing: 2, got no 000001.tar; .*--partial$"):
            convert(tmp_path / "set", tmp_path / "out", "folder")
        assert not (tmp_path / "out").exists()
        assert convert(tmp_path / "set", tmp_path / "out", "folder", partial=True).samples == 20
        assert lint(tmp_path / "set").faults == {"missing shard": 2}
        assert "Not complete: 2 shards" in report(tmp_path / "set")
        for read in (lambda: list(read_from(tmp_path / "set", None, 5)), lambda: real_lines(tmp_path / "set", None, 5)):
            with pytest.raises(OutputError, match="is not complete, shards missing: 2"):
                read()

    def test_a_shard_that_has_nothing_of_a_split_lacks_nothing(self, tmp_path: Path) -> None:
        split = {"train": 0.9, "val": 0.1}
        generate(Recipe.for_language("en", seed=1, output={"shard_size": 5, "split": split}), 40, tmp_path / "set")
        there = {p.name for p in (tmp_path / "set" / "data" / "val").iterdir()}
        assert 0 < len(there) < 8
        assert open_source(tmp_path / "set").missing == ()
        assert convert(tmp_path / "set", tmp_path / "out", "folder").samples == 40
        (tmp_path / "set" / "data" / "val" / min(there)).unlink()
        assert [shard.path.name for shard in open_source(tmp_path / "set").missing] == [min(there)]


def test_a_conversion_done_again_leaves_what_is_the_user_s(tmp_path: Path) -> None:
    split = {"train": 0.7, "val": 0.3}
    generate(Recipe.for_language("en", seed=1, output={"shard_size": 10, "split": split}), 40, tmp_path / "set")
    convert(tmp_path / "set", tmp_path / "out", "folder")
    data = tmp_path / "out" / "data"
    (data / "notes").mkdir()
    (data / "notes" / "x").write_text("precious")
    (data / "val" / "mine.txt").write_text("precious")
    (data / "link").symlink_to(tmp_path / "set")
    shutil.rmtree(tmp_path / "set")
    generate(Recipe.for_language("en", seed=1, output={"shard_size": 10}), 40, tmp_path / "set")
    convert(tmp_path / "set", tmp_path / "out", "folder")
    assert (data / "notes" / "x").read_text() == (data / "val" / "mine.txt").read_text() == "precious"
    assert (data / "link").is_symlink()
    assert (tmp_path / "set" / "plan.json").exists()
    # What the conversion before wrote is gone.
    assert [p.name for p in (data / "val").iterdir()] == ["mine.txt"]
    assert not (data / "train").exists()


@pytest.mark.parametrize(
    ("fmt", "file"),
    [("imagefolder", "metadata.jsonl"), ("paddle", "rec_gt.txt"), ("tesstrain", "*.gt.txt"), ("doctr", "labels.json")],
)
def test_a_mark_of_byte_order_is_no_part_of_a_label(fmt: str, file: str, tmp_path: Path) -> None:
    """Some editors put one before what they save."""
    recipe = Recipe.for_language("en", preset="clean", seed=4, output={"format": fmt})
    generate(recipe, 3, tmp_path / "set")
    for path in list((tmp_path / "set").rglob(file)):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    texts = [stored.text for _, stored in open_source(tmp_path / "set", fmt).read()]
    # docTR's are of words.
    assert " ".join(texts) == " ".join(make_sample(recipe, i).text for i in range(3))


_GOOD = {"text": "one two", "width": 60, "height": 32, "words": [[0, 3], [4, 7]]}


@pytest.mark.parametrize(
    ("meta", "fault"),
    [
        ([], "its metadata are no mapping, got []"),
        (5, "its metadata are no mapping, got 5"),
        ({"words": [[0, 999]]}, "its words are no ranges of the label, got [[0, 999]]"),
        ({"words": [[-5, 5]]}, "its words are no ranges of the label"),
        ({"words": [[5, 0]]}, "its words are no ranges of the label"),
        ({"words": "abc"}, "its words are no ranges of the label, got 'abc'"),
        ({"words": {}}, "its words are no ranges of the label, got {}"),
        ({"words": [[0, 2**70]]}, "its words are no ranges of the label"),
        ({"word_quads": [[[0, 0], [9, 0], [9, 9], [0, 9]]]}, "its word_quads are not four corners of each"),
        (
            {"words": [[0, 3]], "word_quads": [[[0, 0], [9, None], [9, 9], [0, 9]]]},
            "its word_quads are not four corners of each",
        ),
        ({"clusters": [[0, 1, 2]]}, "its clusters are no ranges of the label"),
        ({"line_quad": [[0, 0]]}, "its line_quad is not four corners"),
        ({"baseline": "line"}, "its baseline is no line of points"),
        ({"width": "wide"}, "its width is no number of px, got 'wide'"),
    ],
)
def test_metadata_that_cannot_be_are_told_by_all(meta: Any, fault: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    rows = json.dumps(_GOOD | meta if isinstance(meta, dict) else meta).encode()
    with tarfile.open(tmp_path / "in/0.tar", "w") as tar:
        for name, data in (("7.png", _grey(60)), ("7.txt", b"one two"), ("7.json", rows)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    found = lint(tmp_path / "in")
    assert set(found.faults) <= {"broken metadata", "unreadable shard"}
    assert found.faults
    for target in ("alto", "folder", "lmdb", "coco-text"):
        with pytest.raises(OutputError, match="see what is wrong with ocrsynth lint"):
            convert(tmp_path / "in", tmp_path / target, target)
    with pytest.raises(ValueError, match=re.escape(fault) if found.faults.keys() == {"broken metadata"} else "0.tar"):
        report(tmp_path / "in")


def test_another_label_or_size_in_the_metadata_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "in/0.tar", "w") as tar:
        meta = json.dumps({"text": "three", "width": 61}).encode()
        for name, data in (("7.png", _grey(60)), ("7.txt", b"one two"), ("7.json", meta)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    assert lint(tmp_path / "in").faults.keys() >= {"another label in the metadata", "another size in the metadata"}


class TestNotAllThere:
    """Data sets that are not all there are told by all that read them."""

    @pytest.fixture
    def converted(self, made: Path, tmp_path: Path) -> Path:
        convert(made, tmp_path / "set", "webdataset")
        return tmp_path / "set"

    def test_a_conversion_with_a_shard_gone(self, converted: Path, tmp_path: Path) -> None:
        [first, _] = sorted((converted / "data").glob("*.tar"))
        first.unlink()
        assert lint(converted).faults == {"missing shard": 1}
        with pytest.raises(OutputError, match=r"is not complete, shards missing: 1, got no 000000\.tar"):
            convert(converted, tmp_path / "out", "folder")

    def test_a_conversion_that_was_broken_off(self, converted: Path, tmp_path: Path) -> None:
        (converted / "dataset.json").unlink()
        assert lint(converted).faults == {"missing shard": 1}
        with pytest.raises(OutputError, match=r"is not complete, .* got no dataset\.json"):
            convert(converted, tmp_path / "out", "folder")

    def test_half_a_shard_is_none(self, made: Path, tmp_path: Path) -> None:
        convert(made, tmp_path / "set", "folder")
        whole = tmp_path / "set/data/000001"
        whole.rename(whole.with_name("000001.part-0a1b2c3d-77"))
        assert [shard.path.name for shard in open_source(tmp_path / "set").shards] == ["000000"]

    def test_labels_cut_off_are_counted(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        generate(Recipe.for_language("en", seed=9, output={"format": "folder", "shard_size": 20}), 20, out)
        labels = out / "data/000000/labels.jsonl"
        labels.write_bytes(b"".join(labels.read_bytes().splitlines(keepends=True)[:10]))
        assert lint(out).faults == {"unreadable shard": 1}
        with pytest.raises(OutputError, match="it holds 10 samples where its receipt says 20"):
            convert(out, tmp_path / "copy", "folder")


def test_labels_in_visual_order_are_not_turned_once_more(made: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"labels of 'lstmf' are in visual order .* or copy the files"):
        convert(made / "data/lstmf", tmp_path / "out", "lstmf", source_format="lstmf")


def test_figures_of_odd_types_in_a_summary_are_left_out(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate(Recipe.for_language("en", seed=9, output={"format": ["mmocr", "webdataset"]}), 5, out)
    summary = json.loads((out / "dataset.json").read_bytes())
    for change in ({"bytes": None, "skipped": [1], "splits": 5, "rejected": "x", "count": "7"}, {"joined": 0}):
        (out / "dataset.json").write_text(json.dumps(summary | change))
        assert "<h1>out</h1>" in report(out)
        assert any("dataset.json" in finding.where for finding in verify(out).findings)


def test_the_cache_knows_a_file_that_took_the_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    places = []
    for text in ("one", "two"):
        (tmp_path / "new").write_text(text)
        os.utime(tmp_path / "new", ns=(10**18, 10**18))
        (tmp_path / "new").replace(tmp_path / "c.txt")
        places.append(cache.entry("lines", tmp_path / "c.txt"))
    assert places[0] != places[1]


class TestWhatOthersHave:
    """Folders that other programs wrote."""

    def _mine(self, folder: Path, name: str, encoded: bytes, label: str = "one line") -> Path:
        (folder / "images").mkdir(parents=True)
        (folder / "images" / name).write_bytes(encoded)
        (folder / "labels.tsv").write_bytes(f"{name}\t{label}\r\n".encode())
        return folder

    @pytest.mark.parametrize("ending", [".tif", ".bmp"])
    def test_pictures_of_other_kinds_become_png(self, ending: str, tmp_path: Path) -> None:
        picture = np.tile(np.arange(64, dtype=np.uint8), (32, 1))
        made = self._mine(tmp_path / "mine", f"a{ending}", cv2.imencode(ending, picture)[1].tobytes())
        convert(made, tmp_path / "out", "webdataset")
        [(_, stored)] = open_source(tmp_path / "out").read()
        assert stored.text == "one line"
        assert codec.suffix_of(stored.image) == "png"
        np.testing.assert_array_equal(codec.decode(stored.image), picture)

    def test_beside_a_jpeg_they_make_tars_of_png_alone(self, tmp_path: Path) -> None:
        picture = np.tile(np.arange(64, dtype=np.uint8), (32, 1))
        made = self._mine(tmp_path / "mine", "a.tif", cv2.imencode(".tif", picture)[1].tobytes())
        (made / "images/b.jpg").write_bytes(codec.encode_jpeg(picture, 90))
        (made / "labels.tsv").write_text("a.tif\tone\nb.jpg\ttwo\n")
        convert(made, tmp_path / "out", "webdataset")
        assert {codec.suffix_of(stored.image) for _, stored in open_source(tmp_path / "out").read()} == {"png"}

    @pytest.mark.parametrize("fmt", ["kraken", "tesstrain"])
    def test_a_provenance_that_is_none_tells_nothing(self, fmt: str, tmp_path: Path) -> None:
        picture = codec.encode_png(np.tile(np.arange(64, dtype=np.uint8), (32, 1)))
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine/a.png").write_bytes(picture)
        (tmp_path / "mine/labels.jsonl").write_text('{"file":"a.png","text":"hi","provenance":"a scan"}\n')
        convert(tmp_path / "mine", tmp_path / "out", fmt)
        assert [stored.text for _, stored in open_source(tmp_path / "out").read()] == ["hi"]

    def test_labels_with_ends_of_lines_of_windows(self, tmp_path: Path) -> None:
        picture = codec.encode_png(np.tile(np.arange(64, dtype=np.uint8), (32, 1)))
        (tmp_path / "a.png").write_bytes(picture)
        (tmp_path / "a.gt.txt").write_bytes(b"two words\r\n")
        assert [stored.text for _, stored in open_source(tmp_path).read()] == ["two words"]


@pytest.mark.parametrize("command", ["lint", "inspect"])
def test_pictures_that_take_all_memory_are_told(command: str, tmp_path: Path) -> None:
    def png(width: int, height: int) -> bytes:
        def chunk(kind: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        head = struct.pack(">IIBBBBB", width, height, 16, 6, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")

    def npy(shape: tuple[int, ...]) -> bytes:
        text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(8)

    for name, data in (("a.png", png(20_000, 20_000)), ("a.png", npy((2**33, 4))), ("a.png", npy((0, 5)))):
        folder = tmp_path / hashlib.sha256(data).hexdigest()[:8]
        folder.mkdir()
        (folder / name).write_bytes(data)
        (folder / "metadata.jsonl").write_text(json.dumps({"file_name": name, "text": "x"}) + "\n")
        with pytest.raises(ValueError, match=r"px, more than|bytes for an array"):
            codec.decode(data)
        done = run_here(tmp_path, command, str(folder), *(["-o", "page.html"] if command == "inspect" else []))
        assert "Traceback" not in done.stderr
