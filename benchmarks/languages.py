"""How many languages work: 20 samples of each language that has exemplar characters, with the fonts of a folder.

Prints and writes the number of languages that give valid samples, that no font covers, and that fail, with the reasons.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from measure import save

from ocrsynth import Recipe
from ocrsynth.errors import CoverageError, OcrsynthError
from ocrsynth.pipeline import Pipeline
from ocrsynth.text import exemplars


def try_language(name: str, folders: list[str], count: int) -> tuple[str, str]:
    """Return the verdict on a language, ``works``, ``no font`` or ``fails``, and the reason."""
    try:
        recipe = Recipe.for_language(name, preset="scan", fonts={"folders": folders})
        samples = Pipeline(recipe).batch(range(count))
    except CoverageError as error:
        return "no font", str(error)
    except OcrsynthError as error:
        return "fails", str(error)
    return "works", f"{len({s.text for s in samples})} distinct texts"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", help="folders of fonts, such as /usr/share/fonts")
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args()
    verdicts: Counter[str] = Counter()
    reasons: dict[str, dict[str, Any]] = {}
    for name in exemplars.known():
        if exemplars.alphabet_of(name) is None:
            verdicts["no letters known"] += 1
            continue
        verdict, reason = try_language(name, options.folders, options.count)
        verdicts[verdict] += 1
        if verdict != "works":
            reasons[name] = {"verdict": verdict, "reason": reason}
            print(f"{name:12s} {verdict}: {reason[:160]}", flush=True)
    print(dict(verdicts))
    save("languages", {"languages": dict(verdicts), "not_working": reasons})


if __name__ == "__main__":
    main()
