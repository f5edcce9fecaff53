"""Nothing is lost: killed at any moment, a run resumes and ends with the files of an uninterrupted one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ocrsynth import Recipe, generate
from ocrsynth.errors import ExitCode, OutputError, WorkerError
from ocrsynth.generation.executor import run_workers
from ocrsynth.generation.plan import Plan, prepare
from ocrsynth.generation.shard import build_shard
from ocrsynth.generation.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SIZE = 25
_FORMATS = ("webdataset", "folder")
_DEATHS = {"webdataset": 6, "folder": 5}


def _tree(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below *root*, and an entry for every folder."""
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder"
        for p in sorted(root.rglob("*"))
    }


def _command(out: Path, count: int, fmt: str = "webdataset", workers: int = 2) -> list[str]:
    command = [sys.executable, "-m", "ocrsynth", "generate", "--lang", "en", "--preset", "scan", "-o", str(out)]
    return [*command, "-n", str(count), "--workers", str(workers), "--shard-size", str(_SIZE), "--format", fmt, "-q"]


def _hear_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _started(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* in a process group of its own, both outputs going to *log*; at the end it is gone."""
    with (
        log.open("wb") as file,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
            start_new_session=True,
            # A shell that runs the tests in the background has its children ignore Ctrl-C.
            preexec_fn=_hear_ctrl_c,  # noqa: PLW1509
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def _wait(condition: Callable[[], object], seconds: float = 60) -> float:
    """Wait until *condition* holds; return how long that took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, "waited in vain"
        time.sleep(0.005)
    return time.monotonic() - start


def _workers_of(out: Path) -> list[int]:
    """Return the processes that build shards of *out*, whoever their parent is now."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if b"ocrsynth.generation.worker" in arguments and str(out).encode() in arguments:
                found.append(int(entry.name))
    return found


def _receipts(out: Path) -> int:
    return len(list((out / "receipts").glob("*.json"))) if (out / "receipts").is_dir() else 0


def _recipe(fmt: str) -> Recipe:
    return Recipe.for_language("en", "scan", output={"format": fmt, "shard_size": _SIZE})


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Path]:
    """Give the data set of a format and a count as one process makes it without a break."""
    made: dict[tuple[str, int], Path] = {}

    def give(fmt: str, count: int) -> Path:
        if (fmt, count) not in made:
            made[fmt, count] = tmp_path_factory.mktemp("uninterrupted") / "out"
            generate(_recipe(fmt), count, made[fmt, count])
        return made[fmt, count]

    return give


@pytest.mark.parametrize(
    ("fmt", "count", "deaths"),
    [*((fmt, 1000, _DEATHS[fmt]) for fmt in _FORMATS), pytest.param("webdataset", 20_000, 50, marks=pytest.mark.slow)],
)
def test_a_run_killed_again_and_again_ends_as_if_it_never_was(
    fmt: str, count: int, deaths: int, uninterrupted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    """The parent gets SIGKILL while it starts, while it works, and right after a shard; each time it is run again at once."""
    out, log = tmp_path / "out", tmp_path / "log"
    rng = np.random.default_rng(2024)
    kills = 0
    # The first is killed as it starts; the others when so many shards more are done, and a moment later.
    for shards_more in (0, 1, *rng.integers(1, 6, deaths - 2).tolist()):
        due = _receipts(out) + shards_more
        with _started(_command(out, count, fmt), log) as process:
            if shards_more == 0:
                _wait(lambda: (out / "plan.json").exists() or process.poll() is not None)
            else:
                _wait(lambda due=due: _receipts(out) >= due or process.poll() is not None)
            time.sleep(float(rng.uniform(0, 0.12)))
            assert process.poll() is None, log.read_text()
            process.kill()
            assert process.wait() == -signal.SIGKILL
        kills += 1
    assert kills == deaths >= 5
    assert 0 < _receipts(out) < count // _SIZE
    assert not (out / "dataset.json").exists()
    last = _run(_command(out, count, fmt))
    assert last.returncode == 0, last.stderr
    assert "of them from before" in last.stdout
    _wait(lambda: not _workers_of(out))
    assert _tree(out) == _tree(uninterrupted(fmt, count))


@pytest.mark.parametrize("fmt", _FORMATS)
def test_killed_workers_are_replaced(fmt: str, uninterrupted: Callable[[str, int], Path], tmp_path: Path) -> None:
    """Only workers get SIGKILL, found by their entries in /proc; the run completes with the right bytes."""
    count, out, log = 1000, tmp_path / "out", tmp_path / "log"
    rng = np.random.default_rng(7)
    killed: set[int] = set()
    with _started(_command(out, count, fmt), log) as process:
        for due in (1, 5, 9, 13, 17):
            _wait(lambda due=due: (_receipts(out) >= due and set(_workers_of(out)) - killed) or process.poll() is not None)
            time.sleep(float(rng.uniform(0, 0.02)))
            assert process.poll() is None, log.read_text()
            victim = min(set(_workers_of(out)) - killed)
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
        assert process.wait(timeout=60) == 0, log.read_text()
    assert len(killed) == 5
    assert f"{count:,} samples" in log.read_text()
    assert _tree(out) == _tree(uninterrupted(fmt, count))


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [a if a != str(_SIZE) else "20000" for a in _command(out, 60_000)]
    with _started(command, tmp_path / "log") as process:
        # Their shards take many seconds: it is not the end of a shard that ends them.
        _wait(lambda: len(list((out / "data").glob("*.part-*"))) == 2 or process.poll() is not None)
        assert process.poll() is None, (tmp_path / "log").read_text()
        assert len(_workers_of(out)) == 2
        process.kill()
        process.wait()
        assert _wait(lambda: not _workers_of(out), 20) < 2
    assert list((out / "data").iterdir()) == [], "a worker that ends by itself takes its part with it"


def test_a_worker_whose_run_was_begun_anew_takes_nothing_of_it(tmp_path: Path) -> None:
    """It was stuck in the kernel while its parent died, and wakes when another run is done."""
    out = tmp_path / "out"
    recipe = _recipe("webdataset")
    plan, lock = Plan.of(recipe, 20)
    out.mkdir()
    prepare(out, plan, lock)

    def begun_anew(_samples: int, _rejected: dict[str, int]) -> None:
        if not (out / "receipts/000000.json").exists():
            for part in (out / "data").glob("*.part-*"):
                part.unlink()
            generate(recipe, 20, out)

    with pytest.raises(OutputError, match="was removed by another run"):
        build_shard(recipe, plan, 0, out, begun_anew)
    assert verify(out).findings == []
    assert _tree(out) == _tree(generate(recipe, 20, tmp_path / "whole").out)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_text_that_changes_while_it_is_read_ends_the_run(workers: int, tmp_path: Path) -> None:
    file = tmp_path / "c.txt"
    file.write_text("one two three\n" * 40)
    (tmp_path / "r.yaml").write_text(
        f"language: en\ndegrade: clean\ntext: {{sources: [corpus: {{file: {file}}}]}}\noutput: {{shard_size: 500}}\n"
    )
    command = [
        sys.executable,
        "-m",
        "ocrsynth",
        "generate",
        str(tmp_path / "r.yaml"),
        "-n",
        "20000",
        "-o",
        str(tmp_path / "out"),
    ]
    with _started([*command, "--workers", str(workers), "-q"], tmp_path / "log") as process:
        _wait(lambda: _receipts(tmp_path / "out") or process.poll() is not None)
        file.write_text("six four seven\n" * 40)
        assert process.wait(timeout=60) == ExitCode.OUTPUT
    told = (tmp_path / "log").read_text()
    assert "a text or model that the recipe reads was changed while it was read; restore it and run again to resume" in told
    # What is there is all of the first text.
    found = {json.loads(row)["text"] for row in _texts_of(tmp_path / "out")}
    assert found
    assert not any("six" in text for text in found)


def _texts_of(out: Path) -> list[str]:
    rows = []
    for shard in (out / "data").glob("*.tar"):
        with tarfile.open(shard) as tar:
            rows += [tar.extractfile(m).read().decode() for m in tar if m.name.endswith(".json")]  # type: ignore[union-attr]
    return rows


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_ends_at_once_and_leaves_a_folder_to_resume(
    workers: int, uninterrupted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    count, out, log = 1000, tmp_path / "out", tmp_path / "log"
    with _started(_command(out, count, workers=workers), log) as process:
        _wait(lambda: _receipts(out) >= 3 or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        # A terminal sends it to the whole group.
        os.killpg(process.pid, signal.SIGINT)
        start = time.monotonic()
        assert process.wait(timeout=20) == 130, log.read_text()
        assert time.monotonic() - start < 2
        assert _workers_of(out) == []
    assert log.read_text().strip().splitlines()[-1] == "interrupted; what is finished is kept, give the same command again"
    assert "Traceback" not in log.read_text()
    done = _receipts(out)
    assert 3 <= done < count // _SIZE
    again = _run([*_command(out, count, workers=workers), "--json"])
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["resumed_shards"] == done
    assert _tree(out) == _tree(uninterrupted("webdataset", count))


_CRASHES = r'''
"""Die before the nth change of the disk, for every n; resume; compare.  All in forks of one warm process."""
import hashlib, json, os, shutil, signal, sys
from pathlib import Path
from ocrsynth import Recipe, generate

fmt, base = sys.argv[1], Path(sys.argv[2])
recipe = Recipe.for_language("en", output={"format": fmt, "shard_size": 4})
COUNT = 10

def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""

def tree(root):
    return {str(p.relative_to(root)): digest(p) for p in root.rglob("*")}

def in_fork(work):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]

generate(recipe, COUNT, base / "whole")
expected = tree(base / "whole")
problems, n = [], 0
while True:
    n += 1
    out = base / f"crash{n}"

    def until_death():
        left = n

        def hook(event, args):
            nonlocal left
            changes = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree") or (
                event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
            )
            if changes and str(args[0]).startswith(str(out)):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        generate(recipe, COUNT, out)

    status = in_fork(until_death)
    if status == 0:
        break
    if not os.WIFSIGNALED(status):
        problems.append([n, "the run failed by itself", status])
    left = sorted(tree(out))
    resumed = in_fork(lambda: generate(recipe, COUNT, out))
    if resumed or tree(out) != expected:
        differing = sorted(k for k in {*tree(out), *expected} if tree(out).get(k) != expected.get(k))
        problems.append([n, left, resumed, differing])
    shutil.rmtree(out)
print(json.dumps({"crashes": n - 1, "problems": problems}))
'''


@pytest.mark.parametrize("fmt", _FORMATS)
def test_every_change_of_the_disk_is_a_safe_moment_to_die(fmt: str, tmp_path: Path) -> None:
    done = _run([sys.executable, "-c", _CRASHES, fmt, str(tmp_path)])
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["problems"] == []
    # Three shards, each opened, renamed, and its receipt opened and renamed; besides plan, lock, folders, notice, dataset.
    assert answer["crashes"] >= 3 * 4 + 10


def _damage_missing(out: Path) -> None:
    _remove(_shard(out, 1))


def _damage_receipt_deleted(out: Path) -> None:
    (out / "receipts/000001.json").unlink()


def _damage_receipt_half_written(out: Path) -> None:
    path = out / "receipts/000001.json"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _damage_receipt_empty(out: Path) -> None:
    (out / "receipts/000001.json").write_bytes(b"")


def _damage_receipt_with_other_statistics(out: Path) -> None:
    path = out / "receipts/000001.json"
    receipt = json.loads(path.read_bytes())
    receipt["statistics"]["delivered"]["characters"]["e"] += 7
    receipt["statistics"]["rejected"]["contrast"] = 5
    path.write_bytes(json.dumps(receipt).encode())


def _damage_receipt_with_a_flipped_bit(out: Path) -> None:
    path = out / "receipts/000001.json"
    content = path.read_bytes()
    at = content.index(b'"e": ') + 5
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])


def _damage_receipt_of_another_plan(out: Path) -> None:
    path = out / "receipts/000001.json"
    path.write_text(path.read_text().replace(json.loads(path.read_text())["plan"], "0" * 64))


def _damage_receipt_of_another_shard(out: Path) -> None:
    shutil.copy(out / "receipts/000000.json", out / "receipts/000001.json")


def _damage_truncated(out: Path) -> None:
    shard = _shard(out, 1)
    if shard.is_dir():
        # A power cut leaves such a thing: the name is there, the content is not.
        sorted(shard.glob("*.jpg"))[7].write_bytes(b"")
    else:
        os.truncate(shard, shard.stat().st_size - 512)


def _damage_emptied(out: Path) -> None:
    shard = _shard(out, 1)
    if shard.is_dir():
        for path in shard.iterdir():
            path.unlink()
    else:
        os.truncate(shard, 0)


def _leave_parts_of_a_shard(out: Path) -> None:
    if _shard(out, 0).is_dir():
        (out / "data/000001.part-0123abcd-998").mkdir()
        (out / "data/000001.part-0123abcd-998/labels.jsonl").write_bytes(b"{")
        (out / "data/labels.jsonl.part-0123abcd-998").write_bytes(b"{")
    else:
        (out / "data/000001.tar.part-0123abcd-999").write_bytes(b"0000")


def _damage_leftovers(out: Path) -> None:
    """As killed runs leave them."""
    (out / "dataset.json").unlink()
    (out / "receipts/000001.json").unlink()
    _remove(_shard(out, 1))
    (out / "plan.json.part-0123abcd-999").write_bytes(b"{")
    (out / "recipe.lock.yaml.part-0123abcd-999").write_bytes(b"")
    (out / "NOTICE.part-0123abcd-999").write_bytes(b"The")
    (out / "dataset.json.part-0123abcd-999").write_bytes(b"{")
    (out / "receipts/000001.json.part-0123abcd-999").write_bytes(b"{")
    (out / "receipts/000002.json.part-0123abcd-998").write_bytes(b"{")
    _leave_parts_of_a_shard(out)


def _damage_leftovers_beside_a_complete_set(out: Path) -> None:
    (out / "receipts/000001.json.part-0123abcd-999").write_bytes(b"{")
    (out / "dataset.json.part-0123abcd-999").write_bytes(b"{")
    _leave_parts_of_a_shard(out)


def _damage_dataset_missing(out: Path) -> None:
    (out / "dataset.json").unlink()


def _damage_all_but_the_plan(out: Path) -> None:
    for path in out.iterdir():
        if path.name != "plan.json":
            _remove(path)


_DAMAGES = {name.removeprefix("_damage_"): f for name, f in list(globals().items()) if name.startswith("_damage_")}


def _shard(out: Path, number: int) -> Path:
    return next(p for p in (out / f"data/{number:06d}.tar", out / f"data/{number:06d}") if p.exists())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


@pytest.mark.parametrize("fmt", _FORMATS)
@pytest.mark.parametrize("damage", list(_DAMAGES))
def test_damage_is_repaired_by_running_again(
    fmt: str, damage: str, uninterrupted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    count, out = 65, tmp_path / "out"
    shutil.copytree(uninterrupted(fmt, count), out)
    _DAMAGES[damage](out)
    assert _tree(out) != _tree(uninterrupted(fmt, count))
    result = generate(_recipe(fmt), count, out)
    assert _tree(out) == _tree(uninterrupted(fmt, count))
    assert result.statistics.samples == count
    assert verify(out).findings == []


def test_receipts_of_earlier_versions_have_no_digest_and_count(
    uninterrupted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(uninterrupted("webdataset", 65), out)
    for path in (out / "receipts").iterdir():
        receipt = json.loads(path.read_bytes())
        del receipt["digest"]
        path.write_bytes(json.dumps(receipt).encode())
    before = _tree(out)
    result = generate(_recipe("webdataset"), 65, out)
    assert result.resumed_shards == 3
    assert _tree(out) == before
    assert verify(out).findings == []


def test_a_lock_that_was_changed_is_written_again(uninterrupted: Callable[[str, int], Path], tmp_path: Path) -> None:
    out, whole = tmp_path / "out", uninterrupted("webdataset", 65)
    shutil.copytree(whole, out)
    text = (out / "recipe.lock.yaml").read_bytes()
    (out / "recipe.lock.yaml").write_bytes(text.replace(b"seed", b"sead", 1))
    with pytest.raises(OutputError, match=r"was changed after plan\.json was written"):
        verify(out)
    generate(_recipe("webdataset"), 65, out)
    assert _tree(out) == _tree(whole)


@pytest.mark.parametrize(("fmt", "name"), [("coco-text", "words.jsonl"), ("paddle", "det_gt.txt")])
def test_labels_that_cannot_be_joined_are_told_as_damage(fmt: str, name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate(_recipe(fmt), 40, out)
    file = out / "data/000000" / name
    # Of the same size, which tells nothing.
    file.rename(file.with_name("zz" + name[2:]))
    with pytest.raises(OutputError, match=r"cannot be joined, .*; find the damaged shard with ocrsynth verify, delete it"):
        generate(_recipe(fmt), 40, out)
    assert not (out / "dataset.json").exists() or verify(out).findings


def _fault(folder: Path, body: str) -> str:
    """Write a `sitecustomize` that lets *body* see every audit event of worker processes; return its PYTHONPATH."""
    folder.mkdir()
    code = f"""
import os, sys
if "ocrsynth.generation.worker" in sys.orig_argv:
    def hook(event, args):
{body}
    sys.addaudithook(hook)
"""
    (folder / "sitecustomize.py").write_text(code)
    return str(folder)


@pytest.mark.parametrize("workers", [2, 3])
def test_a_worker_that_dies_as_it_starts_ends_the_run(workers: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = _fault(tmp_path / "fault", "        os._exit(77)")
    done = _run(_command(out, 200, workers=workers), PYTHONPATH=path)
    texts = [
        f"error: shard {shard}: its worker died 3 times, the last with status 77; run again to resume, "
        "with fewer workers if memory is short\n"
        for shard in range(8)
    ]
    assert done.stderr in texts
    assert (done.returncode, done.stdout) == (7, "")
    assert _workers_of(out) == []
    assert WorkerError.exit_code == 7


_AT_SHARD_3 = """
        if event == "os.rename" and "000003" in str(args[1]) and "data" in str(args[1]):
            os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("fmt", _FORMATS)
def test_a_shard_that_kills_its_workers_ends_the_run_and_can_be_resumed(
    fmt: str, uninterrupted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    path = _fault(tmp_path / "fault", _AT_SHARD_3)
    done = _run(_command(out, 200, fmt), PYTHONPATH=path)
    assert done.stderr == (
        "error: shard 3: its worker died 3 times, the last with status -9; run again to resume, "
        "with fewer workers if memory is short\n"
    )
    assert done.returncode == 7
    assert _workers_of(out) == []
    assert 1 <= _receipts(out) < 8
    assert not (out / "dataset.json").exists()
    again = _run(_command(out, 200, fmt))
    assert again.returncode == 0, again.stderr
    assert _tree(out) == _tree(uninterrupted(fmt, 200))


@pytest.mark.parametrize("fmt", _FORMATS)
@pytest.mark.parametrize("moment", ["data", "receipts"])
def test_a_worker_that_dies_once_leaves_no_trace(
    fmt: str, moment: str, uninterrupted: Callable[[str, int], Path], tmp_path: Path
) -> None:
    """It dies just before its shard, or its receipt, gets its final name."""
    out, marker = tmp_path / "out", tmp_path / "died"
    body = f"""
        here = event == "os.rename" and "000003" in str(args[1]) and {moment!r} in str(args[1])
        if here and not os.path.exists({str(marker)!r}):
            os.close(os.open({str(marker)!r}, os.O_CREAT | os.O_WRONLY))
            os.kill(os.getpid(), 9)
"""
    done = _run(_command(out, 200, fmt), PYTHONPATH=_fault(tmp_path / "fault", body))
    assert done.returncode == 0, done.stderr
    assert marker.exists()
    assert _tree(out) == _tree(uninterrupted(fmt, 200))


def test_a_shard_is_given_to_three_workers_and_to_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"""
import os, sys
if "ocrsynth.generation.worker" in sys.orig_argv:
    open(f"{tmp_path}/died-{{os.getpid()}}", "w").close()
    os._exit(77)
"""
    (tmp_path / "sitecustomize.py").write_text(code)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(WorkerError, match=r"^shard 5: its worker died 3 times, the last with status 77; run again"):
        run_workers(tmp_path / "out", [5], 1, lambda _samples, _rejected: None, lambda _receipt: None, 60.0)
    assert len(list(tmp_path.glob("died-*"))) == 3


def test_an_error_of_a_worker_is_told_as_it_is(tmp_path: Path) -> None:
    """A worker reads the lock itself; here it finds it changed under its hands."""
    out = tmp_path / "out"
    body = """
        if event == "open" and str(args[0]).endswith("recipe.lock.yaml"):
            os.rename(args[0], str(args[0]) + ".gone")
"""
    done = _run(_command(out, 200), PYTHONPATH=_fault(tmp_path / "fault", body))
    assert done.stderr == (
        f"error: {out}/recipe.lock.yaml: cannot be read, No such file or directory; generate into another folder\n"
    )
    assert done.returncode == 6
    assert _workers_of(out) == []


def test_two_runs_at_once_in_one_folder_are_refused(uninterrupted: Callable[[str, int], Path], tmp_path: Path) -> None:
    count, out, log = 1000, tmp_path / "out", tmp_path / "log"
    with _started(_command(out, count), log) as process:
        _wait(lambda: _receipts(out) >= 1 or process.poll() is not None)
        process.send_signal(signal.SIGSTOP)
        for workers in (1, 2):
            second = _run(_command(out, count, workers=workers))
            assert second.stderr == (
                f"error: {out}/: another run is writing into this folder; wait for it or choose another folder\n"
            )
            assert (second.returncode, second.stdout) == (6, "")
        assert process.poll() is None, log.read_text()
        process.send_signal(signal.SIGCONT)
        assert process.wait(timeout=60) == 0, log.read_text()
    assert _tree(out) == _tree(uninterrupted("webdataset", count))


def test_the_progress_of_a_resumed_run_starts_where_the_last_one_ended(tmp_path: Path) -> None:
    class Heard:
        def __init__(self) -> None:
            self.started: list[tuple[int, int]] = []
            self.samples = 0

        def start(self, total: int, already: int) -> None:
            self.started.append((total, already))

        def advance(self, samples: int, rejected: dict[str, int]) -> None:
            assert all(n > 0 for n in rejected.values())
            self.samples += samples

    recipe = _recipe("webdataset")
    first = Heard()
    generate(recipe, 65, tmp_path, progress=first)
    assert (first.started, first.samples) == ([(65, 0)], 65)
    _shard(tmp_path, 2).unlink()
    _shard(tmp_path, 0).unlink()
    for workers, missing in ((2, 40), (2, 0)):
        heard = Heard()
        generate(recipe, 65, tmp_path, workers=workers, progress=heard)
        assert (heard.started, heard.samples) == ([(65, 65 - missing)], missing)
