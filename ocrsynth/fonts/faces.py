"""Faces and their instances: HarfBuzz objects in bounded caches.

Cache keys are quantised by whoever makes a `FontKey` (see ``selection``): a cache keyed by a continuous value grows
without bound.
"""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import uharfbuzz as hb

from ocrsynth.errors import AssetError
from ocrsynth.fonts.files import is_packed, unpacked
from ocrsynth.fonts.outlines import bounds_of
from ocrsynth.records import FontKey, FontMetrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

Box = tuple[float, float, float, float]

_NO_BOX: Box = (0.0, 0.0, 0.0, 0.0)
_MAX_INSTANCES = 2048
MAX_FACES = _MAX_INSTANCES
"""Not fewer than instances, for each holds its face: one driven out of the cache would be opened a second time beside it."""

_DEFAULT_LANGUAGE = 0xFFFF
"""Index by which HarfBuzz names a script's default language system."""
_HALF_OR_FULL = "‘’‚‛“”„‟′″‵·‧•"
"""Signs whose width is that of a letter or of an East Asian square, as the text around them asks (UAX 11, ambiguous)."""
_CUBIC = frozenset({"CFF ", "CFF2"})
"""Tables of outlines of cubic curves."""
_GAP_EM, _WIDER = 0.55, 1.4
"""A sign in a square has a larger gap beside it than this, and is by so much wider than the face's letters."""
_AFLOAT_EM = 0.15
"""An ellipsis that is so high above its line stands in the middle of a square."""
INVISIBLE = "\u200c\u200d\u200b\u2060\ufe0f"
"""Characters that shape others and need no glyph of their own: HarfBuzz draws nothing for them."""


@lru_cache(maxsize=MAX_FACES)
def open_face(path: str, index: int) -> hb.Face:
    """Return a face of a font file; raises AssetError if the file is missing or is no font."""
    if not Path(path).is_file():
        raise AssetError(f"{path}: font file not found; check the path")
    try:
        blob = hb.Blob(unpacked(path)) if is_packed(path) else hb.Blob.from_file_path(path)
    except ValueError as error:
        raise AssetError(f"{path}: {error}; remove the file") from None
    face = hb.Face(blob, index)
    if face.glyph_count == 0 or face.upem == 0:
        raise AssetError(f"{path}: is not a font that HarfBuzz can read (no glyphs in face {index}); remove the file")
    return face


@lru_cache(maxsize=MAX_FACES)
def features_of(path: str, index: int) -> frozenset[str]:
    """Return the tags of the OpenType features by which the face replaces glyphs."""
    face = open_face(path, index)
    tags: set[str] = set()
    # A tag that is no text comes from a damaged table: what stands before it counts.
    with suppress(UnicodeDecodeError):
        for number in range(len(face.get_table_script_tags("GSUB"))):
            for language in (_DEFAULT_LANGUAGE, *range(len(face.get_script_language_tags("GSUB", number)))):
                tags.update(face.get_language_feature_tags("GSUB", number, language))
    return frozenset(tags)


@lru_cache(maxsize=MAX_FACES)
def _is_cubic(path: str, index: int) -> bool:
    # A tag that is no text comes from a damaged table of tables.
    with suppress(UnicodeDecodeError):
        return not _CUBIC.isdisjoint(open_face(path, index).table_tags)
    return False


@lru_cache(maxsize=MAX_FACES)
def full_width(path: str, index: int) -> frozenset[str]:
    """Return the quotes and points that a face sets in a square as East Asian text has them: elsewhere they leave a gap."""
    font = hb.Font(open_face(path, index))
    letter = font.get_nominal_glyph(ord("n"))
    em, usual = font.face.upem, font.get_glyph_h_advance(letter) if letter else 0
    wide: set[str] = set()
    for sign in _HALF_OR_FULL:
        glyph = font.get_nominal_glyph(ord(sign))
        extents = font.get_glyph_extents(glyph) if glyph else None
        if extents is not None:
            advance = font.get_glyph_h_advance(glyph)
            if advance - extents.width > _GAP_EM * em and advance > _WIDER * usual:
                wide.add(sign)
    for points in "‥…":
        glyph = font.get_nominal_glyph(ord(points))
        extents = font.get_glyph_extents(glyph) if glyph else None
        if extents is not None and extents.y_bearing + extents.height > _AFLOAT_EM * em:
            wide.add(points)
    return frozenset(wide)


@lru_cache(maxsize=MAX_FACES)
def ligature_carets(path: str, index: int) -> dict[int, list[float]]:
    """Return where a face divides its ligatures: em from the origin by glyph, of the table GDEF.

    Carets that hang on a point of the outline are left out, and none moves with a variation axis: HarfBuzz's Python
    binding does not offer them, and the tables hold the places of the default instance.
    """
    from fontTools.ttLib import TTFont, TTLibError  # The import takes 50 ms; few scripts have ligatures of several clusters.

    source = io.BytesIO(unpacked(path)) if is_packed(path) else path
    found: dict[int, list[float]] = {}
    try:
        with TTFont(source, fontNumber=index, lazy=True) as font:
            table = font["GDEF"].table if "GDEF" in font else None
            carets = table.LigCaretList if table is not None else None
            if carets is None or carets.Coverage is None:
                return {}
            unit = 1 / open_face(path, index).upem
            for name, glyph in zip(carets.Coverage.glyphs, carets.LigGlyph, strict=False):
                places = [c.Coordinate * unit for c in glyph.CaretValue if getattr(c, "Coordinate", None) is not None]
                found[font.getGlyphID(name)] = sorted(places)
    except (TTLibError, AttributeError, KeyError, ValueError, TypeError, struct.error, AssertionError):
        # A broken table only takes away the carets.
        return {}
    return found


class FontInstance:
    """A face at one place of its design space, with its metrics and the ink boxes of the glyphs met so far."""

    __slots__ = (
        "_advances",
        "_boxes",
        "_covered",
        "_ink",
        "_is_cubic",
        "_lacking",
        "_rows",
        "_upright",
        "dotted_circle",
        "hb_font",
        "inkless",
        "key",
        "metrics",
        "upem",
    )

    def __init__(self, key: FontKey) -> None:
        face = open_face(key.path, key.face)
        self.key = key
        self.upem: int = face.upem
        self._is_cubic = _is_cubic(key.path, key.face)
        self.hb_font = hb.Font(face)
        if key.coords:
            self.hb_font.set_variations(dict(key.coords))
        self._upright: hb.Font | None = None
        if key.bold_em or key.slant:
            # HarfBuzz gives thickened and slanted empty glyphs extents; what has ink is asked of the outlines as they were.
            self._upright = open_instance(key._replace(bold_em=0.0, slant=0.0)).hb_font
            # The advance grows with the letter, and its height as well.
            self.hb_font.synthetic_bold = (key.bold_em, key.bold_em, False)
        if key.slant:
            self.hb_font.synthetic_slant = key.slant
        self._advances: dict[str, float] = {}
        self._covered: set[str] = set()
        self._lacking: set[str] = set()
        self._ink: dict[int, Box | None] = {}
        self._rows: dict[int, int] = {}
        self._boxes = np.zeros((0, 4))
        self.inkless: set[int] = set()
        """Glyphs without ink, of those that `ink_boxes` was asked for."""
        self.dotted_circle: int | None = self.hb_font.get_nominal_glyph(0x25CC)
        self.metrics = self._measure()

    def sum_of_advances(self, text: str) -> float:
        """Return the width of *text* in em by the advance of each character, before shaping: no kerning, no ligatures."""
        known = self._advances
        try:
            return sum(map(known.__getitem__, text))
        except KeyError:
            for c in set(text) - known.keys():
                glyph = self.hb_font.get_nominal_glyph(ord(c))
                known[c] = self.hb_font.get_glyph_h_advance(glyph) / self.upem if glyph else 0.5
            return sum(map(known.__getitem__, text))

    def ink_box(self, glyph: int) -> Box | None:
        """Return the ink of a glyph: left, top, right, bottom in em from the origin, y down; None if it has none."""
        try:
            return self._ink[glyph]
        except KeyError:
            row = self._rows.get(glyph)
            if row is not None:
                # Kept once, in the array: instances are many.
                return None if glyph in self.inkless else tuple(self._boxes[row].tolist())
            box = self._ink[glyph] = self._measured(glyph)
            return box

    def _measured(self, glyph: int) -> Box | None:
        # Of a font that varies, each call reads the outline and moves all its points.
        e = self.hb_font.get_glyph_extents(glyph)
        bare = e if self._upright is None else self._upright.get_glyph_extents(glyph)
        if bare is None or bare.width == 0 or bare.height == 0:
            return None
        # HarfBuzz measures height downwards from y_bearing, so it is negative.
        unit = 1 / self.upem
        if self._is_cubic and (bounds := bounds_of(self.hb_font, glyph)):
            return bounds[0] * unit, -bounds[3] * unit, bounds[2] * unit, -bounds[1] * unit
        left, top = e.x_bearing * unit, -e.y_bearing * unit
        return left, top, left + e.width * unit, top - e.height * unit

    def ink_boxes(self, glyphs: list[int]) -> NDArray[np.float64]:
        """Return the `ink_box` of each glyph in a new array, float64 (n, 4); zeros if it has none."""
        rows = self._rows
        try:
            wanted = [rows[glyph] for glyph in glyphs]
        except KeyError:
            found = []
            for glyph in glyphs:
                if glyph not in rows:
                    box = self._ink.pop(glyph) if glyph in self._ink else self._measured(glyph)
                    if box is None:
                        self.inkless.add(glyph)
                    rows[glyph] = len(rows)
                    found.append(box or _NO_BOX)
            self._boxes = np.concatenate((self._boxes, found))
            wanted = [rows[glyph] for glyph in glyphs]
        return self._boxes.take(wanted, axis=0)

    def covers(self, text: str) -> bool:
        """Tell whether the face maps every character of *text* to a glyph."""
        covered = self._covered
        if covered.issuperset(text):
            return True
        for c in text:
            if c in covered:
                continue
            if c in self._lacking:
                return False
            if not self.hb_font.get_nominal_glyph(ord(c)) and c not in INVISIBLE:
                self._lacking.add(c)
                return False
            covered.add(c)
        return True

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
        boxes = [box for g in glyphs if (box := self.ink_box(g))]
        return (min(box[1] for box in boxes), max(box[3] for box in boxes)) if boxes else (0.0, 0.0)


@lru_cache(maxsize=_MAX_INSTANCES)
def open_instance(key: FontKey) -> FontInstance:
    """Return the instance for *key*; raises AssetError as `open_face` does."""
    return FontInstance(key)
