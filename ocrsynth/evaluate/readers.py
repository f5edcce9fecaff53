"""Gives chunks of pictures to reader processes, and survives whatever happens to them."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from ocrsynth.errors import BY_EXIT_CODE, OcrsynthError, WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_STARTS = 3
"""So many readers in a row may die before they are ready."""
_TRIES = 2
"""A single picture at which so many readers died is counted as an error."""
_LOAD_S = 600.0
"""Time for an engine to load its models."""
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)


class Chunk(NamedTuple):
    """Lines to read under one condition."""

    condition: str
    lines: tuple[int, ...]
    tries: int = 0
    """How many readers died at it."""


class _Reader:
    def __init__(self, setup: bytes, log: Path) -> None:
        path = os.pathsep.join(p for p in sys.path if p)
        with log.open("ab") as file:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "ocrsynth.evaluate.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=os.environ | _ONE_THREAD | {"PYTHONPATH": path},
                # Ctrl-C in a terminal goes to the whole group; the parent alone decides what it means.
                start_new_session=True,
            )
        self.chunk: Chunk | None = None
        self.ready = False
        self.late = False
        self._buffer = b""
        self.deadline = time.monotonic() + _LOAD_S
        self._send(setup + b"\n")

    def give(self, chunk: Chunk, timeout_s: float) -> None:
        self.chunk = chunk
        self.deadline = time.monotonic() + timeout_s * len(chunk.lines)
        self._send(orjson.dumps({"condition": chunk.condition, "lines": chunk.lines}) + b"\n")

    def _send(self, data: bytes) -> None:
        if self.process.stdin is not None:
            # If it died, the end of its output tells so.
            with suppress(BrokenPipeError):
                self.process.stdin.write(data)
                self.process.stdin.flush()

    def messages(self) -> list[dict[str, Any]] | None:
        stdout = self.process.stdout
        block = os.read(stdout.fileno(), 1 << 16) if stdout is not None else b""
        if not block:
            return None
        *rows, self._buffer = (self._buffer + block).split(b"\n")
        return [orjson.loads(row) for row in rows]

    def end(self) -> None:
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def kill(self) -> None:
        # Programs that an engine started are in its group.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.end()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait()


def read_all(
    chunks: Iterable[Chunk],
    setup: dict[str, Any],
    n_readers: int,
    *,
    log: Path,
    timeout_s: float,
    on_ready: Callable[[dict[str, Any]], None],
    on_chunk: Callable[[dict[str, Any]], None],
    on_failed: Callable[[str, int, str, str], None],
) -> None:
    """Have all *chunks* read by *n_readers* processes.

    *on_chunk* gets what `read_chunk` returns, *on_failed* condition, line, status and detail of a picture at which readers
    died (``crash``) or said nothing for *timeout_s* (``timeout``).  Raises the error that an engine met when it was made, and
    WorkerError if readers die before they are ready.  All have ended when this returns or raises.
    """
    todo = deque(chunks)
    selector = selectors.DefaultSelector()
    readers: list[_Reader] = []
    line = orjson.dumps(setup)
    stillborn = 0

    def start() -> None:
        reader = _Reader(line, log)
        readers.append(reader)
        if reader.process.stdout is not None:
            selector.register(reader.process.stdout, selectors.EVENT_READ, reader)

    def occupy(reader: _Reader) -> None:
        if todo:
            reader.give(todo.popleft(), timeout_s)
        else:
            reader.chunk = None
            reader.deadline = time.monotonic() + _LOAD_S
            reader.end()

    def died_at(chunk: Chunk, status: str, detail: str) -> None:
        if len(chunk.lines) > 1:
            todo.extendleft(Chunk(chunk.condition, (n,)) for n in reversed(chunk.lines))
        elif chunk.tries + 1 < _TRIES:
            todo.appendleft(chunk._replace(tries=chunk.tries + 1))
        else:
            on_failed(chunk.condition, chunk.lines[0], status, detail)

    try:
        for _ in range(max(min(n_readers, len(todo)), 1)):
            start()
        while readers:
            now = time.monotonic()
            for reader in readers:
                if now > reader.deadline and not reader.late:
                    # The end of its output is then dealt with like any other death.
                    reader.late = True
                    with suppress(ProcessLookupError):
                        os.killpg(reader.process.pid, 9)
            for key, _ in selector.select(min(timeout_s / 4, 1.0)):
                reader = key.data
                messages = reader.messages()
                for message in messages or ():
                    if "ready" in message:
                        reader.ready, stillborn = True, 0
                        on_ready(message["ready"])
                        occupy(reader)
                    elif "chunk" in message:
                        reader.chunk = None
                        on_chunk(message["chunk"])
                        occupy(reader)
                    elif "error" in message:
                        raise BY_EXIT_CODE.get(message["exit_code"], OcrsynthError)(message["error"])
                if messages is not None:
                    continue
                selector.unregister(key.fileobj)
                readers.remove(reader)
                chunk, ready = reader.chunk, reader.ready
                reader.kill()
                if not ready:
                    stillborn += 1
                    if stillborn >= _STARTS:
                        how = "said nothing" if reader.late else f"ended with status {reader.process.returncode}"
                        raise WorkerError(
                            f"engine {setup['engine']!r}: its process {how} {_STARTS} times while it was loaded; see {log}"
                        )
                elif chunk is not None:
                    died_at(chunk, "timeout" if reader.late else "crash", f"status {reader.process.returncode}")
                if todo or not ready:
                    start()
    finally:
        selector.close()
        for reader in readers:
            reader.kill()
