"""What the documentation says is executed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ocrsynth import Recipe
from ocrsynth.degrade.base import OPS
from ocrsynth.degrade.presets import preset_names
from ocrsynth.text.base import SOURCES
from ocrsynth.write.base import FORMATS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
NOT_RUN = {"make demo": "runs the whole installation", "make test": "is what runs this test"}


def blocks(kind: str) -> list[str]:
    return [text for found, text in BLOCKS if found == kind]


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {kind for kind, _ in BLOCKS} <= {"sh", "yaml", "python", "text"}


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_python_and_shell_blocks_run(tmp_path: Path) -> None:
    # The Python blocks read what the ones before them made, so all run in one folder; counts are cut down.
    for text in blocks("sh"):
        for line in text.splitlines():
            command = line.partition("#")[0].strip()
            if command in NOT_RUN:
                continue
            assert command.startswith("ocrsynth "), command
            arguments = command.replace("-n 10000 -o out/", "-n 60 -o shell/").replace("verify out/", "verify shell/").split()
            subprocess.run([sys.executable, "-m", *arguments], cwd=tmp_path, check=True, capture_output=True)
    for text in blocks("python"):
        subprocess.run([sys.executable, "-c", text], cwd=tmp_path, check=True, capture_output=True)


def test_recipe_blocks_load_and_make_samples(tmp_path: Path) -> None:
    for number, text in enumerate(blocks("yaml")):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        assert Recipe.load(path).language == yaml.safe_load(text)["language"] + "_Latn"
        subprocess.run(
            [sys.executable, "-m", "ocrsynth", "generate", str(path), "-n", "5", "-o", str(tmp_path / f"out{number}")],
            check=True,
            capture_output=True,
        )


def test_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_generated_pages_are_current() -> None:
    subprocess.run([sys.executable, str(ROOT / "docs/generate.py"), "--check"], check=True, capture_output=True)


@pytest.mark.parametrize("page", ["recipes.md", "degradations.md"])
def test_every_key_has_a_meaning(page: str) -> None:
    empty = [line for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines() if line.endswith("|  |")]
    assert empty == []


def test_every_plug_in_is_documented() -> None:
    degradations = (ROOT / "docs/degradations.md").read_text(encoding="utf-8")
    recipes = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
    for name in (*OPS, *preset_names()):
        assert f"### `{name}`" in degradations
    for name in SOURCES:
        assert f"### `{name}`" in recipes
    for name in FORMATS:
        assert f"| `{name}` |" in recipes


def test_the_change_log_names_the_version() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
