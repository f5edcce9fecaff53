"""Lines to train and to test on: made from a recipe and kept in a cache, or read from folders of real ones."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from benchmarks.transfer.model import HEIGHT_PX
from ocrsynth.bidi import levels_of
from ocrsynth.pictures import read_picture
from ocrsynth.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from ocrsynth import Recipe

SYMBOLS = "".join(chr(c) for c in range(32, 127)) + "£€§°"
"""What the recogniser tells apart: printable ASCII and four signs of English business print."""
_KINDS = dict.fromkeys("‘’‚′`´ʼ᾽", "'") | dict.fromkeys("“”„«»″", '"') | dict.fromkeys("‐‑‒–—―−¬⸗", "-")
_UNIFIED = str.maketrans(_KINDS | {"ـ": "", "ی": "ي", "ک": "ك", "ھ": "ه", "ʹ": "'"})
"""Of other languages: Arabic letters that other keyboards have look alike, and the tatweel is no letter."""
_FOLDED = str.maketrans(
    _KINDS | {"…": "...", "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "º": "°", "ı": "i"}
)
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Writing:
    """How labels and readings are compared, and which signs a line may hold."""

    fold: Callable[[str], str]
    symbols: str | None
    """None keeps lines with any: those that the recogniser does not know are then its errors."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Pictures, uint8 (32, W) each, with their labels, folded."""

    pictures: list[NDArray[np.uint8]]
    labels: list[str]
    ignores_case: bool = False
    left_out: int = 0
    """Lines of a folder with signs that the recogniser does not know."""
    files: tuple[Path, ...] = ()
    """The pictures as they are, of a folder."""


def folded(text: str) -> str:
    """Return *text* without accents and with one kind of quotes and dashes, spaces collapsed: labels and readings alike."""
    plain = unicodedata.normalize("NFKD", text.translate(_FOLDED))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def visual(text: str) -> str:
    """Return *text* with one kind of quotes and dashes, in the order in which it stands from left to right.

    CTC aligns with the picture, and so labels and readings of Arabic are compared in that order; digits run to the right.
    """
    plain = " ".join(unicodedata.normalize("NFC", text.translate(_UNIFIED)).split())
    levels = levels_of(plain, rtl=any(unicodedata.bidirectional(c) in ("R", "AL") for c in plain))
    order = list(range(len(plain)))
    # UAX #9, L2: from the highest level down, what stands at it or above is turned round.
    for level in range(max(levels, default=0), 0, -1):
        for _, run in groupby(range(len(order)), key=lambda i: levels[order[i]] >= level):
            places = list(run)
            if levels[order[places[0]]] >= level:
                order[places[0] : places[-1] + 1] = order[places[0] : places[-1] + 1][::-1]
    return "".join(plain[i] for i in order)


ENGLISH = Writing(folded, SYMBOLS)


def key_of(recipe: Recipe, count: int) -> str:
    """Return a name for the first *count* lines of *recipe* as the package here and its fonts make them."""
    return hashlib.sha256(recipe.canonical + repr((count, _versions(recipe))).encode()).hexdigest()[:16]


def made(recipe: Recipe, count: int, cache: Path, fold: Callable[[str], str] = folded) -> Lines:
    """Return the first *count* lines of *recipe*, from *cache* if they were made before by the same code and fonts."""
    path = cache / f"{key_of(recipe, count)}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pictures: list[NDArray[np.uint8]] = []
        labels: list[str] = []
        pipeline = Pipeline(recipe)
        for first in range(0, count, _BATCH):
            for sample in pipeline.batch(range(first, min(first + _BATCH, count))):
                grey: Any = sample.image if sample.image.ndim < 3 else cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY)
                pictures.append(_scaled(grey))
                labels.append(sample.text)
        part = path.with_suffix(".part.npz")
        np.savez(
            part,
            pixels=np.concatenate(pictures, axis=1),
            widths=np.array([p.shape[1] for p in pictures]),
            labels=np.array("\n".join(labels)),
        )
        part.replace(path)
    with np.load(path) as kept:
        pixels, widths, texts = kept["pixels"], kept["widths"], str(kept["labels"]).split("\n")
    cuts = np.cumsum(widths)[:-1]
    return Lines([np.ascontiguousarray(p) for p in np.split(pixels, cuts, axis=1)], [fold(t) for t in texts])


def _versions(recipe: Recipe) -> list[str]:
    """Return what the pictures depend on beside the recipe: the lock, and the package's own files."""
    root = Path(__file__).resolve().parents[2] / "ocrsynth"
    sources = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".yaml")):
        sources.update(path.read_bytes())
    return [str(recipe.lock()), sources.hexdigest()]


def _scaled(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return *grey* at the height of the network, its proportions kept."""
    height, width = grey.shape
    if height == HEIGHT_PX:
        return grey
    kernel = cv2.INTER_AREA if height > HEIGHT_PX else cv2.INTER_CUBIC
    scaled = cv2.resize(grey, (max(round(width * HEIGHT_PX / height), 4), HEIGHT_PX), interpolation=kernel)
    return np.asarray(scaled, np.uint8)


def real(folder: Path, every: int = 1, writing: Writing = ENGLISH) -> Lines:
    """Return the lines of a folder of ``images/`` and ``labels.tsv`` (file, tab, text), or each *every*-th of them.

    Pictures become grey and 32 px high, nothing else.
    """
    pictures: list[NDArray[np.uint8]] = []
    labels: list[str] = []
    files: list[Path] = []
    left_out = 0
    for name, text in _entries(folder / "labels.tsv", every):
        label = writing.fold(text)
        if not label or (writing.symbols is not None and not set(writing.symbols).issuperset(label)):
            left_out += 1
            continue
        place = folder / name
        files.append(place if place.exists() else folder / "images" / name)
        picture = read_picture(files[-1])
        pictures.append(_scaled(np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim > 2 else picture)))
        labels.append(label)
    # A set is without case if its labels are: receipts are transcribed in capitals whatever they show.
    cased = any(c.isupper() for c in "".join(labels))
    return Lines(
        pictures, labels, cased and not any(c.islower() for c in "".join(labels)), left_out=left_out, files=tuple(files)
    )


def _entries(path: Path, every: int) -> Iterable[tuple[str, str]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if "\t" in line]
    return [(row[0], row[1]) for row in rows[::every]]
