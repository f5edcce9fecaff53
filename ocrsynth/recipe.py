"""Recipes: everything about a data set but its seed's use, its count and its folder, in one validated value."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import orjson
import uharfbuzz
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from ocrsynth import assets
from ocrsynth.degrade import borrowed
from ocrsynth.degrade.entries import Link, describe_chain, parse_chain
from ocrsynth.degrade.presets import preset_section, read_preset
from ocrsynth.errors import RecipeError, YamlError, suggest, told_at
from ocrsynth.fields import NO_IN_QUOTES, Section, is_whole, number_advice, validate
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.config import FontConfig
from ocrsynth.legibility import LegibilityConfig
from ocrsynth.locations import Locations
from ocrsynth.lock import check_lock
from ocrsynth.records import LINE_FEED
from ocrsynth.render import backgrounds
from ocrsynth.render.layout import RenderConfig, check_lines
from ocrsynth.render.paper import check_contrast
from ocrsynth.styles import OF_PRESETS, Entry, check_shared, entries_of, laid_over, without_effect
from ocrsynth.styles import SECTIONS as STYLED
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import (
    SHARES,
    TextConfig,
    WeightedSource,
    default_sources,
    describe_sources,
    foreign_alphabets,
    parse_sources,
    with_shares,
)
from ocrsynth.text.sources import pattern
from ocrsynth.text.splits import Splits
from ocrsynth.write.base import FORMATS

DEFAULT_PRESET = "document"
_VERTICAL = frozenset({"Hani", "Hira", "Kana", "Hang", "Bopo"})
MAX_SEED = (1 << 63) - 1


def check_output(output: OutputConfig, text: TextConfig, render: RenderConfig) -> None:
    """Raise RecipeError if a format is unknown, or cannot hold what the recipe makes."""
    if output.masks and not any("mask" in FORMATS.get(name, "output.format").keeps for name in output.format):
        able = ", ".join(name for name in FORMATS if "mask" in FORMATS.get(name, "output.format").keeps)
        raise RecipeError(f"output.masks: none of the formats holds masks, got {', '.join(output.format)}; add one of {able}")
    for name in output.format:
        limits = FORMATS.get(name, "output.format").constraints
        if (
            output.image != "auto"
            and (suffix := output.image.replace("jpeg", "jpg").replace("raw", "npy")) not in limits.images
        ):
            kinds = ", ".join(sorted(limits.images))
            raise RecipeError(f"output.image: format {name!r} has no {output.image} pictures, got {suffix!r}; known: {kinds}")
        if (limits.needs_boxes or (limits.lines_need_boxes and render.lines.high > 1)) and output.boxes == "none":
            raise RecipeError(f"output.boxes: format {name!r} is about boxes, got 'none'; leave it out")
        if output.unreadable == "refuse" and limits.horizontal and render.vertical:
            raise RecipeError(
                f"render.vertical: consumers of format {name!r} make nothing of vertical lines, got {render.vertical!r}; "
                "leave it out, or set output.unreadable to skip"
            )
        if output.unreadable == "refuse" and LINE_FEED in limits.forbidden and render.lines.high > 1:
            raise RecipeError(f"render.lines: format {name!r} holds single lines, got {list(render.lines)!r}; take webdataset")
        if output.unreadable == "refuse" and limits.drops_empty and text.empty_share:
            raise RecipeError(
                f"text.empty_share: consumers of format {name!r} drop empty labels, got {text.empty_share!r}; "
                "leave it out, or set output.unreadable to skip"
            )


def check_coverage(text: TextConfig, render: RenderConfig) -> None:
    """Raise RecipeError if pictures would lack what a target of coverage counts on."""
    if text.coverage.at_least and text.empty_share:
        raise RecipeError(
            f"text.empty_share: empty pictures hold nothing that text.coverage asks for, got {text.empty_share!r}; "
            "leave one of the two out"
        )
    if text.coverage.at_least and render.clip_share:
        raise RecipeError(
            f"render.clip_share: a cut line loses characters that text.coverage asks for, got {render.clip_share!r}; "
            "leave one of the two out"
        )


def check_render(render: RenderConfig) -> None:
    """Raise RecipeError if no picture can be as wide as it must be."""
    if render.max_width_px is not None and render.min_width_px > render.max_width_px:
        raise RecipeError(
            f"render.min_width_px: must be at most max_width_px, got {render.min_width_px} above {render.max_width_px}; "
            "give both the same for one width"
        )
    check_lines(render)


class OutputConfig(Section):
    """The recipe's ``output`` section: formats, coding of the pictures, what is stored beside them, and splits."""

    format: tuple[str, ...] = ("webdataset",)
    """Format of the data set, or a list of several that are written from one rendering."""
    image: Literal["auto", "png", "jpeg", "webp", "raw"] = Field(
        default="auto", description="auto keeps the bytes of a chain that always ends in a codec, else writes PNG; raw is NPY"
    )
    quality: int = Field(default=95, ge=1, le=100, description="of JPEG and WebP, where the chain did not choose one")

    @field_validator("format", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, (list, tuple)) or not names or not all(isinstance(name, str) for name in names):
            raise PydanticCustomError("format", "must be the name of a format, or a list of such")
        if len(set(names)) < len(names):
            raise PydanticCustomError("format", "must not name a format twice")
        return tuple(names)

    boxes: Literal["all", "words", "none"] = Field(
        default="all", description="boxes in the metadata: of clusters, words and line; of words and line; none"
    )
    masks: bool = Field(default=False, description="store a mask of the line's own ink beside each picture")
    unreadable: Literal["refuse", "skip"] = Field(
        default="refuse",
        description="a label that a format's consumer would drop or change: an error, or left out of that format and counted",
    )
    shard_size: int | None = Field(default=None, ge=1, le=1_000_000, description="samples a shard; empty for a fitting one")
    split: dict[str, float] = Field(
        default_factory=dict,
        description="shares by name, such as {train: 0.98, val: 0.01, test: 0.01}; no text is in two of them",
    )


SECTIONS: dict[str, type[Section]] = {
    "text": TextConfig,
    "fonts": FontConfig,
    "render": RenderConfig,
    "legibility": LegibilityConfig,
    "output": OutputConfig,
}
KEYS = ("language", "seed", "degrade", "styles", *SECTIONS)


class Style(NamedTuple):
    """A kind of document, and how often a sample is one."""

    name: str
    weight: float
    recipe: Recipe
    """What its samples are made by; it has no styles itself."""
    where: str
    """Its place in the recipe, empty for a style of a preset: of such only what the recipe itself says can be wrong."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """A validated recipe; equal recipes make equal samples.

    Make one with `for_language`, `load` or `from_dict`, and a changed one with `with_changes`.
    """

    language: str
    """Id of the alphabet, ``<lang>_<Script>``."""
    seed: int
    text: TextConfig
    sources: tuple[WeightedSource, ...]
    fonts: FontConfig
    render: RenderConfig
    degrade: tuple[Link, ...]
    legibility: LegibilityConfig
    output: OutputConfig
    styles: tuple[Style, ...]
    """Kinds of documents that samples are drawn from; empty where the recipe itself says how every sample is made."""
    canonical: bytes
    """The recipe as JSON with every default filled in and keys sorted."""
    idle: tuple[str, ...] = ()
    """Keys that it names to no effect, as each of its styles says something else."""

    @classmethod
    def for_language(cls, language: str, preset: str = DEFAULT_PRESET, seed: int = 0, **sections: Any) -> Recipe:
        """Return a recipe with defaults for a language (``en``, ``en_Latn``, …), a degradation preset and a seed.

        *sections* are parts of a recipe as mappings, such as ``render={"height_px": 48}``.  Raises RecipeError.
        """
        return cls.from_dict({"language": language, "seed": seed, "degrade": preset, **sections})

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Return the recipe in a YAML file; raises AssetError if it cannot be read, RecipeError with the line if it is wrong.

        The file may be a lock, as written beside a data set: then its fonts, alphabet and versions must be those here.
        """
        try:
            data = assets.read_yaml(Path(path))
        except YamlError as error:
            raise RecipeError(str(error)) from None
        locations = Locations(Path(path).read_text(encoding="utf-8"))
        for double in locations.doubles:
            raise RecipeError(f"{path}:{double.line}: {double}")
        lock = data.pop("lock", None)
        try:
            recipe = cls.from_dict(data)
        except RecipeError as error:
            raise RecipeError(f"{locations.place(str(path), str(error))}: {error}") from None
        if lock is not None:
            check_lock(lock, recipe.lock(), str(path))
        return recipe

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Recipe:
        """Return the recipe in a mapping, as YAML would give it; raises RecipeError with the path of a wrong key."""
        if not isinstance(data, Mapping):
            raise RecipeError(f"recipe: must be a mapping of keys to values, got {type(data).__name__}; see 'recipe init'")
        for key in data:
            if key not in KEYS:
                raise RecipeError(f"{key}: unknown key in a recipe, got {key!r}; {suggest(str(key), KEYS)}")
        if not isinstance(data.get("language"), str):
            no = data.get("language") is False
            advice = NO_IN_QUOTES if no else "write for example 'language: en'"
            raise RecipeError(f"language: must name a language, got {data.get('language')!r}; {advice}")
        letters = alphabet.load(data["language"])
        seed: Any = data.get("seed", 0)
        if not is_whole(seed, 0, MAX_SEED):
            advice = number_advice(seed, "take any such number", whole=True)
            raise RecipeError(f"seed: must be a whole number from 0 to {MAX_SEED}, got {seed!r}; {advice}")
        seed = int(seed)
        chain = data.get("degrade", DEFAULT_PRESET)
        given = dict(data)
        for name in OF_PRESETS:
            if isinstance(chain, str) and (defaults := preset_section(chain, name)):
                given[name] = laid_over(data.get(name), defaults)
        parts: dict[str, Any] = {name: validate(model, given.get(name), name) for name, model in SECTIONS.items()}
        parts["text"] = with_shares(parts["text"], letters)
        named = parts["text"].sources
        sources = parse_sources(default_sources(letters) if named is None else named, "text.sources")
        links = parse_chain(read_preset(chain, "degrade") if isinstance(chain, str) else chain, "degrade")
        check_output(parts["output"], parts["text"], parts["render"])
        check_render(parts["render"])
        check_coverage(parts["text"], parts["render"])
        check_contrast(parts["render"])
        if parts["render"].backgrounds:
            backgrounds.listing(parts["render"].backgrounds)
        Splits(parts["output"].split, "output.split")
        foreign_alphabets(parts["text"])
        if parts["render"].vertical and letters.script not in _VERTICAL:
            raise RecipeError(
                f"render.vertical: {letters.name} is not written from top to bottom, got {parts['render'].vertical!r}; "
                "leave it out, or take Chinese, Japanese or Korean"
            )
        resolved = {
            "language": letters.id,
            "seed": seed,
            **{name: part.model_dump(mode="json") for name, part in parts.items()},
            "degrade": describe_chain(links),
        }
        resolved["text"]["sources"] = describe_sources(sources)
        kinds = tuple(cls._style(entry) for entry in entries_of(data, chain, letters))
        if kinds:
            resolved["styles"] = [
                {"name": s.name, "weight": s.weight} | {key: s.recipe.to_dict()[key] for key in ("degrade", *STYLED)}
                for s in kinds
            ]
        canonical = orjson.dumps(resolved, option=orjson.OPT_SORT_KEYS)
        made = cls(language=letters.id, seed=seed, sources=sources, degrade=links, styles=kinds, canonical=canonical, **parts)
        for i, kind in enumerate(kinds):
            check_shared(made, kind.recipe, f"styles[{i}]")
        return replace(made, idle=without_effect(data, made, [kind.recipe for kind in kinds if kind.where], letters))

    @classmethod
    def _style(cls, entry: Entry) -> Style:
        with told_at(entry.where):
            return Style(entry.name, entry.weight, cls.from_dict(entry.data), entry.where)

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Recipe) and self.canonical == other.canonical

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.canonical)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, every default filled in; `from_dict` reads it back."""
        data: dict[str, Any] = orjson.loads(self.canonical)
        return data

    def with_changes(self, **changes: Any) -> Recipe:
        """Return a recipe with changed keys; a section is merged key by key: ``render={"height_px": 48}``.

        What changes text, fonts or render changes them in every style; another ``degrade`` ends the styles.
        """
        data = self.to_dict()
        if "degrade" in changes:
            data.pop("styles", None)
        if "language" in changes or "sources" in (changes.get("text") or ()):
            for kind in (data, *data.get("styles", ())):
                kind["text"] |= dict.fromkeys(SHARES)
        for name, value in changes.items():
            if name not in SECTIONS or not isinstance(value, dict):
                data[name] = value
                continue
            data[name] = {**data[name], **value}
            if name in STYLED and "styles" not in changes:
                for kind in data.get("styles", ()):
                    kind[name] = {**kind[name], **value}
        return Recipe.from_dict(data)

    def with_seed(self, seed: int) -> Recipe:
        """Return the same recipe under another seed."""
        return self.with_changes(seed=seed)

    def stamps(self) -> tuple[tuple[int, int], ...]:
        """Return size and time of change, in ns, of the texts and models that the recipe reads, as far as they are there."""
        found = []
        for name in _files_of(self):
            with suppress(OSError):
                status = Path(name).stat()
                found.append((status.st_size, status.st_mtime_ns))
        return tuple(found)

    def all_sources(self) -> list[WeightedSource]:
        """Return the sources of the recipe and of its styles."""
        return [source for one in (self, *(style.recipe for style in self.styles)) for source in one.sources]

    def lock(self) -> dict[str, Any]:
        """Return all that samples depend on beside the recipe itself: versions, and hashes of alphabet, fonts and texts."""
        letters = alphabet.load(self.language)
        files = _digests(self.sources, letters, "")
        for kind in self.styles:
            files |= _digests(kind.recipe.sources, letters, f"{kind.name} ")
        if self.render.backgrounds:
            pictures = backgrounds.listing(self.render.backgrounds)
            files |= {f"background {path}": digest for path, digest in zip(pictures.paths, pictures.digests, strict=True)}
        families = catalogue.load(self.fonts.sets, self.fonts.all_folders)
        fonts = {f"{f.name}: {Path(face.path).name}": face.sha256 for f in families for face in f.faces}
        links = (*self.degrade, *(link for kind in self.styles for link in kind.recipe.degrade))
        return {
            "ocrsynth": version("ocrsynth"),
            "harfbuzz": uharfbuzz.version_string(),
            "opencv": cv2.__version__,
            **{name: version(name) for name in _PACKAGES},
            "unicode": unicodedata.unidata_version,
            **({"pillow": version("pillow")} if self.render.backgrounds else {}),
            **pattern.versions(source.source for source in self.all_sources()),
            **(borrowed.versions() if any(link.op.name == borrowed.NAME for link in links) else {}),
            "alphabets": {
                a.id: hashlib.sha256(a.model_dump_json().encode()).hexdigest() for a in (letters, *foreign_alphabets(self.text))
            },
            "files": files,
            "ops": {link.op.name: link.op.VERSION for link in links},
            "fonts": dict(sorted(fonts.items())),
        }

    def locked(self) -> str:
        """Return the recipe and its lock as YAML, the file ``recipe.lock.yaml`` of a data set."""
        return assets.yaml_text({**self.to_dict(), "lock": self.lock()})


def require_recipe(value: object) -> None:
    """Raise RecipeError for what is no `Recipe`, such as the name of a language or the mapping of one."""
    if not isinstance(value, Recipe):
        got = repr(value) if isinstance(value, str) else type(value).__name__
        raise RecipeError(f"recipe: must be a Recipe, got {got}; Recipe.for_language, load and from_dict make one")


@lru_cache(maxsize=64)
def _files_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the texts and models that a recipe reads; asked for at every sample, so that they are found once."""
    found = [getattr(source.source, key, None) for source in recipe.all_sources() for key in ("file", "model")]
    return tuple(name for name in found if name)


def _digests(sources: tuple[WeightedSource, ...], letters: alphabet.Alphabet, prefix: str) -> dict[str, str]:
    """Return the hashes of the files that some sources read, by their places."""
    return {
        f"{prefix}{i} {s.source.name}": digest
        for i, s in enumerate(sources)
        if (digest := s.source.digest(letters)) is not None
    }


_PACKAGES = ("numpy", "regex", "wordfreq", "gflanguages")
"""What else gives samples their numbers, clusters and words."""


def fingerprint(locked: str) -> str:
    """Return the fingerprint of a data set: the SHA-256 of its ``recipe.lock.yaml``."""
    return hashlib.sha256(locked.encode()).hexdigest()
