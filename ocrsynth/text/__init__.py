"""Stage 1: alphabet and sources → `TextLine`, a string without pixels."""
