"""Builds tiny real TrueType fonts with fontTools, so that tests can say exactly what a font holds.

Every character gets a solid rectangle of a width and height of its own; a font can lack characters, map them to empty
glyphs, form ligatures or alternates, and hold combining marks.
"""

from __future__ import annotations

import string
import struct
from typing import TYPE_CHECKING

from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

UPEM = 1000
X_HEIGHT = 500
CAP_HEIGHT = 700
DESCENT = 200
SIDE = 50
"""Side bearing of every rectangle, in font units."""

ASCII = string.ascii_letters + string.digits + string.punctuation
TYPOGRAPHIC = "…“”‘’–—€£°§"

Box = tuple[int, int, int, int]


def box_of(character: str) -> Box:
    """Return left, bottom, right, top of the rectangle for *character*, in font units."""
    code = ord(character)
    width = 260 + 20 * (code % 13)
    if character in "gpqyj,;":
        return SIDE, -DESCENT, SIDE + width, X_HEIGHT
    if character in "bdfhklt" or character.isupper() or character.isdigit():
        return SIDE, 0, SIDE + width, CAP_HEIGHT
    if character.isalpha():
        return SIDE, 0, SIDE + width, X_HEIGHT
    return SIDE, 40 + 10 * (code % 7), SIDE + width, 400 + 10 * (code % 11)


def make_font(
    path: Path,
    family: str,
    *,
    style: str = "Regular",
    weight: int = 400,
    characters: Iterable[str] = ASCII + TYPOGRAPHIC,
    empty: str = "",
    marks: str = "",
    squares: str = "",
    extra: dict[str, Box] | None = None,
    features: str = "",
    italic: bool = False,
) -> Path:
    """Write a font to *path* and return it.

    *empty* characters are mapped to a glyph without outlines; *marks* are zero-width rectangles above the x-height;
    *squares* are narrow rectangles in the middle of an em, as quotes stand in East Asian text;
    *extra* glyphs have a name and a box but no character; *features* is OpenType feature code over glyphs called
    ``uXXXX``.
    """
    boxes: dict[str, Box | None] = {".notdef": (50, 0, 450, 700), "u0020": None}
    advances = {".notdef": 500, "u0020": 250}
    cmap = {0x20: "u0020"}
    for c in characters:
        name = glyph_name(c)
        cmap[ord(c)] = name
        boxes[name] = box_of(c)
        advances[name] = box_of(c)[2] + SIDE
    for c in marks:
        name = glyph_name(c)
        cmap[ord(c)] = name
        boxes[name] = (-300, 560, -120, 640)
        advances[name] = 0
    for c in empty:
        name = glyph_name(c)
        cmap[ord(c)] = name
        boxes[name] = None
        advances[name] = 0 if c in marks else 400
    for c in squares:
        boxes[glyph_name(c)] = (450, 500, 550, 700)
        advances[glyph_name(c)] = UPEM
    for name, box in (extra or {}).items():
        boxes[name] = box
        advances[name] = box[2] + SIDE
    builder = FontBuilder(UPEM, isTTF=True)
    builder.setupGlyphOrder(list(boxes))
    builder.setupCharacterMap(cmap)
    builder.setupGlyf({name: _rectangle(box) for name, box in boxes.items()})
    builder.setupHorizontalMetrics({name: (advances[name], box[0] if box else 0) for name, box in boxes.items()})
    builder.setupHorizontalHeader(ascent=900, descent=-300)
    builder.setupNameTable(
        {"familyName": family, "styleName": style, "copyright": f"of {family}", "licenseDescription": "free"}
    )
    builder.setupOS2(
        sTypoAscender=900, sTypoDescender=-300, usWeightClass=weight, fsSelection=0x01 if italic else 0x40, usWinAscent=900
    )
    builder.setupPost(italicAngle=-12 if italic else 0)
    builder.setupHead(unitsPerEm=UPEM, macStyle=2 if italic else 0, created=0, modified=0)
    if features:
        addOpenTypeFeaturesFromString(builder.font, features)
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)
    return path


def glyph_name(character: str) -> str:
    """Return the name that the glyph of *character* has in `make_font`."""
    return f"u{ord(character):04X}"


def _rectangle(box: Box | None) -> object:
    pen = TTGlyphPen(None)
    if box is not None:
        left, bottom, right, top = box
        pen.moveTo((left, bottom))
        pen.lineTo((left, top))
        pen.lineTo((right, top))
        pen.lineTo((right, bottom))
        pen.closePath()
    return pen.glyph()


def without_l_stroke(path: Path) -> Path:
    """Write a font with the letters of ASCII and no ``ł`` at all."""
    return make_font(path, "Lacks")


def empty_l_stroke(path: Path) -> Path:
    """Write a font whose character map has ``ł`` and ``Ł``, but whose glyphs for them have no outline."""
    return make_font(path, "Hollow", empty="łŁ")


def with_l_stroke(path: Path) -> Path:
    """Write a font that has ``ł`` and ``Ł`` with ink."""
    return make_font(path, "Complete", characters=ASCII + TYPOGRAPHIC + "łŁ")


def with_ligature(path: Path) -> Path:
    """Write a font with the ligature ``fi``, 800 font units wide, glyph ``f_i``."""
    code = "feature liga { sub u0066 u0069 by f_i; } liga;"
    return make_font(path, "Ligated", extra={"f_i": (SIDE, 0, SIDE + 800, CAP_HEIGHT)}, features=code)


def with_marked_ligature(path: Path) -> Path:
    """Write a font with the ligature ``fi`` that forms under accents as well, and the mark U+0301."""
    code = (
        "table GDEF { GlyphClassDef , [f_i], [u0301], ; } GDEF;"
        "feature liga { lookupflag IgnoreMarks; sub u0066 u0069 by f_i; } liga;"
    )
    extra = {"f_i": (SIDE, 0, SIDE + 800, CAP_HEIGHT)}
    return make_font(path, "Marked", extra=extra, marks="\u0301", features=code)


def with_arrow(path: Path) -> Path:
    """Write a font whose contextual alternates turn ``->`` into a space-wide bar and an arrow, as coding fonts do."""
    code = (
        "lookup BAR { sub u002D by bar; } BAR; lookup ARROW { sub u003E by arrow; } ARROW;"
        "feature calt { sub u002D' lookup BAR u003E; sub bar u003E' lookup ARROW; } calt;"
    )
    extra = {"bar": (0, 250, 600, 300), "arrow": (0, 200, 900, 350)}
    return make_font(path, "Arrows", extra=extra, features=code)


def with_dash(path: Path, feature: str) -> Path:
    """Write a font that ties ``--`` to one dash under *feature*, beside the ligature ``fi``."""
    code = f"feature {feature} {{ sub u002D u002D by dash; }} {feature}; feature liga {{ sub u0066 u0069 by f_i; }} liga;"
    extra = {"dash": (0, 250, 900, 300), "f_i": (SIDE, 0, SIDE + 800, CAP_HEIGHT)}
    return make_font(path, "Dashes", extra=extra, features=code)


def with_marks(path: Path, *, empty: str = "") -> Path:
    """Write a font with the marks U+0300, U+0301 and U+0308, no precomposed letter, and a dotted circle.

    Marks in *empty* are mapped but have no outline.
    """
    return make_font(path, "Marks", characters=ASCII + TYPOGRAPHIC + "\u25cc", marks="\u0300\u0301\u0308", empty=empty)


def without_acute(path: Path) -> Path:
    """Write a font that draws ``q`` with U+0301 as it draws ``q`` alone, and all else with its marks."""
    code = "feature ccmp { sub u0071 u0301 by u0071; } ccmp;"
    return make_font(path, "Drops", marks="\u0300\u0301", features=code)


def with_arabic_digits(path: Path, script: str) -> Path:
    """Write a font with digits of two kinds, that replaces 0 to 9 by Arabic's in text of *script*, a tag of OpenType."""
    usual, arabic = (" ".join(f"u{ord(zero) + value:04X}" for value in range(10)) for zero in "0٠")
    code = f"feature locl {{ script {script}; sub [{usual}] by [{arabic}]; }} locl;"
    return make_font(path, "Digits", characters=ASCII + "ءاب" + "٠١٢٣٤٥٦٧٨٩", features=code)


def summed(data: bytes) -> bytes:
    """Return a font with the right checksums of its tables, where it has a directory."""
    out = bytearray(data)
    (n,) = struct.unpack(">H", data[4:6]) if len(data) > 12 else (0,)
    for place in range(12, min(12 + 16 * n, len(data) - 15), 16):
        _, _, start, length = struct.unpack(">4sIII", data[place : place + 16])
        table = bytearray(data[start : start + length])
        if data[place : place + 4] == b"head":
            table[8:12] = bytes(4)
        table += bytes(-len(table) % 4)
        words = struct.unpack(f">{len(table) // 4}I", table)
        struct.pack_into(">I", out, place + 4, sum(words) & 0xFFFFFFFF)
    return bytes(out)
