"""What is measured on a line picture; `features` says what each number means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ocrsynth.realism.seen import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.realism.seen import Seen

NAN = math.nan
_GRAIN = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Six times the deviation of white noise, blind to planes (Immerkær, "Fast noise variance estimation", CVIU 64, 1996)."""
_TO_SIGMA = math.sqrt(math.pi / 2)
_SPECK_AREA = 0.003
"""Largest speck, in squares of the height; the dot of an i has three times as much."""
_BLOCK_PX = 8
_LEAST_BLOCKS = 6
_STEP_GREY = 10.0
"""Steps above this are strokes, not borders of blocks."""
_WORD_GAP = 0.35
"""Gap between words, in x-heights, at least."""
_ANGLES = np.arange(-6, 6.01, 0.5)


def tone(seen: Seen) -> dict[str, float]:
    """Return levels and evenness of paper and ink."""
    dark = seen.grey[seen.ink]
    ink = quantile(dark, 0.1)
    return {
        "contrast_grey": seen.paper_grey - ink,
        "paper_grey": seen.paper_grey,
        "ink_grey": ink,
        "white_paper_share": float((seen.grey[seen.paper] >= 253.5).mean()),
        "paper_unevenness_grey": quantile(seen.background.ravel(), 0.95) - quantile(seen.background.ravel(), 0.05),
        "ink_unevenness_ratio": _unevenness(seen),
        "light_on_dark_share": float(seen.light_on_dark),
        "chroma_grey": seen.chroma_grey,
    }


def _unevenness(seen: Seen) -> float:
    height, width = seen.own.shape
    levels = []
    for start in range(0, width - height // 2, height):
        part = seen.coverage[:, start : start + height][seen.own[:, start : start + height] > 0]
        if len(part) >= height // 4:
            levels.append(quantile(part, 0.75))
    return float(np.std(levels)) if len(levels) >= 3 else NAN


def sharpness(seen: Seen) -> dict[str, float]:
    """Return how steep edges are, and what lies about them."""
    ink = seen.ink.astype(np.uint8)
    square = np.ones((3, 3), np.uint8)
    wider = cv2.dilate(ink, square)
    edge = (wider > 0) & (cv2.erode(ink, square) == 0)
    level = np.pad(seen.grey, ((0, 1), (0, 1)), mode="edge")
    slope = np.hypot(np.diff(level, axis=1)[:-1], np.diff(level, axis=0)[:, :-1])
    steep = quantile(slope[edge], 0.75)
    ring = (cv2.dilate(wider, square, iterations=2) > 0) & (wider == 0)
    halo = (float(np.median(seen.grey[ring])) - seen.paper_grey) / seen.contrast_grey if ring.any() else NAN
    zone = seen.coverage[wider > 0]
    return {
        "edge_width_px": seen.contrast_grey / steep if steep > 0 else NAN,
        "halo_ratio": halo,
        "mid_tone_share": float(((zone > 0.2) & (zone < 0.8)).mean()),
        "detail_cutoff_cycles_per_px": _cutoff(seen.grey),
    }


def _cutoff(grey: NDArray[np.float32]) -> float:
    """Return the frequency along the line below which 95 % of the energy lies."""
    width = grey.shape[1]
    if width < 16:
        return NAN
    rows = (grey - grey.mean(axis=1, keepdims=True)) * np.hanning(width).astype(np.float32)
    power = (np.abs(np.fft.rfft(rows, axis=1)) ** 2).sum(axis=0)[1:]
    total = np.cumsum(power)
    if total[-1] <= 0:
        return NAN
    return float((np.searchsorted(total, 0.95 * total[-1]) + 1) / width)


def noise(seen: Seen) -> dict[str, float]:
    """Return the grain of the paper, and specks and holes."""
    fine = np.abs(cv2.filter2D(seen.grey, -1, _GRAIN, borderType=cv2.BORDER_REFLECT_101)) / 6
    grain = _TO_SIGMA * float(fine[seen.paper].mean())
    rough = seen.grey[seen.paper] - seen.background[seen.paper]
    texture = _TO_SIGMA * float(np.abs(rough - np.median(rough)).mean())
    ink = seen.ink.astype(np.uint8)
    height, width = ink.shape
    near = cv2.dilate(ink, np.ones((7, 7), np.uint8)) > 0
    ring = near & (cv2.dilate(ink, np.ones((3, 3), np.uint8)) == 0)
    far = ~near
    ringing = NAN
    if np.count_nonzero(far) >= 30 and np.count_nonzero(ring) >= 30:
        ringing = _TO_SIGMA * (float(fine[ring].mean()) - float(fine[far].mean()))
    return {
        "paper_noise_grey": grain,
        "paper_texture_grey": texture,
        "grain_ratio": grain / texture if texture > 0.3 else NAN,
        "specks_per_square": _small(ink, 8) * height / width,
        "pinholes_per_square": _small(1 - ink, 4) * height / width,
        "ringing_grey": ringing,
    }


def _small(mask: NDArray[np.uint8], connectivity: int) -> int:
    areas = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)[2][1:, cv2.CC_STAT_AREA]
    return int(np.count_nonzero(areas <= max(_SPECK_AREA * mask.shape[0] ** 2, 2)))


def strokes(seen: Seen) -> dict[str, float]:
    """Return how thick, dense, whole and smooth strokes are."""
    own = seen.own
    zone = cv2.dilate(own, np.ones((3, 3), np.uint8))
    ink = np.pad(seen.coverage * zone, 1)
    # Total variation of the coverage is the length of its outline, be it sharp or blurred.
    outline = float(np.hypot(np.diff(ink, axis=1)[:-1], np.diff(ink, axis=0)[:, :-1]).sum())
    area = float(ink.sum())
    count: Any = cv2.boxFilter(own.astype(np.float32), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    around = count - own
    beside = (around > 0) & (own == 0)
    columns = np.flatnonzero(own.any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    top, bottom = (round(row) for row in seen.band)
    box = seen.coverage[top : max(bottom, top + 1), left:right]
    stats = cv2.connectedComponentsWithStats(own, connectivity=8)[2][1:]
    pieces = int(np.count_nonzero(stats[:, cv2.CC_STAT_AREA] > _SPECK_AREA * own.shape[0] ** 2))
    return {
        "stroke_width_ratio": 2 * area / outline / seen.x_height_px if outline > 0 else NAN,
        "ink_density_share": float(box.mean()) if box.size else NAN,
        "pieces_per_x_height": pieces * seen.x_height_px / (right - left),
        "spur_share": float((around[own > 0] <= 2).mean()),
        "notch_share": float((around[beside] >= 6).mean()) if beside.any() else NAN,
    }


def layout(seen: Seen) -> dict[str, float]:
    """Return where the text lies in the picture, and what else does."""
    own = seen.own
    height, width = own.shape
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    ink = seen.ink
    border = np.concatenate((ink[0], ink[-1], ink[1:-1, 0], ink[1:-1, -1]))
    return {
        "x_height_ratio": seen.x_height_px / height,
        "text_height_ratio": float(rows[-1] - rows[0] + 1) / height,
        "margin_top_ratio": float(rows[0]) / height,
        "margin_bottom_ratio": float(height - 1 - rows[-1]) / height,
        "margin_left_ratio": float(columns[0]) / height,
        "margin_right_ratio": float(width - 1 - columns[-1]) / height,
        "border_ink_share": float(border.mean()),
        "neighbour_ink_share": float(np.count_nonzero(seen.neighbours) / np.count_nonzero(ink)),
        "rule_share": float(seen.rules.any(axis=0).mean()),
        "tilt_deg": _tilt(own),
    }


def _tilt(own: NDArray[np.uint8]) -> float:
    """Return the angle at which rows hold ink or none most clearly, in degrees, counter-clockwise positive."""
    y, x = np.nonzero(own)
    if np.ptp(x) < 2 * own.shape[0]:
        return NAN
    rows = y[None, :] + np.tan(np.radians(_ANGLES))[:, None] * (x - x.mean())[None, :]
    rows -= rows.min()
    whole = np.rint(rows).astype(np.int64)
    span = int(whole.max()) + 2
    whole += np.arange(len(_ANGLES))[:, None] * span
    profile = np.bincount(whole.ravel(), minlength=span * len(_ANGLES)).reshape(len(_ANGLES), span)
    clarity = (np.diff(profile, axis=1).astype(np.float64) ** 2).sum(axis=1)
    top = np.flatnonzero(clarity == clarity.max())
    if len(top) > 1:
        # A short line is as clear at several angles: neither side of the middle is better.
        return float(_ANGLES[top].mean())
    best = int(top[0])
    if not 0 < best < len(_ANGLES) - 1:
        return float(_ANGLES[best])
    before, here, after = clarity[best - 1 : best + 2]
    # The top of the parabola through the best angle and those beside it.
    return float(_ANGLES[best] + 0.25 * (before - after) / min(before - 2 * here + after, -1e-9))


def spacing(seen: Seen) -> dict[str, float]:
    """Return gaps of letters and words, and whether letters stand at even distances."""
    columns = np.flatnonzero(seen.own.any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    gaps = np.diff(columns) - 1
    gaps = gaps[gaps > 0] / seen.x_height_px
    words, letters = gaps[gaps >= _WORD_GAP], gaps[gaps < _WORD_GAP]
    profile = (seen.coverage * seen.own)[:, left:right].sum(axis=0)
    return {
        "gap_share": 1 - len(columns) / (right - left),
        "word_gap_ratio": float(np.median(words)) if len(words) else NAN,
        "letter_gap_ratio": float(np.median(letters)) if len(letters) else NAN,
        "pitch_regularity": _regularity(profile.astype(np.float64), seen.x_height_px),
    }


def _regularity(profile: NDArray[np.float64], x_height: float) -> float:
    """Return how far the ink by column repeats at one and at two of the distances that letters have: an autocorrelation."""
    n = len(profile)
    low, high = round(0.7 * x_height), round(1.9 * x_height)
    if n < 3 * high or low < 2:
        return NAN
    # Where letters stand says more than how much ink they hold.
    capped = np.minimum(profile, 0.25 * x_height)
    power = np.abs(np.fft.rfft(capped - capped.mean(), 4 * n)) ** 2
    correlation = np.fft.irfft(power)[: 2 * high + 1]
    if correlation[0] <= 0:
        return NAN
    correlation *= n / (n - np.arange(2 * high + 1)) / correlation[0]
    lags = np.arange(low, high + 1)
    return float((correlation[lags] + correlation[2 * lags]).max() / 2)


def compression(seen: Seen) -> dict[str, float]:
    """Return the steps at the borders of blocks of 8 px, wherever the grid lies."""
    found = [_steps(g) for g in (seen.native.astype(np.float32), seen.native.T.astype(np.float32))]
    known = [value for value in found if not math.isnan(value)]
    return {"blockiness_grey": max(known) if known else NAN}


def _steps(grey: NDArray[np.float32]) -> float:
    if grey.shape[1] < _BLOCK_PX * _LEAST_BLOCKS:
        return NAN
    steps = np.minimum(np.abs(np.diff(grey, axis=1)), _STEP_GREY).mean(axis=0)
    excess = steps[1:-1] - (steps[:-2] + steps[2:]) / 2
    phases = np.array([float(excess[phase::_BLOCK_PX].mean()) for phase in range(_BLOCK_PX)])
    best = int(np.argmax(phases))
    return float(phases[best] - np.median(np.delete(phases, best)))


def size(seen: Seen) -> dict[str, float]:
    """Return the size of the picture as it came."""
    height, width = seen.native.shape
    return {"height_px": float(height), "length_ratio": width / height}
