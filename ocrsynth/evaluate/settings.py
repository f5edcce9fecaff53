"""What decides the pictures and the figures of an evaluation, beside the engine."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ocrsynth.errors import RecipeError
from ocrsynth.evaluate.suite import DEFAULT_SUITE
from ocrsynth.fields import is_whole

_MOST = (1 << 63) - 1


@dataclass(frozen=True)
class Settings:
    """Lines, suite and conditions; raises RecipeError for a value of a wrong type or out of its bounds."""

    language: str = "en"
    count: int = 500
    seed: int = 0
    suite: str = DEFAULT_SUITE
    only: tuple[str, ...] = ()
    """Perturbations, groups, kinds or conditions; empty: all."""
    data: str | None = None
    """Lines of one's own, in any readable format, or a frozen suite."""
    data_format: str | None = None
    keep_size: bool = False
    """Whether pictures of *data* keep their size, instead of being brought to the suite's x-height."""
    fonts: str | None = None
    """A folder of fonts, in place of the default set."""
    system_fonts: bool = False
    """Whether the fonts of this system, and of *fonts*, take the place of the default set."""

    def __post_init__(self) -> None:
        """Check, and take paths, whole numbers of NumPy and lists for what they mean."""
        for option, name, least in (("-n", "count", 1), ("--seed", "seed", 0)):
            value = getattr(self, name)
            if not is_whole(value, least, _MOST):
                raise RecipeError(
                    f"{option}: must be a whole number from {least} to 2**63 - 1, got {value!r}; leave it out if unsure"
                )
            object.__setattr__(self, name, int(value))
        for name in ("language", "suite", "data", "data_format", "fonts"):
            value = getattr(self, name)
            if isinstance(value, os.PathLike):
                value = os.fspath(value)
                object.__setattr__(self, name, value)
            optional = name not in ("language", "suite")
            if not (isinstance(value, str) or (optional and value is None)):
                raise RecipeError(
                    f"{name}: must be text{' or None' if optional else ''}, got {value!r}; leave it out if unsure"
                )
        if isinstance(self.only, str) or not all(isinstance(one, str) for one in _members(self.only)):
            raise RecipeError(f"--only: must be a list of names, got {self.only!r}; write for example only=('blur',)")
        object.__setattr__(self, "only", tuple(self.only))
        for name in ("keep_size", "system_fonts"):
            if not isinstance(getattr(self, name), bool):
                raise RecipeError(f"{name}: must be True or False, got {getattr(self, name)!r}")


def _members(only: object) -> tuple[object, ...]:
    return tuple(only) if isinstance(only, (list, tuple, set, frozenset)) else (None,)
