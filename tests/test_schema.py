"""The schema of recipes, held against the code that reads them: an editor must neither bless a wrong key nor blame a right."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from ocrsynth import Recipe, assets
from ocrsynth.degrade.base import OPS
from ocrsynth.degrade.presets import preset_names, preset_section, read_preset
from ocrsynth.errors import OcrsynthError
from ocrsynth.schema import recipe_schema
from ocrsynth.styles import OF_PRESETS
from ocrsynth.text.base import SOURCES
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
_README = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


@cache
def _schema() -> Any:
    return recipe_schema()


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(_schema())


def _faults(recipe: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator().iter_errors(recipe)]


def test_it_is_a_schema_of_draft_2020_12() -> None:
    schema = _schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)
    assert json.loads(json.dumps(schema)) == schema, "plain JSON values, which read back the same"


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    schema = _schema()
    used = set()
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(schema)):
        place = schema
        for step in reference.split("/"):
            place = place[step]
        used.add(reference.split("/")[1])
    assert used == set(schema["$defs"])


def test_every_key_says_what_it_means() -> None:
    silent = [
        f"{name}.{key}"
        for name, definition in _schema()["$defs"].items()
        for key, field in definition.get("properties", {}).items()
        if not field.get("description") and "entry" not in name and name != "source" and "$ref" not in field
    ]
    assert silent == []


def test_all_that_is_registered_is_in_it() -> None:
    schema = _schema()
    definitions = schema["$defs"]
    assert set(schema["properties"]["degrade"]["anyOf"][0]["enum"]) == set(preset_names())
    assert set(definitions["source"]["properties"]) == set(SOURCES)
    assert set(definitions["entry"]["properties"]) == {*OPS, "one_of", "some_of", "sequence", "albumentations"}
    assert set(definitions["weighted_entry"]["properties"]) == set(definitions["entry"]["properties"])
    assert set(definitions["format"]["enum"]) == set(FORMATS)
    for name in OPS:
        assert set(definitions[f"op.{name}"]["properties"]) == {*OPS.get(name, "test").model_fields, "p"}


@pytest.mark.parametrize("preset", preset_names())
def test_presets_are_valid(preset: str) -> None:
    assert _faults({"language": "en", "degrade": preset}) == []
    sections = {name: preset_section(preset, name) for name in OF_PRESETS}
    written_out = {"language": "en", **sections, "degrade": read_preset(preset, "test")}
    assert _faults(written_out) == []
    for language in ("en", "ar", "ja"):
        assert _faults(Recipe.for_language(language, preset).to_dict()) == []


@pytest.mark.parametrize("text", _README)
def test_recipes_of_the_readme_are_valid(text: str) -> None:
    assert _faults(yaml.safe_load(text)) == []


def test_examples_and_severities_of_plug_ins_are_valid() -> None:
    for name in OPS:
        op = OPS.get(name, "test")
        entries = [{name: entry} for entry in (op.EXAMPLE, *op.SEVERITIES)]
        assert _faults({"language": "en", "degrade": [*entries, {"one_of": {"ops": entries}}]}) == []
    sources = [{name: SOURCES.get(name, "test").EXAMPLE} for name in SOURCES]
    assert _faults({"language": "en", "text": {"sources": sources}}) == []


def test_the_lock_of_a_data_set_is_valid() -> None:
    assert _faults(yaml.safe_load(Recipe.for_language("en").locked())) == []


def test_every_alphabet_is_offered() -> None:
    offered = _schema()["properties"]["language"]["anyOf"]
    assert offered[0]["enum"] == assets.names("alphabets")
    assert offered[1]["enum"] == [name.replace("_", "-") for name in assets.names("alphabets")]


_RIGHT = {
    "sections without keys": "language: en\ntext:\nfonts:\nrender:\nlegibility:\noutput:\n",
    "an op without fields": "language: en\ndegrade:\n  - jpeg:\n  - fax: {}\n",
    "no degradation": "language: en\ndegrade: []\n",
    "one format": "language: en\noutput: {format: lmdb}\n",
    "several formats": "language: en\noutput: {format: [folder, webdataset]}\n",
    "a language without a file": "language: kab\n",
    "groups": "language: en\ndegrade:\n  - one_of: {p: 0.7, ops: [{jpeg: {weight: 2}}, {sequence: {ops: [{fax: }]}}]}\n",
    "some": "language: en\ndegrade:\n  - some_of: {n: [1, 2], ops: [{jpeg: }, {fax: {p: 0.5}}, {one_of: {ops: [{fold: }]}}]}\n",
    "a number of some": "language: en\ndegrade:\n  - some_of: {n: 1, ops: [{jpeg: }, {fax: }]}\n",
    "borrowed": "language: en\ndegrade:\n  - albumentations: {transform: Blur, arguments: {blur_limit: [3, 5]}, p: 0.3}\n",
    "templates": "language: de\ntext: {sources: [{pattern: {templates: ['{date}', {text: '{iban}', weight: 2}]}}]}\n",
}


@pytest.mark.parametrize("name", _RIGHT)
def test_right_recipes(name: str) -> None:
    recipe = yaml.safe_load(_RIGHT[name])
    assert _faults(recipe) == []
    if name != "borrowed":
        Recipe.from_dict(recipe)


_WRONG = {
    "no language": ("seed: 7\n", "$"),
    "language": ("language: 5\n", "$.language"),
    "unknown key": ("language: en\nrendr: {}\n", "$"),
    "unknown key of a section": ("language: en\nrender: {heigth_px: 48}\n", "$.render"),
    "a section that is a list": ("language: en\nrender: [48]\n", "$.render"),
    "negative seed": ("language: en\nseed: -1\n", "$.seed"),
    "seed too large": ("language: en\nseed: 9223372036854775808\n", "$.seed"),
    "yes for a number": ("language: en\nrender: {height_px: yes}\n", "$.render.height_px"),
    "out of bounds": ("language: en\nrender: {height_px: 4}\n", "$.render.height_px"),
    "one number for a range": ("language: en\nrender: {margin_em: 0.2}\n", "$.render.margin_em"),
    "three numbers for a range": ("language: en\nrender: {margin_em: [0.1, 0.2, 0.3]}\n", "$.render.margin_em"),
    "range out of bounds": ("language: en\nrender: {margin_em: [0.1, 5]}\n", "$.render.margin_em[1]"),
    "range of no whole numbers": ("language: en\ntext: {length_clusters: [1.5, 20]}\n", "$.text.length_clusters[0]"),
    "unknown paper": ("language: en\nrender: {paper: {plane: 1}}\n", "$.render.paper"),
    "no paper": ("language: en\nrender: {paper: {}}\n", "$.render.paper"),
    "unknown ink": ("language: en\nrender: {ink: {lasre: 1}}\n", "$.render.ink"),
    "unknown key of decoration": ("language: en\nrender: {decoration: {underlined: 0.1}}\n", "$.render.decoration"),
    "unknown preset": ("language: en\ndegrade: scann\n", "$.degrade"),
    "unknown op": ("language: en\ndegrade: [{jpg: {quality: [40, 90]}}]\n", "$.degrade[0]"),
    "unknown field of an op": ("language: en\ndegrade: [{jpeg: {qualty: [40, 90]}}]\n", "$.degrade[0].jpeg"),
    "two ops in one entry": ("language: en\ndegrade: [{jpeg: , fax: }]\n", "$.degrade[0]"),
    "an op with no dash": ("language: en\ndegrade: {jpeg: {quality: [40, 90]}}\n", "$.degrade"),
    "an op by name alone": ("language: en\ndegrade: [jpeg]\n", "$.degrade[0]"),
    "probability": ("language: en\ndegrade: [{jpeg: {p: 1.5}}]\n", "$.degrade[0].jpeg.p"),
    "weight outside one_of": ("language: en\ndegrade: [{jpeg: {weight: 2}}]\n", "$.degrade[0].jpeg"),
    "weight inside some_of": (
        "language: en\ndegrade: [{some_of: {ops: [{jpeg: {weight: 2}}]}}]\n",
        "$.degrade[0].some_of.ops[0].jpeg",
    ),
    "number in one_of": ("language: en\ndegrade: [{one_of: {n: 1, ops: [{jpeg: }]}}]\n", "$.degrade[0].one_of"),
    "group without members": ("language: en\ndegrade: [{one_of: {ops: []}}]\n", "$.degrade[0].one_of.ops"),
    "group without ops": ("language: en\ndegrade: [{sequence: {p: 0.5}}]\n", "$.degrade[0].sequence"),
    "borrowed nothing": ("language: en\ndegrade: [{albumentations: {p: 0.5}}]\n", "$.degrade[0].albumentations"),
    "unknown source": ("language: en\ntext: {sources: [{wrods: {}}]}\n", "$.text.sources[0]"),
    "no source": ("language: en\ntext: {sources: []}\n", "$.text.sources"),
    "corpus without a file": ("language: en\ntext: {sources: [{corpus: }]}\n", "$.text.sources[0].corpus"),
    "weight of a source": ("language: en\ntext: {sources: [{words: {weight: 0}}]}\n", "$.text.sources[0].words.weight"),
    "unknown font set": ("language: en\nfonts: {sets: [defualt]}\n", "$.fonts.sets[0]"),
    "unknown class": ("language: en\nfonts: {classes: {sanserif: 1}}\n", "$.fonts.classes"),
    "unknown format": ("language: en\noutput: {format: webdatset}\n", "$.output.format"),
    "a format twice": ("language: en\noutput: {format: [folder, folder]}\n", "$.output.format"),
    "unknown coding": ("language: en\noutput: {image: gif}\n", "$.output.image"),
}


@pytest.mark.parametrize("name", _WRONG)
def test_wrong_recipes(name: str) -> None:
    text, place = _WRONG[name]
    recipe = yaml.safe_load(text)
    faults = _faults(recipe)
    assert faults
    assert all(fault.startswith(f"{place}: ") for fault in faults), faults
    if name != "unknown font set":  # Looked up when the fonts are.
        with pytest.raises(OcrsynthError):
            Recipe.from_dict(recipe)


_BEYOND = (
    "range is reversed",
    "no background pictures",
    "paper_grey",  # Contrast and paper are checked against each other.
    "split",
    "weight above 0",
    "all weights are 0",
    "text.foreign.languages: no alphabet",
    "is not written from top to bottom",
    "members",
    "consumers of format",
    "no alphabet for",
    "p belongs",
    "such folder",
)
"""What only the loader can tell, by its messages."""
_STRANGE = ("x", -1e9, 2.5, True, [], [3, 1], [0, 0, 0], {}, {"x": 1}, None)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*path, key))


def _changed(data: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(data)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(changed)


def _said(recipe: dict[str, Any]) -> str | None:
    """Return what the loader says against a recipe."""
    try:
        Recipe.from_dict(recipe)
    except OcrsynthError as error:
        return str(error)
    return None


def test_strange_values_anywhere_are_judged_as_the_loader_judges_them() -> None:
    whole = Recipe.for_language("en", "receipt").to_dict()
    whole["degrade"] = [
        *whole["degrade"][:3],
        {"one_of": {"p": 0.5, "ops": [{"jpeg": {"weight": 2.0}}, {"fax": {"weight": 1.0}}]}},
        {"some_of": {"n": [1, 2], "ops": [{"fold": {"p": 1.0}}, {"fog": {}}]}},
    ]
    whole["text"]["sources"].append({"pattern": {"templates": ["{date}"], "weight": 1.0}})
    tried = 0
    for number, path in enumerate(_places(whole)):
        for value in _STRANGE[number % 2 :: 2]:
            changed = _changed(whole, path, value)
            faults = _faults(changed)
            said = _said(changed)
            if not faults:
                assert said is None or any(words in said for words in _BEYOND), f"the schema lets pass: {said}"
            elif path[:2] != ("fonts", "sets"):  # Looked up when the fonts are.
                assert said is not None, f"the loader lets pass: {path} = {value!r}, {faults}"
            tried += 1
    assert tried > 1000
