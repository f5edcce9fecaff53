"""Cuts words of signs, shop fronts and book covers out of photographs that Debian's source packages hold.

    apt-get source opencv leptonlib          # where sources are among the machine's packages; unpack opencv's contrib part
    python -m benchmarks.transfer.scenes SOURCES

SOURCES is the folder with both, unpacked.  The words go to ``build/scene_words``, where `run` finds them.  The places and the
words stand in ``scene_words.tsv``, read off the pictures by eye.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import cv2

from benchmarks.transfer.run import SCENE_WORDS

_PLACES = Path(__file__).with_name("scene_words.tsv")


def main() -> None:
    """Cut them out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=SCENE_WORDS)
    options = parser.parse_args()
    with _PLACES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = {name: next(iter(sorted(options.sources.rglob(name))), None) for name in sorted({row["file"] for row in rows})}
    if missing := [name for name, path in found.items() if path is None]:
        sys.exit(
            f"{options.sources}: holds no {', '.join(missing)}; unpack the sources of opencv, opencv_contrib and leptonlib"
        )
    (options.out / "images").mkdir(parents=True, exist_ok=True)
    labels = []
    for number, row in enumerate(rows):
        left, top, right, bottom = (int(row[side]) for side in ("left", "top", "right", "bottom"))
        name = f"{number:03d}.png"
        picture = cv2.imread(str(found[row["file"]]))
        cv2.imwrite(str(options.out / "images" / name), picture[top:bottom, left:right])
        labels.append(f"{name}\t{row['text']}\n")
    (options.out / "labels.tsv").write_text("".join(labels), encoding="utf-8")
    print(f"{len(labels)} words: {options.out}")


if __name__ == "__main__":
    main()
