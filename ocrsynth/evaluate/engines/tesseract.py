"""Tesseract, through tesserocr, or through its command line where that is not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from ocrsynth import codec
from ocrsynth.errors import AssetError, MissingDependencyError, RecipeError
from ocrsynth.evaluate.engine import ENGINES, Engine, Recognition, Unanswered, options_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

_LAST_PSM = 13
"""Of Tesseract's ways to take a page apart."""
_MODELS = {
    "am": "amh", "ar": "ara", "as": "asm", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bo": "bod", "bs": "bos",
    "ca": "cat", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "dv": "div", "dz": "dzo", "el": "ell", "en": "eng",
    "eo": "epo", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fo": "fao", "fr": "fra", "fy": "fry",
    "ga": "gle", "gd": "gla", "gl": "glg", "grc": "grc", "gu": "guj", "he": "heb", "hi": "hin", "hr": "hrv", "ht": "hat",
    "hu": "hun", "hy": "hye", "id": "ind", "is": "isl", "it": "ita", "ja": "jpn", "jv": "jav", "ka": "kat", "kk": "kaz",
    "km": "khm",
    "kn": "kan", "ko": "kor", "ky": "kir", "la": "lat", "lb": "ltz", "lo": "lao", "lt": "lit", "lv": "lav", "mi": "mri",
    "mk": "mkd", "ml": "mal", "mn": "mon", "mr": "mar", "ms": "msa", "mt": "mlt", "my": "mya", "ne": "nep", "nl": "nld",
    "no": "nor", "nb": "nor", "oc": "oci", "or": "ori", "pa": "pan", "pl": "pol", "ps": "pus", "pt": "por", "qu": "que",
    "ro": "ron", "ru": "rus", "sa": "san", "sd": "snd", "si": "sin", "sk": "slk", "sl": "slv", "sq": "sqi", "sr": "srp",
    "su": "sun", "sv": "swe", "sw": "swa", "ta": "tam", "te": "tel", "tg": "tgk", "th": "tha", "ti": "tir", "tl": "tgl",
    "to": "ton", "tr": "tur", "tt": "tat", "ug": "uig", "uk": "ukr", "ur": "urd", "uz": "uzb", "vi": "vie", "yi": "yid",
    "yo": "yor",
}  # fmt: skip
"""Tesseract's model by language."""
_BY_ID = {
    "de_Latf": "Fraktur",
    "zh_Hans": "chi_sim",
    "zh_Hant": "chi_tra",
    "sr_Latn": "srp_latn",
    "az_Cyrl": "aze_cyrl",
    "uz_Cyrl": "uzb_cyrl",
}
_FOLDERS = ("/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata")
_TIMEOUT_S = 60


def model_for(language: str) -> str:
    """Return Tesseract's name of the model of an alphabet's id or a language tag; raises RecipeError if there is none."""
    alphabet = language.replace("-", "_")
    tag = alphabet.partition("_")[0]
    found = _BY_ID.get(alphabet) or _MODELS.get(tag)
    if found is None:
        raise RecipeError(f"engine 'tesseract': no model is known for language {language!r}; name one: tesseract:lang=…")
    return found


def _data_folder(given: str, model: str) -> Path:
    places = [given] if given else [os.environ.get("TESSDATA_PREFIX", ""), *_FOLDERS]
    names = model.split("+")
    for place in filter(None, places):
        if all((Path(place) / f"{name}.traineddata").is_file() for name in names):
            return Path(place)
    raise AssetError(
        f"engine 'tesseract': no model {model!r} in {', '.join(filter(None, places))}; "
        f"install it (Debian: tesseract-ocr-{names[0].replace('_', '-')}) or give tesseract:data=FOLDER"
    )


@ENGINES.register
class Tesseract(Engine):
    """Options: ``lang`` (a model, by default that of the language), ``psm`` (7: one line), ``data`` (folder of models)."""

    name = "tesseract"
    requires = ("tesserocr",)
    extra = "tesseract"

    def __init__(self, model: str, psm: int, data: Path) -> None:
        self.model, self.psm, self.data = model, psm, data
        self._api: Any = None
        try:
            import tesserocr
        except ImportError:
            program = shutil.which("tesseract")
            if program is None:
                raise MissingDependencyError(
                    "engine 'tesseract': neither package tesserocr nor the program tesseract is installed; "
                    "run: pip install 'ocrsynth[tesseract]'"
                ) from None
            self._program = program
        else:
            self._tesserocr: Any = tesserocr
            self._api = tesserocr.PyTessBaseAPI(path=str(data), lang=model, psm=psm)

    @classmethod
    def missing(cls) -> str | None:
        """Return what is missing: the program will do as well."""
        return None if shutil.which("tesseract") else super().missing()

    @classmethod
    def from_spec(cls, arguments: str, language: str) -> Engine:
        """Return the engine; see the class for its options."""
        options = options_of(arguments, f"tesseract:{arguments}", lang="", psm=7, data="")
        if not 0 <= options["psm"] <= _LAST_PSM:
            raise RecipeError(
                f"engine 'tesseract:{arguments}': psm must be from 0 to {_LAST_PSM}, got {options['psm']}; 7 is one line"
            )
        model = options["lang"] or model_for(language)
        return cls(model, options["psm"], _data_folder(options["data"], model))

    def versions(self) -> dict[str, str]:
        """Return Tesseract's version, and the size of the model, by which its kinds are told apart."""
        models = {f"model {m}": f"{(self.data / f'{m}.traineddata').stat().st_size} bytes" for m in self.model.split("+")}
        if self._api is not None:
            first = str(self._tesserocr.tesseract_version()).split("\n", 1)[0].replace("tesseract ", "")
            return {"tesseract": first, "tesserocr": str(self._tesserocr.__version__), **models}
        out = subprocess.run([self._program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
        return {"tesseract": out.split()[1], **models}

    def read(self, images: Sequence[NDArray[np.uint8]]) -> Sequence[str | Recognition | None]:
        """Return readings, with Tesseract's mean confidence."""
        one = self._by_library if self._api is not None else self._by_program
        return [one(image) for image in images]

    def _by_library(self, image: NDArray[np.uint8]) -> Recognition:
        grey: Any = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image
        height, width = grey.shape
        self._api.SetImageBytes(grey.tobytes(), width, height, 1, width)
        text = self._api.GetUTF8Text().rstrip("\n").replace("\n", " ")
        return Recognition(text, self._api.MeanTextConf() / 100)

    def _by_program(self, image: NDArray[np.uint8]) -> str:
        command = [self._program, "stdin", "stdout", "--psm", str(self.psm), "-l", self.model, "--tessdata-dir", str(self.data)]
        try:
            done = subprocess.run(command, input=codec.encode_png(image), capture_output=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603
        except subprocess.TimeoutExpired:
            raise Unanswered("timeout") from None
        if done.returncode:
            raise Unanswered("crash", done.stderr.decode(errors="replace")[-200:])
        return done.stdout.decode(errors="replace").rstrip("\n\f").replace("\n", " ")

    def close(self) -> None:
        """Free the model."""
        if self._api is not None:
            self._api.End()
            self._api = None
