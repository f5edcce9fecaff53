"""Text sources, one a file; each registers itself."""
