"""Plug-ins for ocrsynth, one file each."""
