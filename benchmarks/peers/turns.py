"""Runs a peer and ocrsynth in turns, A B A B and so on."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from environments import HERE, environment
from jobs import Case, job_of

if TYPE_CHECKING:
    from types import TracebackType

ADAPTERS = HERE / "adapters"
_FEWEST = 8
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "MKL_NUM_THREADS")
_LONGEST_ERROR = 300


class AdapterError(Exception):
    """An adapter failed; the text is its error."""


class Adapter:
    """A running adapter: it holds its workers ready between its turns."""

    def __init__(self, name: str, python: Path, job: dict[str, Any], log: Path) -> None:
        """Start the adapter *name* with *python* and wait until it is ready; raises AdapterError."""
        surroundings = os.environ | dict.fromkeys(_ONE_THREAD, "1")
        if name != "ocrsynth":
            surroundings.pop("PYTHONPATH", None)
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [str(python), str(ADAPTERS / f"run_{name}.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=surroundings,
            )
        try:
            self.ms_an_image: float = self._ask(job)["ms_an_image"]
        except AdapterError:
            self.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        """End the adapter."""
        self.close()

    def turn(self, count: int) -> dict[str, float]:
        """Let it make *count* pictures; return images, wall and CPU seconds, and the peak of memory; raises AdapterError."""
        return self._ask({"count": count})

    def close(self) -> None:
        """End the adapter."""
        if self._process.stdin is not None and self._process.stdout is not None:
            with self._process.stdout, contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._process.wait()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        pipes = self._process
        if pipes.stdin is None or pipes.stdout is None:
            raise AdapterError("the adapter has no pipes")
        try:
            pipes.stdin.write(json.dumps(question) + "\n")
            pipes.stdin.flush()
        except BrokenPipeError:
            raise AdapterError(self._last_words()) from None
        line = pipes.stdout.readline()
        if not line:
            raise AdapterError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise AdapterError(answer["error"][:_LONGEST_ERROR])
        return answer

    def _last_words(self) -> str:
        lines = self._log.read_text().strip().splitlines()
        return (lines[-1] if lines else "it ended without a word")[:_LONGEST_ERROR]


def compare(case: Case, materials: Path, environments: Path, method: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of one case, of the peer and of ocrsynth; raises AdapterError and InstallError.

    By *method* each side has so many ``turns`` after ``warm_s`` of CPU time; a turn makes as many pictures as fit into
    ``seconds`` of CPU time of a process, at least 8 and at most ``most``.
    """
    with tempfile.TemporaryDirectory() as folder:
        job = job_of(case, materials, Path(folder)) | {"warm_s": method["warm_s"]}
        log = environments / f"{case.peer}.log"
        with (
            Adapter(case.peer, environment(case.peer, environments), job, log) as peer,
            Adapter("ocrsynth", Path(sys.executable), job, environments / "ocrsynth.log") as ours,
        ):
            sides = {"peer": peer, "ocrsynth": ours}
            counts = {
                name: case.processes * round(min(max(method["seconds"] / side.ms_an_image * 1000, _FEWEST), method["most"]))
                for name, side in sides.items()
            }
            found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
            for _ in range(method["turns"]):
                for name, side in sides.items():
                    found[name].append(side.turn(counts[name]))
    return {name: _figures(results) for name, results in found.items()} | {"ratio": _ratio(found)}


def _figures(results: list[dict[str, float]]) -> dict[str, float]:
    """Return medians over the turns."""
    speeds = [r["images"] / r["wall_s"] for r in results]
    costs = [r["cpu_s"] / r["images"] * 1000 for r in results]
    return {
        "images_a_turn": results[0]["images"],
        "images_per_s": _round(statistics.median(speeds)),
        "cpu_ms_an_image": _round(statistics.median(costs)),
        "cpu_ms_low": _round(min(costs)),
        "cpu_ms_high": _round(max(costs)),
        "peak_mb": round(max(r["peak_mb"] for r in results)),
    }


def _ratio(found: dict[str, list[dict[str, float]]]) -> dict[str, float]:
    """Return how many times the speed of the peer ocrsynth has, turn by turn: by CPU time, and by wall time."""
    pairs = list(zip(found["peer"], found["ocrsynth"], strict=True))
    cpu = [(a["cpu_s"] / a["images"]) / (b["cpu_s"] / b["images"]) for a, b in pairs]
    wall = [(a["wall_s"] / a["images"]) / (b["wall_s"] / b["images"]) for a, b in pairs]
    return {"cpu": _round(statistics.median(cpu)), "wall": _round(statistics.median(wall))}


def _round(value: float) -> float:
    """Return three significant digits."""
    return float(f"{value:.3g}")
