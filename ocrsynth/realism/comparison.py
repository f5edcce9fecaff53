"""Measures real and synthetic lines, and says where they differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ocrsynth.errors import OutputError, RecipeError
from ocrsynth.realism.features import FEATURES, GROUPS, SIZE, Feature, measure
from ocrsynth.realism.lines import real_lines, synthetic_lines
from ocrsynth.realism.two_sample import (
    PERMUTATIONS,
    Difference,
    Verdict,
    accuracy_of,
    classifier_test,
    difference,
    energy_test,
    folds_of,
    holm,
    normal_scores,
    permuted,
    telling,
    with_squares,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from ocrsynth.realism.lines import LinePicture
    from ocrsynth.recipe import Recipe

LEAST_LINES = 20
"""Of either kind: fewer say nothing."""
MOST_REAL = 1000
ALPHA = 0.05


@dataclass(slots=True)
class Sample:
    """Lines of one kind, with what was measured on them."""

    lines: list[LinePicture] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """Pictures that could not be measured, by reason."""
    enlarged: int = 0
    """Pictures lower than the height of measurement."""

    def add(self, line: LinePicture, height_px: int) -> None:
        """Measure a line."""
        found = measure(line.image, height_px)
        if isinstance(found, str):
            self.left_out[found] += 1
            return
        self.lines.append(line)
        self.values.append(found)
        self.enlarged += line.image.shape[0] < height_px


class Row(NamedTuple):
    """A feature and how it differs."""

    feature: Feature
    difference: Difference
    p: float
    """Adjusted for the number of features."""
    alone: float
    """Accuracy of the classifier by this feature alone."""
    real: tuple[float, float, float]
    """10th percentile, median and 90th percentile."""
    synthetic: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Where synthetic lines differ from real ones."""

    height_px: int
    found: int
    """Lines where the real ones come from."""
    real: Sample
    synthetic: Sample
    rows: list[Row]
    """By the size of the difference, the largest first."""
    verdict: Verdict
    groups: dict[str, float]
    """Accuracy of the classifier by each group of features alone."""
    telling: list[tuple[str, float]]
    """The shortest list of features that tells the lines apart, with the accuracy that it reaches."""
    energy: tuple[float, float]
    """Energy coefficient, 0 to 1, and its p-value."""
    scores: NDArray[np.float64]
    """Normal scores of the features, (N, F), real lines first."""

    @property
    def differs(self) -> bool:
        """Return whether the test tells the lines apart."""
        return self.verdict.p <= ALPHA

    def sentence(self) -> str:
        """Return the verdict in a sentence."""
        v = self.verdict
        sign = "≤" if v.p * (PERMUTATIONS + 1) < 1.5 else "="
        figures = f"accuracy {v.accuracy:.2f} ± {v.half_width:.2f} (0.5 is chance), p {sign} {v.p:.3f}"
        if not self.differs:
            n = len(self.real.lines) + len(self.synthetic.lines)
            return f"not told apart by {n:,} lines: {figures}; more lines, or other features, may still tell them apart"
        steps = ", ".join(f"{'with ' if i else ''}{name} {reached:.2f}" for i, (name, reached) in enumerate(self.telling))
        return f"distinguishable: {figures}" + (f"; told by {steps}" if steps else "")


def compare(
    path: str | Path,
    recipe: Recipe,
    *,
    fmt: str | None = None,
    most_real: int = MOST_REAL,
    count: int | None = None,
    height_px: int | None = None,
    on_line: Callable[[int, int], None] = lambda _done, _of: None,
) -> Comparison:
    """Return where the lines of *recipe* differ from the real ones at *path*.

    Up to *most_real* lines are read, spread evenly, and *count* are made, by default as many.  Both are brought to *height_px*,
    by default the height of the recipe's pictures.  *on_line* hears how many of how many lines are done.  The same arguments
    give the same figures.  Raises OutputError if there are no real lines, or too few that can be measured, RecipeError if the
    recipe makes none that can be compared.
    """
    height = height_px or recipe.render.height_px
    if count is not None and count < LEAST_LINES:
        raise RecipeError(f"-n: must be {LEAST_LINES} or more, got {count}; fewer lines say nothing")
    total, lines = real_lines(path, fmt, most_real)
    real, synthetic = Sample(), Sample()
    expected = min(total, most_real)
    made = expected if count is None else count
    for done, line in enumerate(lines, 1):
        real.add(line, height)
        on_line(done, expected + made)
    _check(real, OutputError, str(path), "real lines")
    for line in synthetic_lines(recipe, made, lambda done: on_line(expected + done, expected + made)):
        synthetic.add(line, height)
    _check(synthetic, RecipeError, "recipe", "lines")
    return judged(real, synthetic, height, total)


def _check(sample: Sample, error: type[Exception], where: str, what: str) -> None:
    if len(sample.lines) < LEAST_LINES:
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in sample.left_out.most_common())
        out = f" (left out: {reasons})" if reasons else ""
        raise error(
            f"{where}: there must be {LEAST_LINES} {what} or more that can be measured, got {len(sample.lines)}{out}; give more"
        )


def judged(real: Sample, synthetic: Sample, height_px: int, found: int) -> Comparison:
    """Return the comparison of two samples that have been measured."""
    values = np.array(real.values + synthetic.values)
    y = np.arange(len(values)) >= len(real.values)
    folds = folds_of(y)
    scores = normal_scores(values)
    x = with_squares(scores)
    n = len(FEATURES)
    blocks = [(i, n + i) for i in range(n)]
    used = [i for i in range(n) if FEATURES[i].group != SIZE]
    labellings = permuted(y, folds, PERMUTATIONS)
    by_use = [*used, *(n + i for i in used)]
    verdict = classifier_test(x[:, by_use], y, folds, labellings)
    differences = [difference(column[~y], column[y]) for column in values.T]
    adjusted = holm([d.p for d in differences])
    rows = [
        Row(
            feature,
            differences[i],
            adjusted[i],
            accuracy_of(x[:, list(blocks[i])], y, folds),
            _spread(values[~y, i]),
            _spread(values[y, i]),
        )
        for i, feature in enumerate(FEATURES)
    ]
    groups = {}
    for group in GROUPS:
        columns = [c for i, f in enumerate(FEATURES) if f.group == group for c in blocks[i]]
        groups[group] = accuracy_of(x[:, columns], y, folds)
    steps = telling(x, y, folds, [blocks[i] for i in used])
    return Comparison(
        height_px=height_px,
        found=found,
        real=real,
        synthetic=synthetic,
        rows=sorted(rows, key=lambda row: -row.difference.ks),
        verdict=verdict,
        groups=dict(sorted(groups.items(), key=lambda item: -item[1])),
        telling=[(FEATURES[used[number]].name, reached) for number, reached in steps],
        energy=energy_test(scores[:, used], labellings),
        scores=scores,
    )


def _spread(column: NDArray[np.float64]) -> tuple[float, float, float]:
    known = column[~np.isnan(column)]
    if not len(known):
        return (float("nan"),) * 3
    low, middle, high = np.percentile(known, (10, 50, 90)).tolist()
    return low, middle, high


def as_dict(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as plain JSON values, rounded; without the lines."""
    v = comparison.verdict

    def kind(sample: Sample) -> dict[str, Any]:
        return {"lines": len(sample.lines), "left_out": dict(sample.left_out), "enlarged": sample.enlarged}

    def spread(values: Iterable[float]) -> dict[str, float | None]:
        return {k: None if np.isnan(a) else round(a, 6) for k, a in zip(("p10", "median", "p90"), values, strict=True)}

    return {
        "height_px": comparison.height_px,
        "found": comparison.found,
        "real": kind(comparison.real),
        "synthetic": kind(comparison.synthetic),
        "distinguishable": comparison.differs,
        "accuracy": round(v.accuracy, 6),
        "half_width": round(v.half_width, 6),
        "p": round(v.p, 6),
        "telling": [{"feature": name, "accuracy": round(reached, 6)} for name, reached in comparison.telling],
        "groups": {name: round(reached, 6) for name, reached in comparison.groups.items()},
        "energy": {"coefficient": round(comparison.energy[0], 6), "p": round(comparison.energy[1], 6)},
        "features": [
            {
                "name": row.feature.name,
                "group": row.feature.group,
                "ks": round(row.difference.ks, 6),
                "p": round(row.p, 6),
                "delta": round(row.difference.delta, 6),
                "alone": round(row.alone, 6),
                "real": spread(row.real),
                "synthetic": spread(row.synthetic),
                "moved_by": list(row.feature.moved_by),
            }
            for row in comparison.rows
        ],
    }
