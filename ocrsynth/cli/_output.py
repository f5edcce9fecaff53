"""How commands print."""

from __future__ import annotations

from typing import Any

import click


def print_json(content: Any) -> None:
    """Print *content* as indented JSON, for programs."""
    import orjson

    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
