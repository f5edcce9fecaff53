"""Finds the data that travels with the package: alphabets and font sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ocrsynth.errors import AssetError, YamlError

_PACKAGE = Path(__file__).resolve().parent
_MAX_YAML_BYTES = 4_000_000
_DEEPEST = 100
YAML_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""That of libyaml takes a tenth of the time; packages of PyYAML have it nearly everywhere."""
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def folder(kind: str) -> Path:
    """Return the folder of *kind* (``alphabets`` or ``fonts``): inside the wheel, else in the checkout.

    Raises AssetError if neither is there.
    """
    for place in (_PACKAGE / "_assets" / kind, _PACKAGE.parent / kind):
        if place.is_dir():
            return place
    raise AssetError(f"{kind}/: the folder is missing from this installation of ocrsynth; reinstall it")


def names(kind: str) -> list[str]:
    """Return the names of all data files of *kind*, sorted, without their suffix."""
    return sorted(path.stem for path in folder(kind).glob("*.yaml"))


def read(kind: str, name: str) -> dict[str, Any]:
    """Return the content of ``<kind>/<name>.yaml``; raises AssetError if it is missing or broken."""
    return read_yaml(folder(kind) / f"{name}.yaml")


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file.

    Only the safe loader is used, aliases are refused (they allow a small file to expand without bound), and so is a
    file over 4 MB.  Raises AssetError if it cannot be read, YamlError with the line if it is none.
    """
    try:
        with path.open("rb") as file:  # Some never end.
            raw = file.read(_MAX_YAML_BYTES + 1)
    except OSError as error:
        raise AssetError(f"{path}: cannot be read, {error.strerror or error}; check the path") from None
    if len(raw) > _MAX_YAML_BYTES:
        raise YamlError(f"{path}: has more than the {_MAX_YAML_BYTES} bytes that a YAML file may have")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise YamlError(f"{path}: is not UTF-8 at byte {error.start}; save it as UTF-8") from None
    try:
        depth = 0
        for event in yaml.parse(text, Loader=YAML_LOADER):
            line = event.start_mark.line + 1 if event.start_mark else 0
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                # The loader goes down by recursion.
                raise YamlError(f"{path}:{line}: is not valid YAML, it is nested too deeply")
            if isinstance(event, yaml.AliasEvent):
                raise YamlError(f"{path}:{line}: uses a YAML alias '*{event.anchor}'; write the value out")
        data = yaml.load(text, Loader=YAML_LOADER)  # noqa: S506 - it is the safe loader, in C
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        raise YamlError(f"{path}:{line}: is not valid YAML, {error.problem}") from None
    except (yaml.YAMLError, ValueError, AttributeError) as error:
        # PyYAML lets the errors of a value's own type through: an impossible date, a tag that its text belies.
        raise YamlError(f"{path}: is not valid YAML, {error}") from None
    if not isinstance(data, dict):
        got = "nothing" if data is None else type(data).__name__
        raise YamlError(
            f"{path}: must hold a mapping of keys to values, got {got}; write 'key: value' lines, such as 'language: en'"
        )
    return data


def yaml_text(data: dict[str, Any]) -> str:
    """Return a mapping as YAML in blocks, its keys sorted: the same text for the same data."""
    return str(yaml.dump(data, Dumper=_DUMPER, allow_unicode=True, sort_keys=True, width=120))
