"""The contact sheet: every sample and its label stand where they belong."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ocrsynth import Recipe
from ocrsynth.fonts import catalogue
from ocrsynth.pipeline import Pipeline
from ocrsynth.preview import contact_sheet

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

    from ocrsynth.records import Sample

    _Image = NDArray[np.uint8]

_GAP = 12
_LABEL = 22
_CELL = 620
_WIDE_CELL = 1200
_GROUND = 236


@lru_cache(maxsize=4)
def _samples(color: str = "grey", count: int = 7, longest: int = 25) -> tuple[Sample, ...]:
    recipe = Recipe.for_language("en", preset="scan", seed=23, render={"color": color}, text={"length_clusters": [8, longest]})
    return tuple(Pipeline(recipe).batch(range(count)))


def _families() -> tuple[catalogue.Family, ...]:
    return catalogue.load(("default",), ())


def _sheet(samples: tuple[Sample, ...], columns: int = 3, *, boxes: bool = False) -> _Image:
    return contact_sheet(samples, _families(), columns, boxes=boxes)


def test_figures_of_the_index_may_come_from_another_font(tmp_path: Path, fontmaker: ModuleType) -> None:
    """Fonts of Thai and others have letters alone: their samples were without a label."""
    sample = replace(_samples()[0], text="abc")
    fontmaker.make_font(tmp_path / "letters.ttf", "Letters", characters="abcdefghijklmnopqrstuvwxyz")
    fontmaker.make_font(tmp_path / "figures.ttf", "Figures", characters="0123456789")
    letters, figures = ([f for f in catalogue.load((), (str(tmp_path),)) if f.name == name] for name in ("Letters", "Figures"))
    alone, together = (contact_sheet((sample,), families, 1) for families in (letters, letters + figures))
    assert (together[-_LABEL:] < 100).sum() > 100
    assert (alone[-_LABEL:] < 100).sum() == 0


def _reddish(image: _Image) -> int:
    levels = image.astype(int)
    return int(((levels[..., 0] - levels[..., 1] > 60) & (levels[..., 0] - levels[..., 2] > 60)).sum())


def _cells(
    sheet: NDArray[np.uint8], samples: tuple[Sample, ...], columns: int
) -> list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Return the picture and the label strip of each sample on a sheet without boxes."""
    cells = []
    top = 0
    for start in range(0, len(samples), columns):
        row = samples[start : start + columns]
        height = max(s.image.shape[0] for s in row)
        for column, sample in enumerate(row):
            x, y = _GAP + column * (_CELL + _GAP), top + _GAP // 2
            picture = sheet[y : y + sample.image.shape[0], x : x + sample.image.shape[1]]
            cells.append((picture, sheet[y + height : y + height + _LABEL, x : x + _CELL]))
        top += height + _LABEL + _GAP
    return cells


@pytest.mark.parametrize("columns", [1, 2, 3, 7, 10])
def test_the_sheet_has_the_right_size(columns: int) -> None:
    samples = _samples()
    sheet = _sheet(samples, columns)
    wide = min(columns, 7)
    rows = -(-7 // wide)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (rows * (32 + _LABEL + _GAP), wide * (_CELL + _GAP) + _GAP, 3)


@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_every_picture_stands_in_its_cell(color: str) -> None:
    samples = _samples(color)
    assert all(s.image.shape[1] <= _CELL for s in samples)
    for (picture, _), sample in zip(_cells(_sheet(samples), samples, 3), samples, strict=True):
        expected = sample.image if sample.image.ndim == 3 else np.repeat(sample.image[..., None], 3, axis=2)
        assert (picture == expected).all()


def test_every_label_is_drawn() -> None:
    samples = _samples()
    for (_, label), sample in zip(_cells(_sheet(samples), samples, 3), samples, strict=True):
        columns = np.flatnonzero((label < 120).any(axis=(0, 2)))
        assert columns.size > 20
        # The label holds the index and the text, so it grows with it, and no stretch of it is blank.
        assert columns.max() > 4 * len(sample.text)
        assert np.diff(columns).max() < 25
        assert (label[0] == _GROUND).all()


def test_the_label_is_that_of_the_text() -> None:
    samples = _samples()
    before = _cells(_sheet(samples), samples, 3)
    for i in (0, 3, 6):
        changed = (*samples[:i], replace(samples[i], text=samples[i].text + "x"), *samples[i + 1 :])
        after = _cells(_sheet(changed), changed, 3)
        differs = [bool((a[1] != b[1]).any()) for a, b in zip(before, after, strict=True)]
        assert differs == [k == i for k in range(7)]


def test_the_rest_of_the_sheet_is_ground() -> None:
    samples = _samples()
    sheet = _sheet(samples, 3).copy()
    for picture, label in _cells(sheet, samples, 3):
        picture[:] = _GROUND
        label[:] = _GROUND
    assert (sheet == _GROUND).all()


def test_boxes_are_red_and_blue_and_green() -> None:
    samples = _samples()
    assert _reddish(_sheet(samples)) == 0
    sheet = _sheet(samples, 2, boxes=True)
    assert sheet.shape[1] == 2 * (_WIDE_CELL + _GAP) + _GAP
    assert _reddish(sheet) > 40 * sum(len(s.text) for s in samples)
    levels = sheet.astype(int)
    assert ((levels[..., 2] - levels[..., 0] > 100) & (levels[..., 2] - levels[..., 1] > 60)).sum() > 500
    assert ((levels[..., 1] - levels[..., 0] > 80) & (levels[..., 1] - levels[..., 2] > 50)).sum() > 500


def test_boxes_stand_on_the_quads() -> None:
    samples = _samples(count=1)
    sheet = _sheet(samples, 1, boxes=True)
    [sample] = samples
    assert sample.image.shape[1] * 3 <= _WIDE_CELL
    levels = sheet.astype(int)
    red = (levels[..., 0] - levels[..., 1] > 60) & (levels[..., 0] - levels[..., 2] > 60)
    for start, end, quad in sample.clusters:
        if sample.text[start:end] == " ":
            continue
        # The middle of the left edge, on the picture enlarged three times.
        x, y = (quad[0] + quad[3]) / 2 * 3 + (_GAP, _GAP // 2)
        assert red[int(y) - 2 : int(y) + 3, int(x) - 2 : int(x) + 3].any(), sample.text[start:end]


def test_a_wide_picture_is_made_to_fit() -> None:
    recipe = Recipe.for_language("en", preset="clean", seed=23, text={"length_clusters": [55, 60]}, render={"height_px": 64})
    samples = tuple(Pipeline(recipe).batch(range(3)))
    assert min(s.image.shape[1] for s in samples) > _CELL
    sheet = _sheet(samples, 3)
    assert sheet.shape[1] == 3 * (_CELL + _GAP) + _GAP
    # All of each picture is there, to the last column of its cell.
    for column in range(3):
        x = _GAP + column * (_CELL + _GAP)
        assert (sheet[_GAP : _GAP + 10, x + _CELL - 4 : x + _CELL - 1] != _GROUND).any()


def test_a_label_that_no_font_can_show_is_left_blank() -> None:
    samples = (replace(_samples()[0], text="\U00012000"),)
    sheet = _sheet(samples, 1)
    [(picture, label)] = _cells(sheet, samples, 1)
    assert (label == _GROUND).all()
    assert (picture != _GROUND).any()
