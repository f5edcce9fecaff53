"""augraphy: the augmentations that the job names, one after the other as its documentation shows for single ones."""

from __future__ import annotations

import sys
from typing import Any

import pictures
from harness import Make, serve


def prepare(job: dict[str, Any], worker: int) -> Make:
    """Return what degrades *count* pictures."""
    import random  # noqa: TID251 - augraphy draws from it

    import augraphy
    import numpy as np

    random.seed(worker)
    np.random.seed(worker)  # noqa: NPY002 - the only way to seed it
    known = {
        "InkBleed": augraphy.InkBleed(p=1),
        "Geometric": augraphy.Geometric(rotate_range=(-2, 2), p=1),
        "LightingGradient": augraphy.LightingGradient(p=1),
        "SubtleNoise": augraphy.SubtleNoise(p=1),
        "Brightness": augraphy.Brightness(p=1),
        "Jpeg": augraphy.Jpeg(quality_range=(35, 95), p=1),
    }
    chain = [known[name] for name in job["ops"]]

    def degrade(image: Any) -> Any:
        for op in chain:
            image = op(image)
        return image

    return pictures.over(pictures.load(job), degrade)


if __name__ == "__main__":
    sys.exit(serve(prepare))
