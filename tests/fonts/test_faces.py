"""Faces stay open while instances hold them, and share what is alike."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import fontpkg
import pytest
import uharfbuzz as hb
from fontTools import agl
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from ocrsynth.fonts import catalogue, outlines
from ocrsynth.fonts.coverage import covered
from ocrsynth.fonts.faces import open_face, open_instance
from ocrsynth.fonts.outlines import bounds_of
from ocrsynth.records import FontKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType


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


def test_a_small_letter_with_the_glyph_of_its_capital_is_lacking(tmp_path: Path) -> None:
    fjalla = str(fontpkg.family("Fjalla One").files[0].path)
    assert covered(fjalla, 0, frozenset("TțȚt")) == frozenset("TȚt"), "ț is drawn as Ț"
    assert covered(fjalla, 0, frozenset("tț")) == frozenset("tț"), "no label could say the capital"
    roboto = str(fontpkg.family("Roboto").files[0].path)
    russian = frozenset("жшЖШΩωӏӀßſ")
    assert covered(roboto, 0, russian) == frozenset(c for c in russian if ord(c) in open_face(roboto, 0).unicodes)
    path = tmp_path / "capitals.ttf"
    font = TTFont(roboto)
    for table in font["cmap"].tables:
        table.cmap |= {ord(c): table.cmap[ord(c.upper())] for c in "abc" if ord(c) in table.cmap}
    font.save(path)
    assert covered(str(path), 0, frozenset("abcdABCD")) == frozenset("dABCD")


@pytest.mark.parametrize(
    ("names", "shows"),
    [
        (lambda c: c, True),
        (lambda c: f"a{ord(c)}", True),
        (lambda c: agl.UV2AGL[ord(c) + 0x350], False),
        (lambda c: f"a{ord(c) + 5}", False),
    ],
    ids=["letters", "numbers", "Greek", "dingbats"],
)
def test_glyphs_with_the_names_of_others_are_none_of_ascii(names: Callable[[str], str], shows: bool, tmp_path: Path) -> None:
    """Fonts of Greek letters and dingbats in the places of those of ASCII, as Ghostscript brings them."""
    letters = "abcefgABCEFG"
    builder = FontBuilder(1000, isTTF=True)
    order = [".notdef", *map(names, letters)]
    pen = TTGlyphPen(None)
    for i, point in enumerate(((0, 0), (0, 500), (400, 500))):
        (pen.lineTo if i else pen.moveTo)(point)
    pen.closePath()
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({ord(c): names(c) for c in letters})
    builder.setupGlyf(dict.fromkeys(order, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(order, (500, 0)))
    builder.setupHorizontalHeader()
    builder.setupPost()
    builder.save(tmp_path / "font.ttf")
    assert bool(covered(str(tmp_path / "font.ttf"), 0, frozenset("abc"))) is shows


@pytest.mark.parametrize(("script", "letters"), [("deva", "कि"), ("tibt", "ཀི"), ("arab", "بت"), ("khmr", "កិ")])
def test_letters_that_a_face_cannot_shape_are_lacking(script: str, letters: str, fontmaker: ModuleType, tmp_path: Path) -> None:
    """Unifont has all of Devanagari, and sets its signs one by one as they come."""
    needed = frozenset(letters + "a1")
    bare = fontmaker.make_font(tmp_path / "bare.ttf", "Bare", characters=fontmaker.ASCII + letters)
    assert covered(str(bare), 0, needed) == frozenset("a1")
    code = f"languagesystem {script} dflt; feature ccmp {{ sub u0061 by u0062; }} ccmp;"
    able = fontmaker.make_font(tmp_path / "able.ttf", "Able", characters=fontmaker.ASCII + letters, features=code)
    assert covered(str(able), 0, needed) == needed


def test_boxes_of_cubic_outlines_end_at_their_ink_not_at_their_control_points(tmp_path: Path) -> None:
    def bowl(pen: T2CharStringPen) -> None:
        pen.moveTo((100, 0))
        pen.curveTo((900, 100), (900, 600), (100, 700))
        pen.curveTo((50, 900), (-300, -50), (100, 0))
        pen.closePath()

    pen = T2CharStringPen(800, None)
    bowl(pen)
    blank = T2CharStringPen(500, None).getCharString()
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder([".notdef", "a", "space"])
    builder.setupCharacterMap({ord("a"): "a", ord(" "): "space"})
    builder.setupCFF("Cubic", {}, {".notdef": blank, "a": pen.getCharString(), "space": blank}, {})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "a": (800, 0), "space": (500, 0)})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Cubic", "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800)
    builder.setupPost()
    path = tmp_path / "cubic.otf"
    builder.save(path)

    glyphs = builder.font.getGlyphSet()
    true = BoundsPen(glyphs)
    glyphs["a"].draw(true)
    left, bottom, right, top = true.bounds
    assert right < 750
    instance = open_instance(FontKey(str(path), 0, ()))
    a, space = (instance.hb_font.get_nominal_glyph(ord(c)) for c in "a ")
    assert bounds_of(instance.hb_font, a) == pytest.approx((left, bottom, right, top), abs=0.01)
    assert bounds_of(instance.hb_font, space) is None
    box = instance.ink_box(a)
    assert box == pytest.approx((left / 1000, -top / 1000, right / 1000, -bottom / 1000), abs=1e-5)
    assert instance.ink_box(space) is None


def test_bounds_of_quadratic_outlines_are_those_of_fonttools() -> None:
    from fontTools.ttLib import TTFont

    path = catalogue.load(("default",), ())[0].faces[0].path
    font = TTFont(path)
    glyphs, cmap = font.getGlyphSet(), font.getBestCmap()
    plain = open_instance(FontKey(path, 0, ())).hb_font
    for c in "aSg&8Q":
        pen = BoundsPen(glyphs)
        glyphs[cmap[ord(c)]].draw(pen)
        assert bounds_of(plain, plain.get_nominal_glyph(ord(c))) == pytest.approx(pen.bounds, abs=0.6)


def test_ctrl_c_while_an_outline_is_read_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """HarfBuzz calls back, and swallows what is raised there."""
    funcs = hb.DrawFuncs()
    for command in ("move_to", "line_to", "quadratic_to", "cubic_to", "close_path"):
        getattr(funcs, f"set_{command}_func")(lambda *_: signal.raise_signal(signal.SIGINT))
    monkeypatch.setattr(outlines, "_pen", lambda: funcs)
    font = open_instance(FontKey(catalogue.load(("default",), ())[0].faces[0].path, 0, ())).hb_font
    # A process in the background of a script is started with SIGINT ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            outlines.outline_of(font, font.get_nominal_glyph(ord("a")))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        outlines.outline_of(font, font.get_nominal_glyph(ord("a")))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
