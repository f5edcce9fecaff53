"""What was asked of a run and what it delivered, counted in every shard and added up at the end.

Rejections could shift a data set unseen: long lines that are too wide, characters that few fonts have.  So the first draw
of every sample is counted as requested, what became of it as delivered, and both stand side by side.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from heapq import nsmallest
from typing import TYPE_CHECKING, Any

from ocrsynth.text.clusters import length_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocrsynth.records import Sample

_SKETCH = 1024
"""Smallest hashes that are kept: distinct texts are then estimated within 3 %, and counted exactly up to so many."""
_HASHES = 1 << 63


@dataclass(slots=True)
class Distribution:
    """Counts over samples."""

    characters: Counter[str] = field(default_factory=Counter)
    lengths: Counter[str] = field(default_factory=Counter)
    """Samples by number of grapheme clusters."""
    fonts: Counter[str] = field(default_factory=Counter)
    """Samples by font family."""
    sources: Counter[str] = field(default_factory=Counter)
    """Samples by text source."""

    def add(self, other: Distribution) -> None:
        """Add the counts of *other*."""
        for name in self.__slots__:
            getattr(self, name).update(getattr(other, name))

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Return the counts as plain values, sorted; lengths by number."""
        return {
            name: dict(
                sorted(getattr(self, name).items(), key=lambda item: (len(item[0]), item[0]) if name == "lengths" else item)
            )
            for name in self.__slots__
        }

    @classmethod
    def from_dict(cls, data: Any) -> Distribution:
        """Return the counts of `as_dict`; raises TypeError or ValueError if they are none."""
        return cls(**{name: _counter(data[name]) for name in cls.__slots__})


@dataclass(slots=True)
class Statistics:
    """Statistics of a shard or of a data set."""

    samples: int = 0
    size_bytes: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    requested: Distribution = field(default_factory=Distribution)
    delivered: Distribution = field(default_factory=Distribution)
    splits: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    """Samples left out of a format, by format and reason."""
    lent: Counter[str] = field(default_factory=Counter)
    """Samples by the family that lent the line's own font what that lacks."""
    weakened: int = 0
    """Samples of which no draw of the whole chain was legible."""
    sketch: list[int] = field(default_factory=list)
    """The smallest of the hashes of all texts, sorted, each once (k-minimum values: Bar-Yossef et al., RANDOM 2002)."""

    def count(self, samples: Iterable[Sample]) -> None:
        """Count finished samples."""
        texts: list[str] = []
        first_texts: list[str] = []
        for sample in samples:
            provenance = sample.provenance
            text, family, source = (
                sample.text,
                provenance["font"]["family"] if provenance["font"] else None,
                provenance["source"],
            )
            length = len(sample.cluster_ranges)
            texts.append(text)
            _count_one(self.delivered, length, family, source)
            first = provenance.get("first_draw")
            if first:
                text, family, source = first["text"], first["family"], first["source"]
                length = length_of(text)
            first_texts.append(text)
            _count_one(self.requested, length, family, source)
            self.rejected.update(provenance["rejected"])
            if provenance["font"] and (lender := provenance["font"]["fallback"]):
                self.lent[lender] += 1
            self.lent.update(provenance.get("lines", {}).get("fallbacks", ()))
            if provenance.get("split"):
                self.splits[provenance["split"]] += 1
            self.weakened += "weakened" in provenance
            self.samples += 1
        self.delivered.characters.update("".join(texts))
        self.requested.characters.update("".join(first_texts))
        self.sketch = _smallest((*self.sketch, *map(_hash_of, texts)))

    def add(self, other: Statistics) -> None:
        """Add the statistics of another part."""
        self.samples += other.samples
        self.size_bytes += other.size_bytes
        self.rejected.update(other.rejected)
        self.requested.add(other.requested)
        self.delivered.add(other.delivered)
        self.splits.update(other.splits)
        self.skipped.update(other.skipped)
        self.lent.update(other.lent)
        self.weakened += other.weakened
        self.sketch = _smallest((*self.sketch, *other.sketch))

    @property
    def distinct_texts(self) -> int:
        """Return the number of distinct texts: exact below 1,024, else estimated from the smallest hashes."""
        if len(self.sketch) < _SKETCH:
            return len(self.sketch)
        return min(round((_SKETCH - 1) / (self.sketch[-1] / _HASHES)), self.samples)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that `from_dict` reads back."""
        return {
            "samples": self.samples,
            "size_bytes": self.size_bytes,
            "rejected": dict(sorted(self.rejected.items())),
            "requested": self.requested.as_dict(),
            "delivered": self.delivered.as_dict(),
            "splits": dict(sorted(self.splits.items())),
            "skipped": dict(sorted(self.skipped.items())),
            "lent": dict(sorted(self.lent.items())),
            "weakened": self.weakened,
            "sketch": self.sketch,
        }

    @classmethod
    def from_dict(cls, data: Any) -> Statistics:
        """Return the statistics of `as_dict`; raises KeyError, TypeError or ValueError if they are none."""
        sketch = data["sketch"]
        if not isinstance(sketch, list) or not all(isinstance(h, int) for h in sketch):
            raise TypeError("sketch: no list of numbers")
        return cls(
            int(data["samples"]),
            int(data["size_bytes"]),
            _counter(data["rejected"]),
            Distribution.from_dict(data["requested"]),
            Distribution.from_dict(data["delivered"]),
            _counter(data["splits"]),
            _counter(data["skipped"]),
            _counter(data["lent"]),
            int(data["weakened"]),
            sketch,
        )


def shift_between(asked: Counter[str], given: Counter[str]) -> float:
    """Return the total variation distance of two distributions: 0 equal, 1 without anything in common."""
    n_asked, n_given = sum(asked.values()), sum(given.values())
    if not n_asked or not n_given:
        return float(n_asked != n_given)
    return sum(abs(asked[k] / n_asked - given[k] / n_given) for k in {*asked, *given}) / 2


def _count_one(distribution: Distribution, length: int, family: str | None, source: str) -> None:
    distribution.lengths[str(length)] += 1
    distribution.sources[source] += 1
    if family is not None:
        distribution.fonts[family] += 1


def _hash_of(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def _smallest(hashes: Iterable[int]) -> list[int]:
    return nsmallest(_SKETCH, set(hashes))


def _counter(data: Any) -> Counter[str]:
    if not isinstance(data, dict) or not all(isinstance(n, int) for n in data.values()):
        raise TypeError("counts: no mapping of names to numbers")
    return Counter(data)
