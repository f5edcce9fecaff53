"""Labels under a warp that bends: quads around what they hold, and the baseline as a polyline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ocrsynth.records import Layout

_BASELINE = np.linspace(0, 1, 17)[:, None]
_STRAIGHT = 2


def bent_labels(
    layout: Layout,
    cluster_starts: NDArray[np.int32],
    move: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    frame: tuple[int, int],
) -> NDArray[np.float64]:
    """Return the points of *layout* where *move* takes them, in its order, but with a baseline of more points.

    The corners of a bent word bound it no longer: words and lines get the smallest rectangles around their clusters that
    run as their own corners do, or upright ones where those would leave the picture.

    *cluster_starts* are the places in the text where clusters begin, int32 (n,); *frame* is the height and width of the
    picture in px.
    """
    first_clusters, n_clusters = np.searchsorted(cluster_starts, layout.word_ranges), len(cluster_starts)
    baseline = layout.points[-layout.n_baseline :]
    if len(baseline) == _STRAIGHT * layout.n_lines:
        lines = baseline.reshape(-1, _STRAIGHT, 2)
        baseline = (lines[:, :1] + (lines[:, 1:] - lines[:, :1]) * _BASELINE).reshape(-1, 2)
    moved = move(np.concatenate((layout.points[: -layout.n_baseline], baseline)))
    quads = moved[: -len(baseline)].reshape(-1, 4, 2)
    clusters = quads[:n_clusters]
    for word, (first, end) in zip(quads[n_clusters:-1], first_clusters.tolist(), strict=True):
        word[:] = _around(clusters[first:end].reshape(-1, 2), word, frame)
    quads[-1] = _around(clusters.reshape(-1, 2), quads[-1], frame)
    return moved


def lines_apart(
    cluster_quads: NDArray[np.float32], rows: list[slice], quad: NDArray[np.float32], frame: tuple[int, ...]
) -> list[NDArray[np.float32]]:
    """Return the corners of each of several lines, float32 (4, 2): around its clusters, along the sides of *quad*, that of all.

    *cluster_quads* are float32 (n, 4, 2), *rows* the clusters of each line; *frame* is the height and width of the picture.
    """
    clusters, outline = cluster_quads.astype(np.float64), quad.astype(np.float64)
    return [_around(clusters[row].reshape(-1, 2), outline, frame).round(2).astype(np.float32) for row in rows]


def _around(points: NDArray[np.float64], quad: NDArray[np.float64], frame: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the rectangle around *points* that runs along the upper and lower side of *quad*, (4, 2), clockwise."""
    along = (quad[1] - quad[0]) + (quad[2] - quad[3])
    length = float(np.hypot(*along))
    if length > 0:
        x, y = along / length
        turn = np.array(((x, -y), (y, x)))
        tilted = _box(points @ turn) @ turn.T
        if (tilted >= 0).all() and (tilted <= (frame[1], frame[0])).all():
            return tilted
    return _box(points)


def _box(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the corners of the upright box around *points*, (4, 2)."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return np.array(((left, top), (right, top), (right, bottom), (left, bottom)))
