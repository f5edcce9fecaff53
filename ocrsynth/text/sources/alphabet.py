"""Random strings of the alphabet: every character is equally likely, whatever words use."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Annotated, ClassVar

import regex
from pydantic import Field

from ocrsynth.errors import RecipeError
from ocrsynth.fields import MOST_WEIGHT, Range, Within
from ocrsynth.text.base import SOURCES, Drawer, Source
from ocrsynth.text.clusters import length_of
from ocrsynth.text.confusables import groups_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet as AlphabetData


_TRIES = 20
"""Draws of a letter that fits into what is left of a word."""
_CONSONANT = regex.compile(r"\p{Indic_Syllabic_Category=Consonant}")


_QUOTES = frozenset("'’‘‚`´")
_READ_AS_ONE = frozenset({",,", "<<", ">>", "‹‹", "››"})


def _read_as_one(before: str, behind: str) -> bool:
    """Tell whether two signs are seen as one: two quotes as a double one, two commas as a low one."""
    return (before in _QUOTES and behind in _QUOTES) or before + behind in _READ_AS_ONE


def _alike(group: Sequence[str], size: int, other: Callable[[Stream], str], stream: Stream) -> str:
    """Return a word of the characters of *group*; of quotes alone none can be made: others stand between them."""
    out = [stream.choice(group)]
    while len(out) < size:
        drawn = stream.choice(group)
        while _read_as_one(out[-1], drawn):
            drawn = other(stream)
        out.append(drawn)
    return "".join(out)


_SHIN = "ש"
_DOTS_OF_SHIN = "\u05c1\u05c2"
_HOLAM = "\u05b9"


def _may_carry(letter: str, mark: str) -> bool:
    """Tell whether *mark* on *letter* is seen for what it is: the dots of Hebrew's shin elsewhere look alike, or like holam."""
    return (letter == _SHIN or mark not in _DOTS_OF_SHIN) and (letter != _SHIN or mark != _HOLAM)


@SOURCES.register
class Alphabet(Source):
    """Strings of letters, digits and punctuation, broken by spaces where the script has them."""

    name: ClassVar[str] = "alphabet"
    EXAMPLE: ClassVar[dict[str, object]] = {"word_length": [1, 9]}

    letters: float = Field(default=0.6, ge=0, le=MOST_WEIGHT, description="share of letters")
    digits: float = Field(default=0.2, ge=0, le=MOST_WEIGHT, description="share of digits")
    punctuation: float = Field(default=0.2, ge=0, le=MOST_WEIGHT, description="share of punctuation and symbols")
    marks: float = Field(default=0.25, ge=0, le=1, description="share of letters that carry a mark, where there are marks")
    confusables: float = Field(
        default=0.1, ge=0, le=1, description="share of words made of characters that look alike, such as l 1 I or O 0"
    )
    word_length: Annotated[Range, Within(1, 100, whole=True)] = Range(1, 10)
    """Characters between two spaces."""

    def compile(self, alphabet: AlphabetData, where: str) -> Drawer:
        """Return the drawer; each class of characters is drawn by its share, then each character evenly."""
        shares = {
            "letters": (self.letters, alphabet.letters),
            "digits": (self.digits, tuple(alphabet.digits.split())),
            "punctuation": (self.punctuation, alphabet.marks_of_punctuation),
        }
        pools = [(share, chars) for share, chars in shares.values() if share > 0 and chars]
        if not pools:
            raise RecipeError(f"{where}: all shares are 0, got {[s for s, _ in shares.values()]!r}; give letters a share")
        # One table in which each character stands at its cumulative weight makes a draw a single bisection.
        characters = [c for _, chars in pools for c in chars]
        weights = [share / len(chars) for share, chars in pools for _ in chars]
        cumulative: list[float] = []
        total = 0.0
        for weight in weights:
            total += weight
            cumulative.append(total)
        spacing = alphabet.spacing
        word_length = self.word_length

        letters = frozenset(alphabet.letters)
        carriers = frozenset(c for c in letters if _CONSONANT.match(c)) or letters
        marks = alphabet.dependent_marks
        share = self.marks if marks else 0.0
        known = alphabet.characters

        def cluster(stream: Stream) -> str:
            drawn = characters[stream.weighted(cumulative)]
            # A mark always stands on a letter: alone it would show a dotted circle that the label lacks.
            # Where the script has consonants of its own kind, only they carry marks: a vowel sign on a vowel letter is
            # no syllable, and is drawn with a dotted circle.
            if not share or drawn not in carriers or not stream.chance(share):
                return drawn
            mark = stream.choice(marks)
            if mark in unicodedata.normalize("NFD", drawn) or not _may_carry(drawn, mark):
                return drawn
            marked = unicodedata.normalize("NFC", drawn + mark)
            # A mark may turn a letter into one that the language does not have.
            return marked if known.issuperset(marked) else drawn

        def letters_of(stream: Stream, size: int) -> str:
            out: list[str] = []
            while size > 0:
                drawn = cluster(stream)
                # Letters such as the Mayan ch' are more than one character to a reader.
                for _ in range(_TRIES):
                    if (len(drawn) <= 1 or length_of(drawn) <= size) and not (out and _read_as_one(out[-1], drawn)):
                        break
                    drawn = cluster(stream)
                out.append(drawn)
                size -= 1 if len(drawn) <= 1 else length_of(drawn)
            return "".join(out)

        groups = groups_of(frozenset(characters))
        alike = self.confusables if groups else 0.0

        def draw(stream: Stream, length: int) -> str:
            words: list[str] = []
            left = length
            while left > 0:
                size = min(word_length.draw_int(stream), left)
                if alike and stream.chance(alike):
                    group = stream.choice(groups)
                    word = _alike(group, size, cluster, stream)
                else:
                    word = letters_of(stream, size)
                words.append(word)
                left -= size + 1
            return (" " if spacing else "").join(words)

        return draw
