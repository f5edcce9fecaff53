"""The lock of a recipe: what its samples depend on beside itself, as it was when they were made."""

from __future__ import annotations

from typing import Any

from ocrsynth.errors import AssetError, RecipeError


def check_lock(locked: Any, here: dict[str, Any], path: str) -> None:
    """Raise AssetError, beginning with *path*, if *here* samples would be others than where *locked* was written."""
    if not isinstance(locked, dict):
        raise RecipeError(f"{path}: lock: must be a mapping, got {locked!r}; take the recipe without its lock")
    then, now = _flat(locked), _flat(here)
    for key in sorted({*then, *now}):
        if then.get(key) != now.get(key):
            got = f"got {now.get(key)!r} where the lock has {then.get(key)!r}"
            what, advice = "this installation would make other samples", "install what the lock names"
            if key.startswith("files."):
                what, advice = "a file that the recipe names is another one", "restore it"
            raise AssetError(f"{path}: lock.{key}: {what}, {got}; {advice}, or remove the lock section")


def _flat(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + str(key)] = value
    return flat
