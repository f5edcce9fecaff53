"""Languages beyond the curated alphabets: exemplar characters, tags, and samples in scripts of other kinds."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path

import fontpkg
import pytest
import regex

from ocrsynth import Recipe
from ocrsynth.errors import CoverageError, RecipeError
from ocrsynth.pipeline import Pipeline
from ocrsynth.text import alphabet, exemplars
from ocrsynth.text.mixture import check_label

_FOLDERS = {
    "ar": "Noto Sans Arabic",
    "fa": "Noto Sans Arabic",
    "ur": "Noto Sans Arabic",
    "he": None,
    "hi": None,
    "mr": "Noto Sans Devanagari",
    "ta": "Noto Sans Tamil",
    "th": "Noto Sans Thai",
    "km": "Noto Sans Khmer",
    "ru": None,
    "el": None,
    "pl": None,
    "vi": None,
    "tr": None,
    "sr-Latn": None,
    "de": None,
}
_ALL = exemplars.known()


def _recipe(language: str) -> Recipe:
    family = _FOLDERS[language]
    folders = [str(Path(fontpkg.family(family).files[0].path).parent)] if family else []
    return Recipe.for_language(language, preset="clean", seed=5, render={"height_px": 48}, fonts={"folders": folders})


@pytest.mark.parametrize("name", [n for n in _ALL if exemplars.alphabet_of(n) is not None])
def test_every_alphabet_is_sound(name: str) -> None:
    letters = alphabet.load(name)
    assert letters.letters
    assert len(letters.digits.split()) == 10
    assert letters.direction == ("rtl" if unicodedata.bidirectional(letters.letters[0][0]) in {"R", "AL"} else "ltr")
    for cluster in (*letters.letters, *letters.digits.split(), *letters.marks_of_punctuation):
        assert unicodedata.is_normalized("NFC", cluster)
        assert "\u25cc" not in cluster
    assert all(unicodedata.category(c) not in {"Cc", "Cs", "Cn", "Co"} for c in letters.characters)
    assert not any(c.isspace() for c in letters.characters - {" "})


def test_a_thousand_languages_are_known() -> None:
    assert sum(exemplars.alphabet_of(n) is not None for n in _ALL) >= 1000


def test_ranges_and_clusters_are_expanded() -> None:
    assert len(exemplars.expand("가-힣")) == 11_172
    assert exemplars.expand("가-각 {ch} ◌́ a") == ["가", "각", "ch", "\u0301", "a"]
    assert exemplars.expand("0٠") == ["0", "٠"]
    assert "-" in exemplars.expand("- . ,")


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "en_Latn"),
        ("en-GB", "en_Latn"),
        ("sr-Latn", "sr_Latn"),
        ("sr", "sr_Cyrl"),
        ("zh-Hans", "zh_Hans"),
        ("zh", "zh_Hans"),
        ("zh-TW", "zh_Hant"),
        ("pt-BR", "pt_Latn"),
        ("pol", "pl_Latn"),
        ("pl_Latn", "pl_Latn"),
    ],
)
def test_tags(tag: str, name: str) -> None:
    assert alphabet.load(tag).id == name


def test_an_unknown_language_names_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"^language: no alphabet for 'pl_Latm'; did you mean 'pl_Latn'"):
        alphabet.load("pl_Latm")


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("zh-Hnas", "did you mean 'zh_Hans'?"),
        ("sr-Cryl", "did you mean 'sr_Cyrl'?"),
        ("English", "did you mean 'en_Latn'?"),
        ("deutsch", "did you mean 'de_Latn'?"),
        ("Abkhaz", "did you mean 'ab_Cyrl'?"),
        ("klingon", "give a BCP 47 tag such as 'en' or an id such as 'en_Latn'; ocrsynth languages lists them"),
        ("ge", "give a BCP 47 tag such as 'en' or an id such as 'en_Latn'; ocrsynth languages lists them"),
    ],
)
def test_a_language_by_its_name_leads_to_its_id_and_a_wrong_tag_to_no_other(written: str, hint: str) -> None:
    with pytest.raises(RecipeError, match=f"^{re.escape(f'language: no alphabet for {written!r}; {hint}')}$"):
        alphabet.load(written)


def test_a_character_model_begins_as_the_inside_of_its_text_does() -> None:
    mixture = Pipeline(Recipe.for_language("en", text={"sources": [{"ngram": {}}], "length_clusters": [20, 40]}))
    firsts = Counter(mixture.sample(i).text.split()[0].lower() for i in range(200))
    assert len(firsts) > 80
    assert firsts.most_common(1)[0][1] < 40


def test_a_language_that_no_font_covers() -> None:
    text = (
        r"^ja_Jpan: no font of \d+ families has all letters; the closest, .*, lacks \d+ of \d+ \(.*\); "
        r"add a font that has them with --fonts DIR, or take those of this system with --system-fonts$"
    )
    with pytest.raises(CoverageError, match=text):
        Pipeline(Recipe.for_language("ja"))


@pytest.mark.parametrize("language", _FOLDERS)
def test_samples_are_proved(language: str) -> None:
    recipe = _recipe(language)
    pipeline = Pipeline(recipe)
    letters = alphabet.load(language)
    samples = pipeline.batch(range(60))
    rejected: Counter[str] = Counter()
    for sample in samples:
        rejected.update(sample.provenance["rejected"])
        assert check_label(sample.text, letters.characters) is None
        ranges = sample.cluster_ranges.tolist()
        assert [sample.text[a:b] for a, b in ranges] == regex.findall(r"\X", sample.text)
        low, high = sample.cluster_quads.min(axis=(0, 1)), sample.cluster_quads.max(axis=(0, 1))
        assert (low >= -0.5).all()
        assert (high <= (sample.image.shape[1] + 0.5, sample.image.shape[0] + 0.5)).all()
    assert sum(rejected.values()) <= 30, rejected
    assert len({s.text for s in samples}) > 50


@pytest.mark.parametrize("language", ["ar", "he", "fa", "ur"])
def test_lines_from_the_right_have_their_first_letter_on_the_right(language: str) -> None:
    checked = 0
    for sample in Pipeline(_recipe(language)).batch(range(40)):
        letters = [
            q for (a, b), q in zip(sample.cluster_ranges, sample.cluster_quads, strict=True) if sample.text[a:b].isalpha()
        ]
        if len(letters) > 5 and sample.text.replace(" ", "").isalpha():
            checked += 1
            assert letters[0][:, 0].mean() > letters[-1][:, 0].mean()
            words = [q[:, 0].mean() for q in sample.word_quads]
            assert words == sorted(words, reverse=True)
    assert checked >= 5


def test_figures_of_a_font_without_figures_come_from_another() -> None:
    samples = Pipeline(_recipe("th")).batch(range(80))
    with_figures = [s for s in samples if re.search(r"[0-9]", s.text)]
    assert with_figures
    families = {s.provenance["font"]["fallback"] for s in with_figures}
    thai_has_figures = families == {None}
    assert thai_has_figures or None not in families


def test_the_default_sources_fit_the_language() -> None:
    def names(language: str) -> list[str]:
        return [next(iter(s)) for s in Recipe.for_language(language).to_dict()["text"]["sources"]]

    assert names("en") == names("pl") == ["words", "alphabet"]
    assert names("km") == ["ngram", "alphabet"]
    assert names("anv_Latn") == ["alphabet"]
