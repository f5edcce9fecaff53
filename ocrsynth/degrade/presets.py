"""Presets: ready chains, one YAML file each in ``degrade/presets/``; some are mixtures of styles with chains of others."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from ocrsynth import assets
from ocrsynth.errors import RecipeError, suggest

_FOLDER = Path(__file__).resolve().parent / "presets"


@lru_cache(maxsize=32)
def _parsed(name: str) -> dict[str, Any]:
    return assets.read_yaml(_FOLDER / f"{name}.yaml")


def _read(name: str) -> dict[str, Any]:
    """Return the content of a preset's file, a copy of the caller's own."""
    return deepcopy(_parsed(name))


def preset_names() -> list[str]:
    """Return the names of all presets, sorted."""
    return sorted(p.stem for p in _FOLDER.glob("*.yaml"))


def preset_section(name: str, section: str) -> dict[str, Any]:
    """Return what a preset says of a section for its kind of document: in ``fonts`` of type, in ``render`` of paper and ink."""
    if name not in preset_names():
        return {}
    said: dict[str, Any] = _read(name).get(section, {})
    return said


def preset_styles(name: str) -> list[dict[str, Any]]:
    """Return the styles of a preset: partial recipes with ``name``, ``weight`` and ``degrade``, the preset of their chain."""
    if name not in preset_names():
        return []
    styles: list[dict[str, Any]] = _read(name).get("styles", [])
    return styles


def read_preset(name: str, where: str) -> list[dict[str, Any]]:
    """Return the chain entries of a preset; raises RecipeError if there is none of this name.

    Of a preset of styles that is one group, of which each picture takes the chain of one style.
    """
    known = preset_names()
    if name not in known:
        raise RecipeError(f"{where}: unknown preset {name!r}; {suggest(name, known)}")
    if styles := preset_styles(name):
        members: list[dict[str, Any]] = [
            {"sequence": {"weight": style.get("weight", 1), "ops": read_preset(style["degrade"], where)}} for style in styles
        ]
        return [{"one_of": {"ops": members}}]
    chain: list[dict[str, Any]] = _read(name)["chain"]
    return chain


def preset_summary(name: str) -> str:
    """Return in a sentence what a preset imitates: the comment at the head of its file."""
    head = []
    for line in (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        head.append(line.removeprefix("#").strip())
    return " ".join(head)
