"""A first recipe for a language and a preset: every key with its meaning, ready to be changed.

It is written from the resolved recipe and the models' own words.  What the language or the preset chooses stands as it is;
everything else stands behind a ``#`` with its default, so that taking the ``#`` off changes nothing.
"""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ocrsynth import recipe as recipes
from ocrsynth.degrade.base import OPS, Op
from ocrsynth.degrade.borrowed import NAME as BORROWED
from ocrsynth.degrade.borrowed import BorrowedFilter
from ocrsynth.degrade.entries import KINDS
from ocrsynth.degrade.presets import preset_names, preset_section, preset_styles, preset_summary
from ocrsynth.descriptions import defaults, first_line, meanings, plain
from ocrsynth.errors import AssetError, CoverageError, OutputError
from ocrsynth.fields import Section
from ocrsynth.files import write_output
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.coverage import covered
from ocrsynth.styles import OF_PRESETS
from ocrsynth.styles import SECTIONS as STYLED
from ocrsynth.text import alphabet
from ocrsynth.text.base import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ocrsynth.recipe import Recipe
    from ocrsynth.text.alphabet import Alphabet

_WIDTH = 110
_ESSENTIAL = frozenset(
    ("text.sources", "text.length_clusters", "render.height_px", "render.color", "output.format", "output.image")
)
"""Keys that stand without a ``#`` even at their default: what nearly everyone looks for first."""
_ORDER = ("text", "fonts", "render", "degrade", "legibility", "output")
_PHASE_WORDS = {
    "print": "print: what happens to the ink",
    "page": "page: what happens to the paper",
    "capture": "capture: what the scanner or camera does",
    "codec": "codec: how the picture is stored",
}


_STYLES_WIN = (
    "The styles at the end are laid over the sections before them: what every style says for itself, as its texts, "
    "their lengths and its margins, is changed there."
)


def starter(recipe: Recipe, preset: str) -> str:
    """Return the YAML text of a commented recipe that is equal to *recipe*, whose chain is that of a *preset*."""
    letters = alphabet.load(recipe.language)
    data = recipe.to_dict()
    lines = [
        f"# A recipe for ocrsynth: {letters.name}, as the preset {preset}.",
        *_comment(preset_summary(preset), 0),
        "#",
        "# Keys behind a # without a space stand at their defaults: take the # off to change one.  Ranges are [low, high]; a",
        "# value is drawn for each line of text.  Is it right, what will it make, what does it look like, make it:",
        "#",
        "#     ocrsynth recipe check FILE",
        "#     ocrsynth recipe explain FILE",
        "#     ocrsynth preview FILE -o sheet.png",
        "#     ocrsynth generate FILE -n 10000 -o out/",
        *(_comment(_STYLES_WIN, 0) if recipe.styles else ()),
        "",
        f"# {_about(letters)}",
        f"language: {data['language']}",
        "# Seed of all random numbers: the same recipe and seed make the same data set.",
        f"seed: {data['seed']}",
    ]
    for key in sorted(recipes.KEYS, key=_place):
        if key in recipes.SECTIONS:
            # What every style says for itself would only mislead beside them.
            essential = frozenset[str]() if recipe.styles and key in STYLED else _ESSENTIAL
            lines += ["", *_section(key, recipes.SECTIONS[key], data[key], essential)]
        elif key == "degrade":
            lines += ["", *(_styles(data["styles"], preset) if recipe.styles else _chain(data[key], preset))]
    return "\n".join(lines) + "\n"


def fonts_for(language: str) -> dict[str, Any]:
    """Return the ``fonts`` section of a starter recipe: empty if the default set can write the language, else where fonts are.

    These are the fonts of the system, else fonts of installed packages beyond the set.  One family alone is only taken
    where there are no others.  Raises CoverageError if there is none.
    """
    letters = alphabet.load(language, "--lang")
    needed = frozenset("".join(letters.letters))
    able = _able(catalogue.load(("default",), ()), needed)
    if able > 1:
        return {}
    try:
        if _able(catalogue.load((), catalogue.system_folders()), needed):
            return {"sets": [], "system": True}
    except AssetError:
        pass  # This system has no fonts at all.
    if folders := sorted(_package_folders(needed)):
        return {"sets": [], "folders": folders}
    if able:
        return {}
    raise CoverageError(
        f"--lang: no font here has all letters of {letters.name}, got {language!r}; give a folder of fonts with "
        "--fonts DIR, or install some (on Debian and Ubuntu: apt-get install fonts-noto-core fonts-noto-cjk)"
    )


def write(path: str, text: str, *, force: bool) -> None:
    """Write *text* to a file; raises OutputError if it is there and not to be overwritten by *force*, or cannot be written."""
    if not force and os.path.lexists(path):
        raise OutputError(f"{path}: is there already; choose another file, or overwrite it with --force")
    try:
        write_output(Path(path), text.encode())
    except OSError as error:
        raise OutputError(f"{path}: cannot be written, {error.strerror}; choose another file") from None


def _place(key: str) -> int:
    """Return where a key stands: in the order in which a line is made, what no one has placed before the last."""
    return _ORDER.index(key) if key in _ORDER else len(_ORDER) - 1


def _able(families: Iterable[catalogue.Family], needed: frozenset[str]) -> int:
    """Return how many of the families have all characters *needed*."""
    return sum(any(covered(face.path, face.index, needed) == needed for face in family.faces) for family in families)


def _package_folders(needed: frozenset[str]) -> Iterator[str]:
    import fontpkg

    for family in fontpkg.families():
        files = fontpkg.family(family).files
        if any(covered(str(file.path), 0, needed) == needed for file in files):
            yield str(files[0].path.parent)


def _about(letters: Alphabet) -> str:
    autonym = f" ({letters.autonym})" if letters.autonym != letters.name else ""
    n, digits = len(letters.base.split()), letters.digits.replace(" ", "")
    return f"{letters.name}{autonym}, script {letters.script}: {n:,} letters, digits {digits}"


def _section(name: str, model: type[Section], values: dict[str, Any], essential: frozenset[str]) -> list[str]:
    lines = [*_comment(first_line(model), 0), f"{name}:"]
    texts, usual = meanings(model), defaults(model)
    for key in model.model_fields:
        value = values[key]
        inner = model.model_fields[key].annotation
        active = value != usual[key] or f"{name}.{key}" in essential
        if key == "sources" and not essential:
            lines += _line(key, usual[key], texts[key], 2, active=False)
        elif key == "sources":
            lines += [*_comment(texts[key], 2), "  sources:", *_sources(value)]
        elif isinstance(inner, type) and issubclass(inner, Section):
            lines += _inner(key, inner, value, texts[key], active=active)
        else:
            lines += _line(key, value, texts[key], 2, active=active)
    return lines


def _inner(key: str, model: type[Section], value: dict[str, Any], text: str, *, active: bool) -> list[str]:
    """Return a section inside a section; all its keys, or one line if nothing in it differs from its default."""
    texts = meanings(model)
    if active:
        lines = [*_comment(text, 2), f"  {key}:"]
        for name, usual in defaults(model).items():
            lines += _line(name, value[name], texts[name], 4, active=value[name] != usual)
        return lines
    each = "; ".join(f"{name}: {meaning.rstrip('.')}" for name, meaning in texts.items() if meaning)
    return [*_comment(f"{text} {each}", 2), f"  #{key}: {_flow(value)}"]


def _sources(entries: list[dict[str, Any]]) -> list[str]:
    lines = []
    for entry in entries:
        [(name, fields)] = entry.items()
        source = SOURCES.get(name, "starter")
        texts = meanings(source)
        lines += [*_comment(first_line(source), 4), f"    - {name}:", f"        weight: {_flow(fields['weight'])}"]
        for key, usual in defaults(source).items():
            lines += _line(key, fields[key], texts[key], 8, active=fields[key] != usual)
    used = {name for entry in entries for name in entry}
    others = [f"{name} ({first_line(SOURCES.get(name, 'starter')).rstrip('.')})" for name in SOURCES if name not in used]
    return [*lines, *(_comment(f"Other sources: {'; '.join(others)}.", 4) if others else [])]


def _styles(styles: list[dict[str, Any]], preset: str) -> list[str]:
    """Return the styles of a preset: of each what differs from the sections above, its chain by the name of a preset."""
    lines = _comment(
        f"Kinds of documents, the styles of the preset {preset}: each line is of one of them, drawn by weight, and what a "
        "style says is laid over the sections above. Take styles out, weigh them anew, or write your own; for one kind alone "
        "take the whole list out and name its preset in degrade.",
        0,
    )
    lines += [f"degrade: {preset}", "styles:"]
    for style, named in zip(styles, preset_styles(preset), strict=True):
        chain = named["degrade"]
        lines += ["", *_comment(preset_summary(chain), 2), f"  - name: {style['name']}"]
        lines += [f"    weight: {_flow(style['weight'])}", f"    degrade: {chain}"]
        for name in STYLED:
            model = recipes.SECTIONS[name]
            # The chain's preset says some of fonts and render; a style may have set that back.
            kept = preset_section(chain, name) if name in OF_PRESETS else {}
            own = {k: style[name][k] for k, usual in defaults(model).items() if style[name][k] != usual or k in kept}
            if own:
                lines.append(f"    {name}:")
            for key, value in own.items():
                if key == "sources":
                    lines += ["      sources:", *(f"        - {_flow(_brief(source))}" for source in value)]
                    continue
                inner = model.model_fields[key].annotation
                if isinstance(inner, type) and issubclass(inner, Section):
                    shown = {k: value[k] for k, usual in defaults(inner).items() if value[k] or usual}
                    lines.append(f"      {key}: {_flow(shown)}")
                else:
                    lines.append(f"      {key}: {_flow(value)}")
    return lines


def _brief(source: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of ``sources`` without what stands at its default."""
    [(name, fields)] = source.items()
    usual = defaults(SOURCES.get(name, "starter"))
    return {name: {k: v for k, v in fields.items() if k == "weight" or v != usual[k]}}


def _chain(entries: list[dict[str, Any]], preset: str) -> list[str]:
    others = ", ".join(name for name in preset_names() if name != preset)
    lines = _comment(
        f"Degradations in physical order; p is the probability that one happens to a line (1 if left out). All this is the "
        f"chain of the preset {preset}: 'degrade: {preset}' on one line says the same. Other presets: {others}. "
        "All ops: ocrsynth ops list; what one does: ocrsynth ops show NAME; what one looks like: ocrsynth ops gallery -o DIR.",
        0,
    )
    if not entries:
        return [*lines, "degrade: []"]
    lines.append("degrade:")
    said = ""
    for entry in entries:
        [name] = entry
        if name in KINDS:
            lines += _block([_concise(entry)], 2)
            continue
        if (phase := _op(name).phase) != said:
            lines += ["", f"  # --- {_PHASE_WORDS[phase]} ---"]
            said = phase
        lines += [*_comment(first_line(_op(name)), 2), f"  - {name}: {_flow(_concise(entry)[name])}"]
    return lines


def _op(name: str) -> type[Op]:
    return BorrowedFilter if name == BORROWED else OPS.get(name, "starter")


def _concise(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of a chain without what stands at its default."""
    [(name, fields)] = entry.items()
    if name in KINDS:
        return {name: {**fields, "ops": [_concise(member) for member in fields["ops"]]}}
    kept = {k: fields[k] for k, usual in defaults(_op(name)).items() if fields[k] != usual}
    return {name: kept | {k: fields[k] for k in ("p", "weight") if fields.get(k, 1) != 1}}


def _line(key: str, value: Any, text: str, indent: int, *, active: bool) -> list[str]:
    line = f"{' ' * indent}{'' if active else '#'}{key}: {_flow(value)}"
    beside = f"{line}  # {text}"
    if not text:
        return [line]
    return [beside] if len(beside) <= _WIDTH else [*_comment(text, indent), line]


def _comment(text: str, indent: int) -> list[str]:
    text = (text[:1].upper() + text[1:]).replace("``", "")
    return [f"{' ' * indent}# {line}" for line in textwrap.wrap(text, _WIDTH - indent - 2, break_on_hyphens=False)]


def _flow(value: Any) -> str:
    dumped = yaml.safe_dump(plain(value), default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False)
    return dumped.removesuffix("\n").removesuffix("\n...")


def _block(value: Any, indent: int) -> list[str]:
    dumped = yaml.safe_dump(value, default_flow_style=False, width=_WIDTH, allow_unicode=True, sort_keys=False)
    return textwrap.indent(dumped.rstrip("\n"), " " * indent).splitlines()
