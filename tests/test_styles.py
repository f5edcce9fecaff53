"""Styles: partial recipes of which each sample is one, drawn by weight."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest

from ocrsynth import Recipe
from ocrsynth.degrade.presets import preset_names, preset_section, preset_styles, read_preset
from ocrsynth.errors import RecipeError
from ocrsynth.pipeline import Pipeline
from ocrsynth.preview import contact_sheet

_STYLES: list[dict[str, Any]] = [
    {"name": "note", "weight": 3, "text": {"length_clusters": [2, 4]}, "fonts": {"families": ["Lora"]}, "degrade": "clean"},
    {"name": "label", "text": {"length_clusters": [5, 9]}, "fonts": {"families": ["Inter"]}, "degrade": [{"gamma": {}}]},
]


def _recipe(**more: Any) -> Recipe:
    return Recipe.from_dict({"language": "en", "seed": 3, "styles": _STYLES, **more})


class TestDrawing:
    def test_a_sample_is_of_one_style_in_all_its_parts(self) -> None:
        kinds = {"note": ("Lora", 0), "label": ("Inter", 1)}
        seen = Counter()
        for sample in Pipeline(_recipe()).batch(range(200)):
            family, ops = kinds[sample.provenance["style"]]
            assert sample.provenance["font"]["family"] == family
            assert len(sample.provenance["degrade"]) == ops
            seen[sample.provenance["style"]] += 1
        assert 125 < seen["note"] < 175

    def test_a_sample_is_the_same_alone_and_in_a_batch(self) -> None:
        recipe = Recipe.for_language("en", seed=9)
        together = Pipeline(recipe).batch(range(40))
        for index in (0, 7, 23, 39):
            alone = Pipeline(recipe).sample(index)
            assert alone.encoded == together[index].encoded
            assert alone.provenance == together[index].provenance

    def test_a_style_draws_what_its_recipe_alone_draws(self) -> None:
        recipe = _recipe()
        [note] = [style for style in recipe.styles if style.name == "note"]
        alone = Pipeline(note.recipe)
        found = [s for s in Pipeline(recipe).batch(range(20)) if s.provenance["style"] == "note"]
        assert found
        for sample in found:
            assert np.array_equal(alone.sample(sample.index).image, sample.image)

    def test_a_change_of_one_style_leaves_the_other_as_it_was(self) -> None:
        other = [{**_STYLES[0], "text": {"length_clusters": [9, 9]}}, _STYLES[1]]
        before, after = (Pipeline(r).batch(range(60)) for r in (_recipe(), _recipe(styles=other)))
        same = {"note": set(), "label": set()}
        for one, two in zip(before, after, strict=True):
            assert one.provenance["style"] == two.provenance["style"]
            same[one.provenance["style"]].add(one.encoded == two.encoded)
        assert same["label"] == {True}
        assert False in same["note"]

    def test_all_pictures_have_one_kind(self) -> None:
        ends_in_jpeg = {"name": "photograph", "degrade": "camera"}
        assert Pipeline(_recipe()).suffix == "png"
        assert Pipeline(_recipe(styles=[ends_in_jpeg])).suffix == "jpg"
        mixed = Pipeline(_recipe(styles=[_STYLES[0], ends_in_jpeg]))
        assert {sample.encoded[:4] for sample in mixed.batch(range(24))} == {b"\x89PNG"}

    def test_widths_are_predicted_by_style(self) -> None:
        pipeline = Pipeline(_recipe())
        by_style: dict[str, list[float]] = {"note": [], "label": []}
        for sample in pipeline.batch(range(60)):
            by_style[sample.provenance["style"]].append(pipeline.predicted_width(sample.index) / sample.image.shape[1])
        for ratios in by_style.values():
            assert 0.5 < np.median(ratios) < 1.5

    def test_costs_are_those_of_all_styles(self) -> None:
        pipeline = Pipeline(_recipe())
        costs = pipeline.measure_chain()
        pipeline.batch(range(40))
        assert costs["gamma"][0] > 3

    def test_a_sheet_is_drawn(self) -> None:
        pipeline = Pipeline(_recipe())
        sheet = contact_sheet(pipeline.batch(range(6)), pipeline.fonts.families, 3, boxes=True)
        assert min(sheet.shape[:2]) > 60


class TestMerging:
    def test_a_style_wins_over_its_recipe(self) -> None:
        recipe = _recipe(text={"length_clusters": [1, 50], "case": {"upper": 1}}, render={"height_px": 40})
        for style in recipe.styles:
            assert style.recipe.text.length_clusters.high < 10
            assert style.recipe.text.case.upper == 1
            assert style.recipe.render.height_px == 40
            assert style.recipe.styles == ()
            assert style.recipe.seed == 3

    def test_a_recipe_wins_over_the_styles_of_its_preset(self) -> None:
        recipe = Recipe.for_language("en", text={"length_clusters": [3, 5]}, render={"decoration": {"underline": 1.0}})
        given = {style["name"]: style for style in preset_styles("document")}
        assert len(recipe.styles) == len(given)
        for style in recipe.styles:
            assert tuple(style.recipe.text.length_clusters) == (3, 5)
            assert style.recipe.render.decoration.underline == 1
            said = given[style.name]
            of_preset = Recipe.for_language("en", preset=said["degrade"]).render.margin_em
            assert [*style.recipe.render.margin_em] == said.get("render", {}).get("margin_em", [*of_preset])

    @pytest.mark.parametrize("preset", [name for name in preset_names() if preset_section(name, "fonts")])
    def test_a_preset_brings_the_type_of_its_kind_of_document(self, preset: str) -> None:
        classes = preset_section(preset, "fonts")["classes"]
        assert Recipe.for_language("en", preset).fonts.classes == classes
        for style in Recipe.for_language("en").styles:
            said = {entry["name"]: entry for entry in preset_styles("document")}[style.name]
            if said["degrade"] == preset:
                assert style.recipe.fonts == Recipe.for_language("en", preset).fonts
        # What the recipe says itself wins, key by key.
        own = Recipe.for_language("en", preset, fonts={"classes": {"hand": 1}}).fonts
        assert own.classes == {"hand": 1}
        assert own.italic == Recipe.for_language("en", preset).fonts.italic
        mixed = _recipe(styles=[{"name": "a", "degrade": preset}, {"name": "b", "degrade": "clean"}])
        assert [style.recipe.fonts.classes == classes for style in mixed.styles] == [True, False]

    def test_typewritten_lines_are_in_type_of_typewriters(self) -> None:
        recipe = Recipe.for_language("en", "typewriter", seed=4)
        kinds = [sample.provenance["font"]["class"] for sample in Pipeline(recipe).batch(range(120))]
        assert set(kinds) <= {"typewriter", "slab", "mono", "serif", "sans"}
        assert kinds.count("typewriter") > 15

    def test_no_styles_on_request(self) -> None:
        assert Recipe.from_dict({"language": "en", "styles": []}).styles == ()
        assert Recipe.for_language("en", preset="scan").styles == ()

    def test_it_reads_itself_back(self) -> None:
        for recipe in (_recipe(), Recipe.for_language("en"), Recipe.for_language("ar")):
            assert Recipe.from_dict(recipe.to_dict()) == recipe

    def test_changes_reach_every_style(self) -> None:
        recipe = Recipe.for_language("en").with_changes(render={"height_px": 48}, output={"quality": 60})
        assert recipe.render.height_px == 48
        assert {style.recipe.render.height_px for style in recipe.styles} == {48}
        assert {style.recipe.output.quality for style in recipe.styles} == {60}
        assert recipe.with_changes(degrade="scan").styles == ()
        assert len(recipe.with_seed(5).styles) == len(recipe.styles)

    def test_the_lock_names_the_ops_of_all_styles(self) -> None:
        assert "gamma" in _recipe(degrade="clean").lock()["ops"]


class TestFaults:
    @pytest.mark.parametrize(
        ("styles", "text"),
        [
            ("note", "styles: must be a list of styles, got 'note'; write '- name: …' for each"),
            (["note"], "styles[0]: must be a mapping, got 'note'; write 'name: …' and what the style changes"),
            ([{}], "styles[0].name: must be a name, got None; say what kind of document it is"),
            ([{"name": "a", "wieght": 2}], "styles[0].wieght: unknown key in a style, got 'wieght'; did you mean 'weight'?"),
            ([{"name": "a", "weight": 0}], "styles[0].weight: must be a number above 0, got 0; leave it out for 1"),
            ([{"name": "a"}, {"name": "a"}], "styles[1].name: two styles have this name, got 'a'; give each its own"),
            (
                [{"name": "a", "text": 3}],
                "styles[0].text: must be a mapping of keys to values, got 3; write 'key: value' pairs",
            ),
            ([{"name": "a", "render": {"hight": 3}}], "styles[0].render: unknown key 'hight'; did you mean 'height_px'?"),
            ([{"name": "a", "degrade": "scna"}], "styles[0].degrade: unknown preset 'scna'; did you mean 'scan'?"),
            (
                [{"name": "a", "render": {"height_px": 64}}],
                "styles[0].render.height_px: is one for all styles, got 64; say it in the recipe's own 'render'",
            ),
        ],
    )
    def test_a_fault_is_named(self, styles: Any, text: str) -> None:
        with pytest.raises(RecipeError, match=f"^{re.escape(text)}"):
            _recipe(styles=styles)

    def test_what_the_recipe_itself_says_is_told_without_a_style(self) -> None:
        with pytest.raises(RecipeError, match=r"^render\.height_px: "):
            Recipe.for_language("en", render={"height_px": 1})


class TestDocument:
    def test_styles_name_presets_and_say_no_more_than_they_may(self) -> None:
        for style in preset_styles("document"):
            assert style["degrade"] in preset_names()
            assert not preset_styles(style["degrade"])
            assert set(style) <= {"name", "weight", "degrade", "text", "fonts", "render"}

    def test_its_chain_alone_takes_one_of_the_chains(self) -> None:
        [entry] = read_preset("document", "test")
        assert len(entry["one_of"]["ops"]) == len(preset_styles("document"))

    @pytest.mark.parametrize("language", ["en", "de", "el", "ru", "ar", "hi", "th", "ja"])
    def test_every_language_has_its_styles(self, language: str) -> None:
        recipe = Recipe.for_language(language)
        assert len(recipe.styles) == len(preset_styles("document"))
        for style in recipe.styles:
            assert style.recipe.sources


class TestPitch:
    @pytest.mark.parametrize("family", ["Zilla Slab", "Lora"])
    def test_letters_stand_in_cells_of_one_width_and_inside_them(self, family: str) -> None:
        recipe = Recipe.for_language(
            "en",
            preset="clean",
            fonts={"families": [family], "pitched": 1, "pitch_em": [0.6, 0.6], "italic": 0},
            text={"length_clusters": [12, 30]},
            render={"height_px": 64},
        )
        for sample in Pipeline(recipe).batch(range(30)):
            assert sample.provenance["font"]["pitch_em"] == 0.6
            pitch = 0.6 * sample.provenance["font"]["size_px"]
            left, right = sample.cluster_quads[:, 0, 0], sample.cluster_quads[:, 1, 0]
            middles = (left + right) / 2
            assert np.diff(middles) == pytest.approx(pitch, abs=0.05)
            assert ((right - left) <= pitch + 0.05).all()

    def test_monospaced_and_written_letters_keep_their_widths(self) -> None:
        fonts = {"families": ["Caveat", "Roboto Mono"], "pitched": 1}
        recipe = Recipe.for_language("en", preset="clean", fonts=fonts)
        assert not any("pitch_em" in sample.provenance["font"] for sample in Pipeline(recipe).batch(range(20)))


@pytest.mark.parametrize("tag", ["hi", "he", "el", "ru", "vi"])
def test_every_style_has_a_font_for_the_scripts_of_the_default_set(tag: str) -> None:
    recipe = Recipe.for_language(tag, seed=2)
    seen = {sample.provenance["style"] for sample in Pipeline(recipe).batch(range(40))}
    assert len(seen) > 4


def test_families_named_outright_are_taken_in_every_style() -> None:
    recipe = Recipe.for_language("en", fonts={"families": ["Kalam"]})
    assert {sample.provenance["font"]["family"] for sample in Pipeline(recipe).batch(range(20))} == {"Kalam"}
