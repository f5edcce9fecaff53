"""Where in a YAML file the keys stand, so that an error can name the line."""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from ocrsynth import assets

_STEP = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")
_UNKNOWN_KEY = re.compile(r"^(?P<where>[^:\s]*): unknown key '(?P<key>[^']*)'")
_WHERE = re.compile(r"^([^:\s]+): ")

Path = tuple[str | int, ...]
"""Keys and indices from the top of a file to a value."""


class Double(NamedTuple):
    """A key that stands twice in one mapping, of which YAML would silently keep the last."""

    path: Path
    line: int
    first_line: int

    def __str__(self) -> str:
        """Return the message."""
        return f"{written(self.path)}: stands twice, in lines {self.first_line} and {self.line}; keep one"


class Locations:
    """The lines of all keys of one YAML text, counted from 1."""

    def __init__(self, text: str) -> None:
        """Read *text*, which must be valid YAML."""
        self._lines: dict[Path, int] = {}
        self._values: dict[str, Path] = {}
        self.doubles: list[Double] = []
        self._walk(yaml.compose(text, Loader=assets.YAML_LOADER), ())

    def _walk(self, node: yaml.Node | None, path: Path) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*path, str(key.value))
                line = key.start_mark.line + 1
                if inner in self._lines:
                    self.doubles.append(Double(inner, line, self._lines[inner]))
                self._lines[inner] = line
                self._walk(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._lines[*path, i] = value.start_mark.line + 1
                self._walk(value, (*path, i))
        elif isinstance(node, yaml.ScalarNode):
            self._values.setdefault(str(node.value), path)

    def nearest(self, path: Path) -> tuple[Path, int] | None:
        """Return the longest beginning of *path* that stands in the file, and its line; None if nothing of it does."""
        for n in range(len(path), 0, -1):
            if path[:n] in self._lines:
                return path[:n], self._lines[path[:n]]
        return None

    def place(self, file: str, message: str) -> str:
        """Return ``file:line`` for an error's message, or *file* where no line can be told."""
        found = self.of_message(message)
        return f"{file}:{found[1]}" if found else file

    def of_message(self, message: str) -> tuple[Path, int] | None:
        """Return the path that an error's message is about, as far as it stands in the file, and its line."""
        return self.nearest(self.path_of(message))

    def path_of(self, message: str) -> Path:
        """Return the path that an error's message is about, though its end may be missing in the file; empty for none."""
        if unknown := _UNKNOWN_KEY.match(message):
            return (*parsed(unknown["where"]), unknown["key"])
        where = _WHERE.match(message)
        if where is None:
            return ()
        path = parsed(where[1])
        # Where a message begins with a file of the user's, the key that names it is meant.
        return path if self.nearest(path) else self._values.get(where[1], ())


def parsed(where: str) -> Path:
    """Return the steps of a key's path as messages write it: ``degrade[0].jpeg.quality``."""
    return tuple(int(step[1]) if step[1] else step[2] for step in _STEP.finditer(where))


def written(path: Path) -> str:
    """Return a path as messages write it."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
