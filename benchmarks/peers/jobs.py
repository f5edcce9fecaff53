"""What all get alike: one text file, one folder of fonts, one set of clean pictures, and the jobs made of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import fontpkg
import numpy as np

from ocrsynth import Recipe
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.coverage import covered
from ocrsynth.pipeline import Pipeline
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import TextMixture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 7
LINES = 2000
PICTURES = 200
GENERATORS = ("trdg", "synthtiger")
CHAINS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "albumentations": (
        ("Rotate", {"rotation": {"angle_deg": [-2, 2]}}),
        ("GaussianBlur", {"gaussian_blur": {"sigma_em": [0.01, 0.04]}}),
        ("RandomBrightnessContrast", {"brightness_contrast": {"brightness_grey": [-25, 25], "contrast_ratio": [0.8, 1.2]}}),
        ("GaussNoise", {"sensor_noise": {"read_grey": [5, 13], "shot_grey": [0, 0]}}),
        ("ImageCompression", {"jpeg": {"quality": [35, 95]}}),
    ),
    "augraphy": (
        ("InkBleed", {"ink_spread": {"radius_em": [0.002, 0.025]}}),
        ("Geometric", {"rotation": {"angle_deg": [-2, 2]}}),
        ("LightingGradient", {"uneven_light": {"loss_ratio": [0.02, 0.15]}}),
        ("Brightness", {"brightness_contrast": {"brightness_grey": [-25, 25], "contrast_ratio": [1, 1]}}),
        ("SubtleNoise", {"sensor_noise": {"read_grey": [2, 6], "shot_grey": [0, 0]}}),
        ("Jpeg", {"jpeg": {"quality": [35, 95]}}),
    ),
    "imagecorruptions": (
        ("defocus_blur", {"defocus_blur": {"radius_em": [0.02, 0.06]}}),
        ("contrast", {"brightness_contrast": {"brightness_grey": [0, 0], "contrast_ratio": [0.4, 0.6]}}),
        ("gaussian_noise", {"sensor_noise": {"read_grey": [10, 20], "shot_grey": [0, 0]}}),
        ("pixelate", {"downscale": {"scale_ratio": [0.5, 0.9]}}),
        ("jpeg_compression", {"jpeg": {"quality": [18, 25]}}),
    ),
    "straug": (
        ("Rotate", {"rotation": {"angle_deg": [-5, 5]}}),
        ("Contrast", {"brightness_contrast": {"brightness_grey": [0, 0], "contrast_ratio": [0.3, 0.4]}}),
        ("GaussianNoise", {"sensor_noise": {"read_grey": [20, 30], "shot_grey": [0, 0]}}),
        ("Pixelate", {"downscale": {"scale_ratio": [0.5, 0.9]}}),
        ("JpegCompression", {"jpeg": {"quality": [15, 25]}}),
    ),
}
"""Of each degrader the ops of its chain, each beside the one that ocrsynth has for it; all happen on every picture."""
_LEAST_WIDTH_PX = 32
"""What imagecorruptions takes."""
_GOLDEN = 0.6180339887498949


class Case(NamedTuple):
    """One comparison: a peer and what it is asked for."""

    peer: str
    height_px: int
    degraded: bool
    processes: int

    def __str__(self) -> str:
        """Return the case in a few words."""
        return f"{self.peer} {'degraded' if self.degraded else 'clean'} {self.height_px} px ×{self.processes}"


def cases(peers: list[str], sizes: list[int], processes: list[int]) -> Iterator[Case]:
    """Yield the comparisons, those of one process first; generators clean and degraded, degraders degraded."""
    for number in processes:
        for size in sizes:
            for peer in peers:
                for degraded in (False, True) if peer in GENERATORS else (True,):
                    yield Case(peer, size, degraded, number)


def fonts_into(folder: Path) -> list[Path]:
    """Copy a font file of each family of the default set that has static ones; beside it, for SynthTIGER, its characters.

    Variable files would burden the peers: FreeType takes five to thirty times as long for a letter of one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    characters = alphabet.load("en").characters
    copied = []
    for family in catalogue.load(("default",), ()):
        face = min((f for f in family.faces if f.style == "normal"), key=lambda f: abs(f.weight - 400))
        if face.axes:
            continue
        target = folder / f"{family.name.replace(' ', '')}.ttf"
        shutil.copyfile(face.path, target)
        target.with_suffix(".txt").write_text("".join(sorted(covered(face.path, face.index, characters))))
        copied.append(target)
    return copied


def texts_into(file: Path, fonts: list[Path], count: int = LINES) -> list[str]:
    """Write lines by ocrsynth's own sources that all *fonts* can show, in an order whose every stretch has all lengths."""
    recipe = Recipe.for_language("en", seed=SEED, text={"length_clusters": [1, 60]})
    mixture = TextMixture(recipe.text, recipe.sources, alphabet.load("en"), SEED)
    shown = frozenset.intersection(*(covered(str(font), 0, mixture.characters) for font in fonts))
    lines: list[str] = []
    index = 0
    while len(lines) < count:
        text = mixture.draw(Stream(SEED, index, "text")).text
        if shown.issuperset(text):
            lines.append(text)
        index += 1
    # Slow peers make few pictures: by the golden ratio any few lines in a row are as long as all in the mean.
    lines.sort(key=len)
    places = sorted(range(count), key=lambda i: i * _GOLDEN % 1)
    ordered = [""] * count
    for rank, place in enumerate(places):
        ordered[place] = lines[rank]
    file.write_text("\n".join(ordered) + "\n")
    return ordered


def pictures_into(folder: Path, texts: Path, fonts: Path, height_px: int) -> None:
    """Write clean RGB line pictures as arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    recipe = Recipe.for_language(
        "en",
        preset="clean",
        seed=SEED,
        text={"sources": [{"corpus": {"file": str(texts), "cut": "lines"}}]},
        fonts={"sets": [], "folders": [str(fonts)]},
        render={"height_px": height_px, "color": "rgb", "min_width_px": _LEAST_WIDTH_PX},
    )
    for sample in Pipeline(recipe).batch(range(PICTURES)):
        np.save(folder / f"{sample.index:04d}.npy", sample.image)


def materials(folder: Path, sizes: list[int]) -> dict[str, Any]:
    """Make everything anew below *folder*; return what it is, in figures."""
    shutil.rmtree(folder, ignore_errors=True)
    fonts = fonts_into(folder / "fonts")
    texts = texts_into(folder / "texts.txt", fonts)
    for size in sizes:
        pictures_into(folder / f"pictures-{size}", folder / "texts.txt", folder / "fonts", size)
    return {
        "lines": len(texts),
        "mean_length": round(sum(map(len, texts)) / len(texts), 1),
        "fonts": [font.stem for font in fonts],
        "fontpkg": fontpkg.__version__,
        "pictures": PICTURES,
        "seed": SEED,
    }


def job_of(case: Case, folder: Path, out: Path) -> dict[str, Any]:
    """Return the job of a case, for the peer and for ocrsynth alike."""
    job: dict[str, Any] = {"height_px": case.height_px, "processes": case.processes, "stride": 500, "warm_s": 1.0}
    if case.peer in GENERATORS:
        texts, fonts = str(folder / "texts.txt"), str(folder / "fonts")
        return job | {"degraded": case.degraded, "texts": texts, "fonts": fonts, "out": str(out), "quality": 90}
    chain = CHAINS[case.peer]
    pictures = str(folder / f"pictures-{case.height_px}")
    return job | {"pictures": pictures, "ops": [name for name, _ in chain], "degrade": [entry for _, entry in chain]}
