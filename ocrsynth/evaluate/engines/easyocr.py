"""EasyOCR, with models that are on the disk already."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from ocrsynth.errors import AssetError
from ocrsynth.evaluate.engine import ENGINES, Engine, Recognition, options_of
from ocrsynth.evaluate.extra import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_BY_ID = {"zh_Hans": "ch_sim", "zh_Hant": "ch_tra", "sr_Cyrl": "rs_cyrillic", "sr_Latn": "rs_latin"}


@ENGINES.register
class EasyOcr(Engine):
    """Options: ``lang`` (EasyOCR's codes with ``+`` between, by default the language), ``models`` (folder of its models).

    It never downloads: without models in the folder it is refused.
    """

    name = "easyocr"
    requires = ("easyocr",)
    extra = "easyocr"

    def __init__(self, languages: list[str], models: str) -> None:
        package = needed("easyocr", "engine 'easyocr'", "easyocr")
        folder = Path(models).expanduser()
        if not folder.is_dir() or not any(folder.glob("*.pth")):
            raise AssetError(
                f"engine 'easyocr': no models in {folder}; put EasyOCR's .pth files there, or give easyocr:models=FOLDER"
            )
        import torch

        torch.set_num_threads(1)
        try:
            self._reader: Any = package.Reader(
                languages, gpu=False, model_storage_directory=str(folder), download_enabled=False, detector=False, verbose=False
            )
        except (FileNotFoundError, ValueError) as error:
            raise AssetError(f"engine 'easyocr': cannot read {'+'.join(languages)} with {folder}, {error}") from None
        self.languages = languages
        self.charset = frozenset(self._reader.lang_char)

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine; see the class for its options."""
        options = options_of(arguments, f"easyocr:{arguments}", lang="", models="~/.EasyOCR/model")
        own = _BY_ID.get(language.replace("-", "_"), language.replace("-", "_").partition("_")[0])
        return cls((options["lang"] or own).split("+"), options["models"])

    def versions(self) -> dict[str, str]:
        """Return the packages' versions and the languages."""
        return {"easyocr": version("easyocr"), "torch": version("torch"), "languages": "+".join(self.languages)}

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Return readings with their confidences."""
        found: list[str | Recognition | None] = []
        for image in images:
            grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
            height, width = grey.shape
            parts = self._reader.recognize(grey, horizontal_list=[[0, width, 0, height]], free_list=[])
            found.append(Recognition(parts[0][1], float(parts[0][2])) if parts else Recognition(""))
        return found
