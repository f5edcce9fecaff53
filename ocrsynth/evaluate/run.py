"""An evaluation from lines to report: resumable, whatever the engine does."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.evaluate.engine import Engine, FunctionEngine
from ocrsynth.evaluate.frozen import FROZEN, frozen_conditions, read_frozen
from ocrsynth.evaluate.lines import clean_recipe, hash_of_lines, read_from, rendered, store, stored_lines
from ocrsynth.evaluate.metrics import PROFILES
from ocrsynth.evaluate.reading import LINES, Pictures, failed, read_chunk
from ocrsynth.evaluate.readers import Chunk, read_all
from ocrsynth.evaluate.result import Result, against, result_of
from ocrsynth.evaluate.suite import DEFAULT_SUITE, load_suite
from ocrsynth.files import remove, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocrsynth.evaluate.lines import SourceLine
    from ocrsynth.evaluate.metrics import Profile
    from ocrsynth.evaluate.suite import Condition, Suite

EVALUATION = "evaluation.json"
RESULT = "result.json"
PREDICTIONS = "predictions.jsonl"
_PART = "predictions.part.jsonl"
_LOG = "engine.log"
_LINES_A_CHUNK = 24
DEFAULT_TIMEOUT_S = 60.0


class Progress(Protocol):
    """What an evaluation tells while it runs."""

    def start(self, what: str, total: int, already: int) -> None:
        """Begin a stage: ``lines`` or ``readings``."""

    def advance(self, n: int, failures: int) -> None:
        """Tell that *n* more are done, *failures* of them without a reading."""


class _Silent:
    def start(self, what: str, total: int, already: int) -> None:
        pass

    def advance(self, n: int, failures: int) -> None:
        pass


@dataclass(frozen=True)
class Settings:
    """What decides the pictures and the figures, beside the engine."""

    language: str = "en"
    count: int = 500
    seed: int = 0
    suite: str = DEFAULT_SUITE
    only: tuple[str, ...] = ()
    """Perturbations, groups, kinds or conditions; empty: all."""
    data: str | None = None
    """Lines of one's own, in any readable format, or a frozen suite."""
    data_format: str | None = None
    keep_size: bool = False
    """Whether pictures of *data* keep their size, instead of being brought to the suite's x-height."""
    fonts: str | None = None
    """A folder of fonts, in place of the default set."""


def evaluate(
    engine: str | Engine | Callable[[list[Any]], Sequence[Any]],
    out: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    workers: int | None = None,
    profile: Profile = "exact",
    charset: frozenset[str] | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    baseline: Result | None = None,
    progress: Progress | None = None,
) -> Result:
    """Have *engine* read the same lines under every condition of a suite; write and return the result.

    *engine* is a spec (``"tesseract"``, see `ENGINES`), which runs in *workers* processes, or an object: an `Engine`, or a
    function from a list of uint8 arrays, (H, W) or (H, W, 3), to a list of strings, which runs in this process.  A run that
    was stopped goes on when it is called again with the same arguments.  The folder then holds ``result.json``,
    ``predictions.jsonl``, ``report.md`` and ``report.html``.

    Raises RecipeError for wrong arguments, AssetError or MissingDependencyError for what an engine lacks, OutputError if the
    folder holds another evaluation.
    """
    from ocrsynth.evaluate.page import page
    from ocrsynth.evaluate.table import table

    settings = settings or Settings()
    progress = progress or _Silent()
    if profile not in PROFILES:
        raise RecipeError(f"profile: must be one of {', '.join(PROFILES)}, got {profile!r}")
    if settings.count < 1:
        raise RecipeError(f"-n: must be 1 or more, got {settings.count!r}")
    folder = Path(out)
    with _locked(folder):
        suite, frozen = _suite_of(settings)
        conditions = suite.conditions(settings.only)
        if frozen is not None:
            there = frozen_conditions(frozen)
            conditions = [c for c in conditions if c.name in there]
        name = engine if isinstance(engine, str) else _object_name(engine)
        _claim(folder, settings, suite, name)
        lines = _lines_in(folder, settings, suite, frozen, progress)
        readings = _Readings(folder, conditions, lines, progress)
        began = time.monotonic()
        if readings.todo:
            if isinstance(engine, str):
                _read_in_processes(engine, settings, suite, frozen, readings, workers or os.cpu_count() or 1, timeout_s)
            else:
                _read_here(engine, suite, frozen, readings)
        wall_s = time.monotonic() - began
        known = charset if charset is not None else readings.charset
        result = result_of(readings.records(), lines, suite, conditions, profile=profile, charset=known)
        result |= {
            "ocrsynth": version("ocrsynth"),
            "engine": {"name": name, "versions": readings.versions},
            "lines": {
                "count": len(lines),
                "sha256": hash_of_lines(lines),
                "language": settings.language,
                "from": settings.data or "rendered",
                "seed": settings.seed,
            },
            "timing": readings.timing(wall_s),
        }
        if baseline is not None:
            result["against"] = {"engine": baseline["engine"]["name"], **against(result, baseline)}
        readings.finish()
        write_atomically(folder / RESULT, orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
        write_atomically(folder / "report.md", table(result).encode())
        pictures = Pictures(suite, folder / LINES, frozen)
        write_atomically(folder / "report.html", page(result, lines, pictures, [baseline] if baseline else []).encode())
        return result


def read_result(path: str | os.PathLike[str]) -> Result:
    """Return a result.json, or that of a report's folder; raises OutputError."""
    file = Path(path)
    file = file / RESULT if file.is_dir() else file
    try:
        found = orjson.loads(file.read_bytes())
    except OSError as error:
        raise OutputError(f"{file}: cannot be read, {error.strerror or error}") from None
    except orjson.JSONDecodeError as error:
        raise OutputError(f"{file}: is not JSON, {error}") from None
    if not isinstance(found, dict) or found.get("schema") != 1 or "conditions" not in found:
        raise OutputError(f"{file}: is no result of an evaluation of this schema, got {str(found)[:60]!r}")
    return found


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against other evaluations."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written, {error.strerror or error}; choose another folder") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise OutputError(f"{folder}: another evaluation is running there; wait for it or choose another folder") from None
    finally:
        os.close(descriptor)


def _suite_of(settings: Settings) -> tuple[Suite, Path | None]:
    """Return the suite, and the folder of its pictures if they are frozen."""
    if settings.data is not None and (Path(settings.data) / FROZEN).exists():
        return read_frozen(Path(settings.data)), Path(settings.data)
    return load_suite(settings.suite), None


def _object_name(engine: Any) -> str:
    if isinstance(engine, Engine):
        return engine.name
    return str(getattr(engine, "__qualname__", type(engine).__qualname__))


def _claim(folder: Path, settings: Settings, suite: Suite, engine: str) -> None:
    """Write down what is evaluated here, or check that it is what was begun."""
    asked = {"engine": engine, "suite_hash": suite.hash, **{k: getattr(settings, k) for k in Settings.__dataclass_fields__}}
    asked["only"] = list(settings.only)
    path = folder / EVALUATION
    try:
        known = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        if any(folder.iterdir()):
            raise OutputError(f"{folder}: is not empty and holds no evaluation; choose another folder") from None
        write_atomically(path, orjson.dumps(asked, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
        return
    except orjson.JSONDecodeError as error:
        raise OutputError(f"{path}: is not JSON, {error}; remove the folder") from None
    for key, value in asked.items():
        if known.get(key) != value:
            raise OutputError(
                f"{folder}: holds another evaluation, its {key} is {known.get(key)!r}, got {value!r}; choose another folder"
            )


def _lines_in(folder: Path, settings: Settings, suite: Suite, frozen: Path | None, progress: Progress) -> list[SourceLine]:
    """Return the lines, made on the first call."""
    known = stored_lines(folder / LINES)
    if known is not None:
        return known
    source = _source(settings, suite, frozen)
    progress.start("lines", settings.count, 0)
    resize = None if frozen is not None or (settings.data and settings.keep_size) else suite.x_height_px
    return store(source, folder / LINES, resize, lambda _: progress.advance(1, 0))


def _source(settings: Settings, suite: Suite, frozen: Path | None) -> Any:
    del suite
    if frozen is not None:
        return _frozen_lines(frozen, settings.count)
    if settings.data is not None:
        return read_from(Path(settings.data), settings.data_format, settings.count)
    fonts = {"folders": [settings.fonts]} if settings.fonts else None
    return rendered(clean_recipe(settings.language, settings.seed, fonts), settings.count)


def _frozen_lines(frozen: Path, count: int) -> Iterator[Any]:
    from ocrsynth.evaluate.lines import picture_of

    for line in (stored_lines(frozen / LINES) or [])[:count]:
        facts = {"text": line.text, "font_class": line.font_class, "family": line.family, "key": line.key}
        yield picture_of(frozen / LINES, line), line.x_height_px, facts


class _Readings:
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
            for row in whole.splitlines():
                record = orjson.loads(row)
                if "about" in record:
                    self.set_about(record["about"])
                elif "engine_s" in record:
                    self._engine_s += record["engine_s"]
                    self._all_s += record["all_s"]
                else:
                    self._known[record["condition"], record["line"]] = record

    def set_about(self, about: dict[str, Any]) -> None:
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
        return sorted(self._known.values(), key=lambda r: (self._order[r["condition"]], r["line"]))

    def timing(self, wall_s: float) -> dict[str, float]:
        """Return the seconds inside the engine, by all seconds of its processes, and what follows from them."""
        return {
            "engine_s": round(self._engine_s, 3),
            "all_s": round(self._all_s, 3),
            "engine_share": round(self._engine_s / self._all_s, 4) if self._all_s else 0.0,
            "engine_ms_a_line": round(1000 * self._engine_s / max(len(self._known), 1), 3),
            "wall_s_last_run": round(wall_s, 3),
        }

    def finish(self) -> None:
        """Write the records in order, in place of the part file."""
        if self._file is not None:
            self._file.close()
        about = {"about": {"versions": self.versions, "charset": self.charset and "".join(sorted(self.charset))}}
        timing = {"engine_s": self._engine_s, "all_s": self._all_s}
        rows = [about, *self.records(), timing]
        write_atomically(self.folder / PREDICTIONS, b"".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) + b"\n" for row in rows))
        remove(self.folder / _PART)


def _read_in_processes(
    engine: str, settings: Settings, suite: Suite, frozen: Path | None, readings: _Readings, workers: int, timeout_s: float
) -> None:
    pictures = Pictures(suite, readings.folder / LINES, frozen)
    by_name = {c.name: c for c in suite.conditions()}
    setup = {
        "suite": suite.source,
        "lines": str((readings.folder / LINES).resolve()),
        "frozen": str(frozen.resolve()) if frozen else None,
        "engine": engine,
        "language": settings.language,
    }

    def on_failed(condition: str, number: int, status: str, detail: str) -> None:
        from ocrsynth.evaluate.reading import digest_of

        digest = digest_of(pictures.of(by_name[condition], number))
        record = failed(condition, number, digest, status, detail)
        readings.on_chunk({"records": [record], "engine_s": 0.0, "all_s": 0.0})

    read_all(
        readings.todo,
        setup,
        workers,
        log=readings.folder / _LOG,
        timeout_s=timeout_s,
        on_ready=readings.on_ready,
        on_chunk=readings.on_chunk,
        on_failed=on_failed,
    )


def _read_here(engine: Any, suite: Suite, frozen: Path | None, readings: _Readings) -> None:
    reader = engine if isinstance(engine, Engine) else FunctionEngine(engine, _object_name(engine))
    charset = None if reader.charset is None else "".join(sorted(reader.charset))
    readings.on_ready({"versions": reader.versions(), "charset": charset})
    pictures = Pictures(suite, readings.folder / LINES, frozen)
    by_name = {c.name: c for c in suite.conditions()}
    for chunk in readings.todo:
        readings.on_chunk(read_chunk(reader, pictures, by_name[chunk.condition], chunk.lines))
