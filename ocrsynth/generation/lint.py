"""Looks over data sets of other people: pictures, labels, duplicates, boxes."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from ocrsynth import codec
from ocrsynth.generation.plan import DATASET
from ocrsynth.generation.source import open_source
from ocrsynth.text.clusters import length_of
from ocrsynth.write.meta import fault_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocrsynth.generation.source import Source
    from ocrsynth.write.base import Stored

_EXAMPLES = 5
_LEAST_SIDE_PX = 8
_LEAST_OF_WORD_PX = 2
"""For each cluster, along the word: crops end at their ink, and an ``I`` or a dash is that thin across."""
_LEAST_CONTRAST = 10
_MARGIN_PX = 1.0
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(slots=True)
class Report:
    """What `lint` found."""

    format: str
    samples: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """Samples by fault."""
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Some of each fault, in words."""

    def add(self, fault: str, example: str) -> None:
        """Count a fault, and keep it as an example if there are few."""
        self.faults[fault] += 1
        shown = self.examples.setdefault(fault, [])
        if len(shown) < _EXAMPLES:
            shown.append(example)


def lint(
    path: str | Path,
    *,
    fmt: str | None = None,
    characters: frozenset[str] | None = None,
    on_sample: Callable[[int], None] = lambda _n: None,
) -> Report:
    """Return what is wrong with a data set in any format; *characters* are those that its labels may have.

    Raises OutputError or RecipeError if there is none.
    """
    source = open_source(path, fmt)
    report = Report(source.format.name)
    pictures: dict[bytes, str] = {}
    feeds = _has_feeds(source)
    for shard in source.missing:
        report.add("missing shard", f"{shard.path} is in the plan, and not there")
    for shard in source.shards:
        name = shard.path.name
        try:
            before = report.samples
            for stored in source.format.samples(shard.path):
                report.samples += 1
                where = f"{name}: {stored.key}"
                if fault := fault_of(stored):
                    report.add("broken metadata", f"{where}: {fault}")
                    continue
                if stored.meta.get("text", stored.text) != stored.text:
                    report.add("another label in the metadata", f"{where}: {stored.text[:80]!r}")
                if not _is_blank(stored):
                    _lint_label(report, _without_feeds(stored, stated=feeds), where, characters)
                _lint_picture(report, stored, where, pictures, of_word=source.format.of_words)
                on_sample(report.samples)
            source.check_count(shard, report.samples - before)
        except ValueError as error:
            report.add("unreadable shard", f"{shard.path}: {error}")
    return report


def _is_blank(stored: Stored) -> bool:
    """Tell whether a sample is meant to be without text, as its metadata say."""
    provenance = stored.meta.get("provenance")
    return not stored.text and isinstance(provenance, dict) and provenance.get("source") == "empty"


def _has_feeds(source: Source) -> bool:
    """Tell whether a data set of this program says that labels of several lines are in it: not every format keeps that."""
    try:
        return "\n" in orjson.loads((source.root / DATASET).read_bytes())["delivered"]["characters"]
    except (OSError, ValueError, TypeError, LookupError):
        return False


def _without_feeds(stored: Stored, *, stated: bool) -> str:
    """Return the label with spaces where one of several lines ends, as its metadata say, or the data set as a whole."""
    provenance = stored.meta.get("provenance")
    several = stated or "lines" in stored.meta or (isinstance(provenance, dict) and provenance.get("lines"))
    return stored.text.replace("\n", " ") if several else stored.text


def _lint_label(report: Report, text: str, where: str, characters: frozenset[str] | None) -> None:
    shown = f"{where}: {text[:80]!r}"
    if not text.strip():
        report.add("empty label", shown)
        return
    if text != text.strip():
        report.add("white space at the ends", shown)
    if not unicodedata.is_normalized("NFC", text):
        report.add("label is not NFC", shown)
    if any(unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs") for c in text):
        report.add("control or unassigned character", shown)
    if not _DIRECTION.isdisjoint(text):
        report.add("invisible direction mark", shown)
    if "\ufffd" in text:
        report.add("replacement character", shown)
    if any("\ufb50" <= c <= "\ufefc" for c in text):
        report.add("Arabic presentation form", shown)
    if characters is not None and (strange := sorted({c for c in text if c not in characters})):
        report.add("character outside the alphabet", f"{shown} has {''.join(strange)!r}")


def _lint_picture(report: Report, stored: Stored, where: str, pictures: dict[bytes, str], *, of_word: bool) -> None:
    if not stored.image:
        report.add("picture is missing", where)
        return
    try:
        image = codec.decode(stored.image)
    except ValueError as error:
        report.add("broken picture", f"{where}: {error}")
        return
    height, width = image.shape[:2]
    said = stored.meta.get("width", width), stored.meta.get("height", height)
    if said != (width, height):
        report.add("another size in the metadata", f"{where}: {said[0]}×{said[1]}, the picture has {width}×{height} px")
    n_clusters = length_of(stored.text)
    thin = min(height, width) < _LEAST_SIDE_PX
    if max(height, width) < _LEAST_OF_WORD_PX * n_clusters if of_word else thin:
        report.add("tiny picture", f"{where}: {width}×{height} px")
    if of_word and thin and n_clusters == 1:
        # A dash may fill its crop with ink, and look like another: what follows would blame it.
        return
    if int(image.max()) - int(image.min()) < _LEAST_CONTRAST and not _is_blank(stored):
        report.add("picture without contrast", f"{where}: levels {image.min()} to {image.max()}")
    digest = hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=12).digest()
    if digest in pictures:
        report.add("duplicate picture", f"{where} is {pictures[digest]}")
    else:
        pictures[digest] = where
    _lint_boxes(report, stored.meta, where, height, width)


def _lint_boxes(report: Report, meta: dict[str, Any], where: str, height: int, width: int) -> None:
    for key in ("cluster_quads", "word_quads"):
        try:
            points = np.asarray(meta.get(key, ()), np.float64).reshape(-1, 2)
        except (ValueError, TypeError):
            report.add("broken boxes", f"{where}: {key}")
            continue
        if not len(points):
            continue
        low, high = points.min(axis=0), points.max(axis=0)
        if (low < -_MARGIN_PX).any() or (high > (width + _MARGIN_PX, height + _MARGIN_PX)).any():
            report.add(
                "box outside the picture", f"{where}: {low.round(1).tolist()} to {high.round(1).tolist()} of {width}×{height}"
            )
