"""Looks over an installation: what is there, what is missing and what for, what gets in the way.

Everything is looked at for itself, and heavy packages only where they are looked at: a broken one is a finding, not a crash.
"""

from __future__ import annotations

import importlib
import os
import platform
import re
import shutil
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from importlib import metadata
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ocrsynth.errors import AssetError, MissingDependencyError, OcrsynthError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ocrsynth.fonts.catalogue import Family

Status = Literal["good", "note", "bad"]
"""``bad`` keeps the core from working; a ``note`` is something to know, or to mend at leisure."""
EXTRAS = {
    "albumentations": "transforms of albumentations in chains, and ocrsynth's ops in its Compose",
    "arrow": "format parquet, kraken's binary data sets",
    "faker": "names and addresses of a country in text patterns",
    "lmdb": "format lmdb",
    "torch": "PyTorch data sets and loaders, ocrsynth.torch_data",
    "evaluate": "OCR engines to evaluate",
    "tesseract": "engine tesseract without starting a program for each picture",
    "rapidocr": "engine rapidocr",
    "easyocr": "engine easyocr",
    "docs": "the documentation as a site, make site",
}
"""What each optional group of packages is for."""
_OWN = "ocrsynth"
_IMPORTED = ("numpy", "cv2", "uharfbuzz", "fontTools", "PIL", "pydantic", "yaml", "orjson", "regex", "wordfreq", "babel")
"""Modules without which nothing works, the likeliest to fail first."""
_REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")
_SMALL_SHM = 256_000_000
_SMALL_DISK = 1_000_000_000
_FAILURES = (ImportError, OSError, ValueError, AttributeError, RuntimeError, TypeError, OcrsynthError)
"""What a broken package may raise as it is imported."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    area: str
    subject: str
    status: Status
    detail: str
    advice: str = ""


def examine(*, system: bool = False) -> list[Finding]:
    """Return what was found; with *system* the fonts of the system are read too."""
    checks: list[Callable[[], Iterable[Finding]]] = [_versions, _packages, _imports, _extras, _clashes, _surroundings]
    checks += [_default_fonts, lambda: _system_fonts(read=system), _engines, _sample]
    # Some packages speak to the terminal when they break, and the findings may be read by a program.
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        return [finding for check in checks for finding in check()]


def works(findings: Iterable[Finding]) -> bool:
    """Tell whether the core works."""
    return all(finding.status != "bad" for finding in findings)


def _versions() -> Iterable[Finding]:
    version = sys.version_info
    status: Status = "good" if version >= (3, 11) else "bad"
    advice = "" if status == "good" else "use 3.11 or newer"
    yield Finding("versions", "python", status, f"{platform.python_version()} at {sys.executable}", advice)
    yield Finding("versions", "system", "good", platform.platform())
    own = _version(_OWN)
    yield Finding("versions", _OWN, "good" if own else "bad", f"{own or 'not installed'} at {Path(__file__).resolve().parent}")


def _packages() -> Iterable[Finding]:
    """Look for the packages that the core requires; fonts are told with the fonts."""
    for name in _required(""):
        if name.startswith("fontpkg-"):
            continue
        found = _version(name)
        advice = "" if found else f"run: pip install {name}"
        yield Finding("packages", name, "good" if found else "bad", found or "missing", advice)


def _imports() -> Iterable[Finding]:
    for name in _IMPORTED:
        try:
            importlib.import_module(name)
        except _FAILURES as error:
            yield Finding("imports", name, "bad", f"cannot be imported: {_short(error)}", _advice_on(name, error))


def _advice_on(module: str, error: BaseException) -> str:
    if module == "cv2" and "lib" in str(error):
        return (
            "this OpenCV wants libraries of a desktop; run: pip uninstall -y opencv-python opencv-contrib-python, "
            "then: pip install --force-reinstall opencv-python-headless"
        )
    package = {"cv2": "opencv-python-headless", "yaml": "pyyaml", "PIL": "pillow"}.get(module, module.lower())
    return f"run: pip install --force-reinstall {package}"


def _extras() -> Iterable[Finding]:
    try:
        extras = metadata.metadata(_OWN).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return
    for extra in sorted(extras):
        if extra == "dev":
            continue
        packages = {name: _version(name) for name in _required(extra)}
        missing = [name for name, version in packages.items() if version is None]
        purpose = EXTRAS.get(extra, "")
        if missing:
            yield Finding(
                "extras", extra, "note", f"without {', '.join(missing)}: {purpose}", f"run: pip install '{_OWN}[{extra}]'"
            )
        else:
            shown = ", ".join(f"{name} {version}" for name, version in packages.items())
            yield Finding("extras", extra, "good", f"{shown}: {purpose}")


def _clashes() -> Iterable[Finding]:
    found = sorted(name for name in _OPENCV if _version(name))
    if len(found) > 1:
        yield Finding(
            "surroundings",
            "opencv",
            "note",
            f"{' and '.join(found)} are installed over each other: all bring the module cv2",
            f"run: pip uninstall -y {' '.join(found)}, then: pip install opencv-python-headless",
        )


def _surroundings() -> Iterable[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota()
    if quota is not None and quota < cores:
        advice = f"give --workers {max(round(quota), 1)}"
        yield Finding("surroundings", "cores", "note", f"{cores}, but a quota of {quota:g} for this container", advice)
    else:
        yield Finding("surroundings", "cores", "good", str(cores))
    yield _encoding()
    yield _temporary_folder()
    shm = Path("/dev/shm")  # noqa: S108 - looked at, not written to
    if shm.is_dir():
        total = shutil.disk_usage(shm).total
        small = total < _SMALL_SHM
        yield Finding(
            "surroundings",
            str(shm),
            "note" if small else "good",
            f"{total / 1e6:,.0f} MB" + (", little for the workers of a PyTorch loader" if small else ""),
            "start the container with --shm-size=2g" if small else "",
        )


def _quota() -> float | None:
    """Return how many cores the control group of this process may use, or None for all."""
    try:
        allowed, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if allowed == "max" else int(allowed) / int(period)


def _encoding() -> Finding:
    names = {"files": sys.getfilesystemencoding(), "standard output": getattr(sys.__stdout__, "encoding", None) or "utf-8"}
    wrong = [f"{what} {name}" for what, name in names.items() if name.lower().replace("-", "") not in ("utf8", "utf8sig")]
    if not wrong:
        return Finding("surroundings", "encoding", "good", "UTF-8")
    advice = "set LC_ALL=C.UTF-8, or PYTHONUTF8=1; labels would be shown wrongly"
    return Finding("surroundings", "encoding", "note", f"not UTF-8: {', '.join(wrong)}", advice)


def _temporary_folder() -> Finding:
    try:
        folder = tempfile.gettempdir()
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        return Finding(
            "surroundings", "temporary folder", "bad", f"cannot be written: {error.strerror}", "set TMPDIR to another"
        )
    free = shutil.disk_usage(folder).free
    wanted = os.environ.get("TMPDIR")
    if wanted and Path(wanted).resolve() != Path(folder).resolve():
        return Finding(
            "surroundings", "temporary folder", "note", f"TMPDIR={wanted} cannot be used, {folder} is", "mend TMPDIR"
        )
    status: Status = "note" if free < _SMALL_DISK else "good"
    return Finding("surroundings", "temporary folder", status, f"{folder}, {free / 1e9:,.1f} GB free")


def _default_fonts() -> Iterable[Finding]:
    families, missing, without = [], [], []
    try:
        from ocrsynth.fonts import catalogue

        for entry in catalogue.entries_of("default"):
            try:
                families.append(catalogue.from_package(entry, "fonts/default.yaml"))
            except AssetError as error:
                if _version(entry.package):
                    without.append((entry.package, error))
                else:
                    missing.append(entry.package)
    except _FAILURES as error:
        yield Finding("fonts", "default set", "bad", _short(error), "mend what is said above")
        return
    for package, fault in without:
        # Installed, but of a version that keeps its fonts elsewhere.
        wanted = next((r for r in metadata.requires(_OWN) or [] if r.startswith(package)), package)
        yield Finding("fonts", "default set", "bad", _short(fault), f"run: pip install '{wanted}'")
    if missing:
        run = f"run: pip install {' '.join(sorted(missing))}"
        n = len(missing) + len(families) + len(without)
        yield Finding("fonts", "default set", "bad", f"{len(missing)} of {n} families are missing", run)
    elif not without:
        yield Finding("fonts", "default set", "good", f"complete, {len(families)} families; writes {_scripts(families)}")


def _system_fonts(*, read: bool) -> Iterable[Finding]:
    try:
        from ocrsynth.fonts import catalogue

        folders = catalogue.system_folders()
        if not folders:
            advice = "for other scripts, on Debian and Ubuntu: apt-get install fonts-noto-core fonts-noto-cjk"
            yield Finding("fonts", "system", "note", "none", advice)
            return
        if not read:
            n = sum(len(catalogue.font_files(folder)) for folder in folders)
            yield Finding(
                "fonts", "system", "good", f"{n} files in {', '.join(folders)}; with --system told what they can write"
            )
            return
        families = catalogue.load((), folders)
        yield Finding("fonts", "system", "good", f"{len(families)} families; write {_scripts(families)}")
        for item in catalogue.skipped(folders):
            yield Finding("fonts", "system", "note", f"left out: {item}")
    except _FAILURES as error:
        yield Finding("fonts", "system", "note", _short(error))


def _scripts(families: Iterable[Family]) -> str:
    """Return the scripts of which some family can write a language, with the number of such languages."""
    from ocrsynth import assets
    from ocrsynth.fonts.faces import open_face
    from ocrsynth.text import alphabet

    faces = [face for family in families for face in family.faces]
    covered = {frozenset(map(chr, open_face(face.path, face.index).unicodes)) for face in faces}
    counts: dict[str, int] = {}
    for name in assets.names("alphabets"):
        letters = alphabet.load(name)
        needed = frozenset("".join(letters.letters))
        if any(characters >= needed for characters in covered):
            counts[letters.script] = counts.get(letters.script, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{script} ({n} language{'s' if n > 1 else ''})" for script, n in ranked) or "no language"


def _engines() -> Iterable[Finding]:
    try:
        from ocrsynth.evaluate.engine import ENGINES

        names = list(ENGINES)
    except _FAILURES as error:
        yield Finding("engines", "all", "note", f"cannot be looked at: {_short(error)}")
        return
    for name in names:
        yield _engine(name, ENGINES.get(name, "engines"))


def _engine(name: str, cls: Any) -> Finding:
    """Start an engine for English, as an evaluation would, and say how that went."""
    try:
        engine = cls.from_spec("", "en_Latn")
        versions = engine.versions()
        engine.close()
    except MissingDependencyError as error:
        return Finding("engines", name, "note", "not installed", _short(error).rpartition("; ")[2])
    except OcrsynthError as error:
        # What an engine lacks is said in its own name; what is said otherwise is about arguments that were not given.
        if isinstance(error, AssetError) and str(error).startswith("engine"):
            return Finding("engines", name, "note", _short(error))
        return Finding("engines", name, "good", "takes arguments")
    except _FAILURES as error:
        return Finding("engines", name, "note", f"cannot start: {_short(error)}")
    return Finding("engines", name, "good", ", ".join(f"{what} {version}" for what, version in versions.items()))


def _sample() -> Iterable[Finding]:
    """Make a sample: the proof that all of the core works together."""
    try:
        from ocrsynth.pipeline import make_sample
        from ocrsynth.recipe import Recipe

        sample = make_sample(Recipe.for_language("en"), 0)
    except _FAILURES as error:
        yield Finding("core", "a sample", "bad", f"could not be made: {_short(error)}", "mend what is said above")
        return
    height, width = sample.image.shape[:2]
    yield Finding("core", "a sample", "good", f"{width} × {height} px, labelled {sample.text!r}")


def _required(extra: str) -> list[str]:
    """Return the packages that the core, or one of its extras, requires."""
    try:
        requirements = metadata.requires(_OWN) or []
    except metadata.PackageNotFoundError:
        return []
    found = []
    for requirement in requirements:
        name, marker = _REQUIREMENT.match(requirement), _EXTRA.search(requirement)
        if name and (marker[1] if marker else "") == extra:
            found.append(name[1])
    return found


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _short(error: BaseException) -> str:
    """Return the first line of an error's message."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
