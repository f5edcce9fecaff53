"""A frozen suite of perturbations: what is done to every line, at which severities.

A suite is a YAML file.  Each perturbation is a chain of ops with ``$s`` where its strength stands (``-$s``, ``0.5*$s``,
``$s:int``), and a list of strengths, one a severity.  Text is brought to one x-height first, so that a strength means the
same for every font and size; lengths in em count an x-height as half an em.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

import orjson
import yaml

from ocrsynth.augment import degrade_image
from ocrsynth.degrade.chain import Chain
from ocrsynth.degrade.entries import describe_chain, parse_chain
from ocrsynth.errors import AssetError, RecipeError, suggest
from ocrsynth.locations import Locations

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["clean", "suite", "scene", "held_out"]
DEFAULT_SUITE = "ocrsynth-c@1"
CLEAN = "clean"
EM_OF_X_HEIGHT = 2.0
_FOLDER = Path(__file__).parent / "suites"
_KEYS = ("name", "x_height_px", "perturbations")
_NAME = re.compile(r"\w+", re.ASCII)
_STRENGTH = re.compile(r"^(-)?(?:(\d+\.?\d*|\.\d+)\*)?\$s(:int)?$")


class Condition(NamedTuple):
    """One perturbation at one severity; severity 0 is the clean line."""

    perturbation: str
    severity: int
    group: str
    kind: Kind
    strength: float

    @property
    def name(self) -> str:
        """Return the name in reports: ``defocus_blur-3``."""
        return f"{self.perturbation}-{self.severity}" if self.severity else self.perturbation


@dataclass(frozen=True)
class Perturbation:
    """A chain with a place for its strength, and the strengths, from mild to severe."""

    name: str
    group: str
    kind: Kind
    chain: tuple[dict[str, Any], ...]
    strengths: tuple[float, ...]

    def entries(self, strength: float) -> list[dict[str, Any]]:
        """Return the recipe's entries at a strength."""
        return cast("list[dict[str, Any]]", _filled(list(self.chain), strength))

    def degrade(self, image: NDArray[np.uint8], strength: float, line: int, x_height_px: float) -> NDArray[np.uint8]:
        """Return a line under the perturbation; the same random numbers at every strength, so that only strength differs."""
        seed = int.from_bytes(hashlib.blake2b(self.name.encode(), digest_size=4).digest(), "big")
        chain = self._chain(strength)
        return degrade_image(image, chain, seed=seed, index=line, em_px=x_height_px * EM_OF_X_HEIGHT).image

    def _chain(self, strength: float) -> Chain:
        known = self._chains.get(strength)
        if known is None:
            known = self._chains[strength] = Chain(parse_chain(self.entries(strength), self.name))
        return known

    @cached_property
    def _chains(self) -> dict[float, Chain]:
        return {}


@dataclass(frozen=True)
class Suite:
    """Perturbations by name, in order, and the x-height, in px, that lines are brought to."""

    name: str
    x_height_px: float
    perturbations: dict[str, Perturbation]
    source: dict[str, Any]
    """What its file holds."""
    frozen_hash: str = ""
    """Of a frozen suite: the hash when its pictures were made, perhaps with other versions of the ops."""

    @cached_property
    def hash(self) -> str:
        """Return SHA-256 over all that decides the pixels: chains with every default, strengths, versions of the ops."""
        if self.frozen_hash:
            return self.frozen_hash
        content = {
            "name": self.name,
            "x_height_px": self.x_height_px,
            "perturbations": [
                [p.name, p.group, p.kind, list(p.strengths), [_described(p.entries(s), p.name) for s in p.strengths]]
                for p in self.perturbations.values()
            ],
        }
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def conditions(self, only: Iterable[str] = ()) -> list[Condition]:
        """Return the clean condition and all others, or those of *only*: names of perturbations, groups, kinds or conditions.

        Raises RecipeError for an unknown name.
        """
        found = [Condition(CLEAN, 0, CLEAN, "clean", 0.0)]
        for p in self.perturbations.values():
            found += [Condition(p.name, i, p.group, p.kind, s) for i, s in enumerate(p.strengths, 1)]
        wanted = set(only)
        names = {name for c in found for name in (c.name, c.perturbation, c.group, c.kind)}
        shown = {name for c in found for name in (c.perturbation, c.group, c.kind)}
        for name in sorted(wanted - names):
            raise RecipeError(f"--only: suite {self.name} has no condition {name!r}; {suggest(name, shown)}")
        if not wanted:
            return found
        return [c for c in found if c.kind == "clean" or wanted & {c.name, c.perturbation, c.group, c.kind}]

    def degrade(self, image: NDArray[np.uint8], condition: Condition, line: int, x_height_px: float) -> NDArray[np.uint8]:
        """Return line number *line*, uint8 (H, W) or (H, W, 3), under a condition: a pure function of the arguments."""
        if not condition.severity:
            return image
        return self.perturbations[condition.perturbation].degrade(image, condition.strength, line, x_height_px)


def suites() -> list[str]:
    """Return the names of the suites that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_suite(name: str = DEFAULT_SUITE) -> Suite:
    """Return a suite by name, or from a YAML file; raises AssetError or RecipeError."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else _FOLDER / f"{name}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
    except OSError as error:
        if path.parent == _FOLDER:
            raise RecipeError(f"--suite: unknown suite {name!r}; {suggest(name, suites())}") from None
        raise AssetError(f"{path}: cannot be read, {error.strerror or error}; check the path") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: is not YAML, {' '.join(str(error).split())}; mend it") from None
    for double in Locations(text).doubles:
        raise RecipeError(f"{path}:{double.line}: {double}")
    return read_suite(content, str(path))


def read_suite(content: Any, where: str) -> Suite:
    """Return the suite that a YAML file holds; raises RecipeError with the path of what is wrong."""
    if not isinstance(content, dict) or not {"name", "x_height_px", "perturbations"} <= content.keys():
        raise RecipeError(f"{where}: must be a mapping with name, x_height_px and perturbations, got {type(content).__name__}")
    for key in content:
        if key not in _KEYS:
            raise RecipeError(f"{where}: {key}: unknown key in a suite, got {key!r}; {suggest(str(key), _KEYS)}")
    if not isinstance(content["name"], str) or not content["name"]:
        raise RecipeError(f"{where}: name: must be a name, got {content['name']!r}; name it with a version, such as mine@1")
    x_height = content["x_height_px"]
    if isinstance(x_height, bool) or not isinstance(x_height, (int, float)) or not 4 <= x_height <= 200:
        raise RecipeError(f"{where}: x_height_px: must be a number of px from 4 to 200, got {x_height!r}")
    entries = content["perturbations"]
    if not isinstance(entries, dict) or not entries:
        raise RecipeError(f"{where}: perturbations: must name at least one perturbation, got {entries!r}")
    found = {str(name): _perturbation(str(name), entry, f"{where}: perturbations.{name}") for name, entry in entries.items()}
    return Suite(content["name"], float(x_height), found, content)


def _perturbation(name: str, entry: Any, where: str) -> Perturbation:
    keys = {"group", "kind", "chain", "strengths"}
    if not isinstance(entry, dict) or not keys - {"kind"} <= entry.keys() <= keys:
        raise RecipeError(f"{where}: must have group, chain, strengths and perhaps kind, got {entry!r}")
    if name == CLEAN or "-" in name:
        raise RecipeError(f"{where}: the name must have no hyphen and not be {CLEAN!r}, got {name!r}; use underscores")
    if not _NAME.fullmatch(name):
        # Conditions are folders.
        raise RecipeError(f"{where}: the name must be of letters, digits and _, got {name!r}; use underscores")
    if not isinstance(entry["group"], str) or not entry["group"]:
        raise RecipeError(f"{where}.group: must be a name, got {entry['group']!r}; say what kind of fault it is")
    strengths, kind = entry["strengths"], entry.get("kind", "suite")
    if kind not in ("suite", "scene", "held_out"):
        raise RecipeError(f"{where}.kind: must be suite, scene or held_out, got {kind!r}")
    numbers = isinstance(strengths, list) and all(isinstance(s, (int, float)) and not isinstance(s, bool) for s in strengths)
    if not numbers or not strengths:
        raise RecipeError(f"{where}.strengths: must be a list of numbers, one a severity, got {strengths!r}")
    steps = [b - a for a, b in pairwise(strengths)]
    if not (all(step > 0 for step in steps) or all(step < 0 for step in steps)):
        raise RecipeError(f"{where}.strengths: must rise, or fall, from severity to severity, got {strengths!r}; order them")
    if not isinstance(entry["chain"], list):
        raise RecipeError(f"{where}.chain: must be a list of ops, got {entry['chain']!r}; write '- op: {{…}}' lines")
    made = Perturbation(name, entry["group"], kind, tuple(entry["chain"]), tuple(float(s) for s in strengths))
    for strength in made.strengths:
        parse_chain(made.entries(strength), f"{where}.chain")
    if len(made.strengths) > 1 and made.entries(made.strengths[0]) == made.entries(made.strengths[-1]):
        raise RecipeError(f"{where}.chain: must say $s where its strength stands, got {entry['chain']!r}; write it there")
    return made


def _filled(value: Any, strength: float) -> Any:
    """Return *value* with every ``$s`` replaced."""
    if isinstance(value, dict):
        return {k: _filled(v, strength) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, strength) for v in value]
    match = _STRENGTH.match(value) if isinstance(value, str) else None
    if match is None:
        return value
    number = strength * float(match[2] or 1) * (-1 if match[1] else 1)
    return round(number) if match[3] else round(number, 6)


def _described(entries: list[dict[str, Any]], where: str) -> list[Any]:
    links = parse_chain(entries, where)
    return [describe_chain(links), [[link.op.name, link.op.VERSION] for link in links]]
