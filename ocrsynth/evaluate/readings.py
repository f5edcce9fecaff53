"""The records of an evaluation, kept on disk as they come, so that a stopped run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import orjson

from ocrsynth.errors import OutputError
from ocrsynth.evaluate.readers import Chunk
from ocrsynth.files import remove, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.evaluate.lines import SourceLine
    from ocrsynth.evaluate.suite import Condition

PREDICTIONS = "predictions.jsonl"
_PART = "predictions.part.jsonl"
_LINES_A_CHUNK = 24


def has_readings(folder: Path) -> bool:
    """Tell whether anything was read of the evaluation in a folder."""
    return has_content(folder / PREDICTIONS) or has_content(folder / _PART)


def has_content(path: Path) -> bool:
    """Tell whether a file is there and not empty."""
    return path.exists() and path.stat().st_size > 0


class Progress(Protocol):
    """What an evaluation tells while it runs."""

    def start(self, what: str, total: int, already: int) -> None:
        """Begin a stage: ``lines``, ``pictures`` or ``readings``."""

    def advance(self, n: int, failures: int) -> None:
        """Tell that *n* more are done, *failures* of them without a reading."""


class Silent:
    """Tells nothing."""

    def start(self, what: str, total: int, already: int) -> None:
        """Ignore the stage."""

    def advance(self, n: int, failures: int) -> None:
        """Ignore the advance."""


class Readings:
    """The records of an evaluation, kept on disk as they come."""

    def __init__(self, folder: Path, conditions: list[Condition], lines: list[SourceLine], progress: Progress) -> None:
        self.folder = folder
        self._progress = progress
        self._conditions = conditions
        self._order = {c.name: i for i, c in enumerate(conditions)}
        self._known: dict[tuple[str, int], dict[str, Any]] = {}
        self.versions: dict[str, str] = {}
        self.charset: frozenset[str] | None = None
        self._engine_s = self._all_s = 0.0
        self._read_now = 0
        self._load()
        wanted = {(c.name, line.number) for c in conditions for line in lines}
        self._known = {key: record for key, record in self._known.items() if key in wanted}
        left = {c.name: [n.number for n in lines if (c.name, n.number) not in self._known] for c in conditions}
        self.todo = [
            Chunk(name, tuple(numbers[i : i + _LINES_A_CHUNK]))
            for name, numbers in left.items()
            for i in range(0, len(numbers), _LINES_A_CHUNK)
        ]
        if self.todo:
            progress.start("readings", len(wanted), len(self._known))
        self._file = (folder / _PART).open("ab") if self.todo else None

    def _load(self) -> None:
        for name in (PREDICTIONS, _PART):
            path = self.folder / name
            if not path.exists():
                continue
            content = path.read_bytes()
            whole = content[: content.rfind(b"\n") + 1]
            if len(whole) != len(content):
                # A killed run may leave half a row, which nothing may be written behind.
                write_atomically(path, whole)
            for number, row in enumerate(whole.splitlines(), 1):
                try:
                    self._take(orjson.loads(row))
                except (ValueError, KeyError, TypeError) as error:
                    raise OutputError(
                        f"{path}:{number}: is damaged, {error}, got {row[:60]!r}; take it out to have it read again"
                    ) from None

    def _take(self, record: dict[str, Any]) -> None:
        if "about" in record:
            self.set_about(record["about"])
        elif "engine_s" in record:
            self._engine_s += record["engine_s"]
            self._all_s += record["all_s"]
        else:
            if not isinstance(record["status"], str):
                raise TypeError(f"status: must be text, got {record['status']!r}")
            self._known[record["condition"], record["line"]] = record

    def set_about(self, about: dict[str, Any]) -> None:
        """Take what the file says of the engine."""
        self.versions = about["versions"]
        self.charset = None if about["charset"] is None else frozenset(about["charset"])

    def on_ready(self, about: dict[str, Any]) -> None:
        """Take what an engine says of itself; raises OutputError if another version began this run."""
        if self.versions and self.versions != about["versions"]:
            raise OutputError(
                f"{self.folder}: was begun with engine {self.versions}, got {about['versions']}; choose another folder"
            )
        if not self.versions:
            self.set_about(about)
            self._write([{"about": {"versions": about["versions"], "charset": about["charset"]}}])

    def on_chunk(self, chunk: dict[str, Any]) -> None:
        """Take the records of a chunk."""
        records = chunk["records"]
        self._known |= {(r["condition"], r["line"]): r for r in records}
        self._engine_s += chunk["engine_s"]
        self._all_s += chunk["all_s"]
        self._read_now += len(records)
        self._write([*records, {"engine_s": chunk["engine_s"], "all_s": chunk["all_s"]}])
        self._progress.advance(len(records), sum(r["status"] != "ok" for r in records))

    def _write(self, records: list[dict[str, Any]]) -> None:
        if self._file is not None:
            self._file.write(b"".join(orjson.dumps(record) + b"\n" for record in records))
            self._file.flush()

    def records(self) -> list[dict[str, Any]]:
        """Return all records, by condition and line."""
        return sorted(self._known.values(), key=lambda r: (self._order[r["condition"]], r["line"]))

    def timing(self, wall_s: float) -> dict[str, float]:
        """Return the seconds inside the engine, by all seconds of its processes, what follows from them, and pictures read."""
        return {
            "engine_s": round(self._engine_s, 3),
            "all_s": round(self._all_s, 3),
            "engine_share": round(self._engine_s / self._all_s, 4) if self._all_s else 0.0,
            "engine_ms_a_line": round(1000 * self._engine_s / max(len(self._known), 1), 3),
            "wall_s_last_run": round(wall_s, 3),
            "read_last_run": self._read_now,
        }

    def close(self) -> None:
        """Close the file; what was written stays."""
        if self._file is not None:
            self._file.close()

    def finish(self) -> None:
        """Write the records in order, in place of the part file."""
        self.close()
        about = {
            "about": {"versions": self.versions, "charset": None if self.charset is None else "".join(sorted(self.charset))}
        }
        timing = {"engine_s": self._engine_s, "all_s": self._all_s}
        rows = [about, *self.records(), timing]
        write_atomically(
            self.folder / PREDICTIONS, b"".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) + b"\n" for row in rows)
        )
        remove(self.folder / _PART)
