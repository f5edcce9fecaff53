"""Faces stay open while instances hold them, and share what is alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocrsynth.fonts import catalogue
from ocrsynth.fonts.faces import covered, open_face, open_instance
from ocrsynth.records import FontKey

if TYPE_CHECKING:
    from pathlib import Path


def test_a_face_is_opened_once_however_many_fonts_there_are(tmp_path: Path) -> None:
    path = catalogue.load(("default",), ())[0].faces[0].path
    keys = []
    for number in range(400):
        link = tmp_path / f"{number}.ttf"
        link.symlink_to(path)
        keys.append(FontKey(str(link), 0, ()))
    instances = [open_instance(key) for key in keys]
    # With fewer faces kept than instances, the first were opened again beside those that their instances still hold.
    assert all(instance.hb_font.face is open_face(key.path, key.face) for key, instance in zip(keys, instances, strict=True))


def test_faces_that_have_all_characters_share_one_set() -> None:
    path = catalogue.load(("default",), ())[0].faces[0].path
    characters = frozenset("abc")
    assert covered(path, 0, characters) is characters
    assert covered(path, 0, characters | {"漢"}) == characters
