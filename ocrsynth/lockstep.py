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


_ENDED = object()
Steps = Generator["Ask | None", Any, T]


def run_together(pieces: Iterable[Steps[T]]) -> list[T]:
    """Return what each of *pieces* returns; what one raises ends them all."""
    running = [(place, steps.send) for place, steps in enumerate(pieces)]
    done: list[T | None] = [None] * len(running)
    answers: list[Any] = [None] * len(running)
    while running:
        ended = False
        asked: dict[Callable[[list[Any]], list[Any]], list[tuple[int, Any]]] = {}
        for place, send in running:
            try:
                ask = send(answers[place])
            except StopIteration as end:
                done[place] = end.value
                answers[place] = _ENDED
                ended = True
                continue
            if ask is None:
                answers[place] = None
                continue
            work, argument = ask
            if work in asked:
                asked[work].append((place, argument))
            else:
                asked[work] = [(place, argument)]
        for work, wanted in asked.items():
            for (place, _), answer in zip(wanted, work([argument for _, argument in wanted]), strict=True):
                answers[place] = answer
        if ended:
            running = [item for item in running if answers[item[0]] is not _ENDED]
    return cast("list[T]", done)
