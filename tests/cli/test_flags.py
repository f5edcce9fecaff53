"""Every option of `generate` changes what it makes: a flag that is silently off would pass for one that works."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from click import Context, Option
from commands import run_here

from ocrsynth.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

_BASE = ("--lang", "en", "-n", "12", "--workers", "1", "-q")
_CHANGES: dict[str, tuple[str, ...]] = {
    "--lang": ("--lang", "de"),
    "--preset": ("--preset", "fax"),
    "--seed": ("--seed", "1"),
    "--height": ("--height", "48"),
    "--color": ("--color", "rgb"),
    "--fonts": ("--fonts", "fonts"),
    "--backgrounds": ("--backgrounds", "pictures"),
    "--system-fonts": ("--system-fonts",),
    "-n": ("-n", "13"),
    "--format": ("--format", "folder"),
    "--image": ("--image", "png"),
    "--quality": ("--preset", "clean", "--image", "jpeg", "--quality", "40"),
    "--store-masks": ("--store-masks",),
    "--store-words": ("--store-words",),
    "--no-boxes": ("--no-boxes",),
    "--shards": ("--shard-size", "6", "--shards", "1/2"),
    "--coverage": ("-n", "60", "--coverage", "2"),
    "--shard-size": ("--shard-size", "6"),
}
_BESIDE = {
    "--quality": ("--preset", "clean", "--image", "jpeg"),
    "--shards": ("--shard-size", "6"),
    "--coverage": ("-n", "60"),
}
"""What of a change is no part of the option."""
_ELSEWHERE = {
    # Whatever their value the data are the same, which tests of determinism and of formats hold.
    *("--workers", "--out", "--unreadable"),
    # What is printed.
    *("--profile", "--json", "--quiet"),
}


def _made(folder: Path, *options: str) -> dict[str, str]:
    done = run_here(folder, "generate", *_BASE, *options, "-o", "out")
    assert done.returncode == 0, done.stderr
    out = folder / "out"
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.parent.name != "receipts"]
    found = {path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {name: digest for name, digest in found.items() if name.startswith("data/")}


def _names(option: Option) -> set[str]:
    return {*option.opts}


def test_no_option_is_forgotten() -> None:
    generate = cli.get_command(Context(cli), "generate")
    assert generate is not None
    options = [option for option in generate.params if isinstance(option, Option) and option.name != "help"]
    known = _CHANGES.keys() | _ELSEWHERE
    assert [option.opts for option in options if known.isdisjoint(_names(option))] == []


@pytest.mark.parametrize("option", _CHANGES)
def test_an_option_changes_the_data(option: str, tmp_path: Path) -> None:
    made = {}
    for name, options in (("with", _CHANGES[option]), ("without", _BESIDE.get(option, ()))):
        folder = tmp_path / name
        (folder / "pictures").mkdir(parents=True)
        (folder / "fonts").mkdir()
        _picture(folder / "pictures" / "wall.png")
        _font(folder / "fonts")
        made[name] = _made(folder, *options)
    assert made["with"] != made["without"]


@pytest.mark.parametrize(("option", "shown"), [("--profile", "µs"), ("--json", '"bytes"')])
def test_an_option_changes_what_is_printed(option: str, shown: str, tmp_path: Path) -> None:
    done = run_here(tmp_path, "generate", *_BASE, option, "-o", "out")
    assert shown in done.stdout
    if option == "--json":
        assert json.loads(done.stdout)


def _picture(path: Path) -> None:
    import numpy as np

    from ocrsynth import codec

    levels = np.random.Generator(np.random.Philox(1)).integers(150, 220, (64, 400), np.uint8)
    path.write_bytes(codec.encode_png(levels))


def _font(folder: Path) -> None:
    import shutil

    from ocrsynth.fonts import catalogue

    family = next(f for f in catalogue.load(("default",), ()) if f.name == "Anton")
    shutil.copy(family.plainest.key.path, folder)
