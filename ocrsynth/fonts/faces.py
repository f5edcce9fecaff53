"""Faces and their instances: HarfBuzz objects in bounded caches.

Cache keys are quantised by whoever makes a `FontKey` (see ``selection``): a cache keyed by a continuous value grows
without bound.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import uharfbuzz as hb

from ocrsynth.errors import AssetError
from ocrsynth.records import FontKey, FontMetrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_FACES = 256
_MAX_INSTANCES = 2048

_FIRST_ROWS = 64
_INVISIBLE = "\u200c\u200d\u200b\u2060\ufe0f"
"""Characters that shape others and need no glyph of their own: HarfBuzz draws nothing for them."""


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
    return frozenset(c for c in characters if ord(c) in unicodes or c in _INVISIBLE)


class FontInstance:
    """A face at one place of its design space, with its metrics and the ink boxes of the glyphs met so far."""

    __slots__ = ("_boxes", "_covered", "_inked", "_row_of", "dotted_circle", "hb_font", "metrics", "upem")

    def __init__(self, key: FontKey) -> None:
        face = open_face(key.path, key.face)
        self.upem: int = face.upem
        self.hb_font = hb.Font(face)
        if key.coords:
            self.hb_font.set_variations(dict(key.coords))
        self._row_of: dict[int, int] = {}
        self._covered: dict[str, bool] = {}
        self._boxes = np.zeros((_FIRST_ROWS, 4))
        self._inked = np.zeros(_FIRST_ROWS, np.bool_)
        self.dotted_circle: int | None = self.hb_font.get_nominal_glyph(0x25CC)
        self.metrics = self._measure()

    def ink_boxes(self, glyphs: list[int]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the ink of *glyphs*, float64 (n, 4): left, top, right, bottom in em from the origin, y down.

        The second array, bool (n,), tells which have ink at all; the boxes of the others are 0.
        """
        row_of = self._row_of
        try:
            rows = [row_of[g] for g in glyphs]
        except KeyError:
            rows = [self._row(g) for g in glyphs]
        return self._boxes.take(rows, axis=0), self._inked.take(rows)

    def covers(self, text: str) -> bool:
        """Tell whether the face maps every character of *text* to a glyph."""
        covered = self._covered
        for c in text:
            if c not in covered:
                covered[c] = bool(self.hb_font.get_nominal_glyph(ord(c))) or c in _INVISIBLE
            if not covered[c]:
                return False
        return True

    def _row(self, glyph: int) -> int:
        row = self._row_of.get(glyph)
        if row is None:
            row = len(self._row_of)
            if row == len(self._boxes):
                self._boxes = np.concatenate((self._boxes, np.zeros_like(self._boxes)))
                self._inked = np.concatenate((self._inked, np.zeros_like(self._inked)))
            self._row_of[glyph] = row
            e = self.hb_font.get_glyph_extents(glyph)
            if e is not None and e.width != 0 and e.height != 0:
                # HarfBuzz measures height downwards from y_bearing, so it is negative.
                box = (e.x_bearing, -e.y_bearing, e.x_bearing + e.width, -e.y_bearing - e.height)
                self._boxes[row] = np.array(box) / self.upem
                self._inked[row] = True
        return row

    def _measure(self) -> FontMetrics:
        """Measure heights on the ink of typical letters: the tables of fonts are often wrong or padded."""
        font = self.hb_font.get_font_extents("ltr")
        ascent = -self._probe("bdhkl")[0] or font.ascender / self.upem
        descent = self._probe("gpqy")[1] or -font.descender / self.upem
        cap = -self._probe("HEI")[0] or ascent
        return FontMetrics(ascent, max(descent, 0.0), cap, -self._probe("xzv")[0] or 0.7 * cap)

    def _probe(self, characters: str) -> tuple[float, float]:
        """Return the highest top and the lowest bottom of the ink of *characters*, y down; 0 without any."""
        glyphs = [g for c in characters if (g := self.hb_font.get_nominal_glyph(ord(c)))]
        if not glyphs:
            return 0.0, 0.0
        boxes, _ = self.ink_boxes(glyphs)
        return float(boxes[:, 1].min()), float(boxes[:, 3].max())


@lru_cache(maxsize=_MAX_INSTANCES)
def open_instance(key: FontKey) -> FontInstance:
    """Return the instance for *key*; raises AssetError as `open_face` does."""
    return FontInstance(key)
