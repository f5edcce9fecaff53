"""The card of a data set: what it is and how it is loaded, for people and for the Hugging Face hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocrsynth.generation.plan import DATA, DATASET, LOCK, NOTICE
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from ocrsynth.generation.plan import Plan
    from ocrsynth.generation.statistics import Statistics

_LOADED_BY_HUB = ("parquet", "webdataset", "imagefolder")
_SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
_SPLIT_OF_HUB = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


def _size_category(count: int) -> str:
    names = ["n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"]
    return next((name for name, most in zip(names, _SIZES, strict=False) if count < most), names[-1])


def card_of(plan: Plan, statistics: Statistics) -> str:
    """Return the content of ``README.md`` of a data set that `generate` made."""
    # Of a split that no sample fell into there is no file, and loading it would fail.
    lines = _for_the_hub(plan.language, plan.count, plan.formats, [name for name in plan.splits if statistics.splits.get(name)])
    lines += [f"# {plan.count:,} synthetic text lines, {plan.language}", ""]
    lines += [
        "Rendered and degraded by ocrsynth. Every label was proved at shaping time against the glyphs that were drawn.",
        "",
        "| | |",
        "|---|---|",
        f"| samples | {statistics.samples:,} |",
        f"| distinct texts | {statistics.distinct_texts:,} |",
        f"| characters | {len(statistics.delivered.characters):,} |",
        f"| font families | {len(statistics.delivered.fonts):,} |",
        f"| formats | {', '.join(plan.formats)} |",
        f"| seed | {plan.seed} |",
        f"| recipe | `{plan.fingerprint[:16]}`, in full in `{LOCK}` |",
    ]
    lines += [f"| split {name} | {n:,} |" for name, n in sorted(statistics.splits.items())]
    lines += [
        "",
        f"`{DATASET}` holds counts and hashes, `{NOTICE}` the fonts and their licences.",
        "Any sample can be made again: `ocrsynth render --from . --index 0 -o one/`; `ocrsynth verify .` checks all of it.",
        "Paths of fonts, texts and pictures that the recipe names are taken from the folder in which the command is given.",
        "",
    ]
    return "\n".join(lines)


def card_of_conversion(fmt: str, counts: Counter[str], skipped: int, language: str) -> str:
    """Return the content of ``README.md`` of a data set that `convert` made; *counts* are its samples by split.

    The language may be empty, where nothing tells it.
    """
    count = counts.total()
    lines = _for_the_hub(language, count, [fmt], [name for name, n in counts.items() if name and n])
    lines += [f"# {count:,} text {'words' if FORMATS.get(fmt, 'card')().of_words else 'lines'}", ""]
    lines += ["Converted by ocrsynth from another format, not rendered again.", "", "| | |", "|---|---|"]
    lines += [f"| samples | {count:,} |", f"| format | {fmt} |"]
    lines += [f"| split {name} | {n:,} |" for name, n in sorted(counts.items()) if name]
    if skipped:
        lines.append(f"| left out, for the format cannot hold them | {skipped:,} |")
    lines += ["", f"`{DATASET}` holds counts and hashes; `ocrsynth lint .` looks through all of it.", ""]
    return "\n".join(lines)


def _for_the_hub(language: str, count: int, formats: Sequence[str], splits: Sequence[str]) -> list[str]:
    """Return the lines that the Hugging Face hub and `datasets` read: without them each JSON file passes for data."""
    loaded = next((name for name in _LOADED_BY_HUB if name in formats), None)
    lines = ["---", *([f'language: "{language.partition("_")[0]}"'] if language else [])]
    lines += [
        "task_categories: [image-to-text]",
        "tags: [ocr, synthetic, ocrsynth]",
        f"size_categories: [{_size_category(count)}]",
    ]
    if loaded:
        base = f"{DATA}/{loaded}" if len(formats) > 1 else DATA
        ending = "*/*" if loaded == "imagefolder" else f"*{FORMATS.get(loaded, 'card').suffix}"
        lines += ["configs:", "- config_name: default", "  data_files:"]
        for split in splits or [""]:
            path = f"{base}/{split}/{ending}" if split else f"{base}/{ending}"
            lines += [f"  - split: {_SPLIT_OF_HUB.get(split, split) or 'train'}", f"    path: {path}"]
    return [*lines, "---", ""]
