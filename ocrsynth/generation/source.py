"""Finds and reads data sets: those made here, and other people's folders in any of the formats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.generation.plan import DATA, PLAN, all_shard_names, data_folders, read_plan, read_receipt
from ocrsynth.write.base import FORMATS, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocrsynth.write.base import Format

_BY_MARK = {
    "labels.jsonl": "folder",
    "metadata.jsonl": "imagefolder",
    "rec_gt.txt": "paddle",
    "labels.json": "doctr",
    "labels.csv": "easyocr",
    "words.jsonl": "coco-text",
    "data.mdb": "lmdb",
}
_BY_SUFFIX = {".tar": "webdataset", ".parquet": "parquet", ".lstmf": "lstmf", ".arrow": "kraken"}


class Shard(NamedTuple):
    """A shard of a data set, and the name of its split (empty: none)."""

    path: Path
    split: str
    samples: int | None = None
    """Number of samples that its receipt says it has, where there is one."""


class Source(NamedTuple):
    """The shards of a data set, and their format."""

    root: Path
    format: Format
    shards: list[Shard]
    missing: tuple[Shard, ...] = ()
    """Shards that the plan of the data set has, and its folder has not."""

    def read(self) -> Iterator[tuple[Shard, Stored]]:
        """Yield all samples; raises ValueError, naming the shard, where one is broken."""
        for shard in self.shards:
            try:
                for stored in self.format.read(shard.path):
                    yield shard, stored
            except ValueError as error:
                raise ValueError(f"{shard.path}: {error}") from None


def open_source(path: str | Path, fmt: str | None = None) -> Source:
    """Return the data set at *path*: a folder of `generate` or `convert`, one shard, or a folder of shards.

    Without *fmt* the format is told by its files.  Raises OutputError if nothing is found there, RecipeError if the format
    is unknown or is not the one that is there.
    """
    root = Path(path)
    if not root.exists():
        raise OutputError(f"{path}: is not there; give a data set")
    if (root / PLAN).exists():
        plan = read_plan(root)
        # The format that keeps most is the best to read.
        name = fmt or max(
            plan.formats, key=lambda f: [part in FORMATS.get(f, "plan").keeps for part in ("meta", "mask", "key")]
        )
        if name not in plan.formats:
            raise RecipeError(f"format: the data set has no such format, got {name!r}; known: {', '.join(plan.formats)}")
        receipts = [read_receipt(root, plan, number) for number in range(plan.n_shards)]
        files = [None if receipt is None else {file.name: file.count for file in receipt.files} for receipt in receipts]
        shards: list[Shard] = []
        missing: list[Shard] = []
        for split, (_, folder) in zip(
            plan.splits or [""], [pair for pair in data_folders(root, plan) if pair[0] == name], strict=True
        ):
            for number, shard_name in enumerate(all_shard_names(plan, name)):
                made, below = files[number], (folder / shard_name).relative_to(root / DATA).as_posix()
                shard = Shard(folder / shard_name, split, made.get(below) if made else None)
                if shard.path.exists():
                    shards.append(shard)
                # Of a shard without samples of a split there is no file.
                elif made is None or below in made:
                    missing.append(shard)
        return Source(root, FORMATS.get(name, "plan")(), shards, tuple(missing))
    guess = fmt or _guessed(root)
    if guess is None:
        raise OutputError(f"{path}: holds nothing that looks like a data set; say which format it has")
    found = FORMATS.get(guess, "format")()
    shards = [Shard(p, _split_of(root, p)) for p in _shards(root, guess, found.suffix)]
    if not shards:
        raise OutputError(f"{path}: holds no shard of format {guess!r}; check the path")
    return Source(root, found, shards)


def _guessed(root: Path) -> str | None:
    if root.is_file():
        return _BY_SUFFIX.get(root.suffix)
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return next((name for path in files if (name := _told_by(path)) is not None), None)


def _told_by(path: Path) -> str | None:
    """Return the format that a file belongs to, if it belongs to one alone."""
    if path.name == "labels.jsonl":
        # MMOCR's label files have the name of ours.
        with path.open("rb") as file:
            return "mmocr" if b'"filename"' in file.readline() else "folder"
    if path.name.endswith(".gt.txt"):
        return "tesstrain"
    if path.suffix == ".xml":
        with path.open("rb") as file:
            return "alto" if b"alto" in file.read(400).lower() else "page-xml"
    return _BY_MARK.get(path.name) or _BY_SUFFIX.get(path.suffix)


def _shards(root: Path, name: str, suffix: str) -> list[Path]:
    if suffix:
        return [root] if root.is_file() else sorted(p for p in root.rglob(f"*{suffix}") if p.is_file())
    marks = [mark for mark, fmt in _BY_MARK.items() if fmt == name] or {
        "mmocr": ["labels.jsonl"],
        "tesstrain": ["*.gt.txt"],
        "page-xml": ["*.xml"],
        "alto": ["*.xml"],
    }.get(name, [])
    folders = sorted({p.parent for mark in marks for p in root.rglob(mark)})
    # Where label files of parts are joined above them, the parts are read.
    inner = [f for f in folders if not any(other != f and f in other.parents for other in folders)]
    return inner or folders


def _split_of(root: Path, path: Path) -> str:
    names = path.relative_to(root).parts[:-1]
    return next((n for n in names if n in ("train", "val", "validation", "test")), "")
