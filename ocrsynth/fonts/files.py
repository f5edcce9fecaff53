"""Font files as users have them: looked at before HarfBuzz is, and unpacked where they are compressed.

HarfBuzz reads a broken table as an empty one and goes on; what it would draw then is nothing.  So a file that is no whole
font, is damaged, or has no outlines, is told apart here, with the reason.
"""

from __future__ import annotations

import hashlib
import io
import struct
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from ocrsynth import cache

SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc", ".woff", ".woff2"})
_PACKED = frozenset({b"wOFF", b"wOF2"})
_SFNT = frozenset({b"\0\1\0\0", b"OTTO", b"true", b"typ1"})
_COLLECTION = b"ttcf"
_LARGEST_BYTES = 200_000_000
"""Pan-CJK collections reach 110 MB; what is larger is no font for text, and would be hashed and mapped for nothing."""
_NEEDED = (b"cmap", b"head", b"maxp", b"hhea", b"hmtx")
_OUTLINES = frozenset({b"glyf", b"CFF ", b"CFF2"})
_BITMAPS = frozenset({b"CBDT", b"EBDT", b"sbix", b"bdat"})
_UNSEEN = frozenset({b"name", b"OS/2", b"post", b"DSIG", b"meta", b"FFTM"})
"""Tables that say nothing of what is drawn: in many a good font they were changed, and their checksums were not."""
_MAX_TABLES = 256
_MAX_FACES = 256
_MAX_UNPACKED = 16
_CHECKS = "2"
"""Counts up whenever another fault is looked for: what was found before is then found anew."""


class Fault(NamedTuple):
    """Why a face of a file cannot be used; face -1 stands for the whole file."""

    face: int
    reason: str


def is_packed(path: str) -> bool:
    """Tell whether a file is a web font, by its suffix."""
    return path.lower().endswith((".woff", ".woff2"))


@lru_cache(maxsize=_MAX_UNPACKED)
def unpacked(path: str) -> bytes:
    """Return the font inside a WOFF or WOFF2 file; raises ValueError if it cannot be unpacked."""
    from fontTools.ttLib import TTFont  # The import takes 50 ms; most runs have no such file.

    try:
        with Path(path).open("rb") as file, TTFont(file, lazy=True) as font:
            font.flavor = None
            out = io.BytesIO()
            font.save(out, reorderTables=False)
    except Exception as error:  # noqa: BLE001 - fontTools raises errors of many types for broken data, its own and Python's
        raise ValueError(f"cannot be unpacked, {type(error).__name__}: {error}") from None
    return out.getvalue()


@lru_cache(maxsize=4096)
def sha256_of(path: str) -> str:
    """Return the hash of a file, kept between runs: fonts are many, and seldom change."""
    file = Path(path)
    place = cache.entry("sha256", file)
    known = cache.read(place)
    if known is not None and len(known) == 64:
        return known.decode("ascii", "replace")
    digest = hashlib.sha256()
    with file.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    cache.write(place, digest.hexdigest().encode())
    return digest.hexdigest()


def faults_of(path: Path) -> tuple[int, list[Fault]]:
    """Return the number of faces in a file, and why some of them, or the file, cannot be used; kept between runs."""
    try:
        place = cache.entry("faults", path, _CHECKS)
        known = cache.read(place)
        if known is not None:
            with suppress(ValueError, TypeError):
                count, faults = orjson.loads(known)
                return int(count), [Fault(int(face), str(reason)) for face, reason in faults]
        count, found = _looked_at(path)
    except OSError as error:
        return 0, [Fault(-1, f"cannot be read, {error.strerror or error}")]
    cache.write(place, orjson.dumps((count, [tuple(fault) for fault in found])))
    return count, found


def _looked_at(path: Path) -> tuple[int, list[Fault]]:
    size = path.stat().st_size
    if not 0 < size <= _LARGEST_BYTES:
        return 0, [Fault(-1, f"is larger than {_LARGEST_BYTES // 1_000_000} MB" if size else "is empty")]
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] in _PACKED:
            try:
                data = unpacked(str(path))
            except ValueError as error:
                return 0, [Fault(-1, str(error))]
            return 1, _face_faults(io.BytesIO(data), 0, 0, len(data))
        if head[:4] == _COLLECTION:
            return _collection_faults(file, size)
        if head[:4] in _SFNT:
            return 1, _face_faults(file, 0, 0, size)
    return 0, [Fault(-1, "is no font file")]


def _collection_faults(file: io.BufferedIOBase, size: int) -> tuple[int, list[Fault]]:
    file.seek(8)
    raw = file.read(4)
    count = struct.unpack(">I", raw)[0] if len(raw) == 4 else 0
    if not 0 < count <= _MAX_FACES:
        return 0, [Fault(-1, "is a broken collection")]
    raw = file.read(4 * count)
    if len(raw) < 4 * count:
        return 0, [Fault(-1, "is a broken collection")]
    offsets = struct.unpack(f">{count}I", raw)
    return count, [fault for face, offset in enumerate(offsets) for fault in _face_faults(file, face, offset, size)]


def _face_faults(file: io.BufferedIOBase | io.BytesIO, face: int, offset: int, size: int) -> list[Fault]:
    file.seek(offset)
    head = file.read(12)
    n_tables = struct.unpack(">H", head[4:6])[0] if len(head) == 12 else 0
    directory = file.read(16 * n_tables)
    if not 0 < n_tables <= _MAX_TABLES or len(directory) < 16 * n_tables:
        return [Fault(face, "is broken: its table directory is cut off")]
    tables: dict[bytes, tuple[int, int]] = {}
    stated: dict[bytes, int] = {}
    for i in range(n_tables):
        tag, stated[tag], start, length = struct.unpack(">4sIII", directory[16 * i : 16 * i + 16])
        if start + length > size:
            return [Fault(face, f"is broken: its table {tag.decode('latin-1')!r} is cut off")]
        tables[tag] = (start, length)
    if not _OUTLINES & {tag for tag, (_, length) in tables.items() if length}:
        kind = "bitmaps" if _BITMAPS & tables.keys() else "colour pictures" if b"SVG " in tables else "nothing"
        return [Fault(face, f"has {kind} only, no outlines")]
    missing = [tag.decode() for tag in _NEEDED if tables.get(tag, (0, 0))[1] == 0]
    if missing:
        return [Fault(face, f"is broken: it has no table {', '.join(missing)}")]
    for tag, (start, length) in tables.items():
        file.seek(start)
        if tag not in _UNSEEN and stated[tag] not in _checksums(tag, file.read(length)):
            return [Fault(face, f"is damaged: its table {tag.decode('latin-1')!r} has another checksum than it should")]
    return []


def _checksums(tag: bytes, table: bytes) -> set[int]:
    """Return the sum of a table's 32-bit words, as the OpenType specification has it, and as makers of collections take it."""
    # A field of `head` makes up for the sum of the whole file: it counts as 0, but many have summed it up as well.
    parts = (table[:8] + bytes(4) + table[12:], table) if tag == b"head" else (table,)
    words = (np.frombuffer(part + bytes(-len(part) % 4), ">u4") for part in parts)
    return {int(word.sum(dtype=np.uint64)) & 0xFFFFFFFF for word in words}
