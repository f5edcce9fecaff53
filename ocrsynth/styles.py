"""Styles: kinds of documents of which each sample is one, drawn by weight; text, fonts, render and chain go together.

A style is a part of a recipe laid over the recipe.  They stand in a recipe's list ``styles``, or in the preset that it names:
in a recipe the style's own keys win, of a preset those that the recipe names itself, for who writes
``render: {margin_em: [0.3, 0.3]}`` beside a preset means all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ocrsynth.degrade.presets import preset_section, preset_styles
from ocrsynth.errors import RecipeError, suggest
from ocrsynth.fields import validate, weight_fault
from ocrsynth.text.base import SOURCES
from ocrsynth.text.mixture import default_sources, natural_source, parse_sources

if TYPE_CHECKING:
    from ocrsynth.text.alphabet import Alphabet

SECTIONS = ("text", "fonts", "render")
"""Sections that a style may say something of; the others are the same for the whole data set."""
OF_PRESETS = ("fonts", "render")
"""Those of which a preset's file may say something for its kind of document, where the recipe does not."""
_KEYS = ("name", "weight", "degrade", *SECTIONS)
SHARED = {
    "text": ("foreign", "coverage", "empty_share"),
    "fonts": ("sets", "folders", "system"),
    "render": ("height_px", "color", "backgrounds", "vertical", "lines"),
}
"""Keys of these sections that must be the same in all styles: what consumers are told of the data set as a whole."""
NATURAL = "natural"
"""In the text of a preset's style: words of the language, or what comes closest."""


class Entry(NamedTuple):
    """A style as it stands in a recipe, and the recipe, without styles, that its samples are made by."""

    name: str
    weight: float
    data: dict[str, Any]
    where: str


def entries_of(data: dict[str, Any], chain: Any, alphabet: Alphabet) -> list[Entry]:
    """Return the styles of a recipe, of itself or of the preset *chain*; raises RecipeError with the path of a wrong key."""
    given = data.get("styles")
    if given is None:
        styles = preset_styles(chain) if isinstance(chain, str) else []
        return [_of_preset(style, data, alphabet) for style in styles]
    if not isinstance(given, (list, tuple)):
        raise RecipeError(f"styles: must be a list of styles, got {given!r}; write '- name: …' for each")
    entries = [_of_recipe(style, data, chain, f"styles[{i}]") for i, style in enumerate(given)]
    names: set[str] = set()
    for entry in entries:
        if entry.name in names:
            raise RecipeError(f"{entry.where}.name: two styles have this name, got {entry.name!r}; give each its own")
        names.add(entry.name)
    return entries


def _of_preset(style: dict[str, Any], data: dict[str, Any], alphabet: Alphabet) -> Entry:
    sections: dict[str, Any] = {}
    for name in SECTIONS:
        own = style.get(name, {})
        if name in OF_PRESETS:
            own = laid_over(own, preset_section(style["degrade"], name))
        if name == "text" and "sources" in own:
            own = own | {"sources": _sources(own["sources"], alphabet)}
        if "loanwords" in own and (_names_texts(data) or not SOURCES.get("foreign", "preset")().has(alphabet)):
            own = {key: value for key, value in own.items() if key != "loanwords"}
        if name == "text" and not _names_texts(data):
            # The style names its sources, but what the language's print does is done in these as well.
            usual = {"kashida": alphabet.kashida, "other_digits": alphabet.other_digits_share}
            own = {key: share for key, share in usual.items() if share} | own
        sections[name] = laid_over(data.get(name), own)
    return Entry(
        style["name"], float(style.get("weight", 1)), {**data, **sections, "degrade": style["degrade"], "styles": []}, ""
    )


def _names_texts(data: dict[str, Any]) -> bool:
    """Tell whether a recipe has texts of its own, into which a preset puts nothing."""
    text = data.get("text")
    return isinstance(text, dict) and text.get("sources") is not None


def _sources(entries: list[dict[str, Any]], alphabet: Alphabet) -> list[dict[str, Any]]:
    """Return the sources of a preset that the language has; presets are for every language."""
    found = []
    for entry in entries:
        [(name, options)] = entry.items()
        natural = natural_source(alphabet) if name == NATURAL else name
        if natural is None:
            continue
        source = SOURCES.get(natural, "preset")
        known = {key: value for key, value in options.items() if key in source.model_fields}
        if validate(source, known, "preset").has(alphabet):
            found.append({natural: {"weight": options.get("weight", 1), **known}})
    return found or [{"alphabet": {}}]


def _of_recipe(style: Any, data: dict[str, Any], chain: Any, where: str) -> Entry:
    if not isinstance(style, dict):
        raise RecipeError(f"{where}: must be a mapping, got {style!r}; write 'name: …' and what the style changes")
    for key in style:
        if key not in _KEYS:
            raise RecipeError(f"{where}.{key}: unknown key in a style, got {key!r}; {suggest(str(key), _KEYS)}")
    name, weight = style.get("name"), style.get("weight", 1.0)
    if not isinstance(name, str) or not name:
        raise RecipeError(f"{where}.name: must be a name, got {name!r}; say what kind of document it is")
    if fault := weight_fault(weight):
        raise RecipeError(f"{where}.weight: {fault}")
    sections: dict[str, Any] = {}
    for section in SECTIONS:
        own = style.get(section)
        if own is not None and not isinstance(own, dict):
            raise RecipeError(f"{where}.{section}: must be a mapping of keys to values, got {own!r}; write 'key: value' pairs")
        if data.get(section) is not None and not isinstance(data[section], dict):
            # The recipe's own section is wrong, and is told so there.
            continue
        if own is not None:
            sections[section] = laid_over(own, data.get(section) or {})
    return Entry(name, float(weight), {**data, **sections, "degrade": style.get("degrade", chain), "styles": []}, where)


def laid_over(given: Any, defaults: dict[str, Any]) -> Any:
    """Return the keys of *given* over *defaults*; ``decoration`` key by key, all else as a whole."""
    if not isinstance(given, dict):
        return defaults if given is None else given
    merged = {**defaults, **given}
    if isinstance(given.get("decoration"), dict):
        merged["decoration"] = {**defaults.get("decoration", {}), **given["decoration"]}
    return merged


def without_effect(data: dict[str, Any], base: Any, styles: list[Any], alphabet: Alphabet) -> tuple[str, ...]:
    """Return the keys that a recipe's *data* names although each of its own styles says something else.

    *base* and *styles* are the recipes made of them.
    """
    found = []
    for section in SECTIONS if styles else ():
        whole = getattr(base, section)
        for key in data.get(section) or ():
            value = getattr(whole, key)
            usual = value == getattr(type(whole)(), key)
            if key == "sources":
                # A recipe that was written out in full names them as well.
                usual = base.sources == parse_sources(default_sources(alphabet), "text.sources")
            if not (usual or key == "decoration") and all(getattr(getattr(style, section), key) != value for style in styles):
                found.append(f"{section}.{key}")
    return tuple(found)


def check_shared(base: Any, style: Any, where: str) -> None:
    """Raise RecipeError if a style differs from its recipe in what is one for the whole data set."""
    for section, keys in SHARED.items():
        for key in keys:
            own = getattr(getattr(style, section), key)
            if own != getattr(getattr(base, section), key):
                raise RecipeError(
                    f"{where}.{section}.{key}: is one for all styles, got {own!r}; say it in the recipe's own {section!r}"
                )
