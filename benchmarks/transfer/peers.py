"""The same recogniser, trained on lines that another generator makes of the same texts in the same fonts.

    python -m benchmarks.transfer.peers --json benchmarks/results/transfer_peers.json    # trdg and synthtiger

The peers run in environments of their own, through the adapters that `benchmarks/peers` compares speeds with, in the degraded
setting: each line is made at 32 px and read back from the JPEG file it wrote.  What differs from `run` is the generator alone;
texts and fonts are ocrsynth's, those of its static fonts, so that no alphabet or word list of a peer stands in its way.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.measure import machine
from benchmarks.transfer.lines import real
from benchmarks.transfer.model import HEIGHT_PX
from benchmarks.transfer.run import ROOT, columns_of, default_sets, judged, printed, recogniser
from benchmarks.transfer.scores import worst_page
from benchmarks.transfer.train import BATCH

sys.path.insert(0, str(ROOT / "benchmarks" / "peers"))

import jobs
from environments import environment, versions
from turns import Adapter

if TYPE_CHECKING:
    from benchmarks.transfer.lines import Lines

_LABELS: dict[str, tuple[str, str]] = {"trdg": ("labels.txt", " "), "synthtiger": ("gt.txt", "\t")}
"""The file of labels that a peer's adapter writes, and what stands between name and text."""


def lines_of(peer: str, count: int, cache: Path, environments: Path) -> Lines:
    """Return *count* degraded lines of *peer*, kept below *cache*; raises AdapterError and InstallError."""
    out = cache / f"{peer}_{count}"
    if not (out / "labels.tsv").exists():
        shutil.rmtree(out, ignore_errors=True)
        material = out / "material"
        fonts = jobs.fonts_into(material / "fonts")
        jobs.texts_into(material / "texts.txt", fonts, count)
        job = jobs.job_of(jobs.Case(peer, HEIGHT_PX, degraded=True, processes=1), material, out) | {"warm_s": 0.0}
        with Adapter(peer, environment(peer, environments), job, out / "log.txt") as adapter:
            adapter.turn(count)
        name, between = _LABELS[peer]
        folder = out / f"{peer}-0"
        (folder / name).rename(folder / "given.txt")
        pairs = [line.split(between, 1) for line in (folder / "given.txt").read_text().splitlines()]
        folder.rename(out / "images")
        rows = [f"{pair[0]}\t{pair[1]}\n" for pair in pairs[:count] if len(pair) > 1]
        (out / "labels.tsv").write_text("".join(rows), encoding="utf-8")
    return real(out)


def main() -> None:
    """Make, train, test, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", nargs="*", help=f"of {', '.join(_LABELS)}; all if none is named")
    parser.add_argument("--count", type=int, default=20_000, help="lines to train on")
    parser.add_argument("--steps", type=int, default=3_000)
    parser.add_argument("--seeds", type=int, default=1, help="number of trainings")
    parser.add_argument("--real", type=Path, action="append", help="folder of real lines; repeatable")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "transfer", help="folder of made lines and of reports")
    parser.add_argument("--env", type=Path, default=ROOT / "build" / "peers", help="folder of the peers' environments")
    parser.add_argument("--json", type=Path, help="file of the results; what it knows of other peers stays")
    options = parser.parse_args()
    if unknown := set(options.peers) - set(_LABELS):
        parser.error(f"no such generator, got {', '.join(sorted(unknown))}; known: {', '.join(_LABELS)}")
    torch.set_num_threads(1)
    folders = options.real or default_sets(all_sets=True)
    if not folders:
        parser.error("no folders of real lines lie beside the repository; name some with --real")
    sets = {folder.name: real(folder) for folder in folders}
    target = options.json or options.cache / "peers.json"
    for peer in options.peers or _LABELS:
        lines = lines_of(peer, options.count, options.cache, options.env)
        print(f"{peer}: {len(lines.labels)} lines, {lines.left_out} left out", flush=True)
        kept = [options.cache / f"{peer}_{options.count}_{options.steps}_{seed}.pt" for seed in range(1, options.seeds + 1)]
        models = [recogniser(lines, options.steps, seed, path) for seed, path in enumerate(kept, 1)]
        results, misses = judged(models, sets)
        columns = columns_of(results)
        printed(results, columns, sets)
        (options.cache / f"{peer}_worst.html").write_text(worst_page(misses, sets), encoding="utf-8")
        content: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {"peers": {}}
        content["peers"][peer] = {
            "columns_cer_percent": columns,
            "sets": {name: result._asdict() for name, result in results.items()},
            "training": {"lines": len(lines.labels), "steps": options.steps, "batch": BATCH, "seeds": options.seeds},
            "version": versions(peer)[peer],
        }
        content["machine"] = machine() | {"torch": version("torch")}
        target.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
