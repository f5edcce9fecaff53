"""Faces and their instances: HarfBuzz objects in bounded caches.

Cache keys are quantised by whoever makes a `FontKey` (see ``selection``): a cache keyed by a continuous value grows
without bound.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import uharfbuzz as hb

from ocrsynth.errors import AssetError
from ocrsynth.records import FontKey, FontMetrics

_MAX_FACES = 256
_MAX_INSTANCES = 1024

Extents = tuple[float, float, float, float]
_NO_INK: Extents = (0.0, 0.0, 0.0, 0.0)


@lru_cache(maxsize=_MAX_FACES)
def open_face(path: str, index: int) -> hb.Face:
    """Return a face of a font file; raises AssetError if the file is missing or is no font."""
    if not Path(path).is_file():
        raise AssetError(f"{path}: font file not found; check the path")
    face = hb.Face(hb.Blob.from_file_path(path), index)
    if face.glyph_count == 0 or face.upem == 0:
        raise AssetError(f"{path}: is not a font that HarfBuzz can read (no glyphs in face {index}); remove the file")
    return face


@lru_cache(maxsize=_MAX_FACES)
def file_sha256(path: str) -> str:
    """Return the hash of a font file, which identifies it in fingerprints and provenance."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@lru_cache(maxsize=_MAX_FACES)
def covered(path: str, index: int, characters: frozenset[str]) -> frozenset[str]:
    """Return those of *characters* that the face maps to a glyph; whether the glyph has ink is proved after shaping."""
    unicodes = open_face(path, index).unicodes
    return frozenset(c for c in characters if ord(c) in unicodes)


class FontInstance:
    """A face at one place of its design space, with its metrics and a cache of glyph extents."""

    __slots__ = ("_extents", "hb_font", "metrics", "upem")

    def __init__(self, key: FontKey) -> None:
        face = open_face(key.path, key.face)
        self.upem: int = face.upem
        self.hb_font = hb.Font(face)
        if key.coords:
            self.hb_font.set_variations(dict(key.coords))
        self._extents: dict[int, Extents] = {}
        self.metrics = self._measure()

    def extents(self, glyph: int) -> Extents:
        """Return left, top, right, bottom of the ink of a glyph in font units, y up; all 0 where it has none."""
        found = self._extents.get(glyph)
        if found is None:
            e = self.hb_font.get_glyph_extents(glyph)
            # height is negative: HarfBuzz measures it downwards from y_bearing.
            empty = e is None or e.width == 0 or e.height == 0
            found = _NO_INK if empty else (e.x_bearing, e.y_bearing, e.x_bearing + e.width, e.y_bearing + e.height)
            self._extents[glyph] = found
        return found

    def _measure(self) -> FontMetrics:
        """Measure heights on the ink of typical letters: the tables of fonts are often wrong or padded."""
        tops = {name: self._ink_of(characters) for name, characters in _PROBES.items()}
        font = self.hb_font.get_font_extents("ltr")
        ascent = tops["ascent"][0] or font.ascender
        descent = -tops["descent"][1] or -font.descender
        cap = tops["cap"][0] or ascent
        x_height = tops["x"][0] or 0.7 * cap
        upem = self.upem
        return FontMetrics(ascent / upem, max(descent, 0) / upem, cap / upem, x_height / upem)

    def _ink_of(self, characters: str) -> tuple[float, float]:
        boxes = [self.extents(g) for c in characters if (g := self.hb_font.get_nominal_glyph(ord(c)))]
        return (max((b[1] for b in boxes), default=0), min((b[3] for b in boxes), default=0))


_PROBES = {"ascent": "bdhkl", "descent": "gpqy", "cap": "HEI", "x": "xzv"}


@lru_cache(maxsize=_MAX_INSTANCES)
def open_instance(key: FontKey) -> FontInstance:
    """Return the instance for *key*; raises AssetError as `open_face` does."""
    return FontInstance(key)
