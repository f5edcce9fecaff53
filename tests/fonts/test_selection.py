"""Drawing fonts: families evenly within their class, classes by weight, axes on a bounded grid."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib import TTFont

from ocrsynth import Recipe
from ocrsynth.errors import CoverageError, ExitCode, RecipeError
from ocrsynth.fields import validate
from ocrsynth.fonts.config import FontConfig
from ocrsynth.fonts.faces import open_instance
from ocrsynth.fonts.selection import FontSelector
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from ocrsynth.records import FontChoice

_CHARACTERS = alphabet.load("en_Latn").characters


def _selector(characters: frozenset[str] = _CHARACTERS, /, **section: Any) -> FontSelector:
    return FontSelector(validate(FontConfig, section, "fonts"), characters)


def _draws(selector: FontSelector, count: int, seed: int = 3) -> list[FontChoice]:
    return [selector.draw(Stream(seed, i, "font")) for i in range(count)]


def _weight(font: FontChoice, selector: FontSelector) -> float:
    coords = dict(font.key.coords)
    if "wght" in coords:
        return coords["wght"]
    return next(x.weight for f in selector.families for x in f.faces if (x.path, x.index) == font.key[:2])


@pytest.fixture
def uneven(fontmaker: ModuleType, tmp_path: Path) -> str:
    """A folder with a family of nine faces and two of a single face."""
    for weight in range(100, 1000, 100):
        fontmaker.make_font(tmp_path / f"many-{weight}.ttf", "Many", weight=weight, style=f"W{weight}")
    fontmaker.make_font(tmp_path / "single.ttf", "Single")
    fontmaker.make_font(tmp_path / "sole.ttf", "Sole")
    return str(tmp_path)


def test_draws_are_repeatable_and_differ() -> None:
    fonts = _draws(_selector(), 400)
    assert fonts == _draws(_selector(), 400)
    assert fonts != _draws(_selector(), 400, seed=4)
    assert len({f.key for f in fonts}) > 100


def test_every_family_occurs() -> None:
    selector = _selector()
    assert {f.family for f in _draws(selector, 4000)} == {f.name for f in selector.families}


def test_a_choice_describes_its_font() -> None:
    selector = _selector()
    by_name = {f.name: f for f in selector.families}
    for font in _draws(selector, 300):
        family = by_name[font.family]
        face = next(x for x in family.faces if (x.path, x.index) == (font.key.path, font.key.face))
        assert (font.kind, font.style, font.sha256) == (family.kind, face.style, face.sha256)
        assert [tag for tag, _ in font.key.coords] == [a.tag for a in face.axes]
        assert all(a.low <= value <= a.high for a, (_, value) in zip(face.axes, font.key.coords, strict=True))


def test_many_faces_do_not_make_a_family_likelier(uneven: str) -> None:
    selector = _selector(sets=[], folders=[uneven])
    drawn = Counter(f.family for f in _draws(selector, 6000))
    assert set(drawn) == {"Many", "Single", "Sole"}
    # Five standard deviations of a third of 6000.
    assert all(abs(n - 2000) < 185 for n in drawn.values()), drawn


def test_families_of_a_class_are_equally_likely() -> None:
    selector = _selector(classes={"serif": 1, "mono": 1})
    drawn = Counter((f.kind, f.family) for f in _draws(selector, 8000))
    for kind in ("serif", "mono"):
        counts = [n for (k, _), n in drawn.items() if k == kind]
        mean = sum(counts) / len(counts)
        assert all(abs(n - mean) < 5 * mean**0.5 for n in counts)


def test_classes_are_drawn_by_their_weights() -> None:
    weights = {"serif": 1, "sans": 4, "hand": 2, "display": 0}
    drawn = Counter(f.kind for f in _draws(_selector(classes=weights), 7000))
    assert set(drawn) == {"serif", "sans", "hand"}
    for kind, weight in weights.items():
        assert drawn[kind] / 7000 == pytest.approx(weight / 7, abs=0.03)


def test_fonts_from_folders_are_of_class_other(uneven: str) -> None:
    drawn = Counter(f.kind for f in _draws(_selector(folders=[uneven], classes={"other": 1, "sans": 1}), 2000))
    assert drawn["other"] / 2000 == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("share", [0, 0.15, 0.6, 1])
def test_the_share_of_italics(share: float) -> None:
    selector = _selector(italic=share, families=["Lora", "Roboto", "PT Serif", "Zilla Slab"])
    italic = sum(f.style == "italic" for f in _draws(selector, 3000)) / 3000
    assert italic == pytest.approx(share, abs=0.045)


def test_a_family_without_italics_stays_upright() -> None:
    assert {f.style for f in _draws(_selector(italic=1, families=["Oswald", "Kalam"]), 200)} == {"normal"}


class TestWeight:
    """``regular``, ``weight`` and ``width_percent``."""

    def test_regular_lines_are_regular(self) -> None:
        selector = _selector(regular=1)
        wrong = set()
        for font in _draws(selector, 3000):
            family = next(f for f in selector.families if f.name == font.family)
            # The nearest to regular that any face of the style offers.
            reachable = [
                min(max(400.0, low), high)
                for face in family.faces
                if face.style == font.style
                for low, high in [next(((a.low, a.high) for a in face.axes if a.tag == "wght"), (face.weight, face.weight))]
            ]
            nearest = min(reachable, key=lambda w: abs(w - 400))
            if _weight(font, selector) != nearest:
                wrong.add((font.family, font.style, _weight(font, selector), nearest))
        assert wrong == set()

    def test_regular_lines_are_of_regular_width(self) -> None:
        for font in _draws(_selector(regular=1), 1000):
            assert dict(font.key.coords).get("wdth", 100) == 100

    def test_the_share_of_regular_lines(self) -> None:
        selector = _selector(regular=0.45, families=["Roboto Slab"], weight=[500, 800])
        share = sum(_weight(f, selector) == 400 for f in _draws(selector, 3000)) / 3000
        assert share == pytest.approx(0.45, abs=0.05)

    @pytest.mark.parametrize("wanted", [(300, 800), (100, 900), (500, 600), (700, 700), (300, 400)])
    def test_weights_stay_in_the_range(self, wanted: tuple[int, int]) -> None:
        low, high = wanted
        selector = _selector(regular=0, weight=list(wanted))
        seen = set()
        for font in _draws(selector, 3000):
            family = next(f for f in selector.families if f.name == font.family)
            face = next(x for x in family.faces if x.path == font.key.path)
            axis = next((a for a in face.axes if a.tag == "wght"), None)
            if axis is not None and axis.low <= high and axis.high >= low:
                assert low <= _weight(font, selector) <= high
                seen.add(_weight(font, selector))
            elif axis is None and any(low <= x.weight <= high for x in family.faces if x.style == font.style):
                assert low <= face.weight <= high
        assert len(seen) >= min((high - low) // 50, 5)

    @pytest.mark.parametrize("wanted", [(310, 340), (330, 345), (460, 470), (620, 620)])
    def test_weights_stay_in_a_range_between_two_steps(self, wanted: tuple[int, int]) -> None:
        low, high = wanted
        selector = _selector(regular=0, weight=list(wanted), families=["Roboto", "Inter", "Noto Serif"])
        weights = {_weight(f, selector) for f in _draws(selector, 300)}
        assert all(low <= w <= high for w in weights), weights

    def test_widths_stay_in_the_range(self) -> None:
        selector = _selector(regular=0, width_percent=[80, 95], families=["Roboto", "Open Sans", "Inconsolata"])
        widths = {dict(f.key.coords)["wdth"] for f in _draws(selector, 1000)}
        assert widths == {80, 85, 90, 95}

    def test_both_ends_of_the_range_occur(self) -> None:
        selector = _selector(regular=0, weight=[300, 800], families=["Roboto"])
        drawn = Counter(_weight(f, selector) for f in _draws(selector, 4000))
        assert set(drawn) == set(range(300, 801, 50))

    def test_a_range_that_a_family_cannot_reach_leaves_it_usable(self) -> None:
        selector = _selector(regular=0, weight=[950, 1000], families=["Lora", "Arvo"])
        assert {f.family for f in _draws(selector, 100)} == {"Lora", "Arvo"}


class TestOpticalSize:
    """``optical_size_pt``, of fonts with the axis ``opsz``."""

    @staticmethod
    def _sizes(**section: Any) -> Counter[float]:
        return Counter(dict(f.key.coords)["opsz"] for f in _draws(_selector(**section), 1000))

    def test_sizes_spread_over_the_range(self) -> None:
        sizes = self._sizes(regular=0, families=["Literata"], optical_size_pt=[8, 30])
        assert min(sizes) == 8
        assert max(sizes) == 30
        assert len(sizes) == 6
        assert min(sizes.values()) > 60

    def test_a_regular_line_has_the_size_that_the_font_is_made_for(self) -> None:
        assert set(self._sizes(regular=1, families=["Literata"])) == {12}

    def test_a_range_that_the_font_cannot_reach(self) -> None:
        assert set(self._sizes(regular=0, families=["Inter"], optical_size_pt=[6, 7])) == {14}

    def test_letters_for_small_print_are_wider(self) -> None:
        widths = []
        for size in (7, 36):
            [font] = {
                f.key
                for f in _draws(
                    _selector(regular=0, italic=0, weight=[400, 400], families=["Literata"], optical_size_pt=[size, size]), 3
                )
            }
            widths.append(open_instance(font).sum_of_advances("hamburgefonstiv"))
        assert widths[0] > 1.02 * widths[1]


class TestLean:
    """Fonts with the axis ``slnt`` in place of italic faces."""

    @pytest.fixture
    def leaning(self, fontmaker: ModuleType, tmp_path: Path) -> str:
        path = fontmaker.make_font(tmp_path / "leaning.ttf", "Leaning")
        with TTFont(path) as font:
            builder = FontBuilder(font=font)
            builder.setupFvar([("slnt", -12, 0, 0, "Slant")], [])
            builder.setupGvar({name: [] for name in font.getGlyphOrder()})
            builder.save(path)
        return str(tmp_path)

    def test_the_share_of_italics_leans_by_the_axis(self, leaning: str) -> None:
        selector = _selector(sets=[], folders=[leaning], italic=0.3, synthetic_slant=1)
        keys = [f.key for f in _draws(selector, 1000)]
        places = Counter(dict(key.coords)["slnt"] for key in keys)
        assert places[0.0] == pytest.approx(700, abs=60)
        # The axis ends before the widest of the range; to the right is below 0.
        assert min(places) == -12
        assert max(places.keys() - {0.0}) < -6
        assert {key.slant for key in keys} == {0.0}


def test_axis_values_are_quantised() -> None:
    """However long a run is, it meets a bounded number of instances."""
    config: dict[str, Any] = {"regular": 0.1, "italic": 0.5, "weight": [1, 1000], "width_percent": [25, 200]}
    selector = _selector(**config)
    bound = 0
    allowed: dict[tuple[str, int], set[tuple[tuple[str, float], ...]]] = {}
    for family in selector.families:
        for face in family.faces:
            values = []
            for axis in face.axes:
                step = {"wght": 50, "wdth": 5}.get(axis.tag)
                grid = {axis.default} if step is None else {axis.default, axis.low, axis.high}
                if axis.tag == "opsz":
                    low, high = max(axis.low, 6.0), min(axis.high, 40.0)
                    n = math.ceil(math.log(high / low) / math.log(1.35))
                    assert n <= 7
                    grid = {axis.default} | {round(low * (high / low) ** (k / n), 1) for k in range(n + 1)}
                if step is not None:
                    grid |= {v * step for v in range(250) if axis.low <= v * step <= axis.high}
                values.append([(axis.tag, v) for v in sorted(grid)])
            allowed[face.path, face.index] = set(product(*values))
            bound += len(allowed[face.path, face.index])
    keys = {f.key for f in _draws(selector, 30_000)}
    assert all(key.coords in allowed[key.path, key.face] for key in keys)
    assert len(keys) <= bound
    assert len(keys) > 500


class TestCoverage:
    """Which fonts are kept for a language, and which characters a kept one still lacks."""

    def test_what_a_font_lacks_of_a_text(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.without_l_stroke(tmp_path / "lacks.ttf")
        fontmaker.with_l_stroke(tmp_path / "full.ttf")
        selector = _selector(_CHARACTERS | {"ł"}, sets=[], folders=[str(tmp_path)])
        seen = set()
        for font in _draws(selector, 100):
            assert selector.missing(font, "plain") == frozenset()
            assert selector.missing(font, "mały") == (frozenset() if font.family == "Complete" else {"ł"})
            seen.add(font.family)
        assert seen == {"Lacks", "Complete"}

    def test_faces_without_a_needed_letter_are_left_out(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.without_l_stroke(tmp_path / "lacks.ttf")
        fontmaker.with_l_stroke(tmp_path / "full.ttf")
        fontmaker.make_font(tmp_path / "bold.ttf", "Complete", weight=700, style="Bold")
        config = validate(FontConfig, {"sets": [], "folders": [str(tmp_path)], "regular": 0}, "fonts")
        selector = FontSelector(config, _CHARACTERS | {"ł"}, frozenset("ał"), "pl_Latn")
        assert {f.key.path for f in _draws(selector, 50)} == {str(tmp_path / "full.ttf")}

    def test_a_fallback_has_all_that_is_missing(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.without_l_stroke(tmp_path / "lacks.ttf")
        fontmaker.with_l_stroke(tmp_path / "full.ttf")
        fontmaker.make_font(tmp_path / "slanted.ttf", "Slanted", characters="łß", italic=True, style="Italic")
        selector = _selector(_CHARACTERS | {"ł", "ß"}, sets=[], folders=[str(tmp_path)])
        found = [selector.draw_fallback(Stream(1, i, "fallback"), frozenset("ł")) for i in range(50)]
        assert {f.family for f in found if f is not None} == {"Complete"}
        assert None not in found
        assert selector.draw_fallback(Stream(1, 0, "fallback"), frozenset("ß")) is None

    def test_quotes_in_squares_are_for_letters_in_squares(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.make_font(tmp_path / "lacks.ttf", "Lacks", characters="abcn")
        fontmaker.make_font(tmp_path / "narrow.ttf", "Narrow", characters="abcn’")
        fontmaker.make_font(tmp_path / "square.ttf", "Square", characters="abcn’…漢", squares="’…")
        config = validate(FontConfig, {"sets": [], "folders": [str(tmp_path)]}, "fonts")
        western = FontSelector(config, _CHARACTERS | {"’"}, frozenset("abc"), "xx_Latn")
        for font in _draws(western, 60):
            assert western.in_squares(font, "a’b") == ({"’"} if font.family == "Square" else frozenset())
            # Points that float in the middle of an em are an ellipsis of East Asian text.
            assert western.in_squares(font, "a…b") == ({"…"} if font.family == "Square" else frozenset())
            assert western.in_squares(font, "ab") == frozenset()
        lent = {western.draw_fallback(Stream(1, i, "fallback"), frozenset("’")) for i in range(30)}
        assert {font.family for font in lent if font is not None} == {"Narrow"}
        eastern = FontSelector(config, _CHARACTERS | {"’"}, frozenset("abc漢"), "zh_Hans")
        assert {font.family for font in _draws(eastern, 30)} == {"Square"}
        assert all(eastern.in_squares(font, "漢’") == frozenset() for font in _draws(eastern, 30))

    def test_letters_that_no_font_has(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.without_l_stroke(tmp_path / "lacks.ttf")
        fontmaker.make_font(tmp_path / "less.ttf", "Less", characters="abc")
        config = validate(FontConfig, {"sets": [], "folders": [str(tmp_path)]}, "fonts")
        text = (
            "xx_Latn: no font of 2 families has all letters; the closest, 'Lacks', lacks 2 of 6 (ß U+00DF, ł U+0142); "
            "add a font that has them with --fonts DIR, or take those of this system with --system-fonts"
        )
        with pytest.raises(CoverageError, match=f"^{re.escape(text)}$") as caught:
            FontSelector(config, _CHARACTERS, frozenset("abcxłß"), "xx_Latn")
        assert caught.value.exit_code == ExitCode.COVERAGE

    def test_a_long_list_of_missing_letters_is_cut(self, fontmaker: ModuleType, tmp_path: Path) -> None:
        fontmaker.make_font(tmp_path / "less.ttf", "Less", characters="abc")
        config = validate(FontConfig, {"sets": [], "folders": [str(tmp_path)]}, "fonts")
        text = (
            "xx_Latn: no font of 1 families has all letters; the closest, 'Less', lacks 7 of 10 "
            "(d U+0064, e U+0065, f U+0066, g U+0067, h U+0068, …); "
            "add a font that has them with --fonts DIR, or take those of this system with --system-fonts"
        )
        with pytest.raises(CoverageError, match=f"^{re.escape(text)}$"):
            FontSelector(config, _CHARACTERS, frozenset("abcdefghij"), "xx_Latn")


def test_an_unknown_family() -> None:
    with pytest.raises(RecipeError) as caught:
        _selector(families=["Robota"])
    assert str(caught.value).startswith(
        "fonts.families: no family 'Robota' in the sets and folders; did you mean 'Roboto'? (known: Abril Fatface, "
    )


def test_no_class_is_left() -> None:
    text = (
        "fonts.classes: no family is left, got {'other': 1.0}, where the fonts are of class condensed, display, hand, mono, "
        "sans, serif, slab, typewriter; give one of these a weight above 0 (fonts of folders are 'other')"
    )
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        _selector(classes={"other": 1})


def test_named_families_are_drawn_whatever_class_a_preset_leaves_out() -> None:
    for preset in ("typewriter", "book", "document"):
        recipe = Recipe.for_language("en", preset, fonts={"families": ["Courier Prime", "Roboto", "Caveat"]})
        for kind in recipe.styles or (recipe,):
            config = getattr(kind, "recipe", kind).fonts
            selector = FontSelector(config, _CHARACTERS)
            assert {f.family for f in _draws(selector, 600)} == {"Courier Prime", "Roboto", "Caveat"}
    # A weight of nothing is said on purpose.
    selector = _selector(families=["Roboto", "Caveat"], classes={"sans": 1, "hand": 0})
    assert {f.family for f in _draws(selector, 200)} == {"Roboto"}
    assert selector.classes == {"sans": 1}


def test_families_narrow_the_set() -> None:
    assert {f.family for f in _draws(_selector(families=["Lora", "Inter"]), 100)} == {"Lora", "Inter"}
