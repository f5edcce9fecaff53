"""The examples run, shortened."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_training_learns_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    def train(steps: int, lines: int) -> str:
        command = [sys.executable, "-W", "ignore", str(_EXAMPLES / "train_crnn.py"), "-o", str(tmp_path), "--workers", "1"]
        arguments = ["--steps", str(steps), "--batch-size", "8", "--test-lines", str(lines)]
        # One thread: beside the other tests, threads that wait for each other by spinning take minutes for what takes seconds.
        alone = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=240, check=True, env=alone).stdout

    first = train(200, 16)
    assert "step   200  loss" in first
    assert re.search(r"CER [\d.]+ % on 16 held-out lines", first)
    again = train(200, 16)
    assert again.startswith("goes on from step 200")
    assert re.findall(r"CER ([\d.]+)", again) == re.findall(r"CER ([\d.]+)", first)
