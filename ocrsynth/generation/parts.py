"""Parts of a run, for many machines without any service: every n-th shard."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ocrsynth.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SLURM = "SLURM_ARRAY_TASK_"


class Part(NamedTuple):
    """Part *number*, from 1, *of* so many: every of-th shard."""

    number: int
    of: int

    def shards(self, n_shards: int) -> range:
        """Return the shards of this part."""
        return range(self.number - 1, n_shards, self.of)

    def __str__(self) -> str:
        """Return the part as the command line takes it."""
        return f"{self.number}/{self.of}"


WHOLE = Part(1, 1)
MOST_PARTS = 1_000_000


def parse_part(text: str, environment: Mapping[str, str] = os.environ) -> Part:
    """Return the part that ``2/8`` names, or ``slurm``: the task of Slurm's array, from its variables; raises RecipeError."""
    if text == "slurm":
        return _of_slurm(environment)
    number, slash, of = text.partition("/")
    if not slash or not number.isdecimal() or not of.isdecimal() or not 1 <= int(number) <= int(of):
        raise RecipeError(f"--shards: must be a part such as 2/8, or slurm, got {text!r}; the first part is 1/8, the last 8/8")
    if int(of) > MOST_PARTS:
        raise RecipeError(f"--shards: must be one of at most {MOST_PARTS:,} parts, got {text!r}; no set has more shards")
    return Part(int(number), int(of))


def _of_slurm(environment: Mapping[str, str]) -> Part:
    try:
        task, first, count = (int(environment[_SLURM + name]) for name in ("ID", "MIN", "COUNT"))
        step = int(environment.get(_SLURM + "STEP", "1"))
    except KeyError as error:
        raise RecipeError(
            f"--shards: slurm needs the variables of a job array, got no {error.args[0]}; submit with sbatch --array=1-8"
        ) from None
    except ValueError as error:
        raise RecipeError(f"--shards: Slurm's variables are no numbers, {error}; submit with sbatch --array=1-8") from None
    number, rest = divmod(task - first, step) if step > 0 else (-1, 1)
    if rest or not 0 <= number < count:
        raise RecipeError(
            f"--shards: Slurm's task is no member of its array, got {task} from {first} in steps of {step}, {count} tasks; "
            "submit with sbatch --array=1-8"
        )
    return Part(number + 1, count)
