"""imagecorruptions: the functions that the job names, at severity 2."""

from __future__ import annotations

import sys
from typing import Any

import pictures
from harness import Make, serve

_SEVERITY = 2


def prepare(job: dict[str, Any], worker: int) -> Make:
    """Return what degrades *count* pictures."""
    import numpy as np
    from imagecorruptions import corrupt

    np.random.seed(worker)  # noqa: NPY002 - the only way to seed it

    def degrade(image: Any) -> Any:
        for name in job["ops"]:
            image = corrupt(image, severity=_SEVERITY, corruption_name=name)
        return image

    return pictures.over(pictures.load(job), degrade)


if __name__ == "__main__":
    sys.exit(serve(prepare))
