"""The progress bar of long commands."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPEAK_EVERY_S = 10.0


class Bar:
    """A progress bar with speed, time left, and counts by reason; plain lines where there is no terminal.

    *doing* says what is going on (``generating``), *unit* what is counted (``lines``), *counted* what the reasons are of.
    """

    def __init__(self, doing: str, unit: str, counted: str) -> None:
        self._doing = doing
        self._unit = unit
        self._counted = counted
        self._live: Any = None
        self._task: Any = None
        self._begin(0, 0)

    def _begin(self, total: int, already: int) -> None:
        self._reasons: Counter[str] = Counter()
        self._total, self._done, self._made = total, already, 0
        self._began = self._spoke = time.monotonic()

    def start(self, total: int, already: int) -> None:
        """Show a bar of *total*, of which *already* are done."""
        self.close()
        self._begin(total, already)
        if sys.stderr is None or not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.table import Column

        self._live = Progress(
            TextColumn(self._doing),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn(f"{{task.fields[speed]}} {self._unit}/s", table_column=Column(no_wrap=True)),
            TimeRemainingColumn(),
            # Where the terminal is narrow, what was rejected yields to how far it is.
            TextColumn("{task.fields[reasons]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
            console=Console(stderr=True),
            expand=True,
        )
        self._live.start()
        self._task = self._live.add_task("", total=total, completed=already, speed="–", reasons="")

    def advance(self, n: int, reasons: Mapping[str, int]) -> None:
        """Show that *n* more are done."""
        self._done += n
        self._made += n
        self._reasons.update(reasons)
        now = time.monotonic()
        speed = self._made / max(now - self._began, 1e-9)
        shown = f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"
        told = " ".join(f"{reason}:{count}" for reason, count in self._reasons.most_common())
        if self._live is not None:
            self._live.update(self._task, completed=self._done, speed=shown, reasons=f"{self._counted} {told}" if told else "")
        elif now - self._spoke >= _SPEAK_EVERY_S:
            self._spoke = now
            left = (self._total - self._done) / max(speed, 1e-9)
            click.echo(
                f"{self._done:,} of {self._total:,}, {shown} {self._unit}/s, {left:.0f} s left, "
                f"{self._counted}: {told or 'none'}",
                err=True,
            )

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._live is not None:
            self._live.stop()
            self._live = None
