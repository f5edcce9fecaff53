"""`verify` tells whether a data set is what its receipts say."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import orjson

from ocrsynth.errors import AssetError, OutputError, RecipeError
from ocrsynth.files import hash_of
from ocrsynth.generation.finding import REORDERED, Finding, Verdict, faults_of
from ocrsynth.generation.plan import DATA, DATASET, NOTICE, RECEIPTS, Plan, data_folders, load_recipe, read_plan, read_receipt
from ocrsynth.generation.run import all_receipts, summary_of
from ocrsynth.generation.shard import build_shard
from ocrsynth.generation.source import CONVERSION
from ocrsynth.generation.verify_conversion import verify_conversion
from ocrsynth.records import LINE_FEED
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import check_label, label_characters
from ocrsynth.text.splits import Splits
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.generation.plan import Receipt, ShardFile
    from ocrsynth.write.base import Format

_WORD_BOXES = ("words", "word_quads", "line_quad", "baseline")
_BOXES = {"all": ("clusters", "cluster_quads", *_WORD_BOXES), "words": _WORD_BOXES}
"""Keys of metadata by what the recipe stores."""


def verify(out: Path, on_shard: Callable[[int, int], None] = lambda _done, _total: None) -> Verdict:
    """Return what is wrong with the data set in *out*: hashes, counts, pictures, labels and boxes.

    Raises OutputError if the folder holds no data set.
    """
    if (out / CONVERSION).is_file():
        return verify_conversion(out, on_shard)
    plan = read_plan(out)
    labels, note = _labels_of(out, plan)
    findings: list[Finding] = []
    samples = 0
    for shard in range(plan.n_shards):
        n, found = _verify_shard(out, plan, shard, labels)
        samples += n
        findings += found
        on_shard(shard + 1, plan.n_shards)
    return Verdict(plan.n_shards, samples, findings + _verify_whole(out, plan), (note,) if note else ())


def recompute(out: Path, share: float, on_shard: Callable[[int, int], None] = lambda _done, _total: None) -> Verdict:
    """Make a *share* of the shards again, at least one, and return which differ from what is stored, in files or statistics.

    Which ones is drawn from the plan, so that two runs look at the same.  Raises OutputError if the folder holds no data
    set, or one that this installation cannot make.
    """
    if (out / CONVERSION).is_file():
        raise OutputError(
            f"{out}: was converted, so that no recipe makes its files again; recompute the data set it was made of"
        )
    plan = read_plan(out)
    recipe = load_recipe(out, plan)
    wanted = max(round(share * plan.n_shards), 1)
    stream = Stream(int(plan.digest[:12], 16), 0, "recompute")
    rest = list(range(plan.n_shards))
    chosen = sorted(rest.pop(stream.below(len(rest))) for _ in range(min(wanted, len(rest))))
    findings: list[Finding] = []
    samples = 0
    for done, shard in enumerate(chosen, 1):
        receipt = read_receipt(out, plan, shard)
        if receipt is None:
            findings.append(Finding(f"shard {shard}", "has no receipt of this plan; run ocrsynth generate again to resume"))
            continue
        with TemporaryDirectory(prefix="ocrsynth-") as name:
            place = Path(name)
            for folder in (place / "receipts", *(f for _, f in data_folders(place, plan))):
                folder.mkdir(parents=True, exist_ok=True)
            again = build_shard(recipe, plan, shard, place, lambda _samples, _rejected: None)
        samples += again.count
        stored = {file.name: file.sha256 for file in receipt.files}
        for file in again.files:
            on_disk = hash_of(out / DATA / file.name)[0] if (out / DATA / file.name).exists() else None
            if on_disk != file.sha256:
                why = (
                    "its receipt agrees with what is made now"
                    if stored.get(file.name) == file.sha256
                    else "so does its receipt"
                )
                findings.append(Finding(f"{DATA}/{file.name}", f"differs from what the recipe makes; {why}"))
        # Of other files the statistics are others as well.
        if stored == {file.name: file.sha256 for file in again.files}:
            findings += _figures_differing(receipt, again)
        on_shard(done, len(chosen))
    return Verdict(plan.n_shards, samples, findings)


def _figures_differing(receipt: Receipt, again: Receipt) -> list[Finding]:
    """Return a finding if a receipt states other figures of the same files than are found when they are made *again*."""
    stated, made = receipt.statistics.as_dict(), again.statistics.as_dict()
    differing = sorted(name for name in made if stated[name] != made[name])
    what = f"states other figures than the recipe makes, in {', '.join(differing)}; delete it and run ocrsynth generate again"
    return [Finding(f"{RECEIPTS}/{receipt.shard:06d}.json", what)] if differing else []


def _verify_whole(out: Path, plan: Plan) -> list[Finding]:
    """Return what is wrong beside the shards: files too many or too few, and the summary."""
    formats = {name: FORMATS.get(name, "plan.formats")() for name in plan.formats}
    folders = data_folders(out, plan)
    due: dict[Path, set[str]] = {out / DATA: set()}
    for name, folder in folders:
        due[folder] = {*(formats[name].shard_name(shard) for shard in range(plan.n_shards)), *formats[name].joined}
    for folder in list(due):
        # Folders of formats and splits stand in each other.
        for above in folder.relative_to(out / DATA).parents if folder != out / DATA else ():
            due.setdefault(out / DATA / above, set())
    for folder in due:
        if folder != out / DATA:
            due[folder.parent].add(folder.name)
    findings = []
    for folder, names in due.items():
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        findings += [
            Finding((folder / name).relative_to(out).as_posix(), "is no part of the plan; remove it")
            for name in sorted(there - names)
        ]
    due_receipts = {f"{shard:06d}.json" for shard in range(plan.n_shards)}
    findings += [
        Finding(f"{RECEIPTS}/{path.name}", "is no part of the plan; remove it")
        for path in sorted((out / RECEIPTS).iterdir())
        if path.name not in due_receipts
    ]
    if not (out / DATASET).exists():
        return [*findings, Finding(DATASET, "is missing: the run did not finish; run ocrsynth generate again to resume")]
    missing = [
        Finding((folder / name).relative_to(out).as_posix(), "is missing; run ocrsynth generate again to write it")
        for format_name, folder in folders
        for name in formats[format_name].joined
        if not (folder / name).exists()
    ]
    if not (out / NOTICE).exists() or not (out / NOTICE).stat().st_size:
        missing.append(Finding(NOTICE, "is missing or empty; run ocrsynth generate again to write it"))
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
    known = stated.get("joined") if isinstance(stated, dict) else None
    for joined, was in zip(actual["joined"], known if isinstance(known, list) else [], strict=False):
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
    boxes: str
    """Which boxes the recipe stores."""
    most_lines: int

    def fault(self, text: str, file: str) -> str | None:
        """Return what is wrong with the label of a sample in *file*, a path below the data folder, or None."""
        if not text and self.may_be_empty:
            return None
        lines = text.split(LINE_FEED)
        if len(lines) > self.most_lines:
            return f"has a label of {len(lines)} lines, got {text!r}"
        reason = next((found for line in lines if (found := check_label(line, self.characters))), None)
        if reason:
            return f"has a label that cannot be: {reason}, got {text!r}"
        folders = file.split("/")[:-1]
        others = (split for line in lines if (split := self.splits.of(line)) is not None and split not in folders)
        return next((f"has a label of split {split!r}, got {text!r}" for split in others), None)


def _labels_of(out: Path, plan: Plan) -> tuple[_Labels | None, str]:
    """Return what labels must be, or None and why it is not known here."""
    try:
        recipe = load_recipe(out, plan)
    except (RecipeError, AssetError) as error:
        # Another installation than the one that made the data, or another folder: all else can still be verified.
        return None, f"recipe.lock.yaml: cannot be made ready here, so labels are not held against the alphabet ({error})"
    characters = label_characters(recipe.text, alphabet.load(recipe.language))
    splits = Splits(recipe.output.split, "output.split")
    return _Labels(characters, splits, recipe.text.empty_share > 0, recipe.output.boxes, int(recipe.render.lines.high)), ""


def _verify_shard(out: Path, plan: Plan, shard: int, labels: _Labels | None) -> tuple[int, list[Finding]]:
    receipt = read_receipt(out, plan, shard)
    if receipt is None:
        name = FORMATS.get(plan.formats[0], "plan.formats")().shard_name(shard)
        return 0, [Finding(f"{DATA}/{name}", "has no receipt of this plan; run ocrsynth generate again to resume")]
    findings: list[Finding] = []
    total = 0
    for format_name in plan.formats:
        indices = plan.indices(shard)
        due = set(indices)
        skipped = sum(n for what, n in receipt.statistics.skipped.items() if what.startswith(f"{format_name}: "))
        fmt = FORMATS.get(format_name, "plan.formats")()
        before = len(findings)
        for file in receipt.files:
            if file.format == format_name:
                n, found = _verify_file(out, file, fmt, _Due(indices, due, ordered=not plan.splits and not skipped), labels)
                findings += found
                total += n if format_name == plan.formats[0] else 0
        if "key" in fmt.keeps and len(due) > skipped and len(findings) == before:
            findings.append(Finding(f"{DATA}/{fmt.shard_name(shard)}", f"lacks samples {sorted(due)[:5]!r}"))
    return total, findings


class _Due(NamedTuple):
    """The samples of a shard, and those that were not met yet."""

    indices: range
    missing: set[int]
    ordered: bool
    """Whether a file holds all of them: then the next is known."""


def _verify_file(out: Path, file: ShardFile, fmt: Format, due: _Due, labels: _Labels | None) -> tuple[int, list[Finding]]:
    name = f"{DATA}/{file.name}"
    path = out / name
    if not path.exists():
        return 0, [Finding(name, "is missing; run ocrsynth generate again to resume")]
    findings = []
    sha256, size = hash_of(path)
    if sha256 != file.sha256:
        what = f"holds {size} bytes with SHA-256 {sha256[:12]}, its receipt says {file.size_bytes} with {file.sha256[:12]}"
        what += "; delete it and run ocrsynth generate again"
        findings.append(Finding(name, what))
    if fmt.name == "dummy":
        return file.count, findings
    n = 0
    try:
        for stored in fmt.read(path):
            if "key" in fmt.keeps:
                expected = due.indices[n] if due.ordered and n < len(due.indices) else None
                index = int(stored.key) if stored.key.isdecimal() else -1
                if index not in due.missing or (due.ordered and index != expected):
                    said = f"is out of place, sample {expected} was due" if expected is not None else "is out of place"
                    findings.append(Finding(f"{name}: {stored.key}", said))
                due.missing.discard(index)
            n += 1
            of_line = labels if not fmt.of_words and fmt.name not in REORDERED else None
            whole = "meta" in fmt.keeps
            fault = of_line.fault(stored.text, file.name) if of_line else None
            boxes = _BOXES.get(of_line.boxes, ()) if of_line else ()
            wrong = faults_of(stored, whole=whole, fault=fault, due=boxes)
            findings += [Finding(f"{name}: {stored.key}", what) for what in wrong]
    except ValueError as error:
        findings.append(Finding(name, f"cannot be read, {error}"))
    # Earlier receipts count the lines that words were cut from.
    if n != file.count and not fmt.of_words:
        findings.append(Finding(name, f"holds {n} samples, the plan says {file.count}"))
    return n, findings
