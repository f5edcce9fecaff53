"""The metadata of a sample as JSON.

Keys: ``text``; ``width`` and ``height`` in px; ``clusters`` and ``words``: code-point ranges ``[start, end]``;
``cluster_quads`` and ``word_quads``: four corners ``[x, y]`` each, clockwise from the top-left of the upright text, in
px with two decimals; ``line_quad``; ``baseline``: a polyline; ``provenance``.  All in logical order.  Of several lines
``lines``, ``line_quads`` and ``line_baselines`` are those of each; ``line_quad`` is the outline of all, ``baseline`` that of
the first.  A recipe may leave out the clusters, or all boxes.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ocrsynth.records import LINE_FEED
from ocrsynth.write.base import Stored

if TYPE_CHECKING:
    from ocrsynth.records import Sample

_LARGEST_PX = 1 << 20
T = TypeVar("T")
Pair = Annotated[list[T], Field(min_length=2, max_length=2)]
Quad = Annotated[list[Pair[float]], Field(min_length=4, max_length=4)]


class Metadata(BaseModel):
    """The metadata of a sample as read back; raises pydantic's ValidationError where it is broken."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)

    text: str
    width: int = Field(gt=0, le=_LARGEST_PX)
    height: int = Field(gt=0, le=_LARGEST_PX)
    clusters: list[Pair[int]] | None = None
    cluster_quads: list[Quad] | None = None
    words: list[Pair[int]] | None = None
    word_quads: list[Quad] | None = None
    line_quad: Quad | None = None
    baseline: list[Pair[float]] | None = None
    lines: list[Pair[int]] | None = None
    line_quads: list[Quad] | None = None
    line_baselines: list[list[Pair[float]]] | None = None


def fault_of(stored: Stored) -> str | None:
    """Return why a sample that was read cannot be what it says, or None: its label, ranges of it, and points.

    Any of the keys may be lacking, and others may be there: the data set may be anybody's.
    """
    text, meta = stored.text, stored.meta
    if not isinstance(text, str):
        return f"its label is no text, got {text!r}"
    if not isinstance(meta, dict):
        return f"its metadata are no mapping, got {_shown(meta)}"
    usual = {"width": 1, "height": 1}
    try:
        known = Metadata.model_validate(usual | meta | {"text": text})
    except ValidationError as error:
        key = str(error.errors(include_url=False)[0]["loc"][0])
        return f"its {key} {_MUST_BE[key]}, got {_shown(meta[key])}"
    for key, ranges, beside in (
        ("clusters", known.clusters, {"cluster_quads": known.cluster_quads}),
        ("words", known.words, {"word_quads": known.word_quads}),
        ("lines", known.lines, {"line_quads": known.line_quads, "line_baselines": known.line_baselines}),
    ):
        if any(not 0 <= start < end <= len(text) for start, end in ranges or ()):
            return f"its {key} {_MUST_BE[key]}, got {_shown(ranges)}"
        for name, values in beside.items():
            if ranges is not None and values and len(values) != len(ranges):
                return f"its {name} {_MUST_BE[name]}, got {_shown(values)}"
    return None


def _shown(value: Any) -> str:
    return repr(value)[:60]


_MUST_BE = {
    **dict.fromkeys(("width", "height"), "is no number of px"),
    **dict.fromkeys(("clusters", "words", "lines"), "are no ranges of the label"),
    **dict.fromkeys(("cluster_quads", "word_quads", "line_quads"), "are not four corners of each"),
    "line_baselines": "are not a line of points for each",
    "line_quad": "is not four corners",
    "baseline": "is no line of points",
}
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS


Boxes = Literal["all", "words", "none"]
"""Which boxes are stored: those of clusters, words and line; of words and line; or of nothing."""


def as_dict(sample: Sample, boxes: Boxes = "all") -> dict[str, Any]:
    """Return the metadata of *sample*; arrays stay arrays."""
    height, width = sample.image.shape[:2]
    found: dict[str, Any] = {"text": sample.text, "width": width, "height": height}
    if boxes == "all":
        found |= {"clusters": sample.cluster_ranges, "cluster_quads": sample.cluster_quads}
    if boxes != "none":
        found |= {
            "words": sample.word_ranges,
            "word_quads": sample.word_quads,
            "line_quad": sample.line.quad,
            "baseline": sample.line.baseline,
        }
    if boxes != "none" and sample.lines:
        ends = [*accumulate(len(line) + 1 for line in sample.text.split(LINE_FEED))]
        found |= {
            "lines": [[start, end - 1] for start, end in pairwise((0, *ends))],
            "line_quads": [line.quad for line in sample.lines],
            "line_baselines": [line.baseline for line in sample.lines],
        }
    found["provenance"] = sample.provenance
    return found


def stored_of(sample: Sample, boxes: Boxes = "all") -> Stored:
    """Return *sample* as it is handed to the writers of formats."""
    return Stored(sample.key, sample.text, sample.encoded, as_dict(sample, boxes), sample.mask)


def to_json(meta: dict[str, Any]) -> bytes:
    """Return metadata as UTF-8 JSON on one line, keys sorted; arrays become lists."""
    return orjson.dumps(meta, option=_OPTIONS)
