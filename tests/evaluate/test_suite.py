"""Suites: frozen, monotone, pure functions of line and condition."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml

from ocrsynth.errors import AssetError, RecipeError
from ocrsynth.evaluate.lines import clean_recipe, measured_x_height, rendered, resized
from ocrsynth.evaluate.suite import load_suite, read_suite

if TYPE_CHECKING:
    from pathlib import Path

_SUITE = load_suite()
_HASH = "18bdfe031a3a2f75c83230914e7f13dffe7b69ab746f5f0c03c5b203502b8491"
_ONE: dict[str, Any] = {"group": "blur", "chain": [{"defocus_blur": {"radius_em": ["$s", "$s"]}}], "strengths": [0.1, 0.2]}


@pytest.fixture(scope="module")
def line() -> tuple[np.ndarray, float]:
    image, x_height, _ = next(iter(rendered(clean_recipe("en", 3), 1)))
    return resized(image, x_height, _SUITE.x_height_px)


class TestFrozen:
    def test_what_it_holds(self) -> None:
        kinds: dict[str, list[int]] = {}
        for p in _SUITE.perturbations.values():
            kinds.setdefault(p.kind, []).append(len(p.strengths))
        assert len(kinds["suite"]) >= 15
        assert set(kinds["suite"]) == {5}
        assert kinds["scene"] == [3] * 4
        assert kinds["held_out"] == [5] * 4
        assert {p.group for p in _SUITE.perturbations.values() if p.kind == "suite"} == {"print", "page", "capture", "codec"}

    def test_a_change_is_another_suite(self) -> None:
        """Whoever changes what is here, or the pixels of an op that it uses, gives the suite another name."""
        assert _SUITE.name == "ocrsynth-c@1"
        assert _SUITE.hash == _HASH

    def test_the_hash_is_of_chains_and_versions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from ocrsynth.degrade.base import OPS

        before = read_suite(_SUITE.source, "suite").hash
        monkeypatch.setattr(OPS.get("defocus_blur", "test"), "VERSION", 99)
        assert read_suite(_SUITE.source, "suite").hash != before


@pytest.mark.parametrize("name", sorted(_SUITE.perturbations))
class TestPerturbation:
    def test_more_strength_changes_more(self, name: str, line: tuple[np.ndarray, float]) -> None:
        image, x_height = line
        p = _SUITE.perturbations[name]
        rising = p.strengths[-1] > p.strengths[0]
        assert all((b > a) == rising for a, b in pairwise(p.strengths)), "severities differ"
        pictures = [p.degrade(image, s, 7, x_height) for s in p.strengths]
        if all(i.shape == image.shape for i in pictures):
            changes = [np.abs(i.astype(int) - image).mean() for i in pictures]
            # The coarse grid of a fax falls now better, now worse on the strokes.
            assert all(b > 0.9 * a for a, b in pairwise(changes)), changes
            assert changes[-1] > 1.1 * changes[0]

    def test_a_pure_function(self, name: str, line: tuple[np.ndarray, float]) -> None:
        image, x_height = line
        image = image.copy()
        image.setflags(write=False)
        p = _SUITE.perturbations[name]
        first, again, other = (p.degrade(image, p.strengths[1], n, x_height) for n in (4, 4, 5))
        assert first.dtype == np.uint8
        assert first.tobytes() == again.tobytes()
        random = {"defocus_blur", "motion_blur", "rotation", "downscale", "jpeg_thumbnail", "webp_thumbnail", "gaussian_blur"}
        still = random | {"ink_spread", "ink_erosion", "wave", "fax"}
        assert (first.tobytes() != other.tobytes()) or name in still


class TestConditions:
    def test_only(self) -> None:
        assert [c.name for c in _SUITE.conditions(["defocus_blur-2", "webp_thumbnail"])] == [
            "clean", "defocus_blur-2", *(f"webp_thumbnail-{i}" for i in range(1, 6)),
        ]  # fmt: skip
        assert {c.kind for c in _SUITE.conditions(["scene"])} == {"clean", "scene"}
        with pytest.raises(
            RecipeError,
            match=r"--only: suite ocrsynth-c@1 has no condition 'defocus'; did you mean 'defocus_blur'\? \(known: binarise, ",
        ):
            _SUITE.conditions(["defocus"])

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"x_height_px": 1}, "suite: x_height_px: must be a number of px from 4 to 200, got 1"),
            ({"perturbations": {}}, "suite: perturbations: must name at least one perturbation, got {}"),
            ({"perturbations": {"a": 3}}, "suite: perturbations.a: must have group, chain, strengths and perhaps kind, got 3"),
            ({"perturbations": {"a-b": _ONE}}, "suite: perturbations.a-b: the name must have no hyphen and not be 'clean'"),
            (
                {"perturbations": {"a": _ONE | {"kind": "mild"}}},
                "suite: perturbations.a.kind: must be suite, scene or held_out, got 'mild'",
            ),
            (
                {"perturbations": {"a": _ONE | {"strengths": ["x"]}}},
                "suite: perturbations.a.strengths: must be a list of numbers, one a severity, got ['x']",
            ),
            (
                {"perturbations": {"a": _ONE | {"chain": [{"defocus": {}}]}}},
                "suite: perturbations.a.chain[0]: unknown degrade op 'defocus'; did you mean 'defocus_blur'?",
            ),
            (
                {"perturbations": {"a": _ONE | {"strengths": [7]}}},
                "suite: perturbations.a.chain[0].defocus_blur.radius_em: must lie within",
            ),
        ],
    )
    def test_wrong_suites_are_told(self, change: dict[str, Any], message: str) -> None:
        whole = {"name": "x", "x_height_px": 20, "perturbations": {"a": _ONE}}
        with pytest.raises(RecipeError, match=re.escape(message)):
            read_suite(whole | change, "suite")

    def test_files(self, tmp_path: Path) -> None:
        with pytest.raises(RecipeError, match="--suite: unknown suite 'ocrsynth-c'; did you mean 'ocrsynth-c@1'"):
            load_suite("ocrsynth-c")
        with pytest.raises(AssetError, match=r"none\.yaml: cannot be read, No such file"):
            load_suite(str(tmp_path / "none.yaml"))
        (tmp_path / "s.yaml").write_text("[a")
        with pytest.raises(RecipeError, match=r"s\.yaml: is not YAML"):
            load_suite(str(tmp_path / "s.yaml"))
        (tmp_path / "s.yaml").write_text(yaml.safe_dump({"name": "own", "x_height_px": 12, "perturbations": {"blur": _ONE}}))
        assert [c.name for c in load_suite(str(tmp_path / "s.yaml")).conditions()] == ["clean", "blur-1", "blur-2"]


class TestXHeight:
    @pytest.mark.parametrize("wanted", [8, 13, 20, 31])
    def test_lines_are_measured(self, wanted: float) -> None:
        """Of lines with lower-case letters; capitals alone give their own height."""
        errors = []
        for image, x_height, facts in rendered(clean_recipe("en", 5), 40):
            if sum(c in "acemnorsuvwxz" for c in facts["text"]) > 8:
                small, real = resized(image, x_height, wanted)
                errors.append(abs(measured_x_height(small) / real - 1))
        assert np.median(errors) < 0.12

    def test_pictures_without_text(self) -> None:
        for shape in ((1, 1), (3, 50), (40, 1), (40, 200)):
            assert measured_x_height(np.full(shape, 200, np.uint8)) >= 1
