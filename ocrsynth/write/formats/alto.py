"""ALTO 4: a picture and an XML file a line, with baseline, polygon and words; read by kraken, eScriptorium and libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat
from ocrsynth.write.xml import ALTO_NAMESPACE, CONTROLS, XmlWriter, alto_document, documents, picture_of, rectangle, with_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

_NS = {"a": ALTO_NAMESPACE}


@FORMATS.register
class Alto(FolderFormat):
    """Pages of one line in ALTO, with baselines."""

    name: ClassVar[str] = "alto"
    constraints: ClassVar[Constraints] = Constraints(
        forbidden=CONTROLS, strips=True, drops_empty=True, images=frozenset(("png", "jpg"))
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
            if len(lines) != 1 or name is None:
                raise ValueError(f"{key}.xml is no page of one line")
            parts = [" " if e.tag.endswith("}SP") else e.get("CONTENT", "") for e in lines[0] if not e.tag.endswith("}Shape")]
            text = "".join(parts)
            words = [(e.get("CONTENT", ""), _corners(e)) for e in lines[0].findall("a:String", _NS)]
            yield Stored(key, text, picture_of(path, name.text), with_words(key, text, words))


def _corners(string: Element) -> list[float] | None:
    """Return the corners of an element with a box, x, y, …; None without one."""
    box = [string.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")]
    if None in box:
        return None
    left, top, width, height = (float(n) for n in box if n is not None)
    return rectangle(left, top, left + width, top + height)
