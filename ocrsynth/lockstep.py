"""Takes many pieces of work through the same steps together.

A piece of work is a generator.  It yields between its steps, and all take a step before any takes the next: each
step's code then stays in the processor's caches, which one piece after the other would drive out.  Where a step is
cheaper for many at once, a piece yields an `Ask` and is sent the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class Ask(NamedTuple):
    """A step that is done for all who ask for it: ``work`` gives as many answers, in order, as it is given arguments."""

    work: Callable[[list[Any]], list[Any]]
    argument: Any


Steps = Generator["Ask | None", Any, T]


def run_together(pieces: Iterable[Steps[T]]) -> list[T]:
    """Return what each of *pieces* returns; what one raises ends them all."""
    running = list(enumerate(pieces))
    done: list[T | None] = [None] * len(running)
    answers: list[Any] = [None] * len(running)
    while running:
        still = []
        asked: dict[Callable[[list[Any]], list[Any]], list[tuple[int, Any]]] = {}
        for item in running:
            place, steps = item
            try:
                ask = steps.send(answers[place])
            except StopIteration as end:
                done[place] = end.value
                continue
            still.append(item)
            if ask is None:
                answers[place] = None
            else:
                asked.setdefault(ask[0], []).append((place, ask[1]))
        for work, wanted in asked.items():
            for (place, _), answer in zip(wanted, work([argument for _, argument in wanted]), strict=True):
                answers[place] = answer
        running = still
    return cast("list[T]", done)
