"""The ways in which generators of this kind corrupt labels without a word: each is shut, and opens without its guard."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fontpkg
import numpy as np
import pytest
import regex

from ocrsynth import Recipe, generate, legibility, make_sample
from ocrsynth.degrade.entries import parse_chain
from ocrsynth.errors import Rejected
from ocrsynth.fonts.faces import open_instance
from ocrsynth.pipeline import Pipeline
from ocrsynth.records import PLAIN, FontKey, Setting, TextLine
from ocrsynth.seeding import Stream
from ocrsynth.shape import glyphs, shaper
from ocrsynth.shape.clusters import grapheme_starts
from ocrsynth.shape.shaper import shape_line
from ocrsynth.text import alphabet, exemplars
from ocrsynth.text.mixture import TextConfig, TextMixture, default_sources, parse_sources
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from types import ModuleType

    from ocrsynth.records import ShapedLine

_ROBOTO = FontKey(str(fontpkg.family("Roboto").files[0].path), 0, ())
_ARABIC = FontKey(str(fontpkg.family("Noto Sans Arabic").files[0].path), 0, ())
_KUFI = Path("/usr/share/fonts/truetype/noto/NotoKufiArabic-Regular.ttf")
_ARABIC_FOLDER = str(Path(_ARABIC.path).parent)


def _shape(text: str, font: FontKey = _ROBOTO, language: str = "en", setting: Setting = PLAIN) -> ShapedLine:
    letters = alphabet.load(language)
    return shape_line(TextLine(text, "test", letters.direction, letters.script, letters.language), font, (), setting)


def _corpus(tmp_path: Path, *lines: str, **keys: Any) -> dict[str, Any]:
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    plain = {"asis": 1, "sentence": 0, "title": 0, "upper": 0}
    return {"sources": [{"corpus": {"file": str(path), "cut": "lines", **keys}}], "case": plain}


def test_e01_a_missing_glyph(fontmaker: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    font = FontKey(str(fontmaker.without_l_stroke(tmp_path / "lacks.ttf")), 0, ())
    with pytest.raises(Rejected, match="notdef"):
        _shape("mały", font)
    for module in (shaper, glyphs):
        monkeypatch.setattr(module, "check_run", lambda *_: None)
    assert 0 in _shape("mały", font).runs[0].glyph_ids


def test_e02_a_glyph_without_an_outline(fontmaker: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    font = FontKey(str(fontmaker.empty_l_stroke(tmp_path / "hollow.ttf")), 0, ())
    with pytest.raises(Rejected, match="empty_glyph"):
        _shape("mały", font)
    monkeypatch.setattr(shaper, "needs_ink", lambda _: False)
    assert not _shape("mały", font).cluster_has_ink.all()


def test_e03_shaping_does_not_depend_on_the_host() -> None:
    """No library of the system is asked: neither Pillow's raqm nor FriBiDi nor fontconfig, whatever the locale."""
    program = (
        "import sys, hashlib; from ocrsynth import Recipe, make_sample;"
        f"r = Recipe.for_language('ar', fonts={{'sets': [], 'folders': [{_ARABIC_FOLDER!r}]}});"
        "print(hashlib.sha256(b''.join(make_sample(r, i).encoded for i in range(5))).hexdigest());"
        "maps = open('/proc/self/maps').read().lower();"
        "print([n for n in ('raqm', 'fribidi', 'fontconfig', 'libpango') if n in maps], 'PIL' in sys.modules)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=120
        ).stdout
        for environment in (
            {"LC_ALL": "C", "PATH": ""},
            {"LC_ALL": "ar_EG.UTF-8", "LANG": "ar_EG.UTF-8", "PATH": "/usr/bin", "FONTCONFIG_PATH": "/nowhere"},
        )
    }
    assert len(outputs) == 1
    assert outputs.pop().splitlines()[1] == "[] False"


def test_e04_arabic_is_shaped_from_logical_text() -> None:
    """A text turned round before the shaper gets other forms: initial where final is due."""
    line = _shape("سلام", _ARABIC, "ar")
    assert line.line.text == "سلام"
    # From left to right: meem by itself, then alef and lam, and seen in the form that begins a word.
    font = open_instance(_ARABIC).hb_font
    meem, *_, seen = line.runs[0].glyph_ids
    assert [meem, seen] == [font.get_nominal_glyph(form) for form in (0xFEE1, 0xFEB3)]


def test_e05_a_label_is_what_was_typed(tmp_path: Path) -> None:
    """In the order of reading, and its boxes with it: a label turned round would be of another word."""
    typed = "كتب قلم"
    recipe = Recipe.for_language("ar", preset="clean", text=_corpus(tmp_path, typed) | {"kashida": 0})
    for sample in Pipeline(recipe.with_changes(fonts={"sets": [], "folders": [_ARABIC_FOLDER]})).batch(range(8)):
        assert sample.text == typed
        lefts = sample.cluster_quads[:, :, 0].min(axis=1)
        assert (np.diff(lefts) < 0).all()


def test_e05_labels_are_logical_and_without_presentation_forms() -> None:
    recipe = Recipe.for_language("ar", preset="clean", fonts={"sets": [], "folders": [_ARABIC_FOLDER]})
    for sample in Pipeline(recipe).batch(range(40)):
        assert not [c for c in sample.text if "\ufb50" <= c <= "\ufefc"]
        assert unicodedata.is_normalized("NFC", sample.text)
        rtl = [i for i, (a, _) in enumerate(sample.cluster_ranges) if unicodedata.bidirectional(sample.text[a]) == "AL"]
        if len(rtl) > 1 and rtl == list(range(len(sample.text))):
            assert sample.cluster_quads[0, 0, 0] > sample.cluster_quads[-1, 0, 0]


@pytest.mark.parametrize("fmt", list(FORMATS))
def test_e06_labels_pass_no_cleaner_of_names(fmt: str, tmp_path: Path) -> None:
    label = "A/B: 50% off! (x) ../c\\d?*|<>"
    recipe = Recipe.for_language("en", preset="clean", text=_corpus(tmp_path, label), output={"format": fmt})
    generate(recipe, 3, tmp_path / "out")
    reader = FORMATS.get(fmt, "test")()
    shards = [shard for shard in (tmp_path / "out/data").iterdir() if shard.name.startswith("0")]
    stored = [s for shard in shards for s in reader.read(shard)]
    if fmt == "dummy":
        assert not stored
    elif "words" in reader.keeps:
        assert [s.text for s in stored] == label.split() * 3
    else:
        assert [s.text for s in stored] == [label] * 3


def test_e07_contrast_is_measured_on_the_final_pixels() -> None:
    config = legibility.LegibilityConfig()
    mask = np.zeros((32, 100), np.uint8)
    mask[8:24, 20:80:4] = 255
    points = np.array([(10.0, 4), (90, 4), (90, 28), (10, 28), (10, 24), (90, 24)])
    for paper, ink in ((255, 255), (0, 0), (255, 248)):
        image = np.full((32, 100), paper, np.uint8)
        image[mask > 0] = ink
        with pytest.raises(Rejected, match="low_contrast"):
            legibility.check(config, image, mask, points, 20.0)
    image = np.full((32, 100), 230, np.uint8)
    image[mask > 0] = 30
    legibility.check(config, image, mask, points, 20.0)


def test_e08_boxes_come_from_geometry_and_not_from_blurred_pixels() -> None:
    clean, blurred = (
        make_sample(Recipe.for_language("en", seed=5, degrade=chain), 3)
        for chain in ([], [{"defocus_blur": {"radius_em": [0.12, 0.12]}}])
    )
    assert clean.text == blurred.text
    assert np.array_equal(clean.cluster_quads, blurred.cluster_quads)
    assert len(clean.cluster_quads) == len(grapheme_starts(clean.text))


@pytest.mark.parametrize("text", ["a  b c", "ab", "x", "e\u0301a q\u0308\u0301", "fi ffi"])
def test_e09_one_box_a_cluster_whatever_the_glyphs(text: str) -> None:
    shaped = _shape(text, FontKey(str(fontpkg.family("Noto Sans").files[0].path), 0, ()))
    assert len(shaped.cluster_boxes_em) == len(shaped.cluster_ranges) == len(grapheme_starts(text))
    assert [i for a, b in shaped.cluster_ranges for i in range(a, b)] == list(range(len(text)))


def test_e10_spaces_keep_their_width_between_spaced_letters() -> None:
    plain, wide = _shape("ab cd ef"), _shape("ab cd ef", setting=Setting((), 0.05, 0.0))
    widths = [box[2] - box[0] for shaped in (plain, wide) for box in shaped.cluster_boxes_em[[2, 5]]]
    assert min(widths) > 0.2
    assert wide.advance_em > plain.advance_em


@pytest.mark.skipif(not _KUFI.is_file(), reason="needs Debian's fonts-noto-core")
def test_e11_boxes_of_a_lam_alef_are_four_and_in_logical_order() -> None:
    shaped = _shape("سلام", FontKey(str(_KUFI), 0, ()), "ar")
    assert len(shaped.cluster_boxes_em) == 4
    assert len(shaped.runs[0].glyph_ids) < 4, "the font has no lam-alef: the test tests nothing"
    assert np.all(np.diff(shaped.cluster_boxes_em[:, 0]) < 0)
    assert shaped.ligatures == ((1, 3, "caret"),)
    assert shaped.cluster_is_split.tolist() == [False, True, True, False]


def test_e12_invisible_joiners_stay_in_text_and_shaping() -> None:
    word = "می\u200cخواهم"
    shaped = _shape(word, _ARABIC, "fa")
    assert shaped.line.text == word
    assert shaped.cluster_ranges[-1, 1] == len(word)
    joined = _shape(word.replace("\u200c", ""), _ARABIC, "fa")
    inked = [g for g in shaped.runs[0].glyph_ids if open_instance(_ARABIC).ink_box(g)]
    assert inked != [g for g in joined.runs[0].glyph_ids if open_instance(_ARABIC).ink_box(g)]
    assert "\u200c" in alphabet.load("fa").characters


def test_e13_no_character_is_drawn_as_another() -> None:
    text = "\\ / -> 10x10 != ..."
    for family in ("JetBrains Mono", "Inter", "Roboto"):
        key = FontKey(str(fontpkg.family(family).files[0].path), 0, ())
        font = open_instance(key).hb_font
        assert _shape(text, key).runs[0].glyph_ids == [font.get_nominal_glyph(ord(c)) for c in text]


def test_e13_without_the_guard_fonts_draw_arrows(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (shaper, glyphs):
        monkeypatch.setattr(module, "UNJOINED", frozenset())
    key = FontKey(str(fontpkg.family("Inter").files[0].path), 0, ())
    font = open_instance(key).hb_font
    assert _shape("10x10", key).runs[0].glyph_ids != [font.get_nominal_glyph(ord(c)) for c in "10x10"]


@pytest.mark.parametrize(("language", "word", "label"), [("de", "straße", "STRASSE"), ("tr", "iyi ılık", "İYİ ILIK")])
def test_e14_what_case_mapping_makes_is_the_label(language: str, word: str, label: str, tmp_path: Path) -> None:
    text = _corpus(tmp_path, word) | {"case": {"upper": 1}}
    sample = make_sample(Recipe.for_language(language, preset="clean", text=text), 0)
    assert sample.text == label
    assert len(sample.cluster_quads) == len(label)


@pytest.mark.parametrize("language", ["hi", "th", "ta", "my", "bn", "km"])
def test_e15_a_shorter_text_of_the_same_draw_ends_with_a_whole_cluster(language: str) -> None:
    [weighted] = parse_sources([{"ngram": {}}], "text.sources")
    drawer = weighted.source.compile(alphabet.load(language), "text.sources[0]")
    compared = 0
    for i in range(300):
        short, long = (regex.findall(r"\X", drawer(Stream(3, i, "text"), length)) for length in (9, 40))
        if "".join(long).startswith("".join(short)):
            assert long[: len(short)] == short
            compared += len(short) < len(long)
    assert compared > 60


@pytest.mark.parametrize("language", ["hi", "th", "ta", "my", "bn", "ar", "vi", "ko"])
def test_e15_cuts_fall_between_clusters(language: str) -> None:
    letters = alphabet.load(language)
    mixture = TextMixture(TextConfig(), parse_sources(default_sources(letters), "text.sources"), letters)
    for i in range(400):
        text = mixture.draw(Stream(3, i, "text"), i).text
        assert not unicodedata.category(text[0]).startswith("M"), text
        assert not unicodedata.combining(text[0]), text


def test_e15_a_corpus_is_cut_between_words(tmp_path: Path) -> None:
    words = [f"word{i}e\u0301nd" for i in range(2000)]
    path = tmp_path / "long.txt"
    path.write_text(" ".join(words), encoding="utf-8")
    known = {unicodedata.normalize("NFC", w) for w in words}
    recipe = Recipe.for_language(
        "en",
        preset="clean",
        text={"sources": [{"corpus": {"file": str(path)}}], "case": {"asis": 1}},
    )
    for sample in Pipeline(recipe).batch(range(60)):
        assert set(sample.text.split(" ")) <= known


def test_e16_letters_are_never_deleted_to_fit_a_font(fontmaker: ModuleType, tmp_path: Path) -> None:
    fontmaker.without_l_stroke(tmp_path / "fonts" / "lacks.ttf")
    fontmaker.with_l_stroke(tmp_path / "fonts" / "has.ttf")
    words = ["mały", "biały", "kot", "pies"]
    recipe = Recipe.for_language(
        "en",
        preset="clean",
        text=_corpus(tmp_path, *words),
        fonts={"sets": [], "folders": [str(tmp_path / "fonts")], "fallback": False},
    )
    # The English alphabet has no ł: such lines are left out whole, and counted.
    assert {s.text for s in Pipeline(recipe).batch(range(80))} == {"kot", "pies"}


def test_e23_strings_and_fonts_are_drawn_apart(tmp_path: Path) -> None:
    text = _corpus(tmp_path, "one", "two", "three", "four")
    families = ["Lora", "Roboto"]
    recipe = Recipe.for_language(
        "en", preset="clean", text=text, fonts={"families": families, "classes": {"serif": 1, "sans": 1}}
    )
    pairs = Counter((s.text, s.provenance["font"]["family"]) for s in Pipeline(recipe).batch(range(400)))
    assert len(pairs) == 8
    assert min(pairs.values()) > 25


def test_e24_few_distinct_texts_show_in_the_statistics(tmp_path: Path) -> None:
    few = generate(Recipe.for_language("en", text=_corpus(tmp_path, "one", "two", "three")), 60, tmp_path / "few")
    many = generate(Recipe.for_language("en", text={"length_clusters": [20, 40]}), 60, tmp_path / "many")
    assert few.statistics.distinct_texts == 3
    assert many.statistics.distinct_texts == 60


def test_e36_no_text_is_in_two_splits(tmp_path: Path) -> None:
    text = _corpus(tmp_path, *(f"text {i}" for i in range(40)))
    recipe = Recipe.for_language("en", preset="clean", text=text, output={"split": {"train": 0.6, "test": 0.4}})
    samples = Pipeline(recipe).batch(range(300))
    where: dict[str, set[str]] = {}
    for sample in samples:
        where.setdefault(sample.text, set()).add(sample.provenance["split"])
    assert {split for splits in where.values() for split in splits} == {"train", "test"}
    assert all(len(splits) == 1 for splits in where.values())
    # A split by index would have put the same text on both sides.
    by_index: dict[str, set[bool]] = {}
    for sample in samples:
        by_index.setdefault(sample.text, set()).add(sample.index % 5 < 3)
    assert any(len(sides) == 2 for sides in by_index.values())


def test_e40_ranges_hold_assigned_characters_only() -> None:
    assert "\u0378" not in exemplars.expand("Ͱ-Ͽ")
    assert unicodedata.category("\u0378") == "Cn"
    for name in exemplars.known()[::12]:
        keys = exemplars.alphabet_of(name)
        if keys is not None:
            characters = alphabet.load(name).characters
            assert not [c for c in characters if unicodedata.category(c) in {"Cn", "Co", "Cs", "Cc"}], name


def test_a_chain_of_nothing_is_a_clean_line() -> None:
    assert parse_chain([], "degrade") == ()
