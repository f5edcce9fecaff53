"""verify of converted data sets: nothing of them is lost or changed unseen."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from commands import run_here

from ocrsynth import Recipe, codec, generate
from ocrsynth.errors import ExitCode, OutputError
from ocrsynth.generation.convert import convert
from ocrsynth.generation.verify import recompute, verify
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TARGETS = list(FORMATS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty samples in two shards and two splits."""
    out = tmp_path_factory.mktemp("made") / "out"
    output = {"shard_size": 15, "split": {"train": 0.5, "val": 0.5}}
    generate(Recipe.for_language("en", seed=9, preset="clean", output=output), 30, out)
    return out


def _found(out: Path) -> list[str]:
    return [f"{where}: {what}" for where, what in verify(out).findings]


@pytest.mark.parametrize("target", _TARGETS)
def test_what_convert_wrote_is_as_it_says(target: str, made: Path, tmp_path: Path) -> None:
    convert(made, tmp_path / "to", target, unreadable="skip")
    assert verify(tmp_path / "to").findings == []
    assert verify(tmp_path / "to").samples >= (0 if target == "dummy" else 28)
    assert verify(tmp_path / "to").shards == 4


@pytest.mark.parametrize("target", ["webdataset", "folder", "parquet", "lmdb"])
@pytest.mark.parametrize("between", ["paddle", "tsv", "page-xml"])
def test_what_came_through_a_format_that_keeps_less_is_good(between: str, target: str, made: Path, tmp_path: Path) -> None:
    convert(made, tmp_path / "between", between, unreadable="skip")
    convert(tmp_path / "between", tmp_path / "to", target)
    assert verify(tmp_path / "to").findings == []


def test_what_a_split_without_samples_left_behind_is_removed(tmp_path: Path) -> None:
    for split, text in (("train", "one"), ("test", "two")):
        (tmp_path / "from" / split).mkdir(parents=True)
        picture = codec.encode_png(np.tile(np.arange(40, 240, dtype=np.uint8), (32, 1)))
        (tmp_path / "from" / split / "a.png").write_bytes(picture)
        (tmp_path / "from" / split / "metadata.jsonl").write_text(json.dumps({"file_name": "a.png", "text": text}))
    convert(tmp_path / "from", tmp_path / "to", "paddle", unreadable="skip")
    assert (tmp_path / "to/data/test/rec_gt.txt").exists()
    (tmp_path / "from/test/metadata.jsonl").write_text(json.dumps({"file_name": "a.png", "text": "t\two"}))
    convert(tmp_path / "from", tmp_path / "to", "paddle", unreadable="skip")
    assert not (tmp_path / "to/data/test").exists()
    assert verify(tmp_path / "to").findings == []


def _removed(out: Path) -> None:
    (out / "data/train/000000.tar").unlink()


def _cut(out: Path) -> None:
    path = out / "data/train/000000.tar"
    path.write_bytes(path.read_bytes()[:4096])


def _swapped(out: Path) -> None:
    shutil.copy(out / "data/train/000001.tar", out / "data/train/000000.tar")


def _added(out: Path) -> None:
    shutil.copy(out / "data/train/000001.tar", out / "data/train/000007.tar")


def _folder(out: Path) -> None:
    (out / "data" / "test").mkdir()


def _no_summary(out: Path) -> None:
    (out / "dataset.json").unlink()


def _not_json(out: Path) -> None:
    (out / "dataset.json").write_text("{", encoding="utf-8")


def _edited(out: Path, change: Callable[[dict[str, object]], None]) -> None:
    told = json.loads((out / "dataset.json").read_bytes())
    change(told)
    (out / "dataset.json").write_text(json.dumps(told), encoding="utf-8")


def _other_count(out: Path) -> None:
    _edited(out, lambda told: told.update(count=31))


def _no_shards(out: Path) -> None:
    _edited(out, lambda told: told.update(shards=3))


def _other_characters(out: Path) -> None:
    _edited(out, lambda told: told.update(delivered={"characters": {"a": 1}}))


def _one_character_for_another(out: Path) -> None:
    def change(told: dict[str, object]) -> None:
        delivered = told["delivered"]
        assert isinstance(delivered, dict)
        delivered["characters"]["a"] += 1
        delivered["characters"]["e"] -= 1

    _edited(out, change)


def _a_folder(out: Path) -> None:
    _removed(out)
    (out / "data/train/000000.tar").mkdir()


def _outside(out: Path) -> None:
    def change(told: dict[str, object]) -> None:
        shards = told["shards"]
        assert isinstance(shards, list)
        shards[0]["name"] = "../../etc/passwd"

    _edited(out, change)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_removed, "data/train/000000.tar: is missing"),
        (_cut, "data/train/000000.tar: holds 4096 bytes with SHA-256"),
        (_swapped, "dataset.json says"),
        (_added, "data/train/000007.tar: is no part of the conversion"),
        (_folder, "data/test: is no part of the conversion"),
        (_no_summary, "dataset.json: is missing: the conversion did not finish"),
        (_not_json, "dataset.json: is not what ocrsynth convert writes"),
        (_no_shards, "dataset.json: is not what ocrsynth convert writes"),
        (_other_count, "dataset.json: counts 31 samples, its shards 30"),
        (_other_characters, "dataset.json: counts other characters"),
        (_one_character_for_another, "dataset.json: counts other characters"),
        (_a_folder, "data/train/000000.tar: "),
        (_outside, "dataset.json: names a file outside the data set"),
    ],
)
def test_every_change_is_found(damage: Callable[[Path], None], told: str, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "to"
    convert(made, out, "webdataset")
    damage(out)
    assert told in "\n".join(_found(out))


def test_a_joined_file_counts_too(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "to"
    convert(made, out, "paddle")
    joined = next(path for path in sorted((out / "data").rglob("*.txt")) if path.parent.parent == out / "data")
    joined.write_bytes(joined.read_bytes() + b"more\n")
    assert f"{joined.relative_to(out)}: holds" in "\n".join(_found(out))


def test_the_command_tells(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "to"
    convert(made, out, "webdataset")
    assert "30 samples in 4 shards: all as planned" in run_here(tmp_path, "verify", str(out)).stdout
    _removed(out)
    assert run_here(tmp_path, "verify", str(out)).returncode == ExitCode.VERIFY


def test_it_cannot_be_made_again(made: Path, tmp_path: Path) -> None:
    convert(made, tmp_path / "to", "webdataset")
    with pytest.raises(OutputError, match="was converted, so that no recipe makes its files"):
        recompute(tmp_path / "to", 1.0)
