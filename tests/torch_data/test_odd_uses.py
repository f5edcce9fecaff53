"""What users do beside the straight path: peeks and breaks, states that do not fit, broken data, options that clash."""

from __future__ import annotations

import io
import itertools
import os
import pickle
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from ocrsynth import Recipe, codec, generate
from ocrsynth.errors import AssetError, OutputError, RecipeError
from ocrsynth.generation.source import open_source
from ocrsynth.torch_data import (
    AttentionCollate,
    Augment,
    BucketBatchSampler,
    Charset,
    CTCCollate,
    LineDataset,
    LineIterable,
    ShardDataset,
    StreamSampler,
    make_loader,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
ROOT = Path(__file__).resolve().parents[2]
_RECIPE = Recipe.for_language("en", "clean", seed=3, text={"sources": [{"words": {}}], "length_clusters": [3, 10]})
_CHARSET = Charset.from_recipe(_RECIPE)


def _lines(length: int | None = 24, **options: Any) -> LineDataset:
    return LineDataset(_RECIPE, length, **options)


def _keys(loader: Any) -> list[list[int]]:
    return [[int(k) for k in batch["keys"]] for batch in loader]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shards") / "out"
    output = {"format": ["folder", "webdataset", "lmdb", "parquet"], "shard_size": 10}
    generate(_RECIPE.with_changes(output=output), 30, out)
    return out


class TestPositions:
    def test_a_break_ends_the_epoch_with_any_number_of_workers(self) -> None:
        found = []
        for workers in (0, 1, 2):
            loader = make_loader(_lines(12), 4, num_workers=workers)
            found.append([next(iter(loader))["keys"] for _ in range(3)])
        assert found[0] == found[1] == found[2]
        assert [min(int(k) // 12 for k in keys) for keys in found[0]] == [0, 1, 2]

    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_all_ranks_go_on_from_the_position_of_any(self, steps: int) -> None:
        ranks = [list(make_loader(_lines(48), 4, rank=rank, world_size=3)) for rank in range(3)]
        seen = [k for batches in ranks for k in itertools.chain(*_keys(batches[:steps]))]
        for batches in ranks:
            position = batches[steps - 1]["position"]
            rest = [
                k for r in (0, 1) for b in _keys(make_loader(_lines(48), 4, rank=r, world_size=2, resume=position)) for k in b
            ]
            assert sorted(seen + rest) == list(range(48))

    @pytest.mark.parametrize("position", [0, 1, 2, 3])
    def test_the_first_rank_takes_the_next_batch(self, position: int) -> None:
        batches = list(BucketBatchSampler(_lines(24), 4))
        for rank in range(2):
            rest = BucketBatchSampler(_lines(24), 4, position=position, rank=rank, world_size=2)
            assert len(rest) == len(batches[position + rank :: 2])
            assert list(rest) == batches[position + rank :: 2]

    def test_it_begins_with_the_epoch_of_the_data_set(self) -> None:
        dataset = _lines(12)
        dataset.set_epoch(2)
        assert sorted(k for b in _keys(make_loader(dataset, 4)) for k in b) == list(range(24, 36))
        for target in (dataset, make_loader(dataset, 4).batch_sampler):
            with pytest.raises(RecipeError, match="epoch: must be"):
                target.set_epoch(-1)  # type: ignore[union-attr]

    def test_an_endless_set_has_no_epochs(self) -> None:
        sampler: Any = make_loader(_lines(None), 4).batch_sampler
        with pytest.raises(RecipeError, match="epoch: an endless data set has none, got 5"):
            sampler.set_epoch(5)

    @pytest.mark.parametrize("resume", [2.0, {"position": 3}, -1, True])
    def test_what_is_no_position_is_told(self, resume: Any) -> None:
        with pytest.raises(RecipeError, match="resume: must be a whole number from 0"):
            make_loader(_lines(), 4, resume=resume)

    def test_the_sampler_serves_a_plain_loader(self) -> None:
        dataset = _lines(8)
        loader = DataLoader(dataset, batch_sampler=BucketBatchSampler(dataset, 4), collate_fn=CTCCollate(_CHARSET))
        assert [b["position"] for b in loader] == [1, 2]
        assert sorted(k for b in _keys(loader) for k in b) == list(range(8, 16))
        bare = DataLoader(dataset, batch_size=4, collate_fn=CTCCollate(_CHARSET))
        assert "position" not in next(iter(bare)), "such batches do not know where they stand"

    def test_without_the_last_all_ranks_have_as_much(self) -> None:
        for bucket in (True, False):
            loaders = [make_loader(_lines(30), 4, rank=r, world_size=3, drop_last=True, bucket=bucket) for r in range(3)]
            batches = [_keys(loader) for loader in loaders]
            assert [len(b) for b in batches] == [len(loader) for loader in loaders] == [2, 2, 2]
            flat = [k for b in batches for keys in b for k in keys]
            assert len(set(flat)) == len(flat) == 24
            assert all(len(keys) == 4 for b in batches for keys in b)
            assert min(_keys(loaders[0])[0]) >= 30, "the next epoch"
        with pytest.raises(RecipeError, match="drop_last: leaves nothing of 5 samples"):
            make_loader(_lines(5), 4, world_size=2, rank=0, drop_last=True)

    @pytest.mark.parametrize("done", [1, 3, 4, 5])
    def test_without_the_last_other_ranks_go_on_in_the_same_epoch(self, done: int) -> None:
        """Nothing comes twice, all ranks have as many batches, and fewer are left out than there are ranks."""
        first = itertools.islice(make_loader(_lines(30), 4, drop_last=True), done)
        before = [(batch["keys"], batch["position"]) for batch in first]
        rest = []
        for rank in range(3):
            loader = make_loader(_lines(30), 4, rank=rank, world_size=3, drop_last=True, resume=before[-1][1])
            expected = len(loader)
            batches = _keys(loader)
            assert len(batches) == expected == (7 - done) // 3
            rest += batches
        seen = [int(k) for keys, _ in before for k in keys] + [int(k) for keys in rest for k in keys]
        assert len(set(seen)) == len(seen)
        assert max(seen) < 30, "of the same epoch"


class TestOptions:
    @pytest.mark.parametrize("option", ["shuffle", "sampler", "batch_sampler", "collate_fn"])
    def test_options_that_clash(self, option: str) -> None:
        with pytest.raises(RecipeError, match=f"{option}: make_loader has its own"):
            make_loader(_lines(), 4, **{option: True})

    def test_two_charsets_that_differ(self) -> None:
        other = Charset(tuple(reversed(_CHARSET.symbols)))
        with pytest.raises(RecipeError, match="charset: differs from that of the data set"):
            make_loader(_lines(charset=_CHARSET), 4, charset=other)
        items = _lines(2, charset=_CHARSET).__getitems__([0, 1])
        assert other.decode(CTCCollate(other)(items)["targets"].tolist()) == "".join(i["text"] for i in items)

    def test_ranks_that_nobody_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WORLD_SIZE", "2")
        with pytest.raises(RecipeError, match="every rank would yield the same lines"):
            make_loader(_lines(), 4)
        assert len(make_loader(_lines(), 4, rank=0, world_size=1)) == 6

    @pytest.mark.parametrize("stride", [1, 3, 5, 8])
    def test_a_network_has_as_many_frames_as_the_batch_says(self, stride: int) -> None:
        for batch in make_loader(_lines(), 1, collate_options={"stride": stride}):
            frames = batch["images"].shape[-1] // stride
            assert batch["images"].shape[-1] % stride == 0
            assert int(batch["input_lengths"].max()) <= frames
        with pytest.raises(RecipeError, match="stride: must be 1 or more, got 0"):
            CTCCollate(_CHARSET, stride=0)

    @pytest.mark.parametrize(
        "transform",
        [lambda im: im.astype(np.float32) / 255, lambda im: torch.from_numpy(im)[None], lambda im: im[None, None]],
    )
    def test_a_transform_that_gives_no_picture(self, transform: Any) -> None:
        with pytest.raises(ValueError, match=r"sample 0{12}: its picture must be uint8 \(H, W\)"):
            list(make_loader(_lines(1, transform=transform), 1))

    @pytest.mark.parametrize("preset", ["camera", "scan", "book"])
    def test_augment_keeps_the_height_on_request(self, preset: str) -> None:
        for batch in make_loader(_lines(16, transform=Augment(preset, keep_height=True)), 8):
            assert batch["images"].shape[2] == 32
        with pytest.raises(ValueError, match="keep_height=True"):
            list(make_loader(_lines(16, transform=Augment("camera")), 16))

    def test_lines_that_come_again_are_degraded_anew(self) -> None:
        chain = [{"sensor_noise": {"read_grey": [4, 9]}}]
        dataset = _lines(4, transform=Augment(chain), fresh=False)
        loader = make_loader(dataset, 4)
        first, second = (
            {k: i for b in [next(iter(loader))] for k, i in zip(b["keys"], b["images"], strict=True)} for _ in "ab"
        )
        assert first.keys() == second.keys()
        assert all(not torch.equal(first[k], second[k]) for k in first)
        sample = dataset[1]["image"]
        dataset.set_epoch(1)
        assert not np.array_equal(sample, dataset[1]["image"])

    @pytest.mark.parametrize(("index", "epoch"), [(-1, 0), (0, -1), (1 << 40, 0), (0, 1 << 23)])
    def test_places_beyond_the_seeds(self, index: int, epoch: int) -> None:
        with pytest.raises(ValueError, match="index: must be from 0 to"):
            Augment("scan")(np.full((32, 40), 200, np.uint8), index, epoch)

    def test_indices_are_whole_numbers(self) -> None:
        assert _lines()[np.int64(3)]["index"] == 3
        with pytest.raises(TypeError):
            _lines()[1.7]  # type: ignore[index]


class TestStreams:
    def test_every_pass_begins_anew(self) -> None:
        stream = LineIterable(_lines(6))
        for workers in (0, 1):
            loader = DataLoader(stream, batch_size=None, num_workers=workers)
            peek = next(iter(loader))
            assert [peek["index"], *[i["index"] for i in loader]] == [0, 0, 1, 2, 3, 4, 5]

    def test_a_peek_does_not_bind_it_to_a_number_of_workers(self) -> None:
        stream = LineIterable(_lines(6))
        next(iter(stream))
        keys = [i["index"] for i in DataLoader(stream, batch_size=None, num_workers=2)]
        assert sorted(keys) == list(range(6))

    def test_a_state_that_workers_hold_is_refused(self) -> None:
        stream = LineIterable(_lines(6))
        assert stream.state_dict()["done"] == 0
        list(itertools.islice(DataLoader(stream, batch_size=None, num_workers=1), 2))
        with pytest.raises(RecipeError, match="state: is held by the workers"):
            stream.state_dict()

    def test_a_state_knows_its_lines(self) -> None:
        dataset = _lines(6)
        dataset.set_epoch(2)
        stream = LineIterable(dataset)
        seen = [i["index"] for i in itertools.islice(iter(stream), 2)]
        again = LineIterable(_lines(6))
        again.load_state_dict(stream.state_dict())
        assert again.state_dict()["done"] == 2, "a state that was loaded and not used yet"
        assert seen + [i["index"] for i in again] == list(range(12, 18))
        for other, message in ((_lines(7), "another length, got 6 in place of 7"), (_lines(6, seed=9), "another seed")):
            with pytest.raises(RecipeError, match=message):
                LineIterable(other).load_state_dict(stream.state_dict())
        with pytest.raises(RecipeError, match="must count what is done from 0, got -3"):
            again.load_state_dict({**stream.state_dict(), "done": -3})


class TestBrokenShards:
    @pytest.mark.parametrize("bucket", [True, False])
    def test_a_shard_that_is_gone_later_is_told_by_the_sampler_as_well(
        self,
        bucket: bool,
        folder: Path,
        tmp_path: Path,
    ) -> None:
        shutil.copytree(folder, tmp_path / "out")
        dataset = ShardDataset(tmp_path / "out", format="webdataset")
        loader = make_loader(dataset, 4, bucket=bucket)
        for shard in open_source(tmp_path / "out", "webdataset").shards:
            shard.path.unlink()
        with pytest.raises(OutputError, match=r"sample \d+ cannot be read, .*; look with ocrsynth verify"):
            list(loader)

    def test_the_format_is_one_that_can_be_read(self, folder: Path) -> None:
        assert len(ShardDataset(folder)) == 30

    @pytest.mark.parametrize("fmt", ["webdataset", "lmdb", "parquet"])
    def test_a_missing_shard_is_told(self, fmt: str, folder: Path, tmp_path: Path) -> None:
        shutil.copytree(folder, tmp_path / "out")
        shard = open_source(tmp_path / "out", fmt).shards[1].path
        shutil.rmtree(shard) if shard.is_dir() else shard.unlink()
        with pytest.raises(OutputError, match=f"is not complete, shards missing: 1, got no {shard.name}"):
            ShardDataset(tmp_path / "out", format=fmt)
        assert len(ShardDataset(tmp_path / "out", format=fmt, partial=True)) == 20

    @pytest.mark.parametrize("cut", [0, 0.3, 0.9])
    @pytest.mark.parametrize("fmt", ["webdataset", "lmdb", "parquet"])
    def test_a_shard_that_was_cut_off_is_told(self, fmt: str, cut: float, folder: Path, tmp_path: Path) -> None:
        shutil.copytree(folder, tmp_path / "out")
        shard = open_source(tmp_path / "out", fmt).shards[0].path
        file = shard / "data.mdb" if shard.is_dir() else shard
        file.write_bytes(file.read_bytes()[: int(cut * file.stat().st_size)])
        # In a process of its own, which the wrong page would end.
        code = f"from ocrsynth.torch_data import ShardDataset as S\nd = S({str(tmp_path / 'out')!r}, format={fmt!r})\n[*d]"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 1, done
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("ocrsynth.errors.OutputError: "), last
        assert shard.name in last

    def test_a_picture_that_is_none_is_told(self, tmp_path: Path) -> None:
        import tarfile
        from io import BytesIO

        with tarfile.open(tmp_path / "a.tar", "w") as tar:
            for name, data in (("0.png", b"no picture"), ("0.txt", b"text")):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, BytesIO(data))
        with pytest.raises(OutputError, match=r"a\.tar: sample 0 cannot be read, .*; look with ocrsynth verify"):
            ShardDataset(tmp_path)[0]

    def test_a_foreign_environment_without_its_number_is_told(self, tmp_path: Path) -> None:
        import lmdb

        with lmdb.open(str(tmp_path / "db")) as environment, environment.begin(write=True) as transaction:
            transaction.put(b"label-000000001", b"text")
        with pytest.raises(OutputError, match=r"db: cannot be read, it has no number under num-samples, got None"):
            ShardDataset(tmp_path / "db")

    def test_nothing_at_all_is_told(self, tmp_path: Path) -> None:
        import tarfile

        tarfile.open(tmp_path / "a.tar", "w").close()
        with pytest.raises(OutputError, match="holds no samples, got 1 empty shards"):
            ShardDataset(tmp_path)

    def test_a_data_set_written_anew_is_read_anew(self, tmp_path: Path) -> None:
        out = tmp_path / "out"
        texts = []
        for seed in (1, 2):
            shutil.rmtree(out, ignore_errors=True)
            generate(_RECIPE.with_changes(output={"format": "lmdb"}).with_seed(seed), 5, out)
            texts.append(ShardDataset(out)[0]["text"])
        assert texts[0] != texts[1]
        # Others in this process read the same environment.
        assert len([*open_source(out, "lmdb").read()]) == 5

    def test_indices_beyond_its_ends(self, folder: Path) -> None:
        dataset = ShardDataset(folder)
        assert dataset[-30]["text"] == dataset[0]["text"]
        with pytest.raises(IndexError, match="has 30 samples, got -31"):
            dataset[-31]

    def test_hugging_face_wants_no_charset(self, folder: Path) -> None:
        class Processor:
            tokenizer = None

        shard = open_source(folder, "webdataset").shards[0].path
        assert make_loader(ShardDataset(shard), 4, task="hf", processor=Processor()).num_workers == 0
        with pytest.raises(AssetError, match="or a charset of your own"):
            make_loader(ShardDataset(shard), 4)


class TestCharsets:
    @pytest.mark.parametrize(
        "content",
        [
            '{"symbols": "abc", "unit": "character", "unknown": "error"}',
            '{"symbols": ["a"], "unit": "word", "unknown": "error"}',
            '{"symbols": [1], "unit": "character", "unknown": "error"}',
            '{"symbols": [], "unit": "character", "unknown": "error"}',
        ],
    )
    def test_files_that_are_none(self, content: str, tmp_path: Path) -> None:
        (tmp_path / "c.json").write_text(content)
        with pytest.raises(AssetError, match=r"c\.json: is no charset"):
            Charset.load(tmp_path / "c.json")

    @pytest.mark.parametrize(("symbols", "unit"), [(["\ud800"], "character"), (["ab"], "cluster"), ([""], "cluster")])
    def test_symbols_that_are_none(self, symbols: list[str], unit: Any) -> None:
        with pytest.raises(RecipeError, match=f"charset: a symbol must be one {unit}"):
            Charset(symbols, unit)

    def test_what_is_lacking_is_told_whole(self) -> None:
        with pytest.raises(ValueError, match=r"has no 'की' \(U\+0915 U\+0940\)"):
            Charset(["क"], "cluster").encode("की")
        item = {"image": np.zeros((32, 100), np.uint8), "text": "ç", "key": "000000000007"}
        with pytest.raises(ValueError, match="sample 000000000007: charset: has no 'ç'"):
            CTCCollate(Charset("ab"))([item])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"dtype": "float16"},
            "dtype: must be 'uint8' or 'float32', got 'float16'; pad_value is on the scale of uint8 in both",
        ),
        ({"pad_value": 0.7}, "pad_value: must be a whole number from 0 to 255, got 0.7; leave it out if unsure"),
        ({"pad_value": 300}, "pad_value: must be a whole number from 0 to 255, got 300; leave it out if unsure"),
        ({"width_multiple": 0}, "width_multiple: must be a whole number from 1 to 32768, got 0; leave it out if unsure"),
        ({"width_multiple": -8}, "width_multiple: must be a whole number from 1 to 32768, got -8; leave it out if unsure"),
        ({"most_pixels": True}, "most_pixels: must be a whole number from 1 to "),
        ({"stride": 2.5}, "stride: must be 1 or more, got 2.5; give by how much the network narrows a picture"),
    ],
)
def test_wrong_options_of_a_collate(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=f"^{re.escape(message)}"):
        make_loader(_lines(), 4, collate_options=options)


@pytest.mark.parametrize("epoch", [1.5, -1, True])
def test_an_epoch_is_a_whole_number(epoch: Any) -> None:
    with pytest.raises(RecipeError, match=f"epoch: must be a whole number from 0 to .*, got {epoch}"):
        _lines().set_epoch(epoch)


def test_a_damaged_page_of_lmdb_is_an_error_of_ours(tmp_path: Path) -> None:
    generate(Recipe.for_language("en", output={"format": ["lmdb"]}), 12, tmp_path / "out")
    [path] = (tmp_path / "out").rglob("data.mdb")
    whole = path.read_bytes()
    reasons = []
    for place in range(8192, len(whole), 4096):
        # A page's number and flags, overwritten.
        path.write_bytes(whole[:place] + b"\xff" * 16 + whole[place + 16 :])
        os.utime(path, ns=(place, place))
        try:
            data = ShardDataset(tmp_path / "out")
            for i in range(len(data)):
                data[i]
        except OutputError as error:
            reasons.append(str(error))
    # A page may as well lead to another one, whose picture or text is then broken.
    assert sum("is a broken LMDB environment" in reason for reason in reasons) > 1


@pytest.mark.parametrize("state", [None, [1], {"done": 1.5}, {"done": True}])
def test_what_is_no_state_is_not_gone_on_from(state: Any) -> None:
    with pytest.raises(RecipeError, match="state: must count what is done from 0, got "):
        LineIterable(_lines()).load_state_dict(state)


@pytest.mark.parametrize("index", [-1, 1 << 63, 1 << 64])
def test_an_endless_set_has_places_of_so_many_digits(index: int) -> None:
    with pytest.raises(IndexError, match=rf"index: must be from 0 to 2\*\*63 - 1, got {index}"):
        _lines(None)[index]


class TestSplits:
    def test_a_shard_that_has_nothing_of_a_split_is_not_missing(self, tmp_path: Path) -> None:
        output = {"shard_size": 5, "split": {"train": 0.9, "val": 0.1}, "format": ["webdataset", "parquet"]}
        generate(Recipe.for_language("en", seed=1, output=output), 40, tmp_path / "set")
        lengths = [len(ShardDataset(tmp_path / "set", split=s, format=f)) for f in output["format"] for s in ("train", "val")]
        assert lengths[:2] == lengths[2:]
        assert sum(lengths[:2]) == 40
        one = next((tmp_path / "set" / "data" / "webdataset" / "val").iterdir())
        one.unlink()
        with pytest.raises(OutputError, match="is not complete, shards missing: 1"):
            ShardDataset(tmp_path / "set", split="train", format="webdataset")

    def test_a_shard_of_zeros_is_not_an_empty_one(self, tmp_path: Path) -> None:
        generate(Recipe.for_language("en", seed=1, output={"shard_size": 10}), 20, tmp_path / "set")
        shard = tmp_path / "set" / "data" / "000001.tar"
        shard.write_bytes(bytes(shard.stat().st_size))
        with pytest.raises(OutputError, match=r"000001\.tar: holds 0 samples, its receipt says 10; look with ocrsynth verify$"):
            ShardDataset(tmp_path / "set")

    def test_shards_are_more_than_files_that_may_be_open(self, tmp_path: Path) -> None:
        generate(Recipe.for_language("en", seed=1, output={"shard_size": 1}), 80, tmp_path / "set")
        script = (
            "import resource; from ocrsynth.torch_data import ShardDataset\n"
            f"d = ShardDataset({str(tmp_path / 'set')!r}); import ocrsynth.codec, cv2\n"
            "d[0]; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)); print(len({d[i]['key'] for i in range(80)}))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == "80", done.stderr


@pytest.mark.parametrize(("length", "batch", "world"), [(56, 8, 2), (53, 7, 4), (48, 8, 3)])
def test_behind_the_last_batch_of_an_epoch_the_next_one_begins(length: int, batch: int, world: int) -> None:
    """With ``drop_last``, batches may be left that no rank takes: they are behind as well."""

    def loader(**options: Any) -> Any:
        return make_loader(_lines(length), batch, rank=0, world_size=world, drop_last=True, **options)

    through = loader()
    first = list(through.batch_sampler)
    second = [list(indices) for indices in through.batch_sampler]
    resumed = loader(resume=first[-1].position)
    assert len(resumed) == len(first) == len(second)
    assert [list(indices) for indices in resumed.batch_sampler] == second


@pytest.mark.parametrize("window", [0, -1, 1.5, True])
def test_a_window_is_a_whole_number(window: Any) -> None:
    with pytest.raises(RecipeError, match=r"^window: must be 1 or more"):
        BucketBatchSampler(_lines(20), 4, window=window)


def test_ranks_are_whole_numbers() -> None:
    with pytest.raises(RecipeError, match=r"^rank: must be from 0"):
        BucketBatchSampler(_lines(20), 4, rank=0, world_size=2.0)  # type: ignore[arg-type]


def test_options_that_a_collate_does_not_know_are_told() -> None:
    with pytest.raises(RecipeError, match=r"^collate_options: unknown option of task 'ctc', got 'strid'; known: .*stride"):
        make_loader(_lines(), 8, collate_options={"strid": 4})
    assert len(make_loader(_lines(), 8, collate_fn=None, batch_sampler=None)) == 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StreamSampler(length=1.5), r"length: must be a whole number from 0, got 1\.5; leave it out"),
        (lambda: StreamSampler(length=-1), "length: must be a whole number from 0, got -1"),
        (lambda: Augment(seed=-1), r"seed: must be a whole number from 0 to 2\*\*64 - 1, got -1"),
        (lambda: LineIterable(_lines(), 1.5, 3), r"rank: must be from 0 to world_size - 1, got 1\.5 of 3"),
        (
            lambda: make_loader(_lines(8), 4).batch_sampler.set_epoch(1.5),
            r"epoch: must be a whole number from 0 to \d+, got 1\.5",
        ),
        (lambda: make_loader(_lines(8), 4).batch_sampler.set_epoch("a"), "epoch: must be a whole number from 0 to .*, got 'a'"),
        (lambda: make_loader(_lines(8), 4).batch_sampler.set_epoch(1 << 64), "epoch: must be a whole number from 0 to"),
        (
            lambda: make_loader(Subset(_lines(8), [1, 2]), 2),
            "dataset: must be a LineDataset or a ShardDataset, got Subset; give",
        ),
    ],
)
def test_odd_arguments_are_told(make: Any, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make()


def test_a_state_of_an_odd_share_is_told() -> None:
    lines = LineIterable(_lines())
    state = lines.state_dict()
    for shape in ("abc", [0, 1], 3):
        with pytest.raises(RecipeError, match="state: must say of which share it is, got"):
            lines.load_state_dict(state | {"shape": shape})


@pytest.mark.parametrize("collate", [CTCCollate(_CHARSET), AttentionCollate(_CHARSET)])
def test_batches_of_nothing_are_told(collate: Any) -> None:
    with pytest.raises(ValueError, match="batch: must have a sample, got none"):
        collate([])
    with pytest.raises(ValueError, match=r"sample 7: its picture must be uint8 .*, got uint8 \(32, 0\)"):
        collate([{"image": np.zeros((32, 0), np.uint8), "text": "a", "key": "7"}])


def test_an_epoch_of_the_data_set_is_gone_to_by_a_loader_that_was_made_before() -> None:
    dataset = _lines(12)
    loader = make_loader(dataset, 4, num_workers=1)
    found = []
    for epoch in (0, 5, 1):
        dataset.set_epoch(epoch)
        assert len(loader) == 3
        found.append(sorted(k for b in _keys(loader) for k in b))
    found.append(sorted(k for b in _keys(loader) for k in b))
    assert [keys[0] // 12 for keys in found] == [0, 5, 1, 2]
    assert all(keys == list(range(keys[0], keys[0] + 12)) for keys in found)


def test_the_list_of_a_chain_stays_its_callers() -> None:
    chain: list[dict[str, Any]] = [{"defocus_blur": {"p": 0.5}}]
    augment = Augment(chain)
    before = pickle.dumps(augment)
    chain.append({"no such op": {}})
    assert pickle.dumps(augment) == before


def test_a_later_epoch_of_one_picture_is_not_an_earlier_one_of_another() -> None:
    augment = Augment([{"sensor_noise": {}}])
    picture = np.full((32, 60), 200, np.uint8)
    assert not np.array_equal(augment(picture, 1, 0), augment(picture, 0, 1))
    assert np.array_equal(augment(picture, 1, 2), augment(picture, 1, 2))


def test_environments_are_more_than_files_that_may_be_open(tmp_path: Path) -> None:
    generate(_RECIPE.with_changes(output={"format": "lmdb", "shard_size": 1}), 150, tmp_path / "out")
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (150, 150))
from ocrsynth.torch_data import ShardDataset
from ocrsynth.write.formats.lmdb import _held
data = ShardDataset({str(tmp_path / "out")!r})
print(sum(data[i]["image"].size > 0 for i in (*range(150), *range(150))))
print(len(_held))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("300\n128\n", 0), done.stderr


@pytest.mark.parametrize("name", ["./k1", "a.b/k1", "k1"])
@pytest.mark.parametrize("ending", ["png", "jpeg"])
def test_names_in_a_tar_are_read_as_by_the_other_commands(name: str, ending: str, tmp_path: Path) -> None:
    picture = np.full((32, 60), 200, np.uint8)
    data = codec.encode_png(picture) if ending == "png" else codec.encode_jpeg(picture, 90)
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "in/0.tar", "w") as tar:
        folder = tarfile.TarInfo(name.rpartition("/")[0] or "folder")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for member, content in ((f"{name}.{ending}", data), (f"{name}.txt", b"one")):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    [item] = [ShardDataset(tmp_path / "in")[i] for i in range(len(ShardDataset(tmp_path / "in")))]
    [(_, stored)] = open_source(tmp_path / "in").read()
    assert (item["key"], item["text"]) == (stored.key, stored.text) == (name, "one")
    assert item["image"].shape == (32, 60)
