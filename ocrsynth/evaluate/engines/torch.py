"""A PyTorch module with a `Charset`: CTC recognisers as they come out of training."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ocrsynth.charset import Charset
from ocrsynth.errors import AssetError, RecipeError
from ocrsynth.evaluate.engine import ENGINES, Engine, Recognition, options_of
from ocrsynth.evaluate.engines.python import files_of, object_at
from ocrsynth.evaluate.extra import needed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray


@ENGINES.register
class Torch(Engine):
    """Options: ``module`` or ``program``, ``weights``, ``charset``, ``height`` (32), ``stride`` (4).

    ``module`` is ``package.module:object``, an nn.Module or a function that makes one of the number of classes; ``program`` a
    .pt2 file of torch.export; ``weights`` a state dict for the module; ``charset`` a file of `Charset.save`.
    The module takes float32 (B, 1, height, W), paper at 1, and gives scores (B, T, classes), as `make_loader` feeds and
    `Charset` counts them; blank is class 0.
    """

    name = "torch"
    requires = ("torch",)
    extra = "torch"

    def __init__(self, module: Any, charset: Charset, *, height: int = 32, stride: int = 4, label: str = "module") -> None:
        self._torch = needed("torch", "engine 'torch'", "torch")
        self._torch.set_num_threads(1)
        self.module = module.eval() if hasattr(module, "eval") else module
        self.symbols = charset
        self.height, self.stride, self.label = height, stride, label
        self.charset = frozenset("".join(charset.symbols))

    @classmethod
    def files(cls, arguments: str) -> list[Path]:
        """Return the files of module, program, weights and charset."""
        options = dict(part.partition("=")[::2] for part in arguments.split(","))
        named = [Path(options[key]) for key in ("program", "weights", "charset") if options.get(key)]
        return [*named, *files_of(options.get("module", ""))]

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine; see the class for its options."""
        del language
        spec = f"torch:{arguments}"
        options = options_of(arguments, spec, module="", program="", weights="", charset="", height=32, stride=4)
        if not options["charset"] or bool(options["module"]) == bool(options["program"]):
            raise RecipeError(
                f"engine {spec!r}: needs charset=FILE and either module=package.module:object or program=FILE.pt2"
            )
        for key in ("height", "stride"):
            if options[key] < 1:
                raise RecipeError(f"engine {spec!r}: {key} must be 1 or more, got {options[key]!r}")
        torch = needed("torch", "engine 'torch'", "torch")
        charset = Charset.load(options["charset"])
        if options["program"]:
            with _readable(options["program"]):
                module = torch.export.load(options["program"]).module()
            return cls(_Exported(module), charset, height=options["height"], stride=options["stride"], label=options["program"])
        module = object_at(options["module"], spec)
        if not isinstance(module, torch.nn.Module):
            module = module(len(charset))
        if options["weights"]:
            with _readable(options["weights"]):
                module.load_state_dict(_weights(torch, options["weights"]))
        return cls(module, charset, height=options["height"], stride=options["stride"], label=options["module"])

    def versions(self) -> dict[str, str]:
        """Return PyTorch's version and the module."""
        return {"torch": version("torch"), "module": self.label}

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Return the best paths, each line in its own width, with the mean probability along it."""
        torch = self._torch
        found: list[str | Recognition | None] = []
        with torch.no_grad():
            for image in images:
                grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
                width = max(round(grey.shape[1] * self.height / grey.shape[0]), 1)
                how = cv2.INTER_AREA if grey.shape[0] > self.height else cv2.INTER_LINEAR
                small = cv2.resize(grey, (width, self.height), interpolation=how)
                steps = -(-width // self.stride)
                padded = np.full((self.height, steps * self.stride), 255, np.uint8)
                padded[:, :width] = small
                given = self.module(torch.from_numpy(padded.astype(np.float32) / 255)[None, None])
                best = self._checked(given)[0].softmax(-1).max(-1)
                text = self.symbols.decode_ctc(best.indices[:steps].tolist())
                found.append(Recognition(text, float(best.values[:steps].mean())))
        return found

    def _checked(self, scores: Any) -> Any:
        """Return the module's scores; raises RecipeError for what is none of the charset's (1, T, classes)."""
        shape = tuple(getattr(scores, "shape", ()))
        if len(shape) != 3 or shape[0] != 1 or shape[2] != len(self.symbols):
            got = shape or type(scores).__name__
            raise RecipeError(
                f"engine 'torch': {self.label} must give scores (1, T, {len(self.symbols)}) for one picture, got {got}; "
                "take the charset it was trained with, and put the batch first"
            )
        return scores


class _Exported:
    """An exported program, which has no `eval`."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __call__(self, batch: Any) -> Any:
        return self._module(batch)


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Tell in one line what PyTorch cannot read or use; its own messages run over many."""
    try:
        yield
    except OSError as error:
        raise AssetError(f"{path}: cannot be read, {error.strerror or error}") from None
    except Exception as error:  # noqa: BLE001 - of unpickling, zip files and state dicts, anything
        text = " ".join(str(error).split())[:200]
        raise AssetError(f"{path}: cannot be used, {type(error).__name__}: {text}; give what the module was saved as") from None


def _weights(torch: Any, path: str) -> dict[str, Any]:
    saved = torch.load(Path(path), weights_only=True, map_location="cpu")
    # A checkpoint holds the state dict beside other things.
    state: dict[str, Any] = saved["model"] if isinstance(saved, dict) and "model" in saved else saved
    return state
