"""The user's own text: a file of any size, read in place."""

from __future__ import annotations

import os
import unicodedata
import weakref
from codecs import BOM_UTF8
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ocrsynth.errors import RecipeError, SampleError
from ocrsynth.text.base import SOURCES, Drawer, Source
from ocrsynth.text.clusters import CLUSTER, length_of
from ocrsynth.text.joiners import shows_all_joiners
from ocrsynth.text.line_index import EVERY, NOT_UTF8, LineIndex, index_of
from ocrsynth.text.spellings import has_bare_mark, settled, typed_apostrophes, with_printed_apostrophes

if TYPE_CHECKING:
    from ocrsynth.seeding import Stream
    from ocrsynth.text.alphabet import Alphabet

_BYTES_A_CLUSTER = 16
"""Bytes looked at for each cluster asked for; longer clusters only make the text shorter."""
_TRIES = 500
_BLOCK = 1 << 14
"""Bytes of a reading: that of 256 lines of usual length."""
_LONGEST_LINE = 1 << 16
"""Bytes of a line of a corpus that are read."""
_CONTINUATION = 0b1000_0000
_LEAD_MASK = 0b1100_0000


@SOURCES.register
class Corpus(Source):
    """Text of a UTF-8 file of any size, one text a line."""

    name: ClassVar[str] = "corpus"
    EXAMPLE: ClassVar[dict[str, object]] = {"file": "corpus.txt"}

    file: str = Field(min_length=1, description="UTF-8 text; never loaded, so it may be larger than the memory")
    cut: Literal["words", "lines"] = "words"
    """``words`` takes as many words as the drawn length holds, from anywhere; ``lines`` whole lines, however long."""
    unusable: Literal["skip", "error"] = "skip"
    """What becomes of lines that are not UTF-8 or leave the alphabet; they are reported with their numbers either way."""

    def has(self, alphabet: Alphabet) -> bool:
        """Tell whether some line of the file stands in the alphabet."""
        return index_of(self.file, alphabet.characters).n_usable > 0

    def digest(self, alphabet: Alphabet) -> str | None:
        """Return the SHA-256 of the file."""
        return index_of(self.file, alphabet.characters).sha256

    def warning(self, alphabet: Alphabet) -> str:
        """Return which lines of the file cannot be used, with the numbers of the first; empty if all can."""
        report = index_of(self.file, alphabet.characters).report()
        return f"{self.file}: {report}" if report else ""

    def compile(self, alphabet: Alphabet, where: str) -> Drawer:
        """Return the drawer; raises AssetError if the file cannot be read or is empty, RecipeError if no line can be used."""
        index = index_of(self.file, alphabet.characters)
        if index.n_usable <= 0 or (index.faulty and self.unusable == "error"):
            advice = "save the file as UTF-8" if set(index.faulty) == {NOT_UTF8} else "mend the file, or choose its language"
            advice += "" if index.n_usable <= 0 else ", or set unusable: skip"
            raise RecipeError(f"{where}: {self.file!r} cannot be used, got {index.report()}; {advice}")
        return _Lines(self.file, index, alphabet) if self.cut == "lines" else _Words(self.file, index, alphabet)


class _Reader:
    """A file in place of memory, and the alphabet that its texts must stand in.

    It is not mapped: to touch a part that another program has cut off meanwhile would kill the process.
    """

    def __init__(self, file: str, index: LineIndex, alphabet: Alphabet) -> None:
        # Kept open by what reads from it: a file that takes its name in the meantime is another one.
        self._handle = Path(file).open("rb", buffering=0)  # noqa: SIM115 - as above
        weakref.finalize(self, self._handle.close)
        self._file = file
        self._index = index
        self._characters = alphabet.characters
        self._typed = typed_apostrophes(alphabet.characters)
        self._spacing = alphabet.spacing

    def _read(self, start: int, end: int) -> bytes:
        """Return the bytes from *start* to *end*; fewer at the end of the file."""
        return os.pread(self._handle.fileno(), end - start, start)

    def _clean(self, raw: bytes) -> str:
        """Return a text without needless white space, in NFC and its usual spelling; raises UnicodeDecodeError."""
        text = " ".join(raw.removeprefix(BOM_UTF8).decode().split())
        text = text if text.isascii() else settled(unicodedata.normalize("NFC", text))
        return with_printed_apostrophes(text, self._typed)

    def _usable(self, text: str) -> bool:
        return bool(text) and self._characters.issuperset(text) and shows_all_joiners(text) and not has_bare_mark(text)

    def _none(self) -> SampleError:
        return SampleError(f"text: {_TRIES} draws of {self._file!r} gave no text inside the alphabet; mend the file")


class _Lines(_Reader):
    """Whole lines, all equally likely."""

    def __call__(self, stream: Stream, length: int) -> str:
        """Return a line; *length* does not matter."""
        del length
        for _ in range(_TRIES):
            number = stream.below(self._index.n_lines)
            try:
                text = self._clean(self._line(number))
            except UnicodeDecodeError:
                continue
            if self._usable(text):
                return text
        raise self._none()

    def _line(self, number: int) -> bytes:
        place, before = int(self._index.offsets[number // EVERY]), number % EVERY
        parts: list[bytes] = []
        while block := self._read(place, place + _BLOCK):
            place += len(block)
            start = 0
            while before and (found := block.find(b"\n", start)) >= 0:
                start, before = found + 1, before - 1
            if before:
                continue
            end = block.find(b"\n", start)
            parts.append(block[start : end if end >= 0 else len(block)])
            if end >= 0:
                break
            if len(parts) * _BLOCK > _LONGEST_LINE:
                # No picture holds so much, and is rejected as too wide; the rest could be as long as the file.
                return b"".join(parts)[:_LONGEST_LINE].decode(errors="ignore").encode()
        return b"".join(parts)


class _Words(_Reader):
    """Stretches of lines: every place of the file is equally likely."""

    def __call__(self, stream: Stream, length: int) -> str:
        """Return words of one line that hold at most *length* clusters, or one longer word, whole."""
        for _ in range(_TRIES):
            found = self._around(stream.below(self._index.n_bytes), length * _BYTES_A_CLUSTER)
            if found is not None:
                text = _stretch(*found, length, spacing=self._spacing)
                if self._usable(text):
                    return text
        raise self._none()

    def _around(self, offset: int, reach: int) -> tuple[list[str], int] | None:
        """Return the units, words or clusters, of the line at *offset* as far as *reach* bytes, and the place of the offset."""
        # One byte more, to see whether the line goes on.
        begin = max(offset - reach, 0)
        data = self._read(begin, offset + reach + 1)
        offset -= begin
        if offset >= len(data):  # Cut off by another program since it was indexed.
            return None
        first = data.rfind(b"\n", 0, offset) + 1
        cut_before = not first and begin > 0
        if cut_before:
            while first < offset and data[first] & _LEAD_MASK == _CONTINUATION:
                first += 1
        last = data.find(b"\n", offset, offset + reach)
        cut_behind = last < 0 and offset + reach < len(data)
        if last < 0:
            last = min(offset + reach, len(data))
            while cut_behind and last > offset and data[last] & _LEAD_MASK == _CONTINUATION:
                last -= 1
        try:
            text = self._clean(data[first:last])
        except UnicodeDecodeError:
            return None
        # Only the number of units counts here: what the offset cuts in two may go.
        before = data[first : offset + 1].decode(errors="ignore")
        if self._spacing:
            units = text.split(" ")
            place = len(before.split()) - 1
        else:
            units = CLUSTER.findall(text)
            place = len(CLUSTER.findall(before)) - 1
        if cut_behind:
            units = units[:-1]
        if cut_before:
            units, place = units[1:], place - 1
        return (units, min(max(place, 0), len(units) - 1)) if units else None


def _stretch(units: list[str], place: int, length: int, *, spacing: bool) -> str:
    """Return the *units* from *place* on that fit into *length* clusters; if the line ends early, from before it too."""
    gap = 1 if spacing else 0
    end = place + 1
    left = length - length_of(units[place])
    while end < len(units) and (size := length_of(units[end]) + gap) <= left:
        left -= size
        end += 1
    # A line's end met early would make texts short: then the stretch begins before the place.
    while end == len(units) and place > 0 and (size := length_of(units[place - 1]) + gap) <= left:
        left -= size
        place -= 1
    return (" " if spacing else "").join(units[place:end])
