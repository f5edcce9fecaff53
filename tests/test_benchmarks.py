"""The benchmarks run; their figures are not judged here, for other work disturbs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.mark.parametrize(
    ("script", "arguments", "result"),
    [
        ("bench_generate.py", ["--count", "128", "--runs", "2", "--scaling-count", "0"], "generate_scan_32_grey"),
        ("bench_memory.py", ["--count", "10048"], "memory"),
        ("bench_ops.py", ["--repeats", "5"], "ops"),
        ("bench_presets.py", ["-n", "64"], "presets"),
    ],
)
def test_a_benchmark_runs(script: str, arguments: list[str], result: str, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        check=True,
        capture_output=True,
        env=os.environ | {"BENCH_RESULTS": str(tmp_path)},
    )
    content = json.loads((tmp_path / f"{result}.json").read_text())
    assert content["machine"]["versions"]["ocrsynth"]


def test_committed_results_name_their_machine() -> None:
    results = sorted((BENCHMARKS / "results").glob("*.json"))
    assert results
    for path in results:
        assert {"processor", "cores", "python", "versions"} <= set(json.loads(path.read_text())["machine"])
