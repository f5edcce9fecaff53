"""Evaluations from end to end: whatever an engine does, every picture gets its record, and a killed run goes on."""

from __future__ import annotations

import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
import yaml

from ocrsynth import codec, generate
from ocrsynth.errors import AssetError, OcrsynthError, OutputError, RecipeError, WorkerError
from ocrsynth.evaluate import Settings, compare, evaluate, freeze_suite, read_result
from ocrsynth.evaluate.compare import comparison_table
from ocrsynth.evaluate.engine import Unanswered
from ocrsynth.evaluate.engines import cmd

if TYPE_CHECKING:
    from ocrsynth.evaluate.result import Result

_SUITE = {
    "name": "small",
    "x_height_px": 16,
    "perturbations": {
        "blur": {"group": "capture", "chain": [{"defocus_blur": {"radius_em": ["$s", "$s"]}}], "strengths": [0.1, 0.2]},
        "noise": {"group": "capture", "chain": [{"sensor_noise": {"read_grey": ["$s", "$s"]}}], "strengths": [20, 60]},
        "copy": {
            "group": "scan",
            "kind": "scene",
            "chain": [{"rotation": {"angle_deg": ["$s", "$s"]}}, {"jpeg": {"quality": [20, 20]}}],
            "strengths": [2],
        },
    },
}
_CONDITIONS = ["clean", "blur-1", "blur-2", "noise-1", "noise-2", "copy-1"]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small suite and the engines, where modules are found."""
    shutil.copy(Path(__file__).parent / "odd_engines.py", tmp_path)
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(_SUITE, sort_keys=False))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _settings(count: int = 12, **options: Any) -> Settings:
    return Settings(count=count, suite="small.yaml", **options)


def _figures(result: Result) -> dict[str, Any]:
    """What must repeat to the digit: all but the seconds."""
    return {k: v for k, v in result.items() if k != "timing"}


def _records(folder: Path) -> list[dict[str, Any]]:
    rows = [orjson.loads(row) for row in (folder / "predictions.jsonl").read_bytes().splitlines()]
    return [row for row in rows if "condition" in row]


class TestRuns:
    def test_a_report_is_whole(self, shop: Path) -> None:
        result = evaluate("python:odd_engines:width", shop / "r", _settings(), workers=2)
        assert [c["name"] for c in result["conditions"]] == _CONDITIONS
        assert {p.name for p in (shop / "r").iterdir()} == {
            "engine.log", "evaluation.json", "lines", "predictions.jsonl", "report.html", "report.md", "result.json",
        }  # fmt: skip
        assert read_result(shop / "r") == json.loads(orjson.dumps(result))
        assert len(_records(shop / "r")) == 12 * 6
        assert result["engine"] == {"name": "python:odd_engines:width", "versions": {"odd_engines:width": "7"}}
        assert result["charset"] == 8
        assert result["summary"]["failures"] == 0
        assert 0 < result["timing"]["engine_share"] <= 1
        text = (shop / "r" / "report.md").read_text()
        assert all(f"| {name} |" in text for name in ("blur", "noise", "copy", "clean CER"))
        # All counts are there: every figure can be worked out again from them.
        for condition in result["conditions"]:
            counts = condition["counts"]
            assert counts["edits"] == counts["substitutions"] + counts["deletions"] + counts["insertions"]
            assert condition["cer"] == pytest.approx(counts["edits"] / counts["characters"])
            assert condition["cer_low"] <= condition["cer"] <= condition["cer_high"]
            assert counts["edits"] == sum(result["per_line"]["edits"][condition["name"]])

    def test_it_repeats_to_the_digit(self, shop: Path) -> None:
        runs = [_figures(evaluate("python:odd_engines:Reader", shop / f"r{n}", _settings(), workers=n)) for n in (1, 3)]
        assert runs[0] == runs[1]
        names = ("predictions.jsonl", "report.html")
        first, second = ([_without_times((shop / f"r{n}" / name).read_text()) for name in names] for n in (1, 3))
        assert first == second

    def test_a_killed_run_goes_on(self, shop: Path) -> None:
        code = (
            "from ocrsynth.evaluate import evaluate, Settings\n"
            "evaluate('python:odd_engines:slow', 'r', Settings(count=30, suite='small.yaml'), workers=2)"
        )
        process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
        part = shop / "r" / "predictions.part.jsonl"
        deadline = time.monotonic() + 60
        while not (part.exists() and part.read_bytes().count(b"condition") > 30):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # Half a row, as a full disk or a cut power line leaves it.
        with part.open("ab") as file:
            file.write(b'{"condition": "bl')
        before = part.read_bytes().count(b"condition") - 1
        told: list[tuple[str, int, int]] = []

        class Listener:
            def start(self, what: str, total: int, already: int) -> None:
                told.append((what, total, already))

            def advance(self, n: int, failures: int) -> None:
                del n, failures

        resumed = evaluate(
            "python:odd_engines:slow", "r", Settings(count=30, suite="small.yaml"), workers=2, progress=Listener()
        )
        assert told == [("readings", 180, before)]
        whole = evaluate("python:odd_engines:slow", "w", Settings(count=30, suite="small.yaml"), workers=2)
        assert _figures(resumed) == _figures(whole)
        # A third call finds nothing to do.
        assert _figures(evaluate("python:odd_engines:slow", "r", Settings(count=30, suite="small.yaml"))) == _figures(whole)

    def test_other_arguments_are_refused(self, shop: Path) -> None:
        evaluate("python:odd_engines:width", shop / "r", _settings(3))
        with pytest.raises(OutputError, match="r: holds another evaluation, its count is 3, got 4; choose another folder"):
            evaluate("python:odd_engines:width", shop / "r", _settings(4))
        (shop / "mine").mkdir()
        (shop / "mine" / "thesis.txt").touch()
        with pytest.raises(OutputError, match="mine: is not empty and holds no evaluation"):
            evaluate("python:odd_engines:width", shop / "mine", _settings(3))

    def test_functions_of_this_process(self, shop: Path) -> None:
        seen: list[tuple[int, ...]] = []

        def function(images: list[np.ndarray]) -> list[str]:
            seen.extend(i.shape for i in images)
            return ["x"] * len(images)

        result = evaluate(function, shop / "r", _settings(5, only=("blur",)))
        assert len(seen) == 5 * 3
        assert result["engine"]["name"].endswith("function")


def _without_times(text: str) -> str:
    return re.sub(r'"(engine|all)_s":[\d.]+|[\d.]+ ms a line.*', "", text)


class TestOddEngines:
    @pytest.mark.parametrize(
        ("name", "status"),
        [("crashing", "crash"), ("raising", "exception"), ("silent", "none"), ("hanging", "timeout"), ("short", "count")],
    )
    def test_no_picture_is_lost(self, name: str, status: str, shop: Path) -> None:
        # Each that hangs costs its time and a new process.
        count, timeout_s = (5, 1.0) if status == "timeout" else (8, 60)
        settings = _settings(count, only=("blur",))
        result = evaluate(f"python:odd_engines:{name}", shop / "r", settings, workers=2, timeout_s=timeout_s)
        records = _records(shop / "r")
        assert len(records) == count * 3
        found = {r["status"] for r in records}
        assert status in found
        assert found <= {"ok", status, "type"}
        if name != "short":
            assert "ok" in found, "only some pictures are odd"
        failures = sum(r["status"] != "ok" for r in records)
        assert result["summary"]["failures"] == failures
        assert all(r["reading"] == "" for r in records if r["status"] != "ok")
        assert "Pictures without a reading" in (shop / "r" / "report.html").read_text()

    @pytest.mark.parametrize(
        ("spec", "error", "message"),
        [
            ("tesserakt", RecipeError, "engine: unknown engine 'tesserakt'; did you mean 'tesseract'?"),
            ("python:odd_engines", RecipeError, "write package.module:object"),
            ("python:odd_engines:nothing", RecipeError, "cannot be loaded, module 'odd_engines' has no attribute 'nothing'"),
            ("python:odd_engines:os.sep", RecipeError, "must be callable with a list of arrays, got str"),
            ("python:odd_engines:Broken", OcrsynthError, "OSError: the model is not there"),
            ("python:odd_engines:Dying", WorkerError, "its process ended with status 3 3 times while it was loaded; see "),
            ("cmd:./no-such-program", RecipeError, r"there is no program \['./no-such-program'\]"),
            ("predictions:none.jsonl", AssetError, "none.jsonl: cannot be read, No such file"),
            ("tesseract:lang=xyz", AssetError, "no model 'xyz' in"),
            ("tesseract:psm=seven", RecipeError, "psm must be of type int, got 'seven'"),
            ("tesseract:pms=7", RecipeError, "unknown option 'pms=7'; write key=value, did you mean 'psm'"),
            ("torch:module=a:b", RecipeError, "needs charset=FILE and either module="),
            ("easyocr:models=/nowhere", OcrsynthError, "easyocr"),
        ],
    )
    def test_engines_that_cannot_be_made(self, spec: str, error: type[Exception], message: str, shop: Path) -> None:
        with pytest.raises(error, match=message):
            evaluate(spec, shop / "r", _settings(2), workers=1)
        # What was made for nothing is removed; a log tells why an engine dies.
        assert not (shop / "r").exists() or any((shop / "r").iterdir())


_PROGRAM = """#!{python}
import json, os, sys, time
print("loading the model")
seen = 0
for row in sys.stdin:
    question = json.loads(row)
    seen += 1
    size = os.path.getsize(question["path"])
    if {odd} and size % 7 == 0:
        {odd_does}
    print(json.dumps({{"id": question["id"], "text": "size %d" % (size % 100), "confidence": 0.5}}), flush=True)
"""


class TestPrograms:
    def _program(self, shop: Path, does: str = "") -> str:
        path = shop / "my ocr"
        path.write_text(_PROGRAM.format(python=sys.executable, odd=bool(does), odd_does=does or "pass"))
        path.chmod(0o755)
        return "cmd:'./my ocr' --fast"

    def test_a_program_reads(self, shop: Path) -> None:
        result = evaluate(self._program(shop), shop / "r", _settings(), workers=2)
        records = _records(shop / "r")
        assert {r["status"] for r in records} == {"ok"}
        assert all(r["reading"].startswith("size ") and r["confidence"] == 0.5 for r in records)
        assert result["engine"]["versions"] == {"command": "'./my ocr' --fast"}

    @pytest.mark.parametrize(
        ("does", "status", "patience_s"), [("os._exit(3)", "crash", "30"), ("time.sleep(60)", "timeout", "1")]
    )
    def test_it_is_started_again(
        self, does: str, status: str, patience_s: str, shop: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OCRSYNTH_CMD_PATIENCE_S", patience_s)
        evaluate(self._program(shop, does), shop / "r", _settings(only=("blur",)), workers=1)
        found = [r["status"] for r in _records(shop / "r")]
        assert set(found) == {"ok", status}

    def test_one_that_never_answers_ends_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cmd, "_FIRST_PATIENCE_S", 0.5)
        monkeypatch.setenv("OCRSYNTH_CMD_PATIENCE_S", "0.5")
        engine = cmd.Command(f"{sys.executable} -c 'print(1); import time; time.sleep(60)'")
        image = np.full((32, 90), 255, np.uint8)
        for _ in range(2):
            with pytest.raises(Unanswered, match=r"0\.5 s"):
                engine.read([image])
        with pytest.raises(WorkerError, match=r"started 3 times, it gave no answer \(timeout: 0\.5 s\); it must answer"):
            engine.read([image])
        engine.close()

    def test_pictures_that_all_take_too_long_end_the_run_and_leave_nothing(
        self, shop: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for_temporary = shop / "tmp"
        for_temporary.mkdir()
        monkeypatch.setenv("TMPDIR", str(for_temporary))
        monkeypatch.setattr(tempfile, "tempdir", None)
        with pytest.raises(
            WorkerError, match=r"none of its first 5 pictures was read within 0\.7 s; give it more time, or see "
        ):
            evaluate("cmd:sleep 600", shop / "r", _settings(8), workers=2, timeout_s=0.7)
        assert not list(for_temporary.iterdir())

    def test_a_number_is_no_reading(self, shop: Path) -> None:
        program = shop / "counts_only.py"
        program.write_text(
            "import json, sys\nfor row in sys.stdin:\n"
            "    print(json.dumps({'id': json.loads(row)['id'], 'text': 12}), flush=True)\n"
        )
        evaluate(f"cmd:{sys.executable} counts_only.py", shop / "r", _settings(2), workers=1)
        assert {r["status"] for r in _records(shop / "r")} == {"type"}


class TestData:
    def test_lines_of_ones_own(self, shop: Path) -> None:
        from ocrsynth import Recipe

        recipe = Recipe.for_language("en", preset="scan", seed=3, render={"height_px": 40})
        generate(recipe, 40, shop / "set")
        result = evaluate("python:odd_engines:width", shop / "r", _settings(10, data="set"))
        assert result["lines"]["count"] == 10
        assert result["lines"]["from"] == "set"
        kept = [json.loads(row) for row in (shop / "r/lines/lines.jsonl").read_text().splitlines()]
        assert [row["key"] for row in kept] == [f"{4 * i:012d}" for i in range(10)]
        same = evaluate("python:odd_engines:width", shop / "k", _settings(10, data="set", keep_size=True))
        assert same["lines"]["sha256"] != result["lines"]["sha256"]
        assert codec.decode((shop / "k/lines/000000.png").read_bytes()).shape[0] == 40
        with pytest.raises(OcrsynthError, match="nowhere"):
            evaluate("python:odd_engines:width", shop / "n", _settings(10, data="nowhere"))

    def test_a_frozen_suite_gives_the_same_figures(self, shop: Path) -> None:
        rendered = evaluate("python:odd_engines:Reader", shop / "r", _settings(8))
        conditions = freeze_suite(shop / "frozen", _settings(8))
        assert [c.name for c in conditions] == _CONDITIONS
        assert len(list((shop / "frozen/noise-2").glob("*.png"))) == 8
        frozen = evaluate("python:odd_engines:Reader", shop / "f", _settings(8, data="frozen"))
        for key in ("conditions", "summary", "images_sha256", "suite", "confusions"):
            assert frozen[key] == rendered[key], key
        # Readings made elsewhere, found by condition and line.
        scored = evaluate("predictions:r/predictions.jsonl", shop / "p", _settings(8, data="frozen"))
        assert scored["summary"] == rendered["summary"]
        (shop / "frozen/noise-2/000003.png").write_bytes(b"")
        changed = r"000003.png: is not the picture that was frozen, got other bytes; freeze the suite again"
        with pytest.raises(OutputError, match=changed):
            evaluate("python:odd_engines:Reader", shop / "g", _settings(8, data="frozen"), workers=1)

    def test_changed_lines_are_noticed(self, shop: Path) -> None:
        evaluate("python:odd_engines:width", shop / "r", _settings(4, only=("blur-1",)))
        (shop / "r/result.json").unlink()
        rows = (shop / "r/predictions.jsonl").read_bytes().splitlines(keepends=True)
        (shop / "r/predictions.jsonl").write_bytes(b"".join(rows[:3]))
        path = shop / "r/lines/000002.png"
        path.write_bytes(codec.encode_png(np.full((30, 200), 255, np.uint8)))
        with pytest.raises(OutputError, match="is not the picture of line 2 any more"):
            evaluate("python:odd_engines:width", shop / "r", _settings(4, only=("blur-1",)))


class TestComparing:
    def test_a_better_engine_is_told(self, shop: Path) -> None:
        bad = evaluate("python:odd_engines:width", shop / "bad", _settings(40))
        labels = [json.loads(r)["text"] for r in (shop / "bad/lines/lines.jsonl").read_text().splitlines()]
        rows = [{"condition": c, "line": i, "reading": t} for c in _CONDITIONS for i, t in enumerate(labels)]
        (shop / "perfect.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
        best = evaluate("predictions:perfect.jsonl", shop / "best", _settings(40), baseline=bad)
        assert best["summary"]["mean_cer"] == 0
        assert (best["against"]["engine"], best["against"]["mce"]) == ("python:odd_engines:width", 0.0)
        differences = compare(bad, best)
        assert [d.condition for d in differences] == [*_CONDITIONS, "mean"]
        assert all(d.is_significant and d.high < 0 for d in differences)
        assert "is better under 6 conditions, worse under 0" in comparison_table(bad, best, differences)
        assert not any(d.is_significant for d in compare(bad, bad))

    def test_other_lines_are_refused(self, shop: Path) -> None:
        a = evaluate("python:odd_engines:width", shop / "a", _settings(5))
        b = evaluate("python:odd_engines:width", shop / "b", _settings(5, seed=1))
        with pytest.raises(RecipeError, match="compare: both must have read the same lines, got"):
            compare(a, b)
        with pytest.raises(OutputError, match="none: cannot be read"):
            read_result(shop / "none")
        (shop / "x.json").write_text("{}")
        with pytest.raises(OutputError, match="is no result of an evaluation"):
            read_result(shop / "x.json")


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports of two real engines and a bad one, on a small grid of the suite."""
    shop = tmp_path_factory.mktemp("three")
    shutil.copy(Path(__file__).parent / "odd_engines.py", shop)
    found = {}
    here = Path.cwd()
    os.chdir(shop)
    try:
        for name in ("tesseract", "rapidocr", "python:odd_engines:width"):
            folder = shop / name.partition(":")[0]
            settings = Settings(count=12, only=("defocus_blur-2", "defocus_blur-5", "ink_dropout-3"))
            base = read_result(found["tesseract"]) if found else None
            evaluate(name, folder, settings, workers=2, baseline=base)
            found[folder.name] = folder
    finally:
        os.chdir(here)
    return found


class TestRealEngines:
    def test_they_read(self, three: dict[str, Path]) -> None:
        for name in ("tesseract", "rapidocr"):
            result = read_result(three[name])
            rates = {c["name"]: c["cer"] for c in result["conditions"]}
            assert rates["clean"] < 0.04, name
            assert rates["clean"] < rates["defocus_blur-5"], name
            # Of so few pictures the first degradations, which fill caches, are a good part; docs/engines.md has the share.
            assert result["timing"]["engine_share"] > 0.5, name
            assert result["charset"] is None or result["charset"] > 100
        bad = {c["name"]: c["cer"] for c in read_result(three["python"])["conditions"]}
        assert min(bad.values()) > 0.6

    def test_they_repeat_to_the_digit(self, three: dict[str, Path], tmp_path: Path) -> None:
        first = read_result(three["tesseract"])
        settings = Settings(count=12, only=("defocus_blur-2", "defocus_blur-5", "ink_dropout-3"))
        assert _figures(json.loads(orjson.dumps(evaluate("tesseract", tmp_path / "again", settings, workers=1)))) == _figures(
            first
        )

    def test_the_page_needs_nothing_else(self, three: dict[str, Path]) -> None:
        for folder in three.values():
            links = _Links()
            links.feed((folder / "report.html").read_text())
            assert links.found
            assert all(link.startswith("data:") for link in links.found)

    def test_chromium_opens_the_page(self, three: dict[str, Path], tmp_path: Path) -> None:
        """Headless, with the network log on: no request leaves, nothing is written to the console, and it is drawn."""
        chromium = shutil.which("chromium") or pytest.fail("chromium is not installed; .ci/run says how")
        log = tmp_path / "net.json"
        done = subprocess.run(
            [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1200,3200",
                "--disable-background-networking", "--disable-component-update", "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0",
                f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--net-log-capture-mode=Everything",
                f"--screenshot={tmp_path / 'page.png'}", (three["rapidocr"] / "report.html").as_uri(),
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert "CONSOLE" not in done.stderr
        assert not re.findall(r'"url":"(https?|wss?)://[^"]*report[^"]*"', log.read_text())
        image = codec.decode((tmp_path / "page.png").read_bytes())
        assert image.shape[0] == 3200
        assert image.std() > 10
