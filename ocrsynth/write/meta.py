"""The metadata of a sample as JSON.

Keys: ``text``; ``width`` and ``height`` in px; ``clusters`` and ``words``: code-point ranges ``[start, end]``;
``cluster_quads`` and ``word_quads``: four corners ``[x, y]`` each, clockwise from the top-left of the upright text, in
px with two decimals; ``line_quad``; ``baseline``: a polyline; ``provenance``.  All in logical order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from ocrsynth.records import Sample

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
