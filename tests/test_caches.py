"""No cache grows for ever: one that is keyed by a size or a text once took 12 GB in another tool."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import _lru_cache_wrapper

import ocrsynth

_OF_THE_PROGRAM = {"ocrsynth.descriptions.meanings"}
"""Keyed by what the program itself is made of, its classes, which are as many as there are."""
_MOST = 32_768


def _caches() -> dict[str, _lru_cache_wrapper[object]]:
    found: dict[str, _lru_cache_wrapper[object]] = {}
    for module in pkgutil.walk_packages(ocrsynth.__path__, "ocrsynth."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        holders = [loaded, *(c for _, c in inspect.getmembers(loaded, inspect.isclass) if c.__module__ == loaded.__name__)]
        for holder in holders:
            for value in vars(holder).values():
                cache = getattr(value, "__func__", value)
                if isinstance(cache, _lru_cache_wrapper) and cache.__module__ == loaded.__name__:
                    found[f"{cache.__module__}.{cache.__qualname__}"] = cache
    return found


def test_caches_are_found() -> None:
    assert {"ocrsynth.fonts.faces.open_instance", "ocrsynth.descriptions.meanings"} <= _caches().keys()


def test_every_cache_is_bounded() -> None:
    unbounded = {
        name
        for name, cache in _caches().items()
        if cache.cache_parameters()["maxsize"] is None and inspect.signature(cache).parameters
    }
    assert unbounded == _OF_THE_PROGRAM
    sizes = {name: cache.cache_parameters()["maxsize"] for name, cache in _caches().items()}
    assert {name: size for name, size in sizes.items() if size is not None and size > _MOST} == {}
