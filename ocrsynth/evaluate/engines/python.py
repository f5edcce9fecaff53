"""Any Python function from a list of pictures to a list of strings, by its place: ``python:package.module:function``."""

from __future__ import annotations

import ast
import sys
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ocrsynth.errors import RecipeError
from ocrsynth.evaluate.engine import ENGINES, Engine, FunctionEngine

_MOST_FILES = 1000


def files_of(place: str) -> list[Path]:
    """Return the file of the module in ``package.module:object``, and those beside it that it imports, near or far.

    Nothing is imported but its packages; packages that are installed elsewhere are left to their versions.
    """
    first = file_of(place)
    if not first:
        return []
    package = place.partition(":")[0].partition(".")[0]
    root = next((parent.parent for parent in first[0].parents if parent.name == package), first[0].parent)
    seen: dict[Path, None] = {}
    waiting = list(first)
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".py" or len(seen) > _MOST_FILES:
            continue
        seen[path] = None
        with suppress(OSError, SyntaxError, ValueError):
            waiting += [file for name in _imported(ast.parse(path.read_bytes()), path, root) for file in _below(root, name)]
    return [*seen, *(path for path in first if path not in seen)]


def _imported(tree: ast.Module, path: Path, root: Path) -> list[str]:
    """Return the names of modules that a module imports, those that are told from its own place spelt out."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            folder = path.parent.relative_to(root).parts if path.is_relative_to(root) else ()
            before = folder[: len(folder) - node.level + 1] if node.level else ()
            base = ".".join(part for part in (*before, node.module) if part)
            found += [base, *(f"{base}.{alias.name}".removeprefix(".") for alias in node.names)]
    return found


def _below(root: Path, name: str) -> list[Path]:
    """Return the files that stand for a module's name below *root*, with those of the packages that it is in."""
    parts = name.split(".")
    places = [root.joinpath(*parts[: i + 1]) for i in range(len(parts))]
    return [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()]


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
        """Return the files of the module, and of those of its own that it imports."""
        return files_of(arguments)

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
