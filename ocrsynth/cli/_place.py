"""Paths on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import os


class Place(click.Path):
    """A path that is not empty: an unset variable of a shell would otherwise name the folder that one happens to be in."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | bytes | os.PathLike[str]:
        """Return the path; fails if it is empty, or no UTF-8: plans, recipes and reports are, and name it."""
        if value == "":
            self.fail("must not be empty; write . for this folder", param, ctx)
        if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            self.fail(f"must be UTF-8, got {value.encode(errors='surrogateescape')!r}; rename it", param, ctx)
        return super().convert(value, param, ctx)
