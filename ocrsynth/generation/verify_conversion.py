"""`verify` for what `convert` wrote: shards against the hashes and counts in ``dataset.json``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ocrsynth.errors import RecipeError
from ocrsynth.files import hash_of
from ocrsynth.generation.finding import REORDERED, Finding, Verdict, faults_of
from ocrsynth.generation.plan import DATA, DATASET
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.write.base import Format

_AGAIN = "run ocrsynth convert again"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    sha256: str
    bytes: int


class _Shard(_File):
    format: str
    count: int


class _Delivered(BaseModel):
    characters: dict[str, int]


class _Summary(BaseModel):
    count: int
    shards: list[_Shard]
    joined: list[_File] = Field(default_factory=list)
    delivered: _Delivered


def verify_conversion(out: Path, on_shard: Callable[[int, int], None]) -> Verdict:
    """Return what is wrong with the converted data set in *out*: hashes, counts, pictures, metadata, files too many."""
    path = out / DATASET
    if not path.is_file():
        return Verdict(0, 0, [Finding(DATASET, f"is missing: the conversion did not finish; {_AGAIN}")])
    try:
        summary = _Summary.model_validate(orjson.loads(path.read_bytes()))
        formats = {shard.format: FORMATS.get(shard.format, "formats")() for shard in summary.shards}
    except (ValidationError, orjson.JSONDecodeError, RecipeError) as error:
        return Verdict(0, 0, [Finding(DATASET, f"is not what ocrsynth convert writes, {str(error).splitlines()[0]}; {_AGAIN}")])
    findings: list[Finding] = []
    samples = 0
    characters: Counter[str] = Counter()
    for done, shard in enumerate(summary.shards, 1):
        n, found = _verify_shard(out, shard, formats[shard.format], characters)
        samples += n
        findings += found
        on_shard(done, len(summary.shards))
    for file in summary.joined:
        findings += _verify_hash(out, file)
    findings += _too_many(out, [*summary.shards, *summary.joined])
    stated = sum(shard.count for shard in summary.shards)
    if stated != summary.count:
        findings.append(Finding(DATASET, f"counts {summary.count} samples, its shards {stated}; {_AGAIN}"))
    # Of words fewer characters are kept than of their lines: the spaces are left out.
    as_read = not any(fmt.of_words or fmt.name in ("dummy", *REORDERED) for fmt in formats.values())
    if not findings and as_read and characters != summary.delivered.characters:
        findings.append(Finding(DATASET, f"counts other characters than the labels hold; {_AGAIN}"))
    return Verdict(len(summary.shards), samples, findings)


def _verify_hash(out: Path, file: _File) -> list[Finding]:
    path = out / file.name
    if not _is_inside(file.name):
        return [Finding(DATASET, f"names a file outside the data set, got {file.name!r}; {_AGAIN}")]
    try:
        if not path.exists():
            return [Finding(file.name, f"is missing; {_AGAIN}")]
        sha256, size = hash_of(path)
    except OSError as error:
        return [Finding(file.name, f"cannot be read, {error.strerror}; {_AGAIN}")]
    if sha256 == file.sha256:
        return []
    what = f"holds {size} bytes with SHA-256 {sha256[:12]}, {DATASET} says {file.bytes} with {file.sha256[:12]}; {_AGAIN}"
    return [Finding(file.name, what)]


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _verify_shard(out: Path, shard: _Shard, fmt: Format, characters: Counter[str]) -> tuple[int, list[Finding]]:
    findings = _verify_hash(out, shard)
    path = out / shard.name
    unread = any(" cannot be read" in what or " missing" in what for _, what in findings)
    if fmt.name == "dummy" or not _is_inside(shard.name) or unread:
        return 0, findings
    n = 0
    try:
        for stored in fmt.read(path):
            n += 1
            characters.update(stored.text)
            whole = "meta" in fmt.keeps
            findings += [Finding(f"{shard.name}: {stored.key}", what) for what in faults_of(stored, whole=whole)]
    except (ValueError, OSError) as error:
        findings.append(Finding(shard.name, f"cannot be read, {error}; {_AGAIN}"))
    else:
        if n != shard.count and not fmt.of_words:
            findings.append(Finding(shard.name, f"holds {n} samples, {DATASET} says {shard.count}; {_AGAIN}"))
    return n, findings


def _too_many(out: Path, files: list[_File]) -> list[Finding]:
    """Return a finding for each file or folder below the data folder that no shard and no joined file stands in."""
    due = {out / file.name for file in files}
    above = {folder for path in due for folder in path.parents}
    folders = [folder for folder in above if folder.is_relative_to(out / DATA) and folder.is_dir()]
    return [
        Finding(path.relative_to(out).as_posix(), "is no part of the conversion; remove it")
        for folder in sorted(folders)
        for path in sorted(folder.iterdir())
        if path not in due and path not in above
    ]
