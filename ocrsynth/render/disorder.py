"""Lines that are not set straight: bent and wavy baselines, letters that jump, and lines cut off by the crop.

All of it happens to outlines, before a pixel is drawn, so that nothing is resampled and the labels stay exact.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.records import ShapedLine
    from ocrsynth.render.layout import RenderConfig
    from ocrsynth.seeding import Stream

_LOOSE = frozenset(
    ["Latn", "Grek", "Cyrl", "Armn", "Geor", "Hebr", "Hani", "Hang", "Hira", "Kana", "Bopo", "Thai", "Laoo", "Copt", "Zyyy"]
)
"""Scripts whose letters stand each for itself: in others a jump would break a stroke."""
_BASELINE_POINTS = 17
_CUT_FROM_END = 4
_LEAST_LEFT = 3
_CUT_EM = 0.015, 0.05
"""How much of a letter the crop leaves: about half a stem."""
_CUT_GAP_EM = 0.25
"""What is left of a letter that stands further from the others is read as a sign."""
_CUT_LEAST_EM = 0.22
"""Width of the narrowest letter that is cut: half of an ``l`` or a comma is read as a whole one."""


def disordered(shaped: ShapedLine, config: RenderConfig, stream: Stream) -> tuple[ShapedLine, dict[str, Any]]:
    """Return *shaped* on the baseline that the recipe's chances give, and what was drawn (nothing: a straight line)."""
    if shaped.line.direction == "ttb" or not (config.bent or config.jittered):
        return shaped, {}
    drawn: dict[str, Any] = {}
    if stream.chance(config.bent):
        length = max(shaped.advance_em, 1.0)
        # A long line that bends as far as a short one is nearly straight; a short one that bends as far leans over.
        bend = config.bend_em.draw(stream) * min(1.0, length / 6)
        drawn["bend_em"] = round(bend, 4)
        if stream.chance(0.5):
            drawn["wave_em"] = round(abs(config.bend_em.draw(stream)) / 3, 4)
            drawn["wavelength_em"] = round(stream.uniform(4, 12), 3)
            drawn["phase_rad"] = round(stream.uniform(0, 2 * math.pi), 4)
    jump = np.zeros(len(shaped.cluster_ranges))
    if shaped.line.script in _LOOSE and stream.chance(config.jittered):
        reach = config.jitter_em.draw(stream)
        drawn["jitter_em"] = round(reach, 4)
        jump = np.array([stream.uniform(-reach, reach) for _ in range(len(jump))])
        for first, end, _ in shaped.ligatures:
            jump[first:end] = jump[first]
    if not drawn:
        return shaped, {}
    return _moved(shaped, _Bend(drawn, shaped.advance_em), jump), drawn


class _Bend:
    """The height of a bent baseline, in em downwards, and its slope."""

    def __init__(self, drawn: dict[str, Any], length: float) -> None:
        self.bend = drawn.get("bend_em", 0.0)
        self.wave = drawn.get("wave_em", 0.0)
        self.k = 2 * math.pi / drawn.get("wavelength_em", 1.0)
        self.phase = drawn.get("phase_rad", 0.0)
        self.length = max(length, 1e-6)

    def at(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        u = x / self.length
        y: NDArray[np.float64] = self.bend * 4 * u * (1 - u) + self.wave * np.sin(self.k * x + self.phase)
        return y

    def slope(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        arc: NDArray[np.float64] = self.bend * 4 * (1 - 2 * x / self.length) / self.length
        wave: NDArray[np.float64] = self.wave * self.k * np.cos(self.k * x + self.phase)
        return arc + wave


def _moved(shaped: ShapedLine, bend: _Bend, jump: NDArray[np.float64]) -> ShapedLine:
    starts = shaped.cluster_ranges[:, 0]
    boxes = shaped.cluster_boxes_em
    # A letter leans with the line below its middle: it is sheared, and stays upright.
    middles = (boxes[:, 0] + boxes[:, 2]) / 2
    height, slope = bend.at(middles) + jump, bend.slope(middles)
    runs = []
    for run in shaped.runs:
        which = np.searchsorted(starts, run.clusters, side="right") - 1
        x = np.array(run.x_em)
        y = np.array(run.y_em) - (height[which] + slope[which] * (x - middles[which]))
        runs.append(run._replace(y_em=y.tolist(), slopes=slope[which].tolist()))
    quads = boxes[:, (0, 1, 2, 1, 2, 3, 0, 3)].reshape(-1, 4, 2)
    quads[:, :, 1] += height[:, None] + slope[:, None] * (quads[:, :, 0] - middles[:, None])
    baselines = []
    for row, below in zip(shaped.rows, shaped.rows_em, strict=True):
        along = np.linspace(boxes[row, 0].min(), boxes[row, 2].max(), _BASELINE_POINTS)
        baselines.append(np.stack((along, bend.at(along) + below), axis=1))
    return replace(
        shaped,
        runs=tuple(runs),
        cluster_boxes_em=np.concatenate((quads.min(axis=1), quads.max(axis=1)), axis=1),
        cluster_quads_em=quads,
        baseline_em=np.concatenate(baselines),
    )


def cut_off(shaped: ShapedLine, stream: Stream) -> tuple[ShapedLine, float] | None:
    """Return *shaped* without its last clusters, and where the crop goes through the first of them, in em.

    The glyphs are still drawn; the label ends with the last cluster that is seen whole.  None for a line that cannot be
    cut so: one of few letters, or one that does not run from left to right.
    """
    text = shaped.line.text
    n = len(shaped.cluster_ranges)
    boxes = shaped.cluster_boxes_em
    if shaped.line.direction != "ltr" or n <= _LEAST_LEFT or (np.diff(boxes[:, 0]) <= 0).any():
        return None
    cut = max(n - 1 - stream.below(_CUT_FROM_END), _LEAST_LEFT)
    left, right = float(boxes[cut, 0]), float(boxes[cut, 2])
    # So little of the letter that nobody would read it.
    place = left + stream.uniform(*_CUT_EM)
    kept = int(shaped.cluster_ranges[cut, 0])
    m = int(np.searchsorted(shaped.cluster_ranges[:, 0], kept))
    split = shaped.cluster_is_split
    if (
        right - left < _CUT_LEAST_EM
        or not shaped.cluster_has_ink[cut]
        or split[cut]
        or text[kept - 1].isspace()
        or not place - _CUT_GAP_EM < float(boxes[:m, 2].max()) < place
    ):
        return None
    quads, spaced = shaped.cluster_quads_em, shaped.letter_spaced
    return (
        replace(
            shaped,
            line=replace(shaped.line, text=text[:kept]),
            cluster_ranges=shaped.cluster_ranges[:m],
            cluster_boxes_em=boxes[:m],
            cluster_has_ink=shaped.cluster_has_ink[:m],
            cluster_quads_em=None if quads is None else quads[:m],
            ligatures=tuple(lig for lig in shaped.ligatures if lig.end <= m),
            letter_spaced=(spaced[0], min(spaced[1], kept)) if spaced and spaced[0] < kept else None,
        ),
        place,
    )
