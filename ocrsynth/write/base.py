"""What a format is, and the registry of formats."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from unicodedata import is_normalized

from ocrsynth.errors import MissingDependencyError, OutputError
from ocrsynth.records import LINE_FEED
from ocrsynth.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType


class Stored(NamedTuple):
    """A sample as it stands in a shard."""

    key: str
    text: str
    image: bytes
    """The file of the picture: PNG, JPEG, WebP, or NPY for raw pixels."""
    meta: dict[str, Any]
    """See ``write/meta.py``; what a format cannot hold is missing when it is read back."""
    mask: bytes | None = None
    """PNG of the line's own ink before degradation, uint8 (H, W), if the recipe stores masks."""


def direction_of(stored: Stored) -> str:
    """Return ``ltr``, ``rtl`` or ``ttb``, as a sample says which way its line runs; empty if it does not."""
    provenance = stored.meta.get("provenance")
    return str(provenance.get("direction", "")) if isinstance(provenance, dict) else ""


def lines_of_label(stored: Stored) -> list[str]:
    """Return the lines of a label of several, as far as the metadata tell where each stands; nothing of another one."""
    ranges, quads, baselines = (stored.meta.get(key) for key in ("lines", "line_quads", "line_baselines"))
    if ranges is None or quads is None or baselines is None or not len(ranges) == len(quads) == len(baselines) > 1:
        return []
    lines = [stored.text[start:end] for start, end in ranges]
    return lines if LINE_FEED.join(lines) == stored.text else []


def split_of(shard: Path, fmt: str) -> str:
    """Return the split that *shard* of format *fmt* is of, by its folder ``data/[fmt/]split/``; empty if there is none."""
    name, above = shard.parent.name, shard.parent.parent.name
    return name if above in ("data", fmt) and name not in ("data", fmt) else ""


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a consumer of a format would silently drop, cut or read wrongly."""

    forbidden: frozenset[str] = frozenset()
    """Characters that end a field or a line."""
    longest: int | None = None
    """Bytes of UTF-8."""
    strips: bool = False
    """White space at the ends is lost."""
    drops_empty: bool = False
    one_word: bool = False
    """The vocabulary has no space."""
    nfc: bool = False
    """Labels are normalised to NFC."""
    needs_boxes: bool = False
    """Without the boxes of its words a sample says nothing."""
    lines_need_boxes: bool = False
    """Of several lines each has a place of its own."""
    horizontal: bool = False
    """Vertical lines would be scaled to the height of horizontal ones, and nothing left of them."""
    images: frozenset[str] = frozenset(("png", "jpg", "webp"))
    """Suffixes of pictures that the consumer reads."""
    one_kind: bool = False
    """Its consumer takes the columns of all samples from the first few: pictures of another kind would be missing."""

    def fault(self, text: str) -> str | None:
        """Return why a label would not arrive as it is, as a slug that statistics count, or None."""
        if not text:
            return "empty" if self.drops_empty else None
        if self.forbidden and not self.forbidden.isdisjoint(text):
            return "forbidden_character"
        if self.longest is not None and len(text.encode()) > self.longest:
            return "too_long"
        if self.strips and text != text.strip():
            return "white_space_at_the_ends"
        if self.one_word and any(c.isspace() for c in text):
            return "more_than_one_word"
        return "not_nfc" if self.nfc and not is_normalized("NFC", text) else None


_ADVICE = {
    "empty": "a consumer drops empty labels",
    "forbidden_character": "it has {characters}",
    "too_long": "it has {length} bytes, the consumer takes {longest}",
    "white_space_at_the_ends": "a consumer strips white space at its ends",
    "more_than_one_word": "its consumer's vocabulary has no space",
    "not_nfc": "a consumer normalises it to NFC",
    "vertical_line": "its consumer scales lines to one height, and a vertical one to nothing",
    "lines_without_boxes": "each of several lines has a place of its own, and the sample tells none",
    "without_boxes": "the format is about boxes, and the sample has none",
}


class ShardWriter(ABC):
    """Writes the samples of one shard, in order, to a path that nobody else reads before `close`."""

    @abstractmethod
    def add(self, stored: Stored) -> None:
        """Append a sample."""

    @abstractmethod
    def close(self) -> None:
        """Complete the shard and flush it to the disk."""


class Format(ABC):
    """A data set format."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    """Of a shard's file; empty where a shard is a folder."""
    requires: ClassVar[tuple[str, str] | None] = None
    """The package that it is written with, if that is not always there, and the extra that brings it."""
    constraints: ClassVar[Constraints] = Constraints()
    keeps: ClassVar[frozenset[str]] = frozenset()
    """Which parts are read back beside picture and label: ``key``, ``mask``, ``boxes`` of the words or all ``meta``; and
    ``words``, where those are the samples.
    """
    joined: ClassVar[tuple[str, ...]] = ()
    """Names of the files that the data set as a whole needs beside its shards."""

    def shard_name(self, number: int) -> str:
        """Return the name of shard *number* in the data folder."""
        return f"{number:06d}{self.suffix}"

    @property
    def of_words(self) -> bool:
        """Tell whether the words of a line are the format's samples, and not the line."""
        return "words" in self.keeps

    def count_of(self, stored: Stored) -> int:
        """Return how many samples of the format a line becomes."""
        return len(stored.meta.get("words", ())) if self.of_words else 1

    def fault(self, stored: Stored) -> str | None:
        """Return why a consumer would not read the sample as it is, as a slug, or None."""
        found = self.constraints.fault(stored.text)
        if found is None and self.constraints.needs_boxes and stored.text and len(stored.meta.get("word_quads", ())) == 0:
            return "without_boxes"
        if found is None and self.constraints.lines_need_boxes and LINE_FEED in stored.text and not lines_of_label(stored):
            return "lines_without_boxes"
        if found is None and self.constraints.horizontal and direction_of(stored) == "ttb":
            return "vertical_line"
        return found

    def check(self, stored: Stored) -> None:
        """Raise OutputError if a consumer would not read the label as it is."""
        slug = self.fault(stored)
        if slug is None:
            return
        text, limits = stored.text, self.constraints
        bad = ", ".join(f"U+{ord(c):04X}" for c in sorted(limits.forbidden.intersection(text)))
        why = _ADVICE[slug].format(characters=bad, length=len(text.encode()), longest=limits.longest)
        raise OutputError(
            f"sample {stored.key}: format {self.name!r} cannot hold the label, got {text!r}: {why}; "
            "change the text source, or set output.unreadable to skip"
        )

    @classmethod
    def require(cls) -> None:
        """Raise MissingDependencyError if a package that the format is written with is not installed."""
        if cls.requires is not None:
            optional(*cls.requires, cls.name)

    @abstractmethod
    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new shard at *path*."""

    @abstractmethod
    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples of a shard; raises ValueError where it is broken.

        A sample whose picture is missing is yielded with empty bytes.
        """

    def samples(self, path: Path) -> Iterator[Stored]:
        """Yield what `read` does of a shard that anybody may have written: whatever is wrong with it is a ValueError."""
        try:
            yield from self.read(path)
        except (TypeError, AttributeError, LookupError, ArithmeticError, RecursionError, MemoryError) as error:
            what = f"{type(error).__name__}: {error}"
            raise ValueError(f"is no shard of format {self.name!r}, or a broken one ({what})") from None

    def join(self, data: Path, shards: list[str]) -> None:
        """Write the files called `joined` beside the *shards*, from their contents, atomically."""
        del data, shards


FORMATS: Registry[type[Format]] = Registry("format", "ocrsynth.write.formats", "ocrsynth.formats")


def optional(package: str, extra: str, fmt: str) -> ModuleType:
    """Return an optional package; raises MissingDependencyError that names the extra."""
    from importlib import import_module

    try:
        return import_module(package)
    except ImportError:
        raise MissingDependencyError(
            f"format {fmt!r}: needs package {package.partition('.')[0]}, which is not installed; "
            f"run: pip install 'ocrsynth[{extra}]'"
        ) from None
