"""The chain of a recipe: which ops, in which order, with which probability, and how they meet a picture.

Drawing and applying are apart: `Chain.draw` needs only the layout, no pixels.  So the geometry is known before the
picture is drawn, and the picture can be drawn just as far beyond its frame as the warps will look.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ocrsynth import codec
from ocrsynth.degrade.base import PHASES, CodecOp, GeometricOp, Op, Params, grown, warp
from ocrsynth.degrade.curves import bleed_around, followed_by, joined, maps_of, outline, push, refit_around, remap
from ocrsynth.degrade.entries import Gates, Link
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
    shift,
    times,
)
from ocrsynth.records import Bleed, Frame, Margins
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ocrsynth.degrade.curves import Parts

    _Warp = tuple[Parts, Matrix]

_NO_BLEED = Bleed(0, 0, 0, 0)


class Step(NamedTuple):
    """One thing that happens to the pixels: an op with its parameters, or the fused warp of the ops before it."""

    op: Op | None
    params: Params
    canvas: Canvas | None
    before: Bleed
    after: Bleed


class Drawn(NamedTuple):
    """A chain with its parameters drawn for one layout."""

    steps: tuple[Step, ...]
    bleed: Bleed
    """How far beyond its frame the picture must be drawn."""
    matrix: Matrix
    """The product of all warps: takes the layout's points to the final picture, after *parts*."""
    record: list[dict[str, Any]]
    """For the provenance: name, version and parameters of each op, in order."""
    parts: Parts = ()
    """What happens before the matrix; empty if nothing bends."""

    def move(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where *points* of the layout, float64 (n, 2), are in the final picture."""
        return push(self.parts, self.matrix, points) if self.parts else move(self.matrix, points)


Costs = dict[str, tuple[int, float]]
"""By name of an op, or ``WARP``: how often it was applied, and the sum of its µs."""
WARP = "(warps)"


class Degraded(NamedTuple):
    """What a chain made of a picture."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    """The clean coverage mask under the same warps, as the reference of the legibility check."""
    encoded: bytes | None
    """The bytes of the last op, if it was a codec."""


class Chain:
    """The links of a recipe in physical order."""

    def __init__(self, links: Sequence[Link]) -> None:
        # The sort is stable: inside a phase the recipe's order holds.
        self.links = tuple(sorted(links, key=lambda link: PHASES.index(link.op.phase)))
        self._stages = tuple((link, f"op:{link.op.name}") for link in self.links)
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
    ) -> Generator[None, None, Drawn]:
        """Return the chain with parameters drawn.

        *address* is (seed, index, attempt).  With a *line_quad*, its corners in px, the warped picture is cropped about
        the line with the margins that it had and keeps the height of the frame; without, the canvas grows around the
        whole picture.
        *keep* multiplies every probability.
        """
        seed, index, attempt = address
        raw: list[_Raw] = []
        record: list[dict[str, Any]] = []
        total: _Warp = ((), IDENTITY)
        pending: _Warp | None = None
        gates = Gates(seed, index, attempt)
        for link, stage in self._stages:
            yield
            op = link.op
            if link.gates and not gates.are_open(link.gates):
                continue
            stream = Stream(seed, index, stage, link.occurrence, attempt)
            if stream.unit() >= link.p * keep:
                continue
            if pending is not None and not isinstance(op, GeometricOp):
                canvas = self._settle(pending, frame, line_quad, total)
                raw.append(_Raw(None, {}, canvas, frame))
                frame = Frame(canvas.height, canvas.width, frame.em_px * _scale(canvas))
                total, pending = joined(total, canvas.parts, canvas.matrix), None
            params = op.sample(stream, frame)
            record.append({"op": op.name, "version": op.VERSION, "params": params})
            if isinstance(op, GeometricOp):
                pending = followed_by(*(pending or ((), IDENTITY)), op.part(frame.height, frame.width, **params))
            else:
                raw.append(_Raw(op, params, None, frame))
        if pending is not None:
            canvas = self._settle(pending, frame, line_quad, total)
            raw.append(_Raw(None, {}, canvas, frame))
            total = joined(total, canvas.parts, canvas.matrix)
        parts, matrix = total
        return Drawn(*_with_bleeds(raw), matrix, record, parts)

    @staticmethod
    def _settle(pending: _Warp, frame: Frame, line_quad: tuple[Point, ...] | None, total: _Warp) -> Canvas:
        """Return the warp of the fused ops *pending*; *total* is all warps before it."""
        parts, matrix = pending
        if line_quad is None:
            return grown(parts, matrix, frame.height, frame.width)
        if parts or total[0]:
            line = push(*total, outline(line_quad))
            (left, top), (right, bottom) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
            margins = Margins(left, top, frame.width - right, frame.height - bottom)
            return refit_around(parts, matrix, line, margins, frame.height)
        box = bounds_of(total[1], line_quad)
        margins = Margins(box.left, box.top, frame.width - box.right, frame.height - box.bottom)
        # The line as it stands before this warp: refit measures its quad, not its upright box.
        return refit(matrix, moved_points(total[1], line_quad), margins, frame.height)

    def apply(self, drawn: Drawn, image: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Generator[None, None, Degraded]:
        """Return *image* after all steps but those of the print phase, which `apply_print` did on the mask.

        Both were drawn on the frame widened by ``drawn.bleed``.  Yields at every link of the chain, whether it happens
        to this picture or not, so that a batch can take one op after the other through all its pictures.
        """
        encoded: bytes | None = None
        steps = iter(drawn.steps)
        step = next(steps, None)
        while step is not None and step.op is not None and step.op.phase == "print":
            step = next(steps, None)
        for link in self.links:
            if link.op.phase == "print":
                continue
            yield
            if step is not None and step.canvas is not None and not isinstance(link.op, GeometricOp):
                image, mask = self._clocked(WARP, _warp_both, image, mask, step)
                encoded = None
                step = next(steps, None)
                yield
            if step is None or step.op is not link.op:
                continue
            if isinstance(link.op, CodecOp):
                encoded = cast("bytes", self._clocked(link.op.name, link.op.encode, image, **step.params))
                yield
                image = codec.decode(encoded)
            else:
                image = self._clocked(link.op.name, link.op.apply, image, **step.params)
                encoded = None
            step = next(steps, None)
        if step is not None:
            image, mask = self._clocked(WARP, _warp_both, image, mask, step)
            encoded = None
        return Degraded(image, mask, encoded)

    def apply_print(self, drawn: Drawn, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the coverage *mask* after the steps of the print phase."""
        for step in drawn.steps:
            if step.op is None or step.op.phase != "print":
                break
            mask = self._clocked(step.op.name, step.op.apply, mask, **step.params)
        return mask

    @staticmethod
    def warp(drawn: Drawn, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return *mask*, drawn on the frame widened by ``drawn.bleed``, after the warps alone."""
        for step in drawn.steps:
            if step.canvas is not None:
                mask = _warp_both(mask, mask[:1, :1], step)[0]
        return mask

    def _clocked(self, name: str, function: Any, *arguments: Any, **params: Any) -> Any:
        """Return what *function* returns, and add its time to the costs if they are asked for."""
        if self.costs is None:
            return function(*arguments, **params)
        started = time.perf_counter_ns()
        result = function(*arguments, **params)
        uses, us = self.costs.get(name, (0, 0.0))
        self.costs[name] = uses + 1, us + (time.perf_counter_ns() - started) / 1000
        return result


def _warp_both(image: NDArray[np.uint8], mask: NDArray[np.uint8], step: Step) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    if step.canvas is not None and step.canvas.parts:
        maps = maps_of(step.canvas, step.before, step.after)
        return remap(image, maps, 0), remap(mask, maps, 0)
    canvas = _with_bleed(cast("Canvas", step.canvas), step.before, step.after)
    # The picture was drawn with its bleed, which covers the canvas: no pixel that stays sees the border.
    return warp(image, canvas, 0), warp(mask, canvas, 0)


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


def _with_bleed(canvas: Canvas, before: Bleed, after: Bleed) -> Canvas:
    matrix = times(times(shift(after.left, after.top), canvas.matrix), shift(-before.left, -before.top))
    return Canvas(matrix, canvas.height + after.top + after.bottom, canvas.width + after.left + after.right)


def _with_bleeds(raw: list[_Raw]) -> tuple[tuple[Step, ...], Bleed]:
    """Return the steps, each warp with the bleed before and after it, worked out from the last to the first."""
    bleed = _NO_BLEED
    steps: list[Step] = []
    for op, params, canvas, frame in reversed(raw):
        after = bleed
        if canvas is not None:
            needed = bleed_around if canvas.parts else needed_bleed
            bleed = needed(canvas, frame.height, frame.width, after)
        steps.append(Step(op, params, canvas, bleed, after))
    return tuple(reversed(steps)), bleed
