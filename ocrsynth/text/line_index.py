"""An index of a text file of any size: where its lines begin, and which of them cannot be used.

The file is read once, block by block, and never loaded; the index of a file of 100 million lines takes 3 MB.
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import orjson
import regex

from ocrsynth import cache
from ocrsynth.errors import AssetError
from ocrsynth.text.joiners import IDLE, shows_all_joiners
from ocrsynth.text.spellings import typed_apostrophes, with_printed_apostrophes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

EVERY = 256
"""The offset of every so manieth line is kept."""
_BLOCK = 8 << 20
_FIRST_FAULTS = 5
_SCHEMA = "5"
_CODE_POINTS = 0x110000
_LONGEST_CHARACTER = 4
_KNOWN, _MARK, _SPACE = 1, 2, 3
_LEAD_MASK = 0b1100_0000
_CONTINUATION = 0b1000_0000
SPACES = "".join(
    map(chr, (*range(0x1C, 0x21), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)
SPACES += "\t\v\f\r"
"""White space inside lines, as `str.split` takes it; a run of it counts as one space."""


class Fault(NamedTuple):
    """A line that cannot be used; lines count from 1."""

    line: int
    reason: str


@dataclass(slots=True)
class LineIndex:
    """What one reading of a file has shown."""

    sha256: str = ""
    n_bytes: int = 0
    n_lines: int = 0
    faulty: dict[str, int] = field(default_factory=dict)
    """Number of lines by the kind of fault: ``are not UTF-8``, ``hold characters outside the alphabet``."""
    faults: list[Fault] = field(default_factory=list)
    """The first of each kind, in order."""
    offsets: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Byte offset of lines 0, 256, 512, …, int64 (n,)."""

    @property
    def n_usable(self) -> int:
        """Return the number of lines without a fault, blank ones included."""
        return self.n_lines - sum(self.faulty.values())

    def report(self) -> str:
        """Return in words which lines cannot be used, or an empty string."""
        return "; ".join(
            f"{count:,} of {self.n_lines:,} lines {kind} ("
            + ", ".join(f"line {f.line}{f.reason}" for f in self.faults if f.reason.startswith(_DETAIL[kind]))
            + (", …" if count > _FIRST_FAULTS else "")
            + ")"
            for kind, count in self.faulty.items()
        )


NOT_UTF8 = "are not UTF-8"
_OUTSIDE = "hold characters outside the alphabet"
_IDLE = "hold joiners that show nothing"
_BARE = "hold marks without a letter"
_DETAIL = {NOT_UTF8: " at byte", _OUTSIDE: ": ", _IDLE: " at character", _BARE: " at mark"}


def index_of(path: str, characters: frozenset[str]) -> LineIndex:
    """Return the index of the text file at *path* for an alphabet of *characters*; kept between runs.

    Raises AssetError if the file cannot be read or holds nothing but white space.
    """
    file = Path(path)
    letters = hashlib.sha256("".join(sorted(characters)).encode()).hexdigest()
    if file.is_dir():
        raise AssetError(f"{path}: must be a text file, got a folder; name a file in it, of several each as a corpus")
    if not file.is_file():
        raise AssetError(f"{path}: no such text file; check the path")
    try:
        place = cache.entry("lines", file, letters, _SCHEMA)
        index = _restore(cache.read(place))
        if index is None:
            index = _scan(file, characters)
            cache.write(place, _stored(index))
    except AssetError:
        # It is an OSError too, and says already what is wrong.
        raise
    except OSError as error:
        raise AssetError(f"{path}: cannot be read, {error.strerror or error}; check the path") from None
    return index


def _stored(index: LineIndex) -> bytes:
    head = {name: getattr(index, name) for name in ("sha256", "n_bytes", "n_lines", "faulty")}
    buffer = io.BytesIO()
    np.save(buffer, index.offsets)
    return orjson.dumps({**head, "faults": [list(f) for f in index.faults]}) + b"\n" + buffer.getvalue()


def _restore(content: bytes | None) -> LineIndex | None:
    if content is None:
        return None
    head, _, rest = content.partition(b"\n")
    try:
        data = orjson.loads(head)
        data["faults"] = [Fault(*f) for f in data["faults"]]
        return LineIndex(**data, offsets=np.load(io.BytesIO(rest), allow_pickle=False))
    except (ValueError, TypeError, KeyError, EOFError):
        return None


def _scan(path: Path, characters: frozenset[str]) -> LineIndex:
    index = LineIndex()
    digest = hashlib.sha256()
    allowed = regex.escape("".join(sorted(characters)), special_only=False)
    # A joiner at a border of a line has no letter beside it, so that lines need not be told apart.
    outside = regex.compile(
        f"[^{allowed}{regex.escape(SPACES, special_only=False)}\n]|(?P<idle>{IDLE})|(?P<bare>(?<=\\s)\\p{{M}})"
    )
    table = np.zeros(_CODE_POINTS, np.uint8)
    table[[ord(c) for c in characters]] = _KNOWN
    table[[ord(c) for c in characters if unicodedata.category(c)[0] == "M"]] = _MARK
    table[[ord(c) for c in (*SPACES, "\n")]] = _SPACE
    typed = typed_apostrophes(characters)
    starts = [np.zeros(1, np.int64)]
    lines_before = 0
    at = 0
    blank = True
    last = b""
    noted = 0
    with path.open("rb") as file:
        for block in _blocks(file):
            digest.update(block)
            ends = np.flatnonzero(np.frombuffer(block, np.uint8) == ord("\n")) + (at + 1)
            numbers = np.arange(lines_before + 1, lines_before + 1 + len(ends))
            starts.append(ends[numbers % EVERY == 0].astype(np.int64))
            # A mark of byte order says that the file is UTF-8, and is no part of its text.
            text = block if at else block.removeprefix(BOM_UTF8)
            blank = blank and not text.strip()
            for line, kind, detail in () if _is_clean(text, table, typed) else _faults(text, lines_before + 1, outside, typed):
                # A line that fills several blocks is still one line.
                if line > noted:
                    _note(index, line, kind, detail)
                    noted = line
            lines_before += len(ends)
            at += len(block)
            last = block[-1:]
    if blank:
        raise AssetError(f"{path}: holds no text, got {at} bytes of white space; give a file with one text a line")
    index.sha256 = digest.hexdigest()
    index.n_bytes = at
    index.n_lines = lines_before + (last != b"\n")
    offsets = np.concatenate(starts)
    index.offsets = offsets[offsets < at]
    return index


def _note(index: LineIndex, line: int, kind: str, detail: str) -> None:
    index.faulty[kind] = index.faulty.get(kind, 0) + 1
    if index.faulty[kind] <= _FIRST_FAULTS:
        index.faults.append(Fault(line, detail))


def _blocks(file: io.BufferedReader) -> Iterator[bytes]:
    """Yield the file in blocks that end with a line, or inside a line longer than a block with a character."""
    rest = b""
    while block := file.read(_BLOCK):
        block = rest + block
        end = block.rfind(b"\n") + 1
        if not end:
            # What belongs together stands between spaces: marks and apostrophes with their letter.
            end = max(block.rfind(b" "), 0)
        if not end:
            # The last character may not be whole: back to before its first byte.
            end = len(block) - 1
            while end > max(len(block) - _LONGEST_CHARACTER, 0) and block[end] & _LEAD_MASK == _CONTINUATION:
                end -= 1
            end = end or len(block)
        rest = block[end:]
        yield block[:end]
    if rest:
        yield rest


def _is_clean(block: bytes, table: NDArray[np.uint8], typed: frozenset[str]) -> bool:
    """Tell whether a block is NFC, of characters of *table*, without marks behind spaces: ten times as fast as to search it."""
    if block.isascii() and not (typed and b"'" in block):
        return bool(table[np.frombuffer(block, np.uint8)].all())
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return False
    text = with_printed_apostrophes(text, typed)
    if not unicodedata.is_normalized("NFC", text) or not shows_all_joiners(text):
        return False
    kinds = table[np.frombuffer(text.encode("utf-32-le"), np.uint32)]
    return bool(kinds.all()) and not ((kinds[1:] == _MARK) & (kinds[:-1] == _SPACE)).any()


def _faults(
    block: bytes, first_line: int, outside: regex.Pattern[str], typed: frozenset[str]
) -> Iterator[tuple[int, str, str]]:
    """Yield ``(line, kind, detail)`` of each line of a block that cannot be used."""
    line = first_line
    start = 0
    while start < len(block):
        try:
            text = block[start:].decode()
            broken = None
        except UnicodeDecodeError as error:
            # All before the broken line is looked at as a whole, then the search goes on behind it.
            broken = start + error.start
            until = block.rfind(b"\n", start, broken) + 1 or start
            text = block[start:until].decode()
        if not unicodedata.is_normalized("NFC", text):
            text = unicodedata.normalize("NFC", text)
        text = with_printed_apostrophes(text, typed)
        seen = 0
        while found := outside.search(text, seen):
            line += text.count("\n", seen, found.start())
            if found["idle"] or found["bare"]:
                place = found.start() - text.rfind("\n", 0, found.start())
                yield line, _IDLE if found["idle"] else _BARE, f" at {'character' if found['idle'] else 'mark'} {place}"
            else:
                yield line, _OUTSIDE, f": {found.group()!r} U+{ord(found.group()):04X}"
            seen = text.find("\n", found.start()) + 1 or len(text)
            line += 1
        line += text.count("\n", seen)
        if broken is None:
            return
        begin = block.rfind(b"\n", 0, broken) + 1
        yield line, NOT_UTF8, f" at byte {broken - begin}"
        line += 1
        start = block.find(b"\n", broken) + 1 or len(block)
