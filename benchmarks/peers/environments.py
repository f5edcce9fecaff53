"""Environments of the peers: one each under ``build/peers/``, for their requirements contradict one another."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements"
_LAST_LINES = 3


class InstallError(Exception):
    """A peer could not be installed; the text is what pip said last."""


def requirements_of(peer: str) -> Path:
    """Return the file of a peer's pinned requirements."""
    return REQUIREMENTS / f"{peer}.txt"


def known_peers() -> list[str]:
    """Return the names of all peers, sorted."""
    return sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))


def environment(peer: str, folder: Path) -> Path:
    """Return the interpreter of a peer's environment below *folder*, made if it is not there or its requirements changed.

    The requirements are complete, so pip is told to install those and nothing else: straug would drag in torchvision.
    Raises InstallError.
    """
    home = folder / peer
    python = home / "bin" / "python"
    stamp = home / "requirements.sha256"
    wanted = hashlib.sha256(requirements_of(peer).read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    shutil.rmtree(home, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    install = [str(python), "-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-deps"]
    done = subprocess.run([*install, "-r", str(requirements_of(peer))], check=False, capture_output=True, text=True)
    if done.returncode:
        raise InstallError(" ".join(done.stderr.strip().splitlines()[-_LAST_LINES:]))
    stamp.write_text(wanted)
    return python


def versions(peer: str) -> dict[str, str]:
    """Return the pinned version of each package of a peer's environment."""
    pairs = (line.partition("==") for line in requirements_of(peer).read_text().splitlines() if "==" in line)
    return {name: version for name, _, version in pairs}
