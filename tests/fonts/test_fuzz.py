"""Damaged fonts: none of them ends a run."""

from __future__ import annotations

import os
import random  # noqa: TID251 - damage is drawn here, not samples
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import fontpkg
import pytest

if TYPE_CHECKING:
    from types import ModuleType


def _bases() -> list[bytes]:
    names = ("Roboto", "EB Garamond", "Noto Sans", "Inconsolata")
    return [Path(str(fontpkg.family(name).files[0].path)).read_bytes() for name in names]


def _damaged(base: bytes, chance: random.Random, fontmaker: ModuleType) -> bytes:
    """Return a font that is cut off, has wrong bytes in one table or anywhere, a wrong directory, or an emptied table.

    Half of them have the checksums of what they became: whatever wrote them did not know better.
    """
    damaged = _broken(base, chance)
    return fontmaker.summed(damaged) if chance.random() < 0.5 else damaged


def _broken(base: bytes, chance: random.Random) -> bytes:
    data = bytearray(base)
    kind = chance.random()
    (n,) = struct.unpack(">H", data[4:6])
    tables = [struct.unpack(">4sIII", data[12 + 16 * i : 28 + 16 * i]) for i in range(n)]
    _, _, start, length = chance.choice(tables)
    if kind < 0.15:
        return base[: chance.randrange(len(base))]
    if kind < 0.55:
        for _ in range(chance.choice((1, 4, 16, 64, 256))):
            data[min(start + chance.randrange(max(length, 1)), len(data) - 1)] = chance.randrange(256)
    elif kind < 0.75:
        for _ in range(chance.choice((1, 10, 100, 1000))):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind < 0.9:
        value = chance.choice((0, 1, 0xFFFFFFFF, len(data) - 4, chance.randrange(len(data))))
        struct.pack_into(">I", data, 12 + 16 * chance.randrange(n) + chance.choice((8, 12)), value)
    else:
        data[start : start + length] = bytes(length) if chance.random() < 0.5 else b"\xff" * length
    return bytes(data)


@pytest.mark.parametrize("seed", [10, *(pytest.param(s, marks=pytest.mark.slow) for s in range(11, 21))])
def test_a_folder_of_damaged_fonts(seed: int, tmp_path: Path, fontmaker: ModuleType) -> None:
    chance = random.Random(seed)  # noqa: S311 - damage, no secret
    bases = _bases()
    folder = tmp_path / "fonts"
    folder.mkdir()
    for i in range(200):
        (folder / f"{i:04d}.ttf").write_bytes(_damaged(chance.choice(bases), chance, fontmaker))
    command = [sys.executable, "-m", "ocrsynth", "generate", "--lang", "en", "-n", "200", "-o", "out", "-q", "--workers", "1"]
    done = subprocess.run(
        [*command, "--fonts", str(folder)],
        cwd=tmp_path,
        env=os.environ | {"OCRSYNTH_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-800:]
    assert "font left out" in done.stderr
