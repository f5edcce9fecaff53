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
_WARM_S = 1.0


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=known_peers(), default=known_peers(), help="these peers alone")
    parser.add_argument("--sizes", nargs="+", type=int, default=[32, 64], help="heights in px")
    parser.add_argument("--processes", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--count", type=int, default=1000, help="most pictures a turn and process")
    parser.add_argument("--seconds", type=float, default=1.5, help="CPU seconds a turn and process, about")
    parser.add_argument("--turns", type=int, default=3)
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
    made = jobs.materials(material, options.sizes)
    chosen = list(jobs.cases(options.only, options.sizes, options.processes))
    if options.prepare:
        listed = {str(case): jobs.job_of(case, material, material / "out") for case in chosen}
        (material / "jobs.json").write_text(json.dumps(listed, indent=2) + "\n")
        print(f"{len(listed)} jobs: {material / 'jobs.json'}")
        return
    failures: dict[str, str] = {}
    able = set()
    for peer in options.only:
        print(f"environment of {peer}", flush=True)
        try:
            environment(peer, options.env)
        except InstallError as error:
            failures[peer] = f"cannot be installed: {error}"
        else:
            able.add(peer)
    rows: list[dict[str, Any]] = []
    for case in chosen:
        if case.peer not in able:
            continue
        try:
            found = compare(case, material, options.env, options.turns, options.count, options.seconds)
        except AdapterError as error:
            failures[str(case)] = str(error)
            print(f"{case}: {error}", flush=True)
            continue
        rows.append({**case._asdict(), "peer_figures": found["peer"], "ocrsynth": found["ocrsynth"], "ratio": found["ratio"]})
        shown = [f"{found[side]['cpu_ms_an_image']} ms, {found[side]['peak_mb']} MB" for side in ("peer", "ocrsynth")]
        print(f"{case}: {shown[0]}; ocrsynth {shown[1]}: {found['ratio']['cpu']} × in CPU time", flush=True)
    save(
        "peers",
        {
            "rows": rows,
            "failures": failures,
            "material": made,
            "method": {"turns": options.turns, "seconds": options.seconds, "most": options.count, "warm_s": _WARM_S},
            "versions": {peer: versions(peer)[peer] for peer in options.only},
            "environments": {peer: versions(peer) for peer in options.only},
        },
    )
    write_page(options.page)


def write_page(target: Path) -> None:
    """Write the page from ``results/peers.json``."""
    target.write_text(table.page(json.loads((RESULTS / "peers.json").read_text())))
    print(f"written: {target.name}")


if __name__ == "__main__":
    main()
