"""The plan of a run and its receipts: what makes a folder resumable.

A data set folder holds::

    plan.json            what is to be made; written first
    recipe.lock.yaml     the recipe with every default, and the versions it depends on
    receipts/000000.json one a finished shard, written after it
    data/000000.tar      the shards; where the recipe splits, data/train/000000.tar and so on; of several formats
                         each has a folder of its own, data/webdataset/000000.tar and so on
    NOTICE               fonts and licences of what was drawn
    README.md            a card for people and for the Hugging Face hub
    dataset.json         counts and hashes of the whole; written last, so a folder that has it is complete
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.files import whole_name, write_atomically
from ocrsynth.generation.parts import MOST_PARTS, Part
from ocrsynth.generation.statistics import Statistics
from ocrsynth.recipe import Recipe, fingerprint
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


SCHEMA = 1
PLAN = "plan.json"
LOCK = "recipe.lock.yaml"
DATASET = "dataset.json"
NOTICE = "NOTICE"
CARD = "README.md"
DATA = "data"
RECEIPTS = "receipts"
MOST_SAMPLES = (1 << 63) - 1
"""Of a run; signed numbers of 64 bits count them, as ``generate -n`` does."""
_JSON = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
_LOOK_S = 1.0
_SMALLEST_SHARD = 100
_LARGEST_SHARD = 10_000
_SHARDS_AIMED_AT = 32
_WAIT_S = 60.0
"""Parts that begin together wait so long for the one that writes the plan."""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run makes: samples 0 … count-1 of a recipe, in shards of one size, in one format or several."""

    schema: int
    fingerprint: str
    language: str
    seed: int
    count: int
    shard_size: int
    formats: list[str]
    splits: list[str]
    """Names of the splits, sorted; empty where there are none."""

    @classmethod
    def of(cls, recipe: Recipe, count: int) -> tuple[Plan, str]:
        """Return the plan of *count* samples, and the text of its ``recipe.lock.yaml``."""
        size = recipe.output.shard_size
        if size is None:
            # It depends on the count alone, never on the workers: the shards must not.
            size = min(max(-(-count // _SHARDS_AIMED_AT), _SMALLEST_SHARD), _LARGEST_SHARD)
        locked = recipe.locked()
        output = recipe.output
        splits = sorted(output.split)
        if -(-count // size) > MOST_PARTS:
            raise RecipeError(
                f"output.shard_size: {count} samples would make more than {MOST_PARTS:,} shards, got {size} a shard; raise it"
            )
        return cls(SCHEMA, fingerprint(locked), recipe.language, recipe.seed, count, size, list(output.format), splits), locked

    @property
    def n_shards(self) -> int:
        """Return the number of shards; the last may be short."""
        return -(-self.count // self.shard_size)

    def indices(self, shard: int) -> range:
        """Return the sample indices of *shard*."""
        return range(shard * self.shard_size, min((shard + 1) * self.shard_size, self.count))

    def to_bytes(self) -> bytes:
        """Return the content of ``plan.json``."""
        return orjson.dumps(asdict(self), option=_JSON)

    @property
    def digest(self) -> str:
        """Return the SHA-256 of ``plan.json``, which every receipt repeats."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file of a shard, or its folder, as a receipt states it."""

    name: str
    """Path below the data folder."""
    format: str
    sha256: str
    size_bytes: int
    count: int
    """Samples that a reader finds in it: lines, or words in a format of words."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of a finished shard, and its statistics; its file has a digest over them, so that damage shows."""

    plan: str
    shard: int
    files: list[ShardFile]
    """One of each format, or of each format and split that has samples in this shard."""
    statistics: Statistics

    @property
    def count(self) -> int:
        """Return the number of samples."""
        return self.statistics.samples

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` reads back."""
        files = [asdict(file) for file in self.files]
        content = {"plan": self.plan, "shard": self.shard, "files": files, "statistics": self.statistics.as_dict()}
        return content | {"digest": _digest_of(content)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Receipt:
        """Return the receipt of `as_dict`; raises KeyError, TypeError or ValueError if it is none, or was changed since."""
        # Files have hashes of their own, statistics nothing else that tells; receipts of earlier versions have no digest.
        if "digest" in data and data["digest"] != _digest_of({key: data[key] for key in data if key != "digest"}):
            raise ValueError("digest: is of another content")
        files = [ShardFile(**file) for file in data["files"]]
        for file in files:
            if not isinstance(file.name, str) or not isinstance(file.sha256, str) or not isinstance(file.format, str):
                raise TypeError("files: no name, format or hash")
            if not isinstance(file.size_bytes, int) or not isinstance(file.count, int):
                raise TypeError("files: no size or count")
        return cls(data["plan"], data["shard"], files, Statistics.from_dict(data["statistics"]))

    def to_bytes(self) -> bytes:
        """Return the content of the receipt's file."""
        return orjson.dumps(self.as_dict(), option=_JSON)


def _digest_of(content: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(content, option=_JSON)).hexdigest()


def read_plan(out: Path) -> Plan:
    """Return the plan in a folder; raises OutputError if there is none or it is broken."""
    path = out / PLAN
    try:
        return _checked(Plan(**orjson.loads(path.read_bytes())))
    except (FileNotFoundError, NotADirectoryError):
        raise OutputError(
            f"{out}/: holds no data set, for {PLAN} is missing; give a folder that ocrsynth generate made"
        ) from None
    except (ValueError, TypeError) as error:
        raise OutputError(f"{path}: is not a plan of this version of ocrsynth, {error}; generate into another folder") from None


def _checked(plan: Plan) -> Plan:
    """Return *plan*; raises TypeError or ValueError if a value is none that a run could have written."""
    for name in ("schema", "seed", "count", "shard_size"):
        if type(getattr(plan, name)) is not int:
            raise TypeError(f"{name} must be a whole number, got {getattr(plan, name)!r}")
    for name in ("formats", "splits"):
        if not isinstance(getattr(plan, name), list) or not all(isinstance(entry, str) for entry in getattr(plan, name)):
            raise TypeError(f"{name} must be a list of names, got {getattr(plan, name)!r}")
    if not isinstance(plan.fingerprint, str) or not isinstance(plan.language, str):
        raise TypeError(f"fingerprint and language must be text, got {plan.fingerprint!r} and {plan.language!r}")
    if plan.count < 0 or plan.shard_size < 1 or not plan.formats:
        raise ValueError(f"no run has count {plan.count}, shard_size {plan.shard_size}, formats {plan.formats}")
    return plan


def load_recipe(out: Path, plan: Plan) -> Recipe:
    """Return the recipe of the data set in *out*; raises OutputError if it is not the one that was planned."""
    path = out / LOCK
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise OutputError(f"{path}: cannot be read, {reason}; generate into another folder") from None
    if fingerprint(text) != plan.fingerprint:
        raise OutputError(f"{path}: was changed after {PLAN} was written; restore it or generate into another folder")
    return Recipe.load(path)


def read_receipt(out: Path, plan: Plan, shard: int) -> Receipt | None:
    """Return the receipt of *shard* if it is there, whole, and of this plan."""
    try:
        receipt = Receipt.from_dict(orjson.loads((out / RECEIPTS / f"{shard:06d}.json").read_bytes()))
    except (FileNotFoundError, orjson.JSONDecodeError, TypeError, KeyError, ValueError, AttributeError):
        return None
    expected = (plan.digest, shard, len(plan.indices(shard)))
    return receipt if (receipt.plan, receipt.shard, receipt.count) == expected else None


class _BusyError(OutputError):
    """Somebody else holds the lock."""


@contextmanager
def locked(out: Path, part: Part, prepare_folder: Callable[[], None]) -> Iterator[None]:
    """Hold the folder for one run, or for one part of it; raises OutputError if another run holds it.

    *prepare_folder* is called while nobody else holds any of it.  The locks are on the folder itself and on a byte of the
    plan: they leave no file, and the kernel lifts them when their owner dies.
    """
    busy = f"{out}/: another run is writing into this folder; wait for it or choose another folder"
    descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if part.of == 1:
            _take(lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB), busy)
            prepare_folder()
            yield
            return
        # The first part to come writes the plan alone; the others need only wait until it is there.
        first = fcntl.LOCK_EX if not (out / PLAN).exists() else fcntl.LOCK_SH
        with suppress(_BusyError):
            _take(lambda: fcntl.flock(descriptor, first | fcntl.LOCK_NB), busy)
            prepare_folder()
        _take(lambda: fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB), busy, wait_s=_WAIT_S)
        prepare_folder()
        with (out / PLAN).open("r+b") as file:
            also = f"{out}/: part {part} is being made by another run; wait for it or take another part"
            _take(lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, part.number), also)
            _keep_others_out(file, out, part.of)
            yield
    finally:
        os.close(descriptor)


def _keep_others_out(file: BinaryIO, out: Path, of: int) -> None:
    """Hold the folder for parts of *of*; those of another number share shards with them, and find it taken."""
    busy = f"{out}/: is being made in another number of parts than {of}; wait for them, or take as many"
    # Somebody else may be looking at this moment.
    _take(partial(fcntl.lockf, file, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, MOST_PARTS + of), busy, wait_s=_LOOK_S)
    for first, end in ((1, of), (of + 1, MOST_PARTS + 1)):
        if first < end:
            others = end - first, MOST_PARTS + first
            _take(partial(fcntl.lockf, file, fcntl.LOCK_EX | fcntl.LOCK_NB, *others), busy, wait_s=_LOOK_S)
            fcntl.lockf(file, fcntl.LOCK_UN, *others)


def _take(lock: Callable[[], None], busy: str, wait_s: float = 0.0) -> None:
    until = time.monotonic() + wait_s
    while True:
        try:
            lock()
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            if time.monotonic() >= until:
                raise _BusyError(busy) from None
            time.sleep(_POLL_S)
        else:
            return


def prepare(out: Path, plan: Plan, lock_text: str) -> None:
    """Make *out* ready for the plan, or find it there already; the caller holds its lock.

    Raises OutputError if the folder holds another plan, or without a plan anything but the beginnings of this one.
    """
    if (out / PLAN).exists():
        there = read_plan(out)
        if there != plan:
            raise OutputError(f"{out}/: {_difference(there, plan)}; choose an empty folder")
    else:
        others = sorted(p.name for p in out.iterdir() if not _is_beginning(p, lock_text))
        if others:
            raise OutputError(
                f"{out}/: is not empty and holds no plan, got {others[0]!r} and {len(others) - 1} more; choose an empty folder"
            )
    for _, folder in data_folders(out, plan):
        folder.mkdir(parents=True, exist_ok=True)
    (out / RECEIPTS).mkdir(exist_ok=True)
    # The plan holds its fingerprint: whatever else stands there was changed since.
    if not (out / LOCK).exists() or (out / LOCK).read_bytes() != lock_text.encode():
        write_atomically(out / LOCK, lock_text.encode())
    if not (out / PLAN).exists():
        write_atomically(out / PLAN, plan.to_bytes())


def all_shard_names(plan: Plan, format_name: str) -> list[str]:
    """Return the names of all shards in one format."""
    fmt = FORMATS.get(format_name, "plan.formats")()
    return [fmt.shard_name(shard) for shard in range(plan.n_shards)]


def data_folders(out: Path, plan: Plan) -> list[tuple[str, Path]]:
    """Return the folders that shards lie in, each with its format: one a split, or the data folder itself."""
    found = []
    for name in plan.formats:
        data = out / DATA / name if len(plan.formats) > 1 else out / DATA
        found += [(name, data / split) for split in plan.splits] or [(name, data)]
    return found


def _is_beginning(path: Path, lock_text: str) -> bool:
    """Tell whether *path* is what an interrupted `prepare` leaves behind, and nothing of the user's."""
    if path.name in (DATA, RECEIPTS):
        return path.is_dir() and not any(p for p in path.rglob("*") if not p.is_dir())
    if path.name == LOCK:
        return path.is_file() and path.read_bytes() == lock_text.encode()
    return path.is_file() and whole_name(path) in (LOCK, PLAN)


def _difference(there: Plan, here: Plan) -> str:
    if there.fingerprint != here.fingerprint:
        return f"holds a data set of recipe {there.fingerprint[:12]}, but this recipe is {here.fingerprint[:12]}"
    for name, value in asdict(here).items():
        old: Any = getattr(there, name)
        if old != value:
            return f"holds a data set with {name} {old!r}, but this run has {value!r}"
    return "holds another plan"
