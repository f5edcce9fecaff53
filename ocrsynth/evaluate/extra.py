"""Packages of the extra ``evaluate``, imported when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ocrsynth.errors import MissingDependencyError

if TYPE_CHECKING:
    from types import ModuleType


def needed(module: str, user: str, extra: str = "evaluate") -> ModuleType:
    """Return a module of an optional package; raises MissingDependencyError that names the extra."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingDependencyError(
            f"{user}: needs package {package}, which cannot be imported ({error}); run: pip install 'ocrsynth[{extra}]'"
        ) from None
