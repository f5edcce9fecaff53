"""Glyphs and positions against ``hb-shape``, HarfBuzz's own program (Debian: libharfbuzz-bin), over many scripts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import regex
from fontTools.ttLib import TTFont

from ocrsynth.fonts.faces import open_instance
from ocrsynth.records import PLAIN, FontKey, TextLine
from ocrsynth.shape.clusters import grapheme_starts
from ocrsynth.shape.glyphs import FINE, UNJOINED, Glyphs
from ocrsynth.shape.itemise import itemise
from ocrsynth.text import alphabet, exemplars

_NOTO = Path("/usr/share/fonts/truetype/noto")
# Language and font (Debian: fonts-noto-core) by script.
_SCRIPTS = {
    "pl": "NotoSans", "el": "NotoSans", "ru": "NotoSans", "vi": "NotoSerif", "ar": "NotoNaskhArabic", "fa": "NotoSansArabic",
    "ur": "NotoNastaliqUrdu", "he": "NotoSansHebrew", "hi": "NotoSansDevanagari", "mr": "NotoSerifDevanagari",
    "bn": "NotoSansBengali", "pa": "NotoSansGurmukhi", "gu": "NotoSansGujarati", "or": "NotoSansOriya", "ta": "NotoSansTamil",
    "te": "NotoSansTelugu", "kn": "NotoSansKannada", "ml": "NotoSansMalayalam", "si": "NotoSansSinhala", "th": "NotoSansThai",
    "lo": "NotoSansLao", "bo": "NotoSerifTibetan", "my": "NotoSansMyanmar", "km": "NotoSansKhmer", "ka": "NotoSansGeorgian",
    "hy": "NotoSansArmenian", "am": "NotoSansEthiopic", "chr": "NotoSansCherokee", "dv": "NotoSansThaana",
    "ff-Adlm": "NotoSansAdlam",
}  # fmt: skip
_WORDS = 14
# Words only: some of these fonts leave punctuation to another.
_WORD = regex.compile(r"[\p{L}\p{M}\u200c\u200d]{2,}")

pytestmark = pytest.mark.skipif(
    shutil.which("hb-shape") is None or not _NOTO.is_dir(), reason="needs Debian's libharfbuzz-bin and fonts-noto-core"
)


def _words(name: str) -> list[str]:
    found = dict.fromkeys(word for line in exemplars.specimen(name) for word in _WORD.findall(line))
    return list(found)[:_WORDS] or ["".join(alphabet.load(name).letters[:8])]


def _hb_shape(font: Path, text: str, rtl: bool, script: str, language: str) -> list[tuple[int, int, int, int, int]]:
    features = ["--features=-calt"] if script in UNJOINED else []
    # Signs with a glyph of their own are counted for themselves.
    features += ["--cluster-level=1"] if script in FINE else []
    out = subprocess.run(
        ["hb-shape", str(font), text, "--output-format=json", "--no-glyph-names", f"--direction={'rtl' if rtl else 'ltr'}",
         f"--script={script}", f"--language={language}", "--font-funcs=ot", *features],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return [(g["g"], g["cl"], g["dx"], g["dy"], g["ax"]) for g in json.loads(out)]


@pytest.mark.parametrize("language", _SCRIPTS)
def test_glyphs_and_positions_are_those_of_hb_shape(language: str) -> None:
    letters = alphabet.load(language)
    [path] = sorted(_NOTO.glob(f"{_SCRIPTS[language]}-Regular.ttf"))
    upem = TTFont(path)["head"].unitsPerEm
    compared = 0
    for text in _words(letters.id):
        line = TextLine(text, "test", letters.direction, letters.script, letters.language)
        runs = itemise(text, line.direction, line.script)
        if len(runs) > 1:
            continue
        glyphs = Glyphs(line)
        glyphs.add(runs[0], open_instance(FontKey(str(path), 0, ())), PLAIN, grapheme_starts(text))
        expected = _hb_shape(path, text, runs[0].rtl, runs[0].script, letters.language)
        pen = 0
        wanted = []
        for glyph, cluster, dx, dy, ax in expected:
            wanted.append((glyph, cluster, pen + dx, dy))
            pen += ax
        run = glyphs.glyph_runs()[0]
        got = [
            (g, c, round(x * upem), round(y * upem))
            for g, c, x, y in zip(run.glyph_ids, glyphs.clusters, run.x_em, run.y_em, strict=True)
        ]
        assert got == wanted, text
        assert round(glyphs.width * upem) == pen
        compared += 1
    assert compared >= min(8, len(_words(letters.id)))


def test_enough_is_compared() -> None:
    words = sum(len(_words(alphabet.load(language).id)) for language in _SCRIPTS)
    assert len({alphabet.load(language).script for language in _SCRIPTS}) >= 25
    assert words >= 300
