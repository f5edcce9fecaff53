"""WebDataset: tar files whose members of one stem are one sample.

A sample is ``<key>.jpg`` or another picture, ``<key>.txt`` (the label, UTF-8), ``<key>.json`` (see ``write/meta.py``;
provenance is a string of JSON), and ``<key>.mask.png`` if masks are stored.
Headers are POSIX ustar (IEEE Std 1003.1-1988), made by hand because ``tarfile`` takes six times as long, with fixed
owner, mode and time, so that the same samples give the same bytes.
"""

from __future__ import annotations

import os
import tarfile
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from ocrsynth import codec
from ocrsynth.write.base import FORMATS, Constraints, Format, ShardWriter, Stored
from ocrsynth.write.meta import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK = 512
_RECORD = 10_240
_FLUSH_BYTES = 1 << 20


def _header_around_name_and_size() -> tuple[bytes, bytes, int]:
    """Return the header's bytes between name and size, those after the checksum, and the sum of them all."""
    middle = b"0000444\0" + b"0000000\0" + b"0000000\0"  # mode, uid, gid
    mtime = b"00000000000\0"
    after = b"0" + b"\0" * 100 + b"ustar\00000" + b"\0" * 64 + b"0000000\0" + b"0000000\0" + b"\0" * 167
    # The checksum counts its own field as eight spaces.
    return middle, after, sum(middle) + sum(mtime) + sum(after) + 8 * 32


_MIDDLE, _AFTER, _FIXED_SUM = _header_around_name_and_size()
_ZEROS = bytes(_BLOCK)
_LONGEST_NAME = 100


def _member(name: bytes, data: bytes) -> tuple[bytes, bytes, bytes]:
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"a name in a tar has at most {_LONGEST_NAME} bytes, got {name.decode()!r}")
    size = b"%011o\0" % len(data)
    checksum = b"%06o\0 " % (_FIXED_SUM + sum(name) + sum(size))
    header = name.ljust(_LONGEST_NAME, b"\0") + _MIDDLE + size + b"00000000000\0" + checksum + _AFTER
    return header, data, _ZEROS[: -len(data) % _BLOCK]


def _json_of(meta: dict[str, Any]) -> bytes:
    """Return the metadata, its provenance as a string of JSON.

    Hugging Face datasets makes one Arrow type of the first samples' JSON; provenance differs from sample to sample.
    """
    if "provenance" in meta:
        meta = {**meta, "provenance": to_json(meta["provenance"]).decode()}
    return to_json(meta)


class _TarWriter(ShardWriter):
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._parts: list[bytes] = []
        self._pending = 0
        self._written = 0

    def add(self, stored: Stored) -> None:
        key = stored.key.encode()
        suffix = codec.suffix_of(stored.image).encode()
        members = [(suffix, stored.image), (b"json", _json_of(stored.meta)), (b"txt", stored.text.encode())]
        if stored.mask is not None:
            members.append((b"mask.png", stored.mask))
        for ending, data in members:
            self._parts += _member(key + b"." + ending, data)
            self._pending += _BLOCK + len(data)
        if self._pending >= _FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._written += self._file.write(b"".join(self._parts))
        self._parts.clear()
        self._pending = 0

    def close(self) -> None:
        with self._file:
            self._parts += (_ZEROS, _ZEROS)
            self._flush()
            self._file.write(bytes(-self._written % _RECORD))
            self._file.flush()
            os.fsync(self._file.fileno())


@FORMATS.register
class WebDataset(Format):
    """Tar shards for webdataset, Hugging Face datasets and every tool that reads tar."""

    name: ClassVar[str] = "webdataset"
    suffix: ClassVar[str] = ".tar"
    constraints: ClassVar[Constraints] = Constraints(images=frozenset(codec.SUFFIXES), one_kind=True)
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "meta", "mask"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new tar file at *path*."""
        return _TarWriter(path)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the samples, read with the standard library; raises ValueError where the tar is broken."""
        members: dict[str, bytes] = {}
        key, end = "", 0
        try:
            with tarfile.open(path, "r:") as tar:
                for member in tar:
                    end = end_of(member)
                    if not member.isfile():
                        continue
                    stem, ending = key_of(member.name)
                    if stem != key and members:
                        yield _stored(key, members)
                        members = {}
                    key = stem
                    file = tar.extractfile(member)
                    members[ending] = file.read() if file else b""
            if is_cut_off(path, end):
                raise tarfile.ReadError("unexpected end of data")
        except tarfile.TarError as error:
            raise ValueError(f"not a readable tar file: {error}") from None
        if members:
            yield _stored(key, members)


def key_of(name: str) -> tuple[str, str]:
    """Return the key of the sample that a member belongs to, and what part of it, its ending from the first dot."""
    folder, _, base = name.rpartition("/")
    stem, _, ending = base.partition(".")
    return (f"{folder}/{stem}" if folder else stem), ending


PICTURES = (*codec.SUFFIXES, "jpeg")
"""Endings of members that are pictures."""


def end_of(member: tarfile.TarInfo) -> int:
    """Return where the next member of a tar begins, or its closing blocks."""
    return member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def is_cut_off(path: Path, end: int) -> bool:
    """Tell whether a tar whose last member ends at *end* lacks its closing blocks.

    What is cut off between two members, or in a header, passes for a shorter archive with the standard library.
    """
    with path.open("rb") as file:
        file.seek(end)
        return file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE)


def _stored(key: str, members: dict[str, bytes]) -> Stored:
    images = [members[e] for e in PICTURES if e in members]
    if len(images) != 1 or "txt" not in members:
        raise ValueError(f"sample {key!r} has the parts {sorted(members)}, not a picture and txt")
    meta = orjson.loads(members["json"]) if "json" in members else {}
    if isinstance(meta, dict) and isinstance(meta.get("provenance"), str):
        meta["provenance"] = orjson.loads(meta["provenance"])
    return Stored(key, members["txt"].decode("utf-8"), images[0], meta, members.get("mask.png"))
