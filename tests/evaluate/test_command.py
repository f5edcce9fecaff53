"""``ocrsynth evaluate`` as a user meets it."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from ocrsynth.cli import cli
from ocrsynth.errors import OcrsynthError, RecipeError, ThresholdError

_SUITE = {
    "name": "one",
    "x_height_px": 16,
    "perturbations": {
        "blur": {"group": "capture", "chain": [{"defocus_blur": {"radius_em": ["$s", "$s"]}}], "strengths": [0.1, 0.2]}
    },
}


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(Path(__file__).parent / "odd_engines.py", tmp_path)
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(_SUITE))
    monkeypatch.chdir(tmp_path)


def _run(line: str) -> Result:
    return CliRunner().invoke(cli, shlex.split(line), catch_exceptions=False, standalone_mode=False)


def test_a_run_and_its_summary() -> None:
    done = _run("evaluate python:odd_engines:width -n 5 --suite one.yaml -o r/")
    assert "clean CER" in done.output
    assert done.output.endswith("report: r/report.html, report.md, result.json, predictions.jsonl\n")
    again = json.loads(_run("evaluate run python:odd_engines:width -n 5 --suite one.yaml -o r/ --json").output)
    assert again["summary"]["mean_cer"] > 0.5
    assert again["suite"]["name"] == "one"


def test_bounds() -> None:
    line = "evaluate python:odd_engines:width -n 5 --suite one.yaml -o r/ -q"
    assert _run(f"{line} --max-cer clean=5 --max-cer mean=5 --max-cer blur-1=9").exit_code == 0
    with pytest.raises(
        ThresholdError, match=r"^--max-cer: the CER is above its bound, got clean [\d.]+ > 0.02; see report.html"
    ):
        _run(f"{line} --max-cer clean=0.02")
    with pytest.raises(RecipeError, match=r"--max-cer: no figure 'blur', got blur=0.1; did you mean one of 'blur-1', 'blur-2'"):
        _run(f"{line} --max-cer blur=0.1")
    for wrong in ("clean", "clean=x", "clean=-1"):
        with pytest.raises(RecipeError, match=rf"--max-cer: must be NAME=RATE with a rate from 0 up, got '{wrong}'"):
            _run(f"{line} --max-cer {wrong}")
    assert ThresholdError.exit_code == 10


def test_freezing_needs_no_engine() -> None:
    assert _run("evaluate --freeze frozen/ -n 4 --suite one.yaml").output.endswith("3 conditions: frozen/\n")
    assert len(list(Path("frozen/blur-2").glob("*.png"))) == 4
    assert "clean CER" in _run("evaluate python:odd_engines:width --data frozen/ -n 4 -o r/").output


def test_comparing() -> None:
    for name in ("width", "Reader"):
        _run(f"evaluate python:odd_engines:{name} -n 6 --suite one.yaml -o {name}/ -q")
    out = _run("evaluate compare width/ Reader/result.json").output
    assert out.startswith("# python:odd_engines:Reader against python:odd_engines:width")
    assert len(json.loads(_run("evaluate compare width/ Reader/ --json").output)["differences"]) == 4


def test_lists() -> None:
    out = _run("evaluate engines").output
    assert all(name in out for name in ("tesseract", "rapidocr", "easyocr", "python", "cmd", "predictions", "torch"))
    engines = {e["name"]: e for e in json.loads(_run("evaluate engines --json").output)}
    assert engines["tesseract"]["missing"] is None
    assert engines["python"]["about"]
    assert "ocrsynth-c@1, x-height 20 px" in _run("evaluate suite").output
    assert len(json.loads(_run("evaluate suite one.yaml --json").output)["conditions"]) == 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("evaluate -q", "ENGINE: is missing, got None"),
        ("evaluate tesseract", "-o: the folder of the report is missing, got None"),
        ("evaluate tesseract -o r/ --profile loose", "profile: must be one of exact, compat, alnum_ci, got 'loose'"),
        ("evaluate tesseract -o r/ --only blurr", "--only: suite ocrsynth-c@1 has no condition 'blurr'"),
        ("evaluate tesseract -o r/ --lang xx-none", "xx-none"),
        ("evaluate tesseract -o r/ --baseline nothing.json", "nothing.json: cannot be read"),
        ("evaluate tesseract -o r/ --charset nothing.json", "nothing.json: is no charset"),
    ],
)
def test_errors(line: str, message: str) -> None:
    with pytest.raises(OcrsynthError) as error:
        _run(line)
    assert message in str(error.value)
