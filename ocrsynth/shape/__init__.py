"""Stage 2: text and font → `ShapedLine`, whose label is proved."""
