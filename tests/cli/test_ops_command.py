"""`ops list`, `show` and `gallery` over the whole registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from commands import run_here

from ocrsynth.degrade.base import OPS, PHASES
from ocrsynth.degrade.entries import parse_chain
from ocrsynth.errors import CoverageError, ExitCode
from ocrsynth.gallery import severities

if TYPE_CHECKING:
    import subprocess


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_here(Path(), "ops", *arguments)


def test_the_list_is_the_registry_in_physical_order() -> None:
    rows = json.loads(_run("list", "--json").stdout)
    assert sorted(row["name"] for row in rows) == list(OPS)
    phases = [PHASES.index(row["phase"]) for row in rows]
    assert phases == sorted(phases)
    assert all(row["cause"].endswith(".") for row in rows)
    shown = _run("list").stdout.splitlines()
    assert shown[-1] == f"{len(rows)} ops"
    assert len(shown) == len(rows) + 1


def test_an_op_is_shown_with_an_example_that_a_recipe_takes() -> None:
    answer = json.loads(_run("show", "stain", "--json").stdout)
    parse_chain([{"stain": answer["example"]}], "degrade")
    parse_chain([{"stain": answer["defaults"]}], "degrade")
    assert len(answer["severities"]) == 5
    text = _run("show", "stain").stdout
    assert "In a recipe:  - {stain: {darkness_ratio: [0.1, 0.35], size_em: [0.8, 2.5]}}" in text
    assert "  5: {darkness_ratio: [0.55, 0.55]" in text


def test_an_unknown_op_names_the_nearest() -> None:
    done = _run("show", "halfton")
    assert done.returncode == ExitCode.RECIPE
    assert "did you mean 'halftone'?" in done.stderr


def test_the_gallery_writes_a_picture_an_op(tmp_path: Path) -> None:
    done = _run("gallery", "-o", str(tmp_path), "--op", "fax", "--op", "rotation")
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fax.png", "rotation.png"]
    for path in tmp_path.iterdir():
        assert cv2.imread(str(path)) is not None


@pytest.mark.parametrize("name", list(OPS))
def test_every_op_has_six_strips_that_differ(name: str) -> None:
    for color in ("grey", "rgb"):
        sheet = severities(OPS.get(name, "test"), "Receipt 12.50", color)  # type: ignore[arg-type]
        assert sheet.ndim == (2 if color == "grey" else 3)
        clean, worst = sheet[:48], sheet[-56:-8]
        assert (clean != worst).mean() > 0.005
        assert np.array_equal(sheet, severities(OPS.get(name, "test"), "Receipt 12.50", color))  # type: ignore[arg-type]


def test_a_text_without_a_font_is_refused() -> None:
    with pytest.raises(CoverageError, match="--text: no font of the default set can show it, got '日本'"):
        severities(OPS.get("fax", "test"), "日本", "grey")


@pytest.mark.parametrize("text", ["", " \u3000"])
def test_a_text_without_ink_is_a_wrong_option(text: str, tmp_path: Path) -> None:
    done = _run("gallery", "-o", str(tmp_path / "out"), "--op", "fax", "--text", text)
    assert done.returncode == ExitCode.RECIPE
    advice = "leave it out for a usual line"
    assert done.stderr == f"error: --text: must hold a character that leaves ink, got {text!r}; {advice}\n"
    assert not (tmp_path / "out").exists()
