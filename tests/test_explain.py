"""What is said of a recipe, held against what its samples are."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from ocrsynth import Recipe
from ocrsynth.degrade.base import PHASES
from ocrsynth.degrade.presets import preset_names
from ocrsynth.errors import RecipeError
from ocrsynth.explain import costs_as_dict, costs_in_words, facts, in_words, probability_of
from ocrsynth.generation.costs import DRAWS, STAGES, Costs, measure, try_writing
from ocrsynth.pipeline import Pipeline

_GROUPS = [
    {
        "one_of": {
            "p": 0.8,
            "ops": [{"gaussian_blur": {"weight": 3}}, {"sequence": {"p": 0.5, "ops": [{"fog": {}}, {"fold": {}}]}}],
        }
    },
    {"some_of": {"n": [1, 2], "ops": [{"vignette": {"p": 0.5}}, {"gamma": {}}, {"stain": {}}]}},
    {"jpeg": {"quality": [80, 80]}},
]


def test_styles_are_told_one_by_one() -> None:
    recipe = Recipe.for_language("en")
    found = facts(recipe)
    assert [s["name"] for s in found["styles"]] == [s.name for s in recipe.styles if s.weight]
    assert sum(s["share"] for s in found["styles"]) == pytest.approx(1, abs=1e-3)
    text = in_words(found)
    for style in found["styles"]:
        assert f"\n{style['name'].upper()}, " in text
    assert text.count("Degradation, in this order") == len(found["styles"])
    assert text.count("Output: ") == 1


def test_probabilities_are_those_that_samples_meet() -> None:
    recipe = Recipe.from_dict({"language": "en", "degrade": _GROUPS, "text": {"length_clusters": [4, 12]}})
    said = {link.op.name: probability_of(link) for link in recipe.degrade}
    expected = {"gaussian_blur": 0.6, "fog": 0.1, "fold": 0.1, "vignette": 0.25, "gamma": 0.5, "stain": 0.5, "jpeg": 1.0}
    assert said == pytest.approx(expected)
    n = 600
    met = Counter(op["op"] for sample in Pipeline(recipe).batch(range(n)) for op in sample.provenance["degrade"])
    for name, p in expected.items():
        assert met[name] / n == pytest.approx(p, abs=4 * (p * (1 - p) / n) ** 0.5 + 0.01), name


@pytest.mark.parametrize("preset", preset_names())
def test_shares_are_whole_and_steps_in_physical_order(preset: str) -> None:
    found = facts(Recipe.for_language("pl", preset))
    json.dumps(found)
    for shares in (
        [source["share"] for source in found["texts"]["sources"]],
        [entry["share"] for entry in found["fonts"]["classes"].values()],
        found["picture"]["paper"].values(),
        found["picture"]["ink"].values(),
        found["texts"]["case"].values(),
    ):
        assert sum(shares) == pytest.approx(1, abs=0.001)
    phases = [PHASES.index(step["phase"]) for step in found["degrade"]]
    assert phases == sorted(phases)
    assert sum(len(entry["families"]) for entry in found["fonts"]["classes"].values()) == found["fonts"]["families"]
    text = in_words(found)
    assert all(f" {step['op']}" in text for step in found["degrade"])


def test_it_reads_as_it_should() -> None:
    recipe = Recipe.from_dict(
        {
            "language": "de",
            "degrade": _GROUPS,
            "render": {"color": "rgb", "coloured_ink": 0.2, "vertical": 0, "decoration": {"underline": 0.1}},
            "text": {
                "sources": [{"words": {"weight": 3}}, {"pattern": {"weight": 1, "templates": ["{date}"]}}],
                "length_clusters": [5, 40],
                "foreign": {"languages": ["en"], "share": 0.1},
                "loanwords": {"share": 0.2, "languages": ["it", "fr"]},
                "coverage": {"at_least": 3, "samples": 2000},
            },
            "output": {"split": {"train": 0.9, "val": 0.1}},
        }
    )
    lines = in_words(facts(recipe)).splitlines()
    for line in (
        "     75% words: Running words drawn by frequency.",
        "  of 5 to 40 characters, all lengths equally likely",
        "     10% with words of en inside",
        "     20% with words of it, fr inside, in letters of its own",
        "  each character at least 3 times in 2,000 samples",
        "Picture: 32 px high, colour",
        "  of all lines: coloured ink 20%",
        "     10% underline: lines underlined, whole or in part",
        "  codec",
        "      100% jpeg: quality 80",
        "  splits: train 90%, val 10%",
        "Output: webdataset; pictures auto, boxes all",
    ):
        assert line in lines
    assert any("fog (in sequence of one_of): " in line for line in lines)
    empty = Recipe.for_language("de", text={"empty_share": 0.01})
    assert "    1.0% without text, with an empty label" in in_words(facts(empty)).splitlines()


def test_fonts_are_told_by_the_classes_that_are_drawn() -> None:
    typed = facts(Recipe.for_language("en", "typewriter"))["fonts"]
    assert set(typed["classes"]) == {"typewriter", "slab", "mono", "serif", "sans"}
    assert typed["without_all_letters"] == 0
    named = facts(Recipe.for_language("en", "typewriter", fonts={"families": ["Caveat", "Roboto"]}))["fonts"]
    assert named["classes"]["hand"] == {"share": pytest.approx(1 / 1.2, abs=1e-3), "families": ["Caveat"]}
    for preset in ("document", "book"):
        assert facts(Recipe.for_language("en", preset, fonts={"families": ["Courier Prime"]}))["fonts"]["families"] == 1


def test_nothing_is_said_as_nothing() -> None:
    lines = in_words(facts(Recipe.for_language("en", "clean"))).splitlines()
    assert (
        lines[lines.index("Degradation, in this order; a picture that is then illegible is degraded anew:") + 1] == "  nothing"
    )


def test_costs_add_up() -> None:
    recipe = Recipe.from_dict({"language": "en", "degrade": "receipt", "output": {"format": ["folder", "webdataset"]}})
    costs = measure(recipe, 96)
    assert tuple(costs.stages_us) == STAGES
    assert costs.us_a_sample > 50
    for stage in ("shape", "render", "degrade"):
        assert costs.stages_us[stage] > 0, stage
    assert costs.lines_per_s == pytest.approx(1e6 / costs.us_a_sample)
    names = [op for op, *_ in costs.ops]
    assert names[-1] == DRAWS
    assert {"jpeg", "defocus_blur"} <= set(names)
    # What ops take is no more than the stage's, as far as a hundred looks can tell.
    assert sum(share for *_, share in costs.ops[:-1]) < costs.stages_us["degrade"] / costs.us_a_sample + 0.3
    assert 1_000 < costs.bytes_a_sample < 100_000
    found = costs_as_dict(costs, 10_000, 2)
    assert found["seconds"] == pytest.approx(costs.start_s + 5_000 / costs.lines_per_s, abs=0.1)
    assert found["bytes"] == pytest.approx(costs.bytes_a_sample * 10_000, abs=1)
    json.dumps(found)
    text = costs_in_words(costs, 10_000, 2)
    assert f"{costs.lines_per_s:,.0f} lines/s" in text
    assert "10,000 samples: about " in text
    assert text.count("worker") == 1


def test_size_is_that_of_a_data_set(tmp_path: object) -> None:
    import ocrsynth

    recipe = Recipe.for_language("en", "scan")
    result = ocrsynth.generate(recipe, 64, f"{tmp_path}/out")
    assert measure(recipe, 64).bytes_a_sample * 64 == pytest.approx(result.statistics.size_bytes, rel=0.02)


def test_times_and_sizes_in_words() -> None:
    costs = Costs(10, 1.0, dict.fromkeys(STAGES, 125.0), bytes_a_sample=5_000)
    assert "  1,000,000 samples: about 5.0 GB on disk, about 8.3 minutes with 2 workers" in costs_in_words(costs, 10**6, 2)
    assert "  100 samples: about 500 kB on disk, about 1 seconds with 1 worker" in costs_in_words(costs, 100, 1)
    assert "  100,000,000 samples: about 500.0 GB on disk, about 27.8 hours with 1 worker" in costs_in_words(costs, 10**8, 1)
    assert "busy" not in costs_in_words(costs, 1, 1)
    costs.busy = 3.5
    assert "(this machine is busy: at the moment all takes 3.5 times as long)" in costs_in_words(costs, 1, 1)


def test_a_count_of_nothing_is_refused() -> None:
    with pytest.raises(
        RecipeError, match=r"^count: must be a whole number from 1 to 2\*\*63 - 1, got 0; say how many samples to measure$"
    ):
        measure(Recipe.for_language("en"), 0)


def test_trying_to_write_leaves_nothing(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile
    from pathlib import Path

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    recipe = Recipe.from_dict({"language": "en", "output": {"format": ["folder", "lmdb", "webdataset"]}})
    try_writing(recipe, [Pipeline(recipe).sample(0)])
    assert list(Path(str(tmp_path)).iterdir()) == []
