"""Finds and reads data sets: those made here, and other people's folders in any of the formats."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.files import whole_name
from ocrsynth.generation.plan import DATA, DATASET, PLAN, all_shard_names, data_folders, read_plan, read_receipt
from ocrsynth.write.base import FORMATS, Stored
from ocrsynth.write.meta import fault_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocrsynth.write.base import Format

CONVERSION = "conversion.json"
"""What a folder of `convert` says of its source."""
_BY_MARK = {
    "labels.jsonl": "folder",
    "metadata.jsonl": "imagefolder",
    "rec_gt.txt": "paddle",
    "labels.json": "doctr",
    "labels.csv": "easyocr",
    "labels.tsv": "tsv",
    "words.jsonl": "coco-text",
    "data.mdb": "lmdb",
}
_ALTO = re.compile(rb"<(\w+:)?alto[\s>]", re.IGNORECASE)
_HEADS = {
    ".txt": (
        "paddle",
        re.compile(
            rb"\A(\xef\xbb\xbf)?\s*[^\t\n]+\.(png|jpe?g|webp|bmp|tiff?)\t(?!\s*\[\s*\{)[^\t\n]*\r?(\n|\Z)", re.IGNORECASE
        ),
    ),
    ".json": ("mmocr", re.compile(rb'"data_list"\s*:\s*\[')),
    ".csv": ("imagefolder", re.compile(rb"\A(\xef\xbb\xbf)?([^\n]*,)?\"?file_name\"?[,\r\n]")),
}
"""How label files of other names begin, by their ending."""
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

    def check_count(self, shard: Shard, held: int) -> None:
        """Raise ValueError if a shard that *held* so many samples should have had others, by its receipt."""
        if shard.samples not in (None, held) and not self.format.of_words:
            raise ValueError(f"it holds {held} samples where its receipt says {shard.samples}")

    def require_whole(self, advice: str) -> None:
        """Raise OutputError if the data set is not complete."""
        if self.missing:
            lost = f"shards missing: {len(self.missing)}, got no {self.missing[0].path.name}"
            raise OutputError(f"{self.root}: is not complete, {lost}; run its ocrsynth generate again{advice}")

    def spread(self, most: int) -> tuple[int, Iterator[tuple[Shard, Stored]]]:
        """Return how many samples there are, and up to *most* of them, spread evenly; raises OutputError if it is not whole."""
        self.require_whole("")
        advice = f"see what is wrong with ocrsynth lint {self.root}"
        try:
            total = sum(1 for _ in self.read())
        except ValueError as error:
            raise OutputError(f"{error}; {advice}") from None
        if not total:
            raise OutputError(f"{self.root}: holds no line; check the path")
        wanted = frozenset(evenly(total, most))
        return total, (sample for i, sample in enumerate(self.read()) if i in wanted)

    def read(self) -> Iterator[tuple[Shard, Stored]]:
        """Yield all samples; raises ValueError, naming the shard, where one is broken."""
        for shard in self.shards:
            try:
                for stored in checked(self.format.samples(shard.path)):
                    yield shard, stored
            except ValueError as error:
                raise ValueError(f"{shard.path}: {error}") from None


def evenly(total: int, most: int) -> list[int]:
    """Return up to *most* of the numbers below *total*, spread evenly."""
    return [i * total // most for i in range(most)] if most < total else list(range(total))


def checked(samples: Iterable[Stored]) -> Iterator[Stored]:
    """Yield *samples*; raises ValueError at one whose label or metadata cannot be."""
    for stored in samples:
        if fault := fault_of(stored):
            raise ValueError(f"sample {stored.key}: {fault}")
        yield stored


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
    gone = _missing_of_conversion(root)
    guess = fmt or _guessed(root)
    if guess is None:
        raise OutputError(f"{path}: holds nothing that looks like a data set; name its format, of {', '.join(sorted(FORMATS))}")
    found = FORMATS.get(guess, "format")()
    made_here = (root / CONVERSION).is_file()
    base = root if root.is_dir() else root.parent
    shards = [Shard(p, _split_of(base, p, made_here=made_here)) for p in _shards(root, guess, found.suffix)]
    if not shards:
        raise OutputError(f"{path}: holds no shard of format {guess!r}; check the path")
    return Source(root, found, shards, gone)


def _missing_of_conversion(root: Path) -> tuple[Shard, ...]:
    """Return the shards that a folder of `convert` should have and has not; its end, if it was broken off."""
    if not (root / CONVERSION).is_file():
        return ()
    try:
        entries = orjson.loads((root / DATASET).read_bytes())["shards"]
        return tuple(Shard(root / e["name"], "", e["count"]) for e in entries if not (root / e["name"]).exists())
    except FileNotFoundError:
        return (Shard(root / DATASET, ""),)
    except (ValueError, TypeError, LookupError) as error:
        raise OutputError(f"{root / DATASET}: is broken, {error}; convert again") from None


def _guessed(root: Path) -> str | None:
    if root.is_file():
        return _told_by(root) or _told_by_head(root)
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    # A file of a usual name says more than one that looks like a list.
    return next((name for told in (_told_by, _told_by_head) for path in files if (name := told(path)) is not None), None)


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
            return "alto" if _ALTO.search(file.read(4000)) else "page-xml"
    return _BY_MARK.get(path.name) or _BY_SUFFIX.get(path.suffix)


def _told_by_head(path: Path) -> str | None:
    """Return the format of a label file of any name, by how it begins."""
    name, mark = _HEADS.get(path.suffix, ("", None))
    if mark is None:
        return None
    with path.open("rb") as file:
        return name if mark.search(file.read(4000)) else None


def _shards(root: Path, name: str, suffix: str) -> list[Path]:
    """Return the shards below *root*: files, folders, or where none has a label file of the usual name such files of any."""
    if suffix:
        found = (p for p in root.rglob(f"*{suffix}") if p.is_file() and not _is_part(p, root))
        return [root] if root.is_file() else sorted(found)
    marks = [mark for mark, fmt in _BY_MARK.items() if fmt == name] or {
        "mmocr": ["labels.jsonl"],
        "tesstrain": ["*.gt.txt"],
        "page-xml": ["*.xml"],
        "alto": ["*.xml"],
    }.get(name, [])
    if root.is_file():
        return [root.parent if root.name in marks else root]
    folders = sorted({p.parent for mark in marks for p in root.rglob(mark) if not _is_part(p, root)})
    # Where label files of parts are joined above them, the parts are read.
    inner = [f for f in folders if not any(other != f and f in other.parents for other in folders)]
    files = (path for path in sorted(root.rglob("*")) if path.suffix in _HEADS and path.is_file())
    return inner or folders or [path for path in files if _told_by_head(path) == name]


def _is_part(path: Path, root: Path) -> bool:
    """Tell whether *path* below *root* is, or lies in, what a process had not finished."""
    return any(whole_name(place) is not None for place in (path, *path.parents) if place != root and root in place.parents)


def _split_of(root: Path, path: Path, *, made_here: bool) -> str:
    parts = path.relative_to(root).parts
    names = parts[:-1]
    if made_here:  # Then a folder of `data` is a split, whatever its name.
        return names[1] if len(names) > 1 else ""
    # The folder itself may be the split; other people's label files have it in their name, as in rec_gt_train.txt.
    names += tuple(re.split(r"[_.-]", path.name)) if path.is_file() else parts[-1:]
    return next((n for n in names if n in ("train", "val", "validation", "test")), "")
