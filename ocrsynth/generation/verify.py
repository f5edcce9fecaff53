"""`verify` tells whether a data set is what its receipts say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson
from pydantic import ValidationError

from ocrsynth import codec
from ocrsynth.errors import AssetError, RecipeError
from ocrsynth.generation.plan import DATA, DATASET, Plan, data_folders, hash_of, load_recipe, read_plan, read_receipt
from ocrsynth.generation.run import all_receipts, summary_of
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import check_label, label_characters
from ocrsynth.text.splits import Splits
from ocrsynth.write.base import FORMATS, Stored
from ocrsynth.write.meta import Metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MARGIN_PX = 0.5


class Finding(NamedTuple):
    """Something that is not as it should be."""

    where: str
    what: str


class Verdict(NamedTuple):
    """What `verify` found."""

    plan: Plan
    samples: int
    findings: list[Finding]


def verify(out: Path, on_shard: Callable[[int, int], None] = lambda _done, _total: None) -> Verdict:
    """Return what is wrong with the data set in *out*: hashes, counts, pictures, labels and boxes.

    Raises OutputError if the folder holds no data set.
    """
    plan = read_plan(out)
    labels, findings = _labels_of(out, plan)
    samples = 0
    for shard in range(plan.n_shards):
        n, found = _verify_shard(out, plan, shard, labels)
        samples += n
        findings += found
        on_shard(shard + 1, plan.n_shards)
    return Verdict(plan, samples, findings + _verify_whole(out, plan))


def _verify_whole(out: Path, plan: Plan) -> list[Finding]:
    """Return what is wrong beside the shards: files too many or too few, and the summary."""
    fmt = FORMATS.get(plan.format, "plan.format")()
    names = {*(fmt.shard_name(shard) for shard in range(plan.n_shards)), *fmt.joined}
    findings = []
    for folder in {out / DATA, *data_folders(out, plan)}:
        due = (names if folder in data_folders(out, plan) else set()) | (set(plan.splits) if folder == out / DATA else set())
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        findings += [
            Finding((folder / name).relative_to(out).as_posix(), "is no part of the plan; remove it")
            for name in sorted(there - due)
        ]
    if not (out / DATASET).exists():
        return [*findings, Finding(DATASET, "is missing: the run did not finish; run ocrsynth generate again to resume")]
    missing = [
        Finding((folder / name).relative_to(out).as_posix(), "is missing; run ocrsynth generate again to write it")
        for folder in data_folders(out, plan)
        for name in fmt.joined
        if not (folder / name).exists()
    ]
    if missing:
        return findings + missing
    receipts = all_receipts(out, plan)
    if len(receipts) < plan.n_shards:
        return findings
    try:
        stated = orjson.loads((out / DATASET).read_bytes())
    except orjson.JSONDecodeError as error:
        return [*findings, Finding(DATASET, f"is not JSON, {error}; run ocrsynth generate again to write it")]
    actual = orjson.loads(summary_of(out, plan, receipts))
    for joined, was in zip(actual["joined"], stated.get("joined", []) if isinstance(stated, dict) else [], strict=False):
        if joined != was:
            findings.append(
                Finding(joined["name"], f"was changed, its SHA-256 is {joined['sha256'][:12]}; run ocrsynth generate again")
            )
    changed = sorted(k for k in actual if not isinstance(stated, dict) or actual[k] != stated.get(k))
    if changed:
        findings.append(Finding(DATASET, f"differs from plan, receipts and files in {', '.join(changed)}"))
    return findings


class _Labels(NamedTuple):
    """What the labels of a data set may be."""

    characters: frozenset[str]
    splits: Splits
    may_be_empty: bool

    def fault(self, text: str, file: str) -> str | None:
        """Return what is wrong with the label of a sample in *file*, a path below the data folder, or None."""
        if not text and self.may_be_empty:
            return None
        reason = check_label(text, self.characters)
        if reason:
            return f"has a label that cannot be: {reason}, got {text!r}"
        split = self.splits.of(text)
        if split is not None and split != file.partition("/")[0]:
            return f"has a label of split {split!r}, got {text!r}"
        return None


def _labels_of(out: Path, plan: Plan) -> tuple[_Labels | None, list[Finding]]:
    try:
        recipe = load_recipe(out, plan)
    except (RecipeError, AssetError) as error:
        # Another installation than the one that made the data: all else can still be verified.
        return None, [
            Finding("recipe.lock.yaml", f"cannot be made ready here, so labels are not held against the alphabet ({error})")
        ]
    characters = label_characters(recipe.text, alphabet.load(recipe.language))
    return _Labels(characters, Splits(recipe.output.split, "output.split"), recipe.text.empty_share > 0), []


def _verify_shard(out: Path, plan: Plan, shard: int, labels: _Labels | None) -> tuple[int, list[Finding]]:
    fmt = FORMATS.get(plan.format, "plan.format")()
    receipt = read_receipt(out, plan, shard)
    if receipt is None:
        name = fmt.shard_name(shard)
        return 0, [Finding(f"{DATA}/{name}", "has no receipt of this plan; run ocrsynth generate again to resume")]
    indices = plan.indices(shard)
    due = set(indices)
    findings = []
    total = 0
    for file in receipt.files:
        name = f"{DATA}/{file.name}"
        path = out / name
        if not path.exists():
            findings.append(Finding(name, "is missing; run ocrsynth generate again to resume"))
            continue
        sha256, size = hash_of(path)
        if sha256 != file.sha256:
            what = f"holds {size} bytes with SHA-256 {sha256[:12]}, its receipt says {file.size_bytes} with {file.sha256[:12]}"
            findings.append(Finding(name, what))
        n = 0
        try:
            for stored in fmt.read(path):
                # Without splits the next index is known; with them a file holds some, in order.
                expected = indices[n] if not plan.splits and n < len(indices) else None
                index = int(stored.key) if stored.key.isdecimal() else -1
                n += 1
                if index not in due or (not plan.splits and index != expected):
                    said = f"is out of place, sample {expected} was due" if expected is not None else "is out of place"
                    findings.append(Finding(f"{name}: {stored.key}", said))
                due.discard(index)
                findings += [Finding(f"{name}: {stored.key}", what) for what in _faults(stored, labels, file.name)]
        except ValueError as error:
            findings.append(Finding(name, f"cannot be read, {error}"))
        if n != file.count:
            findings.append(Finding(name, f"holds {n} samples, the plan says {file.count}"))
        total += n
    if due and not findings:
        findings.append(Finding(f"{DATA}/{fmt.shard_name(shard)}", f"lacks samples {sorted(due)[:5]!r}"))
    return total, findings


def _faults(stored: Stored, labels: _Labels | None, file: str) -> Iterator[str]:
    try:
        image = codec.decode(stored.image)
    except ValueError as error:
        yield str(error) if stored.image else "its picture is missing or empty"
        return
    try:
        meta = Metadata.model_validate(stored.meta)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        yield f"has broken metadata, {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        return
    if image.shape[:2] != (meta.height, meta.width):
        yield f"is {image.shape[1]}×{image.shape[0]} px, its metadata says {meta.width}×{meta.height}"
    if meta.text != stored.text:
        yield f"has the label {stored.text!r}, its metadata {meta.text!r}"
    fault = labels.fault(stored.text, file) if labels is not None else None
    if fault:
        yield fault
    if [i for start, end in meta.clusters for i in range(start, end)] != list(range(len(stored.text))):
        yield "has clusters that do not partition its label"
    for name, ranges, quads in (("clusters", meta.clusters, meta.cluster_quads), ("words", meta.words, meta.word_quads)):
        if len(ranges) != len(quads):
            yield f"has {len(quads)} quads for {len(ranges)} {name}"
    points = [point for quad in (*meta.cluster_quads, *meta.word_quads, meta.line_quad) for point in quad]
    xs, ys = zip(*points, strict=True)
    if (
        min(xs) < -_MARGIN_PX
        or min(ys) < -_MARGIN_PX
        or max(xs) > meta.width + _MARGIN_PX
        or max(ys) > meta.height + _MARGIN_PX
    ):
        yield f"has boxes outside the frame, x {min(xs):g}…{max(xs):g}, y {min(ys):g}…{max(ys):g} of {meta.width}×{meta.height}"
