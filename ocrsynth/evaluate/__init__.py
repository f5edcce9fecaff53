"""How robust an OCR engine is: the same lines under every degradation of a frozen suite, read, scored and reported."""

from ocrsynth.evaluate.compare import compare
from ocrsynth.evaluate.engine import ENGINES, Engine, Recognition
from ocrsynth.evaluate.run import conditions_of, evaluate, freeze_suite, read_result
from ocrsynth.evaluate.settings import Settings

__all__ = [
    "ENGINES",
    "Engine",
    "Recognition",
    "Settings",
    "compare",
    "conditions_of",
    "evaluate",
    "freeze_suite",
    "read_result",
]
