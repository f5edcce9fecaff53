"""Every key of a recipe changes what is made: a key that nothing reads would be a promise without a deed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from keys import CHANGES

from ocrsynth import Recipe
from ocrsynth.pipeline import Pipeline

_COUNT = 32
_MORE = 200
"""Samples of which some are near the bounds of legibility."""
_RECEIPT = {"degrade": "receipt"}
_BESIDE: dict[str, dict[str, Any]] = {
    "text.foreign.share": {"text": {"foreign": {"languages": ["fr"], "share": 0.1}}},
    "text.loanwords.languages": {"text": {"loanwords": {"languages": ["de"], "share": 1.0}}},
    "text.kashida": {"language": "ar"},
    "text.other_digits": {"language": "hi"},
    "fonts.bold_em": {"fonts": {"synthetic_bold": 1.0, "families": ["Anton"]}},
    "fonts.slant_ratio": {"fonts": {"synthetic_slant": 1.0, "families": ["Anton"]}},
    "fonts.stress_em": {"fonts": {"stressed": 1.0, "spaced": 0}},
    "fonts.pitch_em": {"fonts": {"pitched": 1.0, "classes": {"serif": 1}}},
    "fonts.optical_size_pt": {"fonts": {"families": ["Literata"], "regular": 0}},
    "fonts.width_percent": {"fonts": {"families": ["Inconsolata"], "regular": 0}},
    "fonts.letter_spacing_em": {"fonts": {"spaced": 1.0}},
    "fonts.word_spacing_em": {"fonts": {"spaced": 1.0}},
    "fonts.fallback": {
        "fonts": {"families": ["Anton", "Roboto"]},
        "text": {"sources": [{"pattern": {"templates": ["5€ – £3 §1 °C"]}}]},
    },
    "render.max_width_px": {"render": {"height_px": 64}, "text": {"length_clusters": [60, 120]}},
    "render.line_pitch_em": {"render": {"lines": [2, 2]}},
    "render.alignment.start": {"render": {"lines": [2, 2], "alignment": {"end": 1.0}}},
    "render.alignment.centre": {"render": {"lines": [2, 2]}},
    "render.alignment.end": {"render": {"lines": [2, 2]}},
    "render.bend_em": {"render": {"bent": 1.0}},
    "render.jitter_em": {"render": {"jittered": 1.0}},
    "render.coloured_paper": {"render": {"color": "rgb"}},
    "render.coloured_ink": {"render": {"color": "rgb"}},
    "render.decoration.line_distance_em": {"render": {"decoration": {"neighbours": 1.0}}},
    **{f"legibility.{key}": _RECEIPT for key in ("min_contrast_grey", "min_cluster_contrast_grey", "min_correlation")},
    **{f"legibility.{key}": _RECEIPT for key in ("min_correlation_along", "window_em", "attempts")},
    "output.image": {"degrade": "scan"},
    "output.quality": {"output": {"image": "jpeg"}},
}
"""What a key needs beside it to be seen."""
_ELSEWHERE = {
    # Of files, of shards, and of what a run says: tests of those hold them.
    *("fonts.sets", "fonts.folders", "fonts.system", "render.backgrounds", "render.background_share", "render.vertical"),
    *("text.coverage.at_least", "text.coverage.samples", "legibility.rejects_per_sample"),
    *("output.format", "output.boxes", "output.unreadable", "output.shard_size"),
    # At their usual sizes lines do not come near to these bounds.
    *("legibility.min_em_px", "legibility.min_advance_px"),
}


@lru_cache(maxsize=64)
def _made(recipe: Recipe, count: int) -> list[tuple[object, ...]]:
    return [(s.encoded, s.text, s.mask, s.provenance["split"]) for s in Pipeline(recipe).batch(range(count))]


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return {
            key: _merged(below[key], above[key]) if key in below and key in above else {**below, **above}[key]
            for key in below | above
        }
    return above


@pytest.mark.parametrize("path", sorted(CHANGES.keys() - _ELSEWHERE))
def test_a_key_changes_what_is_made(path: str) -> None:
    beside = {"language": "en", "degrade": "clean"} | _BESIDE.get(path, {})
    change = CHANGES[path]
    for name in reversed(path.split(".")):
        change = {name: change}
    count = _MORE if path.startswith("legibility") else _COUNT
    assert _made(Recipe.from_dict(_merged(beside, change)), count) != _made(Recipe.from_dict(beside), count)
