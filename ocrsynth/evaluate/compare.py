"""Two engines on the same pictures: paired differences, with their certainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ocrsynth.errors import RecipeError
from ocrsynth.evaluate.resampling import bootstrap, interval, sign_flip_p
from ocrsynth.realism.two_sample import holm

if TYPE_CHECKING:
    from ocrsynth.evaluate.result import Result

ALPHA = 0.05


class Difference(NamedTuple):
    """The CER of b less that of a, under one condition."""

    condition: str
    a: float
    b: float
    low: float
    high: float
    p: float
    """Of the paired randomisation test."""
    adjusted_p: float
    """By Holm, over all conditions compared."""

    @property
    def difference(self) -> float:
        """Return b less a."""
        return self.b - self.a

    @property
    def is_significant(self) -> bool:
        """Tell whether the adjusted p-value is below 5 %."""
        return self.adjusted_p < ALPHA


def compare(a: Result, b: Result) -> list[Difference]:
    """Return the paired differences under every condition that both results have, and of the suite's mean, ``mean``.

    Raises RecipeError if they are not of the same lines, suite and profile.
    """
    for what, key in (("suite", "hash"), ("lines", "sha256")):
        if a[what][key] != b[what][key]:
            raise RecipeError(
                f"compare: both must have read the same {what}, got {a[what][key][:16]} and {b[what][key][:16]}; "
                "evaluate both with the same --lang, --seed, -n, --suite and --data"
            )
    if a["profile"] != b["profile"]:
        raise RecipeError(f"compare: both must have one profile, got {a['profile']!r} and {b['profile']!r}")
    require_same_pictures(a, b, "compare")
    kinds = {c["name"]: c["kind"] for c in a["conditions"]}
    shared = {c["name"] for c in b["conditions"]}
    names = [name for name in kinds if name in shared]
    edits_a, edits_b = (np.array([r["per_line"]["edits"][n] for n in names]).T for r in (a, b))
    characters = np.array(a["per_line"]["characters"])[:, None].repeat(len(names), axis=1)
    rates_a, rates_b = (e.sum(axis=0) / np.maximum(characters.sum(axis=0), 1) for e in (edits_a, edits_b))
    spread = bootstrap(edits_b - edits_a, characters)
    d = (edits_b - edits_a).astype(np.float64)
    columns = [i for i, name in enumerate(names) if kinds[name] == "suite"]
    if columns:
        # Every condition has the same labels, so the mean of rates is the rate of the means.
        names = [*names, "mean"]
        spread = np.column_stack((spread, spread[:, columns].mean(axis=1)))
        d = np.column_stack((d, d[:, columns].mean(axis=1)))
        rates_a = np.append(rates_a, rates_a[columns].mean())
        rates_b = np.append(rates_b, rates_b[columns].mean())
    p = sign_flip_p(d)
    adjusted = holm(p.tolist())
    return [
        Difference(name, float(rates_a[i]), float(rates_b[i]), *interval(spread[:, i], len(d)), float(p[i]), adjusted[i])
        for i, name in enumerate(names)
    ]


def require_same_pictures(a: Result, b: Result, where: str) -> None:
    """Raise RecipeError, beginning with *where*, if the pictures of a condition that both results have differ."""
    hashes = {c["name"]: c.get("images_sha256") for c in a["conditions"]}
    for condition in b["conditions"]:
        theirs = hashes.get(condition["name"], condition.get("images_sha256"))
        if theirs != condition.get("images_sha256"):
            raise RecipeError(
                f"{where}: both must have read the same pictures, got others under {condition['name']}; machines draw with "
                "small differences, so freeze the suite with --freeze and evaluate both with --data"
            )


def comparison_table(a: Result, b: Result, differences: list[Difference]) -> str:
    """Return the differences as Markdown, in % CER; significant ones are bold."""
    name_a, name_b = a["engine"]["name"], b["engine"]["name"]
    rows: list[str] = [
        f"# {name_b} against {name_a}",
        "",
        (
            f"{a['lines']['count']} lines under {a['suite']['name']}; CER in %, "
            f"difference {name_b} less {name_a} with its 95 % interval, "
            "p-values of a paired randomisation test over lines, adjusted by Holm; **bold**: below 5 %."
        ),
        "",
        f"| condition | {name_a} | {name_b} | difference | 95 % interval | p, adjusted |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for d in differences:
        mark = "**" if d.is_significant else ""
        rows.append(
            f"| {d.condition} | {100 * d.a:.2f} | {100 * d.b:.2f} | {mark}{100 * d.difference:+.2f}{mark} "
            f"| {100 * d.low:+.2f} – {100 * d.high:+.2f} | {d.adjusted_p:.4f} |"
        )
    conditions = sum(d.condition != "mean" for d in differences)
    better = sum(d.is_significant and d.difference < 0 for d in differences if d.condition != "mean")
    worse = sum(d.is_significant and d.difference > 0 for d in differences if d.condition != "mean")
    rows += ["", f"{name_b} is better under {better} conditions, worse under {worse}, of {conditions}."]
    return "\n".join(rows) + "\n"


def comparison_dict(a: Result, b: Result, differences: list[Difference]) -> dict[str, Any]:
    """Return the comparison as plain values."""
    return {
        "a": a["engine"]["name"],
        "b": b["engine"]["name"],
        "suite": a["suite"],
        "lines": a["lines"],
        "differences": [{**d._asdict(), "difference": d.difference, "significant": d.is_significant} for d in differences],
    }
