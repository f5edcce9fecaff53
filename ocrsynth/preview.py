"""Contact sheets: samples with their labels beneath, for the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ocrsynth.errors import Rejected
from ocrsynth.fields import Range
from ocrsynth.records import LINE_FEED, Bleed, TextLine
from ocrsynth.render.layout import RenderConfig, lay_out
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ocrsynth.fonts.catalogue import Family
    from ocrsynth.records import Sample

_GAP_PX = 12
_LABEL_PX = 22
_CELL_WIDTH_PX = 620
_WIDE_CELL_PX = 1200
_BACKGROUND = 236
_BOX_SCALE = 3
_COLORS = {"cluster": (220, 40, 40), "word": (40, 90, 220), "baseline": (0, 150, 60)}


def contact_sheet(
    samples: Sequence[Sample], families: Sequence[Family], columns: int = 3, *, boxes: bool = False
) -> NDArray[np.uint8]:
    """Return a sheet of *samples*, uint8 (H, W, 3) RGB, each above its index and label.

    Labels are set in the first of *families* that can show them, if need be with figures of another.  With *boxes*, pictures
    are enlarged and show the quads of clusters (red) and words (blue), and the baselines (green).
    """
    cell_width = _WIDE_CELL_PX if boxes else _CELL_WIDTH_PX
    columns = min(columns, len(samples))
    pictures = [_picture(sample, cell_width, boxes=boxes) for sample in samples]
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    sheet_rows: list[NDArray[np.uint8]] = []
    width = columns * (cell_width + _GAP_PX) + _GAP_PX
    for number, row in enumerate(rows):
        height = max(p.shape[0] for p in row)
        strip = np.full((height + _LABEL_PX + _GAP_PX, width, 3), _BACKGROUND, np.uint8)
        for column, picture in enumerate(row):
            x = _GAP_PX + column * (cell_width + _GAP_PX)
            strip[_GAP_PX // 2 : _GAP_PX // 2 + picture.shape[0], x : x + picture.shape[1]] = picture
            sample = samples[number * columns + column]
            label = _label(f"{sample.index}  {sample.text.replace(LINE_FEED, ' / ')}", sample, families, cell_width)
            top = _GAP_PX // 2 + height
            strip[top : top + label.shape[0], x : x + label.shape[1]] = label
        sheet_rows.append(strip)
    return np.concatenate(sheet_rows)


def _picture(sample: Sample, cell_width: int, *, boxes: bool) -> NDArray[np.uint8]:
    image: Any = sample.image
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    scale = _BOX_SCALE if boxes else 1
    ratio = min(float(scale), cell_width / image.shape[1])
    if ratio != 1:
        size = (max(int(image.shape[1] * ratio), 1), max(int(image.shape[0] * ratio), 1))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_CUBIC)
    if boxes:
        _draw(image, sample.word_quads, ratio, _COLORS["word"], closed=True)
        _draw(image, sample.cluster_quads, ratio, _COLORS["cluster"], closed=True)
        for line in sample.lines or (sample.line,):
            _draw(image, line.baseline[None], ratio, _COLORS["baseline"], closed=False)
    return np.ascontiguousarray(image)


_FRACTION_BITS = 4


def _draw(
    image: NDArray[np.uint8], lines: NDArray[np.float32], ratio: float, color: tuple[int, int, int], *, closed: bool
) -> None:
    # OpenCV draws at integer pixel centres; ours are at half-integers.
    points = np.rint((lines * ratio - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32)
    cv2.polylines(image, list(points), closed, color, 1, cv2.LINE_AA, _FRACTION_BITS)


def _label(text: str, sample: Sample, families: Sequence[Family], cell_width: int) -> NDArray[np.uint8]:
    """Return *text* as dark letters on the sheet's ground, narrowed where it is wider than a cell: none may be cut off."""
    config = RenderConfig(
        height_px=_LABEL_PX,
        margin_em=Range(0.1, 0.1),
        side_margin_em=Range(0.02, 0.02),
        looseness=Range(1, 1),
        max_width_px=32_000,
    )
    language = str(sample.provenance["language"])
    letters = alphabet.load(language)
    line = TextLine(text, "label", letters.direction, letters.script, letters.language)
    # Plain sans first: what a label says must be read at a glance.
    keys = [family.plainest.key for family in sorted(families, key=lambda f: f.kind != "sans")]
    # Fonts of some scripts have no figures for the index: then those of others.
    for key, others in ((key, others) for others in ((), tuple(keys)) for key in keys):
        try:
            shaped = shape_line(line, key, others)
            layout = lay_out(shaped, config, Stream(0, 0, "label"))
        except Rejected:
            continue
        mask: Any = draw_mask(shaped, layout, Bleed(0, 0, 0, 0))
        if mask.shape[1] > cell_width:
            mask = cv2.resize(mask, (cell_width, mask.shape[0]), interpolation=cv2.INTER_AREA)
        mask = mask.astype(np.float32)
        grey = (_BACKGROUND - mask * (_BACKGROUND - 20) / 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.full((_LABEL_PX, 1, 3), _BACKGROUND, np.uint8)
