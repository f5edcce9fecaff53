"""A worker process: reads shard numbers from its standard input, writes events to its standard output.

Run as ``python -m ocrsynth.generation.worker OUT PARENT``.  It is a program of its own and not a ``multiprocessing`` child:
nothing is pickled, the caller's main module is not imported again, and its death is an end of file.

Events are JSON lines: ``{"ready": true}``, ``{"samples": n, "rejected": {…}}``, ``{"done": receipt}``, and as the last
one ``{"error": message, "exit_code": n}``.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from ocrsynth.errors import ExitCode, OcrsynthError, OutputError
from ocrsynth.generation.collector import tune_collector
from ocrsynth.generation.plan import load_recipe, read_plan
from ocrsynth.generation.shard import build_shard
from ocrsynth.pipeline import pipeline_for

_EVENT_INTERVAL_S = 0.2
_PR_SET_PDEATHSIG = 1
"""Of Linux' prctl(2)."""


class _Events:
    """Writes events to the pipe that was standard output."""

    def __init__(self) -> None:
        # Whatever a library prints must not get between the events.
        self._fd = os.dup(1)
        os.dup2(2, 1)
        self._samples = 0
        self._rejected: Counter[str] = Counter()
        self._last = time.monotonic()

    def send(self, event: dict[str, Any]) -> None:
        os.write(self._fd, orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))

    def count(self, samples: int, rejected: dict[str, int]) -> None:
        self._samples += samples
        self._rejected.update(rejected)
        if time.monotonic() - self._last >= _EVENT_INTERVAL_S:
            self.flush()

    def flush(self) -> None:
        self.send({"samples": self._samples, "rejected": dict(self._rejected)})
        self._samples = 0
        self._rejected.clear()
        self._last = time.monotonic()


def _dies_with(parent: int) -> bool:
    """Ask the kernel to end this process when its *parent* ends, and tell whether that is still there.

    A run that is begun again would have it beside its own workers, at the same shard.
    """
    with suppress(OSError, AttributeError):
        # As an interrupt, so that what was begun is removed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


def main(out: Path, parent: int) -> int:
    """Build the shards named on standard input until it ends, or the process *parent* does; return an exit code."""
    events = _Events()
    if not _dies_with(parent):
        return ExitCode.INTERRUPTED
    try:
        plan = read_plan(out)
        recipe = load_recipe(out, plan)
        stamps = recipe.stamps()
        pipeline_for(recipe)
        tune_collector()
        events.send({"ready": True})
        for line in sys.stdin:
            receipt = build_shard(recipe, plan, int(line), out, events.count, stamps)
            events.flush()
            events.send({"done": receipt.as_dict()})
    except (BrokenPipeError, KeyboardInterrupt):
        # Whoever started this worker is gone or wants it to end.
        return ExitCode.INTERRUPTED
    except OcrsynthError as error:
        events.send({"error": str(error), "exit_code": int(error.exit_code)})
        return error.exit_code
    except OSError as error:
        problem = OutputError(f"{out}/: cannot be written, {error.strerror or error}; free or fix it and run again to resume")
        events.send({"error": str(problem), "exit_code": int(problem.exit_code)})
        return problem.exit_code
    return ExitCode.OK


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
