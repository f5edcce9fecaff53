"""Draws a font for a line: class, then family, then face, then a place on the variable axes.

A family is drawn before its faces, so a family with eighteen styles is as likely as one with a single style.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from ocrsynth.errors import CoverageError, RecipeError, suggest
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.coverage import covered
from ocrsynth.fonts.faces import features_of, full_width
from ocrsynth.records import PLAIN, TATWEEL, FontChoice, FontKey, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocrsynth.fields import Range
    from ocrsynth.fonts.catalogue import Axis, FaceFile, Family
    from ocrsynth.fonts.config import FontConfig
    from ocrsynth.seeding import Stream

_REGULAR = {"wght": 400.0, "wdth": 100.0}
_STEPS = {"wght": 50.0, "wdth": 5.0}
"""Axis values are rounded to these steps: bounded caches need a bounded number of instances."""
_OPTICAL_RATIO = 1.35
"""Optical sizes are drawn in steps of about this ratio, as sizes of type are named: 6, 8, 11, 15, 20, 28, 40 points."""


def families_of(config: FontConfig) -> tuple[Family, ...]:
    """Return the families that a recipe names, of its sets and folders, or all of them where it names none.

    Raises RecipeError for a family that is in none of them, AssetError if a set or a folder is missing.
    """
    families = catalogue.load(config.sets, config.all_folders)
    if not config.families:
        return families
    known = {f.name for f in families}
    for name in config.families:
        if name not in known:
            raise RecipeError(f"fonts.families: no family {name!r} in the sets and folders; {suggest(name, known)}")
    return tuple(f for f in families if f.name in config.families)


def is_drawn_from(config: FontConfig) -> bool:
    """Tell whether fonts of the user's folders can be drawn, by their class or by name."""
    return bool(config.families) or dict(config.classes).get("other", 0) > 0


class FontSelector:
    """The fonts of a recipe, ready to draw from."""

    def __init__(
        self,
        config: FontConfig,
        characters: frozenset[str],
        needed: frozenset[str] = frozenset(),
        where: str = "fonts",
        stressed: float = 0.0,
    ) -> None:
        """Keep the faces that have every character of *needed*; those of *characters* may be lacking in some.

        *stressed* is the share of lines with words that are stressed, unless the recipe says it itself.  Raises CoverageError,
        beginning with *where*, if there is no such face.
        """
        families = families_of(config)
        classes = dict(config.classes)
        if config.families:
            # Families that are named outright are wanted, though the classes of a preset or a style leave theirs out.
            classes |= dict.fromkeys({f.kind for f in families} - classes.keys(), 1.0)
            if not any(classes[f.kind] > 0 for f in families):
                classes |= dict.fromkeys((f.kind for f in families), 1.0)
        families = tuple(f for f in families if classes.get(f.kind, 0) > 0)
        if not families:
            there = ", ".join(sorted({f.kind for f in families_of(config)}))
            raise RecipeError(
                f"fonts.classes: no family is left, got {config.classes!r}, where the fonts are of class {there}; give one of "
                "these a weight above 0 (fonts of folders are 'other')"
            )
        self._all = families
        # By hand, for a cache keyed by the families would hash every face of every font at each call.
        self._able: dict[frozenset[str], tuple[tuple[Family, FaceFile], ...]] = {}
        covering = tuple(kept for f in families if (kept := _covering(f, needed)) is not None)
        if not covering:
            raise CoverageError(_no_font(families, needed, where))
        self.families = covering
        self.classes: dict[str, float] = {kind: classes[kind] for kind in dict.fromkeys(f.kind for f in covering)}
        """Weights of the classes that are drawn from."""
        self._config = config
        self.stressed = stressed if config.stressed is None else config.stressed
        self._characters = characters
        self._draws_out = TATWEEL in characters
        # Where the letters stand in squares, so do their quotes.
        self._squares = any(unicodedata.east_asian_width(c) in "WF" for c in needed)
        # A lock has its keys sorted; the draws must not depend on the order in which a user wrote them.
        self._tags = sorted(tag for tag, share in config.features.items() if share != (1 if tag in _ON_BY_DEFAULT else 0))
        sizes: dict[str, int] = {}
        for family in covering:
            sizes[family.kind] = sizes.get(family.kind, 0) + 1
        self._weights = list(accumulate(classes[f.kind] / sizes[f.kind] for f in covering))

    @property
    def all_families(self) -> tuple[Family, ...]:
        """Return the families that are drawn from, and behind them those that only lend what these lack."""
        drawn = {family.name for family in self.families}
        return (*self.families, *(family for family in self._all if family.name not in drawn))

    def draw(self, stream: Stream) -> FontChoice:
        """Return a font; whether it has the characters of a text is asked of `missing`, and proved after shaping."""
        config = self._config
        family = self.families[stream.weighted(self._weights)]
        italic = stream.chance(config.italic)
        regular = stream.chance(config.regular)
        face = self._face(stream, family, "italic" if italic else "normal", regular=regular)
        coords = tuple((axis.tag, self._place(stream, axis, regular=regular, italic=italic)) for axis in face.axes)
        bold, slant = self._synthetic(stream, family, face)
        setting = self._setting(stream, family, face)
        if self._draws_out:
            setting = setting._replace(kashida_em=round(stream.log_uniform(*_KASHIDA_EM), 3))
        key = FontKey(face.path, face.index, coords, bold, slant)
        return FontChoice(key, family.name, face.style, family.kind, face.sha256, setting)

    def _synthetic(self, stream: Stream, family: Family, face: FaceFile) -> tuple[float, float]:
        """Return thickening and slant; in few steps, for every one is an instance of its own in the caches."""
        config = self._config
        thick, leaning, strength, slope = (stream.unit() for _ in range(4))
        bold = slant = 0.0
        if thick < config.synthetic_bold and not _has_bold(family):
            bold = _step(config.bold_em, strength)
        if leaning < config.synthetic_slant and face.style == "normal" and not _has_italic(family):
            slant = _step(config.slant_ratio, slope)
        return bold, slant

    def _setting(self, stream: Stream, family: Family, face: FaceFile) -> Setting:
        config = self._config
        features: list[tuple[str, bool]] = []
        for tag in self._tags:
            wanted = stream.unit() < config.features[tag]
            # What fonts do by default needs a word only to be switched off, all else only to be switched on.
            if wanted != (tag in _ON_BY_DEFAULT) and tag in features_of(face.path, face.index):
                features.append((tag, wanted))
        spaced, letter, word = stream.unit(), stream.unit(), stream.unit()
        if config.pitched and family.kind in _PITCHED and stream.chance(config.pitched):
            return Setting(tuple(features), pitch_em=round(config.pitch_em.draw(stream), 3))
        if spaced >= config.spaced:
            if self.stressed and family.kind != "hand" and stream.chance(self.stressed):
                # A square of what is left of the line: one or two words are stressed more often than many.
                place = (round(stream.unit(), 3), round(stream.unit() ** 2, 3))
                return Setting(tuple(features), round(config.stress_em.draw(stream), 3), stressed=place)
            return Setting(tuple(features)) if features else PLAIN
        low, high = config.letter_spacing_em
        # Written letters join as those of joining scripts do.
        letter_em = round(low + (high - low) * letter, 3) if family.kind != "hand" else 0.0
        low, high = config.word_spacing_em
        return Setting(tuple(features), letter_em, round(low + (high - low) * word, 3))

    def missing(self, font: FontChoice, text: str) -> frozenset[str]:
        """Return the characters of *text* that the font maps to no glyph."""
        return frozenset(text) - covered(font.key.path, font.key.face, self._characters)

    @cached_property
    def unshown(self) -> frozenset[str]:
        """Return the characters of texts that no font here has: another draw of a font is no help to them."""
        lacking = self._characters - {" "}
        for family in self._all:
            for face in family.faces:
                if not lacking:
                    return _NONE
                lacking -= covered(face.path, face.index, self._characters)
        return lacking

    def in_squares(self, font: FontChoice, text: str) -> frozenset[str]:
        """Return the quotes and points of *text* about which the font leaves the gap of East Asian text, where none belongs."""
        return _NONE if self._squares else full_width(font.key.path, font.key.face).intersection(text)

    def require(self, characters: Iterable[str], where: str) -> None:
        """Raise CoverageError, beginning with *where*, for those of *characters* that no font here has."""
        lacking = frozenset(characters)
        for family in self._all:
            for face in family.faces:
                lacking -= covered(face.path, face.index, lacking)
        if lacking:
            shown = ", ".join(f"{c} U+{ord(c):04X}" for c in sorted(lacking)[:_SHOWN])
            raise CoverageError(
                f"{where}: no font has {len(lacking)} of the characters, got {shown}{', …' if len(lacking) > _SHOWN else ''}; "
                f"{_ADVICE}"
            )

    def draw_fallback(self, stream: Stream, missing: frozenset[str]) -> FontChoice | None:
        """Return a font that has all of *missing*, in the regular style, or None if there is none.

        Many fonts of one script have no figures or punctuation of their own: a typesetter takes them from another font.
        A stroke of another font would not meet the letters that it stands between.
        """
        if TATWEEL in missing:
            return None
        able = self._able.get(missing)
        if able is None:
            if len(self._able) >= _MAX_ABLE:
                self._able.clear()
            able = self._able[missing] = _able(self._all, missing, squares=self._squares)
        if not able:
            return None
        family, face = stream.choice(able)
        return FontChoice(face.key, family.name, face.style, family.kind, face.sha256)

    def _face(self, stream: Stream, family: Family, style: str, *, regular: bool) -> FaceFile:
        faces = [f for f in family.faces if f.style == style] or list(family.faces)
        low, high = self._config.weight
        within = [f for f in faces if f.axes or low <= f.weight <= high] or faces
        if regular:
            return min(within, key=lambda f: abs(f.weight - 400))
        return stream.choice(within)

    def _place(self, stream: Stream, axis: Axis, *, regular: bool, italic: bool) -> float:
        unit = stream.unit()
        if axis.tag == "slnt":
            # By OpenType a lean to the right is an angle below 0.
            lean = math.degrees(math.atan(_step(self._config.slant_ratio, unit))) if italic else -axis.default
            return min(max(-round(lean, 1), axis.low), axis.high)
        wanted = {"wght": self._config.weight, "wdth": self._config.width_percent, "opsz": self._config.optical_size_pt}.get(
            axis.tag
        )
        if wanted is None or (regular and axis.tag not in _REGULAR):
            return axis.default
        if regular:
            return min(max(_REGULAR[axis.tag], axis.low), axis.high)
        low, high = max(axis.low, wanted.low), min(axis.high, wanted.high)
        if low > high:
            return min(max(axis.default, axis.low), axis.high)
        if axis.tag == "opsz":
            steps = math.ceil(math.log(high / low) / math.log(_OPTICAL_RATIO)) or 1
            return float(round(low * (high / low) ** (round(unit * steps) / steps), 1))
        step = _STEPS[axis.tag]
        return min(max(round((low + (high - low) * unit) / step) * step, low), high)


_NONE: frozenset[str] = frozenset()
_PITCHED = frozenset({"serif", "slab"})
"""Classes of fonts that resemble types when they are set on one pitch; those of the classes mono and typewriter are already."""
_ON_BY_DEFAULT = frozenset({"liga", "clig", "kern", "calt", "locl", "ccmp", "rlig", "mark", "mkmk"})
_STEPS_OF_STYLE = 3
_BOLD_FROM = 600


def _step(between: Range, unit: float) -> float:
    """Return one of four values from *between*, both ends included."""
    return round(between.low + (between.high - between.low) * round(unit * _STEPS_OF_STYLE) / _STEPS_OF_STYLE, 4)


def _has_bold(family: Family) -> bool:
    return any(f.weight >= _BOLD_FROM or any(a.tag == "wght" and a.high >= _BOLD_FROM for a in f.axes) for f in family.faces)


def _has_italic(family: Family) -> bool:
    return any(f.style == "italic" or any(a.tag == "slnt" for a in f.axes) for f in family.faces)


_MAX_ABLE = 512
_KASHIDA_EM = (0.15, 1.0)
"""Lengths of strokes between joined letters: from what a font has to a word's."""


def _able(families: tuple[Family, ...], missing: frozenset[str], *, squares: bool) -> tuple[tuple[Family, FaceFile], ...]:
    """Return the plainest face of each family that has all of *missing*, none in a square unless *squares* are right."""
    able = []
    for family in families:
        faces = [f for f in family.faces if f.style == "normal" and len(covered(f.path, f.index, missing)) == len(missing)]
        if not squares:
            faces = [f for f in faces if full_width(f.path, f.index).isdisjoint(missing)]
        if faces:
            able.append((family, min(faces, key=lambda f: abs(f.weight - 400))))
    return tuple(able)


def _covering(family: Family, needed: frozenset[str]) -> Family | None:
    """Return the family with those of its faces that have all *needed* characters, or None if there are none."""
    faces = tuple(f for f in family.faces if len(covered(f.path, f.index, needed)) == len(needed))
    return replace(family, faces=faces) if faces else None


def _no_font(families: tuple[Family, ...], needed: frozenset[str], where: str) -> str:
    """Return the message that no face has all *needed* characters: how far the best comes."""
    faces = [(family, face) for family in families for face in family.faces]
    family, face = max(faces, key=lambda pair: len(covered(pair[1].path, pair[1].index, needed)))
    missing = sorted(needed - covered(face.path, face.index, needed))
    shown = ", ".join(f"{c} U+{ord(c):04X}" for c in missing[:_SHOWN])
    more = ", …" if len(missing) > _SHOWN else ""
    return (
        f"{where}: no font of {len(families)} families has all letters; the closest, {family.name!r}, lacks "
        f"{len(missing)} of {len(needed)} ({shown}{more}); {_ADVICE}"
    )


_SHOWN = 5
_ADVICE = "add a font that has them with --fonts DIR, or take those of this system with --system-fonts"
