"""Files that appear whole or not at all: temporary names, flushing, renaming, hashing."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_PART = re.compile(r"\.part-[0-9a-f]{8}-\d+$")
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def part_name(path: Path) -> Path:
    """Return the temporary name of *path* for this process; many machines may write into one folder."""
    return path.with_name(f"{path.name}.part-{_HOST}-{os.getpid()}")


def whole_name(path: Path) -> str | None:
    """Return the name that a temporary file stands for, or None if *path* is no temporary file of ours."""
    name = _PART.sub("", path.name)
    return name if name != path.name else None


def write_atomically(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file under a temporary name beside it, flush it to the disk, then give it its name."""
    part = part_name(path)
    try:
        with part.open("wb") as file:
            for piece in (content,) if isinstance(content, bytes) else content:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        # On a full disk it would hold the space that is missing.
        part.unlink(missing_ok=True)
        raise


def write_output(path: Path, content: bytes) -> None:
    """Write a file that the user named: at once, so that a full disk leaves the old one; what is no plain file is written into.

    A device or a link would be replaced by a file.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):
        path.write_bytes(content)
    else:
        write_atomically(path, content)


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def hash_of(path: Path) -> tuple[str, int]:
    """Return SHA-256 and size of a shard; of a folder: over the names and contents of all files below, sorted by name."""
    digest = hashlib.sha256()
    if path.is_file():
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        return digest.hexdigest(), size_of(path)
    for name, entry in sorted((p.relative_to(path).as_posix(), p) for p in path.rglob("*") if p.is_file()):
        content = entry.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest(), size_of(path)


def stated(path: Path, root: Path) -> dict[str, Any]:
    """Return what a data set at *root* states of its file, or folder, at *path*: name, SHA-256 and size."""
    sha256, size = hash_of(path)
    return {"name": path.relative_to(root).as_posix(), "sha256": sha256, "bytes": size}


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
