"""PAGE and ALTO: pages of one line or of several, with baselines and words."""

from __future__ import annotations

from contextlib import suppress
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import numpy as np

from ocrsynth.records import LINE_FEED
from ocrsynth.write.base import lines_of_label
from ocrsynth.write.folders import FolderWriter, boxes_in, quads_of, read_picture, shape_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from ocrsynth.write.base import Stored

PAGE_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
ALTO_NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
CONTROLS = frozenset(chr(c) for c in (*range(32), 0x7F, 0xFFFE, 0xFFFF)) - {LINE_FEED}
"""Characters that XML 1.0 cannot hold or readers normalise; what a line feed parts are elements of their own."""


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


class _Line(NamedTuple):
    """A line of a page: outline float64 (4, 2), baseline float64 (k, 2), and its words with their quads."""

    text: str
    outline: NDArray[np.float64]
    baseline: NDArray[np.float64]
    words: list[tuple[str, NDArray[np.float64]]]


def _lines_of(stored: Stored, height: int, width: int) -> list[_Line]:
    """Return the lines of a sample; without boxes the frame of a single one stands in for them."""
    meta, words = stored.meta, words_of(stored)
    if texts := lines_of_label(stored):
        starts = [start for start, _ in np.asarray(meta.get("words", ()), np.int64).reshape(-1, 2).tolist()]
        return [
            _Line(
                text,
                outline,
                np.asarray(baseline, np.float64),
                [word for word, at in zip(words, starts, strict=True) if start <= at < end],
            )
            for text, (start, end), outline, baseline in zip(
                texts, meta["lines"], quads_of(meta, "line_quads"), meta["line_baselines"], strict=True
            )
        ]
    outline, baseline = meta.get("line_quad"), meta.get("baseline")
    outline = _frame(height, width) if outline is None else np.asarray(outline, np.float64)
    baseline = np.asarray(((0, 0.75 * height), (width, 0.75 * height)) if baseline is None else baseline, np.float64)
    return [_Line(stored.text, outline, baseline, words)]


def _frame(height: int, width: int) -> NDArray[np.float64]:
    return np.array(((0, 0), (width, 0), (width, height), (0, height)), np.float64)


def page_document(stored: Stored, picture: str) -> ET.Element:
    """Return a PAGE 2019-07-15 document of one region."""
    height, width = shape_of(stored)
    root = ET.Element("PcGts", {"xmlns": PAGE_NAMESPACE})
    about = ET.SubElement(root, "Metadata")
    # The same samples give the same bytes: the date is that of the schema.
    for name, text in (("Creator", "ocrsynth"), ("Created", "2019-07-15T00:00:00"), ("LastChange", "2019-07-15T00:00:00")):
        ET.SubElement(about, name).text = text
    page = ET.SubElement(root, "Page", imageFilename=picture, imageWidth=str(width), imageHeight=str(height))
    region = ET.SubElement(page, "TextRegion", id="r1", type="paragraph")
    ET.SubElement(region, "Coords", points=_points(_frame(height, width), height, width))
    n_words = 0
    for number, line in enumerate(_lines_of(stored, height, width), 1):
        element = ET.SubElement(region, "TextLine", id=f"l{number}")
        ET.SubElement(element, "Coords", points=_points(line.outline, height, width))
        ET.SubElement(element, "Baseline", points=_points(line.baseline, height, width))
        for text, quad in line.words:
            n_words += 1
            word = ET.SubElement(element, "Word", id=f"w{n_words}")
            ET.SubElement(word, "Coords", points=_points(quad, height, width))
            ET.SubElement(ET.SubElement(word, "TextEquiv"), "Unicode").text = text
        ET.SubElement(ET.SubElement(element, "TextEquiv"), "Unicode").text = line.text
    return root


def alto_document(stored: Stored, picture: str) -> ET.Element:
    """Return an ALTO 4 document of one block."""
    height, width = shape_of(stored)
    root = ET.Element("alto", {"xmlns": ALTO_NAMESPACE})
    about = ET.SubElement(root, "Description")
    ET.SubElement(about, "MeasurementUnit").text = "pixel"
    ET.SubElement(ET.SubElement(about, "sourceImageInformation"), "fileName").text = picture
    size = {"WIDTH": str(width), "HEIGHT": str(height)}
    page = ET.SubElement(ET.SubElement(root, "Layout"), "Page", {"ID": "p1", "PHYSICAL_IMG_NR": "1", **size})
    space = ET.SubElement(page, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    block = ET.SubElement(space, "TextBlock", {"ID": "b1", "HPOS": "0", "VPOS": "0", **size})
    n_strings = 0
    for number, line in enumerate(_lines_of(stored, height, width), 1):
        along = _points(line.baseline, height, width).replace(",", " ")
        element = ET.SubElement(block, "TextLine", {"ID": f"l{number}", "BASELINE": along, **_box(line.outline, height, width)})
        shape = ET.SubElement(element, "Shape")
        ET.SubElement(shape, "Polygon", POINTS=_points(line.outline, height, width).replace(",", " "))
        # Spaces between words have an element of their own; a label without boxes is one string.
        whole = " ".join(text for text, _ in line.words) == line.text
        for at, (text, quad) in enumerate(line.words if whole else [(line.text, line.outline)]):
            if at:
                ET.SubElement(element, "SP")
            n_strings += 1
            ET.SubElement(element, "String", {"ID": f"s{n_strings}", "CONTENT": text, **_box(quad, height, width)})
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


def numbers_of(points: str | None) -> list[float]:
    """Return the numbers of ``x,y x,y …``; raises ValueError where they are none."""
    return [float(n) for n in (points or "").replace(",", " ").split()]


def baseline_of(points: str | None) -> list[float] | None:
    """Return the numbers of a baseline, or None where it is none: its place is told by the outline as well."""
    with suppress(ValueError):
        return numbers_of(points)
    return None


def corners_of(points: str | None) -> list[float] | None:
    """Return the four corners of ``x,y x,y …``, or of the box around more of them, as x, y, …; None if there are none.

    Raises ValueError where they are no numbers.
    """
    flat = numbers_of(points)
    corners = np.reshape(flat, (-1, 2))
    if not len(corners):
        return None
    return flat if len(corners) == _CORNERS else rectangle(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())


def rectangle(left: float, top: float, right: float, bottom: float) -> list[float]:
    """Return the corners of an upright box, x, y, … clockwise from the top-left."""
    return [left, top, right, top, right, bottom, left, bottom]


class ReadLine(NamedTuple):
    """A line as a document has it: corners x, y, … of its outline and of each word, where they are known."""

    text: str
    outline: list[float] | None
    baseline: list[float] | None
    words: list[tuple[str, list[float] | None]]


def read_lines(key: str, lines: list[ReadLine]) -> tuple[str, dict[str, Any]]:
    """Return the label of *lines*, and the metadata of them and of their words; raises ValueError if those are not its own.

    Where not each word of the label has corners there are no boxes of words; those of lines are read where each has an
    outline and a baseline.  Lines without text, as pages have them that are not transcribed to the end, are none.
    """
    lines = [line for line in lines if line.text] or lines[:1]
    text = LINE_FEED.join(line.text for line in lines)
    words = [word for line in lines for word in line.words]
    found = [(word, corners) for word, corners in words if corners is not None]
    meta: dict[str, Any] = {"text": text}
    if [word for word, _ in found] == text.split():
        meta |= boxes_in(text, found)
    elif not all(word in text for word, _ in words):
        raise ValueError(f"{key}.xml has words that are not in its label")
    known = all(line.outline and _is_polyline(line.baseline) for line in lines)
    if known and len(lines) == 1:
        meta |= {"line_quad": np.reshape(lines[0].outline or (), (4, 2)).tolist()}
        meta |= {"baseline": np.reshape(lines[0].baseline or (), (-1, 2)).tolist()}
    elif known:
        ends = [*accumulate(len(line.text) + 1 for line in lines)]
        meta |= {
            "lines": [[start, end - 1] for start, end in pairwise((0, *ends))],
            "line_quads": np.reshape([line.outline for line in lines], (-1, 4, 2)).tolist(),
            "line_baselines": [np.reshape(line.baseline or (), (-1, 2)).tolist() for line in lines],
        }
    return text, meta


def _is_polyline(numbers: list[float] | None) -> bool:
    """Tell whether *numbers* are points; earlier versions of ALTO have one height there."""
    return numbers is not None and len(numbers) >= 2 * _ENDS and len(numbers) % 2 == 0


_ENDS = 2
_CORNERS = 4


def picture_of(path: Path, name: Any) -> bytes:
    """Return the picture that a document names."""
    return read_picture(path, str(name or ""))
