"""What a text source is, and the registry of sources."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol

from ocrsynth.fields import Section
from ocrsynth.registry import Registry

if TYPE_CHECKING:
    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet


class Drawer(Protocol):
    """A compiled source: gives texts."""

    def __call__(self, stream: Stream, length: int) -> str:
        """Return a text of about *length* grapheme clusters: at most that where the source can, never empty."""


class Source(Section):
    """A text source as it stands in a recipe; its fields are the recipe's keys."""

    name: ClassVar[str]
    EXAMPLE: ClassVar[dict[str, object]]

    def has(self, alphabet: Alphabet) -> bool:
        """Tell whether the source has text in this alphabet."""
        del alphabet
        return True

    def digest(self, alphabet: Alphabet) -> str | None:
        """Return the SHA-256 of the file that the texts come from, or None if they come from packages alone."""
        del alphabet
        return None

    def warning(self, alphabet: Alphabet) -> str:
        """Return what a user should know of the source's file, or an empty string."""
        del alphabet
        return ""

    @abstractmethod
    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the drawer for an *alphabet*; raises RecipeError, beginning with *where*, if there can be none."""


SOURCES: Registry[type[Source]] = Registry("text source", "ocrsynth.text.sources", "ocrsynth.sources")
