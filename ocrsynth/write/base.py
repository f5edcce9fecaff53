"""What a format is, and the registry of formats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ocrsynth.errors import OutputError
from ocrsynth.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocrsynth.records import Sample


class Stored(NamedTuple):
    """A sample as it stands in a shard."""

    key: str
    text: str
    image: bytes
    meta: dict[str, Any]


class ShardWriter(ABC):
    """Writes the samples of one shard, in order, to a path that nobody else reads before `close`."""

    @abstractmethod
    def add(self, sample: Sample) -> None:
        """Append a sample."""

    @abstractmethod
    def close(self) -> None:
        """Complete the shard and flush it to the disk."""


class Format(ABC):
    """A data set format."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    """Of a shard's file; empty where a shard is a folder."""
    forbidden: ClassVar[frozenset[str]] = frozenset()
    """Characters that a consumer of the format would read wrongly."""

    joined: ClassVar[tuple[str, ...]] = ()
    """Names of the files that the data set as a whole needs beside its shards."""

    def shard_name(self, number: int) -> str:
        """Return the name of shard *number* in the data folder."""
        return f"{number:06d}{self.suffix}"

    def check(self, sample: Sample) -> None:
        """Raise OutputError if a consumer would not read the label of *sample* as it is."""
        bad = self.forbidden.intersection(sample.text)
        if bad:
            shown = ", ".join(f"U+{ord(c):04X}" for c in sorted(bad))
            raise OutputError(
                f"sample {sample.index}: format {self.name!r} cannot hold the label, got {sample.text!r} with {shown}; "
                "take the character out of the text source"
            )

    @abstractmethod
    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new shard at *path*."""

    @abstractmethod
    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples of a shard; raises ValueError where it is broken.

        A sample whose picture is missing is yielded with empty bytes.
        """

    def join(self, data: Path, shards: list[str]) -> None:
        """Write the files called `joined` beside the *shards*, from their contents, atomically."""
        del data, shards


FORMATS: Registry[type[Format]] = Registry("format", "ocrsynth.write.formats", "ocrsynth.formats")
