"""Completion, through the protocol that shells speak, and through bash itself."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ocrsynth import assets
from ocrsynth.cli import cli
from ocrsynth.degrade.base import OPS
from ocrsynth.degrade.presets import preset_names
from ocrsynth.write.base import FORMATS

_BIN = str(Path(sys.executable).parent)
_HEAVY = ("cv2", "numpy", "torch", "pydantic", "albumentations", "uharfbuzz", "wordfreq", "gflanguages", "langcodes")


def _complete(line: str, shell: str = "bash") -> list[str]:
    """Return what is offered at the end of *line*; its last word may be empty."""
    words = line.split(" ")
    done = subprocess.run(
        [shutil.which("ocrsynth", path=_BIN) or "ocrsynth"],
        env=os.environ | {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_OCRSYNTH_COMPLETE": f"{shell}_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def _offered(line: str) -> list[str]:
    return [entry.removeprefix("plain,") for entry in _complete(line)]


@pytest.mark.parametrize("command", ["generate", "preview", "render", "degrade", "recipe init", "recipe explain"])
def test_presets(command: str) -> None:
    assert _offered(f"ocrsynth {command} --preset ") == preset_names()
    assert _offered(f"ocrsynth {command} --preset re") == ["receipt"]


def test_formats_are_those_of_the_registry() -> None:
    assert _offered("ocrsynth generate --format ") == list(FORMATS)
    assert _offered("ocrsynth convert a b --from-format lm") == ["lmdb"]
    assert _offered("ocrsynth lint a --format page") == ["page-xml"]


def test_ops_are_those_of_the_registry() -> None:
    assert _offered("ocrsynth ops show ") == list(OPS)
    assert _offered("ocrsynth ops gallery --op half") == ["halftone"]


def test_languages() -> None:
    everything = _offered("ocrsynth generate --lang ")
    assert {"en", "pl", "sr-Latn", "sr-Cyrl", "zh-Hans"} <= set(everything)
    assert len(everything) == len(assets.names("alphabets"))
    assert _offered("ocrsynth fonts plan --lang pl") == ["pl"]
    assert _offered("ocrsynth lint a --lang pl_") == ["pl_Latn"]
    assert _offered("ocrsynth languages show sr-") == ["sr-Cyrl", "sr-Latn"]
    # A language without a file of its own.
    assert "kab_Latn" in _offered("ocrsynth generate --lang kab")


def test_every_tag_that_is_offered_is_the_alphabet_it_stands_for() -> None:
    from ocrsynth.text import alphabet

    assert {alphabet.load(tag).id for tag in _offered("ocrsynth generate --lang ")} == set(assets.names("alphabets"))


def test_zsh_and_fish_are_told_what_a_name_means() -> None:
    assert _complete("ocrsynth ops show halft", "zsh")[:2] == ["plain", "halftone"]
    assert _complete("ocrsynth ops show halft", "zsh")[2] != "_"
    assert _complete("ocrsynth generate --lang pl", "zsh") == ["plain", "pl", "Polish"]
    done = subprocess.run(
        [shutil.which("ocrsynth", path=_BIN) or "ocrsynth"],
        env=os.environ
        | {"COMP_WORDS": "ocrsynth generate --preset", "COMP_CWORD": "rec", "_OCRSYNTH_COMPLETE": "fish_complete"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "receipt" in done.stdout


def test_commands_and_options() -> None:
    assert _offered("ocrsynth rec") == ["recipe"]
    assert _offered("ocrsynth recipe ") == ["check", "explain", "init", "schema"]
    assert "--preset" in _offered("ocrsynth generate --pre")


def _parameters(command: click.Command, name: str) -> list[tuple[str, click.Parameter]]:
    found = [(name, parameter) for parameter in command.params]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            below = command.get_command(context, inner)
            assert below is not None
            found += _parameters(below, f"{name} {inner}")
    return found


def test_no_option_that_takes_a_name_is_forgotten() -> None:
    for name, parameter in _parameters(cli, "ocrsynth"):
        if not isinstance(parameter.type, click.Choice) and {"--lang", "--preset", "--format", "--from-format", "--op"} & {
            *parameter.opts
        }:
            offered = parameter.shell_complete(click.Context(click.Command("x")), "")
            assert any(item.type == "plain" for item in offered), f"{parameter.opts[0]} of {name} completes nothing"


@pytest.mark.parametrize("line", ["--lang p", "--preset ", "--format l", "--l"])
def test_nothing_heavy_is_imported_and_it_is_quick(line: str) -> None:
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print(*(m for m in sys.modules if '.' not in m), file=sys.stderr))\n"
        "sys.argv = ['ocrsynth']\n"
        "from ocrsynth.cli import main\nmain()\n"
    )
    words = f"ocrsynth generate {line}"
    environment = os.environ | {
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "_OCRSYNTH_COMPLETE": "bash_complete",
    }
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.stdout
    assert not {*_HEAVY} & {*done.stderr.split()}
    # Processor time, so that a busy machine does not matter.
    assert min(spent) < 0.3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_the_program(shell: str) -> None:
    done = subprocess.run([sys.executable, "-m", "ocrsynth", "completion", shell], capture_output=True, text=True, check=True)
    assert f"_OCRSYNTH_COMPLETE={shell}_complete" in done.stdout
    assert "ocrsynth" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ocrsynth generate --preset rec", ["receipt"]),
        ("ocrsynth generate --lang pl", ["pl"]),
        ("ocrsynth rec", ["recipe"]),
    ],
)
def test_bash_completes(words: str, offered: list[str]) -> None:
    parts = words.split()
    script = (
        'eval "$(ocrsynth completion bash)"\n'
        "complete -p ocrsynth >/dev/null || exit 3\n"
        f"COMP_WORDS=({' '.join(map(shlex.quote, parts))})\nCOMP_CWORD={len(parts) - 1}\n"
        '_ocrsynth_completion ocrsynth\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    path = f"{_BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == offered
