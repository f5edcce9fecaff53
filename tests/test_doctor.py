"""The look over an installation, on installations that are broken in the ways that installations break."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocrsynth import doctor

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parent.parent


def _doctor(*arguments: str, first: Path | None = None, **environment: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Run the command; *first* is a folder that Python looks into before all others."""
    places = [str(first)] if first else []
    places += [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    done = subprocess.run(
        [sys.executable, "-m", "ocrsynth", "doctor", "--json", *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    found = json.loads(done.stdout)
    assert found["works"] is (done.returncode == 0)
    return done.returncode, {f"{f['area']}/{f['subject']}": f for f in found["findings"]}, done.stderr


def test_this_installation_works() -> None:
    code, found, said = _doctor("--system")
    assert (code, said) == (0, "")
    assert found["fonts/default set"]["status"] == "good"
    for script in ("Latn (", "Cyrl (", "Grek (", "Hebr ("):
        assert script in found["fonts/default set"]["detail"]
    # Damaged fonts of this system are told in place of what the others write.
    system = found["fonts/system"]["detail"]
    assert "write" in system or system == "none" or system.startswith("left out: /usr/")
    assert found["packages/numpy"]["detail"] == metadata.version("numpy")
    assert " px, labelled '" in found["core/a sample"]["detail"]
    assert not [key for key, f in found.items() if f["status"] == "bad"]
    assert found["engines/cmd"]["detail"] == "takes arguments"


def test_a_broken_opencv_is_told_and_no_crash(tmp_path: Path) -> None:
    text = "libGL.so.1: cannot open shared object file: No such file or directory"
    (tmp_path / "cv2.py").write_text(f"raise ImportError({text!r})\n", encoding="utf-8")
    code, found, said = _doctor(first=tmp_path)
    assert code == 1
    assert found["imports/cv2"]["status"] == "bad"
    assert found["imports/cv2"]["detail"] == f"cannot be imported: {text}"
    assert "pip install --force-reinstall opencv-python-headless" in found["imports/cv2"]["advice"]
    assert found["core/a sample"]["status"] == "bad"
    assert "error: doctor: the core does not work, got faults of cv2" in said
    assert "Traceback" not in said


def test_a_broken_numpy_is_told(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise ImportError('numpy was built for another processor')\n", encoding="utf-8")
    code, found, said = _doctor(first=tmp_path)
    assert code == 1
    assert found["imports/numpy"]["detail"] == "cannot be imported: numpy was built for another processor"
    assert found["imports/numpy"]["advice"] == "run: pip install --force-reinstall numpy"
    assert "Traceback" not in said


def test_two_opencvs_over_each_other_are_told(tmp_path: Path) -> None:
    info = tmp_path / "opencv_python-5.0.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: opencv-python\nVersion: 5.0.0\n", encoding="utf-8")
    code, found, _ = _doctor(first=tmp_path)
    assert code == 0, "it often works all the same"
    clash = found["surroundings/opencv"]
    assert clash["status"] == "note"
    assert clash["detail"].startswith("opencv-python and opencv-python-headless are installed over each other")
    assert clash["advice"] == (
        "run: pip uninstall -y opencv-python opencv-python-headless, then: pip install opencv-python-headless"
    )


def test_surroundings_that_are_not_right_are_told(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    environment = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "latin-1",
        "TMPDIR": missing,
    }
    nothing = {"XDG_DATA_HOME": missing, "XDG_DATA_DIRS": missing, "HOME": str(tmp_path)}
    code, found, _ = _doctor(**environment, **nothing)
    assert code == 0
    assert "standard output" in found["surroundings/encoding"]["detail"]
    assert found["surroundings/temporary folder"]["detail"].startswith(f"TMPDIR={missing} cannot be used, ")
    assert found["fonts/system"] | {"advice": ""} == {
        "area": "fonts",
        "subject": "system",
        "status": "note",
        "detail": "none",
        "advice": "",
    }


def test_a_missing_family_of_the_default_set_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ocrsynth import assets

    (tmp_path / "fonts").mkdir()
    lines = (ROOT / "fonts/default.yaml").read_text(encoding="utf-8").splitlines()
    lines += ["  - {family: Nowhere, package: fontpkg-nowhere, class: sans, scripts: [Latn], licence: OFL-1.1}", ""]
    (tmp_path / "fonts/default.yaml").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(assets, "folder", lambda kind: tmp_path / kind if kind == "fonts" else ROOT / kind)
    [finding] = doctor._default_fonts()
    n = sum("{family: " in line for line in lines)
    assert finding.status == "bad"
    assert (finding.detail, finding.advice) == (f"1 of {n} families are missing", "run: pip install fontpkg-nowhere")


def test_a_package_that_lost_its_fonts_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ocrsynth import assets

    (tmp_path / "fonts").mkdir()
    text = (ROOT / "fonts/default.yaml").read_text(encoding="utf-8")
    moved = text.replace("files: screenplain/export/courier_prime", "files: screenplain/fonts")
    (tmp_path / "fonts/default.yaml").write_text(moved, encoding="utf-8")
    monkeypatch.setattr(assets, "folder", lambda kind: tmp_path / kind if kind == "fonts" else ROOT / kind)
    [finding] = doctor._default_fonts()
    assert finding.status == "bad"
    assert f"screenplain {metadata.version('screenplain')} holds no fonts in 'screenplain/fonts'" in finding.detail
    assert finding.advice.startswith("run: pip install 'screenplain")


def test_every_extra_says_what_it_is_for() -> None:
    extras = metadata.metadata("ocrsynth").get_all("Provides-Extra") or []
    assert set(extras) - {"dev"} <= set(doctor.EXTRAS)
    subjects = {finding.subject for finding in doctor._extras()}
    assert subjects == set(extras) - {"dev"}


def test_people_get_a_table() -> None:
    done = subprocess.run([sys.executable, "-m", "ocrsynth", "doctor"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "versions"
    assert lines[-1] == "the core works"
    assert {"packages", "extras", "surroundings", "fonts", "engines", "core"} <= set(lines)
