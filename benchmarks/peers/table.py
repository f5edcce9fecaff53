"""Writes the page of the comparison from its figures."""

from __future__ import annotations

from typing import Any

from jobs import CHAINS, GENERATORS, Case, cases

_NOTE = "<!-- Made by benchmarks/peers/run.py from benchmarks/results/peers.json; edit the script. -->\n"
_HEAD = """# ocrsynth beside its peers

`python benchmarks/peers/run.py` installs each peer in an environment of its own, gives all of them the same texts, fonts and
pictures, lets each run in turns with ocrsynth, and writes this page. Where ocrsynth loses, it says so.
"""
_GENERATORS = """
## Generators

Lines of {mean_length} characters in the mean from one file of {lines} lines, set in the same {n_fonts} font files, in RGB,
written to disk: ocrsynth as WebDataset shards with boxes and provenance, proved and checked for legibility; the others as
JPEG files with one list of labels, unchecked. *Degraded* is for ocrsynth the preset `scan`; for TRDG paper of Gaussian noise,
skew and blur; for SynthTIGER elastic letters, perspective or rotation, noise, blur and resampling, without its check of
visibility, which takes longer than all the rest. SynthTIGER comes without a ready template: the one used is in `adapters/`.
The fonts are static files, for FreeType, on which the peers stand, takes five to thirty times as long for a letter of a
variable font. ocrsynth draws features, spacing, false bold and slant beside that, which the others do not.
"""
_DEGRADERS = """
## Degraders

The same {pictures} clean line pictures, RGB, in memory before and after, each through all ops of a chain; `degrade_image` of
ocrsynth through the ops that correspond. straug's blurs are left out, for they need torchvision. A pair of ops has the same
purpose and about the same strength, not the same formula.

| peer | its chain | ocrsynth's chain |
|---|---|---|
"""
_ROWS = """
| peer | | px | processes | images/s | ocrsynth | CPU ms an image | ocrsynth | peak MB | ocrsynth | ocrsynth is |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|
"""
_FOOT = """
## How it is measured

Both sides of a row load and warm up first ({warm_s} s of CPU time), then make pictures in turns, A B A B …, {turns} turns
each; a turn takes about {seconds} s of CPU time of a process, at most {most} pictures and at least 8. Shown are medians over
the turns. Images a second are by wall time, and other work on the machine disturbs them, those of two processes most;
*ocrsynth is* compares CPU time an image, turn by turn. Peak memory is summed over the processes and counts the libraries.
Numerical libraries have one thread a process. Each environment is pinned in `benchmarks/peers/requirements/`: trdg and
synthtiger need Pillow below 10, synthtiger also NumPy below 1.24.
"""


def page(content: dict[str, Any]) -> str:
    """Return the page of figures as `run.py` collects them, with the machine."""
    material = content["material"] | {"n_fonts": len(content["material"]["fonts"])}
    rows = content["rows"]
    parts = [_NOTE, _HEAD, _summary(rows)]
    if chosen := [row for row in rows if row["peer"] in GENERATORS]:
        parts += [_GENERATORS.format(**material), _ROWS, *map(_line, chosen)]
    if chosen := [row for row in rows if row["peer"] not in GENERATORS]:
        chains = [_chain(peer) for peer in dict.fromkeys(row["peer"] for row in chosen)]
        parts += [_DEGRADERS.format(**material), *chains, _ROWS, *map(_line, chosen)]
    if failures := content["failures"]:
        parts += ["\n## What failed\n\n| what | error |\n|---|---|\n"]
        parts += [f"| {name} | {_cell(error)} |\n" for name, error in sorted(failures.items())]
    done = {str(_case(row)) for row in rows} | failures.keys()
    everything = cases([*CHAINS, *GENERATORS], [32, 64], [1, 2])
    if missing := [str(case) for case in everything if str(case) not in done and case.peer not in failures]:
        parts += [f"\nNot measured yet, and made good by `run.py --keep`: {', '.join(missing)}.\n"]
    machine = content["machine"]
    versions = ", ".join(f"{peer} {version}" for peer, version in sorted(content["versions"].items()))
    parts += [
        _FOOT.format(**content["method"]),
        f"\nMachine: {machine['processor']}, {machine['cores']} cores, Python {machine['python']}; ",
        f"ocrsynth {machine['versions']['ocrsynth']}, {versions}.\n",
    ]
    return "".join(parts)


def _summary(rows: list[dict[str, Any]]) -> str:
    """Return where ocrsynth stands, losses first."""
    lost = [row for row in rows if row["ratio"]["cpu"] < 1]
    text = f"\nOf {len(rows)} comparisons by CPU time an image ocrsynth loses {len(lost)}"
    if lost:
        text += ": " + "; ".join(f"{_case(row)} (takes {1 / row['ratio']['cpu']:.2g} times as long)" for row in lost)
    if slower := [str(_case(row)) for row in rows if row["ratio"]["wall"] < 1]:
        text += f". By wall time, which other work on the machine disturbs, it loses {len(slower)}: {'; '.join(slower)}"
    heavier = [row for row in rows if row["ocrsynth"]["peak_mb"] > row["peer_figures"]["peak_mb"]]
    return f"{text}. It takes more memory than the peer in {len(heavier)}.\n"


def _case(row: dict[str, Any]) -> Case:
    return Case(row["peer"], row["height_px"], row["degraded"], row["processes"])


def _line(row: dict[str, Any]) -> str:
    peer, ours, ratio = row["peer_figures"], row["ocrsynth"], row["ratio"]["cpu"]
    verdict = f"{ratio:.3g}× faster" if ratio >= 1 else f"**{1 / ratio:.3g}× slower**"
    cells = [row["peer"], "degraded" if row["degraded"] else "clean", row["height_px"], row["processes"]]
    for key in ("images_per_s", "cpu_ms_an_image", "peak_mb"):
        cells += [_number(peer[key]), _number(ours[key])]
    return f"| {' | '.join(map(str, [*cells, verdict]))} |\n"


def _chain(peer: str) -> str:
    ours = [name for _, entry in CHAINS[peer] for name in entry]
    return f"| {peer} | {', '.join(name for name, _ in CHAINS[peer])} | {', '.join(ours)} |\n"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:g}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
