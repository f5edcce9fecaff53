"""Checks a recipe's file before a run: every fault with its line, and what a right recipe resolves to here."""

from __future__ import annotations

import copy
import difflib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ocrsynth import assets
from ocrsynth.errors import CoverageError, ExitCode, OcrsynthError, YamlError, told_at
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.config import FontConfig
from ocrsynth.fonts.selection import families_of, is_drawn_from
from ocrsynth.generation.costs import try_writing
from ocrsynth.locations import Locations, written
from ocrsynth.pipeline import Pipeline
from ocrsynth.recipe import KEYS, Recipe, Style
from ocrsynth.render import backgrounds
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from ocrsynth import locations

_MOST_FAULTS = 20
_STAND_IN_LANGUAGE = "en"
_STAND_INS: dict[str | int, Any] = {
    "sources": {"alphabet": None},
    "degrade": {"jpeg": None},
    "ops": {"jpeg": None},
    "templates": r"\d",
}
"""By the name of a list: what stands in for a faulty member while the search goes on behind it."""
_PLACES_OF_FONTS = frozenset({"sets", "folders", "system"})
"""Keys of ``fonts`` that say which families there are."""


class Fault(NamedTuple):
    """One thing that is wrong."""

    file: str
    line: int | None
    path: str
    """Of the key, as far as it stands in the file."""
    message: str
    exit_code: ExitCode

    def __str__(self) -> str:
        """Return the message after its place."""
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.message}"


@dataclass(slots=True)
class Verdict:
    """What was found of one file."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a run would do without, such as a broken font file in a folder of good ones."""
    recipe: Recipe | None = None
    resolved: dict[str, Any] = field(default_factory=dict)
    """For a recipe without a fault: its language, alphabet, fonts, sources, chain and output."""


def check(path: str | Path) -> Verdict:
    """Return all that is wrong with the recipe in a YAML file, up to twenty faults, or what it resolves to.

    Of a recipe without a fault one sample is made and written in its formats, in a folder that is removed again.
    """
    verdict = Verdict(str(path))
    try:
        data = assets.read_yaml(Path(path))
    except OcrsynthError as error:
        # A fault of the file itself names its line.
        message = str(error).removeprefix(f"{path}")
        line, _, rest = message.removeprefix(":").partition(": ")
        known = message.startswith(":") and line.isdecimal()
        text = rest if known else message.removeprefix(": ")
        code = ExitCode.RECIPE if isinstance(error, YamlError) else error.exit_code
        verdict.faults.append(Fault(str(path), int(line) if known else None, "", text, code))
        return verdict
    places = Locations(Path(path).read_text(encoding="utf-8"))
    verdict.faults += [Fault(str(path), d.line, written(d.path), str(d), ExitCode.RECIPE) for d in places.doubles]
    verdict.faults += _faults(str(path), data, places)
    if verdict.faults:
        verdict.faults.sort(key=lambda fault: fault.line or 0)
        return verdict
    try:
        recipe = Recipe.load(path)
        pipeline = Pipeline(recipe)
        try_writing(recipe, [pipeline.sample(0)])
        verdict.notes = notes(recipe)
    except OcrsynthError as error:
        message = str(error).removeprefix(f"{path}: ")
        verdict.faults.append(_fault(str(path), error, message, places))
        return verdict
    verdict.recipe = recipe
    verdict.resolved = _resolved(pipeline)
    return verdict


def notes(recipe: Recipe) -> list[str]:
    """Return what of the user's own files cannot be used, though a run goes on without it."""
    found = []
    skipped = catalogue.skipped(recipe.fonts.all_folders)
    if skipped:
        more = f" and {len(skipped) - 1} more; see ocrsynth fonts list" if len(skipped) > 1 else ""
        found.append(f"font left out: {skipped[0]}{more}")
    if recipe.render.backgrounds and (faults := backgrounds.listing(recipe.render.backgrounds).skipped):
        more = f" and {len(faults) - 1} more" if len(faults) > 1 else ""
        found.append(f"background left out: {faults[0]}{more}")
    if recipe.idle:
        found.append(f"without effect, for every style says something else: {', '.join(recipe.idle)}; change it in the styles")
    kinds = (recipe, *(style.recipe for style in recipe.styles))
    if recipe.fonts.folders and not any(is_drawn_from(kind.fonts) for kind in kinds):
        found.append(
            f"fonts.folders: no font of {', '.join(recipe.fonts.folders)} is drawn, got fonts.classes that give class "
            "'other', which fonts of folders are of, no weight; write other: 1"
        )
    corpora = [s.source.name for kind in kinds for s in kind.sources if s.source.name == "corpus"]
    if corpora and any(kind.text.coverage.at_least for kind in kinds):
        found.append("text.coverage: puts the characters that it owes behind lines of the corpus; leave it out to keep them")
    letters = alphabet.load(recipe.language)
    sources = [s.source for kind in (recipe, *(style.recipe for style in recipe.styles)) for s in kind.sources]
    return found + list(dict.fromkeys(warning for source in sources if (warning := source.warning(letters))))


def _faults(file: str, data: dict[str, Any], places: Locations) -> list[Fault]:
    """Return the faults of a recipe's content: each is taken out, and the rest tried again."""
    found: list[Fault] = []
    rest = copy.deepcopy({key: value for key, value in data.items() if key != "lock"})
    misspelt = [key for key in rest if key not in KEYS and "language" in difflib.get_close_matches(str(key), KEYS)]
    if misspelt and "language" not in rest:
        # It is told as an unknown key; that the language is missing says nothing more.
        rest["language"] = _STAND_IN_LANGUAGE
    taken: set[locations.Path] = set()
    while len(found) < _MOST_FAULTS:
        try:
            Recipe.from_dict(rest)
        except OcrsynthError as error:
            message = str(error)
            path = places.path_of(message)
            if any(path and old[: len(path)] == path for old in taken):
                # It lacks what was taken out of it: no fault of the file.
                while path in taken:
                    path = path[:-1]
            elif any(message == fault.message for fault in found):
                break
            else:
                found.append(_fault(file, error, message, places))
                place = places.nearest(path)
                path = place[0] if place else ()
            if message.startswith("language: ") and rest.get("language") != _STAND_IN_LANGUAGE:
                rest["language"] = _STAND_IN_LANGUAGE
            elif path in {(), ("language",)} or (out := _take_out(rest, path)) is None:
                break
            else:
                taken |= {path, out}
        else:
            break
    return found + _unknown_families(file, rest, taken, places) if found else _later_faults(file, rest, places)


def _unknown_families(file: str, rest: dict[str, Any], taken: set[locations.Path], places: Locations) -> list[Fault]:
    """Return the font families that are unknown whatever else is wrong.

    None are told where what was *taken* out of the recipe may have named the fonts that they are in.
    """
    if any(_names_fonts(path) for path in taken):
        return []
    try:
        recipe = Recipe.from_dict(rest)
    except OcrsynthError:
        return []
    configs = {recipe.fonts.families: ("", recipe.fonts)}
    for style in recipe.styles:
        configs.setdefault(style.recipe.fonts.families, (style.where, style.recipe.fonts))
    found = []
    for where, config in configs.values():
        try:
            with told_at(where):
                families_of(config)
        except OcrsynthError as error:
            found.append(_fault(file, error, str(error), places))
    return found


def _names_fonts(path: locations.Path) -> bool:
    """Tell whether what stands at *path* says, or was meant to say, where fonts come from."""
    if "fonts" in path:
        key = path[path.index("fonts") + 1 :][:1]
        return not key or key[0] in _PLACES_OF_FONTS or key[0] not in FontConfig.model_fields
    return bool(difflib.get_close_matches(str(path[-1]), ("fonts", *_PLACES_OF_FONTS)))


def _later_faults(file: str, rest: dict[str, Any], places: Locations) -> list[Fault]:
    """Return the faults of members of lists, such as templates, that show when the recipe meets its alphabet and fonts."""
    found: list[Fault] = []
    while len(found) < _MOST_FAULTS:
        try:
            Pipeline(Recipe.from_dict(rest))
        except OcrsynthError as error:
            if any(str(error) == fault.message for fault in found):
                break
            found.append(_fault(file, error, str(error), places))
            place = places.of_message(str(error))
            path = place[0] if place else ()
            members = [i for i in range(1, len(path)) if isinstance(path[i], int) and path[i - 1] in _STAND_INS]
            if not members or _take_out(rest, path[: members[-1] + 1]) is None:
                # Taking anything else out would change what the rest is judged by.
                break
        else:
            break
    return found


def _fault(file: str, error: OcrsynthError, message: str, places: Locations) -> Fault:
    found = places.of_message(message)
    if found is None and isinstance(error, CoverageError):
        # What no font can show is the language.
        found = places.nearest(("language",))
    path, line = found or ((), None)
    return Fault(file, line, written(path), message, error.exit_code)


def _take_out(data: dict[str, Any], path: locations.Path) -> locations.Path | None:
    """Remove what stands at *path*, keeping the numbers of its neighbours in lists; return the path of what was removed."""
    parent: Any = data
    for step in path[:-1]:
        parent = _child(parent, step)
    last = path[-1]
    if isinstance(parent, list) and isinstance(last, int):
        if path[-2] not in _STAND_INS:
            return _take_out(data, path[:-1])
        parent[last] = copy.deepcopy(_STAND_INS[path[-2]])
        return path
    key = next((key for key in parent if str(key) == last), None) if isinstance(parent, dict) else None
    if key is None:
        return None
    if path[:1] == ("styles",) and path[2:] == ("name",):
        # Without a name, or with that of another, nothing else of the style would be looked at.
        parent[key] = written(path)
        return path
    if len(parent) == 1 and len(path) > 1:
        return _take_out(data, path[:-1])
    del parent[key]
    return path


def _child(value: Any, step: str | int) -> Any:
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    if isinstance(value, dict):
        return next((inner for key, inner in value.items() if str(key) == step), None)
    return None


def _resolved(pipeline: Pipeline) -> dict[str, Any]:
    recipe = pipeline.recipe
    letters = alphabet.load(recipe.language)
    families = pipeline.fonts.families
    kinds = recipe.styles or (Style("", 1.0, recipe, ""),)
    all_kinds = sum(kind.weight for kind in kinds)
    sources: dict[str, float] = defaultdict(float)
    for kind in kinds:
        total = sum(s.weight for s in kind.recipe.sources)
        for s in kind.recipe.sources:
            sources[s.source.name] += kind.weight / all_kinds * s.weight / total
    return {
        "language": {"id": letters.id, "name": letters.name, "script": letters.script, "direction": letters.direction},
        "alphabet": {
            "letters": len(letters.letters),
            "characters": len(letters.characters),
            "validity": letters.validity,
            "curated": letters.id in assets.names("alphabets"),
        },
        "fonts": {
            "families": [f.name for f in families],
            "faces": sum(len(f.faces) for f in families),
            "of_families": len(pipeline.fonts.all_families),
        },
        "styles": [{"name": style.name, "share": round(style.weight / all_kinds, 4)} for style in recipe.styles],
        "sources": [{"name": name, "share": round(share, 4)} for name, share in sorted(sources.items(), key=lambda s: -s[1])],
        "degrade": list(dict.fromkeys(link.op.name for kind in kinds for link in kind.recipe.degrade)),
        "output": {"format": list(recipe.output.format), "image": pipeline.suffix},
        "height_px": recipe.render.height_px,
        "seed": recipe.seed,
    }
