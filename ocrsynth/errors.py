"""Every error that a user of ocrsynth can meet, each with the exit code of the command line.

    OcrsynthError                     1
    ├── RecipeError (ValueError)      2   a recipe, option or argument is wrong
    ├── AssetError (FileNotFoundError) 3  an alphabet, font or preset is missing or broken
    ├── CoverageError                 4   no font can show a text that the recipe asks for
    ├── SampleError                   5   a sample could not be made within its bounded attempts
    ├── OutputError (OSError)         6   the output folder cannot be used or written
    ├── WorkerError                   7   worker processes keep dying
    ├── VerifyError                   8   a data set is not what its receipts say
    ├── MissingDependencyError (ImportError) 9  an optional package is not installed
    └── ThresholdError               10   an OCR engine makes more errors than was allowed

Messages read ``<where>: <what is wrong>, got <repr>; <what to do>``.
"""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class ExitCode(IntEnum):
    """Exit codes of the command line."""

    OK = 0
    FAILURE = 1
    RECIPE = 2
    ASSET = 3
    COVERAGE = 4
    SAMPLE = 5
    OUTPUT = 6
    WORKER = 7
    VERIFY = 8
    DEPENDENCY = 9
    THRESHOLD = 10
    INTERRUPTED = 130


class OcrsynthError(Exception):
    """Base of every error that ocrsynth raises on purpose."""

    exit_code = ExitCode.FAILURE


class RecipeError(OcrsynthError, ValueError):
    """A recipe, an option or an argument is wrong."""

    exit_code = ExitCode.RECIPE


class AssetError(OcrsynthError, FileNotFoundError):
    """An alphabet, font or preset is missing or broken."""

    exit_code = ExitCode.ASSET


class YamlError(AssetError):
    """A YAML file does not hold what such a file may hold."""


class CoverageError(OcrsynthError):
    """No font can show a text that the recipe asks for."""

    exit_code = ExitCode.COVERAGE


@contextmanager
def told_at(where: str) -> Iterator[None]:
    """Put *where*, if there is such a place, before the path of a RecipeError."""
    try:
        yield
    except RecipeError as error:
        raise RecipeError(f"{where}.{error}" if where else str(error)) from None


class SampleError(OcrsynthError):
    """A sample could not be made within its bounded attempts."""

    exit_code = ExitCode.SAMPLE


class OutputError(OcrsynthError, OSError):
    """The output folder cannot be used or written."""

    exit_code = ExitCode.OUTPUT


class WorkerError(OcrsynthError):
    """Worker processes keep dying."""

    exit_code = ExitCode.WORKER


class VerifyError(OcrsynthError):
    """A data set is not what its receipts say."""

    exit_code = ExitCode.VERIFY


class MissingDependencyError(OcrsynthError, ImportError):
    """An optional package is not installed."""

    exit_code = ExitCode.DEPENDENCY


class ThresholdError(OcrsynthError):
    """An OCR engine makes more errors than was allowed."""

    exit_code = ExitCode.THRESHOLD


BY_EXIT_CODE = {
    cls.exit_code: cls
    for cls in (
        OcrsynthError,
        RecipeError,
        AssetError,
        CoverageError,
        SampleError,
        OutputError,
        WorkerError,
        VerifyError,
        MissingDependencyError,
        ThresholdError,
    )
}


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean …? (known: …)``, or ``known: …``, for the end of a message about an unknown *word*."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    known_names = f"known: {', '.join(names)}"
    holding = [name for name in names if word and word in name]
    if len(holding) > 1 and len(word) >= _TELLING:
        return f"did you mean one of {', '.join(map(repr, holding))}? ({known_names})"
    return f"did you mean {close[0]!r}? ({known_names})" if close else known_names


_TELLING = 4
"""So long is a part of a name that names which hold it are meant."""


class Rejected(Exception):  # noqa: N818 - a verdict, not an error: callers count it and draw again
    """A draw that cannot become a sample; *reason* is a slug that statistics count."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
