"""Ranges draw inside their bounds, and what is no range is refused in words that say so."""

from __future__ import annotations

import json
import math
import re
from typing import Annotated, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ocrsynth.errors import RecipeError
from ocrsynth.fields import Range, Section, Within, validate
from ocrsynth.seeding import Stream

_NUMBERS = st.floats(-1e12, 1e12) | st.integers(-(10**12), 10**12)
_UNHURRIED = settings(deadline=None)
_SEEDS = st.integers(0, (1 << 63) - 1)


class Inner(Section):
    depth_px: int = 3


class Model(Section):
    """A section as recipes have them."""

    blur_em: Range = Range(0, 1)
    angle_deg: Annotated[Range, Within(-180, 180)] = Range(-1, 1)
    inner: Inner = Inner()


def _refused(data: Any, text: str, where: str = "part") -> None:
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        validate(Model, data, where)


class _Edge(Stream):
    """A stream at the ends of the unit interval."""

    def __init__(self, value: float) -> None:
        super().__init__(0, 0, "edge")
        self._value = value

    def unit(self) -> float:
        return self._value


@_UNHURRIED
@given(_NUMBERS, _NUMBERS, _SEEDS)
def test_draws_lie_inside_the_range(a: float, b: float, seed: int) -> None:
    low, high = sorted((a, b))
    stream = Stream(seed, 0, "draw")
    r = validate(Model, {"blur_em": [low, high]}, "part").blur_em
    assert all(low <= r.draw(stream) <= high for _ in range(20))


@_UNHURRIED
@given(_NUMBERS, _NUMBERS, st.sampled_from([0.0, 2.0**-53, 0.5, 1 - 2.0**-53]))
def test_draws_at_the_ends_of_the_unit_interval_lie_inside_the_range(a: float, b: float, unit: float) -> None:
    low, high = sorted((a, b))
    assert low <= Range(low, high).draw(_Edge(unit)) <= high


@_UNHURRIED
@given(_NUMBERS, _SEEDS)
def test_a_constant_range_draws_its_constant(x: float, seed: int) -> None:
    assert Range(x, x).draw(Stream(seed, 0, "draw")) == x


@_UNHURRIED
@given(st.floats(-1e6, 1e6) | st.integers(-1000, 1000), st.floats(0, 50) | st.integers(0, 50), _SEEDS)
def test_whole_numbers_lie_inside_the_range_too(low: float, span: float, seed: int) -> None:
    high = low + span
    assume(math.ceil(low) <= math.floor(high))
    stream = Stream(seed, 0, "draw")
    drawn = [Range(low, high).draw_int(stream) for _ in range(20)]
    assert all(isinstance(n, int) and low <= n <= high for n in drawn)


def test_whole_numbers_reach_both_ends() -> None:
    stream = Stream(0, 0, "draw")
    assert {Range(3, 6).draw_int(stream) for _ in range(300)} == {3, 4, 5, 6}
    assert {Range(-2, 1).draw_int(stream) for _ in range(300)} == {-2, -1, 0, 1}


@_UNHURRIED
@given(st.integers(-1000, 1000), st.integers(1, 1000))
def test_a_reversed_range_is_refused_and_written_the_right_way_round(low: int, gap: int) -> None:
    high = low + gap
    _refused(
        {"blur_em": [high, low]},
        f"part.blur_em: range is reversed, got [{high}, {low}]; write it as [{low}, {high}]",
    )


@_UNHURRIED
@given(_NUMBERS, _NUMBERS)
def test_exactly_the_ordered_pairs_are_accepted(a: float, b: float) -> None:
    if a <= b:
        assert validate(Model, {"blur_em": [a, b]}, "part").blur_em == (a, b)
        assert validate(Model, {"blur_em": (a, b)}, "part").blur_em == (a, b)
    else:
        _refused({"blur_em": [a, b]}, f"part.blur_em: range is reversed, got {[a, b]!r}; write it as [{b}, {a}]")


@pytest.mark.parametrize(
    "value",
    [5, 0.5, None, "0 1", "ab", [], [1], [1, 2, 3], ["1", "2"], ["a", 1], [None, 1], [True, 2], [0, False], [[0], 1], {}],
    ids=repr,
)
def test_what_is_no_pair_of_numbers_is_refused(value: Any) -> None:
    advice = "; take the quotes away" if value == ["1", "2"] else ""
    if value in (5, 0.5) and not isinstance(value, bool):
        advice = f"; write it as [{value}, {value}]"
    _refused({"blur_em": value}, f"part.blur_em: must be a range [low, high] of two numbers, got {value!r}{advice}")


@pytest.mark.parametrize("value", [[math.nan, 1], [0, math.nan], [0, math.inf], [-math.inf, 0], [math.inf, math.nan]], ids=repr)
def test_infinite_and_undefined_ends_are_refused(value: list[float]) -> None:
    _refused({"blur_em": value}, f"part.blur_em: must be a range [low, high] of two finite numbers, got {value!r}")


@_UNHURRIED
@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_both_ends_must_lie_within_the_bounds_of_the_field(a: float, b: float) -> None:
    low, high = sorted((a, b))
    if max(abs(low), abs(high)) <= 180:
        assert validate(Model, {"angle_deg": [low, high]}, "part").angle_deg == (low, high)
    else:
        _refused({"angle_deg": [low, high]}, f"part.angle_deg: must lie within [-180, 180], got {[low, high]!r}")


@_UNHURRIED
@given(_NUMBERS, _NUMBERS)
def test_ranges_survive_json(a: float, b: float) -> None:
    low, high = sorted((a, b))
    model = validate(Model, {"blur_em": [low, high]}, "part")
    assert validate(Model, json.loads(json.dumps(model.model_dump(mode="json"))), "part") == model


def test_an_unknown_key_is_refused_with_the_closest_known_one() -> None:
    known = "(known: angle_deg, blur_em, inner)"
    _refused({"blur": [0, 1]}, f"part: unknown key 'blur'; did you mean 'blur_em'? {known}")
    _refused({"angel_deg": [0, 1]}, f"part: unknown key 'angel_deg'; did you mean 'angle_deg'? {known}")


def test_an_unknown_key_like_no_other_is_refused_with_the_known_ones() -> None:
    _refused({"zzz": 1}, "part: unknown key 'zzz'; known: angle_deg, blur_em, inner")
    _refused({7: 1}, "part: unknown key 7; known: angle_deg, blur_em, inner")


def test_an_unknown_key_of_a_nested_section_is_refused_with_its_path() -> None:
    _refused({"inner": {"dept_px": 1}}, "part.inner: unknown key 'dept_px'; did you mean 'depth_px'? (known: depth_px)")


@_UNHURRIED
@given(st.text(min_size=1).filter(lambda s: s not in Model.model_fields))
def test_any_unknown_key_is_refused(key: str) -> None:
    with pytest.raises(RecipeError, match=f"^{re.escape(f'part: unknown key {key!r}; ')}"):
        validate(Model, {key: 1}, "part")


@pytest.mark.parametrize("data", [5, "text", [1], True, [], "", 0, False], ids=repr)
def test_what_is_no_mapping_is_refused(data: Any) -> None:
    _refused(data, f"degrade[0].x: must be a mapping of keys to values, got {data!r}; write 'key: value' lines", "degrade[0].x")


def test_nothing_means_the_defaults() -> None:
    assert validate(Model, None, "part") == validate(Model, {}, "part") == Model()


def test_sections_are_frozen_and_check_their_defaults() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Model().blur_em = Range(1, 2)  # type: ignore[misc]

    class Wrong(Section):
        blur_em: Range = Range(2, 1)

    text = "w.blur_em: range is reversed, got Range(low=2, high=1); write it as [1, 2]"
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        validate(Wrong, {}, "w")


def test_whole_numbers_have_one_form() -> None:
    """[0, 1] and [0.0, 1.0] are one range: recipes that say either make the same samples under one fingerprint."""
    part = [repr(validate(Model, {"blur_em": value}, "part").blur_em) for value in ([0, 1], [0.0, 1.0], [0, 1.0])]
    assert len(set(part)) == 1
