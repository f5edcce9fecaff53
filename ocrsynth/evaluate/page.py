"""The report as one HTML page that needs nothing else: heat-map, curves, scatter, the worst readings with their pictures."""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING, Any

from ocrsynth import codec
from ocrsynth.evaluate.metrics import edits_between, graphemes, normalised
from ocrsynth.evaluate.suite import Condition
from ocrsynth.evaluate.table import KINDS, facts, hardest, percent, perturbations, shown, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocrsynth.evaluate.lines import SourceLine
    from ocrsynth.evaluate.reading import Pictures
    from ocrsynth.evaluate.result import Result

_STYLE = """
:root{color-scheme:light}
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ddd}
table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.heat td{border:2px solid #fff}.heat td.n{min-width:3.2rem}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:.6rem}
.cols{display:grid;grid-template-columns:repeat(auto-fill,minmax(22rem,1fr));gap:0 2rem}
figure{margin:0 0 1rem;break-inside:avoid}
figure img{max-width:100%;height:auto;background:#eee;display:block;border:1px solid #ddd}
figcaption{font-size:.9rem;overflow-wrap:anywhere}.k{color:#666}
del{background:#ffd7d5;text-decoration:line-through}ins{background:#cdeccf;text-decoration:none}
svg{max-width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#333}
@media print{body{margin:0;max-width:none}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}h2{break-after:avoid}}
"""
_BLUE, _RED, _GREY = "#2f6db0", "#c0504d", "#999"
_CURVE = (200, 120)
_SCATTER = (520, 340)
_TICKS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def page(result: Result, lines: Sequence[SourceLine], pictures: Pictures, baselines: Sequence[Result] = ()) -> str:
    """Return the page of a result; *pictures* makes those of the worst readings anew."""
    title = html.escape(title_of(result))
    versions = ", ".join(f"{k} {v}" for k, v in result["engine"]["versions"].items())
    about = (
        f"{result['lines']['count']} lines ({result['lines']['language']}, {result['lines']['from']}), "
        f"profile {result['profile']}; "
        f"{versions}; ocrsynth {result['ocrsynth']}. Suite {result['suite']['hash'][:16]}, "
        f"lines {result['lines']['sha256'][:16]}, "
        f"pictures {result['images_sha256'][:16]}."
    )
    parts = [
        (
            f'<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">'
            f'<link rel=icon href="data:,"><title>{title}</title><style>{_STYLE}</style>'
        ),
        f"<h1>{title}</h1><p class=k>{html.escape(about)}</p>",
        _rows(("figure", "value", "95 % interval"), facts(result), numeric=(1, 2)),
        "<h2>Character error rate by perturbation and severity, in %</h2>",
        _heat_map(result),
        (
            "<h2>Curves</h2><p class=k>CER by severity with 95 % bands, bootstrapped over lines; severity 0 is the clean line. "
            "The dotted line is 10 %; bars are on a square-root scale, so that small rates can be told apart.</p>"
        ),
        "<div class=grid>",
        *(_curve(result, name, row) for kind in KINDS for name, row in perturbations(result, kind)),
        "</div>",
        _scatter(result, baselines),
        _fonts(result),
        "<h2>Errors</h2><div class=cols>",
        _section(
            "Most frequent",
            ("label", "read as", "times"),
            [(shown(a), shown(b), f"{n:,}") for a, b, n in result["confusions"][:25]],
        ),
        _section(
            "Hardest characters",
            ("", "to be read", "missed %"),
            [(shown(c), f"{n:,}", percent(s)) for c, n, s in hardest(result)],
        ),
        (
            "</div><h2>Readings worth a look</h2><p class=k>The worst lines of the clean and the mild conditions: "
            "<del>missing</del> <ins>read in its place</ins>.</p>"
        ),
        *(_worst(entry, result, lines, pictures) for entry in result["worst"]),
        _failures(result),
        "</html>",
    ]
    return "\n".join(part for part in parts if part)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[int]) -> str:
    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(
            f"<{tag}{' class=n' if i in numeric else ''}><bdi>{html.escape(cell)}</bdi>" for i, cell in enumerate(row)
        )

    body = "".join("<tr>" + cells("td", row) for row in rows)
    return f"<table><tr>{cells('th', head)}{body}</table>"


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    words = sum(1 for name in head if name in ("", "label", "read as"))
    return f"<section><h3>{title}</h3>{_rows(head, rows, numeric=range(words, len(head)))}</section>"


def _heat_map(result: Result) -> str:
    most = max((len(row) for kind in KINDS for _, row in perturbations(result, kind)), default=0)
    clean = result["conditions"][0]
    out = ["<table class=heat><tr><th><th>group", *(f"<th class=n>{s}" for s in range(1, most + 1)), "<th class=n>10 % at"]
    out.append(f"<tr><th>clean<td><td class=n style='background:{_colour(clean['cer'])}'>{100 * clean['cer']:.1f}")
    for kind, title in KINDS.items():
        rows = perturbations(result, kind)
        if rows:
            out.append(f"<tr><th colspan={most + 3}>{title}")
        for name, row in rows:
            point = result["summary"]["breaking_points"].get(name)
            out.append(f"<tr><td>{html.escape(name)}<td class=k>{html.escape(row[0]['group'])}")
            for c in row:
                title_ = f"{100 * c['cer_low']:.2f} – {100 * c['cer_high']:.2f} %"
                ink = "#fff" if c["cer"] > 0.35 else "#1b1b1b"
                out.append(
                    f"<td class=n title='{title_}' style='background:{_colour(c['cer'])};color:{ink}'>{100 * c['cer']:.1f}"
                )
            out.append("<td>" * (most - len(row)))
            out.append(f"<td class=n>{'never' if point is None else f'{point:.1f}'}")
    return "".join(out) + "</table>"


def _colour(cer: float) -> str:
    """Return a colour from white to dark red, by the root of the rate: small rates can be told apart."""
    share = min(cer, 1.0) ** 0.5
    stops = ((255, 255, 255), (254, 224, 182), (230, 97, 60), (120, 10, 30))
    at = share * (len(stops) - 1)
    i = min(int(at), len(stops) - 2)
    return "#" + "".join(f"{round(a + (b - a) * (at - i)):02x}" for a, b in zip(stops[i], stops[i + 1], strict=True))


def _curve(result: Result, name: str, row: list[dict[str, Any]]) -> str:
    width, height = _CURVE
    left, top, right, bottom = 30, 18, 8, 18
    points = [result["conditions"][0], *row]

    def x(i: int) -> float:
        return left + (width - left - right) * i / max(len(points) - 1, 1)

    def y(rate: float) -> float:
        return height - bottom - float((height - top - bottom) * min(rate, 1.0) ** 0.5)

    line = " ".join(f"{x(i):.1f},{y(c['cer']):.1f}" for i, c in enumerate(points))
    band = " ".join(
        [f"{x(i):.1f},{y(c['cer_high']):.1f}" for i, c in enumerate(points)]
        + [f"{x(i):.1f},{y(c['cer_low']):.1f}" for i, c in reversed(list(enumerate(points)))]
    )
    ticks = "".join(
        f"<text x={left - 4} y={y(t) + 3:.0f} text-anchor=end>{100 * t:.0f}</text>"
        f"<line x1={left} x2={width - right} y1={y(t):.1f} y2={y(t):.1f} stroke='{_GREY}' stroke-width=.5 "
        f"stroke-dasharray='{'2 2' if t == 0.1 else 'none'}' opacity='{1 if t == 0.1 else 0.35}'/>"
        for t in (0.0, 0.1, 0.5, 1.0)
    )
    names = "".join(f"<text x={x(i):.1f} y={height - 4} text-anchor=middle>{i}</text>" for i in range(len(points)))
    dots = "".join(f"<circle cx={x(i):.1f} cy={y(c['cer']):.1f} r=2.2 fill='{_BLUE}'/>" for i, c in enumerate(points))
    return (
        f"<svg viewBox='0 0 {width} {height}' role=img aria-label='{html.escape(name)}'>"
        f"<text x={left} y=11 style='font-weight:600'>{html.escape(name)}</text>{ticks}{names}"
        f"<polygon points='{band}' fill='{_BLUE}' opacity=.2 />"
        f"<polyline points='{line}' fill=none stroke='{_BLUE}' stroke-width=1.6 />{dots}</svg>"
    )


def _scatter(result: Result, baselines: Sequence[Result]) -> str:
    """Return clean against perturbed rates: a dot a font family, a ring an engine."""
    dots = [
        (f["clean_cer"], f["mean_cer"], name, _BLUE, 3.0)
        for name, f in result["fonts"]["family"].items()
        if f["mean_cer"] is not None
    ]
    rings = [
        (r["summary"]["clean_cer"], r["summary"]["mean_cer"], r["engine"]["name"], colour, 7.0)
        for r, colour in ((result, _RED), *((b, _GREY) for b in baselines))
        if r["summary"].get("mean_cer") is not None
    ]
    if not rings:
        return ""
    width, height = _SCATTER
    left, top, right, bottom = 46, 10, 120, 36
    most_x = max(0.02, *(d[0] for d in dots + rings)) * 1.1
    most_y = max(0.1, *(d[1] for d in dots + rings)) * 1.1

    def x(rate: float) -> float:
        return left + float((width - left - right) * (rate / most_x) ** 0.5)

    def y(rate: float) -> float:
        return height - bottom - float((height - top - bottom) * (rate / most_y) ** 0.5)

    out = [f"<svg viewBox='0 0 {width} {height}' style='max-width:{width}px' role=img aria-label='clean against perturbed'>"]
    for t in _TICKS:
        if t <= most_x:
            out.append(f"<text x={x(t):.0f} y={height - bottom + 14} text-anchor=middle>{100 * t:.0f}</text>")
        if t <= most_y:
            out.append(f"<text x={left - 6} y={y(t) + 4:.0f} text-anchor=end>{100 * t:.0f}</text>")
            out.append(
                f"<line x1={left} x2={width - right} y1={y(t):.1f} y2={y(t):.1f} stroke='{_GREY}' stroke-width=.4 opacity=.5 />"
            )
    out.append(f"<text x={left} y={height - 4}>clean CER, %</text><text x=2 y=10>mean CER, %</text>")
    for cx, cy, name, colour, radius in dots:
        out.append(
            f"<circle cx={x(cx):.1f} cy={y(cy):.1f} r={radius} fill='{colour}' opacity=.6>"
            f"<title>{html.escape(name)}</title></circle>"
        )
    for cx, cy, name, colour, radius in rings:
        out.append(
            f"<circle cx={x(cx):.1f} cy={y(cy):.1f} r={radius} fill=none stroke='{colour}' stroke-width=2 />"
            f"<text x={x(cx) + 11:.1f} y={y(cy) + 4:.1f}>{html.escape(name)}</text>"
        )
    out.append("</svg>")
    return (
        "<h2>Clean against perturbed</h2><p class=k>A dot is a family of fonts, a ring an engine; "
        "both axes on a square-root scale.</p>" + "".join(out)
    )


def _fonts(result: Result) -> str:
    rows = {
        title: [
            (name, str(f["lines"]), percent(f["clean_cer"]), percent(f["mean_cer"])) for name, f in result["fonts"][key].items()
        ]
        for key, title in (("font_class", "Classes"), ("family", "Families"))
    }
    if not any(rows.values()):
        return ""
    head = ("", "lines", "clean CER %", "mean CER %")
    sections = "".join(
        f"<section><h3>{title}</h3>{_rows(head, body, numeric=(1, 2, 3))}</section>" for title, body in rows.items() if body
    )
    return f"<h2>Fonts</h2><div class=cols>{sections}</div>"


def _worst(entry: dict[str, Any], result: Result, lines: Sequence[SourceLine], pictures: Pictures) -> str:
    condition = next(c for c in result["conditions"] if c["name"] == entry["condition"])
    line = lines[entry["line"]]
    image = pictures.of(Condition(**{k: condition[k] for k in Condition._fields}), line.number)
    data = base64.b64encode(codec.encode_png(image)).decode()
    profile = result["profile"]
    diff = _diff(normalised(line.text, profile), normalised(entry["reading"], profile))
    font = f", {line.family}" if line.family else ""
    return (
        f'<figure><img alt="" src="data:image/png;base64,{data}"><figcaption><bdi>{diff}</bdi> '
        f"<span class=k>{html.escape(entry['condition'])}, line {line.number}{html.escape(font)}, "
        f"{100 * entry['rate']:.0f} %</span>"
        "</figcaption></figure>"
    )


def _diff(label: str, reading: str) -> str:
    """Return the label with what was not read struck out, and what was read in its place."""
    a = graphemes(label)
    out: list[str] = []
    done = 0
    for edit in edits_between(a, graphemes(reading)):
        out.append(html.escape("".join(a[done : edit.at])))
        done = edit.at + bool(edit.label)
        out.append(f"<del>{html.escape(edit.label)}</del>" if edit.label else "")
        out.append(f"<ins>{html.escape(edit.reading)}</ins>" if edit.reading else "")
    out.append(html.escape("".join(a[done:])))
    return "".join(out)


def _failures(result: Result) -> str:
    rows = [(c["name"], ", ".join(f"{k} {n}" for k, n in c["failures"].items())) for c in result["conditions"] if c["failures"]]
    return f"<h2>Pictures without a reading</h2>{_rows(('', 'why'), rows, numeric=())}" if rows else ""
