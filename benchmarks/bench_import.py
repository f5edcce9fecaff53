"""Seconds of ``ocrsynth --help``, of ``import ocrsynth``, and from start to the first sample: wall time, median of runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from measure import save, summary

_RUNS = 9
_FIRST = "import ocrsynth; ocrsynth.make_sample(ocrsynth.Recipe.for_language('en'), 0)"


# An installed package has its compiled files; with this set, a copy of the repository would be compiled in every run.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def wall_s(*arguments: str) -> dict[str, float]:
    """Return median and quartiles of a Python process with these arguments, in ms, after one that is not counted."""
    runs = []
    for _ in range(_RUNS + 1):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=_ENVIRONMENT)
        runs.append(time.perf_counter() - started)
    return {k: round(v, 3) for k, v in summary([1000 * r for r in runs[1:]]).items()}


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
