"""Data set formats, one a file; each registers itself."""
