"""Seconds of ``ocrsynth --help``, of ``import ocrsynth``, and from start to the first sample: wall time, median of runs."""

from __future__ import annotations

import subprocess
import sys
import time

from measure import save, summary

_RUNS = 9
_FIRST = "import ocrsynth; ocrsynth.make_sample(ocrsynth.Recipe.for_language('en'), 0)"


def wall_s(*arguments: str) -> dict[str, float]:
    """Return median and quartiles of a Python process with these arguments."""
    runs = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        runs.append(time.perf_counter() - started)
    return {k: round(v, 3) for k, v in summary([1000 * r for r in runs]).items()}


def main() -> None:
    """Run and print."""
    content = {
        "python_ms": wall_s("-c", "pass"),
        "import_ms": wall_s("-c", "import ocrsynth"),
        "help_ms": wall_s("-m", "ocrsynth", "--help"),
        "first_sample_ms": wall_s("-c", _FIRST),
    }
    for name, value in content.items():
        print(f"{name:18s} {value['median']:8.1f}")
    save("import", content)


if __name__ == "__main__":
    main()
