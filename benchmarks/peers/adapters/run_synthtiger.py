"""SynthTIGER: lines by a template of its components, saved as JPEG files with masks left out.

It brings components, not a ready template.  This one sets grey letters on a grey ground with `FlowLayout`; degraded it adds
what the project's example for horizontal text has: elastic letters, perspective or rotation, noise, blur, resampling.  Its
check of visibility, which takes longer than all the rest, its textures and its styles are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from harness import Make, serve

_EM_OF_HEIGHT = 0.7
_SEED = 7
_ATTEMPTS = 10


def prepare(job: dict[str, Any], worker: int) -> Make:
    """Return what makes and saves *count* pictures."""
    import numpy as np
    import synthtiger
    from PIL import Image
    from synthtiger import components, layers, utils

    height, degraded = job["height_px"], job["degraded"]
    size = round(_EM_OF_HEIGHT * height)
    corpus = components.BaseCorpus(paths=[job["texts"]], weights=[1])
    font = components.BaseFont(paths=[job["fonts"]], weights=[1], size=(size, size))
    ink, paper = components.Gray(gray=(0, 80)), components.Gray(gray=(175, 250))
    layout, fit = components.FlowLayout(), components.Fit()
    pad = components.Pad(pxs=((2, 6),) * 4)
    shape = components.ElasticDistortion(alpha=(0, 2), sigma=(0.1, 0.6))
    warp = components.Selector(
        [components.Perspective(percents=((0.9, 1), (1, 1))), components.Rotate(angle=(0, 2), ccw=0.5)], weights=[1, 1]
    )
    finish = components.Iterator(
        [
            components.Switch(components.AdditiveGaussianNoise(scale=(4, 8))),
            components.Switch(components.GaussianBlur(sigma=(0, 1)), prob=0.9),
            components.Switch(components.Resample(size=(0.6, 0.95)), prob=0.1),
        ]
    )
    synthtiger.set_global_random_seed(_SEED + worker)
    out = Path(job["out"]) / f"synthtiger-{worker}"
    out.mkdir(parents=True, exist_ok=True)

    def line() -> tuple[Any, str]:
        text = corpus.data(corpus.sample())
        characters = utils.split_text(text, reorder=True)
        chosen = font.sample({"text": "".join(characters), "vertical": False})
        glyphs = [layers.TextLayer(c, **chosen) for c in characters]
        if degraded:
            shape.apply(glyphs)
        layout.apply(glyphs, {"vertical": False})
        group = layers.Group(glyphs).merge()
        ink.apply([group])
        if degraded:
            warp.apply([group])
        fit.apply([group])
        pad.apply([group])
        ground = layers.RectLayer(group.size.astype(int))
        ground.topleft = group.topleft
        paper.apply([ground])
        whole = layers.Group([group, ground]).merge()
        if degraded:
            finish.apply([whole])
        return whole.output(), text

    def make(first: int, count: int) -> int:
        with (out / "gt.txt").open("a") as labels:
            for number in range(first, first + count):
                for _ in range(_ATTEMPTS):
                    # As its own generator does: what raises is drawn again.
                    try:
                        array, text = line()
                    except (ValueError, RuntimeError, ZeroDivisionError):
                        continue
                    break
                picture = Image.fromarray(array[..., :3].astype(np.uint8))
                width = max(round(picture.width * height / picture.height), 1)
                picture.resize((width, height), Image.Resampling.BILINEAR).save(out / f"{number}.jpg", quality=job["quality"])
                labels.write(f"{number}.jpg\t{text}\n")
        return count

    return make


if __name__ == "__main__":
    sys.exit(serve(prepare))
