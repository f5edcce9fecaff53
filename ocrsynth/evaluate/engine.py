"""What an engine is, and the registry of engines.

An engine is named by a spec on the command line: ``tesseract``, ``tesseract:psm=7``, ``python:package.module:function``.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ocrsynth.errors import RecipeError, suggest
from ocrsynth.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


class Recognition(NamedTuple):
    """A reading with the engine's confidence, 0 to 1, if it tells one."""

    text: str
    confidence: float | None = None


class Key(NamedTuple):
    """Which picture an engine is given."""

    condition: str
    line: int


class Unanswered(Exception):  # noqa: N818 - a verdict on one picture, counted and survived
    """No reading of one picture was to be had; *status* is a slug that reports count."""

    def __init__(self, status: str, detail: str = "") -> None:
        super().__init__(f"{status}: {detail}" if detail else status)
        self.status = status


class Engine(ABC):
    """An OCR engine that reads pictures of single lines.

    Engines are made in the process that uses them, and read with one thread.
    """

    name: ClassVar[str]
    """In specs; equal to the file's name."""
    BATCH: ClassVar[int] = 8
    """How many pictures it is given at once."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Packages that it imports."""
    extra: ClassVar[str] = "evaluate"
    """The extra that brings them."""
    charset: frozenset[str] | None = None
    """The characters that it can write, if that is known."""

    @classmethod
    @abstractmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine of a spec's part behind the colon.  *language* is the id of an alphabet, such as ``en_Latn``.

        Raises RecipeError for wrong arguments, MissingDependencyError, or AssetError for a missing model.
        """

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Return the versions of all that decides what it reads, for the report."""

    @abstractmethod
    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Return a reading of each of *images*, uint8 (H, W) or (H, W, 3) RGB; None for one that it cannot read."""

    def read_keyed(self, images: Sequence[NDArray[np.uint8]], keys: Sequence[Key]) -> Sequence[str | Recognition | None]:
        """Return `read`; an engine that needs to know which pictures they are overrides this."""
        del keys
        return self.read(images)

    def check_pictures(self, conditions: Sequence[str], n_lines: int | None) -> None:  # noqa: B027 - most take any picture
        """Raise RecipeError for readings, if it has any already, of pictures that there are not, before it is given the first.

        *conditions* are all of the suite; lines are numbered from 0 to *n_lines* - 1, without end where it is None.
        """

    @classmethod
    def files(cls, arguments: str) -> list[Path]:
        """Return the files named in a spec that decide what it reads: if one has changed, an evaluation begins anew."""
        del arguments
        return []

    @classmethod
    def missing(cls) -> str | None:
        """Return what must be installed before it can be made, or None; packages are looked for, not imported."""
        lacking = [package for package in cls.requires if find_spec(package) is None]
        return f"{', '.join(lacking)}; run: pip install 'ocrsynth[{cls.extra}]'" if lacking else None

    def close(self) -> None:  # noqa: B027 - most engines have nothing to end
        """End processes and remove files."""


ENGINES: Registry[type[Engine]] = Registry("engine", "ocrsynth.evaluate.engines", "ocrsynth.engines")


def engine_of(spec: str, language: str) -> Engine:
    """Return the engine of a spec, ``name`` or ``name:arguments``; raises RecipeError and what `Engine.from_spec` raises."""
    name, _, arguments = spec.partition(":")
    return ENGINES.get(name, "engine").from_spec(arguments, language)


def files_of(spec: str) -> list[Path]:
    """Return the files that decide what the engine of a spec reads; none of what is no spec."""
    name, _, arguments = spec.partition(":")
    return ENGINES.get(name, "engine").files(arguments) if arguments and name in ENGINES else []


def described() -> list[dict[str, str | None]]:
    """Return name, description and what is missing (a message, or None) of each engine, without loading a model."""
    found: list[dict[str, str | None]] = []
    for name in ENGINES:
        cls = ENGINES.get(name, "engine")
        about = " ".join((inspect.getdoc(cls) or "").split("\n\n", 1)[0].split())
        found.append({"name": name, "about": about, "missing": cls.missing()})
    return found


def options_of(arguments: str, spec: str, **defaults: Any) -> dict[str, Any]:
    """Return the ``key=value,key=value`` of a spec over *defaults*, each of its default's type; raises RecipeError."""
    found = dict(defaults)
    for part in filter(None, arguments.split(",")):
        key, equals, value = part.partition("=")
        if not equals or key not in defaults:
            raise RecipeError(f"engine {spec!r}: unknown option {part!r}; write key=value, {suggest(key, defaults)}")
        kind = type(defaults[key])
        try:
            found[key] = kind(value)
        except ValueError:
            raise RecipeError(f"engine {spec!r}: {key} must be of type {kind.__name__}, got {value!r}") from None
    return found


class FunctionEngine(Engine):
    """Any function from a list of pictures to a list of strings."""

    name = "function"

    def __init__(self, function: Callable[[list[Any]], Sequence[str | Recognition | None]], label: str) -> None:
        self.function = function
        self.label = label
        known = getattr(function, "charset", None)
        self.charset = frozenset(known) if known is not None else None

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Refuse: functions are given as objects."""
        raise RecipeError(f"engine 'function': has no spec, got {arguments!r} for {language}; use python:package.module:object")

    def versions(self) -> dict[str, str]:
        """Return the function's name, and its ``version`` if it has one."""
        return {self.label: str(getattr(self.function, "version", "unknown"))}

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Return what the function returns."""
        return self.function(list(images))
