"""Checks of numbers that click's ranges let through."""

from __future__ import annotations

import math

import click


def a_number(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """Refuse NaN, which no range leaves outside."""
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is no number.", ctx, param)
    return value
