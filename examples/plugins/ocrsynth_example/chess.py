"""A text source."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from ocrsynth.text.base import Drawer, Source

if TYPE_CHECKING:
    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet


class Chess(Source):
    """Moves of chess games, such as Nf3 or exd5."""

    name: ClassVar[str] = "chess"
    EXAMPLE: ClassVar[dict[str, object]] = {"captures": 0.3}

    captures: float = Field(default=0.2, ge=0, le=1, description="share of moves that capture")

    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the function that gives texts; what costs time is done here, once."""
        del alphabet, where

        def move(stream: Stream) -> str:
            capture = "x" if stream.chance(self.captures) else ""
            return stream.choice("KQRBN") + capture + stream.choice("abcdefgh") + str(stream.between(1, 8))

        def draw(stream: Stream, length: int) -> str:
            moves = [move(stream)]
            while len(" ".join(moves)) + 5 <= length:
                moves.append(move(stream))
            return " ".join(moves)

        return draw
