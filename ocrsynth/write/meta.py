"""The metadata of a sample as JSON.

Keys: ``text``; ``width`` and ``height`` in px; ``clusters`` and ``words``: code-point ranges ``[start, end]``;
``cluster_quads`` and ``word_quads``: four corners ``[x, y]`` each, clockwise from the top-left of the upright text, in
px with two decimals; ``line_quad``; ``baseline``: a polyline; ``provenance``.  All in logical order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
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
    clusters: list[Pair[int]]
    cluster_quads: list[Quad]
    words: list[Pair[int]]
    word_quads: list[Quad]
    line_quad: Quad
    baseline: list[Pair[float]]


_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_SORT_KEYS


def as_dict(sample: Sample) -> dict[str, Any]:
    """Return the metadata of *sample*; arrays stay arrays."""
    height, width = sample.image.shape[:2]
    return {
        "text": sample.text,
        "width": width,
        "height": height,
        "clusters": sample.cluster_ranges,
        "cluster_quads": sample.cluster_quads,
        "words": sample.word_ranges,
        "word_quads": sample.word_quads,
        "line_quad": sample.line.quad,
        "baseline": sample.line.baseline,
        "provenance": sample.provenance,
    }


def to_json(sample: Sample) -> bytes:
    """Return the metadata of *sample* as UTF-8 JSON on one line, keys sorted."""
    return orjson.dumps(as_dict(sample), option=_OPTIONS)
