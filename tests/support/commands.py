"""Runs commands of the program, in the process of the tests or in one of their own."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from unittest import mock

from ocrsynth.cli import main

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_S = 300


def run_here(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``ocrsynth`` in *folder* and in this process: a new one takes longer to start than most commands of tests take."""
    shown = {name: io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for name in ("stdout", "stderr")}
    code: Any = 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(shown["stdout"]),
        contextlib.redirect_stderr(shown["stderr"]),
        mock.patch.object(sys, "argv", ["ocrsynth", *arguments]),
        mock.patch.object(sys, "stdin", io.StringIO()),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    texts = {name: stream.buffer.getvalue().decode() for name, stream in shown.items()}  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(["ocrsynth", *arguments], code, **texts)


def run_apart(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run ``ocrsynth`` in *folder* and in a process of its own, with these options of `subprocess.run`."""
    command = [sys.executable, "-m", "ocrsynth", *arguments]
    streams: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    return subprocess.run(command, cwd=folder, check=False, timeout=_LONGEST_S, **streams, **options)
