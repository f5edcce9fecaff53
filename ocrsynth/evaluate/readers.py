"""Gives chunks of pictures to reader processes, and survives whatever happens to them."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import tempfile
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
_SILENT = 5
"""So many pictures in a row may take too long before the first one is read."""
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
        # What it leaves behind when it is killed goes with this folder.
        self._folder = tempfile.TemporaryDirectory(prefix="ocrsynth-reader-", ignore_cleanup_errors=True)
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ocrsynth.evaluate.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=os.environ | _ONE_THREAD | {"PYTHONPATH": path, "TMPDIR": self._folder.name},
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
        self._folder.cleanup()


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
    team = _Team(deque(chunks), setup, log, timeout_s, on_ready, on_chunk, on_failed)
    try:
        team.run(n_readers)
    finally:
        team.close()


class _Team:
    """Readers at work, and what is left to do."""

    def __init__(
        self,
        todo: deque[Chunk],
        setup: dict[str, Any],
        log: Path,
        timeout_s: float,
        on_ready: Callable[[dict[str, Any]], None],
        on_chunk: Callable[[dict[str, Any]], None],
        on_failed: Callable[[str, int, str, str], None],
    ) -> None:
        self._todo = todo
        self._engine = setup["engine"]
        self._setup = orjson.dumps(setup)
        self._log = log
        self._timeout_s = timeout_s
        self._on_ready, self._on_chunk, self._on_failed = on_ready, on_chunk, on_failed
        self._selector = selectors.DefaultSelector()
        self._readers: list[_Reader] = []
        self._stillborn = 0
        self._silent: int | None = 0
        """Pictures that took too long before any was read; None once one was."""

    def run(self, n_readers: int) -> None:
        for _ in range(max(min(n_readers, len(self._todo)), 1)):
            self._start()
        while self._readers:
            self._end_late_ones()
            for key, _ in self._selector.select(min(self._timeout_s / 4, 1.0)):
                reader: _Reader = key.data
                messages = reader.messages()
                for message in messages or ():
                    self._hear(reader, message)
                if messages is None:
                    self._selector.unregister(key.fileobj)
                    self._bury(reader)

    def close(self) -> None:
        self._selector.close()
        for reader in self._readers:
            reader.kill()

    def _start(self) -> None:
        reader = _Reader(self._setup, self._log)
        self._readers.append(reader)
        if reader.process.stdout is not None:
            self._selector.register(reader.process.stdout, selectors.EVENT_READ, reader)

    def _end_late_ones(self) -> None:
        now = time.monotonic()
        for reader in self._readers:
            if now > reader.deadline and not reader.late:
                # The end of its output is then dealt with like any other death.
                reader.late = True
                with suppress(ProcessLookupError):
                    os.killpg(reader.process.pid, 9)

    def _hear(self, reader: _Reader, message: dict[str, Any]) -> None:
        if "error" in message:
            raise BY_EXIT_CODE.get(message["exit_code"], OcrsynthError)(message["error"])
        if "ready" in message:
            reader.ready, self._stillborn = True, 0
            self._on_ready(message["ready"])
        else:
            reader.chunk, self._silent = None, None
            self._on_chunk(message["chunk"])
        if self._todo:
            reader.give(self._todo.popleft(), self._timeout_s)
        else:
            reader.deadline = time.monotonic() + _LOAD_S
            reader.end()

    def _bury(self, reader: _Reader) -> None:
        self._readers.remove(reader)
        reader.kill()
        if not reader.ready:
            self._stillborn += 1
            if self._stillborn >= _STARTS:
                how = "said nothing" if reader.late else f"ended with status {reader.process.returncode}"
                raise WorkerError(
                    f"engine {self._engine!r}: its process {how} {_STARTS} times while it was loaded; see {self._log}"
                )
        elif reader.chunk is not None:
            self._died_at(reader.chunk, "timeout" if reader.late else "crash", f"status {reader.process.returncode}")
        if self._todo:
            self._start()

    def _died_at(self, chunk: Chunk, status: str, detail: str) -> None:
        if len(chunk.lines) > 1:
            self._todo.extendleft(Chunk(chunk.condition, (n,)) for n in reversed(chunk.lines))
        elif chunk.tries + 1 < _TRIES:
            self._todo.appendleft(chunk._replace(tries=chunk.tries + 1))
        else:
            self._on_failed(chunk.condition, chunk.lines[0], status, detail)
            if self._silent is not None and status == "timeout":
                self._silent += 1
                if self._silent == _SILENT:
                    raise WorkerError(
                        f"engine {self._engine!r}: none of its first {_SILENT} pictures was read within {self._timeout_s:g} s; "
                        f"give it more time, or see {self._log}"
                    )
