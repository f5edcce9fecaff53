"""The command line as a user meets it: the installed program in processes of its own."""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import json
import os
import pkgutil
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tarfile
import termios
import types
from pathlib import Path

import cv2
import fontpkg
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from commands import run_apart, run_here

import ocrsynth
import ocrsynth.cli
from ocrsynth import Recipe, make_sample
from ocrsynth.cli import _progress, cli
from ocrsynth.cli._recipe import recipe_from
from ocrsynth.errors import ExitCode
from ocrsynth.write.meta import as_dict, to_json

_COMMANDS = sorted(m.name for m in pkgutil.iter_modules(ocrsynth.cli.__path__) if not m.name.startswith("_"))
_HEAVY = {"cv2", "numpy", "torch", "pydantic", "albumentations", "uharfbuzz", "wordfreq", "rich", "yaml"}


def _tree(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "folder"
        for p in sorted(root.rglob("*"))
    }


def test_no_picture_is_degraded_over_itself(tmp_path: Path) -> None:
    assert not _run(tmp_path, "render --lang en --preset clean --index 5 -o one").returncode
    before = {path: path.read_bytes() for path in (tmp_path / "one").iterdir()}
    for out in ("one", "one/../one"):
        done = _run(tmp_path, f"degrade one/000000000005.png -o {out}")
        assert done.returncode == 6
        assert "000000000005.png would be written over; choose another folder" in done.stderr
    assert {path: path.read_bytes() for path in (tmp_path / "one").iterdir()} == before
    assert not _run(tmp_path, "degrade one/000000000005.png -o two").returncode
    assert not _run(tmp_path, "degrade one/000000000005.png -o two").returncode, "what it made itself it may make anew"
    for em in ("nan", "1e9"):
        assert _run(tmp_path, f"degrade one/000000000005.png --em {em} -o two").returncode == 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"width": 9999}, "it is of a picture of 9999×"),
        ({"line_quad": [[1, 2], [3, 4]]}, "line_quad must have the shape (4, 2), -1 for any number, got (2, 2)"),
        (
            {"cluster_quads": [[[1, 2, 3], [1, 2, 3]]]},
            "cluster_quads must have the shape (-1, 4, 2), -1 for any number, got (1, 2, 3)",
        ),
        (None, "it is of a picture of None×None px"),
    ],
)
def test_boxes_that_are_not_of_the_picture_are_refused(tmp_path: Path, change: dict[str, object] | None, fault: str) -> None:
    assert not _run(tmp_path, "render --lang en --preset clean --index 5 -o one").returncode
    path = tmp_path / "one/000000000005.json"
    meta = {"shapes": []} if change is None else json.loads(path.read_text()) | change
    path.write_text(json.dumps(meta))
    done = _run(tmp_path, "degrade one/000000000005.png --preset camera -o two")
    assert done.returncode == 3
    assert f"000000000005.json: holds no boxes as ocrsynth writes them, {fault}" in done.stderr
    assert list((tmp_path / "two").iterdir()) == []


def test_a_picture_that_is_degraded_again_tells_of_both(tmp_path: Path) -> None:
    assert not _run(tmp_path, "render --lang en --preset clean --index 5 -o one").returncode
    assert not _run(tmp_path, "degrade one/000000000005.png --preset scan -o two").returncode
    once = json.loads((tmp_path / "two/000000000005.json").read_text())["provenance"]["degraded"]
    assert not _run(tmp_path, "degrade two/000000000005.png --preset camera -o three").returncode
    twice = json.loads((tmp_path / "three/000000000005.json").read_text())["provenance"]["degraded"]
    assert twice[: len(once)] == once
    assert len(twice) > len(once)


def test_a_preset_beside_a_recipe_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text("language: en\ndegrade: scan\n")
    assert not _run(tmp_path, "render --lang en --preset clean --index 5 -o one").returncode
    done = _run(tmp_path, "degrade one/000000000005.png --preset camera --recipe r.yaml -o two")
    assert done.returncode == 2
    assert "--preset: there is one chain, got 'camera' beside --recipe r.yaml; give one of the two" in done.stderr


@pytest.mark.parametrize("command", ["generate", "preview", "render"])
def test_a_preset_beside_a_recipe_is_its_chain_alone(command: str, tmp_path: Path) -> None:
    shown = " ".join(_run(tmp_path, f"{command} --help").stdout.split())
    assert "Degradation preset; beside a RECIPE it replaces the RECIPE's chain and styles, and nothing else." in shown


def test_what_a_preset_beside_a_recipe_leaves_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("language: en\nfonts: {italic: 0.5}\nstyles: [{name: a, degrade: clean}]\n", encoding="utf-8")
    recipe = Recipe.load(path)
    changed = recipe_from(str(path), None, "typewriter", None, None, None, (), (), False)
    before, behind = recipe.to_dict(), changed.to_dict()
    assert all(behind[section] == before[section] for section in ("text", "fonts", "render"))
    assert changed.degrade == Recipe.for_language("en", preset="typewriter").degrade
    assert (len(recipe.styles), len(changed.styles)) == (1, 0)


@pytest.mark.parametrize("kind", ["pages", "nan", "negative"])
def test_a_picture_that_would_come_out_black_or_in_part_is_refused(tmp_path: Path, kind: str) -> None:
    from PIL import Image

    levels = np.full((32, 200), 0.5 if kind != "negative" else -3, np.float32)
    levels[3, 3] = np.nan if kind == "nan" else levels[0, 0]
    picture = Image.fromarray(levels)
    more = {"save_all": True, "append_images": [picture]} if kind == "pages" else {}
    picture.save(tmp_path / "p.tiff", **more)
    done = _run(tmp_path, "degrade p.tiff -o two")
    assert done.returncode == 3
    assert done.stderr.count("p.tiff") == done.stderr.count(";") == 1
    assert ("holds 2 pictures" if kind == "pages" else "holds levels that are negative or no numbers") in done.stderr


def test_a_photograph_with_a_preview_behind_it_is_one_picture(tmp_path: Path) -> None:
    from PIL import Image

    photograph = Image.new("RGB", (200, 40), "white")
    photograph.save(tmp_path / "p.jpg", "MPO", save_all=True, append_images=[photograph.resize((50, 10))])
    with Image.open(tmp_path / "p.jpg") as opened:
        assert opened.n_frames == 2
    assert not _run(tmp_path, "degrade p.jpg --preset clean -o two").returncode


def test_a_name_in_another_encoding_than_the_locale_says(tmp_path: Path) -> None:
    """Python takes each byte of such a name for a lone surrogate, whether the name or the locale is wrong."""
    env = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    for name, text in (
        ("zażółć".encode(), "is UTF-8, but the locale says ascii, got 'zażółć'; set LC_ALL=C.UTF-8 or PYTHONUTF8=1"),
        (b"\xff", r"must be UTF-8, got b'\xff'; rename it"),
    ):
        done = run_apart(tmp_path, "recipe", "check", os.fsdecode(name), env=env)
        assert done.returncode == ExitCode.RECIPE
        assert done.stderr.endswith(f"{text}\n")


def test_what_fonts_say_of_themselves_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    from ocrsynth.cli.fonts import _table

    _table(("family", "licence"), [{"family": "A [old] one", "licence": "see [/] licence"}])
    assert "A [old] one  see [/] licence" in capsys.readouterr().out


def test_fonts_of_a_system_that_has_none(tmp_path: Path) -> None:
    empty = {"XDG_DATA_HOME": "/nonexistent", "XDG_DATA_DIRS": "/nonexistent", "HOME": str(tmp_path)}
    for line in ("fonts list --system-fonts", "fonts plan --lang en --system-fonts", "fonts licences --system-fonts"):
        done = _run(tmp_path, line, **empty)
        assert done.returncode == 3
        assert done.stderr.startswith("error: --system-fonts: this system has none")


def test_a_report_never_replaces_what_is_no_page(tmp_path: Path) -> None:
    assert not _run(tmp_path, "generate --lang en --preset clean -n 2 -q -o set").returncode
    plan = (tmp_path / "set/plan.json").read_bytes()
    done = _run(tmp_path, "inspect set -o set/plan.json")
    assert done.returncode == 6
    assert "a page is an HTML file, got 'set/plan.json'" in done.stderr
    assert (tmp_path / "set/plan.json").read_bytes() == plan


@pytest.mark.parametrize("line", ["recipe schema", "ops list"])
def test_output_that_cannot_be_written(line: str) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "ocrsynth", *line.split()]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.stderr == "error: standard output cannot be written, No space left on device; send it elsewhere\n"
    assert done.returncode == 6


def test_a_variant_is_no_script(tmp_path: Path) -> None:
    refused = _run(tmp_path, "languages --script Nope").stderr
    assert "Latn" in refused
    assert "akuapem" not in refused


def _run(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``ocrsynth`` with the arguments in *line*; with an *environment* of its own in a process of its own."""
    arguments = shlex.split(line)
    return run_apart(folder, *arguments, env=os.environ | environment) if environment else run_here(folder, *arguments)


def _invoke(*arguments: str) -> str:
    """Run a command in this process, for tests of many options; return what it printed."""
    done = CliRunner().invoke(cli, list(arguments), catch_exceptions=False, standalone_mode=False)
    assert done.exit_code == 0
    return done.output


def test_help_lists_every_command_with_a_sentence() -> None:
    done = _run(Path(), "--help", COLUMNS="200")
    assert (done.returncode, done.stderr) == (0, "")
    listed = done.stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed] == _COMMANDS
    assert all(len(line.split()) > 2 and line.endswith(".") for line in listed)
    assert _run(Path(), "-h", COLUMNS="200").stdout == done.stdout


def test_the_installed_program_is_the_same() -> None:
    program = shutil.which("ocrsynth", path=str(Path(sys.executable).parent))
    assert program
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"ocrsynth, version \d+\.\d+\.\d+.*\n", done.stdout)


def test_the_readme_knows_every_command_of_its_examples() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"^\$? ?ocrsynth (\w+)", readme, re.MULTILINE))
    assert used
    assert used <= set(_COMMANDS)


def test_options_are_the_same_as_a_recipe_file(tmp_path: Path) -> None:
    recipe = {
        "language": "en",
        "seed": 5,
        "degrade": "photocopy",
        "render": {"height_px": 40, "color": "rgb"},
        "output": {"format": "folder", "image": "png", "shard_size": 10},
    }
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(recipe))
    by_options = "--lang en --seed 5 --preset photocopy --height 40 --color rgb --format folder --image png --shard-size 10"
    _invoke("generate", *by_options.split(), "-n", "25", "-o", str(tmp_path / "a"), "-q")
    _invoke("generate", str(tmp_path / "my.yaml"), "-n", "25", "-o", str(tmp_path / "b"), "-q", "--workers", "1")
    assert _tree(tmp_path / "a") == _tree(tmp_path / "b")
    # An option changes the recipe of a file and leaves its other keys as they are.
    _invoke("generate", str(tmp_path / "my.yaml"), "--seed", "6", "-n", "25", "-o", str(tmp_path / "c"), "-q")
    changed = Recipe.from_dict({**recipe, "seed": 6})
    assert Recipe.load(tmp_path / "c/recipe.lock.yaml") == changed


def test_json_has_the_right_counts(tmp_path: Path) -> None:
    line = "generate --lang en -n 25 -o out --shard-size 10 --workers 2 --json"
    for resumed in (0, 3):
        done = _run(tmp_path, line)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("\n") == 1
        answer = json.loads(done.stdout)
        dataset = json.loads((tmp_path / "out/dataset.json").read_bytes())
        assert answer == {
            "out": "out",
            "fingerprint": hashlib.sha256((tmp_path / "out/recipe.lock.yaml").read_bytes()).hexdigest(),
            "count": 25,
            "shards": 3,
            "resumed_shards": resumed,
            "bytes": sum(p.stat().st_size for p in (tmp_path / "out/data").iterdir()),
            "finished": True,
            "words": {},
            "coverage": None,
            "seconds": answer["seconds"],
            "fonts_skipped": 0,
            **{
                key: dataset[key]
                for key in ("rejected", "weakened", "splits", "skipped", "distinct_texts", "requested", "delivered", "shift")
            },
        }
        assert sum(answer["delivered"]["fonts"].values()) == 25
        assert 0 <= answer["seconds"] < 60


def _on_a_terminal(folder: Path, line: str, columns: int = 160) -> tuple[int, str]:
    """Run a command on a pseudo-terminal; return its exit code and all that it showed."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "CI", "TTY_INTERACTIVE")}
    shown = b""
    with subprocess.Popen(
        [sys.executable, "-m", "ocrsynth", *shlex.split(line)],
        cwd=folder,
        stdin=child,
        stdout=child,
        stderr=child,
        env=environment | {"TERM": "xterm-256color"},
    ) as process:
        os.close(child)
        while True:
            try:
                block = os.read(parent, 65_536)
            except OSError:  # EIO: the other end is closed
                break
            if not block:
                break
            shown += block
        os.close(parent)
        code = process.wait(timeout=30)
    return code, shown.decode()


def test_a_terminal_shows_a_progress_bar(tmp_path: Path) -> None:
    code, shown = _on_a_terminal(tmp_path, "generate --lang en --preset clean -n 3000 -o out --workers 2")
    assert code == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert text != shown
    states = [int(n) for n in re.findall(r"generating\D+(\d+)/3000 ", text)]
    assert states[0] == 0
    assert states == sorted(states)
    assert states[-1] == 3000, "the last state of the bar is the whole"
    assert any(0 < n < 3000 for n in states)
    speeds = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) lines/s", text)]
    assert speeds
    assert 10 < speeds[-1] < 1_000_000
    assert re.search(r"\d:\d\d:\d\d|-:--:--", text), "time left"
    assert "3,000 samples in 30 shards: out/" in text


def test_on_a_narrow_terminal_what_was_rejected_yields(tmp_path: Path) -> None:
    code, shown = _on_a_terminal(tmp_path, "generate --lang en -n 1500 -o out --workers 1", columns=80)
    assert code == 0
    states = [s for s in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)) if "lines/s" in s]
    assert any("rejects low_" in state for state in states)
    assert all(re.search(r"\d+/1500 .*lines/s (\d:\d\d:\d\d|-:--:--)", state) for state in states)


def test_a_model_is_written_over_nothing_but_a_model(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("my own text\n")
    done = _run(tmp_path, "languages model en --text mine.txt -o mine.txt")
    assert done.returncode == ExitCode.OUTPUT
    assert done.stderr == "error: -o: mine.txt is there already, and is no model; choose another file, or remove it\n"
    assert (tmp_path / "mine.txt").read_text() == "my own text\n"
    for _ in range(2):
        assert _run(tmp_path, "languages model en -o model.txt").returncode == 0


def test_each_language_is_listed_once(tmp_path: Path) -> None:
    ids = [row["id"] for row in json.loads(_run(tmp_path, "languages --json").stdout)]
    assert len(set(ids)) == len(ids) > 1000
    assert ids == sorted(ids)


@pytest.mark.parametrize("script", ["Jpan", "Hani", "hani"])
def test_a_script_is_found_by_its_letters_as_well(script: str, tmp_path: Path) -> None:
    rows = json.loads(_run(tmp_path, f"languages --script {script} --json").stdout)
    assert "ja" in {row["id"].partition("_")[0] for row in rows}


def test_quiet_shows_no_bar_on_a_terminal(tmp_path: Path) -> None:
    code, shown = _on_a_terminal(tmp_path, "generate --lang en -n 30 -o out --workers 1 -q")
    assert code == 0
    assert "lines/s" not in shown
    assert shown.startswith("30 samples in 1 shards: out/")


def test_without_a_terminal_there_is_plain_text_only(tmp_path: Path) -> None:
    done = _run(tmp_path, "generate --lang en -n 30 -o out --workers 1", FORCE_COLOR="", TERM="xterm-256color")
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third = done.stdout.splitlines()
    assert first == "30 samples in 1 shards: out/"
    assert re.fullmatch(r"  \d+\.\d MB, \d+\.\d s, (fonts: )?\d+ (font )?families, rejected draws: .+", second)
    assert re.fullmatch(r"  \d+ distinct texts, \d+ distinct characters", third)


def test_long_runs_without_a_terminal_speak_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_progress, "_SPEAK_EVERY_S", 0.0)
    bar = _progress.Bar("generating", "lines", "rejects")
    ocrsynth.generate(Recipe.for_language("en", seed=3), 150, tmp_path, progress=bar)
    bar.close()
    lines = capsys.readouterr().err.splitlines()
    pattern = r"([\d,]+) of 150, [\d,.]+ lines/s, \d+ s left, rejects: .+"
    states = [re.fullmatch(pattern, line) for line in lines]
    assert all(states)
    counts = [int(s[1]) for s in states if s]
    assert counts == sorted(set(counts))
    # At least once a shard; the last line tells of the whole.
    assert {100, 150} <= set(counts)
    assert lines[-1].split(", ")[2] == "0 s left"


def test_errors_are_one_line_and_a_traceback_on_request(tmp_path: Path) -> None:
    line = "error: count: must be a whole number from 1 to 2**63 - 1, got 0; say how many samples to make\n"
    done = _run(tmp_path, "generate --lang en -n 0 -o out")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)
    for flag in ("-v", "--verbose"):
        done = _run(tmp_path, f"{flag} generate --lang en -n 0 -o out")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Traceback (most recent call last):\n")
        assert "ocrsynth.errors.RecipeError: count: must be" in done.stderr
        assert done.stderr.endswith("\n" + line)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("generate --lang en -o out", "Missing option '-n' / '--count'."),
        ("generate --lang en -n 3", "Missing option '-o' / '--out'."),
        ("generate --lang en -n three -o out", "Invalid value for '-n' / '--count': 'three' is not a valid integer range."),
        ("generate --lang en -n 3 -o out --colour rgb", "No such option '--colour'"),
        ("generate --lang en -n 3 -o out --color blue", "Invalid value for '--color': 'blue' is not one of 'grey', 'rgb'."),
        ("preview --lang en -o s.png -n 0", "Invalid value for '-n' / '--count': 0 is not in the range 1<=x<=1000."),
        (
            "generate --lang en -n 99999999999999999999 -o out",
            "Invalid value for '-n' / '--count': 99999999999999999999 is not in the range x<=9223372036854775807.",
        ),
        (
            "render --lang en --index 99999999999999999999 -o out",
            "Invalid value for '--index': 99999999999999999999 is not in the range 0<=x<=18446744073709551615.",
        ),
        (
            "preview --lang en --first 99999999999999999999 -o out.png",
            "Invalid value for '--first': 99999999999999999999 is not in the range 0<=x<=9223372036854775807.",
        ),
        (
            "render --lang en --index -1 -o out",
            "Invalid value for '--index': -1 is not in the range 0<=x<=18446744073709551615.",
        ),
        ("generat --lang en", "No such command 'generat'; did you mean 'generate'?"),
        ("_recipe", "No such command '_recipe'"),
    ],
)
def test_wrong_usage_exits_with_2_and_no_traceback(arguments: str, text: str, tmp_path: Path) -> None:
    done = _run(tmp_path, arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    # The hint at like names differs between versions of Click.
    assert done.stderr.splitlines()[-1].replace("option: --colour", "option '--colour'").startswith(f"Error: {text}")
    assert list(tmp_path.iterdir()) == []


_ELSEWHERE = (
    "name a folder of fonts with --fonts DIR, or take those of this system with --system-fonts "
    "(on Debian, packages fonts-noto-core and fonts-noto-cjk have most scripts)"
)


def test_fonts_that_cannot_write_a_language_lead_to_others() -> None:
    assert _invoke("fonts", "list", "--lang", "th").endswith(f"\nno family has all letters of th; {_ELSEWHERE}\n")
    assert _invoke("fonts", "plan", "--lang", "th").endswith(f" unfit\n{_ELSEWHERE}\n")


def test_a_licence_that_a_font_tells_in_a_sentence_is_listed_by_its_short_name() -> None:
    folder = str(fontpkg.family("Lora").files[0].path.parent)
    [told] = {f["licence"] for f in json.loads(_invoke("fonts", "list", "--fonts", folder, "--json"))["families"]}
    assert "Open Font License" in told
    shown = _invoke("fonts", "list", "--fonts", folder)
    assert "OFL-1.1" in shown
    assert "Open Font License" not in " ".join(shown.split())


def test_a_sheet_is_a_png_and_nothing_else(tmp_path: Path) -> None:
    done = _run(tmp_path, "preview --lang en -n 1 -o sheet.xyz")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == "error: sheet.xyz: must be a PNG file, got the ending '.xyz'; name it .png\n"
    assert list(tmp_path.iterdir()) == []


_MODULES = """
import sys
sys.argv = {argv!r}
{code}
print(sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("name", ["", *_COMMANDS])
def test_help_imports_nothing_heavy(name: str) -> None:
    code = "from ocrsynth.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", _MODULES.format(argv=["ocrsynth", *([name] if name else []), "--help"], code=code)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Usage: " in done.stdout
    assert "'click'" in done.stderr
    assert not {m for m in _HEAVY if f"'{m}'" in done.stderr}


def test_import_of_the_package_imports_nothing_heavy() -> None:
    code = "import ocrsynth\nassert dir(ocrsynth)"
    done = subprocess.run(
        [sys.executable, "-c", _MODULES.format(argv=["x"], code=code)], capture_output=True, text=True, check=True
    )
    assert "'ocrsynth'" in done.stderr
    assert not {m for m in {*_HEAVY, "click", "asyncio", "importlib.metadata"} if f"'{m}'" in done.stderr}


def test_all_is_importable_and_complete() -> None:
    assert sorted(ocrsynth.__all__) == list(ocrsynth.__all__)
    assert dir(ocrsynth) == sorted(ocrsynth.__all__)
    for name in ocrsynth.__all__:
        value = getattr(ocrsynth, name)
        assert inspect.isclass(value) or inspect.isfunction(value)
        assert value.__doc__
        assert value.__name__ == name
    assert {"Recipe", "make_sample", "generate", "Sample"} <= set(ocrsynth.__all__)
    # What type checkers see is what there is.
    source = inspect.getsource(ocrsynth).partition("if TYPE_CHECKING:")[2].partition("__all__")[0]
    seen = {n.strip() for names in re.findall(r"import ([\w, ]+)$", source, re.MULTILINE) for n in names.split(",")}
    assert seen == set(ocrsynth.__all__)
    with pytest.raises(AttributeError, match=r"^module 'ocrsynth' has no attribute 'generat'$"):
        _ = ocrsynth.generat


def test_star_import_gives_all_names() -> None:
    code = "from ocrsynth import *\nimport ocrsynth\nassert all(n in globals() for n in ocrsynth.__all__)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "code",
    [
        "import ocrsynth, ocrsynth.generation.run",
        "import ocrsynth.generation.run, ocrsynth.cli.generate; import ocrsynth",
        "import ocrsynth; ocrsynth.generate; import ocrsynth.generation.run, ocrsynth.generation.shard",
        "from ocrsynth import generate; import ocrsynth.generation.executor, ocrsynth; assert generate is ocrsynth.generate",
    ],
)
def test_generate_stays_a_function(code: str) -> None:
    check = "import types; assert isinstance(ocrsynth.generate, types.FunctionType), ocrsynth.generate"
    subprocess.run([sys.executable, "-c", f"{code}\n{check}"], check=True)
    assert isinstance(ocrsynth.generate, types.FunctionType)


def _read_png(path: Path) -> np.ndarray:
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image is not None
    return np.asarray(image)


def test_preview_writes_a_sheet(tmp_path: Path) -> None:
    def sheet(*arguments: str) -> np.ndarray:
        path = tmp_path / "sheet.png"
        count = arguments[arguments.index("-n") + 1] if "-n" in arguments else "48"
        assert _invoke("preview", "--lang", "en", "-o", str(path), *arguments) == f"{count} samples: {path}\n"
        return _read_png(path)

    plain = sheet("-n", "6")
    assert plain.ndim == 3
    assert len(np.unique(plain)) > 50
    assert (plain == sheet("-n", "6")).all()
    more = sheet("-n", "7")
    assert more.shape[1] == plain.shape[1]
    assert more.shape[0] > plain.shape[0]
    assert (more[: plain.shape[0]] == plain).all()
    narrow = sheet("-n", "6", "--columns", "2")
    assert narrow.shape[0] > plain.shape[0]
    assert narrow.shape[1] < plain.shape[1]
    later = sheet("-n", "6", "--first", "3")
    assert later.shape != plain.shape or (later != plain).any()
    boxes = sheet("-n", "6", "--boxes")
    assert boxes.shape[0] > plain.shape[0]
    # Grey pictures have no colour; boxes have.
    assert (plain.min(axis=2) == plain.max(axis=2)).all()
    assert (boxes.min(axis=2) != boxes.max(axis=2)).any()
    other = sheet("-n", "6", "--seed", "9")
    assert other.shape != plain.shape or (other != plain).any()


@pytest.mark.parametrize("preset", ["clean", "camera"])
@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_render_is_the_sample(preset: str, color: str, tmp_path: Path) -> None:
    recipe = Recipe.for_language("en", preset=preset, seed=77, render={"color": color})
    for index in (0, 123, 10**9):
        sample = make_sample(recipe, index)
        options = ("--lang", "en", "--preset", preset, "--seed", "77", "--color", color)
        said = _invoke("render", *options, "--index", str(index), "-o", str(tmp_path / "one"))
        path = tmp_path / f"one/{index:012d}.png"
        assert said == f"{path}: {sample.text}\n"
        image = _read_png(path)
        expected = sample.image[..., ::-1] if color == "rgb" else sample.image
        assert image.shape == expected.shape
        assert (image == expected).all()
        assert path.with_suffix(".json").read_bytes() == to_json(as_dict(sample))
    assert len(list((tmp_path / "one").iterdir())) == 6


def test_render_is_the_sample_of_a_data_set(tmp_path: Path) -> None:
    """In processes of their own, from the lock beside the data set."""
    assert _run(tmp_path, "generate --lang en --seed 8 -n 30 -o out --workers 2 --shard-size 8 -q").returncode == 0
    assert _run(tmp_path, "render out/recipe.lock.yaml --index 17 -o one").returncode == 0
    with tarfile.open(tmp_path / "out/data/000002.tar") as tar:
        stored = {m.name: tar.extractfile(m).read() for m in tar if m.name.startswith("000000000017.")}  # type: ignore[union-attr]
    meta = json.loads(stored["000000000017.json"])
    meta["provenance"] = json.loads(meta["provenance"])
    assert json.loads((tmp_path / "one/000000000017.json").read_bytes()) == meta
    assert _run(tmp_path, "render --from out --index 17 -o same").returncode == 0
    assert (tmp_path / "same/000000000017.jpg").read_bytes() == stored["000000000017.jpg"]
    theirs = cv2.imdecode(np.frombuffer(stored["000000000017.jpg"], np.uint8), cv2.IMREAD_UNCHANGED)
    assert (_read_png(tmp_path / "one/000000000017.png") == theirs).all()


def _data(out: Path) -> dict[str, bytes]:
    """Return every stored file of a data set by name, be it in tars or in folders."""
    found = {}
    for path in sorted((out / "data").rglob("*")):
        if path.suffix == ".tar":
            with tarfile.open(path) as tar:
                found |= {f"{path.name}/{m.name}": tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
        elif path.is_file():
            found[str(path.relative_to(out))] = path.read_bytes()
    return found


@pytest.fixture(scope="module")
def plain_set(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("plain") / "out"
    _invoke("generate", "--lang", "en", "--preset", "scan", "-n", "12", "-o", str(out), "-q")
    return _data(out)


@pytest.mark.parametrize(
    "option",
    [
        "--preset camera",
        "--preset clean",
        "--seed 1",
        "--height 48",
        "--color rgb",
        "--format folder",
        "--image png",
        "--shard-size 5",
    ],
)
def test_every_option_changes_the_data(option: str, plain_set: dict[str, bytes], tmp_path: Path) -> None:
    out = tmp_path / "out"
    # Of an option that is given twice the last counts.
    _invoke("generate", "--lang", "en", "--preset", "scan", "-n", "12", "-o", str(out), "-q", *option.split())
    data = _data(out)
    encoded = [np.frombuffer(content, np.uint8) for name, content in data.items() if name.endswith((".jpg", ".png"))]
    pictures = [np.asarray(cv2.imdecode(content, cv2.IMREAD_UNCHANGED)) for content in encoded]
    assert len(pictures) == 12
    assert data != plain_set
    match option.split():
        case ["--height", px]:
            # A chain with a warp may let the frame grow.
            assert np.median([p.shape[0] for p in pictures]) >= int(px)
        case ["--color", "rgb"]:
            assert all(p.ndim == 3 for p in pictures)
        case ["--image", "png"] | ["--preset", "clean"]:
            assert all(name.endswith((".png", ".json", ".txt")) for name in data)
        case ["--format", "folder"]:
            jpgs = {n.rpartition("/")[2]: d for n, d in data.items() if n.endswith(".jpg")}
            assert jpgs == {n.rpartition("/")[2]: d for n, d in plain_set.items() if n.endswith(".jpg")}
        case ["--shard-size", _]:
            assert sorted({n.partition("/")[0] for n in data}) == ["000000.tar", "000001.tar", "000002.tar"]
            assert sorted(data.values()) == sorted(plain_set.values())
        case _:
            labels = {n: d for n, d in data.items() if n.endswith(".txt")}
            same = labels == {n: d for n, d in plain_set.items() if n.endswith(".txt")}
            assert same == option.startswith("--preset"), "a preset leaves the text as it is, a seed does not"


def test_options_that_name_the_default_change_nothing(tmp_path: Path) -> None:
    _invoke("generate", "--lang", "en", "-n", "12", "-o", str(tmp_path / "plain"), "-q")
    options = (
        "--lang en_Latn --preset document --seed 0 --height 32 --color grey --format webdataset --image auto --shard-size 100"
    )
    _invoke("generate", *options.split(), "-n", "12", "-o", str(tmp_path / "out"), "-q", "--workers", "1")
    assert _data(tmp_path / "out") == _data(tmp_path / "plain")


def test_fonts_draws_from_these_folders_only(tmp_path: Path) -> None:
    for number, family in enumerate(("Lora", "Arvo")):
        (tmp_path / str(number)).mkdir()
        shutil.copy(fontpkg.family(family).files[0].path, tmp_path / str(number) / f"some{number}.TTF")

    def families(*folders: str) -> set[str]:
        out = tmp_path / "-".join(("out", *folders))
        options = [a for folder in folders for a in ("--fonts", str(tmp_path / folder))]
        answer = json.loads(_invoke("generate", "--lang", "en", "-n", "20", "-o", str(out), "--json", *options))
        return {name.partition(" ")[0] for name in answer["delivered"]["fonts"]}

    assert families("0") == {"Lora"}
    assert families("1") == {"Arvo"}
    assert families("0", "1") == {"Lora", "Arvo"}


@pytest.mark.parametrize(
    "command",
    [
        ["generate", "--lang", "en", "-n", "1", "-o", ""],
        ["generate", "--lang", "en", "-n", "1", "-o", "out", "--fonts", ""],
        ["preview", "--lang", "en", "-o", ""],
        ["verify", ""],
        ["convert", "", "out", "--format", "lmdb"],
        ["recipe", "init", "--lang", "en", "--fonts", ""],
        ["generate", "--lang", "en", "-n", "1", "-o", "out", "--backgrounds", ""],
        ["fonts", "list", "--fonts", ""],
        ["languages", "--fonts", ""],
        ["languages", "show", "en", "--fonts", ""],
    ],
)
def test_an_empty_path_is_not_the_folder_one_is_in(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 2
    assert "must not be empty; write . for this folder" in done.output
    assert list(tmp_path.iterdir()) == []
