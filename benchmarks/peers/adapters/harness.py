"""What every adapter shares: it runs a job's turns in one process or several, and measures them.

Only the standard library, for adapters run in the environments of the peers.  The first line on standard input is the job;
the answer ``{"ready": true, "ms_an_image": …}`` comes when all workers have loaded and warmed up.  Every further line is a
turn ``{"count": n}``, answered by ``{"images": …, "wall_s": …, "cpu_s": …, "peak_mb": …}``.  The last answer of an adapter
that fails is ``{"error": …}``.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

Make = Any
"""``(first, count) -> number of images made``."""
_LEAST_WARM = 3


def serve(prepare: Callable[[dict[str, Any], int], Make]) -> int:
    """Answer the job and the turns on standard input; *prepare* gets the job and a worker's number and returns its `Make`."""
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(content: dict[str, Any]) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    job = json.loads(sys.stdin.readline())
    context = multiprocessing.get_context("fork")
    workers = []
    for number in range(job["processes"]):
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, prepare, job, number), daemon=True)
        process.start()
        theirs.close()
        workers.append(ours)
    try:
        ready = [_receive(worker) for worker in workers]
        answer({"ready": True, "ms_an_image": max(r["ms_an_image"] for r in ready)})
        for line in sys.stdin:
            share = -(-json.loads(line)["count"] // len(workers))
            for worker in workers:
                worker.send(share)
            answer(_together([_receive(worker) for worker in workers]))
    except WorkerError as error:
        answer({"error": str(error)})
        return 1
    return 0


class WorkerError(Exception):
    """A worker failed; the text says how."""


def _receive(worker: Connection) -> dict[str, Any]:
    try:
        result: dict[str, Any] = worker.recv()
    except EOFError:
        raise WorkerError("the worker died without a word") from None
    if "error" in result:
        raise WorkerError(result["error"])
    return result


def _together(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one turn of all workers: wall time from the first start to the last end, CPU time and memory summed up."""
    return {
        "images": sum(r["images"] for r in results),
        "wall_s": max(r["end"] for r in results) - min(r["start"] for r in results),
        "cpu_s": sum(r["cpu_s"] for r in results),
        "peak_mb": sum(r["peak_mb"] for r in results),
    }


def _work(pipe: Connection, prepare: Callable[[dict[str, Any], int], Make], job: dict[str, Any], number: int) -> None:
    try:
        make = prepare(job, number)
        done = number * job["stride"]
        made = 0
        begun = time.process_time()
        until = begun + job["warm_s"]
        while time.process_time() < until or made < _LEAST_WARM:
            made += make(done, 1)
            done += 1
        pipe.send({"ms_an_image": (time.process_time() - begun) / made * 1000})
        while True:
            count = pipe.recv()
            start, cpu = time.monotonic(), time.process_time()
            images = make(done, count)
            cpu_s = time.process_time() - cpu
            pipe.send({"images": images, "start": start, "end": time.monotonic(), "cpu_s": cpu_s, "peak_mb": _peak_mb()})
            done += count
    except EOFError:
        return
    except BaseException as error:  # noqa: BLE001 - whatever ends a worker is a result of the comparison
        traceback.print_exc()
        with contextlib.suppress(OSError):
            pipe.send({"error": f"{type(error).__name__}: {error}"})


def _peak_mb() -> float:
    """Return the most memory that this process has held; getrusage would count what its parent held before the fork."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
