"""Parts of a run on many machines, hung workers, several formats at once, and samples made again."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from commands import run_apart, run_here

from ocrsynth import Recipe, generate
from ocrsynth.errors import ExitCode, OutputError, RecipeError, WorkerError
from ocrsynth.generation.parts import WHOLE, Part, parse_part
from ocrsynth.generation.plan import Plan, Receipt, locked, prepare
from ocrsynth.generation.run import finish
from ocrsynth.generation.verify import recompute, verify

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNT = 90


def _tree(root: Path) -> dict[str, str]:
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def _recipe(**output: object) -> Recipe:
    return Recipe.for_language("en", seed=21, output={"shard_size": 10, **output})


def _cli(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_apart(cwd, *arguments, env=os.environ | environment) if environment else run_here(cwd, *arguments)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    generate(_recipe(), _COUNT, out)
    return out


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (3, 4, 1, 2)])
def test_parts_in_any_order_give_the_whole(order: tuple[int, ...], whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in order:
        with pytest.raises(OutputError, match=r"shards are missing|holds no data set|is not there"):
            finish(out)
        result = generate(_recipe(), _COUNT, out, part=Part(number, 4))
        assert not result.finished
        assert not (out / "dataset.json").exists()
    assert finish(out).statistics.samples == _COUNT
    assert _tree(out) == _tree(whole)
    assert verify(out).findings == []


def test_parts_at_the_same_time_on_one_folder(whole: Path, tmp_path: Path) -> None:
    common = [
        "generate",
        "--lang",
        "en",
        "--seed",
        "21",
        "--shard-size",
        "10",
        "-n",
        str(_COUNT),
        "-o",
        "out",
        "-q",
        "--workers",
        "1",
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "ocrsynth", *common, "--shards", f"{i}/3"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in (1, 2, 3)
    ]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert "when all are made, run: ocrsynth finish out/" in out
    done = _cli("finish", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "90 samples in 9 shards: out/ is complete\n".replace("out/", "out/"))
    assert _tree(tmp_path / "out") == _tree(whole)


def test_a_part_without_a_shard_says_so(tmp_path: Path) -> None:
    done = _cli("generate", "--lang", "en", "-n", "3", "-o", "out", "-q", "--shards", "2/2", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "this part has no shard, for the set has 1 in all: out/\n")


def test_the_same_part_twice_at_once_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    begun = threading.Event()
    go_on = threading.Event()

    class Listener:
        def start(self, total: int, already: int) -> None:
            assert (total, already) == (50, 0)
            begun.set()
            go_on.wait(30)

        def advance(self, samples: int, rejected: dict[str, int]) -> None:
            pass

    # Locks of records belong to a process: another one asks.
    thread = threading.Thread(target=lambda: generate(_recipe(), _COUNT, out, part=Part(1, 2), progress=Listener()))
    thread.start()
    assert begun.wait(30)
    line = ["generate", "--lang", "en", "--seed", "21", "--shard-size", "10", "-n", str(_COUNT), "-o", "out", "-q"]
    twice = run_apart(tmp_path, *line, "--shards", "1/2")
    entire = run_apart(tmp_path, *line)
    other = run_apart(tmp_path, *line, "--shards", "2/2")
    go_on.set()
    thread.join()
    assert twice.returncode == ExitCode.OUTPUT
    assert "part 1/2 is being made by another run" in twice.stderr
    assert entire.returncode == ExitCode.OUTPUT
    assert "another run is writing into this folder" in entire.stderr
    assert other.returncode == 0, other.stderr
    assert finish(out).statistics.samples == _COUNT


@pytest.mark.parametrize(
    ("task", "environment", "part"),
    [
        ("1/1", {}, WHOLE),
        ("3/8", {}, Part(3, 8)),
        ("slurm", {"ID": "0", "MIN": "0", "COUNT": "4"}, Part(1, 4)),
        ("slurm", {"ID": "7", "MIN": "1", "COUNT": "4", "STEP": "2"}, Part(4, 4)),
    ],
)
def test_parts_are_read(task: str, environment: dict[str, str], part: Part) -> None:
    assert parse_part(task, {f"SLURM_ARRAY_TASK_{k}": v for k, v in environment.items()}) == part
    shards = [s for i in range(1, part.of + 1) for s in Part(i, part.of).shards(11)]
    assert sorted(shards) == list(range(11))


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "a/b", "1/0", "-1/4", "1/4/2", "½/4"])
def test_other_parts_are_refused(text: str) -> None:
    with pytest.raises(RecipeError, match=r"^--shards: must be a part such as 2/8, or slurm, got"):
        parse_part(text, {})


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"ID": "x", "MIN": "0", "COUNT": "2"},
        {"ID": "9", "MIN": "0", "COUNT": "2"},
        {"ID": "2", "MIN": "1", "COUNT": "4", "STEP": "2"},
    ],
)
def test_a_task_that_is_none_is_refused(environment: dict[str, str]) -> None:
    with pytest.raises(RecipeError, match="sbatch --array"):
        parse_part("slurm", {f"SLURM_ARRAY_TASK_{k}": v for k, v in environment.items()})


def _workers_of(out: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(out).encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return [pid for pid in found if pid != os.getpid()]


@pytest.fixture
def stopper(tmp_path: Path) -> Iterator[list[int]]:
    """Stops one worker of tmp_path/out as soon as there is one; gives what it stopped."""
    stopped: list[int] = []
    end = threading.Event()

    def watch() -> None:
        while not end.is_set() and not stopped:
            for pid in _workers_of(tmp_path / "out"):
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
                return
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    yield stopped
    end.set()
    thread.join()


def test_a_worker_that_hangs_is_replaced(stopper: list[int], whole: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    generate(_recipe(), _COUNT, tmp_path / "out", workers=2, patience_s=8)
    assert stopper
    assert time.monotonic() - started < 60
    assert _tree(tmp_path / "out") == _tree(whole)
    assert _workers_of(tmp_path / "out") == []


def test_workers_that_always_hang_end_the_run(tmp_path: Path) -> None:
    end = threading.Event()

    def watch() -> None:
        while not end.is_set():
            for pid in _workers_of(tmp_path / "out"):
                os.kill(pid, signal.SIGSTOP)
            time.sleep(0.01)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        with pytest.raises(WorkerError, match=r"its worker died 3 times, the last silent for 1 s; run again to resume"):
            generate(_recipe(), _COUNT, tmp_path / "out", workers=2, patience_s=1)
    finally:
        end.set()
        thread.join()
    assert _workers_of(tmp_path / "out") == []


def _sign(out: Path, shard: int, receipt: dict[str, Any]) -> None:
    """Write a receipt with a digest that is right."""
    content = {key: value for key, value in receipt.items() if key != "digest"}
    (out / f"receipts/{shard:06d}.json").write_bytes(Receipt.from_dict(content).to_bytes())


class TestRecompute:
    def test_a_good_set_is_made_again(self, whole: Path) -> None:
        verdict = recompute(whole, 0.3)
        assert verdict.findings == []
        assert verdict.samples == 30

    def test_a_forged_shard_is_told(self, tmp_path: Path) -> None:
        """Its receipt agrees with it: only making it again can tell."""
        out = tmp_path / "out"
        generate(_recipe(), 20, out)
        shard = out / "data/000001.tar"
        data = bytearray(shard.read_bytes())
        at = data.index(b".txt\0") + 512 - 16
        data[at] ^= 1
        shard.write_bytes(bytes(data))
        receipt = json.loads((out / "receipts/000001.json").read_bytes())
        receipt["files"][0]["sha256"] = hashlib.sha256(bytes(data)).hexdigest()
        _sign(out, 1, receipt)
        [finding] = recompute(out, 1.0).findings
        assert finding.where == "data/000001.tar"
        assert "differs from what the recipe makes; so does its receipt" in finding.what

    def test_forged_statistics_are_told(self, tmp_path: Path) -> None:
        """Summary and digest agree with them: only making the shard again can tell."""
        out = tmp_path / "out"
        generate(_recipe(), 20, out)
        receipt = json.loads((out / "receipts/000001.json").read_bytes())
        receipt["statistics"]["delivered"]["characters"]["e"] += 7
        receipt["statistics"]["rejected"]["contrast"] = 5
        _sign(out, 1, receipt)
        generate(_recipe(), 20, out)
        assert verify(out).findings == []
        [finding] = recompute(out, 1.0).findings
        assert finding.where == "receipts/000001.json"
        assert finding.what == (
            "states other figures than the recipe makes, in delivered, rejected; delete it and run ocrsynth generate again"
        )
        (out / "receipts/000001.json").unlink()
        generate(_recipe(), 20, out)
        assert recompute(out, 1.0).findings == verify(out).findings == []

    @pytest.mark.parametrize("share", ["0%", "101%", "x", "-1", ""])
    def test_shares_that_are_none(self, share: str, tmp_path: Path) -> None:
        done = _cli("verify", "out", "--recompute", share, cwd=tmp_path)
        assert done.returncode in (ExitCode.RECIPE, ExitCode.OUTPUT)
        assert "Traceback" not in done.stderr


def test_several_formats_are_those_of_single_runs(tmp_path: Path) -> None:
    names = ["webdataset", "lmdb", "paddle", "lstmf"]
    generate(_recipe(format=names), 30, tmp_path / "all", workers=2)
    assert verify(tmp_path / "all").findings == []
    assert recompute(tmp_path / "all", 1.0).findings == []
    for name in names:
        generate(_recipe(format=name), 30, tmp_path / name)
        assert _tree(tmp_path / name / "data") == _tree(tmp_path / "all/data" / name)


def test_splits_and_formats_have_folders_of_their_own(tmp_path: Path) -> None:
    split = {"train": 0.7, "test": 0.3}
    generate(_recipe(format=["parquet", "folder"], split=split), 60, tmp_path / "out")
    assert sorted(p.relative_to(tmp_path / "out/data").as_posix() for p in (tmp_path / "out/data").glob("*/*")) == [
        "folder/test",
        "folder/train",
        "parquet/test",
        "parquet/train",
    ]
    assert verify(tmp_path / "out").findings == []
    (tmp_path / "out/data/parquet/stranger").touch()
    assert [f.where for f in verify(tmp_path / "out").findings] == ["data/parquet/stranger"]


@pytest.mark.parametrize("image", ["auto", "raw"])
def test_any_sample_of_a_data_set_is_given_back(image: str, tmp_path: Path) -> None:
    recipe = _recipe(format="folder", image=image)
    generate(recipe, 30, tmp_path / "out")
    for index in (0, 17, 29):
        done = _cli("render", "--from", "out", "--index", str(index), "-o", "one", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for path in sorted((tmp_path / "one").iterdir()):
        if path.suffix != ".json":
            [stored] = (tmp_path / "out/data").glob(f"*/{path.name}")
            assert stored.read_bytes() == path.read_bytes()
    beyond = _cli("render", "--from", "out", "--index", "30", "-o", "one", cwd=tmp_path)
    assert beyond.returncode == ExitCode.RECIPE
    assert "--index: the data set holds 30 samples, got 30" in beyond.stderr
    both = _cli("render", "--from", "out", "--lang", "en", "--index", "3", "-o", "one", cwd=tmp_path)
    assert "--from: a data set has its own recipe" in both.stderr


def test_nothing_is_kept_of_dummies_and_all_is_counted(tmp_path: Path) -> None:
    result = generate(_recipe(format="dummy"), 250, tmp_path / "out", workers=2)
    assert result.statistics.samples == 250
    assert sum(p.stat().st_size for p in (tmp_path / "out/data").iterdir()) < 25 * 100
    assert verify(tmp_path / "out").findings == []


@pytest.mark.slow
def test_a_million_samples_in_flat_memory(tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", preset="clean", seed=1, output={"format": "dummy"})
    peaks: list[tuple[int, int]] = []

    class Watch:
        done = 0

        def start(self, total: int, already: int) -> None:
            assert (total, already) == (1_000_000, 0)

        def advance(self, samples: int, rejected: dict[str, int]) -> None:
            del rejected
            self.done += samples
            pids = [os.getpid(), *_workers_of(tmp_path / "out")]
            rss = 0
            for pid in pids:
                try:
                    status = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
                except (FileNotFoundError, ProcessLookupError):
                    continue
                rss += int(status.split()[1]) * 4096
            peaks.append((self.done, rss))

    result = generate(recipe, 1_000_000, tmp_path / "out", workers=2, progress=Watch())
    assert result.statistics.samples == 1_000_000
    early = max(rss for done, rss in peaks if 100_000 <= done < 300_000)
    late = max(rss for done, rss in peaks if done >= 800_000)
    assert late < 1.1 * early


def test_parts_of_another_number_wait_for_those_that_are_being_made(tmp_path: Path) -> None:
    """3/5 has shards of 1/2, and would take away its temporary files."""
    out = tmp_path / "out"
    generate(_recipe(), _COUNT, out, part=Part(2, 2))
    plan, lock = Plan.of(_recipe(), _COUNT)
    with locked(out, Part(1, 2), lambda: prepare(out, plan, lock)):
        script = (
            "import sys; from ocrsynth import Recipe, generate; from ocrsynth.generation.parts import Part\n"
            "recipe = Recipe.for_language('en', seed=21, output={'shard_size': 10})\n"
            f"generate(recipe, {_COUNT}, {str(out)!r}, part=Part(*map(int, sys.argv[1:])))"
        )
        for number, of, refused in ((3, 5, True), (2, 3, True), (2, 2, False)):
            command = [sys.executable, "-c", script, str(number), str(of)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert ("in another number of parts than" in done.stderr) == refused, done.stderr
            assert bool(done.returncode) == refused
    # When they are done, any number will do.
    generate(_recipe(), _COUNT, out, part=Part(3, 5))


def test_more_parts_or_shards_than_a_set_can_have() -> None:
    with pytest.raises(RecipeError, match=r"^--shards: must be one of at most 1,000,000 parts"):
        parse_part(f"1/{10**20}")
    with pytest.raises(RecipeError, match=r"^output\.shard_size: 10000001 samples would make more than 1,000,000 shards"):
        Plan.of(_recipe(), 10_000_001)


def test_a_part_says_how_many_shards_are_its_own(tmp_path: Path) -> None:
    result = generate(_recipe(), _COUNT, tmp_path / "out", part=Part(1, 2))
    assert (result.n_shards, result.plan.n_shards, result.finished) == (5, 9, False)
