"""Every op, and whole chains, as transforms for the user's own ``albumentations.Compose``.

``ocrsynth.albumentations.Fax(resolution_em=(10, 18), p=0.3)`` is the op ``fax``; ``Degrade("camera")`` is a preset or a
recipe's list.  Geometric ones take masks, boxes and keypoints with them.  Seeds come from albumentations' own generator,
so that ``Compose(…, seed=…)`` repeats.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar, cast

import cv2
import numpy as np

from ocrsynth.augment import apply_drawn, chain_of, check_em, draw_for
from ocrsynth.degrade.base import OPS, GeometricOp, Op
from ocrsynth.degrade.curves import maps_of
from ocrsynth.errors import MissingDependencyError
from ocrsynth.records import Frame

# At import albumentations asks the network for a newer version unless this is set.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
try:
    from albumentations import DualTransform
    from albumentations.core.type_definitions import Targets
except ImportError:
    raise MissingDependencyError(
        "ocrsynth.albumentations: package albumentations is not installed; run: pip install 'ocrsynth[albumentations]'"
    ) from None

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.degrade.chain import Chain, Drawn

_EM_OF_HEIGHT = 0.7
_LEVELS_PER_BOX_SIDE = 9


class Degrade(DualTransform):  # type: ignore[misc]
    """A preset by name, or a recipe's list of ops, as one transform; raises RecipeError.

    Takes uint8 pictures (H, W), (H, W, 1) or (H, W, 3) RGB.  *em_px* is the font size of the text in px, by default 0.7 of
    the picture's height, as if it were one line.  The canvas grows where a warp needs room.
    """

    _targets = (Targets.IMAGE, Targets.MASK, Targets.BBOXES, Targets.KEYPOINTS)

    def __init__(self, degrade: str | list[dict[str, Any]] = "scan", em_px: float | None = None, p: float = 1.0) -> None:
        super().__init__(p=p)
        self.degrade = degrade
        check_em(em_px)
        self.em_px = em_px
        self._chain: Chain = chain_of(degrade)

    def get_transform_init_args_names(self) -> tuple[str, ...]:
        """Return the names of the arguments, for albumentations' own records."""
        return ("degrade", "em_px")

    def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Return the parameters drawn for a picture, under ``drawn``."""
        height, width = params["shape"][:2]
        if not height or not width:
            raise ValueError(f"{type(self).__name__}: takes pictures of at least 1×1 px, got {width}×{height}")
        seed = self.py_random.getrandbits(63)
        frame = Frame(height, width, self.em_px or _EM_OF_HEIGHT * height)
        return {"drawn": draw_for(self._chain, (seed, 0, 0), frame)}

    def apply(self, img: NDArray[np.uint8], drawn: Drawn, **_params: Any) -> NDArray[np.uint8]:
        """Return the picture under the chain; raises ValueError if it is not uint8 with one channel or three."""
        one = img.ndim == 3 and img.shape[2] == 1
        image = img[..., 0] if one else img
        if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
            raise ValueError(
                f"{type(self).__name__}: takes uint8 pictures of one channel or three, got {img.dtype} {img.shape}"
            )
        out = apply_drawn(self._chain, drawn, np.ascontiguousarray(image))
        return out[..., None] if one else out

    def apply_to_mask(self, mask: NDArray[Any], drawn: Drawn, **_params: Any) -> NDArray[Any]:
        """Return a mask of labels, of its own dtype, under the warps of the chain, nearest neighbour; 0 beyond its frame."""
        # OpenCV takes few dtypes, and cuts int64 to int32: what moves are the places, of which it takes the labels.
        places: Any = np.arange(mask.shape[0] * mask.shape[1], dtype=np.int32).reshape(mask.shape[:2])
        for step in drawn.steps:
            if step.canvas is None:
                continue
            bare = (0, 0, 0, 0)
            if step.canvas.parts:
                maps: Any = maps_of(step.canvas, bare, bare)
            else:
                inverse = np.linalg.inv(np.array(step.canvas.matrix).reshape(3, 3))
                y, x = np.mgrid[: step.canvas.height, : step.canvas.width] + 0.5
                source = np.stack((x, y, np.ones_like(x)), axis=-1) @ inverse.T
                maps = (source[..., :2] / source[..., 2:] - 0.5).astype(np.float32)
            places = cv2.remap(places, maps, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=-1)  # type: ignore[call-overload]
        moved: NDArray[Any] = mask.reshape(-1, *mask.shape[2:])[places]
        moved[places < 0] = 0
        return moved

    def apply_to_bboxes(self, bboxes: NDArray[Any], drawn: Drawn, **params: Any) -> NDArray[Any]:
        """Return the boxes that enclose the moved ones, in shares of the new picture."""
        if not len(bboxes):
            return bboxes
        height, width = params["shape"][:2]
        new_height, new_width = self._size_after(drawn, height, width)
        out = bboxes.astype(np.float64, copy=True)
        side = np.linspace(0, 1, _LEVELS_PER_BOX_SIDE)
        for box in out:
            left, top, right, bottom = box[:4] * (width, height, width, height)
            x, y = left + (right - left) * side, top + (bottom - top) * side
            rim = [*((v, top) for v in x), *((v, bottom) for v in x), *((left, v) for v in y), *((right, v) for v in y)]
            moved = drawn.move(np.array(rim))
            box[:4] = (*(moved.min(axis=0) / (new_width, new_height)), *(moved.max(axis=0) / (new_width, new_height)))
        out[:, :4] = np.clip(out[:, :4], 0, 1)
        return out

    def apply_to_keypoints(self, keypoints: NDArray[Any], drawn: Drawn, **_params: Any) -> NDArray[Any]:
        """Return the moved keypoints, their angles and scales with them."""
        if not len(keypoints):
            return keypoints
        out = keypoints.astype(np.float64, copy=True)
        points = out[:, :2]
        arm = np.column_stack((np.cos(out[:, 3]), np.sin(out[:, 3]))) if out.shape[1] > 4 else np.zeros_like(points)
        moved, tips = drawn.move(points.copy()), drawn.move(points + arm)
        out[:, :2] = moved
        if out.shape[1] > 4:
            turned = tips - moved
            out[:, 3] = np.arctan2(turned[:, 1], turned[:, 0]) % (2 * np.pi)
            out[:, 4] *= np.hypot(*turned.T)
        return out

    @staticmethod
    def _size_after(drawn: Drawn, height: int, width: int) -> tuple[int, int]:
        for step in drawn.steps:
            if step.canvas is not None:
                height, width = step.canvas.height, step.canvas.width
        return height, width


class OpTransform(Degrade):
    """One op as a transform; its fields are the keyword arguments, ranges as pairs (low, high)."""

    op: ClassVar[type[Op]]

    def __init__(self, em_px: float | None = None, p: float = 1.0, **fields: Any) -> None:
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()}
        super().__init__([{self.op.name: plain}], em_px, p)
        self.fields = fields

    def get_transform_init_args(self) -> dict[str, Any]:
        """Return the arguments, for albumentations' own records."""
        return {"em_px": self.em_px, **self.fields}


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _transform(op: type[Op]) -> type[OpTransform]:
    what = "moves points" if issubclass(op, GeometricOp) else "leaves points where they are"
    doc = f"{op.__doc__}\n\nThe op ``{op.name}``, which {what}; fields: {', '.join(op.model_fields)}."
    name = _class_name(op.name)
    return cast("type[OpTransform]", type(name, (OpTransform,), {"op": op, "__doc__": doc, "__module__": __name__}))


_BY_NAME = {_class_name(name): name for name in OPS}

__all__ = ["Degrade", *_BY_NAME]  # noqa: PLE0604 - the registry knows the names


def __getattr__(name: str) -> Any:
    """Make the transform of an op on first use."""
    if name not in _BY_NAME:
        raise AttributeError(f"module 'ocrsynth.albumentations' has no attribute {name!r}")
    globals()[name] = made = _transform(OPS.get(_BY_NAME[name], name))
    return made


def __dir__() -> list[str]:
    """List the transforms."""
    return sorted(__all__)
