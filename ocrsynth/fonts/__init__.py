"""Fonts: the catalogue, faces with HarfBuzz objects in bounded caches, and drawing a font for a line."""
