"""The characters that a recogniser tells apart, and their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import orjson
import regex

from ocrsynth.errors import AssetError, RecipeError
from ocrsynth.records import LINE_FEED
from ocrsynth.text import alphabet
from ocrsynth.text.mixture import label_characters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ocrsynth.recipe import Recipe

Unit = Literal["character", "cluster"]
Unknown = Literal["error", "drop", "unk"]
_CLUSTER = regex.compile(r"\X")
_SHOWN = 40


class Charset:
    """Symbols numbered from 1; 0 is the blank of CTC, and padding.

    A symbol is a code point, or with ``unit="cluster"`` a grapheme cluster.  *unknown* says what `encode` does with a symbol
    that is not there: raise, leave it out, or give it the number ``unk``, the last one.
    """

    blank = 0

    def __init__(self, symbols: Iterable[str], unit: Unit = "character", unknown: Unknown = "error") -> None:
        self.symbols = tuple(dict.fromkeys(symbols))
        self.unit: Unit = unit
        self.unknown: Unknown = unknown
        for name, value, known in (("unit", unit, get_args(Unit)), ("unknown", unknown, get_args(Unknown))):
            if value not in known:
                raise RecipeError(f"charset: {name} must be one of {', '.join(known)}, got {value!r}")
        if not self.symbols:
            raise RecipeError("charset: must have at least one symbol, got none; give an alphabet or texts")
        for symbol in self.symbols:
            if not isinstance(symbol, str) or len([*_split(symbol, unit)]) != 1 or "\ud800" <= symbol[0] <= "\udfff":
                longer = "; take unit='cluster' for longer ones" if unit == "character" else "; take what is drawn as one"
                raise RecipeError(f"charset: a symbol must be one {unit}, got {symbol!r}{longer}")
        self._number = {symbol: i for i, symbol in enumerate(self.symbols, 1)}

    @classmethod
    def from_recipe(cls, recipe: Recipe, unknown: Unknown = "error") -> Charset:
        """Return the code points that labels of *recipe* may hold."""
        characters = label_characters(recipe.text, alphabet.load(recipe.language))
        feed = LINE_FEED if recipe.render.lines.high > 1 else ""
        return cls(sorted(characters.union(feed)), "character", unknown)

    @classmethod
    def from_alphabet(cls, language: str, unknown: Unknown = "error") -> Charset:
        """Return the code points of a language's alphabet, and the space; raises RecipeError."""
        return cls(sorted({*"".join(alphabet.load(language).characters), " "}), "character", unknown)

    @classmethod
    def from_texts(cls, texts: Iterable[str], unit: Unit = "character", unknown: Unknown = "error") -> Charset:
        """Return the symbols that occur in *texts*, sorted."""
        found: set[str] = set()
        for text in texts:
            found.update(_split(text, unit))
        return cls(sorted(found), unit, unknown)

    @classmethod
    def from_data(cls, folder: str | Path, unknown: Unknown = "error") -> Charset:
        """Return the code points of the labels of a data set that `generate` finished; raises AssetError."""
        path = Path(folder) / "dataset.json"
        try:
            characters = orjson.loads(path.read_bytes())["delivered"]["characters"]
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise AssetError(
                f"{path}: tells no characters, {error}; give a data set that generate finished, or a charset of your own"
            ) from None
        return cls(sorted(characters), "character", unknown)

    @classmethod
    def load(cls, path: str | Path) -> Charset:
        """Return the charset in a file of `save`; raises AssetError."""
        try:
            content = orjson.loads(Path(path).read_bytes())
            symbols = content["symbols"]
            return cls(symbols if isinstance(symbols, list) else [symbols], content["unit"], content["unknown"])
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError, RecipeError) as error:
            raise AssetError(f"{path}: is no charset, {error}; write one with Charset.save") from None

    def save(self, path: str | Path) -> None:
        """Write the charset as JSON."""
        content = {"symbols": self.symbols, "unit": self.unit, "unknown": self.unknown}
        Path(path).write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    def __len__(self) -> int:
        """Return the number of classes: the blank, the symbols, and ``unk`` if there is one."""
        return 1 + len(self.symbols) + (self.unknown == "unk")

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Charset) and (self.symbols, self.unit, self.unknown) == (
            other.symbols,
            other.unit,
            other.unknown,
        )

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self.symbols, self.unit, self.unknown))

    def encode(self, text: str) -> list[int]:
        """Return the numbers of the symbols of *text*; raises ValueError for one that is not there."""
        number = self._number
        found = []
        for symbol in _split(text, self.unit):
            n = number.get(symbol)
            if n is not None:
                found.append(n)
            elif self.unknown == "error":
                known = "".join(self.symbols)[:_SHOWN]
                raise ValueError(
                    f"charset: has no {symbol!r} ({' '.join(f'U+{ord(c):04X}' for c in symbol)}), got {text!r}; "
                    f"add it, or take unknown='drop' or 'unk' (known: {known}…)"
                )
            elif self.unknown == "unk":
                found.append(len(self.symbols) + 1)
        return found

    def decode(self, numbers: Sequence[int]) -> str:
        """Return the text of *numbers*; blanks are left out, ``unk`` is U+FFFD."""
        last = len(self.symbols)
        return "".join(self.symbols[n - 1] if 0 < n <= last else "\ufffd" for n in numbers if n != self.blank)

    def decode_ctc(self, numbers: Sequence[int]) -> str:
        """Return the text of the best class of each frame: repeats are joined, blanks left out."""
        joined = [n for i, n in enumerate(numbers) if i == 0 or n != numbers[i - 1]]
        return self.decode(joined)


def _split(text: str, unit: Unit) -> Iterable[str]:
    return text if unit == "character" else _CLUSTER.findall(text)
