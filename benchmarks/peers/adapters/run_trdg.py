"""TextRecognitionDataGenerator: lines by its `GeneratorFromStrings`, saved as JPEG files.

Clean: black on plain white.  Degraded: its paper of Gaussian noise, skew of ±2° and blur, both random.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from harness import Make, serve


def prepare(job: dict[str, Any], worker: int) -> Make:
    """Return what makes and saves *count* pictures."""
    from trdg.generators import GeneratorFromStrings

    texts = Path(job["texts"]).read_text().splitlines()
    # It takes text and font number i together: the same number of both would pair them for ever.
    fonts = sorted(str(path) for path in Path(job["fonts"]).glob("*.ttf"))
    degraded = {"skewing_angle": 2, "random_skew": True, "blur": 1, "random_blur": True, "background_type": 0}
    clean = {"background_type": 1}
    generator = GeneratorFromStrings(
        texts, fonts=fonts, size=job["height_px"], text_color="#000000", **(degraded if job["degraded"] else clean)
    )
    out = Path(job["out"]) / f"trdg-{worker}"
    out.mkdir(parents=True, exist_ok=True)

    def make(first: int, count: int) -> int:
        made = 0
        generator.generated_count = first
        with (out / "labels.txt").open("a") as labels:
            for number in range(first, first + count):
                picture, text = next(generator)
                # It gives nothing where it finds the contrast too low.
                if picture is not None:
                    picture.save(out / f"{number}.jpg", quality=job["quality"])
                    labels.write(f"{number}.jpg {text}\n")
                    made += 1
        return made

    return make


if __name__ == "__main__":
    sys.exit(serve(prepare))
