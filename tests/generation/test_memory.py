"""A worker's memory is bounded: caches of fonts and tables fill up and then stay as they are."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_SCRIPT = """
import json, re, sys
from pathlib import Path
from ocrsynth import Recipe, generate

def status(key):
    return int(re.search(rf"^{key}:\\s+(\\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)[1]) / 1024

class Watch:
    made = 0
    seen = {}
    def start(self, total, already):
        assert (total, already) == (30_000, 0)
    def advance(self, samples, rejected):
        self.made += samples
        for mark in (1_000, 10_000, 20_000, 30_000):
            if self.made >= mark and mark not in self.seen:
                self.seen[mark] = status("VmRSS")

watch = Watch()
recipe = Recipe.for_language("en", preset="camera", seed=21, output={"shard_size": 1000})
generate(recipe, 30_000, sys.argv[1], progress=watch)
print(json.dumps({"rss_mb": watch.seen, "peak_mb": status("VmHWM")}))
"""


@pytest.mark.slow
def test_a_worker_stays_small_and_does_not_grow(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _SCRIPT, str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    rss = {int(k): v for k, v in answer["rss_mb"].items()}
    assert sorted(rss) == [1_000, 10_000, 20_000, 30_000]
    assert answer["peak_mb"] <= 300, answer
    assert rss[30_000] - rss[10_000] < 10, answer
