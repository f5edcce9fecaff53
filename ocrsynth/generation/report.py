"""One self-contained HTML page about a data set: pictures with labels, and distributions."""

from __future__ import annotations

import base64
import html
import itertools
import math
import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import orjson

from ocrsynth import codec
from ocrsynth.generation.plan import DATASET, PLAN, RECEIPTS, read_plan
from ocrsynth.generation.source import open_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from ocrsynth.write.base import Stored

_BAR_PX = 320
_MOST_ROWS = 40
_MOST_MEASURED = 5_000
_FEWEST_STEPS = 2
_STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #ddd}
figcaption bdi{white-space:pre-line}
table{border-collapse:collapse}td,th{padding:.1rem .6rem;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.bar{background:#4a7ab5;height:.8em;display:inline-block}.asked{background:#c9b27c}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(22rem,1fr));gap:.8rem}
figure{margin:0;border:1px solid #ddd;padding:.4rem;overflow:hidden}
figure img{max-width:100%;height:auto;min-height:24px;display:block;background:#eee}
figcaption{font-size:.85rem;overflow-wrap:anywhere}.k{color:#777}
.cols{display:grid;grid-template-columns:repeat(auto-fill,minmax(30rem,1fr));gap:0 2rem}
@media print{body{margin:0;max-width:none}figure{break-inside:avoid}}
"""


@dataclass(slots=True)
class _Measured:
    """What is told by looking at the samples."""

    samples: int = 0
    characters: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    heights: Counter[int] = field(default_factory=Counter)
    widths: Counter[int] = field(default_factory=Counter)
    contrast: Counter[int] = field(default_factory=Counter)
    fonts: Counter[str] = field(default_factory=Counter)
    ops: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    measured: int = 0
    """Samples whose pictures were opened."""

    def add(self, stored: Stored, every: int) -> None:
        """Count a sample; the pictures of every *every*-th are measured."""
        self.samples += 1
        self.characters.update(stored.text)
        self.lengths[len(stored.text)] += 1
        # Anybody's: what is not as this package writes it is not counted.
        provenance = _mapping(stored.meta.get("provenance"))
        font = _mapping(provenance.get("font"))
        if font.get("family"):
            self.fonts[str(font["family"])] += 1
        ops = provenance.get("degrade")
        self.ops.update({str(op["op"]) for op in ops if "op" in _mapping(op)} if isinstance(ops, list) else ())
        if provenance.get("source"):
            self.sources[str(provenance["source"])] += 1
        self.rejected.update({k: n for k, n in _mapping(provenance.get("rejected")).items() if isinstance(n, int)})
        if self.samples % every or self.measured >= _MOST_MEASURED:
            return
        try:
            image = codec.decode(stored.image)
        except ValueError:
            return
        self.measured += 1
        self.heights[image.shape[0]] += 1
        self.widths[image.shape[1] // 50 * 50] += 1
        grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        low, high = np.percentile(grey, (2, 98))
        self.contrast[int(high - low) // 10 * 10] += 1


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _counts(value: Any) -> dict[str, int]:
    return {key: n for key, n in _mapping(value).items() if isinstance(n, int) and n >= 0}


def report(path: str | Path, *, fmt: str | None = None, samples: int = 48) -> str:
    """Return the page about the data set at *path*, in any format; raises OutputError or RecipeError if there is none.

    Raises ValueError where a shard is broken.
    """
    source = open_source(path, fmt)
    stated = _stated(source.root)
    count = stated.get("count")
    expected = (count if isinstance(count, int) else 0) or samples * 20
    every = max(expected // max(samples, 1), 1)
    measured = _Measured()
    shown: list[Stored] = []
    for _, stored in source.read():
        measured.add(stored, max(expected // _MOST_MEASURED, 1))
        if measured.samples % every == 1 % every and len(shown) < samples:
            shown.append(stored)
    name = html.escape(source.root.resolve().name)
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title><style>{_STYLE}</style>",
        f"<h1>{name}</h1>",
        *([f"<p>Not complete: {len(source.missing)} shards of its plan are missing.</p>"] if source.missing else []),
        _facts(source.format.name, measured, stated, _rate(source.root)),
        "<h2>Samples</h2><div class=grid>",
        *(_figure(stored) for stored in shown),
        "</div><h2>Distributions</h2><div class=cols>",
        _bars("Characters", measured.characters),
        _bars("Length in characters", _binned(measured.lengths)),
        _bars("Font families", measured.fonts),
        _bars("Ops, by samples", measured.ops),
        _bars("Text sources", measured.sources),
        _bars("Rejected draws, by reason", measured.rejected or Counter(_mapping(stated.get("rejected")))),
        _bars("Height in px", measured.heights),
        _bars("Width in px, by 50", dict(sorted(measured.widths.items()))),
        _bars("Contrast in grey levels, by 10", dict(sorted(measured.contrast.items()))),
        "</div>",
        _asked(stated),
        "</html>",
    ]
    return "\n".join(part for part in parts if part)


def _stated(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in (PLAN, DATASET):
        try:
            content = orjson.loads((root / file).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            continue
        if isinstance(content, dict):
            found |= content
    return found


def _facts(fmt: str, measured: _Measured, stated: dict[str, Any], rate: str | None) -> str:
    rows = [("format", fmt), ("samples", f"{measured.samples:,}"), ("distinct characters", f"{len(measured.characters):,}")]
    for key, value in (
        ("language", stated.get("language")),
        ("seed", stated.get("seed")),
        ("recipe", str(stated.get("fingerprint", ""))[:16] or None),
        ("throughput", rate),
        ("distinct texts", stated.get("distinct_texts")),
        ("bytes", f"{stated['bytes']:,}" if isinstance(stated.get("bytes"), int) else None),
        ("left out", ", ".join(f"{k} {v:,}" for k, v in _mapping(stated.get("skipped")).items()) or None),
        ("splits", ", ".join(f"{k} {v:,}" for k, v in _mapping(stated.get("splits")).items()) or None),
    ):
        if value is not None:
            rows.append((key, str(value)))
    cells = "".join(f"<tr><th>{html.escape(k)}<td>{html.escape(v)}" for k, v in rows)
    return f"<table>{cells}</table>"


def _figure(stored: Stored) -> str:
    caption = f"<figcaption><span class=k>{html.escape(stored.key)}</span> <bdi>{html.escape(stored.text)}</bdi></figcaption>"
    try:
        picture = codec.encode_png(_with_words(codec.decode(stored.image), stored.meta))
    except ValueError:
        return f"<figure>picture cannot be read{caption}</figure>"
    data = base64.b64encode(picture).decode()
    return f'<figure><img alt="" src="data:image/png;base64,{data}">{caption}</figure>'


def _with_words(image: NDArray[np.uint8], meta: dict[str, Any]) -> NDArray[np.uint8]:
    """Return the picture with thin outlines of its words, if they are known."""
    quads = np.asarray(meta.get("word_quads", ()), np.float64).reshape(-1, 4, 2)
    if not len(quads):
        return image
    out: Any = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image.copy()
    for quad in quads:
        cv2.polylines(
            out, [np.rint(quad * 16).astype(np.int32)], isClosed=True, color=(220, 60, 40), lineType=cv2.LINE_AA, shift=4
        )
    drawn: NDArray[np.uint8] = out
    return drawn


def _binned(lengths: Counter[int]) -> dict[str, int]:
    if not lengths:
        return {}
    step = max(math.ceil(max(lengths) / 20), 1)
    bins: Counter[int] = Counter()
    for length, n in lengths.items():
        bins[length // step] += n
    return {(f"{k * step}–{k * step + step - 1}" if step > 1 else str(k)): n for k, n in sorted(bins.items())}


def _bars(title: str, counts: Counter[Any] | dict[Any, int]) -> str:
    if not counts:
        return ""
    rows: Iterable[tuple[Any, int]] = counts.most_common() if isinstance(counts, Counter) else counts.items()
    rows = list(rows)
    largest = max(n for _, n in rows)
    cells = [
        f"<tr><td><bdi>{html.escape(_named(key))}</bdi><td class=n>{n:,}"
        f'<td><span class=bar style="width:{_BAR_PX * n / largest:.0f}px"></span>'
        for key, n in rows[:_MOST_ROWS]
    ]
    more = f"<p class=k>and {len(rows) - _MOST_ROWS:,} more" if len(rows) > _MOST_ROWS else ""
    return f"<section><h3>{title}</h3><table>{''.join(cells)}</table>{more}</section>"


def _named(key: Any) -> str:
    text = str(key)
    return {" ": "space"}.get(text, text if text.isprintable() else f"U+{ord(text):04X}" if len(text) == 1 else repr(text))


def _asked(stated: dict[str, Any]) -> str:
    """Return what was requested beside what was delivered, where rejections shifted it most."""
    requested, delivered = stated.get("requested"), stated.get("delivered")
    if not isinstance(requested, dict) or not isinstance(delivered, dict):
        return ""
    parts = ["<h2>Requested against delivered</h2>"]
    for name in ("sources", "fonts", "lengths", "characters"):
        asked, given = _counts(requested.get(name)), _counts(delivered.get(name))
        total_asked, total_given = max(sum(asked.values()), 1), max(sum(given.values()), 1)
        shares = {key: (asked.get(key, 0) / total_asked, given.get(key, 0) / total_given) for key in {*asked, *given}}
        # Of many values those that shifted most, in proportion, say what is lost.
        shifted = sorted(shares, key=lambda key: (-_shift(*shares[key]), key))[:_MOST_ROWS]
        rows = []
        for key in sorted(shifted, key=lambda key: (len(key), key) if name == "lengths" else (0, key)):
            a, g = shares[key]
            bars = (
                f'<span class="bar asked" style="width:{_BAR_PX * a:.0f}px"></span><br>'
                f'<span class=bar style="width:{_BAR_PX * g:.0f}px"></span>'
            )
            rows.append(f"<tr><td><bdi>{html.escape(_named(key))}</bdi><td class=n>{a:.1%}<td class=n>{g:.1%}<td>{bars}")
        few = f", the {len(rows)} of {len(shares):,} that shifted most" if len(shares) > len(rows) else ""
        parts.append(f"<h3>{name}{few}</h3><table><tr><th><th>asked<th>given<th>{''.join(rows)}</table>")
    return "".join(parts)


def _shift(asked: float, given: float) -> float:
    """Return how far a share has moved, in standard deviations of a count of its size, but for the number of samples."""
    return abs(given - asked) / math.sqrt(max(asked, given, 1e-12))


def _rate(root: Path) -> str | None:
    """Return how fast a data set was made, as far as the times of its receipts tell; None if they tell nothing.

    It is stored nowhere, for the files of a data set depend on its recipe alone. A copy may have lost the times, and a gap
    of ten usual steps is one in which the run did not go on.
    """
    if not (root / PLAN).is_file():
        return None
    plan = read_plan(root)
    times = sorted(path.stat().st_mtime for path in (root / RECEIPTS).glob("*.json") if path.is_file())
    steps = [after - before for before, after in itertools.pairwise(times)]
    if len(steps) < _FEWEST_STEPS:
        return None
    longest = 10 * max(statistics.median(steps), sum(steps) / len(steps) / 10)
    kept = [step for step in steps if step <= longest]
    if sum(kept) < 1:
        return None
    return f"{len(kept) * plan.shard_size / sum(kept):,.0f} samples a second, by the times of the receipts"
