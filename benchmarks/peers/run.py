"""ocrsynth beside its peers: images a second, CPU time an image and peak memory, on the same texts, fonts and pictures.

Installs each peer in an environment of its own under ``build/peers/``, runs it in turns with ocrsynth, and writes
``results/peers.json`` and ``docs/peers.md``.  A peer that cannot be installed, or fails, is reported with its error.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import jobs  # noqa: E402 - the shared module measure stands one folder above
import table  # noqa: E402
from environments import InstallError, environment, known_peers, versions  # noqa: E402
from measure import RESULTS, save  # noqa: E402
from turns import AdapterError, compare  # noqa: E402

_ROOT = HERE.parent.parent


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=known_peers(), default=known_peers(), help="these peers alone")
    parser.add_argument("--sizes", nargs="+", type=int, default=[32, 64], help="heights in px")
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--count", type=int, default=1000, help="most pictures a turn and process")
    parser.add_argument("--seconds", type=float, default=1.5, help="CPU seconds a turn and process, about")
    parser.add_argument("--warm", type=float, default=1.0, help="CPU seconds before the first turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--keep", action="store_true", help="keep materials and results there are; measure what is missing")
    parser.add_argument("--env", type=Path, default=_ROOT / "build" / "peers", help="folder of the environments")
    parser.add_argument("--page", type=Path, default=_ROOT / "docs" / "peers.md")
    parser.add_argument("--prepare", action="store_true", help="only write texts, fonts, pictures and jobs, below --env")
    parser.add_argument("--table", action="store_true", help="only write the page, from the results there are")
    return parser.parse_args(arguments)


def main() -> None:
    """Run and print."""
    options = options_of()
    if options.table:
        write_page(options.page)
        return
    material = options.env / "material"
    results = RESULTS / "peers.json"
    known = json.loads(results.read_text()) if options.keep and results.exists() else None
    made = known["material"] if known else jobs.materials(material, options.sizes)
    chosen = list(jobs.cases(options.only, options.sizes, options.processes))
    if options.prepare:
        listed = {str(case): jobs.job_of(case, material, material / "out") for case in chosen}
        (material / "jobs.json").write_text(json.dumps(listed, indent=2) + "\n")
        print(f"{len(listed)} jobs: {material / 'jobs.json'}")
        return
    failures: dict[str, str] = {}
    rows: dict[str, dict[str, Any]] = {name_of(row): row for row in known["rows"]} if known else {}
    method = {"turns": options.turns, "seconds": options.seconds, "most": options.count, "warm_s": options.warm}
    for case in chosen:
        if str(case) in rows or case.peer in failures:
            continue
        try:
            environment(case.peer, options.env)
            found = compare(case, material, options.env, method)
        except InstallError as error:
            failures[case.peer] = f"cannot be installed: {error}"
            continue
        except AdapterError as error:
            failures[str(case)] = str(error)
            print(f"{case}: {error}", flush=True)
            continue
        rows[str(case)] = case._asdict() | {
            "peer_figures": found["peer"],
            "ocrsynth": found["ocrsynth"],
            "ratio": found["ratio"],
        }
        shown = [f"{found[side]['cpu_ms_an_image']} ms, {found[side]['peak_mb']} MB" for side in ("peer", "ocrsynth")]
        print(f"{case}: {shown[0]}; ocrsynth {shown[1]}: {found['ratio']['cpu']} × in CPU time", flush=True)
        # After each, for a run takes minutes and may be ended; --keep goes on from there.
        save_rows(rows, failures, made, method)
    save_rows(rows, failures, made, method)
    write_page(options.page)


def save_rows(rows: dict[str, dict[str, Any]], failures: dict[str, str], made: dict[str, Any], method: dict[str, Any]) -> None:
    """Write the results."""
    peers = sorted({row["peer"] for row in rows.values()})
    content = {
        "rows": sorted(rows.values(), key=lambda row: (row["peer"], row["degraded"], row["height_px"], row["processes"])),
        "failures": failures,
        "material": made,
        "method": method,
        "versions": {peer: versions(peer)[peer] for peer in peers},
        "environments": {peer: versions(peer) for peer in peers},
    }
    save("peers", content)


def name_of(row: dict[str, Any]) -> str:
    """Return the name of a row's case."""
    return str(jobs.Case(row["peer"], row["height_px"], row["degraded"], row["processes"]))


def write_page(target: Path) -> None:
    """Write the page from ``results/peers.json``."""
    target.write_text(table.page(json.loads((RESULTS / "peers.json").read_text())))
    print(f"written: {target.name}")


if __name__ == "__main__":
    main()
