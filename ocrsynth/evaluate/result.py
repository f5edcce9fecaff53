"""From readings to figures: every count of every condition, and what is worked out from them."""

from __future__ import annotations

import hashlib
from collections import Counter
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np

from ocrsynth.evaluate.metrics import PROFILES, graphemes, normalised, score
from ocrsynth.evaluate.resampling import bootstrap, interval
from ocrsynth.fields import is_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ocrsynth.evaluate.lines import SourceLine
    from ocrsynth.evaluate.metrics import Profile
    from ocrsynth.evaluate.suite import Condition, Suite

SCHEMA = 1
BREAKING_CER = 0.10
_CONFUSIONS = 300
"""So many of the most frequent are kept."""
_WORST = 24

Result = dict[str, Any]
"""What result.json holds; see docs/evaluation.md."""


class Scored(NamedTuple):
    """All readings, scored: arrays are int (L, C), lines by conditions."""

    edits: NDArray[np.int64]
    characters: NDArray[np.int64]
    conditions: list[dict[str, Any]]
    confusions: Counter[tuple[str, str]]
    seen: Counter[str]
    """Clusters of labels by how often they were to be read."""
    missed: Counter[str]
    """… and how often they were read otherwise or not at all."""


def is_result(found: object) -> TypeGuard[Result]:
    """Tell whether *found* is what `result_of` returns, of this schema, as far as comparisons need it."""
    if not isinstance(found, dict) or found.get("schema") != 1 or not found.keys() >= _NEEDED:
        return False
    names = ("suite", "lines", "engine", "summary", "per_line")
    if not all(isinstance(found[key], dict) for key in names) or not isinstance(found["profile"], str):
        return False
    texts = (found["suite"].get("hash"), found["suite"].get("name"), found["lines"].get("sha256"), found["engine"].get("name"))
    conditions, edits = found["conditions"], found["per_line"].get("edits")
    if not all(isinstance(text, str) for text in texts) or not isinstance(conditions, list) or not conditions:
        return False
    if not isinstance(edits, dict) or not all(isinstance(c, dict) and _is_condition(c) for c in conditions):
        return False
    characters = found["per_line"].get("characters")
    rows = [characters, *(edits.get(c["name"]) for c in conditions)]
    lengths = {len(row) if isinstance(row, list) else -1 for row in rows}
    return len(lengths) == 1 and -1 not in lengths and all(is_whole(n, 0, _MOST_EDITS) for row in rows for n in row)


def _is_condition(found: dict[str, Any]) -> bool:
    texts = all(isinstance(found.get(key), str) for key in ("name", "kind", "perturbation"))
    cer = found.get("cer")
    return texts and isinstance(cer, (int, float)) and not isinstance(cer, bool) and cer >= 0


_NEEDED = {"suite", "profile", "conditions", "summary", "lines", "engine", "per_line"}
"""Of a result, for comparisons."""
_MOST_EDITS = 1 << 40


def result_of(
    records: Iterable[dict[str, Any]],
    lines: Sequence[SourceLine],
    suite: Suite,
    conditions: Sequence[Condition],
    *,
    profile: Profile,
    charset: frozenset[str] | None,
) -> Result:
    """Return the figures; *records* hold one reading of each line under each condition.

    Raises KeyError if one is missing.
    """
    by_key = {(r["condition"], r["line"]): r for r in records}
    scored = _scored(by_key, lines, conditions, profile, charset)
    samples = bootstrap(scored.edits, scored.characters)
    of_condition: dict[str, dict[tuple[str, int], dict[str, Any]]] = {c.name: {} for c in conditions}
    for key, record in by_key.items():
        of_condition[key[0]][key] = record
    found = []
    for i, (condition, counted) in enumerate(zip(conditions, scored.conditions, strict=True)):
        low, high = interval(samples[:, i], len(lines))
        pictures = {"images_sha256": _hash_of_images(of_condition[condition.name])}
        found.append({**condition._asdict(), "name": condition.name, **counted, "cer_low": low, "cer_high": high, **pictures})
    result: Result = {
        "schema": SCHEMA,
        "suite": {"name": suite.name, "hash": suite.hash, "x_height_px": suite.x_height_px},
        "profile": profile,
        "charset": None if charset is None else len(charset),
        "conditions": found,
        "summary": _summary(found, samples, len(lines)) | {"failure_examples": _failure_examples(by_key)},
        "groups": _groups(found),
        "fonts": _fonts(scored, lines, conditions),
        "confusions": [[a, b, n] for (a, b), n in sorted(scored.confusions.items(), key=lambda item: (-item[1], item[0]))][
            :_CONFUSIONS
        ],
        "characters": {c: [n, scored.missed[c]] for c, n in sorted(scored.seen.items())},
        "per_line": {
            "characters": scored.characters[:, 0].tolist(),
            "edits": {c.name: scored.edits[:, i].tolist() for i, c in enumerate(conditions)},
        },
        "images_sha256": _hash_of_images(by_key),
        "worst": _worst(by_key, scored, conditions),
    }
    return result


def _scored(
    by_key: dict[tuple[str, int], dict[str, Any]],
    lines: Sequence[SourceLine],
    conditions: Sequence[Condition],
    profile: Profile,
    charset: frozenset[str] | None,
) -> Scored:
    edits = np.zeros((len(lines), len(conditions)), np.int64)
    characters = np.zeros_like(edits)
    confusions: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    within = [charset is None or charset.issuperset(normalised(line.text, "exact")) for line in lines]
    found = []
    for column, condition in enumerate(conditions):
        sums: Counter[str] = Counter()
        rates, clipped, similarities = [], [], []
        failures: Counter[str] = Counter()
        others = {p: [0, 0] for p in PROFILES if p != profile}
        # What is equal under one profile is equal under those behind it, not under those before.
        stricter = {p: PROFILES.index(p) < PROFILES.index(profile) for p in others}
        restricted = [0, 0, 0]
        for row, line in enumerate(lines):
            record = by_key[condition.name, line.number]
            if record["status"] != "ok":
                failures[record["status"]] += 1
            counted, changes = score(line.text, record["reading"], profile)
            edits[row, column], characters[row, column] = counted.edits, counted.characters
            sums.update(
                lines=1,
                characters=counted.characters,
                read=counted.read,
                substitutions=counted.substitutions,
                deletions=counted.deletions,
                insertions=counted.insertions,
                words=counted.words,
                word_edits=counted.word_edits,
                exact=int(counted.is_exact),
            )
            rates.append(counted.rate)
            clipped.append(min(counted.rate, 1.0))
            similarities.append(counted.similarity)
            seen.update(graphemes(normalised(line.text, profile)))
            for change in changes:
                confusions[change.label, change.reading] += 1
                if change.label:
                    missed[change.label] += 1
            for other, pair in others.items():
                again = score(line.text, record["reading"], other)[0] if changes or stricter[other] else None
                pair[0] += again.edits if again else 0
                pair[1] += again.characters if again else len(graphemes(normalised(line.text, other)))
            if within[row]:
                restricted = [restricted[0] + 1, restricted[1] + counted.characters, restricted[2] + counted.edits]
        total = sums["substitutions"] + sums["deletions"] + sums["insertions"]
        found.append(
            {
                "counts": {k: sums[k] for k in _COUNTED} | {"edits": total},
                "failures": dict(sorted(failures.items())),
                "cer": _rate(total, sums["characters"]),
                "macro_cer": fmean(rates),
                "clipped_cer": fmean(clipped),
                "wer": _rate(sums["word_edits"], sums["words"]),
                "exact": sums["exact"] / sums["lines"],
                "similarity": fmean(similarities),
                "cer_by_profile": {p: _rate(*pair) for p, pair in others.items()},
                "in_charset": None
                # A rate of no lines would look like a perfect one.
                if charset is None or not restricted[0]
                else {
                    "lines": restricted[0],
                    "characters": restricted[1],
                    "edits": restricted[2],
                    "cer": _rate(restricted[2], restricted[1]),
                },
            }
        )
    return Scored(edits, characters, found, confusions, seen, missed)


_COUNTED = (
    "lines",
    "characters",
    "read",
    "substitutions",
    "deletions",
    "insertions",
    "words",
    "word_edits",
    "exact",
)


def _rate(edits: int, of: int) -> float:
    return edits / max(of, 1)


def _summary(found: list[dict[str, Any]], samples: NDArray[np.float64], n_lines: int) -> dict[str, Any]:
    clean = found[0]
    summary: dict[str, Any] = {"clean_cer": clean["cer"], "clean_exact": clean["exact"]}
    for kind, key in (("suite", "mean_cer"), ("scene", "scenes_cer"), ("held_out", "held_out_cer")):
        columns = [i for i, c in enumerate(found) if c["kind"] == kind]
        if not columns:
            summary[key] = None
            continue
        low, high = interval(samples[:, columns].mean(axis=1), n_lines)
        summary[key] = fmean(found[i]["cer"] for i in columns)
        summary[f"{key}_low"], summary[f"{key}_high"] = low, high
    columns = [i for i, c in enumerate(found) if c["kind"] == "suite"]
    if columns:
        low, high = interval(samples[:, columns].mean(axis=1) - samples[:, 0], n_lines)
        summary["relative_cer"] = summary["mean_cer"] - clean["cer"]
        summary["relative_cer_low"], summary["relative_cer_high"] = low, high
        shares = [(found[i]["exact"] / clean["exact"], found[i]["name"]) for i in columns] if clean["exact"] else []
        summary["retention"] = fmean(share for share, _ in shares) if shares else None
        summary["worst_case"] = list(min(shares)) if shares else None
    summary["breaking_points"] = _breaking_points(found)
    summary["failures"] = sum(sum(c["failures"].values()) for c in found)
    return summary


def _failure_examples(by_key: dict[tuple[str, int], dict[str, Any]]) -> dict[str, str]:
    """Return the first detail of each status of pictures without a reading."""
    examples: dict[str, str] = {}
    for _, record in sorted(by_key.items()):
        if record["status"] != "ok" and not examples.get(record["status"]):
            examples[record["status"]] = record.get("detail", "")
    return examples


def _breaking_points(found: list[dict[str, Any]]) -> dict[str, float | None]:
    """Return, by perturbation, the severity at which the CER reaches 10 %, interpolated; None if it never does."""
    clean = found[0]["cer"]
    points: dict[str, float | None] = {}
    for name in dict.fromkeys(c["perturbation"] for c in found[1:]):
        before, at = clean, 0
        points[name] = 0.0 if clean >= BREAKING_CER else None
        for condition in sorted((c for c in found if c["perturbation"] == name), key=lambda c: c["severity"]):
            if points[name] is not None:
                break
            if condition["cer"] >= BREAKING_CER:
                share = (BREAKING_CER - before) / (condition["cer"] - before)
                points[name] = at + share * (condition["severity"] - at)
            before, at = condition["cer"], condition["severity"]
    return points


def _groups(found: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return the mean CER by group and severity, over the perturbations of the suite proper."""
    cells: dict[str, dict[str, list[float]]] = {}
    for c in found:
        if c["kind"] == "suite":
            cells.setdefault(c["group"], {}).setdefault(str(c["severity"]), []).append(c["cer"])
    return {group: {severity: fmean(values) for severity, values in row.items()} for group, row in cells.items()}


def _fonts(scored: Scored, lines: Sequence[SourceLine], conditions: Sequence[Condition]) -> dict[str, dict[str, Any]]:
    """Return by class of font, and by family, lines, clean CER and the mean over the suite."""
    columns = [i for i, c in enumerate(conditions) if c.kind == "suite"]
    found: dict[str, dict[str, Any]] = {}
    for key in ("font_class", "family"):
        rows_of: dict[str, list[int]] = {}
        for row, line in enumerate(lines):
            if name := getattr(line, key):
                rows_of.setdefault(name, []).append(row)
        found[key] = {}
        for name, rows in sorted(rows_of.items()):
            edits, characters = scored.edits[rows].sum(axis=0), np.maximum(scored.characters[rows].sum(axis=0), 1)
            rates = edits / characters
            found[key][name] = {
                "lines": len(rows),
                "clean_cer": float(rates[0]),
                "mean_cer": float(rates[columns].mean()) if columns else None,
            }
    return found


def _hash_of_images(by_key: dict[tuple[str, int], dict[str, Any]]) -> str:
    digest = hashlib.sha256()
    for (condition, line), record in sorted(by_key.items()):
        digest.update(f"{condition} {line} {record['image']}\n".encode())
    return digest.hexdigest()


def _worst(
    by_key: dict[tuple[str, int], dict[str, Any]], scored: Scored, conditions: Sequence[Condition]
) -> list[dict[str, Any]]:
    """Return the readings worth looking at: of mild conditions first, the worst by line, one a line."""
    rates = scored.edits / np.maximum(scored.characters, 1)
    order = sorted(
        (
            (c.severity, -float(rates[row, i]), row, i)
            for i, c in enumerate(conditions)
            for row in range(len(rates))
            if rates[row, i] > 0
        ),
    )
    taken: set[int] = set()
    per_severity: Counter[int] = Counter()
    found: list[dict[str, Any]] = []
    for severity, rate, row, i in order:
        if row in taken or per_severity[severity] >= _WORST // 3 or len(found) >= _WORST:
            continue
        taken.add(row)
        per_severity[severity] += 1
        record = by_key[conditions[i].name, row]
        found.append({"condition": conditions[i].name, "line": row, "reading": record["reading"], "rate": -rate})
    return found


def against(result: Result, baseline: Result) -> dict[str, Any]:
    """Return ``mce`` and ``relative_mce`` of a result against a baseline's (Hendrycks and Dietterich, 2019).

    Over the perturbations of the suite proper that both have: the mean of the ratios of their error rates summed over
    severities.  ``perturbations`` counts those, and ``mce_of`` and ``relative_mce_of`` of how many a ratio could be taken:
    there is none where the baseline made no errors.
    """
    ours, theirs = ({c["name"]: c for c in r["conditions"]} for r in (result, baseline))
    ratios, relative = [], []
    perturbations = dict.fromkeys(
        c["perturbation"] for c in result["conditions"] if c["kind"] == "suite" and c["name"] in theirs
    )
    for name in perturbations:
        names = [c["name"] for c in result["conditions"] if c["perturbation"] == name and c["name"] in theirs]
        mine, base = sum(ours[n]["cer"] for n in names), sum(theirs[n]["cer"] for n in names)
        if base > 0:
            ratios.append(mine / base)
        more = sum(ours[n]["cer"] - ours["clean"]["cer"] for n in names)
        base_more = sum(theirs[n]["cer"] - theirs["clean"]["cer"] for n in names)
        if base_more > 0:
            relative.append(more / base_more)
    return {
        "mce": fmean(ratios) if ratios else None,
        "mce_of": len(ratios),
        "relative_mce": fmean(relative) if relative else None,
        "relative_mce_of": len(relative),
        "perturbations": len(perturbations),
    }
