"""The help of every command ends with an example, and every example works."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING

import click
import pytest
from commands import run_here

from ocrsynth.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

_PREFIX = "Example: ocrsynth "
_SMALL = {"-n": "24", "--measure": "16"}
"""Counts of examples are cut down to these."""
_PREPARED = {
    "out/": "generate --lang en -n 24 -o out/ --shard-size 12 -q --workers 1",
    "one/000000000123.png": "render --lang en --index 123 -o one/",
    "receipts.yaml": "recipe init --lang pl --preset receipt -o receipts.yaml",
}
"""What an example takes for granted, and how it comes to be there."""
_MAKES = ("generate", "render", "recipe init", "recipe")
"""Commands whose examples make these themselves."""
_NOT_RUN = {"evaluate": "needs an OCR engine and minutes; it has tests of its own"}


def _commands(command: click.Command, name: str = "") -> dict[str, click.Command]:
    found = {name: command} if name else {}
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            below = command.get_command(context, inner)
            assert below is not None
            found |= _commands(below, f"{name} {inner}".strip())
    return found


_ALL = _commands(cli)


def test_the_commands_are_found() -> None:
    assert {"generate", "fonts plan", "ops gallery", "recipe init", "doctor", "completion", "languages model"} <= set(_ALL)


@pytest.mark.parametrize("name", _ALL)
def test_help_ends_with_an_example_of_the_command(name: str) -> None:
    command = _ALL[name]
    assert command.epilog is not None
    assert command.epilog.startswith(f"{_PREFIX}{name}")
    shown = command.get_help(click.Context(command, info_name=f"ocrsynth {name}"))
    assert " ".join(shown.split()).endswith(command.epilog)
    # Click's mark of paragraphs that are not to be filled.
    assert "\\b" not in shown
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.opts[0]} of {name} has no help"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what examples take for granted."""
    folder = tmp_path_factory.mktemp("prepared")
    for line in _PREPARED.values():
        done = run_here(folder, *shlex.split(line))
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", [name for name in _ALL if name.partition(" ")[0] not in _NOT_RUN])
def test_the_example_works(name: str, tmp_path: Path, prepared: Path) -> None:
    arguments = shlex.split((_ALL[name].epilog or "").removeprefix(_PREFIX))
    for option, count in _SMALL.items():
        if option in arguments:
            arguments[arguments.index(option) + 1] = count
    if name not in _MAKES:
        shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    before = {path.name for path in tmp_path.iterdir()}
    done = run_here(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    if {"-o", "--out"} & {*arguments}:
        assert {path.name for path in tmp_path.iterdir()} - before, "it says -o and makes nothing"
