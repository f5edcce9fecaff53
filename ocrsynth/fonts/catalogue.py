"""The catalogue of font families: from font sets (packages) and from the user's folders, never from the system."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import fontpkg
import uharfbuzz as hb
from fontpkg.errors import FamilyNotInstalled
from pydantic import Field

from ocrsynth import assets
from ocrsynth.errors import AssetError, suggest
from ocrsynth.fields import Section, validate
from ocrsynth.fonts.faces import file_sha256, open_face

FontClass = Literal["serif", "sans", "mono", "slab", "condensed", "hand", "display", "other"]
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_NAME_LICENCE = 13
_NAME_COPYRIGHT = 0


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
        return file_sha256(self.path)


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


class SetEntry(Section):
    """One family of a font set."""

    family: str
    package: str
    kind: FontClass = Field(alias="class")
    scripts: tuple[str, ...]
    licence: str


class FontSet(Section):
    """One file of ``fonts/``."""

    id: str
    families: tuple[SetEntry, ...]


def load_set(name: str) -> tuple[Family, ...]:
    """Return the families of a font set; raises AssetError if the set or one of its packages is missing."""
    known = assets.names("fonts")
    if name not in known:
        raise AssetError(f"fonts.sets: unknown font set {name!r}; {suggest(name, known)}")
    where = f"fonts/{name}.yaml"
    entries = validate(FontSet, assets.read("fonts", name), where).families
    return tuple(_from_package(entry, where) for entry in entries)


def _from_package(entry: SetEntry, where: str) -> Family:
    try:
        found = fontpkg.family(entry.family)
    except FamilyNotInstalled:
        raise AssetError(f"{where}: family {entry.family!r} is not installed; run: pip install {entry.package}") from None
    faces = tuple(_face(str(f.path), 0, f.style, f.weight) for f in sorted(found.files, key=lambda f: f.path.name))
    copyright_ = open_face(faces[0].path, 0).get_name(_NAME_COPYRIGHT) or ""
    return Family(found.name, entry.kind, found.license, copyright_, f"{entry.package} {found.version}", faces)


def _face(path: str, index: int, style: str, weight: float | None) -> FaceFile:
    face = open_face(path, index)
    axes = tuple(Axis(a.tag, a.min_value, a.default_value, a.max_value) for a in face.axis_infos if a.min_value < a.max_value)
    if weight is None:
        weight = hb.Font(face).get_style_value(hb.StyleTag.WEIGHT)
    return FaceFile(path, index, style, weight, axes)


def load_folder(folder: str) -> tuple[Family, ...]:
    """Return the families in a folder and below, grouped by the family name inside the files.

    Raises AssetError if the folder is missing, holds no font file, or holds a file that is no font.
    """
    root = Path(folder)
    if not root.is_dir():
        raise AssetError(f"fonts.folders: no such folder, got {folder!r}; check the path")
    paths = sorted(p for p in root.rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
    if not paths:
        raise AssetError(
            f"fonts.folders: no font file in {folder!r}; it needs files that end in {', '.join(sorted(_SUFFIXES))}"
        )
    groups: dict[str, list[FaceFile]] = {}
    for path in paths:
        for index in range(hb.Face(hb.Blob.from_file_path(str(path))).count or 1):
            face = open_face(str(path), index)
            name = face.get_name(16) or face.get_name(1) or path.stem
            style = "italic" if hb.Font(face).get_style_value(hb.StyleTag.ITALIC) >= 1 else "normal"
            groups.setdefault(name, []).append(_face(str(path), index, style, None))
    return tuple(Family(name, "other", *_rights(faces), str(folder), tuple(faces)) for name, faces in sorted(groups.items()))


def _rights(faces: list[FaceFile]) -> tuple[str, str]:
    face = open_face(faces[0].path, faces[0].index)
    return face.get_name(_NAME_LICENCE) or "unknown", face.get_name(_NAME_COPYRIGHT) or ""


@lru_cache(maxsize=8)
def load(sets: tuple[str, ...], folders: tuple[str, ...]) -> tuple[Family, ...]:
    """Return the families of all *sets* and *folders*, in that order; read once a process."""
    return tuple(f for name in sets for f in load_set(name)) + tuple(f for folder in folders for f in load_folder(folder))
