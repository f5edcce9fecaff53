"""The chain of a recipe: which ops, in which order, with which probability, and how they meet a picture.

Drawing and applying are apart: `Chain.draw` needs only the layout, no pixels.  So the geometry is known before the
picture is drawn, and the picture can be drawn just as far beyond its frame as the warps will look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ocrsynth import codec
from ocrsynth.degrade.base import OPS, PHASES, CodecOp, GeometricOp, Op, Params, border_colour, warp
from ocrsynth.degrade.projection import Canvas, grow_to_fit, move, needed_bleed, refit, shift
from ocrsynth.errors import RecipeError
from ocrsynth.fields import validate
from ocrsynth.records import Bleed, Frame, Margins
from ocrsynth.seeding import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NO_BLEED = Bleed(0, 0, 0, 0)


class Link(NamedTuple):
    """An op of a chain, the probability that it happens, and how many of its name stand before it."""

    op: Op
    p: float
    occurrence: int


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
    matrix: NDArray[np.float64]
    """The product of all warps, 3×3: takes the layout's points to the final picture."""
    record: list[dict[str, Any]]
    """For the provenance: name, version and parameters of each op, in order."""


class Degraded(NamedTuple):
    """What a chain made of a picture."""

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    """The clean coverage mask under the same warps, as the reference of the legibility check."""
    encoded: bytes | None
    """The bytes of the last op, if it was a codec."""


def parse_chain(entries: Any, where: str) -> tuple[Link, ...]:
    """Return the links of a recipe's list of ``- op: {field: …, p: 0.5}``; raises RecipeError with the path."""
    if not isinstance(entries, (list, tuple)):
        raise RecipeError(f"{where}: must be a list of ops or the name of a preset, got {entries!r}; write '- op: {{…}}' lines")
    links: list[Link] = []
    for i, entry in enumerate(entries):
        at = f"{where}[{i}]"
        if not isinstance(entry, dict) or len(entry) != 1:
            raise RecipeError(f"{at}: must be one 'op: {{…}}' pair, got {entry!r}; start a new '-' for each op")
        [(name, arguments)] = entry.items()
        cls = OPS.get(str(name), at)
        if arguments is not None and not isinstance(arguments, dict):
            raise RecipeError(f"{at}.{name}: must be a mapping of keys to values, got {arguments!r}; write 'key: value' pairs")
        arguments = dict(arguments or {})
        p = arguments.pop("p", 1.0)
        if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1:
            raise RecipeError(f"{at}.{name}.p: must be a probability from 0 to 1, got {p!r}; leave it out for 1")
        op = validate(cls, arguments, f"{at}.{name}")
        links.append(Link(op, float(p), sum(link.op.name == op.name for link in links)))
    return tuple(links)


def describe_chain(links: Sequence[Link]) -> list[dict[str, Any]]:
    """Return the entries that `parse_chain` reads back to the same links."""
    return [{link.op.name: {**link.op.model_dump(mode="json"), "p": link.p}} for link in links]


class Chain:
    """The links of a recipe in physical order."""

    def __init__(self, links: Sequence[Link]) -> None:
        # The sort is stable: inside a phase the recipe's order holds.
        self.links = tuple(sorted(links, key=lambda link: PHASES.index(link.op.phase)))
        self._print = sum(link.op.phase == "print" for link in self.links)

    @property
    def ends_in_codec(self) -> bool:
        """Tell whether every picture leaves the chain as the bytes of a file format."""
        return bool(self.links) and isinstance(self.links[-1].op, CodecOp) and self.links[-1].p >= 1

    def draw(
        self,
        address: tuple[int, int, int],
        frame: Frame,
        line_quad: NDArray[np.float64] | None = None,
        margins: Margins | None = None,
        keep: float = 1.0,
    ) -> Drawn:
        """Return the chain with parameters drawn.

        *address* is (seed, index, attempt).  With a *line_quad* and its *margins* the warped picture is cropped about
        the line and keeps the height of the frame; without, the canvas grows around the whole picture.
        *keep* multiplies every probability.
        """
        seed, index, attempt = address
        raw: list[tuple[Op | None, Params, Canvas | None, tuple[int, int]]] = []
        record: list[dict[str, Any]] = []
        total = np.eye(3)
        pending = np.eye(3)
        moving = False
        shape = (frame.height, frame.width)

        def settle() -> None:
            nonlocal total, pending, moving, shape, line_quad, margins, frame
            if line_quad is None or margins is None:
                canvas = grow_to_fit(pending, shape)
            else:
                canvas = refit(pending, line_quad, margins, frame.height)
                line_quad = move(canvas.matrix, line_quad)
                left, top = line_quad.min(axis=0).tolist()
                right, bottom = line_quad.max(axis=0).tolist()
                margins = Margins(left, top, canvas.width - right, canvas.height - bottom)
            raw.append((None, {}, canvas, shape))
            scale = abs(float(np.linalg.det(canvas.matrix[:2, :2]))) ** 0.5
            shape = (canvas.height, canvas.width)
            frame = Frame(canvas.height, canvas.width, frame.em_px * scale)
            total = canvas.matrix @ total
            pending, moving = np.eye(3), False

        for link in self.links:
            stream = Stream(seed, index, "op:" + link.op.name, link.occurrence, attempt)
            if stream.unit() >= link.p * keep:
                continue
            op = link.op
            if moving and not isinstance(op, GeometricOp):
                settle()
            params = op.sample(stream, frame)
            record.append({"op": op.name, "version": op.VERSION, "params": params})
            if isinstance(op, GeometricOp):
                pending = op.matrix(shape, **params) @ pending
                moving = True
            else:
                raw.append((op, params, None, shape))
        if moving:
            settle()
        return Drawn(*_with_bleeds(raw), total, record)

    def apply(self, drawn: Drawn, image: NDArray[np.uint8], mask: NDArray[np.uint8]) -> Degraded:
        """Return *image* after all steps but those of the print phase, which `apply_print` did on the mask."""
        encoded: bytes | None = None
        for step in drawn.steps:
            if step.canvas is not None:
                canvas = _with_bleed(step.canvas, step.before, step.after)
                image = warp(image, canvas, border_colour(image))
                mask = warp(mask, canvas, 0)
                encoded = None
                continue
            op = cast("Op", step.op)
            if op.phase == "print":
                continue
            if isinstance(op, CodecOp):
                encoded = op.encode(image, **step.params)
                image = codec.decode(encoded)
            else:
                image = op.apply(image, **step.params)
                encoded = None
        return Degraded(image, mask, encoded)


def apply_print(drawn: Drawn, mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the coverage *mask* after the steps of the print phase."""
    for step in drawn.steps:
        if step.op is None or step.op.phase != "print":
            break
        mask = step.op.apply(mask, **step.params)
    return mask


def _with_bleed(canvas: Canvas, before: Bleed, after: Bleed) -> Canvas:
    matrix = shift(after.left, after.top) @ canvas.matrix @ shift(-before.left, -before.top)
    return Canvas(matrix, canvas.height + after.top + after.bottom, canvas.width + after.left + after.right)


def _with_bleeds(raw: list[tuple[Op | None, Params, Canvas | None, tuple[int, int]]]) -> tuple[tuple[Step, ...], Bleed]:
    """Return the steps, each warp with the bleed before and after it, worked out from the last to the first."""
    bleed = _NO_BLEED
    steps: list[Step] = []
    for op, params, canvas, shape in reversed(raw):
        after = bleed
        if canvas is not None:
            bleed = needed_bleed(canvas, shape, after)
        steps.append(Step(op, params, canvas, bleed, after))
    return tuple(reversed(steps)), bleed
