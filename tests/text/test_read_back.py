"""A real engine reads what was rendered: Tesseract with Debian's language packs on clean lines of many scripts.

It knows nothing of our labels, so a label in visual order, a dropped mark or unjoined letters show as errors.
"""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from typing import TYPE_CHECKING

import cv2
import pytest
import regex

from ocrsynth import Recipe
from ocrsynth.pipeline import Pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from ocrsynth.records import Sample

_NOTO = ["/usr/share/fonts/truetype/noto", "/usr/share/fonts/opentype/noto"]
_LINES = 16
# Language, Tesseract's name of it, families, and the bound of the character error rate in per cent.
_TABLE = {
    "en": ("eng", ("Noto Sans", "Noto Serif"), 1.5),
    "de": ("deu", ("Noto Sans", "Noto Serif"), 1.5),
    "pl": ("pol", ("Noto Sans", "Noto Serif"), 1.5),
    "vi": ("vie", ("Noto Sans", "Noto Serif"), 2),
    "ru": ("rus", ("Noto Sans", "Noto Serif"), 1.5),
    "el": ("ell", ("Noto Sans", "Noto Serif"), 4),
    "ar": ("ara", ("Noto Naskh Arabic", "Noto Sans Arabic"), 2),
    "he": ("heb", ("Noto Sans Hebrew", "Noto Serif Hebrew"), 2),
    "hi": ("hin", ("Noto Sans Devanagari", "Noto Serif Devanagari"), 2),
    "bn": ("ben", ("Noto Sans Bengali", "Noto Serif Bengali"), 17),
    "ta": ("tam", ("Noto Sans Tamil", "Noto Serif Tamil"), 2),
    "th": ("tha", ("Noto Sans Thai", "Noto Serif Thai"), 5),
    "zh-Hans": ("chi_sim", ("Noto Sans CJK SC", "Noto Serif CJK SC"), 4),
    "ja": ("jpn", ("Noto Sans CJK JP", "Noto Serif CJK JP"), 4),
    "ko": ("kor", ("Noto Sans CJK KR", "Noto Serif CJK KR"), 4),
}
_UNSPACED = frozenset({"th", "zh-Hans", "ja"})

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Debian's tesseract-ocr and its language packs"),
]


def _samples(language: str) -> list[Sample]:
    _, families, _ = _TABLE[language]
    natural = "ngram" if language == "th" else "words"
    fields = {"punctuation": 0, "numbers": 0} if natural == "words" else {"order": 6, "backoff": 0.0}
    recipe = Recipe.for_language(
        language,
        preset="clean",
        seed=1,
        render={"height_px": 48, "margin_em": [0.3, 0.4], "looseness": [1, 1], "contrast_grey": [150, 230]},
        text={"sources": [{natural: fields}], "length_clusters": [20, 45], "case": {"asis": 0.35, "sentence": 0.3}},
        fonts={
            "sets": [],
            "folders": _NOTO,
            "families": list(families),
            "regular": 1,
            "italic": 0,
            "weight": [400, 400],
            **dict.fromkeys(("spaced", "synthetic_bold", "synthetic_slant"), 0),
        },
    )
    return Pipeline(recipe).batch(range(_LINES))


def _read(samples: list[Sample], language: str, folder: Path) -> list[str]:
    names = []
    for sample in samples:
        path = folder / f"{sample.key}.png"
        cv2.imwrite(str(path), cv2.copyMakeBorder(sample.image, 12, 12, 12, 12, cv2.BORDER_REPLICATE))
        names.append(str(path))
    (folder / "list.txt").write_text("\n".join(names))
    out = subprocess.run(
        ["tesseract", str(folder / "list.txt"), "-", "--psm", "7", "-l", _TABLE[language][0]],
        check=True,
        capture_output=True,
        text=True,
        env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
    ).stdout
    # Tesseract sets spaces between words even where the language writes none.
    space = "" if language in _UNSPACED else " "
    return [space.join(page.split()) for page in out.split("\f")[: len(samples)]]


def _clusters(text: str) -> list[str]:
    # Tesseract adds direction marks, writes quotation marks as it likes, and Thai sara am in two characters.
    plain = unicodedata.normalize("NFC", regex.sub(r"[\u200e\u200f\u200c\u200d]", "", text)).replace("’", "'")
    plain = plain.replace("\u0e4d\u0e32", "\u0e33")
    found: list[str] = regex.findall(r"\X", plain)
    return found


def _distance(a: list[str], b: list[str]) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def _error_rate(labels: list[str], read: list[str]) -> float:
    pairs = [(_clusters(a), _clusters(b)) for a, b in zip(labels, read, strict=True)]
    return 100 * sum(_distance(a, b) for a, b in pairs) / sum(len(a) for a, _ in pairs)


@pytest.mark.parametrize("language", _TABLE)
def test_the_engine_reads_the_label(language: str, tmp_path: Path) -> None:
    samples = _samples(language)
    labels = [s.text.replace(" ", "") if language in _UNSPACED else s.text for s in samples]
    rate = _error_rate(labels, _read(samples, language, tmp_path))
    assert rate <= _TABLE[language][2], f"{language}: {rate:.1f} %"


@pytest.mark.parametrize(
    ("language", "fault"),
    [
        ("ar", lambda text: text[::-1]),
        ("he", lambda text: text[::-1]),
        ("hi", lambda text: "".join(c for c in text if not unicodedata.category(c).startswith("M"))),
        ("vi", lambda text: "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))),
    ],
    ids=["visual order ar", "visual order he", "dropped marks hi", "dropped marks vi"],
)
def test_a_fault_in_the_label_breaks_the_bound(language: str, fault: object, tmp_path: Path) -> None:
    samples = _samples(language)
    assert callable(fault)
    rate = _error_rate([fault(s.text) for s in samples], _read(samples, language, tmp_path))
    assert rate > 2 * _TABLE[language][2]
