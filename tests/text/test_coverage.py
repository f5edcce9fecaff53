"""Coverage targets, splits by text, words of other languages, confusable characters, models as files."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from commands import run_here
from hypothesis import given
from hypothesis import strategies as st

from ocrsynth import Recipe, generate, make_sample
from ocrsynth.check import notes
from ocrsynth.errors import AssetError, CoverageError, RecipeError, SampleError
from ocrsynth.fields import validate
from ocrsynth.generation.verify import verify
from ocrsynth.seeding import Stream
from ocrsynth.text import alphabet
from ocrsynth.text.confusables import groups_of
from ocrsynth.text.coverage import CoverageConfig, reached, targets_of
from ocrsynth.text.mixture import TextConfig, TextMixture, check_label, default_sources, parse_sources
from ocrsynth.text.ngram_model import count, from_text, model_of, to_text
from ocrsynth.text.sources.ngram import Ngram
from ocrsynth.text.splits import Splits

if TYPE_CHECKING:
    from pathlib import Path

_SHARES = {"train": 0.8, "val": 0.15, "test": 0.05}


def _mixture(language: str, seed: int = 1, **section: Any) -> TextMixture:
    letters = alphabet.load(language)
    config = validate(TextConfig, section, "text")
    sources = parse_sources(config.sources or default_sources(letters), "text.sources")
    return TextMixture(config, sources, letters, seed)


def _texts(mixture: TextMixture, indices: range) -> list[str]:
    return [mixture.draw(Stream(1, i, "text"), i).text for i in indices]


class TestTargets:
    """Each character at least so often."""

    def test_it_is_told_how_far_a_target_was_reached(self, tmp_path: Path) -> None:
        asked = ("generate", "--lang", "en", "--preset", "clean", "-n", "60", "--coverage", "3", "-o")
        done = run_here(tmp_path, *asked, "out")
        assert re.search(r"coverage: each of 104 characters at least [3-9] times, 3 asked", done.stdout)
        told = json.loads(run_here(tmp_path, *asked, "out", "--json").stdout)
        assert told["coverage"]["targets"] == 104
        assert told["coverage"]["below"] == {}
        assert "coverage:" not in run_here(tmp_path, *asked, "part", "--shards", "0/2").stdout
        letters = alphabet.load("en")
        missed = reached(CoverageConfig(at_least=3), letters, Counter(dict.fromkeys(targets_of(letters), 5)) - Counter("zzz"))
        assert missed == (104, 2, {"z": 2})

    @pytest.mark.parametrize("language", ["en", "pl", "ru", "el", "ar", "hi", "th", "ka", "vi"])
    def test_every_character_reaches_its_target(self, language: str) -> None:
        mixture = _mixture(language, coverage={"at_least": 8, "samples": 500})
        counted = Counter("".join(_texts(mixture, range(500))))
        short = {c: counted[c] for c in targets_of(alphabet.load(language)) if counted[c] < 8}
        assert short == {}

    @pytest.mark.parametrize(("at_least", "samples"), [(70, 300), (7, 33)])
    def test_a_character_owed_twice_by_one_sample_is_there_twice(self, at_least: int, samples: int) -> None:
        """As the share of a sample is no whole number of characters, rounds of the alphabet end inside of samples."""
        mixture = _mixture("en", sources=[{"words": {}}], coverage={"at_least": at_least, "samples": samples})
        counted = Counter("".join(_texts(mixture, range(samples))))
        assert {c: counted[c] for c in targets_of(alphabet.load("en")) if counted[c] < at_least} == {}

    @pytest.mark.parametrize(
        ("change", "where"),
        [
            ({"render": {"clip_share": 0.2}}, "render.clip_share"),
            ({"text": {"empty_share": 0.1}}, "text.empty_share"),
        ],
    )
    def test_pictures_that_would_lack_what_they_owe(self, change: dict[str, Any], where: str) -> None:
        recipe = Recipe.for_language("en", text={"coverage": {"at_least": 2, "samples": 200}})
        with pytest.raises(RecipeError, match=rf"^{where}: .* text\.coverage asks for, got 0\.[12]; leave one of the two out$"):
            recipe.with_changes(**change)

    def test_without_a_target_some_do_not(self) -> None:
        counted = Counter("".join(_texts(_mixture("en", sources=[{"words": {}}]), range(500))))
        assert any(counted[c] < 8 for c in targets_of(alphabet.load("en")))

    def test_any_further_stretch_reaches_it_too(self) -> None:
        mixture = _mixture("en", coverage={"at_least": 5, "samples": 200})
        counted = Counter("".join(_texts(mixture, range(600, 800))))
        assert all(counted[c] >= 5 for c in targets_of(alphabet.load("en")))

    def test_lengths_and_alphabet_are_kept(self) -> None:
        mixture = _mixture("en", coverage={"at_least": 40, "samples": 500}, length_clusters=[10, 30])
        texts = _texts(mixture, range(500))
        assert max(map(len, texts)) <= 30
        assert all(check_label(t, mixture.characters) is None for t in texts)

    def test_the_owed_characters_depend_on_seed_and_index_alone(self) -> None:
        a, b, c = (_mixture("en", seed, coverage={"at_least": 50, "samples": 500}).schedule for seed in (1, 1, 2))
        assert a is not None
        assert b is not None
        assert c is not None
        owed = [a.owed(i) for i in range(100)]
        assert owed == [b.owed(i) for i in range(100)]
        assert owed != [c.owed(i) for i in range(100)]

    def test_a_target_that_lines_cannot_hold_is_refused(self) -> None:
        with pytest.raises(RecipeError, match=r"text\.coverage: .* more than half of a text, got .*; lower at_least"):
            _mixture("zh-Hans", coverage={"at_least": 100, "samples": 1000})

    def test_lines_of_a_corpus_stay_whole(self, tmp_path: Path) -> None:
        line = "please pay the whole amount at the till today"
        (tmp_path / "l.txt").write_text(line + "\n")
        source = {"corpus": {"file": str(tmp_path / "l.txt"), "cut": "lines"}}
        text = {
            "sources": [source],
            "length_clusters": [5, 30],
            "case": {"asis": 1},
            "coverage": {"at_least": 5, "samples": 60},
        }
        recipe = Recipe.for_language("en", preset="clean", text=text)
        texts = [make_sample(recipe, i).text for i in range(10)]
        assert all(text.startswith(line) for text in texts)
        assert any(text != line for text in texts)
        assert any("puts the characters that it owes behind lines of the corpus" in note for note in notes(recipe))

    def test_a_target_without_a_font_is_refused(self) -> None:
        text = {"coverage": {"at_least": 1}}
        make_sample(Recipe.for_language("en", fonts={"families": ["Arvo", "Lora"]}, text=text), 0)
        with pytest.raises(CoverageError, match=r"text\.coverage: no font has 1 of the characters, got € U\+20AC; add"):
            make_sample(Recipe.for_language("en", fonts={"families": ["Arvo"]}, text=text), 0)

    def test_the_data_set_says_how_often_each_was_delivered(self, tmp_path: Path) -> None:
        text = {"coverage": {"at_least": 3, "samples": 200}, "sources": [{"words": {}}]}
        result = generate(Recipe.for_language("en", preset="clean", text=text), 200, tmp_path)
        delivered = result.statistics.delivered.characters
        assert all(delivered[c] >= 3 for c in targets_of(alphabet.load("en")))


class TestSplits:
    """No text in two splits."""

    @given(st.text(min_size=1))
    def test_a_text_is_always_in_the_same_split(self, text: str) -> None:
        splits = Splits(_SHARES, "output.split")
        assert splits.of(text) == Splits(_SHARES, "output.split").of(text)
        assert splits.of(text) == splits.of(f" {text} ".replace(" ", "  "))

    def test_shares_are_kept(self) -> None:
        splits = Splits(_SHARES, "output.split")
        counted = Counter(splits.of(f"text {i}") for i in range(20_000))
        assert {name: counted[name] / 20_000 for name in _SHARES} == pytest.approx(_SHARES, abs=0.01)

    def test_case_alone_makes_no_other_split(self) -> None:
        splits = Splits(_SHARES, "output.split")
        assert all(splits.of(f"Word {i}") == splits.of(f"WORD {i}") == splits.of(f"word  {i}") for i in range(200))

    @pytest.mark.parametrize(
        ("shares", "message"),
        [
            ({"train": 0.5, "val": 0.4}, "shares must add up to 1, got 0.9"),
            ({"train": 1.0, "val": 0.0}, "a share must be above 0, got 0.0"),
            ({"train": 1.5, "val": -0.5}, "a share must be above 0, got -0.5"),
            ({"../train": 1.0}, "a split's name must be like 'train'"),
            ({"Train": 1.0}, "a split's name must be like 'train'"),
        ],
    )
    def test_wrong_shares_are_refused(self, shares: dict[str, float], message: str) -> None:
        with pytest.raises(RecipeError, match=message):
            Recipe.for_language("en", output={"split": shares})

    @pytest.mark.parametrize("fmt", ["webdataset", "folder"])
    def test_a_data_set_has_a_folder_a_split_and_no_text_in_two(self, fmt: str, tmp_path: Path) -> None:
        output = {"split": _SHARES, "format": fmt, "shard_size": 40}
        recipe = Recipe.for_language("en", seed=3, output=output, text={"length_clusters": [1, 3]})
        one, two = (generate(recipe, 150, tmp_path / str(n), workers=n) for n in (1, 2))
        assert {p.name for p in (tmp_path / "1/data").iterdir()} == set(_SHARES)
        files = {n: sorted(p.relative_to(tmp_path / n) for p in (tmp_path / n).rglob("*")) for n in "12"}
        assert files["1"] == files["2"]
        assert all(
            (tmp_path / "1" / p).is_dir() or (tmp_path / "1" / p).read_bytes() == (tmp_path / "2" / p).read_bytes()
            for p in files["1"]
        )
        assert one.statistics.splits == two.statistics.splits
        assert sum(one.statistics.splits.values()) == 150
        verdict = verify(tmp_path / "1")
        assert (verdict.findings, verdict.samples) == ([], 150)
        seen: dict[str, str] = {}
        for i in range(150):
            sample = make_sample(recipe, i)
            assert seen.setdefault(sample.text.casefold(), sample.provenance["split"]) == sample.provenance["split"]

    def test_verify_names_a_sample_in_the_wrong_split(self, tmp_path: Path) -> None:
        recipe = Recipe.for_language("en", output={"split": {"a": 0.5, "b": 0.5}, "format": "folder"})
        generate(recipe, 20, tmp_path)
        (tmp_path / "data/a").rename(tmp_path / "data/c")
        (tmp_path / "data/b").rename(tmp_path / "data/a")
        (tmp_path / "data/c").rename(tmp_path / "data/b")
        assert any("has a label of split" in f.what for f in verify(tmp_path).findings)


class TestForeignWords:
    """Words of other languages inside lines."""

    def test_both_languages_stand_in_a_line(self) -> None:
        texts = _texts(_mixture("ar", foreign={"languages": ["en"], "share": 1.0}), range(300))
        mixed = [t for t in texts if any("a" <= c.lower() <= "z" for c in t) and any("\u0620" < c < "\u06d3" for c in t)]
        assert len(mixed) > 200

    def test_without_it_there_is_none(self) -> None:
        texts = _texts(_mixture("ar"), range(300))
        assert not any("a" <= c <= "z" for t in texts for c in t)

    def test_the_share_is_kept(self) -> None:
        texts = _texts(_mixture("ru", foreign={"languages": ["en"], "share": 0.3}, length_clusters=[20, 40]), range(2000))
        assert 0.25 < sum(any("a" <= c <= "z" for c in t.lower()) for t in texts) / 2000 < 0.35

    def test_an_unknown_language_is_named_by_its_key(self) -> None:
        with pytest.raises(RecipeError, match=r"text\.foreign\.languages: no alphabet for 'englsh'"):
            Recipe.for_language("ar", text={"foreign": {"languages": ["englsh"]}})

    def test_a_language_without_a_font_is_refused_at_once(self) -> None:
        with pytest.raises(CoverageError, match=r"text\.foreign\.languages: no font has \d+ of the characters"):
            make_sample(Recipe.for_language("en", text={"foreign": {"languages": ["ja"]}}), 0)

    def test_a_mixed_line_is_drawn(self) -> None:
        text = {"foreign": {"languages": ["en"], "share": 1.0}, "length_clusters": [20, 30]}
        sample = make_sample(Recipe.for_language("ru", text=text), 1)
        assert any("a" <= c <= "z" for c in sample.text.lower())


class TestConfusables:
    """Characters that look alike, together."""

    def test_groups_hold_only_what_the_alphabet_has(self) -> None:
        assert ("l", "1", "I", "|", "!", "i") in groups_of("abcdefghijlI1|!")
        assert all(len(g) > 1 for g in groups_of("lI1O0xyz"))
        assert groups_of("abc") == ()

    def test_a_greater_share_gives_more_of_them(self) -> None:
        def share(confusables: float) -> float:
            sources = [{"alphabet": {"confusables": confusables}}]
            texts = _texts(_mixture("en", sources=sources, case={"asis": 1}), range(500))
            words = [w for t in texts for w in t.split() if len(w) > 2]
            groups = [set(g) for g in groups_of(alphabet.load("en").characters)]
            return sum(any(g.issuperset(w) for g in groups) for w in words) / len(words)

        none, some, much = share(0), share(0.3), share(0.9)
        assert none < 0.05
        assert 0.25 < some < 0.45
        assert much > 0.8


class TestModelFiles:
    """A character model as a file that people can read."""

    @given(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters="↵␣"), min_size=1),
            min_size=1,
        )
    )
    def test_a_model_reads_back(self, lines: list[str]) -> None:
        counts = count(lines, 3)
        text = to_text(counts, 3)
        again = from_text(text, "model.txt")
        assert {c: dict(zip(s.characters, s.cumulative, strict=True)).keys() for c, s in again.successors.items()} == {
            c: dict.fromkeys(s).keys() for c, s in counts.items()
        }
        assert {c: s.cumulative[-1] for c, s in again.successors.items()} == {
            c: s.cumulative[-1] for c, s in model_of(counts, 3).successors.items()
        }

    def test_a_saved_model_gives_texts(self, tmp_path: Path) -> None:
        path = tmp_path / "model.txt"
        path.write_text(to_text(count(["some words to learn from", "and others"], 3), 3), encoding="utf-8")
        drawer = Ngram(model=str(path)).compile(alphabet.load("en"), "text")
        assert all(set(drawer(Stream(1, i, "t"), 20)) <= set("some words to learn from and others") for i in range(100))

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "m.txt:1: must be 'ocrsynth ngram 1, order N'"),
            ("ocrsynth ngram 1, order 9\n", "m.txt:1: must be"),
            ("ocrsynth ngram 1, order 2\n\ta 0\n", "m.txt:2: must be 'character count' pairs"),
            ("ocrsynth ngram 1, order 2\n\tab 3\n", "m.txt:2: must be 'character count' pairs"),
            ("ocrsynth ngram 1, order 2\nabc\ta 3\n", "m.txt:2: must be a context of less than 2"),
            ("ocrsynth ngram 1, order 2\na\tb 3\n", "m.txt: has no line for the empty context"),
            ("ocrsynth ngram 1, order 2\n\t↵ 3\n", "m.txt: has no line for the empty context"),
        ],
    )
    def test_a_broken_model_is_refused_with_its_line(self, content: str, message: str) -> None:
        with pytest.raises(AssetError) as caught:
            from_text(content, "m.txt")
        assert str(caught.value).startswith(message)

    def test_a_model_of_another_language_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "model.txt"
        path.write_text(to_text(count(["слово"], 2), 2), encoding="utf-8")
        with pytest.raises(RecipeError, match="writes characters outside the alphabet of 'en_Latn'"):
            Ngram(model=str(path)).compile(alphabet.load("en"), "text")

    def test_a_context_that_leads_nowhere_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "model.txt"
        path.write_text("ocrsynth ngram 1, order 2\n\ta 1\n", encoding="utf-8")
        assert Ngram(model=str(path)).compile(alphabet.load("en"), "text")(Stream(1, 0, "t"), 5) == "aaaaa"


def test_a_model_that_only_ends_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ends.txt"
    path.write_text("ocrsynth ngram 1, order 2\n\ta 1\n\u21b5\t\u21b5 5\n", encoding="utf-8")
    drawer = Ngram(model=str(path), backoff=0).compile(alphabet.load("en"), "text.sources[0]")
    with pytest.raises(SampleError, match=r"^text\.sources\[0\]: 1001 lines of the model in a row were empty"):
        [drawer(Stream(1, i, "text"), 20) for i in range(50)]


def test_a_model_that_is_gone_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match=r"gone\.txt: cannot be read, No such file"):
        Ngram(file=str(tmp_path / "gone.txt")).digest(alphabet.load("en"))
