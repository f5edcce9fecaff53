"""A process that reads chunks: ``python -m ocrsynth.evaluate.worker``, JSON lines in and out.

The first line is the set-up; the answer ``{"ready": …}`` or ``{"error": …}``.  Each further line is a chunk.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson

from ocrsynth.errors import OcrsynthError

_WATCH_S = 1.0


def _end_with(parent: int) -> None:
    """End this process, and the programs that the engine started, once the parent is gone, whatever the engine does."""
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    # A reader has a session of its own; started by hand it is in the group of its shell.
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def main() -> None:
    """Serve until the input ends."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    # Engines print what they like: the protocol has a channel of its own, and their output goes to the log.
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def say(message: dict[str, Any]) -> None:
        out.write(orjson.dumps(message) + b"\n")

    import cv2

    cv2.setNumThreads(1)
    from ocrsynth.evaluate.engine import engine_of
    from ocrsynth.evaluate.reading import Pictures, read_chunk
    from ocrsynth.evaluate.suite import read_suite

    rows = sys.stdin.buffer
    setup = orjson.loads(rows.readline())
    try:
        suite = read_suite(setup["suite"], "suite")
        frozen = setup["frozen"]
        pictures = Pictures(suite, Path(setup["lines"]), Path(frozen) if frozen else None)
        engine = engine_of(setup["engine"], setup["language"])
        conditions = {c.name: c for c in suite.conditions()}
        engine.check_pictures(tuple(conditions), setup["n_lines"])
        charset = None if engine.charset is None else "".join(sorted(engine.charset))
        say({"ready": {"versions": engine.versions(), "charset": charset, "batch": engine.BATCH}})
        while row := rows.readline():
            chunk = orjson.loads(row)
            say({"chunk": read_chunk(engine, pictures, conditions[chunk["condition"]], chunk["lines"])})
        engine.close()
    except OcrsynthError as error:
        say({"error": str(error), "exit_code": int(error.exit_code)})
    except Exception as error:  # noqa: BLE001 - the parent says it; the traceback is in the log
        import traceback

        traceback.print_exc()
        say({"error": f"engine {setup['engine']!r}: {type(error).__name__}: {error}", "exit_code": 1})
    sys.stderr.flush()
    # Some engines' libraries crash when the interpreter takes them apart.
    os._exit(0)


if __name__ == "__main__":
    main()
