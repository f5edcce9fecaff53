"""albumentations: one `Compose` of the transforms that the job names."""

from __future__ import annotations

import os
import sys
from typing import Any

import pictures
from harness import Make, serve


def prepare(job: dict[str, Any], worker: int) -> Make:
    """Return what degrades *count* pictures."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import albumentations as A  # noqa: N812 - as its documentation has it

    known = {
        "Rotate": A.Rotate((-2, 2), p=1),
        "GaussianBlur": A.GaussianBlur(blur_limit=0, sigma_limit=(0.3, 1.0), p=1),
        "GaussNoise": A.GaussNoise(std_range=(0.02, 0.05), p=1),
        "RandomBrightnessContrast": A.RandomBrightnessContrast(0.1, 0.2, p=1),
        "ImageCompression": A.ImageCompression(quality_range=(35, 95), p=1),
    }
    chain = A.Compose([known[name] for name in job["ops"]], seed=worker)
    return pictures.over(pictures.load(job), lambda image: chain(image=image)["image"])


if __name__ == "__main__":
    sys.exit(serve(prepare))
