"""The comparison as one HTML page that needs nothing else: verdict, distributions, and lines of both kinds side by side."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ocrsynth import codec
from ocrsynth.realism.comparison import ALPHA
from ocrsynth.realism.features import FEATURES, SIZE
from ocrsynth.realism.table import COLUMNS, about, distance, figure, rows, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ocrsynth.realism.comparison import Comparison, Row
    from ocrsynth.realism.lines import LinePicture

_REAL, _SYNTHETIC = "#2f6db0", "#d9822b"
_STYLE = f"""
:root{{color-scheme:light}}
body{{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem;color:#1b1b1b;background:#fff}}
h1{{font-size:1.5rem}}h2{{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ddd}}h3{{font-size:1rem;margin:.6rem 0}}
.verdict{{font-size:1.15rem;padding:.6rem .9rem;border-left:4px solid #777;background:#f4f4f4}}
table{{border-collapse:collapse}}td,th{{padding:.15rem .6rem;text-align:left;vertical-align:top}}
td.n,th.n{{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}}
tbody tr:nth-child(odd){{background:#f7f7f7}}
.grid{{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem}}
.two{{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:0 1.4rem}}
section{{break-inside:avoid}}
figure{{margin:0 0 .5rem;break-inside:avoid}}
figure img{{max-width:100%;display:block;border:1px solid #ccc;background:#ddd;object-fit:cover;object-position:left}}
figcaption{{font-size:.78rem;color:#555;overflow-wrap:anywhere}}
.k{{color:#666}}.r{{color:{_REAL}}}.s{{color:{_SYNTHETIC}}}
svg{{width:100%;height:auto;display:block}}svg text{{font:10px system-ui,sans-serif;fill:#444}}
@media print{{body{{margin:0;max-width:none;font-size:11px}}*{{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
h2,h2+p,h3{{break-after:avoid}}.grid{{grid-template-columns:repeat(3,1fr)}}}}
"""
_METHOD = (
    "A logistic regression on normal scores of the features and their squares, without the size of pictures, learnt on four "
    "fifths of the lines and was tested on the last, five times; p counts permuted labellings that it told no worse. Behind "
    "the accuracy stand the fewest features that tell the lines apart, with what each reaches together with those before it. A "
    "small p says that the samples differ, not that a model minds; a large one is no proof of a match. Lines of few documents "
    "resemble each other, which makes p too small."
)
_DISTANCES = (
    "Distance: the largest between the cumulative distributions, 0 to 1; + where synthetic values are larger, − where smaller, "
    "± where they are spread otherwise. Alone: accuracy by this feature alone."
)
_HISTOGRAMS = (
    "shares of lines on a square-root scale, below them the 10th percentile, the median and the 90th percentile. What lies far "
    "out is counted at the edge."
)
_SHEETS = {
    "Typical": "Nearest to the middle of their own kind.",
    "Most different": "Told from the other kind most surely; below each what sets it apart.",
    "Most alike": "Taken for the other kind, or told from it least surely.",
}
_PLOT = (270, 110)
_BINS = 30
_SHOWN = 12
_WIDEST_PX = 1200
_STANDS_OUT = 1.0
"""Normal score from which a feature is named below a picture."""


def page(comparison: Comparison, source: str, recipe: str) -> str:
    """Return the page; *source* and *recipe* say what was compared."""
    title = html.escape(f"{source} against {recipe}")
    verdict, *facts = summary(comparison)
    same = sum(row.p > ALPHA for row in comparison.rows)
    rest = f"{same} further features show no difference (p above {ALPHA}, adjusted for their number)."
    notes = " ".join(html.escape(sentence) for sentence in about(comparison, source, recipe))
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f'<link rel="icon" href="data:,"><title>{title}</title><style>{_STYLE}</style></head><body>',
        f'<h1>Real against synthetic lines</h1><p class="k">{notes}</p>',
        f'<p class="verdict">{html.escape(verdict)}</p>',
        *(f"<p>{html.escape(fact[:1].upper() + fact[1:])}.</p>" for fact in facts),
        f'<p class="k">{_METHOD}</p>',
        f'<h2>Features that differ</h2><p class="k">{_DISTANCES} {rest}</p>',
        _table(rows(comparison)),
        f'<h2>Distributions</h2><p class="k"><b class="r">■ real</b> <b class="s">■ synthetic</b>; {_HISTOGRAMS}</p>',
        f'<div class="grid">{"".join(_histogram(comparison, row) for row in comparison.rows)}</div>',
        *_sheets(comparison),
        "</body></html>",
    ]
    return "\n".join(parts)


def _table(body: Iterable[Sequence[str]]) -> str:
    numeric = {1, 2, 3, 4}
    number = ' class="n"'

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(f"<{tag}{number if i in numeric else ''}>{html.escape(cell)}</{tag}>" for i, cell in enumerate(row))

    lines = "".join(f"<tr>{cells('td', row)}</tr>" for row in body)
    return f"<table><thead><tr>{cells('th', COLUMNS)}</tr></thead><tbody>{lines}</tbody></table>"


def _histogram(comparison: Comparison, row: Row) -> str:
    number = FEATURES.index(row.feature)
    split = len(comparison.real.values)
    column = np.array([*comparison.real.values, *comparison.synthetic.values])[:, number]
    real, synthetic = column[:split], column[split:]
    real, synthetic = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
    head = (
        f'<section><h3>{row.feature.name} <span class="k">{distance(row)}</span></h3>'
        f'<div class="k">{html.escape(row.feature.meaning)}</div>'
    )
    if not len(real) or not len(synthetic):
        return f"{head}<p>could not be measured</p></section>"
    both = np.concatenate((real, synthetic))
    low, high = np.percentile(both, (1, 99)).tolist()
    if high <= low:
        low, high = float(both.min()), float(both.max())
    if high <= low:
        return f"{head}<p>{figure(low)} on every line</p></section>"
    levels = np.unique(np.clip(both, low, high))
    steps = np.diff(levels)
    bins = _BINS
    if len(levels) <= _BINS and steps.max() < 1.5 * steps.min():
        # Whole pixels: a bar each, or some bars would hold two and their neighbours none.
        bins = len(levels)
        half = (high - low) / (bins - 1) / 2
        low, high = low - half, high + half
    edges = np.linspace(low, high, bins + 1)
    counts = [np.histogram(np.clip(v, low, high), edges)[0] / len(v) for v in (real, synthetic)]
    # A peak that holds most lines would flatten all else: heights are on a square-root scale.
    tallest = float(max(c.max() for c in counts)) ** 0.5
    width, height = _PLOT
    base = height - 30
    step = width / bins

    def area(shares: NDArray[np.float64], colour: str) -> str:
        tops = [base - (base - 4) * float(share) ** 0.5 / tallest for share in shares]
        outline = " ".join(f"{i * step:.1f},{top:.1f} {(i + 1) * step:.1f},{top:.1f}" for i, top in enumerate(tops))
        return f'<polygon points="0,{base} {outline} {width},{base}" fill="{colour}" fill-opacity=".3" stroke="{colour}"/>'

    def ticks(values: tuple[float, float, float], y: int, colour: str) -> str:
        at = [min(max((v - low) / (high - low), 0.0), 1.0) * width for v in values]
        return (
            f'<line x1="{at[0]:.1f}" x2="{at[2]:.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
            f'<circle cx="{at[1]:.1f}" cy="{y}" r="3.2" fill="{colour}"/>'
        )

    return (
        f'{head}<svg viewBox="0 0 {width} {height}" role="img" aria-label="{row.feature.name}">'
        f"{area(counts[0], _REAL)}{area(counts[1], _SYNTHETIC)}"
        f"{ticks(row.real, base + 6, _REAL)}{ticks(row.synthetic, base + 13, _SYNTHETIC)}"
        f'<text x="0" y="{height - 3}">{figure(low)}</text>'
        f'<text x="{width}" y="{height - 3}" text-anchor="end">{figure(high)}</text>'
        f'<text x="{width / 2}" y="{height - 3}" text-anchor="middle">'
        f"median {figure(row.real[1])} / {figure(row.synthetic[1])}</text></svg></section>"
    )


def _sheets(comparison: Comparison) -> list[str]:
    """Return lines of both kinds: as they are on the whole, those told most surely, and those taken for the other kind."""
    split = len(comparison.real.lines)
    used = [i for i, f in enumerate(FEATURES) if f.group != SIZE]
    found = []
    for title, words in _SHEETS.items():
        columns = []
        for name, mark, first, sample, sign in (
            ("Real", "r", 0, comparison.real, -1.0),
            ("Synthetic", "s", split, comparison.synthetic, 1.0),
        ):
            mine = slice(first, first + len(sample.lines))
            scores = comparison.scores[mine][:, used]
            told = sign * comparison.verdict.scores[mine]
            orders = {
                "Typical": np.abs(scores - np.median(scores, axis=0)).mean(axis=1),
                "Most different": -told,
                "Most alike": told,
            }
            figures = []
            for i in np.argsort(orders[title], kind="stable")[:_SHOWN].tolist():
                marks = _marks(comparison, first + i) if title == "Most different" else ""
                figures.append(_figure(sample.lines[i], comparison.height_px, marks))
            columns.append(f'<div><h3 class="{mark}">{name}</h3>{"".join(figures)}</div>')
        found.append(f'<h2>{title}</h2><p class="k">{words}</p><div class="two">{"".join(columns)}</div>')
    return found


def _marks(comparison: Comparison, index: int) -> str:
    """Return the features of a line that lie farthest from the middle of the other kind."""
    split = len(comparison.real.lines)
    other = comparison.scores[split:] if index < split else comparison.scores[:split]
    alone = {row.feature.name: row.alone - 0.5 for row in comparison.rows}
    # What tells nothing on the whole is not what told this line.
    weight = np.array([max(alone[feature.name], 0.0) for feature in FEATURES])
    away = comparison.scores[index] - np.median(other, axis=0)
    values = (*comparison.real.values, *comparison.synthetic.values)[index]
    named = [
        f"{FEATURES[i].name} {figure(float(values[i]))}"
        for i in np.argsort(-np.abs(away) * weight, kind="stable").tolist()
        if FEATURES[i].group != SIZE and abs(away[i]) >= _STANDS_OUT and not np.isnan(values[i])
    ]
    return ", ".join(named[:3])


def _figure(line: LinePicture, height_px: int, marks: str) -> str:
    image: Any = line.image
    height, width = image.shape[:2]
    size = (max(round(width * height_px / height), 1), height_px)
    if size != (width, height):
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if height > height_px else cv2.INTER_CUBIC)
    image = np.ascontiguousarray(image[:, :_WIDEST_PX])
    data = base64.b64encode(codec.encode_png(image, level=6)).decode()
    shown = html.escape(line.text[:120] + ("…" if len(line.text) > 120 else ""))
    parts = (f"<bdi>{shown}</bdi>" if shown else "", html.escape(line.name), html.escape(marks))
    caption = " · ".join(part for part in parts if part)
    return (
        f'<figure><img alt="" width="{image.shape[1]}" height="{image.shape[0]}" src="data:image/png;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
