"""What engines, programs and files of readings get wrong, and what must not be counted together."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import torch
import yaml
from click.testing import CliRunner

from ocrsynth.charset import Charset
from ocrsynth.cli import cli
from ocrsynth.errors import AssetError, OcrsynthError, OutputError, RecipeError, WorkerError
from ocrsynth.evaluate import Recognition, Settings, compare, evaluate, freeze_suite, read_result
from ocrsynth.evaluate.compare import comparison_table
from ocrsynth.evaluate.engine import files_of as files_of_engine
from ocrsynth.evaluate.engines.tesseract import Tesseract
from ocrsynth.evaluate.engines.torch import Torch

_BLUR = {"group": "capture", "chain": [{"defocus_blur": {"radius_em": ["$s", "$s"]}}], "strengths": [0.1, 0.2]}
_SUITE = {"name": "one", "x_height_px": 16, "perturbations": {"blur": _BLUR}}


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(Path(__file__).parent / "odd_engines.py", tmp_path)
    (tmp_path / "one.yaml").write_text(yaml.safe_dump(_SUITE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCRSYNTH_CMD_PATIENCE_S", "20")


def _settings(count: int = 2, **options: Any) -> Settings:
    return Settings(count=count, suite="one.yaml", **options)


def _records(folder: str) -> list[dict[str, Any]]:
    rows = [orjson.loads(row) for row in (Path(folder) / "predictions.jsonl").read_bytes().splitlines()]
    return [row for row in rows if "condition" in row]


def test_an_engine_that_writes_into_its_pictures_changes_none() -> None:
    known = evaluate("python:odd_engines:width", "a", _settings(), workers=1)
    found = evaluate("python:odd_engines:scribbling", "b", _settings(), workers=1)
    assert found["images_sha256"] == known["images_sha256"]


@pytest.mark.parametrize(
    ("engine", "options"),
    [
        ("python:odd_engines:width", {"language": "zz"}),
        ("python:odd_engines:width", {"data": "nowhere"}),
        ("python:odd_engines:nothing_of_the_name", {}),
        ("python:no_module:width", {}),
    ],
)
def test_what_is_not_there_leaves_the_folder_free(engine: str, options: dict[str, Any]) -> None:
    with pytest.raises(OcrsynthError):
        evaluate(engine, "r", _settings(**options), workers=1)
    assert not Path("r").exists()
    evaluate("python:odd_engines:width", "r", _settings(), workers=1)
    # What was evaluated is never cleared away.
    with pytest.raises(OutputError, match="holds another evaluation"):
        evaluate(engine, "r", _settings(**options), workers=1)
    assert (Path("r") / "result.json").exists()


def test_what_an_engine_said_before_it_died_stays() -> None:
    with pytest.raises(OcrsynthError, match=r"while it was loaded; see .*engine\.log"):
        evaluate("python:odd_engines:Dying", "r", _settings(), workers=1)
    assert "no weights" in (Path("r") / "engine.log").read_text()


@pytest.mark.parametrize("psm", [-1, 14, 99])
def test_tesseract_has_so_many_ways_to_take_a_page_apart(psm: int) -> None:
    with pytest.raises(RecipeError, match=rf"engine 'tesseract:psm={psm}': psm must be from 0 to 13, got {psm}; 7 is one line"):
        Tesseract.from_spec(f"psm={psm}", "en")


def test_a_message_with_a_lone_surrogate() -> None:
    evaluate("python:odd_engines:surrogate", "r", _settings(), workers=1)
    assert {(r["status"], r["detail"]) for r in _records("r")} == {("exception", "OSError: no file ?")}


def test_an_engine_without_characters() -> None:
    result = evaluate("python:odd_engines:wordless", "r", _settings(), workers=1)
    assert result["charset"] == 0
    again = evaluate("python:odd_engines:wordless", "r", _settings(), workers=1)
    assert again["conditions"] == result["conditions"]


@pytest.mark.parametrize("confidence", [float("nan"), float("inf"), "high", [1], 10**400])
def test_a_confidence_that_is_no_number_is_none(confidence: Any) -> None:
    evaluate(lambda images: [Recognition("a", confidence)] * len(images), "r", _settings())
    assert {(r["reading"], r["confidence"], r["status"]) for r in _records("r")} == {("a", None, "ok")}


@pytest.mark.parametrize(
    ("answer", "reading", "status"),
    [
        ("print(json.dumps({'id': i, 'text': 'x', 'confidence': float('nan')}), flush=True)", "x", "ok"),
        ("print(json.dumps({'id': i, 'text': 'x', 'confidence': 'high'}), flush=True)", "x", "ok"),
        ("print(json.dumps({'id': i, 'text': 'x\\ud800'}), flush=True)", "x?", "ok"),
        ("print('{\"id\": %d, \"te' % i, end='', flush=True); os._exit(1)", "", "crash"),
        ("os.close(1); time.sleep(600)", "", "crash"),
    ],
)
def test_programs(answer: str, reading: str, status: str) -> None:
    Path("ocr.py").write_text(
        f"import json, os, sys, time\nfor row in sys.stdin:\n    i = json.loads(row)['id']\n    {answer}\n"
    )
    began = time.monotonic()
    evaluate(f"cmd:{sys.executable} ocr.py", "r", _settings(1, only=("clean",)), workers=1)
    assert [(r["reading"], r["status"]) for r in _records("r")] == [(reading, status)]
    assert time.monotonic() - began < 20


def test_two_readings_of_one_picture() -> None:
    rows = [{"condition": "clean", "line": 0, "reading": t, "confidence": float("nan")} for t in ("a", "a", "b")]
    Path("p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(RecipeError, match=r"p.jsonl:3: is another reading of clean, line 0, got .*; keep one reading"):
        evaluate("predictions:p.jsonl", "r", _settings(), workers=1)


def test_figures_of_a_stricter_profile() -> None:
    """Equal letters and digits may well be unequal text."""
    result = evaluate(lambda images: ["-"] * len(images), "r", _settings(4))
    labels = [json.loads(row)["text"] for row in Path("r/lines/lines.jsonl").read_text().splitlines()]
    rows = [{"condition": "clean", "line": i, "reading": t.swapcase()} for i, t in enumerate(labels)]
    Path("p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = [
        evaluate("predictions:p.jsonl", f"p{profile}", _settings(4, only=("clean",)), workers=1, profile=profile)["conditions"][
            0
        ]
        for profile in ("exact", "alnum_ci")
    ]
    assert found[1]["cer"] == 0
    assert found[1]["cer_by_profile"]["compat"] == found[0]["cer_by_profile"]["compat"] > 0.5
    assert found[1]["cer_by_profile"]["exact"] == found[0]["cer"]
    assert result["conditions"][0]["cer"] > 0


def test_a_baseline_must_be_of_the_same_pictures_and_profile() -> None:
    base = evaluate("python:odd_engines:width", "base", _settings(), workers=1)
    Path("two.yaml").write_text(yaml.safe_dump({**_SUITE, "name": "two"}))
    for settings, options, message in (
        (Settings(count=2, suite="two.yaml"), {}, r"baseline: must be of suite two with hash \w+, got one with"),
        (_settings(), {"profile": "compat"}, r"baseline: must be of profile 'compat', got 'exact'"),
        (_settings(3), {}, r"baseline: must have read the same lines, got \w+ and \w+"),
    ):
        with pytest.raises(RecipeError, match=message):
            evaluate("python:odd_engines:width", "r", settings, workers=1, baseline=base, **options)
        shutil.rmtree("r", ignore_errors=True)


def test_a_wrong_bound_is_told_before_anything_is_read() -> None:
    line = ["evaluate", "python:odd_engines:width", "-n", "2", "--suite", "one.yaml", "-q", "-o", "r/", "--max-cer", "scenes=1"]
    with pytest.raises(RecipeError, match=r"--max-cer: no figure 'scenes', got scenes=1"):
        CliRunner().invoke(cli, line, catch_exceptions=False, standalone_mode=False)
    assert not Path("r").exists()


def test_the_mean_is_no_condition() -> None:
    a = evaluate("python:odd_engines:width", "a", _settings(), workers=1)
    assert comparison_table(a, a, compare(a, a)).endswith("is better under 0 conditions, worse under 0, of 3.\n")


def test_a_frozen_suite_keeps_its_hash() -> None:
    """Its pictures were made with the ops of then."""
    freeze_suite("frozen", _settings())
    content = orjson.loads(Path("frozen/suite.json").read_bytes())
    content["hash"] = "0" * 64
    Path("frozen/suite.json").write_bytes(orjson.dumps(content))
    result = evaluate("python:odd_engines:width", "r", _settings(data="frozen"), workers=1)
    assert result["suite"]["hash"] == "0" * 64


def test_a_hanging_engine_ends_with_its_parent() -> None:
    line = "-m ocrsynth evaluate python:odd_engines:endless -n 2 --suite one.yaml -q -o r --workers 1"
    process = subprocess.Popen([sys.executable, *line.split()])
    deadline = time.monotonic() + 60
    while not Path("pid").exists() or not Path("pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    pid = int(Path("pid").read_text())
    process.kill()
    process.wait()
    while Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert process.returncode == -9
    assert os.getpid() != pid


def test_options_of_torch() -> None:
    for key in ("height", "stride"):
        with pytest.raises(RecipeError, match=rf"{key} must be 1 or more, got 0"):
            Torch.from_spec(f"module=a:b,charset=c.json,{key}=0", "en_Latn")


def test_a_module_of_another_charset_or_layout() -> None:
    class TimeFirst(torch.nn.Module):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return torch.zeros(batch.shape[3] // 4, 1, 4)

    settings = _settings(1, only=("clean",))
    with pytest.raises(
        RecipeError, match=r"engine 'torch': module must give scores \(1, T, 4\) for one picture, got \(\d+, 1, 4\)"
    ):
        evaluate(Torch(TimeFirst(), Charset("abc")), "r", settings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 2.5}, r"-n: must be a whole number from 1 to 2\*\*63 - 1, got 2\.5; leave it out"),
        ({"count": "3"}, "-n: must be a whole number .*, got '3'"),
        ({"count": 0}, "-n: must be a whole number .*, got 0"),
        ({"seed": -1}, "--seed: must be a whole number from 0 .*, got -1"),
        ({"only": "blur"}, "--only: must be a list of names, got 'blur'; write for example"),
        ({"only": [1]}, r"--only: must be a list of names, got \[1\]"),
        ({"suite": None}, "suite: must be text, got None"),
        ({"data": 3}, "data: must be text or None, got 3"),
        ({"keep_size": 1}, "keep_size: must be True or False, got 1"),
    ],
)
def test_settings_of_odd_types_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Settings(**options)


def test_settings_take_what_means_the_same() -> None:
    settings = Settings(count=np.int64(3), only=["blur"], data=Path("lines"))
    assert settings == Settings(count=3, only=("blur",), data="lines")
    assert type(settings.count) is int


@pytest.mark.parametrize(
    ("engine", "options", "message"),
    [
        (None, {}, "engine: must be a spec, an Engine or a function, got None; say for example 'tesseract'"),
        (len, {"workers": 0}, "workers: must be a whole number from 1 to 1024, got 0"),
        (len, {"timeout_s": "5"}, "timeout_s: must be a number of seconds above 0, got '5'"),
        (len, {"timeout_s": float("nan")}, "timeout_s: must be a number of seconds above 0, got nan"),
        (len, {"baseline": {}}, "baseline: must be the result of an evaluation, got '{}'; read it by read_result"),
        (len, {"profile": "loose"}, "profile: must be one of exact, compat, alnum_ci, got 'loose'"),
    ],
)
def test_arguments_of_odd_types_are_told(engine: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(message)):
        evaluate(engine, "r", _settings(), **options)
    assert not Path("r").exists()


def test_a_program_that_answers_in_another_encoding_is_told_at_once() -> None:
    program = """import sys
for row in sys.stdin:
    number = row.split(":")[1].split(",")[0]
    sys.stdout.buffer.write(b'{"id": %s, "text": "caf\\xe9"}\\n' % number.encode())
    sys.stdout.flush()
"""
    Path("latin.py").write_text(program)
    started = time.monotonic()
    with pytest.raises(WorkerError, match=r"it gave no answer \(encoding: its answer is not UTF-8\)"):
        evaluate(f"cmd:{sys.executable} latin.py", "r", _settings(4), workers=1)
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("option", ["model", "keys"])
def test_a_model_that_is_not_there_is_told(option: str) -> None:
    with pytest.raises(AssetError, match=f"engine 'rapidocr': {option} must be a file, got '/nope.onnx'; check the path"):
        evaluate(f"rapidocr:{option}=/nope.onnx", "r", _settings(), workers=1)


def test_perturbations_without_errors_of_the_baseline_are_counted() -> None:
    perturbations = {"blur": _BLUR, "noise": {**_BLUR, "strengths": [0.1]}}
    Path("two.yaml").write_text(yaml.safe_dump({**_SUITE, "name": "two", "perturbations": perturbations}))
    settings = Settings(count=2, suite="two.yaml")
    bad = evaluate("python:odd_engines:width", "bad", settings, workers=1)
    labels = [orjson.loads(row)["text"] for row in Path("bad/lines/lines.jsonl").read_bytes().splitlines()]
    names = [c["name"] for c in bad["conditions"]]
    rows = [
        {"condition": name, "line": i, "reading": text if name.startswith(("clean", "noise")) else "?"}
        for name in names
        for i, text in enumerate(labels)
    ]
    Path("p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    base = evaluate("predictions:p.jsonl", "base", settings, workers=1)
    found = evaluate("python:odd_engines:width", "r", settings, workers=1, baseline=base)["against"]
    assert (found["mce_of"], found["relative_mce_of"], found["perturbations"]) == (1, 1, 2)
    assert (
        "mCE against predictions:p.jsonl, over 1 of 2 perturbations: in the others it made no errors"
        in Path("r/report.md").read_text()
    )


def test_other_files_of_an_engine_are_told(tmp_path: Path) -> None:
    package = tmp_path / "mypkg"
    package.mkdir()
    (package / "__init__.py").write_text("from .model import read\n")
    (package / "model.py").write_text("import far\nfrom . import near\ndef read(images):\n    return ['a'] * len(images)\n")
    (package / "near.py").write_text("x = 1\n")
    (tmp_path / "far.py").write_text("y = 1\n")
    (tmp_path / "ocr.py").write_text("z = 1\n")
    of_package = {path.relative_to(tmp_path).as_posix() for path in files_of_engine("python:mypkg:read")}
    assert of_package == {"mypkg/__init__.py", "mypkg/model.py", "mypkg/near.py", "far.py"}
    command = f"cmd:{sys.executable} ocr.py --file=far.py --fast"
    assert {path.name for path in files_of_engine(command)} == {Path(sys.executable).name, "ocr.py", "far.py"}
    evaluate("python:mypkg:read", "r", _settings(), workers=1)
    (package / "near.py").write_text("x = 2\n")
    with pytest.raises(OutputError, match="holds another evaluation, its files"):
        evaluate("python:mypkg:read", "r", _settings(), workers=1)


def test_what_an_engine_said_is_in_the_report_and_so_is_that_nothing_was_read() -> None:
    Path("broken.py").write_text("def read(images):\n    raise ValueError('boom | bang')\n")
    line = ["evaluate", "python:broken:read", "-n", "2", "--suite", "one.yaml", "-q", "-o", "r/", "--workers", "1"]
    first, second = (CliRunner().invoke(cli, line, catch_exceptions=False, standalone_mode=False) for _ in range(2))
    assert "first exception: ValueError: boom \\| bang" in Path("r/report.md").read_text()
    assert "first exception: ValueError: boom" in first.output
    assert "warning: the engine read no picture at all" in first.output
    assert "no picture was read now" not in first.output
    assert "no picture was read now: all readings are from before; to have them read anew, choose" in second.output


@pytest.mark.parametrize(
    "change",
    [
        {"suite": []},
        {"suite": {"hash": 5}},
        {"conditions": [5]},
        {"conditions": [{"name": "clean"}]},
        {"per_line": {"edits": {}, "characters": []}},
        {"per_line": {"edits": [], "characters": [1]}},
        {"lines": {}},
        {"engine": "tesseract"},
        {"profile": 3},
    ],
)
def test_a_result_of_other_types_is_none(change: dict[str, Any]) -> None:
    evaluate("python:odd_engines:width", "r", _settings(), workers=1)
    result = orjson.loads(Path("r/result.json").read_bytes())
    assert read_result("r/result.json")["suite"]["name"] == "one"
    Path("bad.json").write_bytes(orjson.dumps(result | change))
    with pytest.raises(OutputError, match=r"bad\.json: is no result of an evaluation of this schema"):
        read_result("bad.json")
