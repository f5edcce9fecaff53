"""An evaluation from lines to report: resumable, whatever the engine does."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ocrsynth.errors import OcrsynthError, OutputError, RecipeError
from ocrsynth.evaluate.compare import require_same_pictures
from ocrsynth.evaluate.engine import Engine, FunctionEngine
from ocrsynth.evaluate.engine import files_of as files_of_engine
from ocrsynth.evaluate.extra import needed
from ocrsynth.evaluate.frozen import FROZEN, freeze, frozen_conditions, language_of, read_frozen
from ocrsynth.evaluate.frozen import files_of as files_of_lines
from ocrsynth.evaluate.lines import LINES, clean_recipe, hash_of_lines, picture_of, read_from, rendered, store, stored_lines
from ocrsynth.evaluate.metrics import PROFILES
from ocrsynth.evaluate.readers import read_all
from ocrsynth.evaluate.reading import Pictures, digest_of, failed, read_chunk
from ocrsynth.evaluate.readings import Progress, Readings, Silent, has_content, has_readings
from ocrsynth.evaluate.result import Result, against, is_result, result_of
from ocrsynth.evaluate.settings import Settings
from ocrsynth.evaluate.suite import load_suite
from ocrsynth.fields import is_whole
from ocrsynth.files import hash_of, remove, write_atomically
from ocrsynth.text.alphabet import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocrsynth.evaluate.lines import SourceLine
    from ocrsynth.evaluate.metrics import Profile
    from ocrsynth.evaluate.suite import Condition, Suite

EVALUATION = "evaluation.json"
RESULT = "result.json"
_LOG = "engine.log"
DEFAULT_TIMEOUT_S = 60.0
_MOST_WORKERS = 1024


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
    progress = progress or Silent()
    _check(engine, workers, profile, timeout_s, baseline)
    # Found missing now, not after hours of reading.
    needed("rapidfuzz.distance.Levenshtein", "evaluate")
    folder = Path(out)
    with _locked(folder):
        suite, frozen = _suite_of(settings)
        if frozen is not None:
            settings = _in_its_language(settings, frozen)
        conditions = _conditions(suite, frozen, settings)
        if baseline is not None:
            _fits(baseline, suite, profile)
        name = engine if isinstance(engine, str) else _object_name(engine)
        with _claimed(folder, settings, suite, name):
            lines = _lines_in(folder, settings, suite, frozen, progress)
            if baseline is not None and baseline["lines"]["sha256"] != hash_of_lines(lines):
                raise RecipeError(
                    f"baseline: must have read the same lines, got {baseline['lines']['sha256'][:16]} and "
                    f"{hash_of_lines(lines)[:16]}; evaluate both with the same --lang, --seed, -n, --fonts and --data"
                )
            readings = Readings(folder, conditions, lines, progress)
            began = time.monotonic()
            with closing(readings):
                n_lines = _lines_there(settings, frozen, lines)
                if readings.todo and isinstance(engine, str):
                    setup = {"suite": suite.source, "engine": engine, "language": settings.language, "n_lines": n_lines}
                    _read_in_processes(setup, suite, frozen, readings, workers or os.cpu_count() or 1, timeout_s)
                elif not isinstance(engine, str):
                    # Though nothing may be left to read, another function than that of the readings is told.
                    _read_here(engine, suite, frozen, readings, n_lines)
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
            "only": list(settings.only),
            "timing": readings.timing(wall_s),
        }
        if baseline is not None:
            require_same_pictures(result, baseline, "baseline")
            result["against"] = {"engine": baseline["engine"]["name"], **against(result, baseline)}
        readings.finish()
        write_atomically(folder / RESULT, orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
        write_atomically(folder / "report.md", table(result).encode())
        pictures = Pictures(suite, folder / LINES, frozen)
        write_atomically(folder / "report.html", page(result, lines, pictures, [baseline] if baseline else []).encode())
        return result


def _check(engine: Any, workers: Any, profile: Any, timeout_s: Any, baseline: Any) -> None:
    """Raise RecipeError for an argument that is none."""
    if not (isinstance(engine, (str, Engine)) or callable(engine)):
        raise RecipeError(f"engine: must be a spec, an Engine or a function, got {engine!r}; say for example 'tesseract'")
    if profile not in PROFILES:
        raise RecipeError(f"profile: must be one of {', '.join(PROFILES)}, got {profile!r}")
    if workers is not None and not is_whole(workers, 1, _MOST_WORKERS):
        raise RecipeError(
            f"workers: must be a whole number from 1 to {_MOST_WORKERS}, got {workers!r}; leave it out for all cores"
        )
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not timeout_s > 0:
        raise RecipeError(f"timeout_s: must be a number of seconds above 0, got {timeout_s!r}")
    if baseline is not None and not is_result(baseline):
        raise RecipeError(f"baseline: must be the result of an evaluation, got {str(baseline)[:60]!r}; read it by read_result")


def freeze_suite(
    out: str | os.PathLike[str], settings: Settings | None = None, *, progress: Progress | None = None
) -> list[Condition]:
    """Write the pictures of a suite under *out*: ``lines/`` and a folder of PNG files a condition; return the conditions.

    The folder is then data for `evaluate`, and for engines that run elsewhere.  Raises what `evaluate` raises.
    """
    settings = settings or Settings()
    progress = progress or Silent()
    folder = Path(out)
    with _locked(folder):
        suite, frozen = _suite_of(settings)
        if frozen is not None:
            raise RecipeError(f"--freeze: {frozen} is frozen already; copy it")
        conditions = suite.conditions(settings.only)
        with _claimed(folder, settings, suite, ""):
            lines = _lines_in(folder, settings, suite, None, progress)
        progress.start("pictures", len(lines) * sum(c.severity > 0 for c in conditions), 0)
        pictures = Pictures(suite, folder / LINES)
        freeze(folder, suite, conditions, lines, pictures, lambda n: progress.advance(n, 0), settings.language)
    return conditions


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
    if is_result(found):
        return found
    raise OutputError(f"{file}: is no result of an evaluation of this schema, got {str(found)[:60]!r}; evaluate again")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against other evaluations; one that was made for nothing is removed."""
    there = folder.exists()
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
        if not there:
            with suppress(OSError):  # It holds something.
                folder.rmdir()


def _suite_of(settings: Settings) -> tuple[Suite, Path | None]:
    """Return the suite, and the folder of its pictures if they are frozen."""
    if settings.data is not None and (Path(settings.data) / FROZEN).exists():
        suite, usual = read_frozen(Path(settings.data)), Settings()
        names = ("seed", "fonts", "system_fonts", "keep_size")
        idle = [name for name in names if getattr(settings, name) != getattr(usual, name)]
        if settings.suite not in (usual.suite, suite.name) and load_suite(settings.suite).name != suite.name:
            idle.append("suite")
        for name in idle:
            raise RecipeError(
                f"--{name.replace('_', '-')}: a frozen suite has its own, got {getattr(settings, name)!r} beside "
                f"--data {settings.data}; leave it out"
            )
        return suite, Path(settings.data)
    return load_suite(settings.suite), None


def _in_its_language(settings: Settings, frozen: Path) -> Settings:
    """Return the settings in the language of a frozen suite; raises RecipeError if they name another one."""
    language = language_of(frozen)
    if language is None:
        return settings
    if settings.language != Settings.language and load(settings.language).id != load(language).id:
        raise RecipeError(
            f"--lang: a frozen suite has its own, got {settings.language!r} beside --data {settings.data}, which is of "
            f"{language!r}; leave it out"
        )
    return replace(settings, language=language)


def conditions_of(settings: Settings) -> list[Condition]:
    """Return the conditions that `evaluate` would read; raises RecipeError or OutputError."""
    suite, frozen = _suite_of(settings)
    return _conditions(suite, frozen, settings)


def _conditions(suite: Suite, frozen: Path | None, settings: Settings) -> list[Condition]:
    conditions = suite.conditions(settings.only)
    if frozen is None:
        return conditions
    there = frozen_conditions(frozen)
    for name in settings.only:
        if not there & {c.name for c in suite.conditions((name,)) if c.severity}:
            raise RecipeError(f"--only: {frozen} holds no pictures of {name!r}; freeze them too, or leave it out")
    return [c for c in conditions if c.name in there]


def _fits(baseline: Result, suite: Suite, profile: Profile) -> None:
    """Raise RecipeError for a baseline whose figures cannot be set against these."""
    if baseline["suite"]["hash"] != suite.hash:
        theirs = baseline["suite"]
        raise RecipeError(
            f"baseline: must be of suite {suite.name} with hash {suite.hash[:16]}, "
            f"got {theirs['name']} with {theirs['hash'][:16]}; evaluate both under one suite"
        )
    if baseline["profile"] != profile:
        raise RecipeError(
            f"baseline: must be of profile {profile!r}, got {baseline['profile']!r}; give both the same --profile"
        )


def _object_name(engine: Any) -> str:
    if isinstance(engine, Engine):
        return engine.name
    return str(getattr(engine, "__qualname__", type(engine).__qualname__))


@contextmanager
def _claimed(folder: Path, settings: Settings, suite: Suite, engine: str) -> Iterator[None]:
    """Hold the folder for this evaluation; it is empty again if one that was begun here asks for what there is not."""
    new = _claim(folder, settings, suite, engine)
    try:
        yield
    except OcrsynthError as error:
        # A fault of the folder or its disk can be mended, and the run goes on with its lines; what an engine said stays.
        mendable = isinstance(error, OutputError) and stored_lines(folder / LINES) is not None
        if new and not mendable and not has_content(folder / _LOG) and not has_readings(folder):
            for path in list(folder.iterdir()):
                remove(path)
        raise


def _claim(folder: Path, settings: Settings, suite: Suite, engine: str) -> bool:
    """Write down what is evaluated here, and tell whether that is new, or check that it is what was begun."""
    asked = {"engine": engine, "suite_hash": suite.hash, **{k: getattr(settings, k) for k in Settings.__dataclass_fields__}}
    asked["only"] = list(settings.only)
    # The same names may stand for other things by now.
    files = files_of_engine(engine) + ([] if settings.data is None else files_of_lines(Path(settings.data)))
    asked["files"] = {str(path): hash_of(path)[0] for path in files if path.exists()}
    path = folder / EVALUATION
    try:
        known = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        if any(folder.iterdir()):
            raise OutputError(f"{folder}: is not empty and holds no evaluation; choose another folder") from None
        write_atomically(path, orjson.dumps(asked, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")
        return True
    except orjson.JSONDecodeError as error:
        raise OutputError(f"{path}: is not JSON, {error}; remove the folder") from None
    before, now = _with_places(known), _with_places(asked)
    for key, value in asked.items():
        if before.get(key) != now[key]:
            raise OutputError(
                f"{folder}: holds another evaluation, its {key} is {known.get(key)!r}, got {value!r}; choose another folder"
            )
    return False


def _with_places(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what is asked with each path as the place that it leads to: one folder has many names."""

    def place(value: Any) -> Any:
        return os.path.realpath(value) if isinstance(value, str) else value

    found = asked | {key: place(asked.get(key)) for key in ("data", "fonts", "suite")}
    if isinstance(files := asked.get("files"), dict):
        found["files"] = {place(path): sha256 for path, sha256 in files.items()}
    name, _, arguments = str(asked.get("engine", "")).partition(":")
    if files_of_engine(f"{name}:{arguments}") == [Path(arguments)]:
        found["engine"] = f"{name}:{place(arguments)}"
    return found


def _lines_in(folder: Path, settings: Settings, suite: Suite, frozen: Path | None, progress: Progress) -> list[SourceLine]:
    """Return the lines, made on the first call."""
    known = stored_lines(folder / LINES)
    if known is not None:
        return known
    source = _source(settings, frozen)
    progress.start("lines", settings.count, 0)
    resize = None if frozen is not None or (settings.data and settings.keep_size) else suite.x_height_px
    return store(source, folder / LINES, resize, lambda _: progress.advance(1, 0))


def _source(settings: Settings, frozen: Path | None) -> Any:
    if frozen is not None:
        return _frozen_lines(frozen, settings.count)
    if settings.data is not None:
        return read_from(Path(settings.data), settings.data_format, settings.count)
    folders = [settings.fonts] if settings.fonts else []
    fonts = {"sets": [], "folders": folders, "system": settings.system_fonts} if folders or settings.system_fonts else None
    return rendered(clean_recipe(settings.language, settings.seed, fonts), settings.count)


def _frozen_lines(frozen: Path, count: int) -> Iterator[Any]:
    for line in (stored_lines(frozen / LINES) or [])[:count]:
        facts = {"text": line.text, "font_class": line.font_class, "family": line.family, "key": line.key}
        yield picture_of(frozen / LINES, line), line.x_height_px, facts


def _lines_there(settings: Settings, frozen: Path | None, lines: Sequence[SourceLine]) -> int | None:
    """Return how many lines can have readings, or None if there is no end of them: rendered ones are the same for any count."""
    if frozen is not None:
        return len(stored_lines(frozen / LINES) or ())
    return len(lines) if settings.data is not None else None


def _read_in_processes(
    setup: dict[str, Any], suite: Suite, frozen: Path | None, readings: Readings, workers: int, timeout_s: float
) -> None:
    pictures = Pictures(suite, readings.folder / LINES, frozen)
    by_name = {c.name: c for c in suite.conditions()}
    places = {
        "lines": str((readings.folder / LINES).resolve()),
        "frozen": str(frozen.resolve()) if frozen else None,
    }

    def on_failed(condition: str, number: int, status: str, detail: str) -> None:
        digest = digest_of(pictures.of(by_name[condition], number))
        record = failed(condition, number, digest, status, detail)
        readings.on_chunk({"records": [record], "engine_s": 0.0, "all_s": 0.0})

    read_all(
        readings.todo,
        setup | places,
        workers,
        log=readings.folder / _LOG,
        timeout_s=timeout_s,
        on_ready=readings.on_ready,
        on_chunk=readings.on_chunk,
        on_failed=on_failed,
    )


def _read_here(engine: Any, suite: Suite, frozen: Path | None, readings: Readings, n_lines: int | None) -> None:
    reader = engine if isinstance(engine, Engine) else FunctionEngine(engine, _object_name(engine))
    reader.check_pictures([c.name for c in suite.conditions()], n_lines)
    charset = None if reader.charset is None else "".join(sorted(reader.charset))
    readings.on_ready({"versions": reader.versions(), "charset": charset})
    pictures = Pictures(suite, readings.folder / LINES, frozen)
    by_name = {c.name: c for c in suite.conditions()}
    for chunk in readings.todo:
        readings.on_chunk(read_chunk(reader, pictures, by_name[chunk.condition], chunk.lines))
