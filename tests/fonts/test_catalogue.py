"""The default font set, family by family, and the folders of users with all that can be wrong in them."""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import fontpkg
import numpy as np
import pytest
import yaml
from fontTools.ttLib import TTCollection, TTFont

from ocrsynth import assets
from ocrsynth.errors import AssetError, ExitCode, Rejected
from ocrsynth.fonts import catalogue
from ocrsynth.fonts.catalogue import FontClass
from ocrsynth.fonts.coverage import covered
from ocrsynth.fonts.faces import open_face, open_instance
from ocrsynth.fonts.files import sha256_of
from ocrsynth.records import FontKey, TextLine
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from ocrsynth.fonts.catalogue import FaceFile, Family

_ENTRIES = {e["family"]: e for e in yaml.safe_load((assets.folder("fonts") / "default.yaml").read_text("utf-8"))["families"]}
_LICENCES = {"OFL-1.1", "Apache-2.0"}
_ENGLISH = alphabet.load("en_Latn")
_SCREENPLAIN = metadata.version("screenplain")
_LETTERS_AND_DIGITS = "".join(_ENGLISH.letters) + "".join(_ENGLISH.digits.split())


@pytest.fixture(scope="module")
def families() -> dict[str, Family]:
    return {f.name: f for f in catalogue.load_set("default")}


@pytest.fixture(params=sorted(_ENTRIES))
def family(request: pytest.FixtureRequest, families: dict[str, Family]) -> Family:
    return families[request.param]


def _places(face: FaceFile) -> Iterator[FontKey]:
    """Yield the face at its default, its lightest and narrowest, and its heaviest and widest place."""
    for place in ("default", "low", "high"):
        yield FontKey(face.path, face.index, tuple((a.tag, getattr(a, place)) for a in face.axes))


def _refused(text: str) -> re.Pattern[str]:
    return re.compile(f"^{re.escape(text)}$")


class TestDefaultSet:
    """Every family of ``fonts/default.yaml``."""

    def test_all_families_load_in_the_order_of_the_file(self, families: dict[str, Family]) -> None:
        assert list(families) == list(_ENTRIES)
        assert len(_ENTRIES) >= 25

    def test_every_common_class_has_families(self, families: dict[str, Family]) -> None:
        assert {f.kind for f in families.values()} == set(get_args(FontClass)) - {"other"}

    def test_the_licence_is_known_and_that_of_the_file(self, family: Family) -> None:
        assert family.licence in _LICENCES
        assert family.licence == _ENTRIES[family.name]["licence"]
        assert family.copyright

    def test_the_package_and_its_version_are_named(self, family: Family) -> None:
        name, _, version = family.package.partition(" ")
        assert name == _ENTRIES[family.name]["package"]
        in_fontpkg = "files" not in _ENTRIES[family.name]
        assert version == (fontpkg.family(family.name).version if in_fontpkg else metadata.version(name))
        assert re.fullmatch(r"[\d.]+", version)

    def test_every_face_is_a_file_with_its_hash(self, family: Family) -> None:
        assert family.faces
        for face in family.faces:
            assert Path(face.path).is_file()
            assert re.fullmatch(r"[0-9a-f]{64}", face.sha256)
        assert len({face.sha256 for face in family.faces}) == len(family.faces)

    def test_faces_have_a_style_a_weight_and_sane_axes(self, family: Family) -> None:
        for face in family.faces:
            assert face.style in {"normal", "italic"}
            assert 1 <= face.weight <= 1000
            assert all(a.low <= a.default <= a.high and a.low < a.high for a in face.axes)
            assert len({a.tag for a in face.axes}) == len(face.axes)
        assert len({(f.style, f.weight) for f in family.faces}) == len(family.faces)

    def test_the_scripts_of_the_file_are_covered(self, family: Family) -> None:
        samples = {"Latn": "aZ", "Grek": "αΩ", "Cyrl": "аЯ", "Hebr": "את", "Deva": "कम"}
        for script in _ENTRIES[family.name]["scripts"]:
            for face in family.faces:
                wanted = frozenset(samples[script])
                assert covered(face.path, face.index, wanted) == wanted, script

    def test_every_face_covers_the_letters_of_english(self, family: Family) -> None:
        for face in family.faces:
            letters = frozenset(_ENGLISH.letters)
            assert covered(face.path, face.index, letters) == letters

    def test_every_letter_and_digit_shapes_with_ink_in_every_face(self, family: Family) -> None:
        for face in family.faces:
            for key in _places(face):
                for character in _LETTERS_AND_DIGITS:
                    shaped = shape_line(TextLine(character, "test", "ltr", "Latn", "en"), key)
                    assert shaped.cluster_has_ink.tolist() == [True]
                    assert 0 not in shaped.runs[0].glyph_ids

    def test_letters_that_differ_look_different(self, family: Family) -> None:
        # Fonts with capitals in the places of small letters would teach a model the wrong case.
        key = next(_places(family.faces[0]))
        instance = open_instance(key)
        for character in "abdefghnqrt":
            pair = [instance.hb_font.get_nominal_glyph(ord(c)) for c in (character, character.upper())]
            assert pair[0] != pair[1]
            boxes = [instance.ink_box(g) for g in pair]
            assert not np.allclose(boxes[0], boxes[1], atol=0.005), character

    def test_metrics_are_those_of_letters(self, family: Family) -> None:
        for face in family.faces:
            for key in _places(face):
                metrics = open_instance(key).metrics
                assert 0.3 < metrics.x_height_em < 0.75
                assert 0.5 < metrics.cap_height_em < 1
                assert 0.55 < metrics.ascent_em < 1.1
                assert 0.1 < metrics.descent_em < 0.5
                assert metrics.x_height_em < metrics.cap_height_em <= metrics.ascent_em + 0.1

    def test_the_weight_axis_changes_the_ink(self, family: Family) -> None:
        for face in family.faces:
            if not any(a.tag == "wght" for a in face.axes):
                continue
            _, light, heavy = _places(face)
            text = TextLine("HamburgefonstivO", "test", "ltr", "Latn", "en")
            boxes = [shape_line(text, key).cluster_boxes_em for key in (light, heavy)]
            assert not np.allclose(boxes[0], boxes[1], atol=0.01)

    def test_sets_and_folders_join_in_order(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.with_l_stroke(tmp_path / "a.ttf")
        loaded = catalogue.load(("default",), (str(tmp_path),))
        assert [f.name for f in loaded] == [*_ENTRIES, "Complete"]

    def test_an_unknown_set(self) -> None:
        text = "fonts.sets: unknown font set 'defualt'; did you mean 'default'? (known: default)"
        with pytest.raises(AssetError, match=_refused(text)) as caught:
            catalogue.load(("defualt",), ())
        assert caught.value.exit_code == ExitCode.ASSET

    @pytest.mark.parametrize(
        ("entry", "text"),
        [
            (
                "package: fontpkg-no-such-family",
                "family 'No Such Family' is not installed; run: pip install fontpkg-no-such-family",
            ),
            (
                "package: no-such-package, files: fonts",
                "family 'No Such Family' is not installed; run: pip install no-such-package",
            ),
            (
                "package: screenplain, files: screenplain/nowhere",
                f"screenplain {_SCREENPLAIN} holds no fonts in 'screenplain/nowhere'; take another version of it",
            ),
        ],
    )
    def test_a_set_whose_package_or_fonts_are_missing(
        self, entry: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "fonts").mkdir()
        (tmp_path / "fonts" / "mine.yaml").write_text(
            f"id: mine\nfamilies:\n  - {{family: No Such Family, {entry}, class: sans, scripts: [Latn], licence: OFL-1.1}}\n"
        )
        monkeypatch.setattr(assets, "_PACKAGE", tmp_path / "ocrsynth")
        with pytest.raises(AssetError, match=_refused(f"fonts/mine.yaml: {text}")):
            catalogue.load_set("mine")


class TestFolders:
    """Folders of the user."""

    def test_a_missing_folder(self, tmp_path: Path) -> None:
        folder = str(tmp_path / "nothing")
        with pytest.raises(AssetError, match=_refused(f"fonts.folders: no such folder, got {folder!r}; check the path")):
            catalogue.load_folder(folder)

    def test_a_file_in_place_of_a_folder(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        folder = str(fontmaker.with_l_stroke(tmp_path / "a.ttf"))
        text = f"fonts.folders: no such folder, got {folder!r}; it is a file, name the folder that holds it"
        with pytest.raises(AssetError, match=_refused(text)):
            catalogue.load_folder(folder)

    def test_a_folder_without_fonts(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("no font")
        (tmp_path / "folder.ttf").mkdir()
        suffixes = ".otc, .otf, .ttc, .ttf, .woff, .woff2"
        text = f"fonts.folders: no font file in {str(tmp_path)!r}; it needs files that end in {suffixes}"
        with pytest.raises(AssetError, match=_refused(text)):
            catalogue.load_folder(str(tmp_path))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"this is no font\n", "is no font file"),
            (b"", "is empty"),
            (b"\0\1\0\0", "is broken: its table directory is cut off"),
            (b"<html>404</html>" * 100, "is no font file"),
            (b"ttcf\0\1\0\0\xff\xff\xff\xff", "is a broken collection"),
            (b"wOF2 and nothing more", "cannot be unpacked"),
        ],
    )
    def test_a_file_that_is_no_font_is_left_out(
        self, fontmaker: ModuleType, tmp_path: Path, content: bytes, reason: str
    ) -> None:
        fontmaker.with_l_stroke(tmp_path / "a.ttf")
        path = tmp_path / ("broken.woff2" if content.startswith(b"wOF2") else "broken.ttf")
        path.write_bytes(content)
        found = catalogue.load_folder(str(tmp_path))
        assert len(found.families) == 1
        [skipped] = found.skipped
        assert skipped.path == str(path)
        assert skipped.reason.startswith(reason)

    def test_a_face_whose_file_is_gone(self, tmp_path: Path) -> None:
        path = str(tmp_path / "gone.ttf")
        with pytest.raises(AssetError, match=_refused(f"{path}: font file not found; check the path")):
            open_face(path, 0)

    @pytest.mark.parametrize("name", ["A.TTF", "b.Otf", "c.ttf", "deep/er/D.TtF"])
    def test_suffixes_of_any_case_at_any_depth(self, fontmaker: ModuleType, tmp_path: Path, name: str) -> None:
        fontmaker.with_l_stroke(tmp_path / name)
        [family] = catalogue.load_folder(str(tmp_path)).families
        [face] = family.faces
        assert face.path == str(tmp_path / name)
        assert face.sha256 == sha256_of(str(tmp_path / name))

    def test_faces_are_grouped_by_the_name_inside_the_file(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.make_font(tmp_path / "1.ttf", "One", weight=400)
        fontmaker.make_font(tmp_path / "2.ttf", "One", weight=700, style="Bold")
        fontmaker.make_font(tmp_path / "3.ttf", "One", weight=400, style="Italic", italic=True)
        fontmaker.make_font(tmp_path / "x" / "1.ttf", "Another", weight=300)
        another, one = catalogue.load_folder(str(tmp_path)).families
        assert (another.name, one.name) == ("Another", "One")
        assert [(f.style, f.weight) for f in one.faces] == [("normal", 400), ("normal", 700), ("italic", 400)]
        assert [(f.style, f.weight) for f in another.faces] == [("normal", 300)]
        assert one.kind == "other"
        assert (one.licence, one.copyright, one.package) == ("free", "of One", str(tmp_path))

    def test_the_order_on_disk_does_not_matter(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        for folder, names in (("a", "123"), ("b", "321")):
            for name in names:
                fontmaker.make_font(tmp_path / folder / f"{name}.ttf", f"Family {name}")
        a, b = (catalogue.load_folder(str(tmp_path / folder)).families for folder in "ab")
        assert [f.name for f in a] == [f.name for f in b] == ["Family 1", "Family 2", "Family 3"]

    def test_every_face_of_a_collection_is_found(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        collection = TTCollection()
        for name, characters in (("First", "abc"), ("Second", "abcd")):
            collection.fonts.append(TTFont(fontmaker.make_font(tmp_path / "src" / f"{name}.ttf", name, characters=characters)))
        collection.save(tmp_path / "both.TTC")
        shutil.rmtree(tmp_path / "src")
        first, second = catalogue.load_folder(str(tmp_path)).families
        assert [(f.name, [x.index for x in f.faces]) for f in (first, second)] == [("First", [0]), ("Second", [1])]
        wanted = frozenset("abcd")
        # Each face answers for itself: a collection's faces need not cover the same.
        assert [covered(f.faces[0].path, f.faces[0].index, wanted) for f in (first, second)] == [frozenset("abc"), wanted]

    def test_a_collection_shapes_by_face(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        collection = TTCollection()
        for name, characters in (("First", "abc"), ("Second", "abcd")):
            collection.fonts.append(TTFont(fontmaker.make_font(tmp_path / f"{name}.ttf", name, characters=characters)))
        collection.save(tmp_path / "both.ttc")
        path = str(tmp_path / "both.ttc")
        line = TextLine("abcd", "test", "ltr", "Latn", "en")
        assert shape_line(line, FontKey(path, 1, ())).cluster_has_ink.all()
        with pytest.raises(Rejected, match=r"^notdef: the font lacks a character of 'abcd'$"):
            shape_line(line, FontKey(path, 0, ()))
