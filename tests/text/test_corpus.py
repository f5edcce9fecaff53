"""The user's own text: never loaded, faults reported by line, every place as likely as any other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocrsynth import Recipe
from ocrsynth.errors import AssetError, RecipeError, SampleError
from ocrsynth.fields import validate
from ocrsynth.pipeline import Pipeline
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet, line_index
from ocrsynth.text.line_index import EVERY, LineIndex, index_of
from ocrsynth.text.sources.corpus import Corpus

if TYPE_CHECKING:
    from ocrsynth.text.base import Drawer

_ENGLISH = alphabet.load("en_Latn")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _file(tmp_path: Path, content: bytes | str) -> str:
    path = tmp_path / "text.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def _index(tmp_path: Path, content: bytes | str) -> LineIndex:
    return index_of(_file(tmp_path, content), _ENGLISH.characters)


def _drawer(file: str, language: str = "en_Latn", **keys: object) -> Drawer:
    return validate(Corpus, {"file": file, **keys}, "text").compile(alphabet.load(language), "text.sources[0].corpus")


def _draws(drawer: Drawer, count: int, length: int) -> list[str]:
    return [drawer(Stream(1, i, "text"), length) for i in range(count)]


class TestIndex:
    """One reading of the file."""

    @pytest.mark.parametrize("block", [7, 64, 1 << 20])
    def test_faults_are_reported_with_their_line(self, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(line_index, "_BLOCK", block)
        content = b"fine\nbad \xff byte\nfine too\nthis is \xe6\x97\xa5\n\n\xc3\x28\xa0\xa1\nlast, without an end"
        index = _index(tmp_path, content)
        assert (index.n_lines, index.n_bytes) == (7, len(content))
        assert [f.line for f in index.faults] == [2, 4, 6]
        assert "at byte" in index.faults[0].reason
        assert "U+65E5" in index.faults[1].reason
        assert index.n_usable == 4
        assert index.report().startswith("2 of 7 lines are not UTF-8 (line 2 at byte")

    @pytest.mark.parametrize("block", [100, 1000, 1 << 20])
    def test_a_line_longer_than_a_block_is_one_line(self, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(line_index, "_BLOCK", block)
        content = "é" * 5000 + "\n" + ("x日" * 2000) + "\nshort\n"
        index = _index(tmp_path, content)
        assert index.n_lines == 3
        assert [f.line for f in index.faults] == [2]
        assert index.faulty == {"hold characters outside the alphabet": 1}

    def test_decomposed_text_counts_as_composed(self, tmp_path: Path) -> None:
        assert _index(tmp_path, "cafe\u0301\n").faults == []

    def test_offsets_lead_to_every_line(self, tmp_path: Path) -> None:
        lines = [f"line {i} {'x' * (i % 50)}" for i in range(3 * EVERY + 17)]
        index = _index(tmp_path, "\n".join(lines))
        content = Path(tmp_path / "text.txt").read_bytes()
        assert [content[o:].split(b"\n")[0].decode() for o in index.offsets] == lines[::EVERY]
        assert index.n_lines == len(lines)

    def test_only_the_first_faults_are_kept_but_all_are_counted(self, tmp_path: Path) -> None:
        index = _index(tmp_path, "日\n" * 1000 + "fine\n")
        assert len(index.faults) == 5
        assert index.faulty == {"hold characters outside the alphabet": 1000}
        assert ", …" in index.report()

    @pytest.mark.parametrize("content", [b"", b"\n\n", b"  \t \n \n"])
    def test_an_empty_file_is_refused(self, content: bytes, tmp_path: Path) -> None:
        with pytest.raises(AssetError, match="holds no text"):
            _index(tmp_path, content)

    def test_a_missing_file_and_a_folder_are_refused(self, tmp_path: Path) -> None:
        for path, fault in (
            (tmp_path / "none.txt", "no such text file; check the path"),
            (tmp_path, "must be a text file, got a folder; name a file in it, of several each as a corpus"),
        ):
            with pytest.raises(AssetError, match=f"^{re.escape(f'{path}: {fault}')}$"):
                index_of(str(path), _ENGLISH.characters)

    def test_the_index_is_kept_and_made_anew_when_the_file_changes(self, tmp_path: Path, cache: Path) -> None:
        first = _index(tmp_path, "one\n")
        [entry] = (cache / "ocrsynth/lines").iterdir()
        assert index_of(str(tmp_path / "text.txt"), _ENGLISH.characters).report() == first.report()
        assert list((cache / "ocrsynth/lines").iterdir()) == [entry]
        assert _index(tmp_path, "one\ntwo\nthree\n").n_lines == 3

    @pytest.mark.parametrize("damage", [b"", b"{}\n", b"not json", b'{"sha256": 1}\nxx'])
    def test_a_broken_cache_does_not_matter(self, damage: bytes, tmp_path: Path, cache: Path) -> None:
        good = _index(tmp_path, "one\nbad \xff\n".encode("latin-1"))
        [entry] = (cache / "ocrsynth/lines").iterdir()
        entry.write_bytes(damage)
        again = index_of(str(tmp_path / "text.txt"), _ENGLISH.characters)
        assert (again.n_lines, again.sha256, again.report()) == (good.n_lines, good.sha256, good.report())

    def test_no_cache_folder_does_not_matter(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").write_bytes(b"")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        assert _index(tmp_path, "one\n").n_lines == 1


class TestDraws:
    """What the source gives."""

    def test_texts_are_whole_words_of_one_line(self, tmp_path: Path) -> None:
        lines = [" ".join(f"w{i}x{k}" for k in range(3 + i % 40)) for i in range(500)]
        file = _file(tmp_path, "\r\n".join(lines))
        for text in _draws(_drawer(file), 2000, 30):
            number = text[1:].partition("x")[0]
            assert f" {text} " in f" {lines[int(number)]} "
            assert len(text) <= 30 or " " not in text

    def test_every_place_is_as_likely_as_any_other(self, tmp_path: Path) -> None:
        words = [chr(97 + i // 26) + chr(97 + i % 26) for i in range(400)]
        file = _file(tmp_path, "\n".join(" ".join(words[i : i + 20]) for i in range(0, 400, 20)) + "\n")
        drawn = Counter(text for text in _draws(_drawer(file), 40_000, 2))
        assert set(drawn) == set(words)
        # Five standard deviations of a count whose mean is 100.
        assert all(abs(n - 100) < 50 for n in drawn.values())

    def test_whole_lines_are_equally_likely_whatever_their_length(self, tmp_path: Path) -> None:
        lines = ["a", "bb bb", "ccc " * 100, *(f"line {i}" for i in range(2 * EVERY))]
        drawn = Counter(_draws(_drawer(_file(tmp_path, "\n".join(lines)), cut="lines"), 20_000, 5))
        assert set(drawn) == {line.strip() for line in lines}
        assert max(drawn.values()) < 3.5 * min(drawn.values())

    @pytest.mark.parametrize("cut", ["words", "lines"])
    def test_unusable_lines_are_never_drawn(self, cut: str, tmp_path: Path) -> None:
        content = b"good words here\n" + b"bad \xff byte here\n" * 5 + "日本語 text\n".encode() * 5 + b"\n \n" * 3
        assert set(_draws(_drawer(_file(tmp_path, content), cut=cut), 300, 40)) == {"good words here"}

    @pytest.mark.parametrize("cut", ["words", "lines"])
    def test_a_mark_of_byte_order_is_no_text(self, cut: str, tmp_path: Path) -> None:
        content = "first line\nsecond line\n".encode("utf-8-sig")
        index = _index(tmp_path, content)
        assert (index.n_lines, index.faulty) == (2, {})
        assert set(_draws(_drawer(_file(tmp_path, content), cut=cut), 300, 40)) == {"first line", "second line"}
        only = "only line here\n".encode("utf-8-sig")
        assert set(_draws(_drawer(_file(tmp_path, only), cut=cut), 20, 40)) == {"only line here"}

    def test_unusable_lines_are_an_error_if_asked(self, tmp_path: Path) -> None:
        file = _file(tmp_path, b"good\nbad \xff\n")
        with pytest.raises(
            RecipeError, match=r"text\.sources\[0\]\.corpus: .* 1 of 2 lines are not UTF-8 \(line 2 at byte 4\)"
        ):
            _drawer(file, unusable="error")

    def test_a_file_of_another_language_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match="hold characters outside the alphabet"):
            _drawer(_file(tmp_path, "日本語\nです\n"))

    def test_unspaced_text_is_cut_between_clusters(self, tmp_path: Path) -> None:
        letters = alphabet.load("th")
        syllables = [c + "ิ่" for c in "กขคงจฉชซญ"]
        file = _file(tmp_path, "".join(syllables) * 3000 + "\n")
        for text in _draws(_drawer(file, "th"), 500, 7):
            assert len(text) == 21
            assert text[:3] in syllables
            assert letters.characters.issuperset(text)

    def test_a_single_line_of_many_megabytes(self, tmp_path: Path) -> None:
        file = _file(tmp_path, "wörd éüß-like text 123 " * 500_000)
        drawer = _drawer(file, "de")
        texts = _draws(drawer, 500, 25)
        assert all(len(t) <= 25 for t in texts)
        assert len(set(texts)) > 2

    def test_draws_do_not_depend_on_the_cache(self, tmp_path: Path, cache: Path) -> None:
        file = _file(tmp_path, "\n".join(f"some words of line {i} and more" for i in range(1000)))
        cold = _draws(_drawer(file), 100, 20)
        assert (cache / "ocrsynth/lines").is_dir()
        assert _draws(_drawer(file), 100, 20) == cold

    def test_a_file_that_is_almost_all_unusable_ends_with_an_error(self, tmp_path: Path) -> None:
        drawer = _drawer(_file(tmp_path, "日" * 100_000 + "\nx\n"))
        with pytest.raises(SampleError, match="gave no text inside the alphabet"):
            _draws(drawer, 50, 5)


def test_the_command_warns_of_unusable_lines(tmp_path: Path) -> None:
    _file(tmp_path, b"good words here\nbad \xff byte\nmore good words\n")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("language: en\ntext: {sources: [{corpus: {file: text.txt}}]}\n")
    command = [sys.executable, "-m", "ocrsynth", "generate", "recipe.yaml", "-n", "20", "-o", "out", "--workers", "1", "-q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "warning: text.txt: 1 of 3 lines are not UTF-8 (line 2 at byte 4)\n"


@pytest.mark.slow
def test_a_file_larger_than_the_memory_it_may_take(tmp_path: Path) -> None:
    """10 GB of text, sparse in nothing: written once, indexed and drawn from within 400 MB."""
    line = "the quick brown fox jumps over the lazy dog and more words follow here until it ends\n"
    block = line.encode() * 100_000
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        while file.tell() < 10_000_000_000:
            file.write(block)
    program = f"""
import resource
from ocrsynth.pipeline import Pipeline
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.sources.corpus import Corpus
drawer = Corpus(file={str(path)!r}).compile(alphabet.load('en'), 'text')
assert all(drawer(Stream(1, i, 't'), 30) for i in range(1000))
print([l for l in open('/proc/self/status') if l.startswith('RssAnon')][0].split()[1])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=900)
    assert int(done.stdout) < 400_000


@pytest.mark.parametrize("cut", ["words", "lines"])
def test_a_file_that_is_cut_off_while_it_is_read_ends_in_an_error(cut: str, tmp_path: Path) -> None:
    """A mapped file would end in a bus error, which no message can tell."""
    file = _file(tmp_path, "some words of a line\n" * 20_000)
    drawer = _drawer(file, cut=cut)
    assert all(_draws(drawer, 3, 20))
    os.truncate(file, 0)
    with pytest.raises(SampleError, match="no text inside the alphabet"):
        _draws(drawer, 1, 20)


def test_a_line_as_long_as_a_file_is_not_taken_whole(tmp_path: Path) -> None:
    """It would be held in memory several times over, and no picture shows it."""
    (tmp_path / "long.txt").write_text("a word " * 40_000 + "\nshort line\n")
    source = {"corpus": {"file": str(tmp_path / "long.txt"), "cut": "lines"}}
    recipe = Recipe.for_language("en", preset="clean", text={"sources": [source], "case": {"asis": 1}})
    samples = Pipeline(recipe).batch(range(12))
    assert {sample.text for sample in samples} == {"short line"}
    assert sum(sample.provenance["rejected"].get("too_wide", 0) for sample in samples) > 0
