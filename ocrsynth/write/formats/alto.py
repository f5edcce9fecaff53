"""ALTO 4: a picture and an XML file a sample, with baseline, polygon and words; read by kraken, eScriptorium and libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat
from ocrsynth.write.xml import (
    ALTO_NAMESPACE,
    CONTROLS,
    ReadLine,
    XmlWriter,
    alto_document,
    baseline_of,
    corners_of,
    documents,
    picture_of,
    read_lines,
    rectangle,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

_NS = {"a": ALTO_NAMESPACE}


@FORMATS.register
class Alto(FolderFormat):
    """Pages of one line or several in ALTO, with baselines."""

    name: ClassVar[str] = "alto"
    constraints: ClassVar[Constraints] = Constraints(
        forbidden=CONTROLS, strips=True, drops_empty=True, lines_need_boxes=True, images=frozenset(("png", "jpg"))
    )
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "boxes"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return XmlWriter(path, alto_document)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the lines; raises ValueError where a file is broken."""
        for key, root in documents(path):
            lines = root.findall(".//a:TextLine", _NS)
            name = root.find("a:Description/a:sourceImageInformation/a:fileName", _NS)
            if not lines or name is None:
                raise ValueError(f"{key}.xml is no page with a line")
            text, meta = read_lines(key, [_line(line) for line in lines])
            yield Stored(key, text, picture_of(path, name.text), meta)


def _line(element: Element) -> ReadLine:
    parts = [" " if e.tag.endswith("}SP") else e.get("CONTENT", "") for e in element if not e.tag.endswith("}Shape")]
    words = [(e.get("CONTENT", ""), _corners(e)) for e in element.findall("a:String", _NS)]
    shape = element.find("a:Shape/a:Polygon", _NS)
    outline = _corners(element) if shape is None else corners_of(shape.get("POINTS"))
    return ReadLine("".join(parts), outline, baseline_of(element.get("BASELINE")), words)


def _corners(string: Element) -> list[float] | None:
    """Return the corners of an element with a box, x, y, …; None without one."""
    box = [string.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    if None in box:
        return None
    left, top, width, height = (float(n) for n in box if n is not None)
    return rectangle(left, top, left + width, top + height)
