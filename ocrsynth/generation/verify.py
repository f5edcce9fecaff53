"""`verify` tells whether a data set is what its receipts say."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ocrsynth import codec
from ocrsynth.errors import AssetError, RecipeError
from ocrsynth.generation.plan import DATA, DATASET, Plan, hash_of, load_recipe, read_plan, read_receipt
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import check_label
from ocrsynth.write.base import FORMATS, Stored

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
    characters, findings = _alphabet_of(out, plan)
    if not (out / DATASET).exists():
        findings.append(Finding(DATASET, "is missing: the run did not finish; run ocrsynth generate again to resume"))
    samples = 0
    for shard in range(plan.n_shards):
        n, found = _verify_shard(out, plan, shard, characters)
        samples += n
        findings += found
        on_shard(shard + 1, plan.n_shards)
    return Verdict(plan, samples, findings)


def _alphabet_of(out: Path, plan: Plan) -> tuple[frozenset[str] | None, list[Finding]]:
    try:
        recipe = load_recipe(out, plan)
    except (RecipeError, AssetError) as error:
        # Another installation than the one that made the data: all else can still be verified.
        return None, [
            Finding("recipe.lock.yaml", f"cannot be made ready here, so labels are not held against the alphabet ({error})")
        ]
    return alphabet.load(recipe.language).characters, []


def _verify_shard(out: Path, plan: Plan, shard: int, characters: frozenset[str] | None) -> tuple[int, list[Finding]]:
    fmt = FORMATS.get(plan.format, "plan.format")()
    name = f"{DATA}/{fmt.shard_name(shard)}"
    path = out / name
    receipt = read_receipt(out, plan, shard)
    if receipt is None:
        return 0, [Finding(name, "has no receipt of this plan; run ocrsynth generate again to resume")]
    if not path.exists():
        return 0, [Finding(name, "is missing; run ocrsynth generate again to resume")]
    findings = []
    sha256, size = hash_of(path)
    if sha256 != receipt.sha256:
        what = (
            f"holds {size} bytes with SHA-256 {sha256[:12]}, its receipt says {receipt.size_bytes} with {receipt.sha256[:12]}"
        )
        findings.append(Finding(name, what))
    expected = iter(plan.indices(shard))
    n = 0
    try:
        for stored in fmt.read(path):
            n += 1
            index = next(expected, None)
            if index is None or stored.key != f"{index:012d}":
                findings.append(Finding(f"{name}: {stored.key}", f"is out of place, sample {index} was due"))
            findings += [Finding(f"{name}: {stored.key}", what) for what in _faults(stored, characters)]
    except ValueError as error:
        findings.append(Finding(name, f"cannot be read, {error}"))
    if n != len(plan.indices(shard)):
        findings.append(Finding(name, f"holds {n} samples, the plan says {len(plan.indices(shard))}"))
    return n, findings


def _faults(stored: Stored, characters: frozenset[str] | None) -> Iterator[str]:
    meta = stored.meta
    try:
        image = codec.decode(stored.image)
    except ValueError as error:
        yield str(error)
        return
    if image.shape[:2] != (meta["height"], meta["width"]):
        yield f"is {image.shape[1]}×{image.shape[0]} px, its metadata says {meta['width']}×{meta['height']}"
    if meta["text"] != stored.text:
        yield f"has the label {stored.text!r}, its metadata {meta['text']!r}"
    reason = check_label(stored.text, characters) if characters is not None else None
    if reason:
        yield f"has a label that cannot be: {reason}, got {stored.text!r}"
    covered = [i for start, end in meta["clusters"] for i in range(start, end)]
    if covered != list(range(len(stored.text))):
        yield "has clusters that do not partition its label"
    quads = np.array([*meta["cluster_quads"], *meta["word_quads"], meta["line_quad"]]).reshape(-1, 2)
    low, high = quads.min(axis=0), quads.max(axis=0)
    size = np.array((meta["width"], meta["height"]))
    if (low < -_MARGIN_PX).any() or (high > size + _MARGIN_PX).any():
        yield f"has boxes outside the frame, from {low.tolist()} to {high.tolist()}"
