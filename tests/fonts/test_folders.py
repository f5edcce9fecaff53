"""Fonts as users have them: every kind of bad file is left out with its reason, and never ends a run."""

from __future__ import annotations

import json
import os
import random  # noqa: TID251 - mutations of files, seeded
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import fontpkg
import numpy as np
import pytest
from fontTools.ttLib import TTFont

from ocrsynth import Recipe, generate, make_sample
from ocrsynth.errors import AssetError
from ocrsynth.fonts import catalogue, files
from ocrsynth.fonts.coverage import covered
from ocrsynth.fonts.faces import open_face
from ocrsynth.records import FontKey, TextLine
from ocrsynth.shape.shaper import shape_line

if TYPE_CHECKING:
    from types import ModuleType

_LORA = Path(fontpkg.family("Lora").files[0].path)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path, fontmaker: ModuleType) -> Path:
    """A folder with one good font."""
    fontmaker.make_font(tmp_path / "fonts" / "good.ttf", "Good")
    return tmp_path / "fonts"


def _reasons(folder: Path) -> list[str]:
    found = catalogue.load_folder(str(folder))
    assert [f.name for f in found.families][:1] == ["Good"]
    return [s.reason for s in found.skipped]


class TestWebFonts:
    """WOFF and WOFF2 are unpacked in memory."""

    @pytest.mark.parametrize("flavor", ["woff", "woff2"])
    def test_a_web_font_is_the_font_that_it_packs(self, flavor: str, tmp_path: Path) -> None:
        path = tmp_path / "fonts" / f"lora.{flavor.upper()}"
        path.parent.mkdir()
        with TTFont(_LORA) as font:
            font.flavor = flavor
            font.save(path)
        [family] = catalogue.load_folder(str(path.parent)).families
        assert family.name == "Lora"
        assert family.faces[0].axes
        assert family.faces[0].sha256 == files.sha256_of(str(path))
        text = TextLine("Flügel, 42", "test", "ltr", "Latn", "en")
        packed, plain = (shape_line(text, FontKey(str(p), 0, ())) for p in (path, _LORA))
        assert packed.runs[0].glyph_ids == plain.runs[0].glyph_ids
        assert packed.cluster_boxes_em.tolist() == plain.cluster_boxes_em.tolist()

    def test_a_data_set_is_made_from_web_fonts(self, tmp_path: Path) -> None:
        (tmp_path / "fonts").mkdir()
        with TTFont(_LORA) as font:
            font.flavor = "woff2"
            font.save(tmp_path / "fonts" / "lora.woff2")
        recipe = Recipe.for_language("en", fonts={"sets": [], "folders": [str(tmp_path / "fonts")]})
        result = generate(recipe, 8, tmp_path / "out", workers=1)
        assert set(result.statistics.delivered.fonts) == {"Lora"}


class TestLeftOut:
    """What cannot be used is left out, with its reason."""

    def test_a_font_of_bitmaps(self, folder: Path) -> None:
        with TTFont(folder / "good.ttf") as font:
            del font["glyf"], font["loca"]
            font["sbix"] = _raw("sbix")
            font.save(folder / "bitmaps.ttf")
        assert _reasons(folder) == ["has bitmaps only, no outlines"]

    @pytest.mark.parametrize("table", ["cmap", "head", "hhea", "hmtx", "maxp"])
    def test_a_font_without_a_table(self, table: str, folder: Path) -> None:
        _without_table(folder / "good.ttf", folder / "lacks.ttf", table.encode())
        [reason] = _reasons(folder)
        assert reason.startswith("is broken: ")
        assert table in reason

    def test_a_font_that_is_cut_off(self, folder: Path) -> None:
        content = (folder / "good.ttf").read_bytes()
        (folder / "half.ttf").write_bytes(content[: len(content) // 2])
        [reason] = _reasons(folder)
        assert reason.startswith("is broken: its table")

    def test_a_huge_file_is_not_read(self, folder: Path) -> None:
        with (folder / "huge.ttf").open("wb") as file:
            file.write((folder / "good.ttf").read_bytes())
            file.truncate(300_000_000)
        assert _reasons(folder) == ["is larger than 200 MB"]

    def test_a_second_copy(self, folder: Path) -> None:
        shutil.copy(folder / "good.ttf", folder / "zcopy.ttf")
        assert _reasons(folder) == [f"is the same file as {folder / 'good.ttf'}"]

    def test_a_file_that_may_not_be_read(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        shutil.copy(_LORA, folder / "secret.ttf")
        opened = Path.open

        def refuse(self: Path, mode: str = "r", **arguments: str) -> object:
            if self.name == "secret.ttf":
                raise PermissionError(13, "Permission denied", str(self))
            return opened(self, mode, **arguments)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", refuse)
        assert _reasons(folder) == ["cannot be read, Permission denied"]

    def test_a_scrambled_name_gives_way_to_the_file(self, folder: Path, fontmaker: ModuleType) -> None:
        fontmaker.make_font(folder / "odd.ttf", "\u0001\u0002\u0003")
        assert {f.name for f in catalogue.load_folder(str(folder)).families} == {"Good", "odd"}

    def test_a_circle_of_links_ends(self, folder: Path) -> None:
        (folder / "inner").mkdir()
        (folder / "inner" / "again").symlink_to(folder)
        (folder / "dangling.ttf").symlink_to(folder / "nowhere.ttf")
        [reason] = _reasons(folder)
        assert reason.startswith("cannot be read")

    def test_a_name_that_is_not_utf8(self, folder: Path) -> None:
        shutil.copy(_LORA, os.fsencode(str(folder)) + b"/lora-\xff.ttf")
        assert {f.name for f in catalogue.load_folder(str(folder)).families} == {"Good", "Lora"}

    def test_a_folder_given_twice_counts_once(self, folder: Path) -> None:
        assert len(catalogue.load((), (str(folder), str(folder)))) == 1

    def test_nothing_usable_names_the_first_reasons(self, tmp_path: Path) -> None:
        for i in range(5):
            (tmp_path / f"{i}.ttf").write_bytes(b"no font")
        with pytest.raises(AssetError, match=r"no font can be used, got .*0\.ttf: is no font file; .* and 2 more; give other"):
            catalogue.load((), (str(tmp_path),))

    def test_the_command_says_what_it_left_out(self, folder: Path, tmp_path: Path) -> None:
        (folder / "bad.ttf").write_bytes(b"")
        line = ["generate", "--lang", "en", "--fonts", str(folder), "-n", "10", "-o", "out", "--json", "--workers", "1"]
        done = subprocess.run(
            [sys.executable, "-m", "ocrsynth", *line], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        )
        assert done.stderr == f"warning: font left out: {folder / 'bad.ttf'}: is empty\n"
        assert json.loads(done.stdout)["fonts_skipped"] == 1


class TestHashes:
    """Hashes of fonts are kept between runs."""

    def test_a_changed_file_is_hashed_anew(self, folder: Path, fontmaker: ModuleType) -> None:
        path = folder / "good.ttf"
        first = files.sha256_of(str(path))
        files.sha256_of.cache_clear()
        assert files.sha256_of(str(path)) == first
        fontmaker.make_font(path, "Other name")
        files.sha256_of.cache_clear()
        assert files.sha256_of(str(path)) != first

    def test_a_broken_entry_does_not_matter(self, folder: Path, cache: Path) -> None:
        first = files.sha256_of(str(folder / "good.ttf"))
        [entry] = (cache / "ocrsynth/sha256").iterdir()
        entry.write_bytes(b"short")
        files.sha256_of.cache_clear()
        assert files.sha256_of(str(folder / "good.ttf")) == first


class TestSystemFonts:
    """Fonts of the system, on request only."""

    def test_they_are_found_by_the_xdg_folders(self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "share").mkdir()
        folder.rename(tmp_path / "share" / "fonts")
        monkeypatch.setenv("XDG_DATA_DIRS", f"{tmp_path / 'share'}:{tmp_path / 'missing'}")
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        assert catalogue.system_folders() == (str(tmp_path / "share/fonts"),)
        recipe = Recipe.for_language("en", fonts={"sets": [], "system": True})
        assert make_sample(recipe, 0).provenance["font"]["family"] == "Good"

    def test_they_are_never_drawn_unasked(self) -> None:
        assert not Recipe.for_language("en").fonts.system
        assert Recipe.for_language("en").fonts.all_folders == ()


_FUZZ = """
import sys
from pathlib import Path
from ocrsynth.errors import Rejected, AssetError
from ocrsynth.fonts import catalogue
from ocrsynth.records import Bleed, FontKey, TextLine
from ocrsynth.render.layout import RenderConfig, lay_out
from ocrsynth.render.raster import draw_mask
from ocrsynth.seeding import Stream
from ocrsynth.shape.shaper import shape_line
try:
    families = catalogue.load_folder(sys.argv[1])
except AssetError:
    raise SystemExit
line = TextLine("Affix, Wort 123 (fi)", "test", "ltr", "Latn", "en")
drawn = 0
for family in families.families:
    for face in family.faces:
        key = FontKey(face.path, face.index, tuple((a.tag, a.low) for a in face.axes))
        try:
            shaped = shape_line(line, key)
            layout = lay_out(shaped, RenderConfig(), Stream(0, 0, "t"))
        except (Rejected, AssetError, ZeroDivisionError):
            continue
        draw_mask(shaped, layout, Bleed(0, 0, 0, 0))
        drawn += 1
print(len(families.skipped), drawn)
"""


def test_a_font_with_a_flipped_byte_is_left_out(tmp_path: Path) -> None:
    """HarfBuzz would draw what is there, and the label would be of other letters."""
    for name, place in (("whole", None), ("flipped", -5000), ("head", "head")):
        data = bytearray(_LORA.read_bytes())
        if place == "head":
            data[data.index(b"head") + 4] ^= 1
        elif isinstance(place, int):
            data[place] ^= 1
        (tmp_path / f"{name}.ttf").write_bytes(data)
    for _ in range(2):  # The second time from the cache.
        found = {name: files.faults_of(tmp_path / f"{name}.ttf") for name in ("whole", "flipped", "head")}
        assert found["whole"] == (1, [])
        assert "is damaged: its table" in found["flipped"][1][0].reason
        assert found["head"][1][0].reason == "is damaged: its table 'head' has another checksum than it should"


def test_checksums_that_makers_get_wrong_are_no_damage(tmp_path: Path) -> None:
    """Of `head` many take the sum with its field for the whole file; names were changed, and their sums were not."""
    data = bytearray(_LORA.read_bytes())
    entries = {bytes(data[at : at + 4]): at for at in range(12, 12 + 16 * struct.unpack(">H", data[4:6])[0], 16)}
    data[entries[b"name"] + 5] ^= 1
    start, length = struct.unpack(">II", data[entries[b"head"] + 8 : entries[b"head"] + 16])
    words = np.frombuffer(bytes(data[start : start + length]) + bytes(-length % 4), ">u4")
    data[entries[b"head"] + 4 : entries[b"head"] + 8] = struct.pack(">I", int(words.sum(dtype=np.uint64)) & 0xFFFFFFFF)
    (tmp_path / "font.ttf").write_bytes(data)
    assert files.faults_of(tmp_path / "font.ttf") == (1, [])


def test_mutated_fonts_never_crash(tmp_path: Path, fontmaker: ModuleType) -> None:
    """300 fonts with flipped bytes, cut tails and exchanged tables load, or are left out; in a process of their own."""
    source = random.Random(7)  # noqa: S311 - repeatable is what it must be
    originals = [_LORA.read_bytes(), Path(fontpkg.family("Arvo").files[0].path).read_bytes()]
    originals.append(fontmaker.with_ligature(tmp_path / "small.ttf").read_bytes())
    fuzzed = tmp_path / "fuzzed"
    fuzzed.mkdir()
    for number in range(300):
        data = bytearray(originals[number % 3])
        kind = source.randrange(4)
        if kind == 0:
            del data[source.randrange(12, len(data)) :]
        else:
            # Most flips fall into the first kilobytes, where the directory and small tables are.
            reach = len(data) if kind == 1 else min(len(data), 4000)
            for _ in range(source.randrange(1, 60)):
                data[source.randrange(reach)] = source.randrange(256)
        # Half of them with sums that fit, else all would be left out for their sums.
        (fuzzed / f"{number:03}.ttf").write_bytes(fontmaker.summed(bytes(data)) if number % 2 else data)
    done = subprocess.run([sys.executable, "-c", _FUZZ, str(fuzzed)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    skipped, drawn = map(int, done.stdout.split())
    assert skipped > 50
    assert drawn > 20


def _raw(tag: str) -> object:
    from fontTools.ttLib.tables.DefaultTable import DefaultTable

    table = DefaultTable(tag)
    table.data = b"\0\1\0\0\0\0\0\0"
    return table


def _without_table(source: Path, target: Path, tag: bytes) -> None:
    """Write a font whose directory names no table *tag*."""
    data = bytearray(source.read_bytes())
    place = data.index(tag, 12, 400)
    data[place : place + 4] = b"zzzz"
    target.write_bytes(data)


def test_open_face_reads_each_face_once(folder: Path) -> None:
    path = str(folder / "good.ttf")
    assert open_face(path, 0) is open_face(path, 0)
    assert covered(path, 0, frozenset("aё")) == frozenset("a")
