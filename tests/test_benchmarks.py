"""The benchmarks run; their figures are not judged here, for other work disturbs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.mark.parametrize(
    ("script", "arguments", "result"),
    [
        ("bench_generate.py", ["--count", "128", "--runs", "2", "--scaling-count", "0"], "generate_scan_32_grey"),
        ("bench_memory.py", ["--count", "1024", "--every", "256"], "memory"),
        ("bench_ops.py", ["--repeats", "5"], "ops"),
        ("bench_presets.py", ["-n", "16"], "presets"),
    ],
)
def test_a_benchmark_runs(script: str, arguments: list[str], result: str, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        check=True,
        capture_output=True,
        env=os.environ | {"BENCH_RESULTS": str(tmp_path)},
    )
    content = json.loads((tmp_path / f"{result}.json").read_text())
    assert content["machine"]["versions"]["ocrsynth"]


def test_scaling_is_measured_fitted_and_written(tmp_path: Path) -> None:
    script = BENCHMARKS / "scaling.py"
    few = ["--only", "length", "fonts", "--sizes", "5", "40", "--count", "64", "--turns", "1", "--docs", str(tmp_path)]
    surroundings = os.environ | {"BENCH_RESULTS": str(tmp_path)}
    subprocess.run([sys.executable, str(script), *few], check=True, capture_output=True, env=surroundings)
    content = json.loads((tmp_path / "scaling.json").read_text())
    assert [row["size"] for row in content["rows"]["length"]] == [5, 40]
    short, long = content["rows"]["length"]
    assert long["pixels"] > 3 * short["pixels"]
    assert set(content["fits"]["fonts"]) == {"us_a_line", "begin_ms", "peak_mb"}
    page = (tmp_path / "scaling.md").read_text()
    assert "![cost against fonts](scaling/fonts.svg)" in page
    plot = (tmp_path / "scaling" / "length.svg").read_text()
    # Two costs at two sizes.
    assert plot.count("<circle") == 4
    assert plot.rstrip().endswith("</svg>")


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(power: float) -> None:
    points = "[(x, 3 * x ** POWER) for x in (1, 10, 50, 400)]".replace("POWER", str(power))
    code = f"from loglog import exponent, steepest; p = {points}; print(exponent(p), steepest(p))"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=BENCHMARKS).stdout
    assert [float(value) for value in out.split()] == pytest.approx([power, power])


def _run_peers(*arguments: str, results: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "peers" / "run.py"), *arguments]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"BENCH_RESULTS": str(results)})


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What all peers get."""
    folder = tmp_path_factory.mktemp("peers")
    _run_peers("--prepare", "--env", str(folder), "--sizes", "32", results=folder)
    return folder / "material"


def test_the_jobs_of_peers_give_all_the_same(material: Path) -> None:
    jobs = json.loads((material / "jobs.json").read_text())
    # Two generators clean and degraded, four degraders degraded, with one process and with two.
    assert len(jobs) == 16
    assert {job["texts"] for job in jobs.values() if "texts" in job} == {str(material / "texts.txt")}
    assert {job["pictures"] for job in jobs.values() if "pictures" in job} == {str(material / "pictures-32")}
    lines = (material / "texts.txt").read_text().splitlines()
    mean = sum(map(len, lines)) / len(lines)
    # Slow peers set few lines: any few in a row must be about as long as all.
    for start in range(0, 200, 20):
        assert sum(map(len, lines[start : start + 20])) / 20 == pytest.approx(mean, rel=0.15)
    assert len(list((material / "fonts").glob("*.ttf"))) == len(list((material / "fonts").glob("*.txt"))) > 3
    for path in (material / "pictures-32").iterdir():
        picture = np.load(path)
        assert picture.dtype == np.uint8
        assert picture.shape[0] == 32
        assert picture.shape[1] >= 32


@pytest.mark.parametrize("name", ["trdg clean 32 px ×2", "straug degraded 32 px ×1"])
def test_the_adapter_of_ocrsynth_runs_its_turns(name: str, material: Path) -> None:
    job = json.loads((material / "jobs.json").read_text())[name] | {"warm_s": 0.0}
    turns = "".join(json.dumps(line) + "\n" for line in (job, {"count": 8}, {"count": 8}))
    adapter = [sys.executable, str(BENCHMARKS / "peers" / "adapters" / "run_ocrsynth.py")]
    out = subprocess.run(adapter, check=True, capture_output=True, text=True, input=turns).stdout
    ready, *answers = map(json.loads, out.splitlines())
    assert ready["ready"]
    assert ready["ms_an_image"] > 0
    assert len(answers) == 2
    for answer in answers:
        assert answer["images"] >= 8
        assert answer["wall_s"] > 0
        assert answer["cpu_s"] > 0
        assert answer["peak_mb"] > 20


def test_an_adapter_that_fails_says_so(material: Path, tmp_path: Path) -> None:
    job = json.loads((material / "jobs.json").read_text())["straug degraded 32 px ×1"]
    job["degrade"] = [{"sharpnel": {}}]
    adapter = [sys.executable, str(BENCHMARKS / "peers" / "adapters" / "run_ocrsynth.py")]
    done = subprocess.run(adapter, check=False, capture_output=True, text=True, input=json.dumps(job) + "\n")
    assert done.returncode == 1
    assert "RecipeError: degrade[0]: unknown degrade op 'sharpnel'" in json.loads(done.stdout)["error"]


def test_the_page_of_peers_names_losses_and_failures(tmp_path: Path) -> None:
    def row(peer: str, ratio: float) -> dict[str, object]:
        figures = {"images_per_s": 100.0, "cpu_ms_an_image": 10.0, "peak_mb": 50}
        sides = {"peer_figures": figures, "ocrsynth": figures | {"peak_mb": 90}, "ratio": {"cpu": ratio, "wall": ratio}}
        return {"peer": peer, "height_px": 32, "degraded": True, "processes": 1, **sides}

    content = {
        "machine": {"processor": "a|b", "cores": 2, "python": "3.11", "versions": {"ocrsynth": "0"}},
        "rows": [row("trdg", 12.0), row("straug", 0.5)],
        "failures": {"augraphy": "cannot be installed: no\nwheel | found"},
        "material": {"lines": 10, "mean_length": 5.0, "fonts": ["A"], "pictures": 3},
        "method": {"turns": 3, "seconds": 1.0, "most": 10, "warm_s": 1.0},
        "versions": {"trdg": "1.8.0"},
    }
    (tmp_path / "peers.json").write_text(json.dumps(content))
    _run_peers("--table", "--page", str(tmp_path / "peers.md"), results=tmp_path)
    page = (tmp_path / "peers.md").read_text()
    assert "ocrsynth loses 1: straug degraded 32 px ×1 (takes 2 times as long)" in page
    assert "By wall time, which other work on the machine disturbs, it loses 1: straug degraded 32 px ×1." in page
    assert "It takes more memory than the peer in 2." in page
    assert "| straug | degraded | 32 | 1 | 100 | 100 | 10 | 10 | 50 | 90 | **2× slower** |" in page
    assert "| augraphy | cannot be installed: no wheel \\| found |" in page


def test_committed_results_name_their_machine() -> None:
    results = sorted((BENCHMARKS / "results").glob("*.json"))
    assert results
    for path in results:
        assert {"processor", "cores", "python", "versions"} <= set(json.loads(path.read_text())["machine"])
