"""Engines, one file each; a file dropped in here is registered."""
