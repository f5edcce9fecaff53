"""PyTorch, the real one: the same batches for any number of workers, resumable, sharded, without hanging."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from ocrsynth import Recipe, codec, generate, make_sample
from ocrsynth.errors import AssetError, MissingDependencyError, OutputError, RecipeError
from ocrsynth.torch_data import (
    AttentionCollate,
    Augment,
    BucketBatchSampler,
    Charset,
    CTCCollate,
    HFCollate,
    LineDataset,
    LineIterable,
    ShardDataset,
    StreamSampler,
    make_loader,
    shards,
)
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
_RECIPE = Recipe.for_language("en", seed=13, text={"length_clusters": [3, 30]})


def _dataset(length: int | None = 60, **options: Any) -> LineDataset:
    return LineDataset(_RECIPE, length, charset=Charset.from_recipe(_RECIPE), **options)


def _digest(batch: dict[str, Any]) -> tuple[Any, ...]:
    parts = [v.numpy().tobytes() if isinstance(v, torch.Tensor) else v for _, v in sorted(batch.items())]
    return tuple(tuple(p) if isinstance(p, list) else p for p in parts)


def _digests(loader: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [_digest(batch) for batch in loader]


@pytest.fixture(scope="module")
def reference() -> list[tuple[Any, ...]]:
    return _digests(make_loader(_dataset(), 8))


class TestLoader:
    @pytest.mark.parametrize("workers", [1, 2, 3])
    def test_any_number_of_workers_gives_the_same_batches(self, workers: int, reference: list[Any]) -> None:
        assert _digests(make_loader(_dataset(), 8, num_workers=workers)) == reference

    @pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
    def test_any_start_method_gives_the_same_batches(self, method: str, reference: list[Any]) -> None:
        loader = make_loader(_dataset(), 8, num_workers=2, multiprocessing_context=method)
        assert _digests(loader) == reference

    @pytest.mark.parametrize("bucket", [True, False])
    def test_every_index_comes_once(self, bucket: bool) -> None:
        keys = [key for batch in make_loader(_dataset(), 8, bucket=bucket) for key in batch["keys"]]
        assert sorted(keys) == [f"{i:012d}" for i in range(60)]

    @pytest.mark.parametrize(("before", "after"), [(2, 1), (0, 3), (1, 0)])
    @pytest.mark.parametrize("stop", [1, 3, 7])
    def test_it_resumes_with_another_number_of_workers(self, before: int, after: int, stop: int, reference: list[Any]) -> None:
        seen = list(itertools.islice(make_loader(_dataset(), 8, num_workers=before), stop))
        rest = make_loader(_dataset(), 8, num_workers=after, resume=seen[-1]["position"])
        assert len(rest) == len(reference) - stop
        assert _digests(rest) == reference[stop:]

    def test_two_ranks_cover_every_batch_once(self, reference: list[Any]) -> None:
        halves = [make_loader(_dataset(), 8, rank=rank, world_size=2) for rank in (0, 1)]
        assert [len(h) for h in halves] == [4, 4]
        a, b = (list(half) for half in halves)
        both = [x for pair in itertools.zip_longest(a, b) for x in pair if x is not None]
        assert [x["position"] for x in both] == [2, 2, 4, 4, 6, 6, 8, 8], "behind what both ranks take at a time"
        assert [_digest({**x, "position": i}) for i, x in enumerate(both, 1)] == reference

    def test_batches_are_what_generate_writes(self, tmp_path: Path) -> None:
        generate(_RECIPE, 60, tmp_path / "out")
        fmt = FORMATS.get("webdataset", "test")()
        stored = {s.key: s for shard in (tmp_path / "out/data").iterdir() for s in fmt.read(shard)}
        for batch in make_loader(_dataset(), 8):
            for image, width, text, key in zip(batch["images"], batch["widths"], batch["texts"], batch["keys"], strict=True):
                assert stored[key].text == text
                assert (codec.decode(stored[key].image) == image[0, :, :width].numpy()).all()

    def test_epochs_are_fresh_or_the_same(self) -> None:
        loader = make_loader(_dataset(), 8)
        first = [k for b in loader for k in b["keys"]]
        second = [k for b in loader for k in b["keys"]]
        assert sorted(second) == [f"{i:012d}" for i in range(60, 120)]
        loader.batch_sampler.set_epoch(0)  # type: ignore[union-attr]
        assert [k for b in loader for k in b["keys"]] == first
        again = make_loader(_dataset(fresh=False), 8)
        epochs = [[k for b in again for k in b["keys"]] for _ in range(2)]
        assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(first)
        assert epochs[0] != epochs[1], "the order of batches is drawn anew"

    def test_lines_of_about_the_same_width_share_a_batch(self) -> None:
        def padding(bucket: bool) -> float:
            loader = make_loader(_dataset(512), 16, bucket=bucket)
            return sum(b["images"].numel() for b in loader) / sum(int(b["widths"].sum()) * 32 for b in loader)

        # What is left is the quarter of a window's spread that the prediction does not know, and whole steps of 8 px.
        assert padding(bucket=True) < 0.8 * padding(bucket=False)

    def test_an_endless_set_goes_on(self) -> None:
        loader = make_loader(_dataset(None), 8, num_workers=2)
        keys = [k for b in itertools.islice(loader, 40) for k in b["keys"]]
        assert len(set(keys)) == 320

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"task": "ocr"}, "task: must be 'ctc', 'attention' or 'hf', got 'ocr'"),
            ({"task": "hf"}, "processor: task 'hf' needs one"),
            ({"rank": 2, "world_size": 2}, "rank: must be from 0 to world_size - 1, got 2 of 2"),
            ({"resume": -1}, "resume: must be a whole number from 0, got -1"),
            ({"resume": 10**30}, "resume: must be a whole number from 0, got 1000"),
            ({"batch_size": 2.5}, "batch_size: must be 1 or more, got 2.5; give a whole number"),
            ({"batch_size": "8"}, "batch_size: must be 1 or more, got '8'"),
        ],
    )
    def test_wrong_options_are_told(self, options: dict[str, Any], message: str) -> None:
        with pytest.raises(RecipeError, match=message):
            make_loader(_dataset(), **({"batch_size": 8} | options))

    def test_it_does_not_hang_after_opencv_ran_in_the_parent(self) -> None:
        code = (
            "import cv2, numpy as np\n"
            "from ocrsynth import Recipe\n"
            "from ocrsynth.torch_data import LineDataset, make_loader\n"
            "cv2.setNumThreads(4)\n"
            "for _ in range(20): cv2.GaussianBlur(np.zeros((2000, 2000), np.uint8), (0, 0), 5)\n"
            "ds = LineDataset(Recipe.for_language('en', degrade='camera'), 64)\n"
            "ds[0]; cv2.setNumThreads(4)\n"
            "cv2.GaussianBlur(np.zeros((2000, 2000), np.uint8), (0, 0), 5)\n"
            "print(sum(len(b['texts']) for b in make_loader(ds, 8, num_workers=2, multiprocessing_context='fork')))\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=90, check=True
        )
        assert done.stdout == "64\n"


class TestLineDataset:
    def test_items_are_samples(self) -> None:
        dataset = _dataset()
        for index in (0, 17, 59, -1):
            sample = make_sample(_RECIPE, index % 60)
            item = dataset[index]
            assert (item["image"] == sample.image).all()
            assert (item["text"], item["key"], item["index"]) == (sample.text, sample.key, sample.index)
            assert Charset.from_recipe(_RECIPE).decode(item["target"]) == sample.text

    def test_it_travels_without_what_it_opened(self) -> None:
        dataset = _dataset()
        first = dataset[3]
        size = len(pickle.dumps(dataset))
        assert size < 50_000
        again = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - our own
        assert again.recipe == dataset.recipe
        assert (again[3]["image"] == first["image"]).all()

    def test_transforms_and_seeds(self) -> None:
        flipped = LineDataset(_RECIPE, 10, transform=lambda image: image[:, ::-1])
        assert (flipped[2]["image"] == LineDataset(_RECIPE, 10)[2]["image"][:, ::-1]).all()
        assert LineDataset(_RECIPE, 10, seed=99)[2]["text"] == make_sample(_RECIPE.with_seed(99), 2).text

    def test_a_recipe_file_will_do(self, tmp_path: Path) -> None:
        (tmp_path / "r.yaml").write_text("language: en\nseed: 4\n")
        assert LineDataset(tmp_path / "r.yaml", 10)[0]["text"] == make_sample(Recipe.for_language("en", seed=4), 0).text

    def test_persistent_workers_see_a_new_epoch(self) -> None:
        dataset = LineDataset(_RECIPE, 16)
        loader = DataLoader(
            dataset, batch_size=8, num_workers=2, persistent_workers=True, collate_fn=lambda items: [i["key"] for i in items]
        )
        keys = []
        for epoch in range(3):
            dataset.set_epoch(epoch)
            keys += [k for batch in loader for k in batch]
        assert keys == [f"{i:012d}" for i in range(48)]

    @pytest.mark.parametrize("length", [0, -3, 2.5, "5"])
    def test_what_is_no_length_is_refused(self, length: Any) -> None:
        with pytest.raises(RecipeError, match=rf"^length: must be 1 or more, got {length!r}"):
            LineDataset(_RECIPE, length)

    def test_indices_beyond_the_end(self) -> None:
        with pytest.raises(IndexError, match="the data set has 60 samples, got 60"):
            _dataset()[60]
        with pytest.raises(TypeError, match="endless"):
            len(_dataset(None))

    def test_memory_stays_flat(self) -> None:
        """Of a worker's life of 6,000 lines the second half needs no more than the first; 200,000 are a slow test."""
        _flat(6_000)

    @pytest.mark.slow
    def test_memory_stays_flat_over_200_000(self) -> None:
        _flat(200_000)

    def test_without_torch_the_message_names_the_extra(self) -> None:
        code = "import sys; sys.modules['torch'] = None\nimport ocrsynth\nfrom ocrsynth.torch_data import LineDataset"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert f"{MissingDependencyError.__name__}: ocrsynth.torch_data: package torch is not installed" in done.stderr
        assert "pip install 'ocrsynth[torch]'" in done.stderr

    def test_import_ocrsynth_imports_no_torch(self) -> None:
        code = "import ocrsynth, sys; ocrsynth.Recipe; print('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def _flat(count: int) -> None:
    def resident() -> int:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a file of the kernel
            return int(file.read().split()[1]) * 4096

    marks = []
    for position, batch in enumerate(make_loader(LineDataset(_RECIPE, count), 100), 1):
        del batch
        if position % (count // 400) == 0:
            marks.append(resident())
    assert max(marks[len(marks) // 2 :]) < 1.1 * max(marks[: len(marks) // 2])


class TestSamplers:
    def test_the_state_of_a_stream_is_one_integer(self) -> None:
        assert list(itertools.islice(StreamSampler(), 5)) == [0, 1, 2, 3, 4]
        assert list(itertools.islice(StreamSampler(7), 3)) == [7, 8, 9]
        ranks = [list(itertools.islice(StreamSampler(10, rank, 3), 4)) for rank in range(3)]
        assert sorted(i for r in ranks for i in r) == list(range(10, 22))
        assert len(StreamSampler(0, 1, 3, length=10)) == len(list(StreamSampler(0, 1, 3, length=10))) == 3
        with pytest.raises(RecipeError, match="rank"):
            StreamSampler(0, 3, 3)

    @pytest.mark.parametrize("rank", range(3))
    @pytest.mark.parametrize("start", [0, 1, 7, 10, 11])
    def test_a_rank_goes_on_with_indices_of_its_own(self, rank: int, start: int) -> None:
        from_the_first = list(StreamSampler(0, rank, 3, length=12))
        rest = StreamSampler(start, rank, 3, length=12)
        assert list(rest) == [index for index in from_the_first if index >= start]
        assert len(rest) == len(list(rest))

    def test_an_endless_set_with_a_plain_loader(self) -> None:
        loader = DataLoader(
            _dataset(None),
            batch_size=4,
            sampler=StreamSampler(100),
            num_workers=2,
            collate_fn=lambda items: [i["index"] for i in items],
        )
        assert list(itertools.islice(loader, 3)) == [[100, 101, 102, 103], [104, 105, 106, 107], [108, 109, 110, 111]]

    @pytest.mark.parametrize("size", [1, 7, 60, 100])
    def test_batches_have_their_size(self, size: int) -> None:
        sizes = [len(b) for b in BucketBatchSampler(_dataset(), size)]
        assert sum(sizes) == 60
        assert max(sizes) <= size
        assert len(sizes) == -(-60 // size)
        with pytest.raises(RecipeError, match="batch_size"):
            BucketBatchSampler(_dataset(), 0)


class TestCollates:
    def _items(self, n: int = 6) -> list[dict[str, Any]]:
        return [_dataset()[i] for i in range(n)]

    @pytest.mark.parametrize("dtype", ["uint8", "float32"])
    def test_ctc(self, dtype: Any) -> None:
        charset = Charset.from_recipe(_RECIPE)
        items = self._items()
        batch = CTCCollate(charset, dtype=dtype, pad_value=255)(items)
        images = batch["images"]
        assert images.dtype == getattr(torch, dtype)
        assert images.shape[:3] == (6, 1, 32)
        assert images.shape[3] % 8 == 0
        split = torch.split(batch["targets"], batch["target_lengths"].tolist())
        assert [charset.decode(t.tolist()) for t in split] == batch["texts"] == [i["text"] for i in items]
        for image, width, item in zip(images, batch["widths"], items, strict=True):
            shown = image[0, :, :width].numpy() * (255 if dtype == "float32" else 1)
            assert np.abs(shown - item["image"]).max() < 1e-3
            assert (image[:, :, width:] == (1 if dtype == "float32" else 255)).all()
        assert (batch["input_lengths"] == -(-batch["widths"] // 4)).all()
        loss = torch.nn.functional.ctc_loss(
            torch.zeros(images.shape[3] // 4, 6, len(charset)).log_softmax(-1),
            batch["targets"],
            batch["input_lengths"],
            batch["target_lengths"],
        )
        assert torch.isfinite(loss)

    def test_a_picture_too_narrow_for_its_label_is_told(self) -> None:
        collate = CTCCollate(Charset("ab"))
        item = {"image": np.zeros((32, 16), np.uint8), "text": "abab", "key": "k"}
        assert collate([item])["input_lengths"].tolist() == [4]
        with pytest.raises(ValueError, match="sample k: 4 frames are too few for the 5 that its label needs, got 'abb"):
            collate([{**item, "text": "abba"}])
        # One such line among others is no sign of a wrong stride; one of twice as many is in any company.
        wide = {"image": np.zeros((32, 400), np.uint8), "text": "ab", "key": "w"}
        batch = collate([wide, {**item, "text": "abba"}])
        assert batch["input_lengths"].tolist() == [100, 5]
        with pytest.raises(ValueError, match="sample k: 4 frames are too few for the 9 that its label needs, got 'ababababa'"):
            collate([wide, {**item, "text": "ababababa"}])

    @pytest.mark.parametrize("dtype", ["uint8", "float32"])
    def test_a_picture_a_little_too_narrow_has_padding_counted_in(self, dtype: str) -> None:
        collate = CTCCollate(Charset("ab"), dtype=dtype, pad_value=255)
        item = {"image": np.zeros((32, 24), np.uint8), "text": "abbaba", "key": "k"}
        batch = collate([item])
        assert (batch["widths"].tolist(), batch["input_lengths"].tolist()) == ([24], [7])
        assert batch["images"].shape == (1, 1, 32, 32)
        assert (batch["images"][..., 24:] == (1 if dtype == "float32" else 255)).all()
        scores = torch.zeros(8, 1, 3).log_softmax(-1)
        assert torch.isfinite(
            torch.nn.functional.ctc_loss(scores, batch["targets"], batch["input_lengths"], batch["target_lengths"])
        )
        beside = collate([item, {**item, "image": np.zeros((32, 100), np.uint8)}])
        assert (beside["images"].shape[3], beside["input_lengths"].tolist()) == (104, [7, 25])

    def test_a_batch_too_wide_is_told(self) -> None:
        item = {"image": np.zeros((32, 1000), np.uint8), "text": "ab", "key": "k"}
        with pytest.raises(ValueError, match=r"2 pictures of 1×32×1000 are more than 50,000 pixels; take a smaller batch_size"):
            CTCCollate(Charset("ab"), most_pixels=50_000)([item, item])

    def test_a_character_that_the_charset_lacks_is_told(self) -> None:
        item = {"image": np.zeros((32, 100), np.uint8), "text": "abç", "key": "k"}
        with pytest.raises(ValueError, match=r"charset: has no 'ç' \(U\+00E7\), got 'abç'"):
            CTCCollate(Charset("ab"))([item])

    def test_pictures_of_two_heights_are_told(self) -> None:
        items = [{"image": np.zeros((h, 100), np.uint8), "text": "a", "key": "k"} for h in (32, 48)]
        with pytest.raises(ValueError, match="must have one height"):
            CTCCollate(Charset("ab"))(items)

    def test_attention(self) -> None:
        charset = Charset.from_recipe(_RECIPE)
        collate = AttentionCollate(charset)
        batch = collate(self._items())
        for row, mask, length, text in zip(
            batch["targets"], batch["mask"], batch["target_lengths"], batch["texts"], strict=True
        ):
            assert row[0] == collate.bos
            assert row[length - 1] == collate.eos
            assert charset.decode(row[1 : length - 1].tolist()) == text
            assert mask.sum() == length
            assert (row[length:] == collate.pad).all()

    def test_hugging_face(self) -> None:
        """The protocol of TrOCR's processor; its weights and vocabulary cannot be fetched here."""

        class Tokenizer:
            def __call__(self, texts: list[str], *, padding: bool, return_tensors: str) -> Any:
                assert padding
                assert return_tensors == "pt"
                longest = max(map(len, texts))
                ids = torch.tensor([[ord(c) for c in t] + [1] * (longest - len(t)) for t in texts])
                mask = torch.tensor([[1] * len(t) + [0] * (longest - len(t)) for t in texts])
                return SimpleNamespace(input_ids=ids, attention_mask=mask)

        class Processor:
            tokenizer = Tokenizer()

            def __call__(self, *, images: list[Any], return_tensors: str) -> Any:
                assert return_tensors == "pt"
                assert all(i.ndim == 3 and i.shape[2] == 3 for i in images)
                return SimpleNamespace(pixel_values=torch.zeros(len(images), 3, 384, 384))

        [batch] = list(make_loader(_dataset(4), 4, task="hf", processor=Processor()))
        assert batch["pixel_values"].shape == (4, 3, 384, 384)
        for row, text in zip(batch["labels"], batch["texts"], strict=True):
            assert "".join(chr(n) for n in row.tolist() if n != -100) == text
        with pytest.raises(RecipeError, match="must have a tokenizer"):
            HFCollate(object())


class TestIterable:
    @pytest.mark.parametrize("workers", [0, 1, 2, 3])
    def test_every_line_comes_once(self, workers: int) -> None:
        halves = [LineIterable(_dataset(), rank, 2) for rank in (0, 1)]
        keys = [k for h in halves for k in DataLoader(h, batch_size=None, num_workers=workers, collate_fn=lambda i: i["key"])]
        assert sorted(keys) == [f"{i:012d}" for i in range(60)]

    def test_a_state_goes_on(self) -> None:
        stream = LineIterable(_dataset())
        first = [i["key"] for i in itertools.islice(iter(stream), 7)]
        state = pickle.loads(pickle.dumps(stream.state_dict()))  # noqa: S301 - our own
        again = LineIterable(_dataset())
        again.load_state_dict(state)
        assert first + [i["key"] for i in again] == [f"{i:012d}" for i in range(60)]

    @pytest.mark.parametrize("workers", [0, 2])
    def test_torchdata_resumes_it(self, workers: int) -> None:
        from torchdata.stateful_dataloader import StatefulDataLoader

        def loader() -> Any:
            return StatefulDataLoader(LineIterable(_dataset(24)), batch_size=4, num_workers=workers, collate_fn=_keys)

        whole = list(loader())
        partial = loader()
        seen = list(itertools.islice(partial, 2))
        state = partial.state_dict()
        resumed = loader()
        resumed.load_state_dict(state)
        assert seen + list(resumed) == whole

    @pytest.mark.parametrize("workers", [0, 1, 2])
    @pytest.mark.parametrize("length", [8, 9, 10])
    def test_behind_its_last_batch_nothing_is_left(self, workers: int, length: int) -> None:
        from torchdata.stateful_dataloader import StatefulDataLoader

        def loader() -> Any:
            return StatefulDataLoader(LineIterable(_dataset(length)), batch_size=4, num_workers=workers, collate_fn=_keys)

        whole = loader()
        states = [whole.state_dict() for _ in whole]
        resumed = loader()
        resumed.load_state_dict(states[-1])
        assert list(resumed) == []
        assert sorted(k for batch in resumed for k in batch) == [f"{i:012d}" for i in range(length)]

    def test_another_number_of_workers_is_refused(self) -> None:
        stream = LineIterable(_dataset(), 0, 2)
        list(itertools.islice(iter(stream), 3))
        other = LineIterable(_dataset(), 0, 3)
        other.load_state_dict(stream.state_dict())
        with pytest.raises(RecipeError, match="state: was taken by share 0 of 2, got 0 of 3"):
            next(iter(other))

    def test_ranks_without_a_rank_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WORLD_SIZE", "4")
        with pytest.raises(RecipeError, match="every rank would yield the same lines"):
            LineIterable(_dataset())
        with pytest.raises(RecipeError, match="give both or none"):
            LineIterable(_dataset(), rank=1)


def _keys(items: list[dict[str, Any]]) -> list[str]:
    return [i["key"] for i in items]


class TestShards:
    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        out = tmp_path_factory.mktemp("shards") / "out"
        split = {"train": 0.7, "test": 0.3}
        output = {"format": ["webdataset", "lmdb", "parquet", "folder"], "shard_size": 20, "split": split}
        generate(_RECIPE.with_changes(output=output), 60, out)
        return out

    @pytest.mark.parametrize("fmt", ["webdataset", "lmdb", "parquet"])
    @pytest.mark.parametrize("workers", [0, 2])
    def test_random_access_to_what_generate_wrote(self, fmt: str, workers: int, folder: Path) -> None:
        dataset = ShardDataset(folder, format=fmt)
        assert len(dataset) == 60
        texts = {s.text: s for s in (make_sample(_RECIPE, i) for i in range(60))}
        order = np.random.default_rng(3).permutation(60).tolist()
        loader = DataLoader(dataset, batch_size=None, sampler=order, num_workers=workers)
        for item in loader:
            image = np.asarray(item["image"])
            assert (image == texts[item["text"]].image).all()
        parts = [len(ShardDataset(folder, format=fmt, split=s)) for s in ("train", "test")]
        assert sum(parts) == 60
        assert min(parts) > 5

    def test_of_parquet_no_more_is_kept_than_a_bound(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        dataset = ShardDataset(folder, format="parquet")
        kept = shards._Groups(1 << 30)
        monkeypatch.setattr(shards, "_GROUPS", kept)
        labels = [dataset[i]["text"] for i in range(60)]
        whole = kept.nbytes
        assert len(kept._tables) == 6
        bound = shards._Groups(whole * 2 // 3)
        monkeypatch.setattr(shards, "_GROUPS", bound)
        for i in np.random.default_rng(4).permutation(60).tolist():
            assert dataset[i]["text"] == labels[i]
            assert bound.nbytes <= whole * 2 // 3
        assert len(bound._tables) > 1

    def test_parquet_is_read_by_many_threads(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        dataset = ShardDataset(folder, format="parquet")
        labels = [dataset[i]["text"] for i in range(60)]
        # Nearly every read takes a group out for another.
        monkeypatch.setattr(shards, "_GROUPS", shards._Groups(1))
        before = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            with ThreadPoolExecutor(6) as pool:
                found = list(pool.map(lambda i: dataset[i % 60]["text"], range(0, 1200, 7)))
        finally:
            sys.setswitchinterval(before)
        assert found == [labels[i % 60] for i in range(0, 1200, 7)]

    def test_augment_is_seeded_by_index_and_epoch(self, folder: Path) -> None:
        dataset = ShardDataset(folder, format="lmdb", transform=Augment("camera", seed=5))
        again = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - our own
        assert (dataset[3]["image"] == again[3]["image"]).all()
        first = dataset[3]["image"]
        dataset.set_epoch(1)
        assert dataset[3]["image"].tobytes() != first.tobytes()
        other = ShardDataset(folder, format="lmdb", transform=Augment("camera", seed=6))
        assert other[3]["image"].tobytes() != first.tobytes()

    @pytest.mark.parametrize("fmt", ["webdataset", "lmdb", "parquet"])
    def test_the_loader_takes_it(self, fmt: str, folder: Path) -> None:
        # A warp would let the canvas grow, and a batch has one height.
        chain = [{"sensor_noise": {"read_grey": [3, 9]}}, {"jpeg": {}}]
        dataset = ShardDataset(folder, format=fmt, transform=Augment(chain, seed=5))
        first = _digests(make_loader(dataset, 8))
        assert _digests(make_loader(dataset, 8, num_workers=2)) == first
        loader = make_loader(dataset, 8, num_workers=2, resume=3)
        assert _digests(loader) == first[3:]
        again = list(loader)
        keys = sorted(k for b in make_loader(dataset, 8) for k in b["keys"])
        assert sorted(k for b in again for k in b["keys"]) == keys
        assert len(set(keys)) == 60
        later = {k: i for b in again for k, i in zip(b["keys"], b["images"], strict=True)}
        sooner = {k: i for b in make_loader(dataset, 8) for k, i in zip(b["keys"], b["images"], strict=True)}
        assert any(not torch.equal(later[k], sooner[k]) for k in keys), "another epoch is degraded anew"

    def test_workers_that_persist_see_its_epoch(self, folder: Path) -> None:
        dataset = ShardDataset(folder, format="lmdb", transform=Augment("scan", seed=5))
        loader = DataLoader(
            dataset,
            batch_size=None,
            sampler=[3],
            num_workers=1,
            persistent_workers=True,
            collate_fn=lambda i: i["image"].tobytes(),
        )
        [first] = loader
        dataset.set_epoch(1)
        [second] = loader
        assert first != second

    def test_what_it_cannot_read(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match="has no random access in format 'folder'"):
            ShardDataset(folder, format="folder")
        with pytest.raises(OutputError, match="has no shard of split 'val'"):
            ShardDataset(folder, split="val")
        with pytest.raises(OutputError, match="is not there"):
            ShardDataset(tmp_path / "none")
        with pytest.raises(IndexError, match="has 60 samples, got 60"):
            ShardDataset(folder)[60]


class TestCharset:
    def test_round_trip(self, tmp_path: Path) -> None:
        charset = Charset("abc ")
        assert len(charset) == 5
        assert charset.encode("cab a") == [3, 1, 2, 4, 1]
        assert charset.decode([3, 1, 2, 4, 1]) == "cab a"
        assert charset.decode_ctc([0, 1, 1, 0, 1, 2, 2, 0]) == "aab"
        charset.save(tmp_path / "c.json")
        assert Charset.load(tmp_path / "c.json") == charset

    def test_unknown_symbols(self) -> None:
        assert Charset("ab", unknown="drop").encode("axb") == [1, 2]
        unk = Charset("ab", unknown="unk")
        assert (len(unk), unk.encode("axb"), unk.decode([1, 3, 2])) == (4, [1, 3, 2], "a\ufffdb")
        with pytest.raises(ValueError, match="has no 'x'"):
            Charset("ab").encode("axb")

    def test_clusters(self) -> None:
        text = "क्षत्रिय e\u0301"
        charset = Charset.from_texts([text], unit="cluster")
        assert charset.decode(charset.encode(text)) == text
        assert len(charset) - 1 == 5
        with pytest.raises(RecipeError, match="must be one character"):
            Charset(["ab"])

    @pytest.mark.parametrize(("language", "text"), [("en", "a b"), ("ja", "日 本")])
    def test_an_alphabet_comes_with_the_space(self, language: str, text: str) -> None:
        charset = Charset.from_alphabet(language)
        assert charset.decode(charset.encode(text)) == text

    def test_sources(self, tmp_path: Path) -> None:
        generate(_RECIPE, 30, tmp_path / "out")
        from_data = Charset.from_data(tmp_path / "out")
        assert set(from_data.symbols) == {c for i in range(30) for c in make_sample(_RECIPE, i).text}
        assert set(from_data.symbols) <= set(Charset.from_recipe(_RECIPE).symbols)
        assert set("az AZ09") <= set(Charset.from_alphabet("en").symbols)
        for path in (tmp_path, tmp_path / "none"):
            with pytest.raises(AssetError):
                Charset.from_data(path)
        (tmp_path / "bad.json").write_text("[]")
        with pytest.raises(AssetError, match="is no charset"):
            Charset.load(tmp_path / "bad.json")
        with pytest.raises(RecipeError, match="at least one symbol"):
            Charset("")


def test_opencv_threads_are_off_in_this_process() -> None:
    import cv2

    from ocrsynth.torch_data import datasets

    cv2.setNumThreads(3)
    datasets._quiet_in = None
    _dataset()[0]
    assert cv2.getNumThreads() == 1
    assert datasets._quiet_in == os.getpid()
