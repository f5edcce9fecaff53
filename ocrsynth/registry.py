"""Named plug-ins: degradation ops, text sources and formats enter all by the same door.

Built-ins are the modules of a package, imported in sorted order; third parties declare an entry point in the group of
the registry, under the name of the class.  A second plug-in of the same name is an error.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ocrsynth.errors import AssetError, OcrsynthError, RecipeError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

T = TypeVar("T", bound=type)


@lru_cache(maxsize=8)
def _installed(_path: tuple[str, ...]) -> Any:
    """Return the entry points of all that is installed along a search path; to look takes 25 ms, and registries are many."""
    return entry_points()


def _package_of(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "an unknown package"


class Registry(Generic[T]):
    """Plug-in classes by the name in their ``name`` attribute."""

    def __init__(self, kind: str, package: str, group: str) -> None:
        self.kind = kind
        self.package = package
        self.group = group
        self._items: dict[str, T] = {}
        self._loaded = False

    def register(self, item: T) -> T:
        """Add a class; use as a decorator."""
        name: str = item.name  # type: ignore[attr-defined]
        known = self._items.get(name)
        if known is not None and (known.__module__, known.__qualname__) != (item.__module__, item.__qualname__):
            msg = f"{self.kind} {name!r}: registered twice, by {known.__module__} and {item.__module__}; rename one"
            raise OcrsynthError(msg)
        self._items[name] = item
        return item

    def _load(self) -> None:
        if self._loaded:
            return
        package = importlib.import_module(self.package)
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            importlib.import_module(f"{self.package}.{module}")
        entries = sorted(_installed(tuple(sys.path)).select(group=self.group), key=lambda e: e.name)
        found = [(entry, self.register(self._entered(entry))) for entry in entries]
        for entry, item in found:
            name: str = item.name  # type: ignore[attr-defined]
            if name != entry.name:
                # A recipe that asks for the declared name would be told that there is none.
                raise AssetError(
                    f"{self.kind} {entry.name!r} of {_package_of(entry)}: must be declared under the name of its class, "
                    f"got {name!r}; make the two names one"
                )
        self._loaded = True

    def _entered(self, entry: EntryPoint) -> T:
        """Return the class of an entry point; raises AssetError for one that cannot be loaded."""
        try:
            item: T = entry.load()
            item.name  # type: ignore[attr-defined]  # noqa: B018 - what has none is no plug-in
        except Exception as error:
            raise AssetError(
                f"{self.kind} {entry.name!r} of {_package_of(entry)}: cannot be loaded, {type(error).__name__}: {error}; "
                "update that package or uninstall it"
            ) from error
        return item

    def get(self, name: str, where: str) -> T:
        """Return the class called *name*; *where* is the place that asks, for the message of a RecipeError."""
        self._load()
        try:
            return self._items[name]
        except KeyError:
            raise RecipeError(f"{where}: unknown {self.kind} {name!r}; {suggest(name, self._items)}") from None

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names, sorted."""
        self._load()
        return iter(sorted(self._items))

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a plug-in of this name."""
        self._load()
        return name in self._items
