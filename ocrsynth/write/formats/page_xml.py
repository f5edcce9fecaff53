"""PAGE XML 2019-07-15: a picture and an XML file a line, with baseline, outline and words; read by kraken and eScriptorium."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ocrsynth.write.base import FORMATS, Constraints, ShardWriter, Stored
from ocrsynth.write.folders import FolderFormat
from ocrsynth.write.xml import CONTROLS, PAGE_NAMESPACE, XmlWriter, corners_of, documents, page_document, picture_of, with_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NS = {"p": PAGE_NAMESPACE}


@FORMATS.register
class PageXml(FolderFormat):
    """Pages of one line in PAGE XML, with baselines."""

    name: ClassVar[str] = "page-xml"
    constraints: ClassVar[Constraints] = Constraints(
        forbidden=CONTROLS, strips=True, drops_empty=True, images=frozenset(("png", "jpg"))
    )
    keeps: ClassVar[frozenset[str]] = frozenset(("key", "boxes"))

    def open(self, path: Path) -> ShardWriter:
        """Return a writer of a new folder at *path*."""
        return XmlWriter(path, page_document)

    def read(self, path: Path) -> Iterator[Stored]:
        """Yield the lines; raises ValueError where a file is broken."""
        for key, root in documents(path):
            page = root.find("p:Page", _NS)
            texts = [t.text or "" for t in root.findall(".//p:TextLine/p:TextEquiv/p:Unicode", _NS)]
            if page is None or len(texts) != 1:
                raise ValueError(f"{key}.xml is no page of one line")
            words = []
            for word in root.findall(".//p:TextLine/p:Word", _NS):
                coords = word.find("p:Coords", _NS)
                content = word.findtext("p:TextEquiv/p:Unicode", "", _NS)
                words.append((content, None if coords is None else corners_of(coords.get("points"))))
            yield Stored(key, texts[0], picture_of(path, page.get("imageFilename")), with_words(key, texts[0], words))
