"""RapidOCR: PaddleOCR's recogniser on ONNX Runtime, with the model that its wheel carries."""

from __future__ import annotations

import logging
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ocrsynth.errors import AssetError
from ocrsynth.evaluate.engine import ENGINES, Engine, Recognition, options_of
from ocrsynth.evaluate.extra import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@ENGINES.register
class RapidOcr(Engine):
    """Options: ``model`` (path of a recognition model in ONNX, by default the wheel's), ``keys`` (path of its characters)."""

    name = "rapidocr"
    requires = ("rapidocr", "onnxruntime")
    extra = "rapidocr"
    BATCH = 6

    def __init__(self, model: str, keys: str) -> None:
        needed("onnxruntime", "engine 'rapidocr'", "rapidocr")
        package = needed("rapidocr", "engine 'rapidocr'", "rapidocr")
        for option, path in (("model", model), ("keys", keys)):
            if path and not Path(path).is_file():
                raise AssetError(f"engine 'rapidocr': {option} must be a file, got {path!r}; check the path")
        logging.getLogger("RapidOCR").setLevel(logging.WARNING)
        params: dict[str, Any] = {
            "Global.use_det": False,
            "Global.use_cls": False,
            "Global.log_level": "warning",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
        if model:
            params["Rec.model_path"] = model
        if keys:
            params["Rec.rec_keys_path"] = keys
        self.model = model
        self._engine: Any = package.RapidOCR(params=params)
        # There is no public way to its characters; without them only the restricted figures are missing.
        load = getattr(self._engine, "_load_rec_model", None)
        characters = getattr(getattr(load() if load else None, "postprocess_op", None), "character", None)
        if characters:
            self.charset = frozenset("".join(c for c in characters if c != "blank")) | {" "}

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine; the wheel's model reads Chinese, Japanese and Latin letters, whatever the language."""
        del language
        options = options_of(arguments, f"rapidocr:{arguments}", model="", keys="")
        return cls(options["model"], options["keys"])

    def versions(self) -> dict[str, str]:
        """Return the packages' versions and the model."""
        return {
            "rapidocr": version("rapidocr"),
            "onnxruntime": version("onnxruntime"),
            "model": Path(self.model).name if self.model else "the wheel's",
        }

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Return readings with their scores."""
        found: list[str | Recognition | None] = []
        for image in images:
            bgr: Any = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR if image.ndim == 2 else cv2.COLOR_RGB2BGR)
            out = self._engine(np.ascontiguousarray(bgr), use_det=False, use_cls=False, use_rec=True)
            texts, scores = out.txts, out.scores
            found.append(Recognition(texts[0], float(scores[0])) if texts else Recognition("", None))
        return found
