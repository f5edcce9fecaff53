"""``ocrsynth recipe`` as a newcomer meets it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import yaml
from commands import run_here

from ocrsynth import Recipe

if TYPE_CHECKING:
    import subprocess

ROOT = Path(__file__).resolve().parents[2]


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run_here(folder, "recipe", *arguments)


def test_the_first_hour(tmp_path: Path) -> None:
    done = _run(tmp_path, "init", "--lang", "pl", "--preset", "receipt")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "recipe.yaml: a recipe for pl_Latn; next: ocrsynth recipe check recipe.yaml\n"
    assert Recipe.load(tmp_path / "recipe.yaml") == Recipe.for_language("pl", "receipt")

    before = (tmp_path / "recipe.yaml").read_bytes()
    done = _run(tmp_path, "init", "--lang", "en")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == "error: recipe.yaml: is there already; choose another file, or overwrite it with --force\n"
    assert (tmp_path / "recipe.yaml").read_bytes() == before

    done = _run(tmp_path, "check", "recipe.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    first, *lines = done.stdout.splitlines()
    assert first == "recipe.yaml: good"
    assert [line.split(":")[0].strip() for line in lines] == ["language", "alphabet", "fonts", "texts", "degrade", "output"]
    assert lines[0] == "  language: Polish (pl_Latn), script Latn, ltr"

    done = _run(tmp_path, "explain", "recipe.yaml", "-n", "5000", "--workers", "2", "--measure", "32")
    assert (done.returncode, done.stderr) == (0, "")
    assert "100% jpeg: quality " in done.stdout
    assert "  5,000 samples: about " in done.stdout

    assert _run(tmp_path, "init", "--lang", "en", "--seed", "7", "--force").returncode == 0
    assert Recipe.load(tmp_path / "recipe.yaml") == Recipe.for_language("en", seed=7)
    text = (tmp_path / "recipe.yaml").read_text(encoding="utf-8")
    assert "\n    degrade: receipt\n" in text, "of a style what differs, and its chain by name"
    assert len(text.splitlines()) < 500
    lines = _run(tmp_path, "check", "recipe.yaml").stdout.splitlines()
    assert lines[4].startswith("  styles: receipt 21%, form 16%, ")
    assert lines[5].startswith("  texts: words 50%, pattern 33%, alphabet 11%, "), "over all styles"
    ops = lines[6].removeprefix("  degrade: ").split(", ")
    assert len(ops) == len(set(ops)) > 20


def test_init_prints_on_request(tmp_path: Path) -> None:
    done = _run(tmp_path, "init", "--lang", "ja", "--preset", "camera", "-o", "-")
    assert (done.returncode, done.stderr) == (0, "")
    data = yaml.safe_load(done.stdout)
    assert data["language"] == "ja_Jpan"
    assert data["fonts"]["system"] is True
    assert list(tmp_path.iterdir()) == []


def test_check_of_several_files(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("language: en\n")
    (tmp_path / "am.yaml").write_text("# No font of the default set writes it.\nlanguage: am\n")
    (tmp_path / "wrong.yaml").write_text("language: en\nrender: {height: 32}\ndegrade: scann\n")
    done = _run(tmp_path, "check", "good.yaml", "am.yaml", "wrong.yaml")
    assert done.returncode == 4, "the code of the first fault"
    assert "good.yaml: good\n" in done.stdout
    assert "am.yaml: 1 fault\nwrong.yaml: 2 faults\n" in done.stdout
    said = done.stderr.splitlines()
    expected = [
        r"error: am\.yaml:2: am_Ethi: no font of \d+ families has all letters; ",
        r"error: wrong\.yaml:2: render: unknown key 'height'",
        r"error: wrong\.yaml:3: degrade: unknown preset 'scann'",
    ]
    assert len(said) == len(expected)
    assert all(re.match(pattern, line) for pattern, line in zip(expected, said, strict=True)), said
    assert _run(tmp_path, "check", "wrong.yaml", "am.yaml").returncode == 2
    assert _run(tmp_path, "check", "none.yaml").returncode == 3

    done = _run(tmp_path, "check", "--json", "good.yaml", "wrong.yaml")
    assert done.returncode == 2
    good, wrong = json.loads(done.stdout)
    assert (good["file"], good["good"], good["faults"]) == ("good.yaml", True, [])
    assert good["resolved"]["language"]["id"] == "en_Latn"
    assert [(f["line"], f["path"], f["exit_code"]) for f in wrong["faults"]] == [(2, "render.height", 2), (3, "degrade", 2)]


def test_explain_as_json(tmp_path: Path) -> None:
    done = _run(tmp_path, "explain", "--lang", "en", "--preset", "fax", "--measure", "0", "--json")
    found = json.loads(done.stdout)
    assert found["costs"] is None
    assert [step["op"] for step in found["degrade"] if step["phase"] == "codec"][-1] == "fax"
    done = _run(tmp_path, "explain", "--lang", "en", "--preset", "clean", "--measure", "16", "-n", "50", "--json")
    costs = json.loads(done.stdout)["costs"]
    assert (costs["measured"], costs["count"]) == (16, 50)


def test_the_schema_is_the_one_in_the_documentation(tmp_path: Path) -> None:
    done = _run(tmp_path, "schema")
    assert (done.returncode, done.stderr) == (0, "")
    schema = json.loads(done.stdout)
    assert schema == json.loads((ROOT / "docs/recipe.schema.json").read_text(encoding="utf-8"))
    assert _run(tmp_path, "schema", "-o", "s.json").stdout == "s.json\n"
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == schema
    assert _run(tmp_path, "init", "--lang", "hi", "--preset", "historical").returncode == 0
    jsonschema.validate(yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8")), schema)
