"""The examples run, shortened."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_training_learns_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    def train(steps: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", str(_EXAMPLES / "train_crnn.py"), "-o", str(tmp_path), "--workers", "1"]
        arguments = ["--steps", str(steps), "--batch-size", "8", "--test-lines", "8"]
        # One thread: beside the other tests, threads that wait for each other by spinning take minutes for what takes seconds.
        alone = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=240, check=False, env=alone)

    first = train(60)
    assert "step    60  loss" in first.stdout, first.stderr
    assert re.search(r"CER [\d.]+ % on 8 held-out lines", first.stdout)
    again = train(60)
    assert again.stdout.startswith("goes on from step 60"), again.stderr
    assert re.findall(r"CER ([\d.]+)", again.stdout) == re.findall(r"CER ([\d.]+)", first.stdout)
    # The rates of learning follow from the number of steps.
    more = train(120)
    assert more.returncode == 2
    assert "is of a training of 60 steps; give --steps 60, or another folder" in more.stderr
