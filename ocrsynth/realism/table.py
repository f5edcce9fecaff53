"""The comparison as text for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ocrsynth.realism.comparison import ALPHA

if TYPE_CHECKING:
    from ocrsynth.realism.comparison import Comparison, Row, Sample

_SHIFTED = 0.4
"""Of the distance: a mere shift makes delta about as large."""
COLUMNS = ("feature", "distance", "real: 10 %, median, 90 %", "synthetic", "alone", "moved by")


def figure(value: float) -> str:
    """Return a number with three digits, or a dash where nothing could be measured."""
    if math.isnan(value):
        return "–"
    digits = max(2 - math.floor(math.log10(abs(value))), 0) if value else 0
    text = f"{value:.{min(digits, 4)}f}"
    return text if float(text) else "0"


def spread(values: tuple[float, float, float]) -> str:
    """Return percentiles as a table shows them."""
    return " · ".join(figure(v) for v in values)


def distance(row: Row) -> str:
    """Return the distance with + where synthetic values are larger, − where smaller, ± where they are spread otherwise."""
    ks, delta = row.difference.ks, row.difference.delta
    if not ks:
        return "0"
    sign = "±" if abs(delta) < _SHIFTED * ks else "+" if delta > 0 else "−"
    return f"{sign}{ks:.2f}"


def rows(comparison: Comparison, *, all_features: bool = False) -> list[tuple[str, ...]]:
    """Return a row of `COLUMNS` a feature that differs, or of every feature."""
    found: list[tuple[str, ...]] = []
    for row in comparison.rows:
        if row.p > ALPHA and not all_features:
            continue
        found.append(
            (
                row.feature.name,
                distance(row),
                spread(row.real),
                spread(row.synthetic),
                f"{row.alone:.2f}",
                ", ".join(row.feature.moved_by[:3]),
            )
        )
    return found


def about(comparison: Comparison, source: str, recipe: str) -> list[str]:
    """Return what was compared, and what must be borne in mind, a sentence each."""
    c = comparison

    def left(sample: Sample) -> str:
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in sample.left_out.most_common())
        return f", left out {reasons}" if reasons else ""

    compared = (
        f"{len(c.real.lines):,} real lines of {c.found:,} in {source}{left(c.real)}, {len(c.synthetic.lines):,} synthetic ones "
        f"of {recipe}{left(c.synthetic)}, measured at a height of {c.height_px} px."
    )
    found = [compared]
    if c.real.enlarged * 4 >= len(c.real.lines):
        share = c.real.enlarged / len(c.real.lines)
        found.append(
            f"{share:.0%} of the real pictures are lower than that and were enlarged, which blurs them and their noise; "
            "a model sees the same, but --common-height tells how they compare at their own size."
        )
    length = next(row for row in c.rows if row.feature.name == "length_ratio")
    if length.difference.ks >= 0.3:
        found.append(
            f"Lines differ in length (median {figure(length.real[1])} and {figure(length.synthetic[1])} heights): "
            "what is measured on short lines scatters more; text.length_clusters of the recipe evens it out."
        )
    return found


def summary(comparison: Comparison) -> list[str]:
    """Return the verdict, and the accuracies of groups."""
    groups = ", ".join(f"{name} {reached:.2f}" for name, reached in comparison.groups.items())
    coefficient, p = comparison.energy
    return [
        comparison.sentence(),
        f"accuracy by each group of features alone: {groups}",
        f"energy coefficient {coefficient:.3f} (0 is the same, 1 apart), p {p:.3f}",
    ]
