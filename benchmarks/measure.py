"""What every benchmark shares: the machine in words, and results on disk."""

from __future__ import annotations

import json
import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(os.environ.get("BENCH_RESULTS", Path(__file__).resolve().parent / "results"))


def machine() -> dict[str, Any]:
    """Return what a figure depends on: processor, interpreter, versions."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    packages = ("ocrsynth", "numpy", "opencv-python-headless", "uharfbuzz", "orjson")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
    }


def summary(values: list[float]) -> dict[str, float]:
    """Return median and quartiles."""
    ordered = sorted(values)
    low, _, high = statistics.quantiles(ordered, n=4) if len(ordered) > 1 else (ordered[0],) * 3
    return {"median": round(statistics.median(ordered), 2), "q1": round(low, 2), "q3": round(high, 2)}


def save(name: str, content: dict[str, Any]) -> None:
    """Write ``results/<name>.json`` with the machine."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **content}, indent=2, sort_keys=True) + "\n")
    print(f"written: {path.name}")
