"""``python -m ocrsynth``."""

from ocrsynth.cli import main

main()
