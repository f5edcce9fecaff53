r"""The default recipe in other languages: a recogniser trained on it alone, beside Tesseract with a model of the language.

    python -m benchmarks.transfer.languages fraktur=FONTS greek=FONTS arabic=FONTS hindi=FONTS \
        --json benchmarks/results/transfer_languages.json

A folder of fonts behind a language is where its fonts are taken from, for the default set has none for it or none of the time.
Fonts of Fraktur are in Debian's ``texlive-fonts-extra`` (yfonts-otf) and ``fonts-cegui`` and in the npm packages
``@expo-google-fonts/unifrakturmaguntia`` and ``unifrakturcook``, fonts of Greek and roman type of the nineteenth century in
Debian's ``fonts-gfs-*`` and ``fonts-oldstandard``, fonts of Arabic in Debian's
``fonts-kacst``, ``fonts-kacst-one``, ``fonts-arabeyes``, ``fonts-hosny-amiri``, ``fonts-sil-scheherazade`` and others, fonts
of Devanagari in ``fonts-deva``, ``fonts-deva-extra``, ``fonts-sil-annapurna`` and ``fonts-noto-core``.
"""

from __future__ import annotations

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from benchmarks.measure import machine
from benchmarks.transfer.lines import ENGLISH, SYMBOLS, Lines, Writing, folded, key_of, made, real, visual
from benchmarks.transfer.run import REAL, ROOT, recogniser
from benchmarks.transfer.scores import measured, worst_page
from benchmarks.transfer.train import BATCH, read
from ocrsynth import Recipe
from ocrsynth.errors import AssetError
from ocrsynth.evaluate.engine import Recognition
from ocrsynth.evaluate.engines.tesseract import Tesseract
from ocrsynth.pictures import read_picture

if TYPE_CHECKING:
    from collections.abc import Callable


class Row(NamedTuple):
    """A language, the real lines that test it, and Tesseract's models of it."""

    language: str
    folder: str
    models: tuple[str, ...]
    fold: Callable[[str], str]


ROWS = {
    # Long and round s, and the ways to write an umlaut, are compared as one letter each, as in the other columns.
    "fraktur": Row("de-Latf", "fraktur_de", ("Fraktur", "frk"), folded),
    "greek": Row("grc", "greek_polytonic", ("grc",), visual),
    "arabic": Row("ar", "journals_ar", ("ara",), visual),
    "hindi": Row("hi", "textbook_hi", ("hin",), visual),
}


def recipe_of(row: Row, fonts: str) -> Recipe:
    """Return the default recipe of a language, with the fonts of a folder where one is given."""
    return Recipe.from_dict({"language": row.language} | ({"fonts": {"sets": [], "folders": [fonts]}} if fonts else {}))


def tesseract(model: str, lines: Lines, row: Row) -> list[str]:
    """Return Tesseract's reading of every line, as it is; raises AssetError if the model is not installed."""
    engine = Tesseract.from_spec(f"lang={model}", row.language)
    found = engine.read([read_picture(path) for path in lines.files])
    return [row.fold(reading.text if isinstance(reading, Recognition) else reading or "") for reading in found]


def judged(row: Row, recipe: Recipe, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Train and read; return the figures of a language, and its page of worst lines."""
    started = time.monotonic()
    lines = made(recipe, options.count, options.cache, row.fold)
    symbols = SYMBOLS if row.fold is folded else "".join(sorted(set("".join(lines.labels))))
    writing = ENGLISH if row.fold is folded else Writing(row.fold, None)
    known = real(REAL / row.folder, options.every, writing)
    print(f"{row.language}: {len(known.labels)} lines, {known.left_out} left out, {len(symbols)} symbols", flush=True)
    kept = options.cache / f"{key_of(recipe, options.count)}_{options.steps}_1.pt"
    model = recogniser(lines, options.steps, 1, kept, symbols)
    result, misses = measured(row.folder, known, [read(model, known, symbols)])
    found: dict[str, Any] = {"set": row.folder, "lines": len(known.labels), "left_out": known.left_out, "symbols": len(symbols)}
    found["training"] = {"lines": options.count, "steps": options.steps, "batch": BATCH, "seeds": 1}
    found |= {"ocrsynth": result._asdict(), "tesseract": {}, "seconds": round(time.monotonic() - started)}
    print(f"  ocrsynth {result.cer_percent:.2f}", flush=True)
    for name in row.models:
        try:
            theirs, _ = measured(row.folder, known, [tesseract(name, known, row)])
        except AssetError as error:
            print(f"  {error}")
            continue
        found["tesseract"][name] = theirs._asdict()
        print(f"  tesseract {name} {theirs.cer_percent:.2f}", flush=True)
    return found, worst_page(misses, {row.folder: known})


def main() -> None:
    """Train, read, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("languages", nargs="+", help=f"of {', '.join(ROWS)}; with =FOLDER for its fonts")
    parser.add_argument("--count", type=int, default=20_000, help="lines to train on")
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--every", type=int, default=1, help="test on each n-th real line only")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "transfer", help="folder of made lines and of reports")
    parser.add_argument("--json", type=Path, help="file of the results; what it knows of other languages stays")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    target = options.json or options.cache / "languages.json"
    for given in options.languages:
        name, _, fonts = given.partition("=")
        if name not in ROWS:
            parser.error(f"no such language, got {name!r}; known: {', '.join(ROWS)}")
        found, page = judged(ROWS[name], recipe_of(ROWS[name], fonts), options)
        (options.cache / f"{name}_worst.html").write_text(page, encoding="utf-8")
        content = json.loads(target.read_text()) if target.exists() else {"languages": {}}
        content["languages"][name] = found
        content["machine"] = machine() | {"torch": version("torch"), "threads": options.threads}
        target.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
