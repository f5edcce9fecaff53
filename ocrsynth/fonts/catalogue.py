"""The catalogue of font families: from font sets (packages) and from the user's folders, from the system only on request."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal, NamedTuple

import fontpkg
import uharfbuzz as hb
from fontpkg.errors import FamilyNotInstalled
from pydantic import Field

from ocrsynth import assets, cache
from ocrsynth.errors import AssetError, suggest
from ocrsynth.fields import Section, validate
from ocrsynth.fonts.faces import open_face
from ocrsynth.fonts.files import SUFFIXES, faults_of, sha256_of
from ocrsynth.records import FontKey

FontClass = Literal["serif", "sans", "mono", "typewriter", "slab", "condensed", "hand", "display", "other"]
_NAME_LICENCE = 13
_NAME_COPYRIGHT = 0
_FS_TYPE = 8
"""Offset of the field fsType in the table OS/2."""
_EMBEDDING = {0x0008: "editable embedding", 0x0004: "preview and print embedding", 0x0002: "restricted licence"}
"""The least restrictive bit counts where several are set."""
_EMBEDDING_LIMITS = {0x0100: "no subsetting", 0x0200: "bitmaps only"}


class Axis(NamedTuple):
    """A variation axis of a face, in its own units (wght 1–1000, wdth per cent, …)."""

    tag: str
    low: float
    default: float
    high: float


@dataclass(frozen=True, slots=True)
class FaceFile:
    """One face of one file."""

    path: str
    index: int
    style: str
    """``normal`` or ``italic``."""
    weight: float
    axes: tuple[Axis, ...]

    @property
    def sha256(self) -> str:
        """Return the hash of the file."""
        return sha256_of(self.path)

    @property
    def key(self) -> FontKey:
        """Return the instance with all axes at their defaults."""
        return FontKey(self.path, self.index, tuple((axis.tag, axis.default) for axis in self.axes))


@dataclass(frozen=True, slots=True)
class Family:
    """Faces that belong together, and their licence."""

    name: str
    kind: FontClass
    licence: str
    copyright: str
    package: str
    """The package and its version, or the folder that the fonts came from."""
    faces: tuple[FaceFile, ...]

    @property
    def plainest(self) -> FaceFile:
        """Return the face that is nearest to an upright regular."""
        return min(self.faces, key=lambda face: (face.style != "normal", abs(face.weight - 400)))


class SetEntry(Section):
    """One family of a font set."""

    family: str
    package: str
    kind: FontClass = Field(alias="class")
    scripts: tuple[str, ...]
    licence: str
    files: str | None = None
    """Folder of the files inside the package, which may have other uses; left out for packages of `fontpkg`."""


class FontSet(Section):
    """One file of ``fonts/``."""

    id: str
    families: tuple[SetEntry, ...]


def load_set(name: str) -> tuple[Family, ...]:
    """Return the families of a font set; raises AssetError if the set or one of its packages is missing."""
    return tuple(from_package(entry, f"fonts/{name}.yaml") for entry in entries_of(name))


def entries_of(name: str) -> tuple[SetEntry, ...]:
    """Return what a font set lists, installed or not; raises AssetError if there is no such set."""
    known = assets.names("fonts")
    if name not in known:
        raise AssetError(f"fonts.sets: unknown font set {name!r}; {suggest(name, known)}")
    return validate(FontSet, assets.read("fonts", name), f"fonts/{name}.yaml").families


def from_package(entry: SetEntry, where: str) -> Family:
    """Return the family of an entry of a font set; raises AssetError, beginning with *where*, if its package is missing."""
    try:
        faces, licence, version = _files_of(entry, where)
    except (FamilyNotInstalled, PackageNotFoundError):
        raise AssetError(f"{where}: family {entry.family!r} is not installed; run: pip install {entry.package}") from None
    copyright_ = open_face(faces[0].path, 0).get_name(_NAME_COPYRIGHT) or ""
    return Family(entry.family, entry.kind, licence, copyright_, f"{entry.package} {version}", faces)


def _files_of(entry: SetEntry, where: str) -> tuple[tuple[FaceFile, ...], str, str]:
    """Return the faces of an entry, their licence and the package's version; raises AssetError if the package has none."""
    if entry.files is None:
        found = fontpkg.family(entry.family)
        files = sorted(found.files, key=lambda f: f.path.name)
        return tuple(_face(str(f.path), 0, f.style, f.weight) for f in files), found.license, found.version
    package = distribution(entry.package)
    # Nothing of the package is imported: it has other uses, and what it needs for them.
    folder = Path(str(package.locate_file(entry.files)))
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise AssetError(
            f"{where}: {entry.package} {package.version} holds no fonts in {entry.files!r}; take another version of it"
        )
    return tuple(_read_face(path, 0)[1] for path in paths), entry.licence, package.version


def _face(path: str, index: int, style: str, weight: float | None) -> FaceFile:
    face = open_face(path, index)
    try:
        infos = face.axis_infos
    except UnicodeDecodeError:
        raise AssetError(f"{path}: an axis of its fvar table has a tag that is not ASCII") from None
    axes = tuple(Axis(a.tag, a.min_value, a.default_value, a.max_value) for a in infos if a.min_value < a.max_value)
    if weight is None:
        weight = hb.Font(face).get_style_value(hb.StyleTag.WEIGHT)
    return FaceFile(path, index, style, weight, axes)


class Skipped(NamedTuple):
    """A font file, or one face of it, that is left out, and why."""

    path: str
    face: int
    """-1 for the whole file."""
    reason: str

    def __str__(self) -> str:
        """Return the file, the face if there are several, and the reason."""
        return f"{self.path}{f', face {self.face}' if self.face > 0 else ''}: {self.reason}"


class Folder(NamedTuple):
    """The families in a folder and below, and what was left out."""

    families: tuple[Family, ...]
    skipped: tuple[Skipped, ...]


def system_folders() -> tuple[str, ...]:
    """Return the folders of this system's fonts, by the XDG Base Directory Specification, as far as they hold any."""
    home = os.environ.get("XDG_DATA_HOME") or str(cache.home() / ".local/share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    places = (home, str(cache.home() / ".fonts"), *shared.split(":"))
    folders = (place if place.endswith(".fonts") else f"{place}/fonts" for place in places if place)
    return tuple(f for f in dict.fromkeys(folders) if Path(f).is_dir() and font_files(f))


def font_files(folder: str) -> list[Path]:
    """Return the font files in a folder and below, sorted; links to folders are followed, but never in a circle.

    Raises AssetError if there is no such folder.
    """
    if not Path(folder).is_dir():
        advice = "it is a file, name the folder that holds it" if Path(folder).is_file() else "check the path"
        raise AssetError(f"fonts.folders: no such folder, got {folder!r}; {advice}")
    found = []
    root = Path(folder).stat()
    seen = {(root.st_dev, root.st_ino)}
    for place, inner, names in os.walk(folder, followlinks=True):
        kept = []
        for name in inner:
            with suppress(OSError):
                status = (Path(place) / name).stat()
                if (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    kept.append(name)
        inner[:] = sorted(kept)
        found += [Path(place) / name for name in names if Path(name).suffix.lower() in SUFFIXES]
    return sorted(found)


@lru_cache(maxsize=16)
def load_folder(folder: str) -> Folder:
    """Return the families in a folder and below, grouped by the family name inside the files, and what was left out.

    Raises AssetError if the folder is missing or holds no font file at all.
    """
    paths = font_files(folder)
    if not paths:
        raise AssetError(f"fonts.folders: no font file in {folder!r}; it needs files that end in {', '.join(sorted(SUFFIXES))}")
    groups: dict[str, list[FaceFile]] = {}
    skipped: list[Skipped] = []
    first: dict[str, str] = {}
    for path in paths:
        count, faults = faults_of(path)
        skipped += [Skipped(str(path), fault.face, fault.reason) for fault in faults]
        broken = {fault.face for fault in faults}
        if -1 in broken:
            continue
        original = first.setdefault(sha256_of(str(path)), str(path))
        if original != str(path):
            skipped.append(Skipped(str(path), -1, f"is the same file as {original}"))
            continue
        for index in range(count):
            if index in broken:
                continue
            try:
                name, face = _read_face(path, index)
            except AssetError as error:
                _, _, reason = str(error).partition(": ")
                skipped.append(Skipped(str(path), index, reason or "has no glyphs that HarfBuzz can read"))
            else:
                groups.setdefault(name, []).append(face)
    families = (Family(name, "other", *_rights(faces), str(folder), tuple(faces)) for name, faces in sorted(groups.items()))
    return Folder(tuple(families), tuple(skipped))


def _read_face(path: Path, index: int) -> tuple[str, FaceFile]:
    face = open_face(str(path), index)
    if not face.unicodes:
        raise AssetError(f"{path}: maps no character to a glyph")
    name = _readable(face.get_name(16)) or _readable(face.get_name(1)) or path.stem
    style = "italic" if hb.Font(face).get_style_value(hb.StyleTag.ITALIC) >= 1 else "normal"
    return name, _face(str(path), index, style, None)


def _readable(name: str | None) -> str:
    """Return a name of a font, or nothing if the font's maker scrambled it."""
    text = " ".join((name or "").split())
    return text if text.isprintable() and any(c.isalnum() for c in text) else ""


def _rights(faces: list[FaceFile]) -> tuple[str, str]:
    face = open_face(faces[0].path, faces[0].index)
    return _readable(face.get_name(_NAME_LICENCE)) or "unknown", _readable(face.get_name(_NAME_COPYRIGHT))


@lru_cache(maxsize=8)
def load(sets: tuple[str, ...], folders: tuple[str, ...]) -> tuple[Family, ...]:
    """Return the families of all *sets* and *folders*, in that order; read once a process.

    Raises AssetError if a set or a folder is missing, or if no font of the folders can be used.
    """
    found = [load_folder(folder) for folder in dict.fromkeys(folders)]
    families = tuple(f for name in sets for f in load_set(name)) + tuple(f for folder in found for f in folder.families)
    if not families:
        if not sets and not folders:
            raise AssetError("fonts: neither a set nor a folder is named, got no fonts at all; name one, or leave 'sets' out")
        reasons = [str(s) for folder in found for s in folder.skipped]
        more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        raise AssetError(f"fonts.folders: no font can be used, got {'; '.join(reasons[:3])}{more}; give other fonts")
    return families


def embedding_of(face: FaceFile) -> str:
    """Return what the face's maker allows by the field fsType of its table OS/2 (OpenType 1.9.1), in words."""
    table = open_face(face.path, face.index).reference_table("OS/2")
    data = bytes(table.data) if table is not None else b""
    if len(data) < _FS_TYPE + 2:
        return "unknown"
    bits = int.from_bytes(data[_FS_TYPE : _FS_TYPE + 2], "big")
    allowed = next((words for bit, words in _EMBEDDING.items() if bits & bit), "installable")
    return ", ".join([allowed, *(words for bit, words in _EMBEDDING_LIMITS.items() if bits & bit)])


def skipped(folders: tuple[str, ...]) -> tuple[Skipped, ...]:
    """Return what was left out of *folders*."""
    return tuple(s for folder in dict.fromkeys(folders) for s in load_folder(folder).skipped)
