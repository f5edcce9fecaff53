"""Groups in a chain: one of several ops, some of them, all or none; drawn apart, told in the provenance, read back."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import yaml

from ocrsynth import Recipe, make_sample
from ocrsynth.degrade.entries import describe_chain, parse_chain
from ocrsynth.errors import RecipeError
from ocrsynth.pipeline import Pipeline

_BLURS = {"one_of": {"ops": [{"defocus_blur": {"weight": 3}}, {"motion_blur": {}}, {"gaussian_blur": {}}]}}
_SOME = {"some_of": {"n": [1, 2], "ops": [{"stain": {}}, {"crease": {}}, {"fold": {}}, {"foxing": {}}]}}
_BOTH = {"sequence": {"p": 0.4, "ops": [{"vignette": {}}, {"sensor_noise": {}}]}}
_NESTED = {
    "one_of": {
        "p": 0.8,
        "ops": [
            {"sequence": {"weight": 2, "ops": [{"gamma": {}}, {"fog": {"p": 0.5}}]}},
            {"some_of": {"n": 1, "ops": [{"glare": {}}, {"moire": {}}]}},
            {"exposure": {"stops_ev": [-0.3, 0.3]}},
        ],
    }
}


def _drawn(chain: list[dict[str, Any]], count: int = 600) -> list[set[str]]:
    """Return the ops of each sample."""
    recipe = Recipe.for_language("en", seed=2, degrade=chain, text={"length_clusters": [1, 4]})
    return [{step["op"] for step in s.provenance["degrade"]} for s in Pipeline(recipe).batch(range(count))]


def test_one_of_gives_exactly_one_by_weight() -> None:
    drawn = _drawn([_BLURS])
    assert {len(ops) for ops in drawn} == {1}
    counted = Counter(op for ops in drawn for op in ops)
    assert 300 < counted["defocus_blur"] < 420
    assert 80 < counted["motion_blur"] < 160


def test_some_of_gives_as_many_as_asked_for() -> None:
    drawn = _drawn([_SOME])
    assert {len(ops) for ops in drawn} == {1, 2}
    counted = Counter(op for ops in drawn for op in ops)
    assert len(counted) == 4
    assert max(counted.values()) < 1.4 * min(counted.values())


def test_a_sequence_is_all_or_nothing() -> None:
    drawn = _drawn([_BOTH])
    assert {frozenset(ops) for ops in drawn} == {frozenset(), frozenset({"vignette", "sensor_noise"})}
    assert 180 < sum(bool(ops) for ops in drawn) < 300


def test_groups_stand_in_groups() -> None:
    kinds = {frozenset(ops) for ops in _drawn([_NESTED])}
    assert kinds == {
        frozenset(),
        frozenset({"gamma"}),
        frozenset({"gamma", "fog"}),
        frozenset({"glare"}),
        frozenset({"moire"}),
        frozenset({"exposure"}),
    }


def test_the_probability_of_a_member_still_counts() -> None:
    drawn = _drawn([{"one_of": {"ops": [{"fog": {"p": 0.5}}, {"gamma": {}}]}}])
    assert 100 < sum(not ops for ops in drawn) < 200


@pytest.mark.parametrize(
    "chain", [[_BLURS], [_SOME, {"jpeg": {}}], [_BOTH, _BLURS, _BOTH], [_NESTED, _NESTED, {"rotation": {}}]]
)
def test_a_chain_with_groups_reads_back(chain: list[dict[str, Any]]) -> None:
    links = parse_chain(chain, "degrade")
    described = describe_chain(links)
    assert parse_chain(described, "degrade") == links
    assert describe_chain(parse_chain(json.loads(json.dumps(described)), "degrade")) == described
    recipe = Recipe.for_language("en", degrade=chain)
    again = Recipe.from_dict(yaml.safe_load(yaml.safe_dump(recipe.to_dict())))
    assert again == recipe
    assert make_sample(again, 5).encoded == make_sample(recipe, 5).encoded


def test_a_group_more_does_not_shift_the_draws_of_others() -> None:
    def steps(chain: list[dict[str, Any]]) -> list[Any]:
        recipe = Recipe.for_language("en", seed=3, degrade=chain)
        return [
            [s for s in make_sample(recipe, i).provenance["degrade"] if s["op"] in ("vignette", "sensor_noise", "jpeg")]
            for i in range(30)
        ]

    assert steps([_BOTH, {"jpeg": {}}]) == steps([_BOTH, {"jpeg": {}}, _SOME, _BLURS])


def test_groups_of_one_kind_draw_each_for_itself() -> None:
    chain = [{"sequence": {"p": 0.5, "ops": [{op: {}}]}} for op in ("vignette", "gamma")]
    counted = Counter(map(frozenset, _drawn(chain, 80)))
    assert len(counted) == 4
    assert min(counted.values()) > 8


def test_groups_keep_the_physical_order() -> None:
    chain = [{"jpeg": {}}, {"sequence": {"ops": [{"sensor_noise": {}}, {"stain": {}}, {"ink_spread": {}}]}}]
    recipe = Recipe.for_language("en", degrade=chain)
    assert [s["op"] for s in make_sample(recipe, 0).provenance["degrade"]] == ["ink_spread", "stain", "sensor_noise", "jpeg"]


def test_a_codec_in_a_group_is_no_certain_end() -> None:
    assert Pipeline(Recipe.for_language("en", degrade=[{"one_of": {"ops": [{"jpeg": {}}, {"fax": {}}]}}])).suffix == "png"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"one_of": {}}, "degrade[0].one_of.ops: must list the members of the group, got None"),
        ({"one_of": {"ops": []}}, "degrade[0].one_of.ops: must list the members of the group, got []"),
        ({"one_of": {"ops": [{"jpg": {}}]}}, "degrade[0].one_of.ops[0]: unknown degrade op 'jpg'"),
        ({"one_of": {"ops": [{"jpeg": {"quality": [200, 300]}}]}}, "degrade[0].one_of.ops[0].jpeg.quality: must lie within"),
        ({"one_of": {"ops": [{"fax": {}}, {"jpeg": {"q": 1}}]}}, "degrade[0].one_of.ops[1].jpeg: unknown key 'q'"),
        ({"one_of": {"ops": [{"jpeg": {"weight": 0}}]}}, "degrade[0].one_of.ops[0].jpeg.weight: must be a number above 0"),
        ({"one_of": {"p": 2, "ops": [{"jpeg": {}}]}}, "degrade[0].one_of.p: must be a probability from 0 to 1, got 2"),
        ({"one_of": {"n": 1, "ops": [{"jpeg": {}}]}}, "degrade[0].one_of: unknown key 'n'"),
        (
            {"some_of": {"n": [1, 3], "ops": [{"jpeg": {}}]}},
            "degrade[0].some_of.n: must be a range [low, high] of 0 to 1 members",
        ),
        (
            {"some_of": {"n": "all", "ops": [{"jpeg": {}}]}},
            "degrade[0].some_of.n: must be a range [low, high] of 0 to 1 members",
        ),
        ({"some_of": {"ops": [{"jpeg": {"weight": 2}}]}}, "degrade[0].some_of.ops[0].jpeg: unknown key 'weight'"),
        ({"sequence": [{"jpeg": {}}]}, "degrade[0].sequence: must be a mapping of keys to values, got [{'jpeg': {}}]"),
        ({"sequence": {"ops": ["jpeg"]}}, "degrade[0].sequence.ops[0]: must be one 'op: {…}' pair, got 'jpeg'"),
    ],
)
def test_a_wrong_group_is_named_by_its_path(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse_chain([entry], "degrade")
    assert str(caught.value).startswith(message)
