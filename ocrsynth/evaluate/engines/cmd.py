"""A program of one's own that lives as long as the run, and speaks JSON lines."""

from __future__ import annotations

import json
import os
import selectors
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ocrsynth import codec
from ocrsynth.errors import RecipeError, WorkerError
from ocrsynth.evaluate.engine import ENGINES, Engine, Recognition, Unanswered

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_PATIENCE_S = 30.0
_FIRST_PATIENCE_S = 120.0
"""For the first answer of all, before which a model is loaded."""
_LOADING_SHARE = 3.0
"""A process that is started again may take so many times what the first one took to its first answer."""
_SILENT_STARTS = 3
"""A program that gives no first answer so many times is no engine: to wait so long at every picture would take days."""
_END_S = 2.0


@ENGINES.register
class Command(Engine):
    """``cmd:./my-ocr --fast``: reads ``{"id": 7, "path": "/tmp/…/7.png"}`` lines, answers ``{"id": 7, "text": "…"}`` lines.

    ``confidence`` is optional.  A process that ends, or says nothing for 30 s, is started again, and that picture counts as
    an error.  Before the very first answer it has 120 s, later, when started again, three times what that took; three
    starts without any answer end the run.  ``OCRSYNTH_CMD_PATIENCE_S`` sets another time than 30 s.
    """

    name = "cmd"
    BATCH = 1

    def __init__(self, command: str) -> None:
        self.command = command
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise RecipeError(f"engine 'cmd:{command}': is no command, {error}; mend its quotes") from None
        if not self._words or shutil.which(self._words[0]) is None:
            raise RecipeError(f"engine 'cmd:{command}': there is no program {self._words[:1]}; check the path")
        self._folder = Path(tempfile.mkdtemp(prefix="ocrsynth-cmd-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._number = 0
        self._loading_s: float | None = None
        self._silent_starts = 0
        self._patience_s = float(os.environ.get("OCRSYNTH_CMD_PATIENCE_S", _PATIENCE_S))

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine of a command line, split as a shell would; no shell runs it."""
        del language
        return cls(arguments)

    @classmethod
    def files(cls, arguments: str) -> list[Path]:
        """Return the program, and the files among its arguments."""
        try:
            words = shlex.split(arguments)
        except ValueError:
            return []
        program = [Path(found)] if words and (found := shutil.which(words[0])) else []
        return program + [path for word in words[1:] if (path := Path(word.rpartition("=")[2])).is_file()]

    def versions(self) -> dict[str, str]:
        """Return the command."""
        return {"command": self.command}

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Return the program's readings."""
        return [self._read_one(image) for image in images]

    def _read_one(self, image: NDArray[np.uint8]) -> Recognition | None:
        self._number += 1
        path = self._folder / f"{self._number}.png"
        path.write_bytes(codec.encode_png(image))
        try:
            return self._asked({"id": self._number, "path": str(path)})
        finally:
            path.unlink(missing_ok=True)

    def _asked(self, question: dict[str, Any]) -> Recognition | None:
        fresh, started = self._process is None, time.monotonic()
        process = self._process or self._start()
        try:
            if process.stdin is not None:
                process.stdin.write(orjson.dumps(question) + b"\n")
                process.stdin.flush()
            patience_s = self._patience_of(fresh=fresh)
            while True:
                answer = self._line(process, started + patience_s, patience_s)
                try:
                    # Python's own parser, for its writer gives NaN and lone surrogates, which others refuse.
                    record = json.loads(answer)
                except (ValueError, RecursionError) as error:
                    if isinstance(error, UnicodeDecodeError) and answer.lstrip().startswith(b"{"):
                        raise Unanswered("encoding", "its answer is not UTF-8") from None
                    continue  # Programs print things when they start.
                if isinstance(record, dict) and record.get("id") == question["id"]:
                    break
        except (BrokenPipeError, Unanswered) as error:
            self._stop()
            verdict = error if isinstance(error, Unanswered) else Unanswered("crash", "the program ended")
            if fresh and self._loading_s is None:
                self._silent_starts += 1
                if self._silent_starts == _SILENT_STARTS:
                    raise WorkerError(
                        f"engine 'cmd:{self.command}': started {_SILENT_STARTS} times, it gave no answer ({verdict}); "
                        'it must answer each line with {"id": …, "text": …} and a line end, at once'
                    ) from None
            raise verdict from None
        if fresh and self._loading_s is None:
            self._loading_s = time.monotonic() - started
        return None if record.get("text") is None else Recognition(record["text"], record.get("confidence"))

    def _patience_of(self, *, fresh: bool) -> float:
        if not fresh:
            return self._patience_s
        if self._loading_s is None:
            return max(_FIRST_PATIENCE_S, self._patience_s)
        return self._patience_s + _LOADING_SHARE * self._loading_s

    def _line(self, process: subprocess.Popen[bytes], deadline: float, patience_s: float) -> bytes:
        stdout = process.stdout
        if stdout is None:
            raise Unanswered("crash")
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise Unanswered("timeout", f"{patience_s:.3g} s")
                block = os.read(stdout.fileno(), 1 << 16)
                if not block:
                    raise Unanswered("crash", _end_of(process))
                self._buffer += block
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _start(self) -> subprocess.Popen[bytes]:
        self._buffer = b""
        self._process = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - the user's own
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()
        process.wait()

    def close(self) -> None:
        """End the program and remove the pictures."""
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def _end_of(process: subprocess.Popen[bytes]) -> str:
    """Return how a program ended whose output did; one that closed its output may well live on."""
    try:
        return f"the program ended with status {process.wait(timeout=_END_S)}"
    except subprocess.TimeoutExpired:
        return "the program closed its output"
