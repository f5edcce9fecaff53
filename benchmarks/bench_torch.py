"""Lines a second of the PyTorch loader against `ocrsynth generate`, two workers each, in turns in one run."""

from __future__ import annotations

import argparse
import itertools
import shutil
import tempfile
import time
from pathlib import Path

from measure import save, summary

from ocrsynth import Recipe, generate
from ocrsynth.torch_data import LineDataset, make_loader

_TURNS = 3


def generated(recipe: Recipe, count: int, workers: int) -> float:
    """Return lines a second of `generate`, from its first sample on: the start of processes is not counted."""
    marks: list[tuple[float, int]] = []

    class Clock:
        done = 0

        def start(self, total: int, already: int) -> None:
            pass

        def advance(self, samples: int, rejected: dict[str, int]) -> None:
            del rejected
            self.done += samples
            marks.append((time.monotonic(), self.done))

    folder = Path(tempfile.mkdtemp())
    try:
        generate(recipe, count, folder / "out", workers=workers, progress=Clock())
    finally:
        shutil.rmtree(folder)
    (first, had), (last, has) = marks[0], marks[-1]
    return (has - had) / (last - first)


def loaded(recipe: Recipe, count: int, workers: int, batch_size: int, *, bucket: bool) -> float:
    """Return lines a second of the loader, from its first batches on."""
    loader = make_loader(LineDataset(recipe), batch_size, num_workers=workers, bucket=bucket)
    batches = iter(loader)
    warm = 16 * workers
    for _ in itertools.islice(batches, warm):
        pass
    started = time.monotonic()
    n = sum(len(batch["texts"]) for batch in itertools.islice(batches, count // batch_size))
    return n / (time.monotonic() - started)


def main() -> None:
    """Run in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--count", type=int, default=12_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=64)
    options = parser.parse_args()
    recipe = Recipe.for_language("en", seed=3)
    rows: dict[str, list[float]] = {"generate": [], "loader": [], "loader, no buckets": []}
    for _ in range(_TURNS):
        rows["generate"].append(generated(recipe, options.count, options.workers))
        rows["loader"].append(loaded(recipe, options.count, options.workers, options.batch_size, bucket=True))
        rows["loader, no buckets"].append(loaded(recipe, options.count, options.workers, options.batch_size, bucket=False))
    content = {name: summary(values) for name, values in rows.items()}
    shares = {name: round(values["median"] / content["generate"]["median"], 3) for name, values in content.items()}
    for name, values in content.items():
        print(f"{name:20} {values['median']:8.0f} lines/s  {shares[name]:.2f} of generate")
    about = {"workers": options.workers, "batch_size": options.batch_size, "share_of_generate": shares}
    save("torch", {"lines_per_s": content, **about})


if __name__ == "__main__":
    main()
