"""`verify` finds nothing on a good data set, and names everything that is wrong with a bad one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import fontpkg
import numpy as np
import pytest
from commands import run_here

from ocrsynth import Recipe, generate
from ocrsynth.files import hash_of
from ocrsynth.generation.plan import Receipt, read_plan, read_receipt
from ocrsynth.generation.verify import Finding, verify

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNT = 25
_FORMATS = ("webdataset", "folder")


@pytest.fixture(scope="module")
def good_sets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    sets = {}
    for fmt in _FORMATS:
        sets[fmt] = tmp_path_factory.mktemp("good") / fmt
        generate(Recipe.for_language("en", seed=4, output={"format": fmt, "shard_size": 10}), _COUNT, sets[fmt])
    return sets


@pytest.fixture
def tar_set(good_sets: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(good_sets["webdataset"], tmp_path / "out"))


@pytest.fixture
def folder_set(good_sets: dict[str, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(good_sets["folder"], tmp_path / "out"))


def _cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_here(Path(), *arguments)


def _texts(out: Path) -> list[str]:
    return [f"{f.where}: {f.what}" for f in verify(out).findings]


def _edit(labels: Path, line: int, change: Callable[[dict[str, Any]], None]) -> None:
    """Change one record of a label file."""
    lines = labels.read_bytes().splitlines()
    record = json.loads(lines[line])
    change(record)
    lines[line] = json.dumps(record, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    labels.write_bytes(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize("fmt", _FORMATS)
def test_a_good_set_has_no_findings(fmt: str, good_sets: dict[str, Path]) -> None:
    heard: list[tuple[int, int]] = []
    verdict = verify(good_sets[fmt], lambda done, total: heard.append((done, total)))
    assert (verdict.findings, verdict.samples, verdict.shards) == ([], _COUNT, 3)
    assert heard == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("preset", ["clean", "photocopy", "camera"])
@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_good_sets_of_other_recipes_have_no_findings(preset: str, color: str, tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", preset=preset, seed=9, render={"color": color, "height_px": 48})
    generate(recipe, 40, tmp_path)
    assert verify(tmp_path).findings == []


def test_the_command_tells_good_from_bad(tar_set: Path) -> None:
    done = _cli("verify", str(tar_set))
    assert (done.returncode, done.stdout, done.stderr) == (0, "25 samples in 3 shards: all as planned\n", "")
    done = _cli("verify", "--json", str(tar_set))
    assert json.loads(done.stdout) == {"count": _COUNT, "shards": 3, "findings": [], "notes": []}
    assert (done.returncode, done.stderr) == (0, "")
    (tar_set / "data/000001.tar").unlink()
    what = "is missing; run ocrsynth generate again to resume"
    error = f"error: {tar_set}: 1 finding in 15 samples; the data set is not what was planned\n"
    done = _cli("verify", str(tar_set))
    assert (done.returncode, done.stdout, done.stderr) == (8, f"data/000001.tar: {what}\n", error)
    done = _cli("verify", "--json", str(tar_set))
    assert json.loads(done.stdout) == {
        "count": 15,
        "shards": 3,
        "findings": [{"where": "data/000001.tar", "what": what}],
        "notes": [],
    }
    assert (done.returncode, done.stderr) == (8, error)
    (tar_set / "receipts/000000.json").unlink()
    assert f"{tar_set}: 2 findings in 5 samples" in _cli("verify", str(tar_set)).stderr


def test_every_flipped_byte_of_a_shard_is_named(tar_set: Path) -> None:
    """Wherever it lies: in a header, a picture, a label or the padding; and none of them ends in a traceback."""
    shard = tar_set / "data/000002.tar"
    good = shard.read_bytes()
    rng = np.random.default_rng(3)
    headers = range(0, 512, 23)
    for place in [*headers, *rng.integers(0, len(good), 50).tolist()]:
        bad = bytearray(good)
        bad[place] ^= int(rng.integers(1, 256))
        shard.write_bytes(bad)
        findings = verify(tar_set).findings
        assert findings, f"byte {place} of {len(good)} was flipped, and nothing found"
        assert findings[0].where == "data/000002.tar"
        assert findings[0].what.startswith(f"holds {len(good)} bytes with SHA-256 ")
        assert all(f.where.startswith("data/000002.tar") for f in findings)


def test_every_flipped_byte_of_a_folder_is_named(folder_set: Path) -> None:
    rng = np.random.default_rng(4)
    files = sorted((folder_set / "data/000002").iterdir())
    for turn in range(40):
        path = files[turn % len(files)]
        good = path.read_bytes()
        bad = bytearray(good)
        bad[int(rng.integers(0, len(good)))] ^= int(rng.integers(1, 256))
        path.write_bytes(bad)
        findings = verify(folder_set).findings
        path.write_bytes(good)
        assert findings, f"a byte of {path.name} was flipped, and nothing found"
        assert findings[0].where == "data/000002"
    assert verify(folder_set).findings == []


@pytest.mark.parametrize("left", [0, 100, 512, 5000, -1, -512, -10_240])
def test_a_truncated_shard_is_named(left: int, tar_set: Path) -> None:
    shard = tar_set / "data/000001.tar"
    content = shard.read_bytes()
    shard.write_bytes(content[:left])
    findings = verify(tar_set).findings
    assert {f.where for f in findings} <= {"data/000001.tar", *(f"data/000001.tar: {i:012d}" for i in range(10, 20))}
    assert findings[0].what.startswith(f"holds {len(content[:left])} bytes with SHA-256 ")
    assert f", its receipt says {len(content)} with " in findings[0].what
    assert findings[0].what.endswith("; delete it and run ocrsynth generate again")
    if 0 <= left <= 5000:
        assert any(f.where == "data/000001.tar" and f.what.endswith("the plan says 10") for f in findings)


def test_the_cure_of_a_changed_shard_cures(tar_set: Path) -> None:
    shard = tar_set / "data/000001.tar"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:700] + bytes([whole[700] ^ 1]) + whole[701:])
    assert verify(tar_set).findings
    shard.unlink()
    generate(Recipe.for_language("en", seed=4, output={"format": "webdataset", "shard_size": 10}), _COUNT, tar_set)
    assert shard.read_bytes() == whole
    assert not verify(tar_set).findings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": "25"}, "count must be a whole number, got '25'"),
        ({"count": True}, "count must be a whole number, got True"),
        ({"shard_size": 0}, "no run has count 25, shard_size 0, formats"),
        ({"formats": []}, "no run has count 25, shard_size 10, formats"),
        ({"formats": "webdataset"}, "formats must be a list of names, got 'webdataset'"),
        ({"language": 5}, "fingerprint and language must be text, got "),
    ],
)
def test_a_plan_that_no_run_wrote(change: dict[str, Any], message: str, tar_set: Path) -> None:
    plan = json.loads((tar_set / "plan.json").read_text())
    (tar_set / "plan.json").write_text(json.dumps(plan | change))
    for command in ("verify", "lint", "finish"):
        done = _cli(command, str(tar_set))
        assert done.returncode == 6, done.stderr
        assert message in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_lock_that_is_no_text(tar_set: Path) -> None:
    (tar_set / "recipe.lock.yaml").write_bytes(b"\xff\xfe")
    done = _cli("render", "--from", str(tar_set), "--index", "3", "-o", str(tar_set.parent / "one"))
    assert done.returncode == 6
    assert done.stderr.endswith("recipe.lock.yaml: cannot be read, it is not UTF-8; generate into another folder\n")


@pytest.mark.parametrize(("fmt", "name"), [("webdataset", "data/000001.tar"), ("folder", "data/000001")])
def test_a_missing_shard_is_named(fmt: str, name: str, good_sets: dict[str, Path], tmp_path: Path) -> None:
    out = Path(shutil.copytree(good_sets[fmt], tmp_path / "out"))
    shard = out / name
    shutil.rmtree(shard) if shard.is_dir() else shard.unlink()
    assert verify(out).findings == [Finding(name, "is missing; run ocrsynth generate again to resume")]


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"plan": "x"}'])
def test_a_receipt_that_is_gone_or_broken_is_named(content: bytes | None, tar_set: Path) -> None:
    path = tar_set / "receipts/000002.json"
    path.unlink() if content is None else path.write_bytes(content)
    what = "has no receipt of this plan; run ocrsynth generate again to resume"
    assert verify(tar_set).findings == [Finding("data/000002.tar", what)]


def test_every_flipped_byte_of_a_receipt_is_named_or_changes_nothing(tar_set: Path) -> None:
    path = tar_set / "receipts/000002.json"
    plan = read_plan(tar_set)
    good = path.read_bytes()
    whole = read_receipt(tar_set, plan, 2)
    assert whole is not None
    told = 0
    for place in range(len(good)):
        bad = bytearray(good)
        bad[place] ^= 1
        path.write_bytes(bad)
        receipt = read_receipt(tar_set, plan, 2)
        told += receipt is None
        assert receipt in (None, whole), f"byte {place}: {good[place - 30 : place + 30]!r}"
    # The rest is the name of the digest itself, without which a receipt is one of an earlier version.
    assert told >= len(good) - 6
    change = json.loads(good)
    change["statistics"]["requested"]["lengths"]["7"] = 1000
    path.write_text(json.dumps(change))
    what = "has no receipt of this plan; run ocrsynth generate again to resume"
    assert verify(tar_set).findings == [Finding("data/000002.tar", what)]


def test_a_receipt_of_other_samples_than_the_plan_has_is_none(tar_set: Path) -> None:
    path = tar_set / "receipts/000002.json"
    receipt = json.loads(path.read_bytes())
    del receipt["digest"]
    receipt["statistics"]["samples"] -= 1
    path.write_bytes(Receipt.from_dict(receipt).to_bytes())
    what = "has no receipt of this plan; run ocrsynth generate again to resume"
    assert verify(tar_set).findings == [Finding("data/000002.tar", what)]


def test_a_sample_that_a_shard_never_had_is_named(folder_set: Path) -> None:
    """Its receipt agrees with the files, as of a run that lost one."""
    shard, path = folder_set / "data/000002", folder_set / "receipts/000002.json"
    labels = shard / "labels.jsonl"
    *rest, last = labels.read_bytes().splitlines(keepends=True)
    labels.write_bytes(b"".join(rest))
    (shard / json.loads(last)["file"]).unlink()
    receipt = json.loads(path.read_bytes())
    del receipt["digest"]
    sha256, size = hash_of(shard)
    receipt["files"][0] |= {"sha256": sha256, "size_bytes": size, "count": len(rest)}
    path.write_bytes(Receipt.from_dict(receipt).to_bytes())
    assert verify(folder_set).findings[0] == Finding("data/000002", "lacks samples [24]")


def test_a_run_that_did_not_finish_is_named(tar_set: Path) -> None:
    (tar_set / "dataset.json").unlink()
    what = "is missing: the run did not finish; run ocrsynth generate again to resume"
    assert verify(tar_set).findings == [Finding("dataset.json", what)]


def test_swapped_shards_are_named(tar_set: Path) -> None:
    a, b = tar_set / "data/000000.tar", tar_set / "data/000001.tar"
    one, other = a.read_bytes(), b.read_bytes()
    a.write_bytes(other)
    b.write_bytes(one)
    texts = _texts(tar_set)
    assert "data/000000.tar: 000000000010: is out of place, sample 0 was due" in texts
    assert "data/000001.tar: 000000000000: is out of place, sample 10 was due" in texts


def test_a_changed_label_is_named(folder_set: Path) -> None:
    labels = folder_set / "data/000001/labels.jsonl"
    before = json.loads(labels.read_bytes().splitlines()[3])["text"]
    _edit(labels, 3, lambda record: record.update(text=before[::-1] + "x"))
    texts = _texts(folder_set)
    assert texts[0].startswith("data/000001: holds ")
    assert "data/000001: 000000000013: has clusters that do not partition its label" in texts


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("e\N{COMBINING ACUTE ACCENT}", "characters outside the alphabet"),
        ("a\tb", "characters outside the alphabet"),
        ("日本", "characters outside the alphabet"),
        ("   ", "blank text"),
        ("", "blank text"),
    ],
)
def test_a_label_that_cannot_be_is_named(label: str, reason: str, folder_set: Path) -> None:
    _edit(folder_set / "data/000001/labels.jsonl", 3, lambda record: record.update(text=label))
    assert f"data/000001: 000000000013: has a label that cannot be: {reason}, got {label!r}" in _texts(folder_set)


def test_a_label_that_differs_from_its_metadata_is_named(tar_set: Path) -> None:
    """The text of a sample stands twice in a tar."""
    shard = tar_set / "data/000000.tar"
    content = bytearray(shard.read_bytes())
    # The label of sample 0 is the third member.
    sizes, place = [], 0
    for _ in range(3):
        size = int(content[place + 124 : place + 135], 8)
        sizes.append((place, size))
        place += 512 + -(-size // 512) * 512
    start, size = sizes[2]
    assert content[start : start + 16] == b"000000000000.txt"
    text = content[start + 512 : start + 512 + size].decode()
    changed = ("b" if text[0] != "b" else "c") + text[1:]
    content[start + 512 : start + 512 + size] = changed.encode()
    shard.write_bytes(content)
    texts = _texts(tar_set)
    assert f"data/000000.tar: 000000000000: has the label {changed!r}, its metadata {text!r}" in texts


def test_a_change_of_the_joined_labels_is_named(folder_set: Path) -> None:
    """It is the file that most readers of a folder set take."""
    _edit(folder_set / "data/labels.jsonl", 3, lambda record: record.update(text="something else"))
    assert any("labels.jsonl" in text for text in _texts(folder_set))


def test_missing_joined_labels_are_named(folder_set: Path) -> None:
    (folder_set / "data/labels.jsonl").unlink()
    assert any("labels.jsonl" in text for text in _texts(folder_set))


def test_a_change_of_dataset_json_is_named(tar_set: Path) -> None:
    path = tar_set / "dataset.json"
    content = json.loads(path.read_bytes())
    content["shards"][0]["sha256"] = "0" * 64
    content["count"] = 24
    path.write_text(json.dumps(content))
    assert any("dataset.json" in text for text in _texts(tar_set))


@pytest.mark.parametrize("name", ["data/000003.tar", "data/000001.tar.part-4711"])
def test_a_shard_too_many_is_named(name: str, tar_set: Path) -> None:
    """Who reads data/*.tar would read it, too."""
    shutil.copy(tar_set / "data/000000.tar", tar_set / name)
    assert any(name in text for text in _texts(tar_set))


def _png(shape: tuple[int, ...]) -> bytes:
    return bytes(cv2.imencode(".png", np.zeros(shape, np.uint8))[1])


def test_pictures_that_are_none_are_named(folder_set: Path) -> None:
    shard = folder_set / "data/000000"
    (shard / "000000000001.jpg").write_bytes(b"this is no picture")
    (shard / "000000000002.jpg").write_bytes(b"")
    (shard / "000000000003.jpg").write_bytes(_png((7, 9)))
    size = json.loads((shard / "labels.jsonl").read_bytes().splitlines()[3])
    texts = _texts(folder_set)
    where = "data/000000: 00000000000"
    assert f"{where}1: not a PNG, JPEG or WebP picture: 18 bytes that begin with b'this is '" in texts
    assert f"{where}2: its picture is missing or empty" in texts
    assert f"{where}3: is 9×7 px, its metadata says {size['width']}×{size['height']}" in texts


def test_a_picture_that_claims_to_be_huge_is_named(folder_set: Path) -> None:
    """OpenCV raises an error of its own where it refuses a size."""
    bad = bytearray(_png((7, 9)))
    bad[16:24] = (0x7FFFFFFF).to_bytes(4, "big") * 2
    import zlib

    bad[29:33] = zlib.crc32(bytes(bad[12:29])).to_bytes(4, "big")
    (folder_set / "data/000000/000000000001.jpg").write_bytes(bad)
    assert any(text.startswith("data/000000: 000000000001: ") for text in _texts(folder_set))


def test_a_missing_picture_is_named(folder_set: Path) -> None:
    (folder_set / "data/000000/000000000004.jpg").unlink()
    texts = _texts(folder_set)
    assert texts[0].startswith("data/000000: holds ")
    assert texts[1:] == ["data/000000: 000000000004: its picture is missing or empty"]


@pytest.mark.parametrize("key", ["cluster_quads", "word_quads", "line_quad"])
@pytest.mark.parametrize("by", [-1000, 1000])
def test_boxes_outside_the_frame_are_named(key: str, by: int, folder_set: Path) -> None:
    def move(record: dict[str, Any]) -> None:
        record[key] = (np.array(record[key]) + by).tolist()

    _edit(folder_set / "data/000002/labels.jsonl", 1, move)
    texts = _texts(folder_set)
    assert any(t.startswith("data/000002: 000000000021: has boxes outside the frame, x ") for t in texts)


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        del record[key]

    return change


_BREAKS: dict[str, Callable[[dict[str, Any]], None]] = {
    **{
        f"no {key}": _without(key)
        for key in ("file", "text", "width", "height", "clusters", "cluster_quads", "word_quads", "line_quad")
    },
    "too few clusters": lambda record: record.update(clusters=[[0, 1]]),
    "clusters of null": lambda record: record.update(clusters=None),
    "no quads": lambda record: record.update(cluster_quads=[]),
    "quads of text": lambda record: record.update(cluster_quads="none"),
    "text of null": lambda record: record.update(text=None),
    "text of a number": lambda record: record.update(text=7),
    "width of text": lambda record: record.update(width="wide"),
    "file elsewhere": lambda record: record.update(file="../../plan.json"),
}


@pytest.mark.parametrize("name", list(_BREAKS))
def test_a_broken_record_is_a_finding_and_no_traceback(name: str, folder_set: Path) -> None:
    _edit(folder_set / "data/000001/labels.jsonl", 2, _BREAKS[name])
    texts = _texts(folder_set)
    assert texts[0].startswith("data/000001: holds ")
    assert len(texts) >= 2
    assert all(t.startswith("data/000001: ") for t in texts[1:])


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"7", b"\xff\xfe"])
def test_a_line_that_is_no_record_is_a_finding_and_no_traceback(line: bytes, folder_set: Path) -> None:
    labels = folder_set / "data/000001/labels.jsonl"
    lines = labels.read_bytes().splitlines()
    lines[2] = line
    labels.write_bytes(b"\n".join(lines) + b"\n")
    texts = _texts(folder_set)
    assert texts[0].startswith("data/000001: holds ")
    assert len(texts) >= 2


def test_another_installation_is_noted_and_the_rest_is_verified(folder_set: Path) -> None:
    """The lock names a version that is not here; hash and plan agree with it."""
    import hashlib

    lock = folder_set / "recipe.lock.yaml"
    lock.write_bytes(lock.read_bytes().replace(b"  harfbuzz: ", b"  harfbuzz: 0."))
    plan = folder_set / "plan.json"
    content = json.loads(plan.read_bytes())
    content["fingerprint"] = hashlib.sha256(lock.read_bytes()).hexdigest()
    plan.write_bytes(json.dumps(content, indent=2, sort_keys=True).encode() + b"\n")
    digest = hashlib.sha256(plan.read_bytes()).hexdigest()
    for path in (folder_set / "receipts").iterdir():
        receipt = json.loads(path.read_text())
        del receipt["digest"]
        path.write_bytes(Receipt.from_dict(receipt | {"plan": digest}).to_bytes())
    (folder_set / "data/000000/000000000001.jpg").write_bytes(b"")
    [note] = verify(folder_set).notes
    assert note.startswith("recipe.lock.yaml: cannot be made ready here, so labels are not held against the alphabet (")
    assert "lock.harfbuzz" in note
    assert "data/000000: 000000000001: its picture is missing or empty" in _texts(folder_set)


def test_a_set_is_good_elsewhere_too_where_its_fonts_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my fönts").mkdir()
    for file in fontpkg.family("Lora").files:
        shutil.copy(str(file.path), tmp_path / "my fönts")
    monkeypatch.chdir(tmp_path)
    generate(Recipe.for_language("de", preset="clean", fonts={"sets": [], "folders": ["my fönts"]}), 5, tmp_path / "out")
    assert _cli("verify", str(tmp_path / "out")).returncode == 0
    # Another process: this one knows the fonts already.
    command = [sys.executable, "-m", "ocrsynth", "verify", "."]
    done = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("note: recipe.lock.yaml: cannot be made ready here")
    assert done.stdout.endswith("5 samples in 1 shards: all as planned, as far as it could be looked at\n")
