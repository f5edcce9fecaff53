"""Hands shards to worker processes and listens to them."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from ocrsynth.errors import BY_EXIT_CODE, OcrsynthError, WorkerError
from ocrsynth.generation.plan import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_TRIES = 3
"""A shard whose worker died is given to a new one this often before the run ends."""


class _Worker:
    """One worker process and the shard that it is at."""

    def __init__(self, out: Path) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "ocrsynth.generation.worker", str(out.resolve()), str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C in a terminal goes to the whole group; the parent alone decides what it means.
            start_new_session=True,
        )
        self.shard: int | None = None
        self.heard = time.monotonic()
        """When it last said something."""
        self.hung = False
        self._buffer = b""

    def give(self, shard: int) -> None:
        self.shard = shard
        self.heard = time.monotonic()
        stdin = self.process.stdin
        if stdin is not None:
            # If it died, the end of its output tells so, and the shard is given to another.
            with suppress(BrokenPipeError):
                stdin.write(b"%d\n" % shard)
                stdin.flush()

    def events(self) -> list[dict[str, Any]] | None:
        """Return the events that have arrived, or None at the end of the output."""
        stdout = self.process.stdout
        block = os.read(stdout.fileno(), 1 << 16) if stdout is not None else b""
        self.heard = time.monotonic()
        if not block:
            return None
        *lines, self._buffer = (self._buffer + block).split(b"\n")
        return [orjson.loads(line) for line in lines]

    def end(self) -> None:
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def kill(self) -> None:
        self.process.kill()
        self.end()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait()


def run_workers(
    out: Path,
    shards: Iterable[int],
    n_workers: int,
    on_progress: Callable[[int, dict[str, int]], None],
    on_receipt: Callable[[Receipt], None],
    patience_s: float,
) -> None:
    """Build *shards* in *n_workers* processes; a worker that dies is replaced and its shard done again.

    One that says nothing for *patience_s* seconds is ended and counts as dead.
    Raises the error that a worker met, or WorkerError if workers keep dying at a shard.  All workers have ended when
    this returns or raises.
    """
    todo = list(reversed(list(shards)))
    tries: dict[int, int] = {}
    selector = selectors.DefaultSelector()
    workers: list[_Worker] = []

    def start() -> None:
        worker = _Worker(out)
        workers.append(worker)
        if worker.process.stdout is not None:
            selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
        worker.give(todo.pop())

    try:
        for _ in range(min(n_workers, len(todo))):
            start()
        while workers:
            for worker in workers:
                if worker.shard is not None and time.monotonic() - worker.heard > patience_s:
                    # The end of its output is then dealt with like any other death.
                    worker.hung = True
                    worker.process.kill()
            for key, _ in selector.select(min(patience_s / 4, 1.0)):
                worker = key.data
                events = worker.events()
                for event in events or ():
                    if "samples" in event:
                        on_progress(event["samples"], event["rejected"])
                    elif "done" in event:
                        on_receipt(Receipt.from_dict(event["done"]))
                        worker.shard = None
                        if todo:
                            worker.give(todo.pop())
                        else:
                            worker.end()
                    elif "error" in event:
                        raise BY_EXIT_CODE.get(event["exit_code"], OcrsynthError)(event["error"])
                if events is None:
                    selector.unregister(key.fileobj)
                    workers.remove(worker)
                    worker.kill()
                    if worker.shard is None:
                        continue
                    tries[worker.shard] = tries.get(worker.shard, 0) + 1
                    if tries[worker.shard] >= _TRIES:
                        how = (
                            f"the last silent for {patience_s:g} s"
                            if worker.hung
                            else f"the last with status {worker.process.returncode}"
                        )
                        raise WorkerError(
                            f"shard {worker.shard}: its worker died {_TRIES} times, {how}; "
                            "run again to resume, with fewer workers if memory is short"
                        )
                    todo.append(worker.shard)
                    start()
    finally:
        selector.close()
        for worker in workers:
            worker.kill()
