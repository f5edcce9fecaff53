"""PAGE and ALTO: pages of one line, with baseline and words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np

from ocrsynth.write.folders import FolderWriter, boxes_in, quads_of, read_picture, shape_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ocrsynth.write.base import Stored

PAGE_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
ALTO_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
CONTROLS = frozenset(chr(c) for c in (*range(32), 0x7F, 0xFFFE, 0xFFFF))
"""Characters that XML 1.0 cannot hold or readers normalise."""


class XmlWriter(FolderWriter):
    """Writes each picture and, beside it, one XML file."""

    def __init__(self, path: Path, document: Callable[[Stored, str], ET.Element]) -> None:
        super().__init__(path)
        self._document = document

    def add(self, stored: Stored) -> None:
        """Append a sample."""
        root = self._document(stored, self.put_picture(stored._replace(mask=None)))
        content = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        (self.path / f"{stored.key}.xml").write_bytes(content + b"\n")


def _points(points: NDArray[np.float64], height: int, width: int) -> str:
    whole = np.clip(np.rint(points), 0, (width - 1, height - 1)).astype(int)
    return " ".join(f"{x},{y}" for x, y in whole.tolist())


def _geometry(stored: Stored) -> tuple[int, int, NDArray[np.float64], NDArray[np.float64]]:
    """Return height, width, the line's outline and its baseline; without boxes the frame stands in for them."""
    height, width = shape_of(stored)
    quads = quads_of({"line_quad": [stored.meta["line_quad"]]} if "line_quad" in stored.meta else {}, "line_quad")
    frame = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float64)
    outline = quads[0] if len(quads) else frame
    baseline = np.asarray(stored.meta.get("baseline", ((0, 0.75 * height), (width, 0.75 * height))), np.float64)
    return height, width, outline, baseline


def page_document(stored: Stored, picture: str) -> ET.Element:
    """Return a PAGE 2019-07-15 document of one region with one line."""
    height, width, outline, baseline = _geometry(stored)
    root = ET.Element("PcGts", {"xmlns": PAGE_NAMESPACE})
    about = ET.SubElement(root, "Metadata")
    # The same samples give the same bytes: the date is that of the schema.
    for name, text in (("Creator", "ocrsynth"), ("Created", "2019-07-15T00:00:00"), ("LastChange", "2019-07-15T00:00:00")):
        ET.SubElement(about, name).text = text
    page = ET.SubElement(root, "Page", imageFilename=picture, imageWidth=str(width), imageHeight=str(height))
    region = ET.SubElement(page, "TextRegion", id="r1", type="paragraph")
    frame = np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float64)
    ET.SubElement(region, "Coords", points=_points(frame, height, width))
    line = ET.SubElement(region, "TextLine", id="l1")
    ET.SubElement(line, "Coords", points=_points(outline, height, width))
    ET.SubElement(line, "Baseline", points=_points(baseline, height, width))
    for number, (text, quad) in enumerate(words_of(stored), 1):
        word = ET.SubElement(line, "Word", id=f"w{number}")
        ET.SubElement(word, "Coords", points=_points(quad, height, width))
        ET.SubElement(ET.SubElement(word, "TextEquiv"), "Unicode").text = text
    ET.SubElement(ET.SubElement(line, "TextEquiv"), "Unicode").text = stored.text
    return root


def alto_document(stored: Stored, picture: str) -> ET.Element:
    """Return an ALTO 4 document of one block with one line."""
    height, width, outline, baseline = _geometry(stored)
    root = ET.Element("alto", {"xmlns": ALTO_NAMESPACE})
    about = ET.SubElement(root, "Description")
    ET.SubElement(about, "MeasurementUnit").text = "pixel"
    ET.SubElement(ET.SubElement(about, "sourceImageInformation"), "fileName").text = picture
    size = {"WIDTH": str(width), "HEIGHT": str(height)}
    page = ET.SubElement(ET.SubElement(root, "Layout"), "Page", {"ID": "p1", "PHYSICAL_IMG_NR": "1", **size})
    space = ET.SubElement(page, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    block = ET.SubElement(space, "TextBlock", {"ID": "b1", "HPOS": "0", "VPOS": "0", **size})
    along = _points(baseline, height, width).replace(",", " ")
    line = ET.SubElement(block, "TextLine", {"ID": "l1", "BASELINE": along, **_box(outline, height, width)})
    shape = ET.SubElement(line, "Shape")
    ET.SubElement(shape, "Polygon", POINTS=_points(outline, height, width).replace(",", " "))
    words = words_of(stored)
    # Spaces between words have an element of their own; a label without boxes is one string.
    if words and " ".join(text for text, _ in words) == stored.text:
        for number, (text, quad) in enumerate(words, 1):
            if number > 1:
                ET.SubElement(line, "SP")
            ET.SubElement(line, "String", {"ID": f"s{number}", "CONTENT": text, **_box(quad, height, width)})
    else:
        ET.SubElement(line, "String", {"ID": "s1", "CONTENT": stored.text, **_box(outline, height, width)})
    return root


def _box(quad: NDArray[np.float64], height: int, width: int) -> dict[str, str]:
    left, top = np.clip(np.floor(quad.min(axis=0)), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(quad.max(axis=0)), 1, (width, height)).astype(int)
    return {"HPOS": str(left), "VPOS": str(top), "WIDTH": str(max(right - left, 1)), "HEIGHT": str(max(bottom - top, 1))}


def documents(path: Path) -> Iterator[tuple[str, ET.Element]]:
    """Yield key and root of each XML file of a folder; raises ValueError where one is broken."""
    if not path.is_dir():
        raise ValueError("is no folder")
    for file in sorted(path.glob("*.xml")):
        content = file.read_bytes()
        # Documents of ours declare no entities; those of others are not to be expanded.
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise ValueError(f"{file.name} declares a document type, which is not read")
        try:
            yield file.name.removesuffix(".xml"), ET.fromstring(content)  # noqa: S314 - without declarations nothing expands
        except ET.ParseError as error:
            raise ValueError(f"{file.name} is no XML, {error}") from None


def corners_of(points: str | None) -> list[float] | None:
    """Return the four corners of ``x,y x,y …``, or of the box around more of them, as x, y, …; None if there are none.

    Raises ValueError where they are no numbers.
    """
    flat = [float(n) for n in (points or "").replace(",", " ").split()]
    corners = np.reshape(flat, (-1, 2))
    if not len(corners):
        return None
    return flat if len(corners) == _CORNERS else rectangle(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())


def rectangle(left: float, top: float, right: float, bottom: float) -> list[float]:
    """Return the corners of an upright box, x, y, … clockwise from the top-left."""
    return [left, top, right, top, right, bottom, left, bottom]


def with_words(key: str, text: str, words: list[tuple[str, list[float] | None]]) -> dict[str, Any]:
    """Return the metadata of a label and of its words; raises ValueError if they are not those of the label.

    Where not each word of the label has corners there are no boxes.
    """
    found = [(word, corners) for word, corners in words if corners is not None]
    if [word for word, _ in found] != text.split():
        if all(word in text for word, _ in words):
            return {"text": text}
        raise ValueError(f"{key}.xml has words that are not in its label")
    return {"text": text, **boxes_in(text, found)}


_CORNERS = 4


def picture_of(path: Path, name: Any) -> bytes:
    """Return the picture that a document names."""
    return read_picture(path, str(name or ""))
