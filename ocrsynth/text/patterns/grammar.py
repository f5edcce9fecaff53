r"""The template language.

::

    template  = { piece }
    piece     = atom [ count ]
    atom      = literal | class | escape | group | generator
    literal   = any character but  \ [ ( ) | { } ? * + ~
    escape    = "\d" a digit, "\a" a small letter, "\A" a capital, "\w" a letter or digit, all of the alphabet;
                "\" and a character that is no letter or digit: that character
    class     = "[" { character | character "-" character } "]"; "[^" … "]": letters and digits of the alphabet but these
    group     = "(" template [ weight ] { "|" template [ weight ] } ")"
    weight    = "~" number; 1 if left out
    generator = "{" name [ ":" argument ] "}"
    count     = "{" n "}" | "{" n "," m "}" | "?"; each number of times is equally likely

A template is compiled once to functions that draw; nothing is interpreted per text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from ocrsynth.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet

LONGEST = 1000
"""Characters that a template may come to at most."""
_DEEPEST = 20
_GENERATOR = re.compile(r"\{([a-z][a-z_0-9]*)(?::([^{}]*))?\}")
_COUNT = re.compile(r"\{(\d{1,4})(?:,(\d{1,4}))?\}")
_WEIGHT = re.compile(r"~(\d{1,6}(?:\.\d{1,6})?)")


class Drawn(NamedTuple):
    """A compiled piece: what draws it, and how short and how long it can be, in characters."""

    draw: Callable[[Stream], str]
    shortest: int
    longest: int


class GeneratorError(Exception):
    """There is no such generator, or none in this alphabet and country: *what* is wrong with a template, and an advice."""

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what, advice)
        self.what = what
        self.advice = advice


def compile_template(template: str, alphabet: Alphabet, generator: Callable[[str, str | None], Drawn], where: str) -> Drawn:
    """Return *template* ready to draw; *generator* gives the named ones, and may raise GeneratorError.

    Raises RecipeError, beginning with *where* and the column, for every fault.
    """
    parser = _Parser(template, alphabet, generator, where)
    drawn = parser.sequence(0)
    if parser.at < len(template):
        parser.fail(f"has {template[parser.at]!r} without its beginning", "write a backslash before it if it is meant")
    if drawn.longest > LONGEST:
        raise RecipeError(f"{where}: can come to {drawn.longest} characters, more than {LONGEST}; lower its counts")
    if drawn.longest == 0:
        raise RecipeError(f"{where}: can only be empty, got {template!r}; write what to draw")
    return drawn


@lru_cache(maxsize=8)
def _classes_of(digits: str, base: str, letters: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the characters of each escape; an alphabet of thousands of letters has hundreds of templates."""
    lower, figures = dict.fromkeys(base.split()), tuple(digits.split())
    upper = tuple(c for c in letters if c not in lower) or tuple(lower)
    return {"d": figures, "a": tuple(lower), "A": upper, "w": (*letters, *figures)}


class _Parser:
    """A recursive descent over one template; ``at`` is the offset of the next character."""

    def __init__(self, template: str, alphabet: Alphabet, generator: Callable[[str, str | None], Drawn], where: str) -> None:
        self.at = 0
        self._text = template
        self._generator = generator
        self._where = where
        self._classes = _classes_of(alphabet.digits, alphabet.base, alphabet.letters)

    def fail(self, what: str, advice: str) -> None:
        """Raise RecipeError at the current column."""
        raise RecipeError(f"{self._where}: column {self.at + 1}: {what}, got {self._text!r}; {advice}")

    def sequence(self, depth: int) -> Drawn:
        """Return the pieces up to ``|``, ``)``, ``~`` or the end."""
        if depth > _DEEPEST:
            self.fail(f"is nested more than {_DEEPEST} deep", "take groups apart")
        parts: list[Drawn] = []
        while self.at < len(self._text) and self._text[self.at] not in "|)~":
            parts.append(self._counted(self._atom(depth)))
        return _joined(parts)

    def _atom(self, depth: int) -> Drawn:
        c = self._text[self.at]
        if c == "\\":
            return self._escape()
        if c == "[":
            return self._class()
        if c == "(":
            return self._group(depth)
        if c == "{":
            return self._named()
        if c in "?*+":
            self.fail(f"has {c!r} where something to repeat is due", "write a backslash before it if it is meant")
        if c in "]}":
            self.fail(f"has {c!r} without its beginning", "write a backslash before it if it is meant")
        self.at += 1
        return _constant(c)

    def _escape(self) -> Drawn:
        if self.at + 1 >= len(self._text):
            self.fail("ends with a backslash", "write two for one backslash")
        c = self._text[self.at + 1]
        if c in self._classes:
            self.at += 2
            return _choice(self._classes[c])
        if c.isalnum():
            self.fail(f"has no escape \\{c}", "there are \\d digit, \\a small letter, \\A capital, \\w letter or digit")
        self.at += 2
        return _constant(c)

    def _class(self) -> Drawn:
        begin = self.at
        self.at += 1
        inverse = self._text[self.at : self.at + 1] == "^"
        self.at += inverse
        found: dict[str, None] = {}
        while self.at < len(self._text) and self._text[self.at] != "]":
            first = self._member()
            if self._text[self.at : self.at + 1] == "-" and self._text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                last = self._member()
                if len(first) > 1 or len(last) > 1 or not first <= last or ord(last) - ord(first) > LONGEST:
                    self.fail(f"has a range that is no range, {first}-{last}", "write it from low to high")
                found |= dict.fromkeys(chr(k) for k in range(ord(first), ord(last) + 1))
            else:
                found |= dict.fromkeys(first if len(first) == 1 else self._classes[first[1]])
        if self.at >= len(self._text):
            self.at = begin
            self.fail("has a class without its end", "write ']' behind it")
        self.at += 1
        characters = tuple(c for c in self._classes["w"] if c not in found) if inverse else tuple(found)
        if not characters:
            self.at = begin
            self.fail("has a class without a character", "write what it may be")
        return _choice(characters)

    def _member(self) -> str:
        """Return one character of a class, or an escape for several as it stands."""
        if self._text[self.at] != "\\":
            self.at += 1
            return self._text[self.at - 1]
        c = self._text[self.at + 1 : self.at + 2]
        if not c or (c.isalnum() and c not in self._classes):
            self.fail("has an escape that is none", "there are \\d, \\a, \\A and \\w")
        self.at += 2
        return f"\\{c}" if c in self._classes else c

    def _group(self, depth: int) -> Drawn:
        begin = self.at
        options: list[Drawn] = []
        weights: list[float] = []
        while True:
            self.at += 1
            options.append(self.sequence(depth + 1))
            weight = 1.0
            if self._text[self.at : self.at + 1] == "~":
                found = _WEIGHT.match(self._text, self.at)
                if found is None or not float(found[1]) > 0:
                    self.fail("has a weight that is no number above 0", "write for example (a~3|b)")
                else:
                    weight = float(found[1])
                    self.at = found.end()
            weights.append(weight)
            c = self._text[self.at : self.at + 1]
            if c == ")":
                self.at += 1
                return _weighted(options, weights)
            if c != "|":
                self.at = begin if not c else self.at
                self.fail("has a group without its end" if not c else f"has {c!r} behind a weight", "write ')' or '|' there")

    def _named(self) -> Drawn:
        found = _GENERATOR.match(self._text, self.at)
        if found is None:
            self.fail(
                "has a brace that begins neither a count behind something nor a generator",
                "write {name}, {name:argument}, or \\{ for a brace",
            )
            raise AssertionError
        try:
            drawn = self._generator(found[1], found[2])
        except GeneratorError as error:
            self.fail(error.what, error.advice)
            raise
        except RecipeError as error:
            # It is short for a template of other generators.
            self.fail(f"has {found[0]!r}, which cannot be drawn ({error})", "leave it out")
            raise
        self.at = found.end()
        return drawn

    def _counted(self, atom: Drawn) -> Drawn:
        c = self._text[self.at : self.at + 1]
        if c == "?":
            self.at += 1
            return _repeated(atom, 0, 1)
        if c and c in "*+":
            self.fail(f"has {c!r}, which has no bound", "write a count such as {1,8}, or a backslash before it if it is meant")
        found = _COUNT.match(self._text, self.at) if c == "{" else None
        if found is None:
            return atom
        low = int(found[1])
        high = int(found[2]) if found[2] else low
        if low > high:
            self.fail("has a count that is reversed", f"write {{{high},{low}}}")
        if high * max(atom.longest, 1) > LONGEST:
            self.fail(f"repeats to more than {LONGEST} characters", "lower the count")
        self.at = found.end()
        return _repeated(atom, low, high)


def _constant(text: str) -> Drawn:
    return Drawn(lambda _stream: text, len(text), len(text))


def _choice(characters: tuple[str, ...]) -> Drawn:
    sizes = [len(c) for c in characters]
    return Drawn(lambda stream: stream.choice(characters), min(sizes), max(sizes))


def _joined(parts: list[Drawn]) -> Drawn:
    if len(parts) == 1:
        return parts[0]
    draws = [part.draw for part in parts]
    return Drawn(
        lambda stream: "".join([draw(stream) for draw in draws]),
        sum(part.shortest for part in parts),
        sum(part.longest for part in parts),
    )


def _weighted(options: list[Drawn], weights: list[float]) -> Drawn:
    draws = [option.draw for option in options]
    cumulative = list(accumulate(weights))
    shortest, longest = min(o.shortest for o in options), max(o.longest for o in options)
    if len(draws) == 1:
        return Drawn(draws[0], shortest, longest)
    return Drawn(lambda stream: draws[stream.weighted(cumulative)](stream), shortest, longest)


def _repeated(atom: Drawn, low: int, high: int) -> Drawn:
    draw = atom.draw
    if low == high:
        return Drawn(lambda stream: "".join([draw(stream) for _ in range(low)]), low * atom.shortest, low * atom.longest)
    return Drawn(
        lambda stream: "".join([draw(stream) for _ in range(stream.between(low, high))]),
        low * atom.shortest,
        high * atom.longest,
    )
