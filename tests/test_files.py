"""Files that the user named, and those of data sets."""

from __future__ import annotations

import errno
import os
import threading
from typing import TYPE_CHECKING

import pytest

from ocrsynth.files import write_output

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["link", "device", "file"])
def test_what_the_user_names_is_written_into_and_not_put_aside(kind: str, tmp_path: Path) -> None:
    """Files appear at once; a link keeps pointing where it did, and a device stays one."""
    kept = tmp_path / "kept.png"
    kept.write_bytes(b"old")
    out = {"link": tmp_path / "link.png", "device": tmp_path / "pipe", "file": kept}[kind]
    if kind == "link":
        out.symlink_to(kept)
    if kind == "device":
        os.mkfifo(out)
        reader = threading.Thread(target=lambda: kept.write_bytes(out.read_bytes()))
        reader.start()
    write_output(out, b"new")
    if kind == "device":
        reader.join(10)
        assert out.is_fifo()
    assert kept.read_bytes() == b"new"
    assert out.is_symlink() == (kind == "link")
    assert {p.name for p in tmp_path.iterdir()} == {"kept.png", out.name}


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept.png"
    kept.write_bytes(b"old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_output(kept, b"new")
    assert kept.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.png"]
