"""The JSON Schema of recipes, for editors that complete and check YAML as it is typed.

It is made from the models and registries that read recipes, so plug-ins that are installed are in it.  A schema cannot say
everything: that a range runs from low to high, and that a word list, a font or a file is there, only ``recipe check`` tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from ocrsynth import assets, recipe
from ocrsynth.degrade.base import OPS
from ocrsynth.degrade.borrowed import NAME as BORROWED
from ocrsynth.degrade.borrowed import BorrowedFilter
from ocrsynth.degrade.entries import KINDS
from ocrsynth.degrade.presets import preset_names
from ocrsynth.descriptions import REQUIRED, defaults, first_line, meanings
from ocrsynth.render.inks import INKS
from ocrsynth.render.papers import PAPERS
from ocrsynth.text.base import SOURCES
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from ocrsynth.fields import Section

Schema = dict[str, Any]
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PROBABILITY: Schema = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "default": 1,
    "description": "Probability that it happens to a sample.",
}
_WEIGHT: Schema = {"type": "number", "exclusiveMinimum": 0, "default": 1, "description": "Weight among its neighbours."}
_MEMBERS = {
    "one_of": "Takes one of its members, by their weights.",
    "some_of": "Takes some of its members, all equally likely.",
    "sequence": "Takes all of its members or none.",
}


def recipe_schema() -> Schema:
    """Return the schema of a recipe, JSON Schema 2020-12, as plain JSON values."""
    sections = recipe.SECTIONS
    ops: dict[str, type[Section]] = {**{name: OPS.get(name, "schema") for name in OPS}, BORROWED: BorrowedFilter}
    sources: dict[str, type[Section]] = {name: SOURCES.get(name, "schema") for name in SOURCES}
    models = (*sections.values(), *ops.values(), *sources.values())
    references, found = models_json_schema([(m, "validation") for m in models], schema_generator=_Untitled)
    definitions: Schema = found["$defs"]
    for model in _with_inner(models):
        _explain(definitions[model.__name__], model)
    for model in models:
        definition = definitions[model.__name__]
        if "required" not in definition:
            # What needs no key may stand in YAML without any.
            definition["type"] = ["object", "null"]
    names = {model: references[model, "validation"]["$ref"].rpartition("/")[2] for model in models}
    _adjust_sections({name: definitions[names[model]] for name, model in sections.items()})
    for name, op in ops.items():
        definitions[f"op.{name}"] = _with(definitions.pop(names[op]), p=_PROBABILITY)
    for name, source in sources.items():
        definitions[f"source.{name}"] = _with(definitions.pop(names[source]), weight=_WEIGHT)
    definitions["source"] = _one_key({name: {"$ref": f"#/$defs/source.{name}"} for name in sources})
    definitions |= _entries(ops) | {"format": {"enum": list(FORMATS)}}
    properties: Schema = {
        "language": _language(),
        "seed": {
            "type": "integer",
            "minimum": 0,
            "maximum": recipe.MAX_SEED,
            "default": 0,
            "description": "Seed of all random numbers: the same recipe and seed make the same data set.",
        },
        **{name: {"$ref": f"#/$defs/{names[model]}"} for name, model in sections.items()},
        "degrade": {
            "description": f"Degradations: the name of a preset, or a list of ops and groups. Default {recipe.DEFAULT_PRESET}.",
            **_either({"enum": preset_names()}, {"items": {"$ref": "#/$defs/entry"}}),
        },
        "lock": {"type": "object", "description": "Versions and hashes, as ocrsynth writes them beside a data set."},
    }
    return {
        "$schema": _DRAFT,
        "title": "ocrsynth recipe",
        "description": "Everything about a synthetic OCR data set but its size and its folder.",
        "type": "object",
        "required": ["language"],
        "properties": {name: properties.get(name, {}) for name in (*recipe.KEYS, "lock")},
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


class _Untitled(GenerateJsonSchema):
    """Leaves out titles, which only repeat the names of keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False


def _with_inner(models: Iterable[type[BaseModel]]) -> list[type[Section]]:
    """Return the models and those that are the types of their fields, each once."""
    found: dict[Any, None] = {}
    for model in models:
        inner = [f.annotation for f in model.model_fields.values()]
        found |= dict.fromkeys([model, *(i for i in inner if isinstance(i, type) and hasattr(i, "model_fields"))])
    return list(found)


def _explain(definition: Schema, model: type[Section]) -> None:
    """Add what the model's source says of its fields, and the defaults that pydantic leaves out."""
    definition.pop("title", None)
    definition["description"] = first_line(model).replace("``", "")
    texts, values = meanings(model), defaults(model)
    for name, schema in definition.get("properties", {}).items():
        if text := texts.get(name):
            schema["description"] = (text[:1].upper() + text[1:]).replace("``", "")
        if values.get(name, REQUIRED) is not REQUIRED:
            schema["default"] = values[name]


def _adjust_sections(sections: dict[str, Schema]) -> None:
    """Add what validators know beyond the types: names in registries and folders, and forms that they convert."""
    _add(sections["text"], "sources", **{**_array({"$ref": "#/$defs/source"}), "type": ["array", "null"]})
    _add(sections["fonts"], "sets", items={"enum": assets.names("fonts")})
    weight = {"type": "number", "minimum": 0}
    for key, known in (("paper", PAPERS), ("ink", INKS)):
        shown = dict.fromkeys(sorted(known), weight)
        _add(sections["render"], key, properties=shown, additionalProperties=False, minProperties=1)
    formats = {"$ref": "#/$defs/format"}
    _add(sections["output"], "format", **_either(formats, {"items": formats, "minItems": 1, "uniqueItems": True}))


def _add(section: Schema, key: str, **more: Any) -> None:
    """Give a key of a section another schema, and keep its description and default."""
    old = section["properties"][key]
    kept = {k: old[k] for k in ("description", "default", "type") if k in old}
    section["properties"][key] = kept | more


def _either(string: Schema, array: Schema) -> Schema:
    """Return the schema of a string or an array; what is wrong in an array is then said of its member, not of the whole."""
    return {"type": ["string", "array"], **array, "anyOf": [string, {"type": "array"}]}


def _array(items: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": items}


def _with(definition: Schema, **more: Schema) -> Schema:
    return {**definition, "properties": {**definition.get("properties", {}), **more}}


def _one_key(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _entries(ops: dict[str, type[Section]]) -> Schema:
    """Return the definitions of a chain's entries, and of those in ``one_of``, which may have a weight."""
    found: Schema = {}
    plain: Schema = {}
    weighted: Schema = {}
    for name, op in ops.items():
        plain[name] = {"$ref": f"#/$defs/op.{name}"}
        required = [key for key, field in op.model_fields.items() if field.is_required()]
        shared = {key: {"$ref": f"#/$defs/op.{name}/properties/{key}"} for key in (*op.model_fields, "p")}
        weighted[name] = {
            "type": "object" if required else ["object", "null"],
            "description": first_line(op),
            "properties": {**shared, "weight": _WEIGHT},
            "additionalProperties": False,
            "required": required,
        }
    for kind in KINDS:
        group = {
            "type": "object",
            "description": _MEMBERS[kind],
            "properties": {
                "p": _PROBABILITY,
                "ops": {
                    "description": "The members: ops and groups.",
                    **_array({"$ref": f"#/$defs/{'weighted_entry' if kind == 'one_of' else 'entry'}"}),
                },
            },
            "additionalProperties": False,
            "required": ["ops"],
        }
        if kind == "some_of":
            count = {"type": "integer", "minimum": 0}
            pair = {"type": "array", "items": count, "minItems": 2, "maxItems": 2}
            either = {"anyOf": [count, pair, {"type": "null"}], "description": "How many members happen: [least, most]."}
            group = _with(group, n=either)
        found[f"group.{kind}"] = group
        plain[kind] = {"$ref": f"#/$defs/group.{kind}"}
        weighted[kind] = _with(group, weight=_WEIGHT)
    return {**found, "entry": _one_key(plain), "weighted_entry": _one_key(weighted)}


def _language() -> Schema:
    names = assets.names("alphabets")
    tags = [name.replace("_", "-") for name in names]
    return {
        "type": "string",
        "minLength": 1,
        "description": "Language, as a tag such as en or sr-Latn, or as an alphabet's id such as en_Latn.",
        # The first alternative is for completion: many more languages are known than have a file.
        "anyOf": [{"enum": names}, {"enum": tags}, {}],
    }
