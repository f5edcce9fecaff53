"""straug: the ops that the job names, at their middle magnitude, on pictures of Pillow as it takes them.

Its blurs need torchvision and are left out.
"""

from __future__ import annotations

import sys
from typing import Any

import pictures
from harness import Make, serve


def prepare(job: dict[str, Any], worker: int) -> Make:
    """Return what degrades *count* pictures."""
    import numpy as np
    from PIL import Image
    from straug import camera, geometry, noise

    rng = np.random.default_rng(worker)
    known = {
        "Rotate": geometry.Rotate(rng=rng),
        "GaussianNoise": noise.GaussianNoise(rng=rng),
        "Contrast": camera.Contrast(rng=rng),
        "Pixelate": camera.Pixelate(rng=rng),
        "JpegCompression": camera.JpegCompression(rng=rng),
    }
    chain = [known[name] for name in job["ops"]]

    def degrade(image: Any) -> Any:
        for op in chain:
            image = op(image, mag=1)
        return image

    return pictures.over([Image.fromarray(array) for array in pictures.load(job)], degrade)


if __name__ == "__main__":
    sys.exit(serve(prepare))
