"""Any Python function from a list of pictures to a list of strings, by its place: ``python:package.module:function``."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ocrsynth.errors import RecipeError
from ocrsynth.evaluate.engine import ENGINES, Engine, FunctionEngine


def file_of(place: str) -> list[Path]:
    """Return the file of the module in ``package.module:object``, if there is one; nothing is imported but its packages."""
    module = place.partition(":")[0]
    _find_here()
    try:
        spec = find_spec(module) if module else None
    except (ImportError, ValueError):
        return []
    return [Path(spec.origin)] if spec is not None and spec.has_location and spec.origin else []


def _find_here() -> None:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)


def object_at(place: str, spec: str) -> Any:
    """Return the object at ``package.module:object``; modules of the current folder are found as well; raises RecipeError."""
    module, _, name = place.partition(":")
    if not module or not name:
        raise RecipeError(f"engine {spec!r}: must name a module and an object, got {place!r}; write package.module:object")
    _find_here()
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise RecipeError(f"engine {spec!r}: cannot be loaded, {error}; check the name") from None
    return found


@ENGINES.register
class Python(FunctionEngine):
    """The function is given uint8 arrays, (H, W) or (H, W, 3) RGB.

    A class is called once without arguments, and what it makes is the function.  Attributes ``charset`` and ``version`` of the
    function go into the report.
    """

    name = "python"

    @classmethod
    def files(cls, arguments: str) -> list[Path]:
        """Return the file of the module."""
        return file_of(arguments)

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine of ``package.module:object``."""
        del language
        spec = f"python:{arguments}"
        found = object_at(arguments, spec)
        if isinstance(found, type):
            found = found()
        if not callable(found):
            raise RecipeError(f"engine {spec!r}: must be callable with a list of arrays, got {type(found).__name__}")
        return cls(found, arguments)
