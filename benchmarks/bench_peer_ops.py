"""The same degradation by ocrsynth, albumentations, straug and augraphy: µs on one 32 × 400 line, in turns in one run.

The environments of the peers are those of ``peers/`` (without torch: straug's blurs, which need it, are left out).
Arguments are each library's own for a moderate strength; ocrsynth's are those of severity 3.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
_TURNS = 3
_SHARED: dict[str, dict[str, str]] = {
    "bleed_through": {"augraphy": "BleedThrough(p=1)"},
    "brightness_contrast": {"albumentations": "RandomBrightnessContrast(p=1)", "straug": "camera.Contrast()"},
    "defocus_blur": {"albumentations": "Defocus((2, 2), p=1)"},
    "dither": {"augraphy": "Dithering(p=1)"},
    "downscale": {"albumentations": "Downscale((0.5, 0.5), p=1)", "straug": "camera.Pixelate()"},
    "elastic": {"albumentations": "ElasticTransform(30, 6, p=1)"},
    "fax": {"augraphy": "Faxify(p=1)"},
    "fog": {"albumentations": "RandomFog(p=1)", "straug": "weather.Fog()"},
    "fold": {"augraphy": "Folding(p=1)"},
    "gamma": {"albumentations": "RandomGamma(p=1)", "augraphy": "Gamma(p=1)"},
    "gaussian_blur": {"albumentations": "GaussianBlur((5, 5), p=1)"},
    "grey_levels": {"albumentations": "Posterize(3, p=1)", "straug": "process.Posterize()"},
    "hard_shadow": {"albumentations": "RandomShadow(p=1)", "straug": "weather.Shadow()", "augraphy": "ShadowCast(p=1)"},
    "ink_spread": {"augraphy": "InkBleed(p=1)"},
    "jpeg": {
        "albumentations": "ImageCompression(quality_range=(50, 50), p=1)",
        "straug": "camera.JpegCompression()",
        "augraphy": "Jpeg(p=1)",
    },
    "lens_distortion": {"albumentations": "OpticalDistortion(p=1)"},
    "motion_blur": {"albumentations": "MotionBlur((5, 5), p=1)"},
    "perspective": {"albumentations": "Perspective(p=1)", "straug": "geometry.Perspective()"},
    "photocopy_generations": {"augraphy": "BadPhotoCopy(p=1)"},
    "rotation": {"albumentations": "Rotate((-3, 3), p=1)", "straug": "geometry.Rotate()"},
    "salt_and_pepper": {"albumentations": "SaltAndPepper(p=1)", "straug": "noise.ImpulseNoise()"},
    "sensor_noise": {"albumentations": "ISONoise(p=1)", "straug": "noise.ShotNoise()", "augraphy": "SubtleNoise(p=1)"},
    "sharpen_halo": {"albumentations": "Sharpen(p=1)", "straug": "process.Sharpness()"},
    "sine_wave": {"straug": "warp.Curve()"},
    "speckle": {
        "albumentations": "MultiplicativeNoise(per_channel=True, elementwise=True, p=1)",
        "straug": "noise.SpeckleNoise()",
    },
    "stain": {"augraphy": "Stains(p=1)"},
    "thin_plate": {"albumentations": "ThinPlateSpline(p=1)", "straug": "warp.Distort()"},
    "uneven_light": {"albumentations": "Illumination(p=1)", "augraphy": "LightingGradient(p=1)"},
    "zoom_blur": {"albumentations": "ZoomBlur(p=1)"},
}
_PEERS = ("albumentations", "straug", "augraphy")


def picture() -> Any:
    """Return a line of bars on paper, uint8 (32, 400, 3): the peers work on colour."""
    image = np.full((32, 400, 3), 225, np.uint8)
    image += (np.arange(32 * 400 * 3) * 7919 % 11).astype(np.uint8).reshape(image.shape)
    image[8:26, 20:380:9] = 40
    image[8:26, 21:380:9] = 40
    return image


def median_us(call: Any, budget_s: float) -> float:
    """Return the median CPU µs of a call within about *budget_s*."""
    for _ in range(3):
        call()
    times: list[float] = []
    until = time.process_time() + budget_s
    while time.process_time() < until and len(times) < 2000:
        started = time.process_time_ns()
        call()
        times.append((time.process_time_ns() - started) / 1000)
    return round(float(np.median(times)), 1) if times else float("nan")


def of_peer(peer: str, budget_s: float) -> dict[str, Any]:
    """Return µs, or why there is none, by op; run inside the peer's environment."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import importlib
    import warnings

    warnings.simplefilter("ignore")
    image = picture()
    found: dict[str, Any] = {}
    for op, by_peer in _SHARED.items():
        if peer not in by_peer:
            continue
        expression = by_peer[peer]
        try:
            if peer == "straug":
                from PIL import Image

                module, _, call = expression.partition(".")
                transform = eval(call, vars(importlib.import_module(f"straug.{module}")))  # noqa: S307 - from the table above
                pil = Image.fromarray(image)
                found[op] = median_us(lambda t=transform, i=pil: np.asarray(t(i, mag=1)), budget_s)
            elif peer == "albumentations":
                transform = eval(expression, vars(importlib.import_module(peer)))  # noqa: S307
                found[op] = median_us(lambda t=transform: t(image=image)["image"], budget_s)
            else:
                transform = eval(expression, vars(importlib.import_module(peer)))  # noqa: S307
                found[op] = median_us(lambda t=transform: t(image.copy()), budget_s)
        except Exception as error:  # noqa: BLE001 - a peer that fails is a result
            found[op] = f"{type(error).__name__}: {error}"[:120]
    return found


def ours(budget_s: float) -> dict[str, float]:
    """Return µs by op of a draw and its application, on the same picture."""
    import cv2

    from ocrsynth.degrade.base import OPS
    from ocrsynth.fields import validate
    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream

    image = picture()
    mask = 255 - cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    found = {}
    for name in _SHARED:
        cls = OPS.get(name, "bench")
        op = validate(cls, cls.SEVERITIES[2], name)
        given = mask if cls.phase == "print" else image
        counter = iter(range(10**9))

        def call(op: Any = op, given: Any = given, counter: Any = counter) -> Any:
            return op.apply(given, **op.sample(Stream(0, next(counter), "bench"), Frame(32, 400, 24.0)))

        found[name] = median_us(call, budget_s)
    return found


def main() -> None:
    """Run in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", type=Path, default=HERE.parent / "build" / "peers")
    parser.add_argument("--budget", type=float, default=0.15, help="CPU seconds an op and turn")
    parser.add_argument("--child", choices=_PEERS, help="run inside this peer's environment")
    options = parser.parse_args()
    if options.child:
        print(json.dumps(of_peer(options.child, options.budget)))
        return
    sys.path.append(str(HERE / "peers"))
    from environments import environment
    from measure import save

    pythons = {peer: environment(peer, options.env) for peer in _PEERS}
    turns: list[tuple[dict[str, float], dict[str, dict[str, Any]]]] = []
    for _ in range(_TURNS):
        mine = ours(options.budget)
        theirs = {}
        for peer, python in pythons.items():
            child = [str(python), str(Path(__file__).resolve()), "--child", peer, "--budget", str(options.budget)]
            out = subprocess.run(child, check=True, capture_output=True, text=True).stdout
            theirs[peer] = json.loads(out.strip().splitlines()[-1])
        turns.append((mine, theirs))
    rows: dict[str, dict[str, Any]] = {}
    print(f"{'op (32 × 400 RGB, µs)':26}{'ocrsynth':>10}{'albumentations':>16}{'straug':>10}{'augraphy':>10}")
    for name, by_peer in _SHARED.items():
        row: dict[str, Any] = {"ocrsynth": round(float(np.median([mine[name] for mine, _ in turns])), 1)}
        for peer in by_peer:
            values = [theirs[peer][name] for _, theirs in turns]
            numbers = [v for v in values if not isinstance(v, str)]
            row[peer] = round(float(np.median(numbers)), 1) if numbers else values[0]
        rows[name] = row
        shown = [row.get(p, "–") for p in _PEERS]
        cells = ["fails" if isinstance(v, str) and v != "–" else str(v) for v in shown]
        print(f"{name:26}{row['ocrsynth']:>10}{cells[0]:>16}{cells[1]:>10}{cells[2]:>10}")
    save("peer_ops", {"ops": rows, "picture": "32 x 400 RGB; of print ops of ocrsynth the mask"})


if __name__ == "__main__":
    main()
