"""Pixels are frozen: an op gives the same ones for the same parameters until its VERSION is raised.

``golden/digests.json`` holds some pixels of every op at its five severities.  ``REGEN_GOLDEN=1`` (``make golden``) writes
it anew, but only for ops that are new or of a raised VERSION.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from ocrsynth.degrade.base import OPS, Op
from ocrsynth.fields import validate
from ocrsynth.records import Frame
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "digests.json"
_HEIGHT, _WIDTH = 48, 320
_ROWS, _COLUMNS = slice(3, None, 10), slice(7, None, 26)
_ADVICE = (
    'raise VERSION of the op, add a line under "Changed pixels" in CHANGELOG.md, then run make golden '
    "(if the op was not meant to change, look for the reason instead)"
)


def _picture() -> NDArray[np.uint8]:
    """Return a grey picture made by integer arithmetic alone: bars, steps and a grain, dark on bright."""
    y, x = np.indices((_HEIGHT, _WIDTH))
    grain = (x * 7919 + y * 104_729 + x * y * 31) % 13
    paper = 225 - (x * 30) // _WIDTH + grain
    bars = (x % 16 < 5) & (y > 10) & (y < 38)
    rings = ((x % 80 - 40) ** 2 + (y - 24) ** 2) // 40 % 5 == 0
    ink = np.where(bars | (rings & (y > 6) & (y < 42)), 165 + (x + y) % 9, 0)
    return (paper - ink).astype(np.uint8)


def _inputs(phase: str) -> dict[str, NDArray[np.uint8]]:
    grey = _picture()
    if phase == "print":
        # A coverage mask: 0 is bare, 255 is ink.
        return {"grey": (255 - grey).astype(np.uint8)}
    rgb = np.stack((grey, 255 - (255 - grey) // 2, grey[:, ::-1]), axis=2)
    return {"grey": grey, "rgb": np.ascontiguousarray(rgb)}


def _pixels(cls: type[Op], severity: int, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    op = validate(cls, cls.SEVERITIES[severity - 1], cls.name)
    return op.apply(image, **op.sample(Stream(0, 0, "digest"), Frame(_HEIGHT, _WIDTH, 34.0)))


def _digests(cls: type[Op]) -> dict[str, list[str]]:
    """Return some pixels at each severity, 1 to 5, by the kind of picture: the shape, and their levels as hexadecimal bytes."""
    found: dict[str, list[str]] = {}
    for kind, image in _inputs(cls.phase).items():
        for severity in range(1, 6):
            out = _pixels(cls, severity, image)
            some = out[_ROWS, _COLUMNS] if out.ndim == 2 else out[_ROWS, _COLUMNS].reshape(-1)[::2]
            found.setdefault(kind, []).append(f"{'x'.join(map(str, out.shape))} {np.ascontiguousarray(some).tobytes().hex()}")
    return found


def _is_same(a: str | None, b: str) -> bool:
    """Tell whether two digests agree: all but a few pixels within two levels.

    Processors round the last bit of a sine or an exponential differently, and OpenCV takes another path on each; that
    moves single pixels by a level, and near a threshold a pixel from black to white.
    """
    if a is None:
        return False
    (shape_a, hex_a), (shape_b, hex_b) = a.split(" "), b.split(" ")
    if shape_a != shape_b or len(hex_a) != len(hex_b):
        return False
    levels = [np.frombuffer(bytes.fromhex(h), np.uint8).astype(int) for h in (hex_a, hex_b)]
    return bool(np.mean(np.abs(levels[0] - levels[1]) > 2) <= 0.04)


def _fault(name: str, golden: dict[str, Any], version: int, digests: dict[str, list[str]]) -> str | None:
    """Return why an op's pixels cannot stand beside the golden ones, or None."""
    frozen = golden["ops"].get(name)
    if frozen is None:
        return f"{name}: has no digests yet; run make golden"
    if frozen["version"] != version:
        return f"{name}: VERSION is {version}, the digests are of {frozen['version']}; run make golden"
    changed = [
        f"{kind} severity {i + 1}"
        for kind in digests
        for i, digest in enumerate(digests[kind])
        if not _is_same(frozen["digests"].get(kind, [None] * 5)[i], digest)
    ]
    if not changed:
        return None
    other = "" if golden["opencv"] == cv2.__version__ else f", under OpenCV {cv2.__version__} instead of {golden['opencv']}"
    return f"{name}: pixels changed ({', '.join(changed)}) at the same VERSION {version}{other}; {_ADVICE}"


def _regenerate(golden: dict[str, Any]) -> dict[str, Any]:
    ops: dict[str, Any] = {}
    for name in OPS:
        cls = OPS.get(name, "test")
        digests = _digests(cls)
        frozen = golden["ops"].get(name)
        if frozen is not None and frozen["version"] == cls.VERSION:
            fault = _fault(name, golden, cls.VERSION, digests)
            if fault is not None:
                pytest.fail(fault)
            digests = frozen["digests"]
        ops[name] = {"version": cls.VERSION, "digests": digests}
    return {"opencv": cv2.__version__, "ops": ops}


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    """What the file holds; with REGEN_GOLDEN=1 after it was written anew."""
    content: dict[str, Any] = json.loads(_GOLDEN.read_bytes()) if _GOLDEN.exists() else {"opencv": "", "ops": {}}
    if os.environ.get("REGEN_GOLDEN") == "1":
        content = _regenerate(content)
        _GOLDEN.parent.mkdir(exist_ok=True)
        _GOLDEN.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    return content


def test_the_picture_is_the_same_on_every_machine() -> None:
    digest = hashlib.sha256(_picture().tobytes()).hexdigest()
    assert digest == "70e65840dd6d0ad9b9f35925a2a8e46224f250c703c76f073db5c9c5c30fc4b4"


@pytest.mark.parametrize("name", list(OPS))
def test_pixels_do_not_change_behind_a_version(name: str, golden: dict[str, Any]) -> None:
    cls = OPS.get(name, "test")
    fault = _fault(name, golden, cls.VERSION, _digests(cls))
    assert fault is None, fault


def test_severities_and_kinds_have_digests_of_their_own(golden: dict[str, Any]) -> None:
    for name in OPS:
        frozen = golden["ops"][name]["digests"]
        assert list(frozen) == (["grey"] if OPS.get(name, "test").phase == "print" else ["grey", "rgb"])
    for name in OPS:
        cls = OPS.get(name, "test")
        for image in _inputs(cls.phase).values():
            pictures = {_pixels(cls, severity, image).tobytes() for severity in range(1, 6)}
            assert len(pictures) == 5, f"{name}: two severities give the same pixels"


def test_no_digest_is_left_of_an_op_that_is_gone(golden: dict[str, Any]) -> None:
    assert sorted(golden["ops"]) == list(OPS)


def test_a_change_is_found_and_named(golden: dict[str, Any]) -> None:
    cls = OPS.get("jpeg", "test")
    digests = _digests(cls)
    shape, levels = digests["rgb"][3].split(" ")
    one_pixel = {**digests, "rgb": [*digests["rgb"][:3], f"{shape} {'00' * (len(levels) // 2)}", digests["rgb"][4]]}
    here = {**golden, "opencv": cv2.__version__}
    assert _fault("jpeg", here, cls.VERSION, one_pixel) == (
        f"jpeg: pixels changed (rgb severity 4) at the same VERSION {cls.VERSION}; raise VERSION of the op, add a line "
        'under "Changed pixels" in CHANGELOG.md, then run make golden '
        "(if the op was not meant to change, look for the reason instead)"
    )
    assert _fault("jpeg", golden, cls.VERSION + 1, digests) == (
        f"jpeg: VERSION is {cls.VERSION + 1}, the digests are of {cls.VERSION}; run make golden"
    )
    assert _fault("new_op", golden, 1, digests) == "new_op: has no digests yet; run make golden"
