"""Recipes: every fault is named by its path, every key counts, and a lock holds an installation to its word."""

from __future__ import annotations

import json
import pickle
import re
from datetime import date
from functools import reduce
from importlib.metadata import distributions, requires, version
from operator import getitem
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest
import yaml
from keys import CHANGES
from PIL import Image

from ocrsynth import Recipe, make_sample
from ocrsynth.degrade.base import OPS
from ocrsynth.degrade.presets import preset_names
from ocrsynth.errors import AssetError, ExitCode, OcrsynthError, RecipeError
from ocrsynth.fields import Range, Section
from ocrsynth.pipeline import Pipeline
from ocrsynth.recipe import SECTIONS, fingerprint
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.base import SOURCES
from ocrsynth.text.mixture import TextMixture
from ocrsynth.write.base import FORMATS

_OPS = ", ".join(sorted(OPS))
_NAN = float("nan")
_TAG = "give a BCP 47 tag such as 'en' or an id such as 'en_Latn'; ocrsynth languages lists them"
_FORMATS = ", ".join(sorted(FORMATS))


def _refused(data: dict[str, Any], text: str) -> None:
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$") as caught:
        Recipe.from_dict(data)
    assert caught.value.exit_code == ExitCode.RECIPE


def _english(**keys: Any) -> dict[str, Any]:
    return {"language": "en", **keys}


_KEYS = "degrade, fonts, language, legibility, output, render, seed, styles, text"
_MAX = 2**63 - 1
_YAML_TEXT = "{}: must be a {}, got '{}'; YAML takes that for text, write {}"
_SEED = f"seed: must be a whole number from 0 to {_MAX}, got "
_FAULTS: list[tuple[dict[str, Any], str]] = [
    # Keys.
    ({"lang": "en"}, f"lang: unknown key in a recipe, got 'lang'; did you mean 'language'? (known: {_KEYS})"),
    (_english(zzz=1), f"zzz: unknown key in a recipe, got 'zzz'; known: {_KEYS}"),
    (
        _english(render={"hight_px": 48}),
        (
            "render: unknown key 'hight_px'; did you mean 'height_px'? (known: alignment, "
            "background_share, backgrounds, bend_em, "
            "bent, clip_share, color, coloured_ink, coloured_paper, contrast_grey, decoration, height_px, ink, jitter_em, "
            "jittered, light_on_dark, line_pitch_em, lines, looseness, margin_em, max_width_px, min_width_px, paper, "
            "paper_grey, side_margin_em, "
            "texture_grey, vertical)"
        ),
    ),
    (
        _english(text={"case": {"uper": 1}}),
        "text.case: unknown key 'uper'; did you mean 'upper'? (known: asis, mixed, sentence, title, upper)",
    ),
    # Languages and seeds.
    ({}, "language: must name a language, got None; write for example 'language: en'"),
    ({"language": False}, "language: must name a language, got False; put no in quotes, for YAML takes it for false"),
    ({"language": 5}, "language: must name a language, got 5; write for example 'language: en'"),
    (
        {"language": "xx"},
        f"language: no alphabet for 'xx'; {_TAG}",
    ),
    ({"language": "en_Latm"}, "language: no alphabet for 'en_Latm'; did you mean 'en_Latn'?"),
    (
        {"language": "not a tag"},
        f"language: no alphabet for 'not a tag'; {_TAG}",
    ),
    ({"language": "../en_Latn"}, "language: no alphabet for '../en_Latn'; did you mean 'en_Latn'?"),
    (_english(seed=-1), f"{_SEED}-1; take any such number"),
    (_english(seed=_MAX + 1), f"{_SEED}{_MAX + 1}; take any such number"),
    (_english(seed=True), f"{_SEED}True; take any such number"),
    (_english(seed="7"), f"{_SEED}'7'; take the quotes away"),
    (_english(seed=7.0), f"{_SEED}7.0; take any such number"),
    (_english(seed=None), f"{_SEED}None; take any such number"),
    # Ranges.
    (
        _english(render={"paper_grey": [250, 175]}),
        "render.paper_grey: range is reversed, got [250, 175]; write it as [175, 250]",
    ),
    (
        _english(render={"paper_grey": 200}),
        "render.paper_grey: must be a range [low, high] of two numbers, got 200; write it as [200, 200]",
    ),
    (_english(render={"margin_em": [0, 1]}), "render.margin_em: must lie within [0.02, 4], got [0, 1]"),
    (
        _english(render={"margin_em": [0.1, _NAN]}),
        "render.margin_em: must be a range [low, high] of two finite numbers, got [0.1, nan]",
    ),
    (
        _english(render={"paper": {"plain": 1, "krft": 1}}),
        (
            "render.paper: unknown key 'krft'; did you mean 'kraft'? "
            "(known: clutter, gradient, guilloche, kraft, laid, newsprint, plain, recycled, squared, thermal)"
        ),
    ),
    *(
        (data, f"{path}: must be text, got False; put no in quotes, for YAML takes it for false")
        for data, path in (
            (_english(text={"foreign": {"languages": ["de", False]}}), "text.foreign.languages[1]"),
            (_english(text={"loanwords": {"languages": [False]}}), "text.loanwords.languages[0]"),
            (_english(text={"sources": [{"foreign": {"languages": [False]}}]}), "text.sources[0].foreign.languages[0]"),
            (_english(text={"sources": [{"pattern": {"locale": False}}]}), "text.sources[0].pattern.locale"),
        )
    ),
    (
        _english(text={"foreign": {"languages": False}}),
        "text.foreign.languages: must be a list, got False; write ['no'], for YAML takes no for false",
    ),
    (_english(text={"foreign": {"languages": [True]}}), "text.foreign.languages[0]: must be text, got True; put it in quotes"),
    (
        _english(text={"sources": [{"corpus": {"file": True}}]}),
        "text.sources[0].corpus.file: must be text, got True; put it in quotes",
    ),
    (_english(fonts={"folders": True}), "fonts.folders: must be a list, got True; write [first, second]"),
    (_english(text={"foreign": {5: ["ru"]}}), "text.foreign: unknown key 5; known: languages, share"),
    (
        _english(render={"ink": {"lasr": 1}}),
        (
            "render.ink: unknown key 'lasr'; did you mean 'laser'? "
            "(known: ballpoint, inkjet, laser, offset, plain, screen, thermal, typewriter)"
        ),
    ),
    # Sections and values of wrong types.
    (_english(render=5), "render: must be a mapping of keys to values, got 5; write 'key: value' lines"),
    (_english(text=["words"]), "text: must be a mapping of keys to values, got ['words']; write 'key: value' lines"),
    (_english(render={"height_px": 4}), "render.height_px: must be at least 8, got 4; give a larger one"),
    (
        _english(render={"height_px": "big"}),
        "render.height_px: must be a whole number, got 'big'",
    ),
    (_english(render={"color": "red"}), "render.color: must be 'grey' or 'rgb', got 'red'; choose one of these"),
    (_english(fonts={"italic": 2}), "fonts.italic: must be at most 1, got 2; give a smaller one"),
    (_english(fonts={"sets": "default"}), "fonts.sets: must be a list, got 'default'; write [first, second]"),
    (
        _english(fonts={"features": {"smcp": 0.1}}),
        "fonts.features: 'smcp' shows small capitals, not the characters of the label, got {'smcp': 0.1}; leave it out",
    ),
    (
        _english(fonts={"classes": {"serif": 1, "seriff": 1}}),
        (
            "fonts.classes: unknown key 'seriff'; did you mean 'serif'? "
            "(known: condensed, display, hand, mono, other, sans, serif, slab, typewriter)"
        ),
    ),
    (_english(fonts={"classes": {"sans": "a"}}), "fonts.classes.sans: must be a number, got 'a'"),
    (_english(fonts={"features": {1: 0.1}}), "fonts.features.1: must be text, got 1; put it in quotes"),
    (_english(fonts={"families": ["Arimo", 12]}), "fonts.families[1]: must be text, got 12; put it in quotes"),
    (_english(fonts={"families": [True]}), "fonts.families[0]: must be text, got True; put it in quotes"),
    (
        _english(fonts={"families": [date(2020, 1, 2)]}),
        "fonts.families[0]: must be text, got datetime.date(2020, 1, 2); put it in quotes",
    ),
    (_english(fonts={"families": [None]}), "fonts.families[0]: must be text, got None"),
    (
        _english(text={"sources": [{"pattern": {"templates": ["x", 4.5]}}]}),
        "text.sources[0].pattern.templates[1]: must be text, got 4.5; put it in quotes",
    ),
    (
        _english(text={"sources": [{"pattern": {"templates": [{7: "x"}]}}]}),
        "text.sources[0].pattern.templates[0]: must be text, got {7: 'x'}",
    ),
    (_english(text={"sources": [{3: {}}]}), "text.sources[0].3: must be text, got 3; put it in quotes"),
    (_english(output={"split": {2024: 1}}), "output.split.2024: must be text, got 2024; put it in quotes"),
    (_english(legibility={"attempts": 0}), "legibility.attempts: must be at least 1, got 0; give a larger one"),
    (
        _english(legibility={"min_contrast_grey": _NAN}),
        "legibility.min_contrast_grey: must be a finite number, got nan",
    ),
    (
        _english(output={"image": "gif"}),
        "output.image: must be 'auto', 'png', 'jpeg', 'webp' or 'raw', got 'gif'; choose one of these",
    ),
    (_english(output={"format": "hdf5"}), f"output.format: unknown format 'hdf5'; known: {_FORMATS}"),
    (_english(output={"format": []}), "output.format: must be the name of a format, or a list of such, got []"),
    (_english(output={"format": ["lmdb", "lmdb"]}), "output.format: must not name a format twice, got ['lmdb', 'lmdb']"),
    (
        _english(output={"format": "lstmf", "image": "raw"}),
        "output.image: format 'lstmf' has no raw pictures, got 'npy'; known: jpg, png, webp",
    ),
    (
        _english(output={"format": "doctr", "boxes": "none"}),
        "output.boxes: format 'doctr' is about boxes, got 'none'; leave it out",
    ),
    (
        _english(output={"format": "paddle"}, text={"empty_share": 0.1}),
        (
            "text.empty_share: consumers of format 'paddle' drop empty labels, got 0.1; "
            "leave it out, or set output.unreadable to skip"
        ),
    ),
    (
        _english(output={"format": "web_dataset"}),
        "output.format: unknown format 'web_dataset'; did you mean 'webdataset'? (known: " + _FORMATS + ")",
    ),
    # Sources.
    (
        _english(text={"sources": []}),
        "text.sources: must name at least one source, got []; known: alphabet, corpus, foreign, ngram, pattern, words",
    ),
    (_english(text={"sources": 5}), "text.sources: must be a list, got 5; write [first, second]"),
    (_english(text={"sources": [5]}), "text.sources[0]: must be a mapping of keys to values, got 5; write 'key: value' pairs"),
    (
        _english(text={"sources": [{"words": {}}, {"wrds": {}}]}),
        (
            "text.sources[1]: unknown text source 'wrds'; did you mean 'words'? "
            "(known: alphabet, corpus, foreign, ngram, pattern, words)"
        ),
    ),
    (
        _english(text={"sources": [{"words": {}, "alphabet": {}}]}),
        "text.sources[0]: must be one 'name: {…}' pair, got {'words': {}, 'alphabet': {}}; start a new '-' for each source",
    ),
    (
        _english(text={"sources": [{"words": {"weight": 0}}]}),
        "text.sources[0].words.weight: must be a number above 0, got 0; leave it out for 1",
    ),
    # The chain.
    (
        _english(degrade="scna"),
        "degrade: unknown preset 'scna'; did you mean 'scan'? (known: " + ", ".join(preset_names()) + ")",
    ),
    (_english(degrade=5), "degrade: must be a list of ops or the name of a preset, got 5; write '- op: {…}' lines"),
    (_english(degrade=None), "degrade: must be a list of ops or the name of a preset, got None; write '- op: {…}' lines"),
    (_english(degrade=[5]), "degrade[0]: must be one 'op: {…}' pair, got 5; start a new '-' for each op"),
    (
        _english(degrade=[{"jpeg": {}, "rotation": {}}]),
        "degrade[0]: must be one 'op: {…}' pair, got {'jpeg': {}, 'rotation': {}}; start a new '-' for each op",
    ),
    (_english(degrade=[{"jpeg": 3}]), "degrade[0].jpeg: must be a mapping of keys to values, got 3; write 'key: value' pairs"),
    (
        _english(degrade=[{"jpeg": None}, {"defocus_blr": {}}]),
        f"degrade[1]: unknown degrade op 'defocus_blr'; did you mean 'defocus_blur'? (known: {_OPS})",
    ),
    (_english(degrade=[{"zzz": {}}]), f"degrade[0]: unknown degrade op 'zzz'; known: {_OPS}"),
    *(
        (
            _english(degrade=[{"jpeg": {"p": p}}]),
            f"degrade[0].jpeg.p: must be a probability from 0 to 1, got {p!r}; leave it out for 1",
        )
        for p in (1.5, -0.1, True, _NAN, "half", None)
    ),
    (
        _english(degrade=[{"rotation": {}}, {"jpeg": {"qualty": [5, 6]}}]),
        "degrade[1].jpeg: unknown key 'qualty'; did you mean 'quality'? (known: quality)",
    ),
    (
        _english(degrade=[{"jpeg": {"quality": 50}}]),
        "degrade[0].jpeg.quality: must be a range [low, high] of two numbers, got 50; write it as [50, 50]",
    ),
    (_english(degrade=[{"jpeg": {"quality": [0, 200]}}]), "degrade[0].jpeg.quality: must lie within [1, 100], got [0, 200]"),
]


@pytest.mark.parametrize("data", [None, [], "language: en"])
def test_what_is_no_mapping(data: Any) -> None:
    with pytest.raises(RecipeError, match=r"^recipe: must be a mapping of keys to values, got "):
        Recipe.from_dict(data)


def test_no_fonts_at_all() -> None:
    recipe = Recipe.for_language("en", preset="clean", fonts={"sets": [], "folders": []})
    with pytest.raises(AssetError, match=r"^fonts: neither a set nor a folder is named, got no fonts at all; name one"):
        Pipeline(recipe)


@pytest.mark.parametrize(("data", "text"), _FAULTS, ids=[text[:60] for _, text in _FAULTS])
def test_a_fault_is_named(data: dict[str, Any], text: str) -> None:
    _refused(data, text)


@pytest.mark.parametrize(("section", "key"), [("legibility", "attempts"), ("fonts", "italic"), ("output", "quality")])
def test_a_truth_value_is_no_number(section: str, key: str) -> None:
    with pytest.raises(RecipeError, match=rf"^{section}\.{key}: .*, got True"):
        Recipe.from_dict(_english(**{section: {key: True}}))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (_english(seed="four"), f"{_SEED}'four'; take any such number"),
        (_english(render={"height_px": "48"}), "render.height_px: must be a whole number, got '48'; take the quotes away"),
        (_english(render={"height_px": "48.5"}), "render.height_px: must be a whole number, got '48.5'"),
        (_english(render={"height_px": "4e1"}), _YAML_TEXT.format("render.height_px", "whole number", "4e1", 40)),
        (
            _english(render={"max_width_px": "480"}),
            "render.max_width_px: must be a whole number, got '480'; take the quotes away",
        ),
        (_english(render={"clip_share": ".5"}), "render.clip_share: must be a number, got '.5'; take the quotes away"),
        (_english(render={"clip_share": "1e-3"}), _YAML_TEXT.format("render.clip_share", "number", "1e-3", 0.001)),
        (_english(render={"clip_share": "nan"}), "render.clip_share: must be a number, got 'nan'"),
        (_english(text={"kashida": "0"}), "text.kashida: must be a number, got '0'; take the quotes away"),
        (_english(text={"case": {"upper": "1"}}), "text.case.upper: must be a number, got '1'; take the quotes away"),
        (
            _english(render={"ink": {"plain": 1, "laser": "1"}}),
            "render.ink.laser: must be a number, got '1'; take the quotes away",
        ),
        (
            _english(output={"masks": "no"}),
            "output.masks: must be true or false, got 'no'; write true or false, without quotes",
        ),
        (_english(fonts={"fallback": 0}), "fonts.fallback: must be true or false, got 0; write true or false, without quotes"),
        (_english(render={"ink": {"plain": True}}), "render.ink.plain: must not be a truth value, got True"),
        (_english(fonts={"classes": {"sans": "2"}}), "fonts.classes.sans: must be a number, got '2'; take the quotes away"),
        (_english(fonts={"features": {"liga": "1"}}), "fonts.features.liga: must be a number, got '1'; take the quotes away"),
        (_english(output={"split": {"a": "1"}}), "output.split.a: must be a number, got '1'; take the quotes away"),
        (
            _english(render={"margin_em": [0.1, "0.2"]}),
            "render.margin_em: must be a range [low, high] of two numbers, got [0.1, '0.2']; take the quotes away",
        ),
        (
            _english(degrade=[{"jpeg": {"p": "0.5"}}]),
            "degrade[0].jpeg.p: must be a probability from 0 to 1, got '0.5'; take the quotes away",
        ),
        (
            _english(degrade=[{"some_of": {"n": "1", "ops": [{"jpeg": {}}]}}]),
            "degrade[0].some_of.n: must be a range [low, high] of 0 to 1 members, got '1'; take the quotes away",
        ),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else "",
)
def test_text_is_no_number(data: dict[str, Any], text: str) -> None:
    _refused(data, text)


def test_a_source_that_is_no_mapping_is_refused_like_an_op() -> None:
    _refused(
        _english(text={"sources": [{"words": 5}]}),
        "text.sources[0].words: must be a mapping of keys to values, got 5; write 'key: value' pairs",
    )


def test_a_lock_is_for_files_only() -> None:
    """A mapping with a lock that nobody checks would promise what it does not hold."""
    with pytest.raises(RecipeError, match=r"^lock: unknown key in a recipe, got 'lock'"):
        Recipe.from_dict(_english(lock={"ocrsynth": "0.0.1"}))


def test_the_mapping_of_the_caller_is_not_touched() -> None:
    data = _english(degrade=[{"jpeg": {"p": 0.5, "quality": [50, 60]}}], text={"sources": [{"words": {"weight": 2}}]})
    before = json.dumps(data)
    Recipe.from_dict(data)
    assert json.dumps(data) == before


class TestFiles:
    def test_a_file_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "r.yaml"
        path.write_text("language: en\nseed: 7\nrender: {height_px: 48}\ndegrade:\n  - jpeg: {quality: [50, 60], p: 0.5}\n")
        expected = Recipe.from_dict(
            _english(seed=7, render={"height_px": 48}, degrade=[{"jpeg": {"quality": [50, 60], "p": 0.5}}])
        )
        assert Recipe.load(path) == Recipe.load(str(path)) == expected

    def test_a_missing_file(self, tmp_path: Path) -> None:
        path = tmp_path / "none.yaml"
        text = f"{path}: cannot be read, No such file or directory; check the path"
        with pytest.raises(AssetError, match=f"^{re.escape(text)}$") as caught:
            Recipe.load(path)
        assert isinstance(caught.value, FileNotFoundError)

    def test_a_fault_in_a_file_begins_with_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "r.yaml"
        path.write_text("language: en\nrender: {paper_grey: [250, 175]}\n")
        text = f"{path}:2: render.paper_grey: range is reversed, got [250, 175]; write it as [175, 250]"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$") as caught:
            Recipe.load(path)
        assert isinstance(caught.value, ValueError)

    def test_a_file_that_is_no_mapping(self, tmp_path: Path) -> None:
        path = tmp_path / "r.yaml"
        path.write_text("- language: en\n")
        text = f"{path}: must hold a mapping of keys to values, got list; write 'key: value' lines, such as 'language: en'"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            Recipe.load(path)

    def test_keys_that_are_no_text(self, tmp_path: Path) -> None:
        path = tmp_path / "r.yaml"
        path.write_text("language: en\n5: x\n")
        text = f"{path}:2: 5: unknown key in a recipe, got 5; known: {_KEYS}"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            Recipe.load(path)


_RECIPES = {
    **{preset: {"degrade": preset} for preset in preset_names()},
    "examples": {"degrade": [{name: {**OPS.get(name, "test").EXAMPLE, "p": 0.5}} for name in OPS]},
    "same op twice": {"degrade": [{"rotation": {}}, {"rotation": {"p": 0.1}}]},
    "sections": {
        "seed": _MAX,
        "text": {"sources": [{"alphabet": {"letters": 1, "digits": 0}}], "length_clusters": [3, 9], "case": {"asis": 1}},
        "fonts": {"families": ["Lora"], "classes": {"serif": 1}},
        "render": {"height_px": 48, "color": "rgb", "margin_em": [0.1, 0.1]},
        "legibility": {"attempts": 2},
        "output": {"format": "folder", "image": "png", "shard_size": 10},
    },
}


@pytest.mark.parametrize("keys", _RECIPES.values(), ids=_RECIPES)
class TestRoundTrip:
    def test_through_plain_values_and_json(self, keys: dict[str, Any]) -> None:
        recipe = Recipe.from_dict(_english(**keys))
        for data in (recipe.to_dict(), json.loads(json.dumps(recipe.to_dict()))):
            again = Recipe.from_dict(data)
            assert again == recipe
            assert hash(again) == hash(recipe)
            assert again.canonical == recipe.canonical
            assert (again.degrade, again.sources, again.fonts, again.render) == (
                recipe.degrade,
                recipe.sources,
                recipe.fonts,
                recipe.render,
            )

    def test_through_its_lock(self, keys: dict[str, Any], tmp_path: Path) -> None:
        recipe = Recipe.from_dict(_english(**keys))
        path = tmp_path / "recipe.lock.yaml"
        path.write_text(recipe.locked(), encoding="utf-8")
        again = Recipe.load(path)
        assert again == recipe
        assert again.locked() == recipe.locked()
        assert fingerprint(again.locked()) == fingerprint(recipe.locked())

    def test_through_a_pickle(self, keys: dict[str, Any]) -> None:
        recipe = Recipe.from_dict(_english(**keys))
        again = pickle.loads(pickle.dumps(recipe))  # noqa: S301 - made here
        assert again == recipe
        assert again.degrade == recipe.degrade


def test_every_default_is_filled_in() -> None:
    data = Recipe.for_language("en", preset="scan").to_dict()
    assert set(data) == {"language", "seed", "degrade", *SECTIONS}
    for name, model in SECTIONS.items():
        assert set(data[name]) == set(model.model_fields)
    assert data["seed"] == 0
    assert (
        Recipe.for_language("en")
        == Recipe.for_language("en", preset="document", seed=0)
        == Recipe.from_dict({"language": "en"})
    )


def test_names_of_one_language_make_equal_recipes() -> None:
    recipes = {Recipe.for_language(tag, preset="clean") for tag in ("en", "en_Latn", "eng", "en-GB", "en-Latn-US")}
    assert len(recipes) == 1
    assert recipes.pop().language == "en_Latn"


def test_equality_and_hash() -> None:
    one, same, other = (Recipe.for_language("en", preset="clean", seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert hash(one) == hash(same)
    assert one is not same
    assert one != other
    assert len({one, same, other}) == 2
    assert one != one.to_dict()
    assert one != "recipe"
    assert one.with_seed(2) == other


def test_recipes_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Recipe.for_language("en", preset="clean").seed = 3  # type: ignore[misc]


def test_changes_merge_key_by_key() -> None:
    recipe = Recipe.for_language("en", preset="clean", seed=4, render={"height_px": 48, "color": "rgb"})
    changed = recipe.with_changes(render={"height_px": 64}, output={"quality": 50})
    assert (changed.render.height_px, changed.render.color, changed.output.quality) == (64, "rgb", 50)
    assert (changed.seed, changed.degrade) == (4, ())
    assert (recipe.render.height_px, recipe.output.quality) == (48, 95)
    assert recipe.with_changes() == recipe
    assert recipe.with_changes(degrade="scan").degrade == Recipe.for_language("en", preset="scan").degrade
    assert recipe.with_changes(render={"height_px": 48}) == recipe


def test_changes_are_validated() -> None:
    recipe = Recipe.for_language("en", preset="clean")
    text = "render.height_px: must be at least 8, got 1; give a larger one"
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        recipe.with_changes(render={"height_px": 1})
    with pytest.raises(RecipeError, match=r"^rendr: unknown key in a recipe, got 'rendr'; did you mean 'render'\?"):
        recipe.with_changes(rendr={"height_px": 48})


def _paths(model: type[Section], prefix: str) -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            found += _paths(inner, f"{prefix}.{name}")
        else:
            found.append(f"{prefix}.{name}")
    return found


def test_the_changes_above_are_of_every_key() -> None:
    assert sorted(CHANGES) == sorted(path for name, model in SECTIONS.items() for path in _paths(model, name))


@pytest.mark.parametrize("path", CHANGES)
def test_every_key_of_a_section_counts(path: str) -> None:
    section, *inner, key = path.split(".")
    value: dict[str, Any] = {key: CHANGES[path]}
    for name in reversed(inner):
        value = {name: value}
    language = {"render.vertical": "ja", "text.kashida": "ar", "text.other_digits": "hi"}.get(path, "en")
    base = Recipe.for_language(language, preset="clean")
    changed = Recipe.for_language(language, preset="clean", **{section: value})
    assert changed != base
    assert changed.canonical != base.canonical
    there = changed.to_dict()[section]
    for name in inner:
        there = there[name]
    assert there[key] != base.to_dict()[section].get(key)


def _narrowed(value: Any) -> Any:
    if not isinstance(value, Range):
        return None
    middle = (value.low + value.high) / 2
    # Where both ends are whole numbers the field may ask for such.
    wide = value.high - value.low >= 2
    return [value.low, round(middle) if wide and value.low % 1 == value.high % 1 == 0 else middle]


@pytest.mark.parametrize("name", list(OPS))
def test_every_key_of_an_op_counts(name: str) -> None:
    cls = OPS.get(name, "test")
    base = Recipe.for_language("en", preset="clean").with_changes(degrade=[{name: {}}])
    assert base.with_changes(degrade=[{name: {"p": 0.5}}]) != base
    assert base.with_changes(degrade=[{name: {"p": 1}}]) == base
    assert base.with_changes(degrade=[{name: None}]) == base
    assert base.with_changes(degrade=[{name: {}}, {name: {}}]) != base
    for key in cls.model_fields:
        value, hint = getattr(base.degrade[0].op, key), cls.model_fields[key].annotation
        if get_origin(hint) is Literal:
            changed: Any = next(choice for choice in get_args(hint) if choice != value)
        else:
            changed = not value if isinstance(value, bool) else _narrowed(value)
        assert changed is not None, f"{key}: tell this test how to change it"
        assert base.with_changes(degrade=[{name: {key: changed}}]) != base


@pytest.mark.parametrize("name", list(SOURCES))
def test_every_key_of_a_source_counts(name: str) -> None:
    cls = SOURCES.get(name, "test")
    required = {key: value for key, value in cls.EXAMPLE.items() if cls.model_fields[key].is_required()}
    base = Recipe.for_language("en", preset="clean", text={"sources": [{name: required}]})
    assert base.with_changes(text={"sources": [{name: {"weight": 2, **required}}]}) != base
    for key, field in cls.model_fields.items():
        default = field.default
        changed: Any
        if key == "join":
            changed = [1, 2]
        elif isinstance(default, Range):
            changed = _narrowed(default)
        elif key == "locale":
            changed = "en-GB"
        elif default is None or field.is_required():
            changed = "README.md"
        elif default == ():
            changed = ["{date}"]
        elif get_origin(field.annotation) is Literal:
            changed = next(choice for choice in get_args(field.annotation) if choice != default)
        elif isinstance(default, (int, float)):
            changed = default / 2 if isinstance(default, float) else max(default - 1, 1)
        else:
            pytest.fail(f"{key}: tell this test how to change {default!r}")
        assert base.with_changes(text={"sources": [{name: {**required, key: changed}}]}) != base, key


def test_the_seed_and_the_order_of_ops_count() -> None:
    base = Recipe.for_language("en", preset="clean")
    assert fingerprint(base.with_seed(1).locked()) != fingerprint(base.locked())
    chains = [[{"rotation": {}}, {"perspective": {}}], [{"perspective": {}}, {"rotation": {}}]]
    assert len({base.with_changes(degrade=chain) for chain in chains}) == 2


class TestLock:
    @pytest.fixture
    def recipe(self) -> Recipe:
        return Recipe.for_language("en", preset="scan", seed=5, fonts={"families": ["Lora"]})

    def _edited(self, recipe: Recipe, path: Path, *keys: str, value: Any = None) -> None:
        data = yaml.safe_load(recipe.locked())
        part = data["lock"]
        for key in keys[:-1]:
            part = part[key]
        assert keys[-1] in part
        assert part[keys[-1]] != value
        part[keys[-1]] = value
        path.write_text(yaml.safe_dump(data), encoding="utf-8")

    @pytest.mark.parametrize("key", ["ocrsynth", "harfbuzz", "opencv", "alphabets.en_Latn"])
    def test_another_version_is_refused(self, recipe: Recipe, tmp_path: Path, key: str) -> None:
        path = tmp_path / "recipe.lock.yaml"
        self._edited(recipe, path, *key.split("."), value="0.0.1")
        here = reduce(getitem, key.split("."), recipe.lock())
        text = (
            f"{path}: lock.{key}: this installation would make other samples, got {here!r} where the lock has "
            "'0.0.1'; install what the lock names, or remove the lock section"
        )
        with pytest.raises(AssetError, match=f"^{re.escape(text)}$") as caught:
            Recipe.load(path)
        assert caught.value.exit_code == ExitCode.ASSET

    def test_another_version_of_an_op_is_refused(self, recipe: Recipe, tmp_path: Path) -> None:
        path = tmp_path / "recipe.lock.yaml"
        version = OPS.get("jpeg", "test").VERSION
        self._edited(recipe, path, "ops", "jpeg", value=version + 1)
        text = (
            f"{path}: lock.ops.jpeg: this installation would make other samples, got {version} where the lock has "
            f"{version + 1}; install what the lock names, or remove the lock section"
        )
        with pytest.raises(AssetError, match=f"^{re.escape(text)}$"):
            Recipe.load(path)

    def test_another_font_file_is_refused(self, recipe: Recipe, tmp_path: Path) -> None:
        path = tmp_path / "recipe.lock.yaml"
        font, digest = next((k, v) for k, v in recipe.lock()["fonts"].items() if k.startswith("Lora"))
        self._edited(recipe, path, "fonts", font, value="0" * 64)
        text = (
            f"{path}: lock.fonts.{font}: this installation would make other samples, got {digest!r} where the lock has "
            f"{'0' * 64!r}; install what the lock names, or remove the lock section"
        )
        with pytest.raises(AssetError, match=f"^{re.escape(text)}$"):
            Recipe.load(path)

    def test_a_font_that_is_not_here_is_refused(self, recipe: Recipe, tmp_path: Path) -> None:
        path = tmp_path / "recipe.lock.yaml"
        data = yaml.safe_load(recipe.locked())
        data["lock"]["fonts"]["Zapf: Zapf.ttf"] = "1" * 64
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        text = (
            f"{path}: lock.fonts.Zapf: Zapf.ttf: this installation would make other samples, got None where the lock has "
            f"{'1' * 64!r}; install what the lock names, or remove the lock section"
        )
        with pytest.raises(AssetError, match=f"^{re.escape(text)}$"):
            Recipe.load(path)

    @pytest.mark.parametrize("name", ["numpy", "regex", "opencv", "unicode"])
    def test_another_version_of_what_samples_are_made_with_is_refused(self, name: str, recipe: Recipe, tmp_path: Path) -> None:
        path = tmp_path / "recipe.lock.yaml"
        data = yaml.safe_load(recipe.locked())
        data["lock"][name] = "0.1"
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        with pytest.raises(AssetError, match=f"lock.{name}: this installation would make other samples, .*'0.1'"):
            Recipe.load(path)

    def test_what_it_names_is_there_in_every_installation(self, recipe: Recipe) -> None:
        """A package of an extra would end every run without it."""
        asked = [r for r in requires("ocrsynth") or [] if "extra ==" not in r]
        core = {re.split(r"[<>=!~ ;\[]", r)[0].lower() for r in asked}
        installed = {d.name.lower() for d in distributions()}
        assert recipe.lock().keys() & installed - {"ocrsynth"} <= core

    def test_pictures_of_the_user_depend_on_what_opens_them(self, tmp_path: Path) -> None:
        Image.new("L", (400, 300), 200).save(tmp_path / "paper.png")
        bare, printed = (Recipe.for_language("en", render=r) for r in ({}, {"backgrounds": [str(tmp_path)]}))
        assert "pillow" not in bare.lock()
        assert printed.lock()["pillow"] == version("pillow")

    def test_a_part_of_a_lock_is_not_enough(self, recipe: Recipe, tmp_path: Path) -> None:
        path = tmp_path / "recipe.lock.yaml"
        data = yaml.safe_load(recipe.locked())
        del data["lock"]["harfbuzz"]
        path.write_text(yaml.safe_dump(data), encoding="utf-8")
        text = (
            f"{path}: lock.harfbuzz: this installation would make other samples, got {recipe.lock()['harfbuzz']!r} where the "
            "lock has None; install what the lock names, or remove the lock section"
        )
        with pytest.raises(AssetError, match=f"^{re.escape(text)}$"):
            Recipe.load(path)

    def test_a_lock_that_is_no_mapping_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "recipe.lock.yaml"
        path.write_text("language: en\nlock: yes please\n")
        text = f"{path}: lock: must be a mapping, got 'yes please'; take the recipe without its lock"
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
            Recipe.load(path)

    def test_a_file_in_a_folder_of_fonts_is_held_by_its_hash(self, tmp_path: Path) -> None:
        """The lock names the bytes of the user's own fonts, not their names."""
        from ocrsynth.fonts import catalogue

        lora = next(f for f in catalogue.load_set("default") if f.name == "Lora")
        fonts = tmp_path / "fonts"
        fonts.mkdir()
        file = fonts / "Mine.ttf"
        file.write_bytes(Path(lora.faces[0].path).read_bytes())
        recipe = Recipe.for_language("en", preset="clean", fonts={"sets": [], "folders": [str(fonts)]})
        assert list(recipe.lock()["fonts"].values()) == [lora.faces[0].sha256]
        path = tmp_path / "recipe.lock.yaml"
        path.write_text(recipe.locked(), encoding="utf-8")
        assert Recipe.load(path) == recipe

    def test_the_lock_holds_what_a_sample_was_made_with(self, recipe: Recipe) -> None:
        lock = recipe.lock()
        sample = make_sample(recipe, 0)
        assert sample.provenance["font"]["sha256"] in lock["fonts"].values()
        for op in sample.provenance["degrade"]:
            assert lock["ops"][op["op"]] == op["version"]
        assert set(lock["ops"]) == {link.op.name for link in recipe.degrade}

    def test_every_line_of_the_lock_changes_the_fingerprint(self, recipe: Recipe) -> None:
        locked = recipe.locked()
        assert fingerprint(locked) == fingerprint(recipe.locked())
        assert len(fingerprint(locked)) == 64
        assert fingerprint(locked.replace("opencv: ", "opencv: 9")) != fingerprint(locked)


def test_faults_found_late_are_named_as_well() -> None:
    recipe = Recipe.for_language("en", preset="clean")
    cases: list[tuple[dict[str, Any], type[OcrsynthError], str]] = [
        ({"families": ["Lorra"]}, RecipeError, "families: no family 'Lorra' in the sets and folders; did you mean 'Lora'? ("),
        ({"sets": ["defalt"]}, AssetError, "sets: unknown font set 'defalt'; did you mean 'default'? (known: default)"),
        ({"folders": ["no/such"]}, AssetError, "folders: no such folder, got 'no/such'; check the path"),
        (
            {"classes": {"other": 1}},
            RecipeError,
            (
                "classes: no family is left, got {'other': 1.0}, where the fonts are of class condensed, display, hand, mono, "
                "sans, serif, slab, typewriter; give one of these a weight above 0 (fonts of folders are 'other')"
            ),
        ),
    ]
    for fonts, kind, text in cases:
        with pytest.raises(kind, match=f"^{re.escape(f'fonts.{text}')}"):
            make_sample(recipe.with_changes(fonts=fonts), 0)


def test_a_seed_of_numpy_is_a_seed() -> None:
    recipe = Recipe.for_language("en", seed=np.int64(3))  # type: ignore[arg-type]
    assert recipe == Recipe.for_language("en", seed=3)
    assert type(recipe.seed) is int


@pytest.mark.parametrize("preset", ["scan", "document"])
@pytest.mark.parametrize("language", ["hi", "ar", "bn", "el", "de-Latf", "nl"])
def test_a_copy_of_a_recipe_draws_the_same_texts(language: str, preset: str, tmp_path: Path) -> None:
    """What the language does by itself is not lost where the recipe names its sources, as every copy does."""
    recipe = Recipe.for_language(language, preset=preset, seed=5)
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(recipe.to_dict(), allow_unicode=True))
    copies = (Recipe.from_dict(recipe.to_dict()), recipe.with_seed(5), Recipe.load(str(tmp_path / "r.yaml")))
    assert all(copy == recipe for copy in copies)
    first, *others = (_texts(one) for one in (recipe, *copies))
    assert all(texts == first for texts in others)
    if language == "hi":
        assert any(c in "0123456789" for text in first for c in text)
        assert any(c in "०१२३४५६७८९" for text in first for c in text)


def _texts(recipe: Recipe) -> list[str]:
    letters = alphabet.load(recipe.language)
    found = []
    for kind in (style.recipe for style in recipe.styles) if recipe.styles else (recipe,):
        mixture = TextMixture(kind.text, kind.sources, letters, kind.seed)
        found += [mixture.draw(Stream(5, i, "text"), i).text for i in range(120)]
    return found


def test_texts_of_ones_own_are_not_drawn_out_by_a_change() -> None:
    recipe = Recipe.for_language("ar", preset="scan")
    assert recipe.text.kashida
    assert recipe.with_changes(text={"sources": [{"words": {}}]}).text.kashida == 0
    assert recipe.with_changes(text={"sources": [{"words": {}}], "kashida": 0.5}).text.kashida == 0.5
    assert Recipe.for_language("hi", preset="scan").with_changes(language="en").text.other_digits == 0
