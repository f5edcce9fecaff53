"""Transforms of albumentations as links of a chain: by name, validated, seeded by ocrsynth, with labels that follow.

What a transform does to the plane is read off a picture of coordinates that it is given to warp: so labels follow the
very map of the pixels, the warp fuses with its neighbours, and the canvas grows instead of clipping.
"""

from __future__ import annotations

import inspect
import json
import os
import warnings
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

import cv2
import numpy as np
from pydantic import Field, JsonValue

from ocrsynth.degrade.base import CurvedOp, Op
from ocrsynth.degrade.measured_map import MeasuredMap, measured
from ocrsynth.errors import MissingDependencyError, RecipeError, Rejected, SampleError, suggest
from ocrsynth.fields import validate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ocrsynth.degrade.base import Params, Phase
    from ocrsynth.records import Frame
    from ocrsynth.seeding import Stream

NAME = "albumentations"
_PROBE_SHAPE = (40, 200)
_UNTRUE = ("mirrors", "turns over")
"""What no draw of a transform may do."""
_PROBES = 4
_DRAWS = 8


class _Borrowed(Op):
    """A transform of albumentations."""

    name: ClassVar[str] = NAME
    phase: ClassVar[Phase] = "capture"
    VERSION: ClassVar[int] = 1
    EXAMPLE: ClassVar[dict[str, Any]] = {"transform": "GaussianBlur", "arguments": {"sigma_limit": [0.3, 1.2]}}
    SEVERITIES: ClassVar[tuple[dict[str, Any], ...]] = ()

    transform: str
    """Name of the class in albumentations."""
    arguments: dict[str, JsonValue] = Field(default_factory=dict)
    """Its keyword arguments; the probability is the chain's ``p``."""

    @property
    def key(self) -> str:
        """Return the arguments as text, the same for equal ones."""
        return json.dumps(self.arguments, sort_keys=True)


class BorrowedFilter(_Borrowed):
    """A transform of albumentations that changes pixels where they stand."""

    def sample(self, stream: Stream, frame: Frame) -> Params:  # noqa: ARG002 - the transform looks at the picture itself
        """Return the transform's name and ``seed``."""
        return {"transform": self.transform, "seed": stream.word()}

    def apply(self, image: NDArray[np.uint8], *, transform: str, seed: int) -> NDArray[np.uint8]:
        """Return *image* transformed; one that needs colours gets a grey picture in three channels, and gives grey back.

        Raises SampleError if the library fails.
        """
        made = _made(self.transform, self.key)
        grey = image.ndim == 2
        given: Any = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if grey and made.wants_colour else image.copy()
        try:
            out = _run(made.transform, given, seed, quiet=made.warns)
        except Exception as error:
            # Its own errors name neither the transform nor the picture, and some draws meet faults that others do not.
            fault = f"{type(error).__name__}: {error}"
            raise SampleError(
                f"{NAME}: {transform} fails on a picture {given.shape} with seed {seed}, {fault}; leave it out"
            ) from error
        if grey and out.ndim == 3:
            out = cv2.cvtColor(out, cv2.COLOR_RGB2GRAY) if out.shape[2] == 3 else out[..., 0]
        return np.ascontiguousarray(out)


class BorrowedWarp(_Borrowed, CurvedOp):
    """A transform of albumentations that moves points.

    Shares of the picture's size that it takes are of a picture with a margin around it, as high as the line or more.
    """

    def sample(self, stream: Stream, frame: Frame) -> Params:
        """Return the transform's name and a ``seed`` under which nothing folds; raises Rejected if eight in a row do."""
        for _ in range(_DRAWS):
            seed = stream.word()
            if _field(self.transform, self.key, seed, frame.height, frame.width) is not None:
                return {"transform": self.transform, "seed": seed}
        raise Rejected("warp_folds", f"{self.transform} folds or cuts the picture")

    def pull(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        transform: str,  # noqa: ARG002 - for the record
        seed: int,
    ) -> NDArray[np.float64]:
        """Return where *points* of the new picture come from."""
        return cast("MeasuredMap", _field(self.transform, self.key, seed, height, width)).pull(points)

    def push(
        self,
        points: NDArray[np.float64],
        height: int,
        width: int,
        *,
        transform: str,  # noqa: ARG002 - for the record
        seed: int,
    ) -> NDArray[np.float64]:
        """Return where *points* of the old picture go."""
        return cast("MeasuredMap", _field(self.transform, self.key, seed, height, width)).push(points)


class _Made(NamedTuple):
    """A transform ready to run."""

    transform: Any
    wants_colour: bool
    warns: bool
    moves: bool


def from_entry(arguments: Any, where: str) -> Op:
    """Return the op of a recipe's ``albumentations: {transform: …, arguments: {…}}``; raises RecipeError.

    Raises MissingDependencyError if albumentations is not installed.
    """
    op = validate(BorrowedFilter, arguments, where)
    cls = _class_of(op.transform, f"{where}.transform")
    known = [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "p", "always_apply")]
    for key in op.arguments:
        if key == "p":
            raise RecipeError(f"{where}.arguments: 'p' belongs to the entry itself; write it beside 'transform'")
        if key not in known:
            raise RecipeError(f"{where}.arguments: unknown key {key!r}; {suggest(key, known)}")
    try:
        made = _made(op.transform, op.key)
    except (ValueError, TypeError, KeyError, NotImplementedError, AttributeError, cv2.error) as error:
        text = " ".join(line.strip() for line in str(error).splitlines()[:3]) or type(error).__name__
        raise RecipeError(
            f"{where}: {op.transform} does not take a picture and these arguments, got {op.arguments!r}; "
            f"albumentations says: {text}"
        ) from None
    if not made.moves:
        return op
    height, width = _PROBE_SHAPE
    warp = BorrowedWarp(transform=op.transform, arguments=op.arguments)
    faults = [_fault(made.transform, seed, height, width) for seed in range(_PROBES)]
    if untrue := next((fault for fault in faults if fault in _UNTRUE), None):
        raise RecipeError(f"{where}.transform: {op.transform} {untrue} letters, and the label would be wrong; leave it out")
    if all(faults):
        raise RecipeError(f"{where}.transform: {op.transform} {faults[0]} the line, and the label would be wrong; leave it out")
    return warp


def _library() -> Any:
    # At import albumentations asks the network for a newer version unless this is set.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    try:
        import albumentations
    except ImportError:
        raise MissingDependencyError(
            "degrade: transforms of albumentations need the package, which is not installed; "
            "run: pip install 'ocrsynth[albumentations]'"
        ) from None
    return albumentations


def versions() -> dict[str, str]:
    """Return the versions on which pixels of borrowed transforms depend."""
    from importlib.metadata import version

    return {name: version(name) for name in ("albumentations", "albucore")}


def _class_of(name: str, where: str) -> Any:
    library = _library()
    bases = (library.ImageOnlyTransform, library.DualTransform, library.Transform3D)

    def is_transform(found: Any) -> bool:
        return isinstance(found, type) and issubclass(found, bases[:2]) and found not in bases

    if not is_transform(found := getattr(library, name, None)):
        names = [n for n in dir(library) if is_transform(getattr(library, n))]
        raise RecipeError(f"{where}: albumentations has no such transform, got {name!r}; {suggest(name, names)}")
    return found


def _build(name: str, arguments: str, **changes: Any) -> Any:
    cls = _class_of(name, NAME)
    signature = inspect.signature(cls.__init__).parameters
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in json.loads(arguments).items()}
    given |= {key: value for key, value in changes.items() if key in signature}
    with warnings.catch_warnings():
        # Advice on which class to take instead.
        warnings.simplefilter("ignore")
        return cls(**given, p=1.0)


def _run(transform: Any, image: NDArray[Any], seed: int, *, quiet: bool = False) -> NDArray[Any]:
    transform.set_random_seed(seed)
    if not quiet:
        return cast("NDArray[Any]", transform(image=image)["image"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cast("NDArray[Any]", transform(image=image)["image"])


@lru_cache(maxsize=256)
def _made(name: str, arguments: str) -> _Made:
    """Return a transform after trying it out; raises what albumentations raises."""
    transform = _build(name, arguments)
    if _moves(transform):
        # Only its map is used: linear, and with nothing around the picture.
        warp = _build(
            name,
            arguments,
            interpolation=cv2.INTER_LINEAR,
            border_mode=cv2.BORDER_CONSTANT,
            fill=0,
            area_for_downscale=None,
        )
        return _Made(warp, wants_colour=False, warns=False, moves=True)
    grey = np.random.default_rng(1).integers(0, 256, _PROBE_SHAPE, np.uint8)
    colour = np.repeat(grey[..., None], 3, axis=2)
    wants_colour, warns = False, False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for seed in range(_DRAWS):
                transform.set_random_seed(seed)
                out = transform(image=grey.copy())["image"]
    except (ValueError, TypeError, NotImplementedError, UserWarning, cv2.error):
        wants_colour = True
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for seed in range(_DRAWS):
                transform.set_random_seed(seed)
                out = transform(image=colour.copy())["image"]
        warns = bool(caught)
    if not isinstance(out, np.ndarray) or out.dtype != np.uint8 or out.shape[:2] != grey.shape:
        raise ValueError("it gives no 8-bit picture of the same size")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        transform(image=colour)
    return _Made(transform, wants_colour, warns or bool(caught), moves=False)


def _moves(transform: Any) -> bool:
    """Tell whether a transform moves points; raises what albumentations raises."""
    library = _library()
    if not isinstance(transform, library.DualTransform):
        return False
    keypoints = np.array([(x, y) for x in (30.0, 77.0, 150.0) for y in (9.0, 21.0, 31.0)], np.float32)
    image = np.full(_PROBE_SHAPE, 200, np.uint8)
    image[10:30, 20:180:7] = 0
    for seed in range(_PROBES):
        params = library.KeypointParams("xy", label_fields=["number"], remove_invisible=False)
        compose = library.Compose([transform], keypoint_params=params, seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = compose(image=image, keypoints=keypoints, number=np.arange(len(keypoints)))
        if found["image"].shape != image.shape:
            return True
        # Those that cut holes leave out the points inside.
        stayed = keypoints[np.asarray(found["number"], np.intp)]
        if len(stayed) and np.abs(np.asarray(found["keypoints"]).reshape(-1, 2) - stayed).max() > 1e-3:
            return True
    return False


@lru_cache(maxsize=64)
def _field(name: str, arguments: str, seed: int, height: int, width: int) -> MeasuredMap | None:
    """Return the map of a draw on a picture of this size, or None if it is none that labels can follow."""
    found = measured(partial(_run, _made(name, arguments).transform, seed=seed, quiet=True), height, width)
    return found if isinstance(found, MeasuredMap) else None


def _fault(transform: Any, seed: int, height: int, width: int) -> str:
    found = measured(partial(_run, transform, seed=seed, quiet=True), height, width)
    return "" if isinstance(found, MeasuredMap) else found
