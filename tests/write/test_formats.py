"""Every format, read back with other code than wrote it: no label changes on its way through a file."""

from __future__ import annotations

import gc
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
import unicodedata
import warnings
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import cv2
import numpy as np
import pytest
import webdataset

from ocrsynth import Recipe, codec
from ocrsynth.errors import ExitCode, OutputError
from ocrsynth.files import part_name
from ocrsynth.generation.plan import Plan
from ocrsynth.generation.shard import build_shard
from ocrsynth.pipeline import Pipeline
from ocrsynth.records import Line, Sample
from ocrsynth.write.base import FORMATS, Constraints
from ocrsynth.write.formats.webdataset import WebDataset
from ocrsynth.write.meta import Metadata, as_dict, stored_of, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_LABELS = (
    'say "yes"',
    "back\\slash \\n \\u0041 \\\\",
    "a/b\\c:d*e?f<g>h|i",
    "{json: [1, 2]}, 'x'",
    "cafe\u0301 o\u0308 \u1e9b\u0323",
    "e\u0301\u0308\u0327",
    " leading",
    "trailing ",
    "  both  and  double  ",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u0645\u0631\u062d\u0628\u0627 (123) \u0639\u0627\u0644\u0645",
    "a\u200fb\u200ec",
    "क्षत्रिय हिन्दी",
    "漢字かな交じり文",
    "👩\u200d👩\u200d👧 🇵🇱 𝔘𝔫𝔦",
    "line\u2028separator\u2029paragraph",
    "next\u0085line",
    "tab\tand\nfeed\r\nreturn",
    "no-break\u00a0space\u202f\u3000",
    "\ufeffmark",
    "-leading dash, =formula, #hash, 'quote, \"quote",
    "null",
    "1e5",
    "ﬁ ﬂ ligature characters",
    "x" * 2000,
)


@lru_cache(maxsize=4)
def _made(preset: str, color: str) -> tuple[Sample, ...]:
    recipe = Recipe.for_language("en", preset=preset, seed=29, render={"color": color})
    return tuple(Pipeline(recipe).batch(range(len(_LABELS))))


def _samples(preset: str = "scan", color: str = "grey") -> list[Sample]:
    """Return samples with the labels above in place of their own."""
    return [replace(s, text=text) for s, text in zip(_made(preset, color), _LABELS, strict=True)]


def _write(name: str, path: Path, samples: Sequence[Sample]) -> Path:
    writer = FORMATS.get(name, "test")().open(path)
    for sample in samples:
        writer.add(stored_of(sample))
    writer.close()
    return path


def _tree(path: Path) -> dict[str, str]:
    """Return the hash of every file at or below *path*, by its relative name."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {str(p.relative_to(path.parent)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


Read = dict[str, tuple[str, bytes, dict[str, Any]]]
"""Label, picture and metadata by key."""


def _consume(path: Path, mode: str | None = None) -> list[dict[str, Any]]:
    """Return the records that package webdataset gives to a training script, decoded in a *mode* or as bytes."""
    with warnings.catch_warnings():
        # The package leaves its file to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        records = webdataset.WebDataset(str(path), shardshuffle=False)
        found: list[dict[str, Any]] = list(records.decode(mode) if mode else records)
        del records
        gc.collect()
    return found


def _read_webdataset(path: Path) -> Read:
    """Read with package webdataset, as a training script does."""
    found = {}
    for record in _consume(path):
        [picture] = [record[e] for e in ("png", "jpg") if e in record]
        meta = json.loads(record["json"])
        meta["provenance"] = json.loads(meta["provenance"])
        found[record["__key__"]] = (record["txt"].decode("utf-8"), picture, meta)
    return found


def _read_folder(path: Path) -> Read:
    """Read with the standard library's json, line by line."""
    found = {}
    for line in (path / "labels.jsonl").read_bytes().split(b"\n"):
        if line:
            record = json.loads(line)
            name = record.pop("file")
            found[name.partition(".")[0]] = (record["text"], (path / name).read_bytes(), record)
    return found


_READERS: dict[str, Callable[[Path], Read]] = {"webdataset": _read_webdataset, "folder": _read_folder}


@pytest.fixture(params=list(_READERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shard(name: str, tmp_path: Path) -> Path:
    """A shard of all labels in a format."""
    return _write(name, tmp_path / f"000000{FORMATS.get(name, 'test').suffix}", _samples())


class TestContract:
    """Over the formats that hold all that is known of a sample."""

    def test_the_name_is_the_module(self, name: str) -> None:
        cls = FORMATS.get(name, "test")
        assert cls.name == name
        assert cls.__module__ == f"ocrsynth.write.formats.{name}"

    def test_labels_survive_byte_for_byte(self, name: str, shard: Path) -> None:
        texts = [text for text, _, _ in _READERS[name](shard).values()]
        assert [t.encode() for t in texts] == [t.encode() for t in _LABELS]

    def test_labels_in_the_metadata_are_the_same(self, name: str, shard: Path) -> None:
        assert [meta["text"] for _, _, meta in _READERS[name](shard).values()] == list(_LABELS)

    def test_pictures_are_the_samples_own_bytes(self, name: str, shard: Path) -> None:
        pictures = [picture for _, picture, _ in _READERS[name](shard).values()]
        assert pictures == [s.encoded for s in _samples()]

    @pytest.mark.parametrize(("preset", "color"), [("clean", "grey"), ("scan", "grey"), ("scan", "rgb"), ("clean", "rgb")])
    def test_pictures_decode_to_the_samples_pixels(self, name: str, tmp_path: Path, preset: str, color: str) -> None:
        samples = _samples(preset, color)
        path = _write(name, tmp_path / "shard", samples)
        for sample, (_, picture, _) in zip(samples, _READERS[name](path).values(), strict=True):
            flag = cv2.IMREAD_GRAYSCALE if color == "grey" else cv2.IMREAD_COLOR_RGB
            assert (cv2.imdecode(np.frombuffer(picture, np.uint8), flag) == sample.image).all()

    def test_the_metadata_is_that_of_the_samples(self, name: str, shard: Path) -> None:
        for sample, (_, _, meta) in zip(_samples(), _READERS[name](shard).values(), strict=True):
            height, width = sample.image.shape
            assert (meta["height"], meta["width"]) == (height, width)
            assert meta["clusters"] == sample.cluster_ranges.tolist()
            assert meta["words"] == sample.word_ranges.tolist()
            for key, array in (("cluster_quads", sample.cluster_quads), ("word_quads", sample.word_quads)):
                assert (np.array(meta[key], np.float32) == array).all()
            assert (np.array(meta["line_quad"], np.float32) == sample.line.quad).all()
            assert (np.array(meta["baseline"], np.float32) == sample.line.baseline).all()
            assert meta["provenance"] == sample.provenance

    def test_keys_are_in_order_and_have_no_dots(self, name: str, shard: Path) -> None:
        keys = list(_READERS[name](shard))
        assert keys == [s.key for s in _samples()]
        assert all(re.fullmatch(r"\d{12}", key) for key in keys)
        assert keys == sorted(keys)

    def test_every_sample_has_the_same_keys(self, name: str, shard: Path) -> None:
        sets = {tuple(meta) for _, _, meta in _READERS[name](shard).values()}
        [keys] = sets
        assert list(keys) == sorted(keys)
        assert set(keys) == {*as_dict(_samples()[0])}

    def test_the_own_reader_agrees_with_the_consumer(self, name: str, shard: Path) -> None:
        own = {s.key: (s.text, s.image, s.meta) for s in FORMATS.get(name, "test")().read(shard)}
        assert own == _READERS[name](shard)
        for _, _, meta in own.values():
            Metadata.model_validate(meta)

    def test_the_same_samples_give_the_same_bytes(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        first = _tree(_write(name, tmp_path / "a" / "shard", _samples()))
        second = _tree(_write(name, tmp_path / "b" / "shard", _samples()))
        assert first == second

    def test_other_samples_give_other_bytes(self, name: str, tmp_path: Path) -> None:
        samples = _samples()
        changed = [replace(samples[0], text=samples[0].text + "!"), *samples[1:]]
        trees = []
        for folder, content in (("a", samples), ("b", changed), ("c", samples[::-1])):
            (tmp_path / folder).mkdir()
            trees.append(_tree(_write(name, tmp_path / folder / "shard", content)))
        assert trees[0] != trees[1]
        assert trees[0] != trees[2]

    def test_an_empty_shard_can_be_read(self, name: str, tmp_path: Path) -> None:
        path = _write(name, tmp_path / "shard", [])
        assert list(FORMATS.get(name, "test")().read(path)) == []

    def test_shards_are_numbered_with_six_digits(self, name: str) -> None:
        fmt = FORMATS.get(name, "test")()
        assert fmt.shard_name(42) == f"000042{fmt.suffix}"
        names = [fmt.shard_name(i) for i in (0, 9, 10, 999_999)]
        assert names == sorted(names)

    def test_labels_of_a_run_are_accepted(self, name: str) -> None:
        fmt = FORMATS.get(name, "test")()
        for sample in _made("scan", "grey"):
            fmt.check(stored_of(sample))


class TestForbidden:
    """Characters that a consumer of a format would misread are refused before they are written."""

    class _Tabbed(WebDataset):
        name: ClassVar[str] = "tabbed"
        constraints: ClassVar[Constraints] = Constraints(forbidden=frozenset("\t|\u2028"))

    def test_the_message_names_the_characters(self) -> None:
        sample = replace(_samples()[0], index=7, text="a\tb|c\td")
        text = (
            "sample 000000000007: format 'tabbed' cannot hold the label, got 'a\\tb|c\\td': it has U+0009, U+007C; "
            "change the text source, or set output.unreadable to skip"
        )
        with pytest.raises(OutputError, match=f"^{re.escape(text)}$") as caught:
            self._Tabbed().check(stored_of(sample))
        assert caught.value.exit_code == ExitCode.OUTPUT

    def test_others_pass(self) -> None:
        self._Tabbed().check(stored_of(replace(_samples()[0], text='ok "/\\ \u2029')))


class _Interrupted(BaseException):
    """Stands for Ctrl-C or a kill at a chosen moment."""


@pytest.mark.parametrize("batches", [1, 2])
def test_an_interrupted_shard_has_no_final_name(name: str, tmp_path: Path, batches: int) -> None:
    """The shard breaks off after the first or the last of its samples; a second try gives the whole."""
    recipe = Recipe.for_language("en", preset="scan", seed=29, output={"format": name, "shard_size": 100})
    plan, _ = Plan.of(recipe, 100)
    for folder in ("data", "receipts"):
        (tmp_path / folder).mkdir()
    final = tmp_path / "data" / FORMATS.get(name, "test")().shard_name(0)
    seen: list[list[str]] = []

    def report(count: int, rejected: dict[str, int]) -> None:
        del count, rejected
        seen.append([p.name for p in (tmp_path / "data").iterdir()])
        if len(seen) == batches:
            raise _Interrupted

    with pytest.raises(_Interrupted):
        build_shard(recipe, plan, 0, tmp_path, report)
    assert seen == [[part_name(final).name]] * batches
    assert list((tmp_path / "data").iterdir()) == []
    assert list((tmp_path / "receipts").iterdir()) == []
    build_shard(recipe, plan, 0, tmp_path, _Silent())
    assert [p.name for p in (tmp_path / "data").iterdir()] == [final.name]
    assert len(_READERS[name](final)) == 100


class _Silent:
    def __call__(self, count: int, rejected: dict[str, int]) -> None:
        pass


class TestWebDataset:
    """The tar itself."""

    _PNG = codec.encode_png(np.zeros((2, 3), np.uint8))

    def _tiny(self) -> Sample:
        quad = np.array([[[0, 0], [1, 0], [1, 1], [0, 1]]], np.float32)
        ranges = np.array([[0, 1]], np.int32)
        line = Line(quad[0], np.array([[0, 1], [1, 1]], np.float32))
        return Sample(42, np.zeros((2, 3), np.uint8), self._PNG, "é", ranges, quad, ranges, quad, line, {"seed": 7})

    def test_the_bytes_are_frozen(self, tmp_path: Path) -> None:
        raw = _write("webdataset", tmp_path / "t.tar", [self._tiny()]).read_bytes()
        assert len(raw) == 10_240
        meta = (
            b'{"baseline":[[0.0,1.0],[1.0,1.0]],"cluster_quads":[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,1.0]]],"clusters":[[0,1]],'
            b'"height":2,"line_quad":[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,1.0]],"provenance":"{\\"seed\\":7}","text":"\xc3\xa9",'
            b'"width":3,"word_quads":[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,1.0]]],"words":[[0,1]]}'
        )
        json_at = 512 + 512
        assert len(self._PNG) <= 512
        txt_at = json_at + 512 + 512
        assert raw[512 : 512 + len(self._PNG)] == self._PNG
        assert len(meta) == 301
        assert raw[json_at : json_at + 512] == (
            b"000000000042.json" + b"\0" * 83  # name, 100 bytes
            + b"0000444\0" + b"0000000\0" + b"0000000\0"  # mode, owner, group
            + b"00000000455\0" + b"00000000000\0"  # size 301 and time, octal
            + b"011267\0 " + b"0" + b"\0" * 100  # checksum, type, link
            + b"ustar\0" + b"00" + b"\0" * 64  # magic, version, names of owner and group
            + b"0000000\0" + b"0000000\0" + b"\0" * 155 + b"\0" * 12  # device, prefix, rest
        )  # fmt: skip
        assert raw[json_at + 512 : json_at + 512 + len(meta)] == meta
        assert raw[txt_at : txt_at + 17] == b"000000000042.txt\0"
        assert raw[txt_at + 512 : txt_at + 1024] == b"\xc3\xa9" + b"\0" * 510
        # Two empty blocks end the archive, and it is filled to whole records.
        assert raw[txt_at + 1024 :] == b"\0" * (10_240 - txt_at - 1024)

    def test_the_standard_library_agrees_on_every_header(self, tmp_path: Path) -> None:
        path = _write("webdataset", tmp_path / "t.tar", _samples())
        raw = path.read_bytes()
        with tarfile.open(path, "r:") as tar:
            members = tar.getmembers()
        assert len(members) == 3 * len(_LABELS)
        for member in members:
            assert (member.mode, member.uid, member.gid, member.mtime, member.type) == (0o444, 0, 0, 0, tarfile.REGTYPE)
            block = raw[member.offset : member.offset + 512]
            read = tarfile.TarInfo.frombuf(block, "ascii", "strict")
            made = tarfile.TarInfo(member.name)
            made.size, made.mode, made.mtime, made.chksum = member.size, 0o444, 0, read.chksum
            assert read.get_info() == made.get_info()
            # The checksum is the sum of the header with eight spaces in its own place.
            assert read.chksum == sum(block[:148]) + 8 * 32 + sum(block[156:])
            assert block[257:265] == b"ustar\x0000"

    def test_the_members_of_a_sample_stand_together(self, tmp_path: Path) -> None:
        with tarfile.open(_write("webdataset", tmp_path / "t.tar", _samples("clean")), "r:") as tar:
            names = tar.getnames()
        assert names[:3] == ["000000000000.png", "000000000000.json", "000000000000.txt"]
        stems = [name.partition(".")[0] for name in names]
        assert sum(a != b for a, b in pairwise(stems)) == len(_LABELS) - 1

    @pytest.mark.parametrize("color", ["grey", "rgb"])
    def test_the_real_consumer_decodes_it(self, tmp_path: Path, color: str) -> None:
        samples = _samples("scan", color)
        path = _write("webdataset", tmp_path / "t.tar", samples)
        mode = {"grey": "l8", "rgb": "rgb8"}[color]
        records = _consume(path, mode)
        assert [r["txt"] for r in records] == list(_LABELS)
        assert [r["__key__"] for r in records] == [s.key for s in samples]
        for record, sample in zip(records, samples, strict=True):
            assert set(record) == {"__key__", "__url__", "__local_path__", "jpg", "txt", "json"}
            assert record["json"]["clusters"] == sample.cluster_ranges.tolist()
            assert record["jpg"].shape == sample.image.shape
            # Pillow's JPEG decoder may differ from OpenCV's by rounding.
            assert np.abs(record["jpg"].astype(int) - sample.image).max() <= 3

    def test_a_png_decodes_to_the_very_pixels(self, tmp_path: Path) -> None:
        samples = _samples("clean")
        path = _write("webdataset", tmp_path / "t.tar", samples)
        for record, sample in zip(_consume(path, "l8"), samples, strict=True):
            assert (record["png"] == sample.image).all()

    @pytest.mark.parametrize("extra", [0, 1, 511, 512, 513])
    def test_sizes_around_a_block(self, tmp_path: Path, extra: int) -> None:
        samples = [replace(s, text="y" * (512 + extra)) for s in _samples()[:3]]
        path = _write("webdataset", tmp_path / "t.tar", samples)
        assert [t for t, _, _ in _read_webdataset(path).values()] == [s.text for s in samples]
        assert len(path.read_bytes()) % 10_240 == 0

    def test_a_shard_larger_than_the_buffer(self, tmp_path: Path) -> None:
        # More than the mebibyte that the writer keeps in memory.
        samples = [replace(_samples()[i % 20], index=i) for i in range(700)]
        path = _write("webdataset", tmp_path / "t.tar", samples)
        assert path.stat().st_size > 2 << 20
        found = _read_webdataset(path)
        assert list(found) == [s.key for s in samples]
        assert [p for _, p, _ in found.values()] == [s.encoded for s in samples]

    def test_gnu_tar_reads_it(self, tmp_path: Path) -> None:
        # The reader of the standard library forgives more than others do.
        if shutil.which("tar") is None:
            pytest.skip("no tar on this machine")
        path = _write("webdataset", tmp_path / "t.tar", _samples())
        done = subprocess.run(["tar", "-tf", str(path)], capture_output=True, text=True, check=True, timeout=30)
        assert done.stderr == ""
        assert len(done.stdout.splitlines()) == 3 * len(_LABELS)


class TestFolder:
    """Image files with a label file."""

    def test_the_join_names_the_files_of_all_shards(self, tmp_path: Path) -> None:
        samples = _samples()
        for shard, part in (("000000", samples[:10]), ("000001", samples[10:])):
            _write("folder", tmp_path / shard, part)
        FORMATS.get("folder", "test")().join(tmp_path, ["000000", "000001"])
        lines = (tmp_path / "labels.jsonl").read_bytes().split(b"\n")
        assert lines[-1] == b""
        records = [json.loads(line) for line in lines[:-1]]
        assert [r["text"] for r in records] == list(_LABELS)
        assert [(tmp_path / r["file"]).read_bytes() for r in records] == [s.encoded for s in samples]
        assert sorted(p.name for p in tmp_path.iterdir()) == ["000000", "000001", "labels.jsonl"]

    def test_one_record_is_one_line_of_the_file(self, tmp_path: Path) -> None:
        path = _write("folder", tmp_path / "shard", _samples())
        assert (path / "labels.jsonl").read_bytes().count(b"\n") == len(_LABELS)
        # A consumer that reads text lines splits at LF only, as the default of open() does.
        with io.TextIOWrapper((path / "labels.jsonl").open("rb"), encoding="utf-8") as lines:
            assert [json.loads(line)["text"] for line in lines] == list(_LABELS)

    def test_image_files_are_named_by_their_key(self, tmp_path: Path) -> None:
        path = _write("folder", tmp_path / "shard", _samples("clean"))
        names = sorted(p.name for p in path.iterdir() if p.suffix != ".jsonl")
        assert names == [f"{i:012d}.png" for i in range(len(_LABELS))]


class TestMetadata:
    """The JSON of a sample."""

    def test_it_is_one_line_of_utf8_with_sorted_keys(self) -> None:
        for sample in _samples():
            raw = to_json(as_dict(sample))
            assert b"\n" not in raw
            read = json.loads(raw.decode("utf-8"))
            assert list(read) == sorted(read)

    def test_text_is_not_normalised(self) -> None:
        sample = replace(_samples()[0], text="cafe\u0301")
        read = json.loads(to_json(as_dict(sample)))["text"]
        assert read == "cafe\u0301"
        assert not unicodedata.is_normalized("NFC", read)

    def test_coordinates_have_two_decimals(self) -> None:
        for sample in _made("camera", "grey"):
            numbers = re.findall(rb"-?\d+\.\d+(?:e-?\d+)?", to_json(as_dict(sample)).split(b'"provenance"')[0])
            assert numbers
            assert all(re.fullmatch(rb"-?\d+\.\d{1,2}", n) for n in numbers)
