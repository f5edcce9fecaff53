"""µs of shaping and proving a line: 30 Latin characters, and a line that mixes Arabic, Latin and numbers."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from measure import save, summary

from ocrsynth import Recipe
from ocrsynth.pipeline import pipeline_for
from ocrsynth.records import FontKey, TextLine
from ocrsynth.shape.shaper import shape_line

_REPEATS = 400
_RUNS = 9
LATIN = "The quick brown fox jumps over"
MIXED = "قال: Windows 11 ثم 2024/05 (x)"


def cost_us(line: TextLine, fonts: tuple[FontKey, ...]) -> dict[str, float]:
    """Return median CPU µs of a line."""
    shape_line(line, fonts[0], fonts[1:])
    runs = []
    for _ in range(_RUNS):
        started = time.process_time_ns()
        for _ in range(_REPEATS):
            shape_line(line, fonts[0], fonts[1:])
        runs.append((time.process_time_ns() - started) / _REPEATS / 1000)
    return summary(runs)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arabic", type=Path, help="an Arabic font file with Latin letters or without")
    options = parser.parse_args()
    families = pipeline_for(Recipe.for_language("en")).fonts.families
    latin = next(FontKey(f.faces[0].path, 0, ()) for f in families if f.name == "Noto Sans")
    arabic = FontKey(str(options.arabic), 0, ())
    content = {
        "latin_us": cost_us(TextLine(LATIN, "bench", "ltr", "Latn", "en"), (latin,)),
        "bidi_us": cost_us(TextLine(MIXED, "bench", "rtl", "Arab", "ar"), (arabic, latin)),
    }
    print(content)
    save("shape", content)


if __name__ == "__main__":
    main()
