"""PAGE XML 2019-07-15: a picture and an XML file a sample, with baselines and words; read by kraken and eScriptorium."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat
from ocrsynth.write.xml import (
    CONTROLS,
    PAGE_NAMESPACE,
    ReadLine,
    XmlWriter,
    baseline_of,
    corners_of,
    documents,
    page_document,
    picture_of,
    read_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

_NS = {"p": PAGE_NAMESPACE}


@FORMATS.register
class PageXml(FolderFormat):
    """Pages of one line or several in PAGE XML, with baselines."""

    name: ClassVar[str] = "page-xml"
    constraints: ClassVar[Constraints] = Constraints(
        forbidden=CONTROLS, strips=True, drops_empty=True, lines_need_boxes=True, images=frozenset(("png", "jpg"))
    )
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "boxes"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return XmlWriter(path, page_document)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the lines; raises ValueError where a file is broken."""
        for key, root in documents(path):
            page = root.find("p:Page", _NS)
            lines = [_line(line) for line in root.findall(".//p:TextLine", _NS)]
            if page is None or not lines:
                raise ValueError(f"{key}.xml is no page with a line")
            text, meta = read_lines(key, lines)
            yield Stored(key, text, picture_of(path, page.get("imageFilename")), meta)


def _line(element: Element) -> ReadLine:
    words = [(word.findtext("p:TextEquiv/p:Unicode", "", _NS), _corners(word)) for word in element.findall("p:Word", _NS)]
    baseline = element.find("p:Baseline", _NS)
    along = None if baseline is None else baseline_of(baseline.get("points"))
    return ReadLine(element.findtext("p:TextEquiv/p:Unicode", "", _NS), _corners(element), along, words)


def _corners(element: Element) -> list[float] | None:
    coords = element.find("p:Coords", _NS)
    return None if coords is None else corners_of(coords.get("points"))
