"""The metadata of a sample as JSON.

Keys: ``text``; ``width`` and ``height`` in px; ``clusters`` and ``words``: code-point ranges ``[start, end]``;
``cluster_quads`` and ``word_quads``: four corners ``[x, y]`` each, clockwise from the top-left of the upright text, in
px with two decimals; ``line_quad``; ``baseline``: a polyline; ``provenance``.  All in logical order.  A recipe may leave
out the clusters, or all boxes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field

from ocrsynth.fields import is_whole
from ocrsynth.write.base import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocrsynth.records import Sample

T = TypeVar("T")
Pair = Annotated[list[T], Field(min_length=2, max_length=2)]
Quad = Annotated[list[Pair[float]], Field(min_length=4, max_length=4)]


class Metadata(BaseModel):
    """The metadata of a sample as read back; raises pydantic's ValidationError where it is broken."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)

    text: str
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    clusters: list[Pair[int]] | None = None
    cluster_quads: list[Quad] | None = None
    words: list[Pair[int]] | None = None
    word_quads: list[Quad] | None = None
    line_quad: Quad | None = None
    baseline: list[Pair[float]] | None = None


def fault_of(stored: Stored) -> str | None:
    """Return why a sample that was read cannot be what it says, or None: its label, ranges of it, and points.

    Any of the keys may be lacking, and others may be there: the data set may be anybody's.
    """
    text, meta = stored.text, stored.meta
    if not isinstance(text, str):
        return f"its label is no text, got {text!r}"
    if not isinstance(meta, dict):
        return f"its metadata are no mapping, got {_shown(meta)}"
    there = {key: value for key, value in meta.items() if value is not None}
    return next(_faults(there, len(text)), None)


def _faults(meta: dict[str, Any], length: int) -> Iterator[str]:
    """Yield what is wrong with the metadata of a label of *length* code points."""
    for key in ("width", "height"):
        if key in meta and not is_whole(meta[key], 1, _LARGEST_PX):
            yield f"its {key} is no number of px, got {_shown(meta[key])}"
    for key, quads in (("clusters", "cluster_quads"), ("words", "word_quads")):
        if key in meta and not _are_ranges(meta[key], length):
            yield f"its {key} are no ranges of the label, got {_shown(meta[key])}"
        elif quads in meta and not _are_points(meta[quads], (len(meta[key]) if key in meta else None, 4, 2)):
            yield f"its {quads} are not four corners of each, got {_shown(meta[quads])}"
    if "line_quad" in meta and not _are_points(meta["line_quad"], (4, 2)):
        yield f"its line_quad is not four corners, got {_shown(meta['line_quad'])}"
    if "baseline" in meta and not _are_points(meta["baseline"], (None, 2)):
        yield f"its baseline is no line of points, got {_shown(meta['baseline'])}"


def _shown(value: Any) -> str:
    return repr(value)[:60]


def _are_ranges(value: Any, end: int) -> bool:
    """Tell whether *value* is a list of half-open ranges, none of them empty, below *end*."""
    if not isinstance(value, list):
        return False
    pairs = [pair for pair in value if isinstance(pair, list) and len(pair) == len(("start", "end"))]
    return len(pairs) == len(value) and all(is_whole(a, 0, end) and is_whole(b, int(a) + 1, end) for a, b in pairs)


def _are_points(value: Any, shape: tuple[int | None, ...]) -> bool:
    """Tell whether *value* is an array of finite numbers of a *shape*, None for any length, or an empty one."""
    try:
        points = np.asarray(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        return False
    fits = len(points.shape) == len(shape) and all(n in (m, None) for m, n in zip(points.shape, shape, strict=True))
    return (fits or (not points.size and not shape[0])) and bool(np.isfinite(points).all())


_LARGEST_PX = 1 << 20
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
    found["provenance"] = sample.provenance
    return found


def stored_of(sample: Sample, boxes: Boxes = "all") -> Stored:
    """Return *sample* as it is handed to the writers of formats."""
    return Stored(sample.key, sample.text, sample.encoded, as_dict(sample, boxes), sample.mask)


def to_json(meta: dict[str, Any]) -> bytes:
    """Return metadata as UTF-8 JSON on one line, keys sorted; arrays become lists."""
    return orjson.dumps(meta, option=_OPTIONS)
