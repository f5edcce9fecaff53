"""Presets: ready chains, one YAML file each in ``degrade/presets/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ocrsynth import assets
from ocrsynth.errors import RecipeError, suggest

_FOLDER = Path(__file__).resolve().parent / "presets"


def preset_names() -> list[str]:
    """Return the names of all presets, sorted."""
    return sorted(p.stem for p in _FOLDER.glob("*.yaml"))


def preset_render(name: str) -> dict[str, Any]:
    """Return what a preset says of the ``render`` section: the papers, inks and rules of its kind of document."""
    if name not in preset_names():
        return {}
    render: dict[str, Any] = assets.read_yaml(_FOLDER / f"{name}.yaml").get("render", {})
    return render


def read_preset(name: str, where: str) -> list[dict[str, Any]]:
    """Return the chain entries of a preset; raises RecipeError if there is none of this name."""
    known = preset_names()
    if name not in known:
        raise RecipeError(f"{where}: unknown preset {name!r}; {suggest(name, known)}")
    chain: list[dict[str, Any]] = assets.read_yaml(_FOLDER / f"{name}.yaml")["chain"]
    return chain


def preset_summary(name: str) -> str:
    """Return in a sentence what a preset imitates: the comment at the head of its file."""
    head = []
    for line in (_FOLDER / f"{name}.yaml").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        head.append(line.removeprefix("#").strip())
    return " ".join(head)
