"""The chain of a recipe: which ops, in which order, with which probability, and how they meet a picture.

Drawing and applying are apart: `Chain.draw` needs only the layout, no pixels.  So the geometry is known before the
picture is drawn, and the picture can be drawn just as far beyond its frame as the warps will look.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ocrsynth import codec
from ocrsynth.degrade.base import PHASES, CodecOp, GeometricOp, Op, Params, grown, warp
from ocrsynth.degrade.curves import bleed_around, followed_by, joined, maps_of, outline, push, refit_around, remap
from ocrsynth.degrade.entries import Gate, Gates, Link
from ocrsynth.degrade.projection import (
    IDENTITY,
    Canvas,
    Matrix,
    Point,
    bounds_of,
    move,
    moved_points,
    needed_bleed,
    refit,
    scale_of,
    shifted_first,
    then_shifted,
)
from ocrsynth.errors import Rejected, SampleError
from ocrsynth.records import Bleed, Frame, Margins
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ocrsynth.degrade.curves import Parts

    _Warp = tuple[Parts, Matrix]

_NO_BLEED = Bleed(0, 0, 0, 0)


class Fit(NamedTuple):
    """What the crop about a warped line keeps, beside its margins and the height of the frame."""

    widths: tuple[int, int] = (1, 1 << 30)
    """Least and greatest width in px."""
    cut: bool = False
    """Whether the line goes on beyond the right side of its frame: that side stays where it goes through the letter."""
    vertical: bool = False
    """Whether the line runs down: its crop keeps the width of the frame, and has any height."""


_PLAIN_FIT = Fit()


class Step(NamedTuple):
    """One thing that happens to the pixels: an op with its parameters, or the fused warp of the ops before it."""

    op: Op | None
    params: Params
    canvas: Canvas | None
    before: Bleed
    after: Bleed
    place: int
    """Number of its link in the chain; of a warp that of the last link it fuses."""


class Drawn(NamedTuple):
    """A chain with its parameters drawn for one layout."""

    steps: tuple[Step, ...]
    bleed: Bleed
    """How far beyond its frame the picture must be drawn."""
    matrix: Matrix
    """The product of all warps: takes the layout's points to the final picture, after *parts*."""
    record: list[dict[str, Any]]
    """For the provenance: name, version and parameters of each op, in order."""
    em_px: float
    """Size of the text in the final picture."""
    parts: Parts = ()
    """What happens before the matrix; empty if nothing bends."""
    kept_ratio: float = 1.0
    """Share of the final picture's resolution that was there all the way."""

    def move(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where *points* of the layout, float64 (n, 2), are in the final picture."""
        return push(self.parts, self.matrix, points) if self.parts else move(self.matrix, points)


Costs = dict[str, tuple[int, float]]
"""By name of an op, or ``WARP``: how often it was applied, and the sum of its µs."""
WARP = "(warps)"
LONGEST_PX = 32_766
"""The longest side that OpenCV warps and HarfBuzz draws: places in a picture are signed numbers of 16 bits there."""


class Degraded(NamedTuple):
    """What a chain made of a picture."""

    image: NDArray[np.uint8]
    encoded: bytes | None
    """The bytes of the last op, if it was a codec."""


class Chain:
    """The links of a recipe in physical order."""

    def __init__(self, links: Sequence[Link]) -> None:
        # The sort is stable: inside a phase the recipe's order holds.
        self.links = tuple(sorted(links, key=lambda link: PHASES.index(link.op.phase)))
        self._stages = tuple(
            _Stage(place, link.op, f"op:{link.op.name}", link.occurrence, link.p, link.gates, isinstance(link.op, GeometricOp))
            for place, link in enumerate(self.links)
        )
        self.costs: Costs | None = None
        """If not None, the time of every step is added to it."""

    @property
    def ends_in_codec(self) -> bool:
        """Tell whether every picture leaves the chain as the bytes of a file format."""
        last = self.links[-1] if self.links else None
        return last is not None and isinstance(last.op, CodecOp) and last.p >= 1 and not last.gates

    def draw(
        self,
        address: tuple[int, int, int],
        frame: Frame,
        line_quad: tuple[Point, ...] | None = None,
        keep: float = 1.0,
        fit: Fit = _PLAIN_FIT,
    ) -> Drawn:
        """Return the chain with parameters drawn.

        *address* is (seed, index, attempt).  With a *line_quad*, its corners in px, the warped picture is cropped about
        the line with the margins that it had and keeps the height of the frame; without, the canvas grows around the
        whole picture.
        *keep* multiplies every probability; *fit* says what else the crop keeps.  Raises Rejected if a warp makes the line
        wider than it may be, needs a canvas larger than pictures can be, or folds.
        """
        seed, index, attempt = address
        raw: list[_Raw] = []
        record: list[dict[str, Any]] = []
        total: _Warp = ((), IDENTITY)
        pending: _Warp | None = None
        gates: Gates | None = None
        last_warp = 0
        kept = 1.0
        for place, op, stage, occurrence, p, groups, geometric in self._stages:
            if groups:
                gates = gates or Gates(seed, index, attempt)
                if not gates.are_open(groups):
                    continue
            stream = Stream(seed, index, stage, occurrence, attempt)
            if stream.unit() >= p * keep:
                continue
            if pending is not None and not geometric:
                canvas = self._settle(pending, frame, line_quad, total, fit)
                raw.append(_Raw(None, {}, canvas, frame, last_warp))
                frame = Frame(canvas.height, canvas.width, frame.em_px * _scale(canvas))
                total, pending = joined(total, canvas.parts, canvas.matrix), None
            params = op.sample(stream, frame)
            record.append({"op": op.name, "version": op.VERSION, "params": params})
            if geometric:
                part = cast("GeometricOp", op).part(frame.height, frame.width, **params)
                pending = followed_by(*(pending or ((), IDENTITY)), part)
                last_warp = place
            else:
                raw.append(_Raw(op, params, None, frame, place))
                if op.phase == "codec":
                    kept *= op.kept_ratio(**params)
        if pending is not None:
            canvas = self._settle(pending, frame, line_quad, total, fit)
            raw.append(_Raw(None, {}, canvas, frame, last_warp))
            frame = Frame(canvas.height, canvas.width, frame.em_px * _scale(canvas))
            total = joined(total, canvas.parts, canvas.matrix)
        parts, matrix = total
        return Drawn(*_with_bleeds(raw), matrix, record, frame.em_px, parts, kept)

    @staticmethod
    def _settle(pending: _Warp, frame: Frame, line_quad: tuple[Point, ...] | None, total: _Warp, fit: Fit) -> Canvas:
        """Return the warp of the fused ops *pending*; *total* is all warps before it."""
        parts, matrix = pending
        if line_quad is None:
            return grown(parts, matrix, frame.height, frame.width)
        if parts or total[0]:
            line = push(*total, outline(line_quad))
            (left, top), (right, bottom) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
            margins = Margins(left, top, frame.width - right, frame.height - bottom)
            if fit.cut:
                edge = push(parts, matrix, np.array(((frame.width, (top + bottom) / 2),)))[0, 0]
                margins = margins._replace(right=max(float(edge - push(parts, matrix, line)[:, 0].max()), 0.0))
            side = frame.width if fit.vertical else frame.height
            canvas = refit_around(parts, matrix, line, margins, side, vertical=fit.vertical)
            return _of_width(canvas, lambda: float(push(canvas.parts, canvas.matrix, line)[:, 0].max()), fit)
        box = bounds_of(total[1], line_quad)
        margins = Margins(box.left, box.top, frame.width - box.right, frame.height - box.bottom)
        # The line as it stands before this warp: refit measures its quad, not its upright box.
        quad = moved_points(total[1], line_quad)
        if fit.cut:
            [(edge, _)] = moved_points(matrix, ((frame.width, (box.top + box.bottom) / 2),))
            margins = margins._replace(right=max(edge - bounds_of(matrix, quad).right, 0.0))
        canvas = refit(matrix, quad, margins, frame.width if fit.vertical else frame.height, vertical=fit.vertical)
        return _of_width(canvas, lambda: bounds_of(canvas.matrix, quad).right, fit)

    def apply(self, drawn: Drawn, image: NDArray[np.uint8]) -> Degraded:
        """Return *image*, drawn on the frame widened by ``drawn.bleed``, after all steps but those of the print phase.

        Those `apply_print` did, on the mask.
        """
        return self.apply_all([(drawn, image)])[0]

    def apply_all(self, pictures: Sequence[tuple[Drawn, NDArray[np.uint8]]]) -> list[Degraded]:
        """Return what `apply` would of each picture, but one op after the other through all of them.

        An op's code and tables then stay in the processor's caches.
        """
        images = [image for _, image in pictures]
        encoded: list[bytes | None] = [None] * len(images)
        due: dict[int, list[tuple[int, Step]]] = {}
        for number, (drawn, _) in enumerate(pictures):
            for step in drawn.steps:
                if step.op is None or step.op.phase != "print":
                    due.setdefault(step.place, []).append((number, step))
        for place in sorted(due):
            steps = due[place]
            op = steps[0][1].op
            started = time.perf_counter_ns()
            if op is None:
                for number, step in steps:
                    images[number] = _warped(images[number], step)
                    encoded[number] = None
            elif isinstance(op, CodecOp):
                for number, step in steps:
                    encoded[number] = op.encode(images[number], **step.params)
            else:
                for number, step in steps:
                    images[number] = _checked(op, op.apply(images[number], **step.params), images[number])
                    encoded[number] = None
            self._count(WARP if op is None else op.name, len(steps), started)
            if isinstance(op, CodecOp):
                for number, _ in steps:
                    images[number] = codec.decode(cast("bytes", encoded[number]))
        return [Degraded(image, data) for image, data in zip(images, encoded, strict=True)]

    def apply_print(self, drawn: Drawn, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the coverage *mask* after the steps of the print phase."""
        for step in drawn.steps:
            if step.op is None or step.op.phase != "print":
                break
            started = time.perf_counter_ns()
            mask = _checked(step.op, step.op.apply(mask, **step.params), mask)
            self._count(step.op.name, 1, started)
        return mask

    @staticmethod
    def warp(drawn: Drawn, mask: NDArray[np.uint8], every: int = 1) -> NDArray[np.uint8]:
        """Return *mask*, drawn on the frame widened by ``drawn.bleed``, after the warps alone; of its rows each *every*-th."""
        warps = [step for step in drawn.steps if step.canvas is not None]
        for step in warps[:-1]:
            mask = _warped(mask, step)
        return _warped(mask, warps[-1], every) if warps else mask[::every]

    def _count(self, name: str, uses: int, started_ns: int) -> None:
        """Add the time since *started_ns* to the costs if they are asked for."""
        if self.costs is not None:
            before, us = self.costs.get(name, (0, 0.0))
            self.costs[name] = before + uses, us + (time.perf_counter_ns() - started_ns) / 1000


def _of_width(canvas: Canvas, right: Callable[[], float], fit: Fit) -> Canvas:
    """Return *canvas* with paper added or taken away at its right side, so that its width is one of *fit*.

    *right* tells where the line ends.  Raises Rejected if it is too long itself.
    """
    least, most = fit.widths
    if least <= canvas.width <= most or fit.vertical:
        return canvas
    if canvas.width < least:
        return canvas if fit.cut else canvas._replace(width=least)
    if fit.cut or right() > most:
        raise Rejected("too_wide", f"{canvas.width} px after a warp, where {most} px are the most")
    return canvas._replace(width=most)


def _checked(op: Op, result: Any, before: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what *op* made of a picture; raises SampleError if it is none that could stand in its place."""
    if type(result) is np.ndarray and result.dtype == np.uint8 and result.shape == before.shape:
        return cast("NDArray[np.uint8]", result)
    found = f"{result.dtype} {result.shape}" if isinstance(result, np.ndarray) else repr(result)
    raise SampleError(f"op {op.name!r}: must give a picture uint8 {before.shape} of this one, got {found}; mend its apply")


def _warped(image: NDArray[np.uint8], step: Step, every: int = 1) -> NDArray[np.uint8]:
    """Return *image* after a warp, of its rows each *every*-th."""
    canvas = cast("Canvas", step.canvas)
    if canvas.parts:
        return remap(image, maps_of(canvas, step.before, step.after)[::every], 0)
    # The picture was drawn with its bleed, which covers the canvas: no pixel that stays sees the border.
    return warp(image, _with_bleed(canvas, step.before, step.after), 0, every)


def _scale(canvas: Canvas) -> float:
    """Return the factor by which a warp enlarges lengths; its curves keep them about the same."""
    scale = scale_of(canvas.matrix)
    for part in canvas.parts:
        if isinstance(part, tuple):
            scale *= scale_of(part)
    return scale


class _Raw(NamedTuple):
    """A step before the bleeds are known; *frame* is what it meets."""

    op: Op | None
    params: Params
    canvas: Canvas | None
    frame: Frame
    place: int


class _Stage(NamedTuple):
    """What drawing a link needs, in the order in which it is taken apart there."""

    place: int
    op: Op
    stage: str
    occurrence: int
    p: float
    gates: tuple[Gate, ...]
    geometric: bool


def _with_bleed(canvas: Canvas, before: Bleed, after: Bleed) -> Canvas:
    matrix = shifted_first(then_shifted(canvas.matrix, after.left, after.top), -before.left, -before.top)
    return Canvas(matrix, canvas.height + after.top + after.bottom, canvas.width + after.left + after.right)


def _check_size(area: Canvas | Frame, bleed: Bleed) -> None:
    """Raise Rejected if an area with its bleed is larger than pictures can be."""
    width, height = area.width + bleed.left + bleed.right, area.height + bleed.top + bleed.bottom
    if max(width, height) > LONGEST_PX:
        raise Rejected("too_wide", f"a warp needs a canvas of {width}×{height} px, where {LONGEST_PX} px a side are the most")


def _with_bleeds(raw: list[_Raw]) -> tuple[tuple[Step, ...], Bleed]:
    """Return the steps, each warp with the bleed before and after it, worked out from the last to the first."""
    bleed = _NO_BLEED
    steps: list[Step] = []
    for op, params, canvas, frame, place in reversed(raw):
        after = bleed
        if canvas is not None:
            needed = bleed_around if canvas.parts else needed_bleed
            bleed = needed(canvas, frame.height, frame.width, after)
            _check_size(canvas, after)
            _check_size(frame, bleed)
        steps.append(Step(op, params, canvas, bleed, after, place))
    return tuple(reversed(steps)), bleed
