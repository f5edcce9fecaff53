"""Synthetic OCR training images: any language, proved labels, the same bytes for the same seed.

Names are loaded on first use, so that ``import ocrsynth`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocrsynth.augment import degrade_image
    from ocrsynth.generation.run import generate
    from ocrsynth.pipeline import make_sample
    from ocrsynth.recipe import Recipe
    from ocrsynth.records import Cluster, Line, Sample, Word

__all__ = ["Cluster", "Line", "Recipe", "Sample", "Word", "degrade_image", "generate", "make_sample"]

_HOME = {
    "Cluster": "ocrsynth.records",
    "Line": "ocrsynth.records",
    "Recipe": "ocrsynth.recipe",
    "Sample": "ocrsynth.records",
    "Word": "ocrsynth.records",
    "degrade_image": "ocrsynth.augment",
    "generate": "ocrsynth.generation.run",
    "make_sample": "ocrsynth.pipeline",
}


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it."""
    if name not in _HOME:
        raise AttributeError(f"module 'ocrsynth' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
