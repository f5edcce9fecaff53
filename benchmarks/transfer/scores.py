"""Character error rates with intervals, and the lines that went worst as a page to look at."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ocrsynth import codec
from ocrsynth.evaluate.metrics import score
from ocrsynth.evaluate.resampling import bootstrap, interval

if TYPE_CHECKING:
    from benchmarks.transfer.lines import Lines

_WORST = 100


class Result(NamedTuple):
    """What a set of real lines came to, over all trainings."""

    cer_percent: float
    low_percent: float
    high_percent: float
    """Of the 95 % interval over lines; the readings of all trainings of a line are drawn together."""
    exact_percent: float
    """Share of lines without an error."""
    by_seed_percent: list[float]


class Miss(NamedTuple):
    """One line that was read wrongly."""

    folder: str
    number: int
    label: str
    reading: str
    edits: int


def measured(name: str, lines: Lines, readings: list[list[str]]) -> tuple[Result, list[Miss]]:
    """Return the result of *readings*, one list a training, and every miss of the first training."""
    edits = np.zeros((len(lines.labels), len(readings)))
    characters = np.zeros_like(edits)
    misses = []
    for i, label in enumerate(lines.labels):
        for k, of_seed in enumerate(readings):
            reading = of_seed[i]
            a, b = (label.upper(), reading.upper()) if lines.ignores_case else (label, reading)
            found, _ = score(a, b)
            edits[i, k], characters[i, k] = found.edits, found.characters
            if k == 0 and found.edits:
                misses.append(Miss(name, i, a, b, found.edits))
    low, high = interval(
        bootstrap(edits.sum(axis=1, keepdims=True), characters.sum(axis=1, keepdims=True))[:, 0], len(lines.labels)
    )
    return (
        Result(
            cer_percent=round(100 * float(edits.sum() / characters.sum()), 2),
            low_percent=round(100 * low, 2),
            high_percent=round(100 * high, 2),
            exact_percent=round(100 * float((edits == 0).mean()), 1),
            by_seed_percent=[round(100 * float(v), 2) for v in edits.sum(axis=0) / characters.sum(axis=0)],
        ),
        misses,
    )


def worst_page(misses: list[Miss], sets: dict[str, Lines]) -> str:
    """Return a page of the hundred lines with the most errors for their length: picture, label, reading."""
    ranked = sorted(misses, key=lambda m: (-m.edits / max(len(m.label), 3), m.folder, m.number))[:_WORST]
    rows = []
    for miss in ranked:
        picture = base64.b64encode(codec.encode_png(sets[miss.folder].pictures[miss.number])).decode()
        cells = (miss.folder, miss.label, miss.reading, f"{miss.edits}")
        texts = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr><td><img src="data:image/png;base64,{picture}"></td>{texts}</tr>')
    return (
        "<!doctype html><meta charset=utf-8><title>Worst lines</title>"
        "<style>td{font:14px monospace;border-bottom:1px solid #ccc;padding:3px}</style>"
        f"<table><tr><th>picture<th>set<th>label<th>read as<th>edits</tr>{''.join(rows)}</table>\n"
    )
