"""Paths on the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import os


class Place(click.Path):
    """A path that is not empty: an unset variable of a shell would otherwise name the folder that one happens to be in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | bytes | os.PathLike[str]:
        """Return the path; fails if it is empty, or not read as UTF-8: plans, recipes and reports are, and name it."""
        if value == "":
            self.fail("must not be empty; write . for this folder", param, ctx)
        if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raw = value.encode(errors="surrogateescape")
            try:
                name = raw.decode()
            except UnicodeDecodeError:
                self.fail(f"must be UTF-8, got {raw!r}; rename it", param, ctx)
            encoding = sys.getfilesystemencoding()
            self.fail(f"is UTF-8, but the locale says {encoding}, got {name!r}; set LC_ALL=C.UTF-8 or PYTHONUTF8=1", param, ctx)
        return super().convert(value, param, ctx)
