"""The garbage collector while samples are made: they leave no cycles behind, and fonts live as long as the process."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_THRESHOLDS = 20_000, 20, 100


def tune_collector() -> None:
    """Keep the collector off the objects that live as long as the process, and rare on the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


@contextmanager
def rare_collection() -> Iterator[None]:
    """Make the collector rare for a while, in a process that belongs to somebody else."""
    before = gc.get_threshold()
    gc.set_threshold(*_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
