"""What is wrong with a data set, and with a sample of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from ocrsynth import codec
from ocrsynth.write.meta import Metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocrsynth.write.base import Stored

_MARGIN_PX = 0.5
REORDERED = frozenset(("lstmf",))
"""Formats whose labels are in visual order: they are not held against the alphabet's rules."""


class Finding(NamedTuple):
    """Something that is not as it should be."""

    where: str
    what: str


class Verdict(NamedTuple):
    """What `verify` found."""

    shards: int
    samples: int
    findings: list[Finding]
    notes: tuple[str, ...] = ()
    """What could not be looked at here, which is no fault of the data set."""


def faults_of(stored: Stored, *, whole: bool, fault: str | None = None, due: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield what is wrong with a stored sample: its picture, and where the format keeps the *whole* of it its metadata.

    *fault* is what is wrong with its label, *due* what metadata must be there.
    """
    try:
        image = codec.decode(stored.image)
    except ValueError as error:
        yield str(error) if stored.image else "its picture is missing or empty"
        return
    if not whole:
        if fault:
            yield fault
        return
    try:
        meta = Metadata.model_validate(stored.meta)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        yield f"has broken metadata, {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        return
    if missing := [key for key in due if getattr(meta, key) is None]:
        yield f"has broken metadata, {missing[0]}: field required"
    if image.shape[:2] != (meta.height, meta.width):
        yield f"is {image.shape[1]}×{image.shape[0]} px, its metadata says {meta.width}×{meta.height}"
    if meta.text != stored.text:
        yield f"has the label {stored.text!r}, its metadata {meta.text!r}"
    if fault:
        yield fault
    if meta.clusters is not None and [i for start, end in meta.clusters for i in range(start, end)] != list(
        range(len(stored.text))
    ):
        yield "has clusters that do not partition its label"
    for name, what, ranges, places in (
        ("clusters", "quads", meta.clusters, meta.cluster_quads),
        ("words", "quads", meta.words, meta.word_quads),
        ("lines", "quads", meta.lines, meta.line_quads),
        ("lines", "baselines", meta.lines, meta.line_baselines),
    ):
        if len(ranges or ()) != len(places or ()):
            yield f"has {len(places or ())} {what} for {len(ranges or ())} {name}"
    lines = (*((meta.line_quad,) if meta.line_quad else ()), *(meta.line_quads or ()))
    points = [point for quad in (*(meta.cluster_quads or ()), *(meta.word_quads or ()), *lines) for point in quad]
    if not points:
        return
    xs, ys = zip(*points, strict=True)
    if (
        min(xs) < -_MARGIN_PX
        or min(ys) < -_MARGIN_PX
        or max(xs) > meta.width + _MARGIN_PX
        or max(ys) > meta.height + _MARGIN_PX
    ):
        yield f"has boxes outside the frame, x {min(xs):g}…{max(xs):g}, y {min(ys):g}…{max(ys):g} of {meta.width}×{meta.height}"
