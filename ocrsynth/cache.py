"""Results about the user's files, kept between runs in the user's cache folder.

An entry is named after the file's path, size and time of change, so a changed file is read again.  The cache may be
missing, read-only or broken: then the work is done anew, and nothing else changes.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path


def folder() -> Path:
    """Return the cache folder by the XDG Base Directory Specification: ``~/.cache/ocrsynth`` by default.

    For a user without a home it is a place where nothing is found or kept.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says that a relative path is to be ignored.
    return (Path(base) if Path(base).is_absolute() else home() / ".cache") / "ocrsynth"


def home() -> Path:
    """Return the user's folder; of a user without one, as containers have, something that is no folder."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


def entry(kind: str, path: Path, *parts: str) -> Path:
    """Return where the result of *kind* about the file at *path* is kept; *parts* name all else that it depends on.

    Raises OSError if the file is missing.
    """
    status = path.stat()
    # Times of change are copied with files; the place on the disk and the time of its last change are not.
    marks = status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
    address = "\0".join((str(path.resolve()), *map(str, marks), *parts))
    return folder() / kind / hashlib.sha256(os.fsencode(address)).hexdigest()


def read(place: Path) -> bytes | None:
    """Return the content of an entry, or None if there is none."""
    try:
        return place.read_bytes()
    except OSError:
        return None


def write(place: Path, content: bytes) -> None:
    """Keep *content*; does nothing where the cache cannot be written."""
    part = place.with_name(f"{place.name}.part-{os.getpid()}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(place)
