"""All plug-ins enter by one door: files of a package, and entry points of other packages."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from ocrsynth.degrade.base import OPS
from ocrsynth.errors import AssetError, OcrsynthError, RecipeError
from ocrsynth.registry import Registry
from ocrsynth.text.base import SOURCES
from ocrsynth.write.base import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[[dict[str, str], dict[str, str]], Registry[type]]

_PLUGIN = 'class {cls}:\n    """A plug-in."""\n\n    name = {name!r}\n'


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Return a function that installs a package of plug-ins and a distribution with entry points, as pip would."""
    package = f"plugins_{abs(hash(request.node.name))}"

    def install(files: dict[str, str], entries: dict[str, str]) -> Registry[type]:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("")
        for name, text in files.items():
            (tmp_path / package / f"{name}.py").write_text(text)
        if entries:
            for module in {target.partition(":")[0] for target in entries.values()}:
                names = [t.partition(":")[2] for t in entries.values() if t.startswith(f"{module}:")]
                text = "".join(_PLUGIN.format(cls=n, name=n.lower()) for n in names)
                (tmp_path / f"{module}.py").write_text(text)
            info = tmp_path / "third_party-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party\nVersion: 1.0\n")
            lines = "".join(f"{name} = {target}\n" for name, target in entries.items())
            (info / "entry_points.txt").write_text(f"[{package}.things]\n{lines}")
        return Registry("thing", package, f"{package}.things")

    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield install
    for name in set(sys.modules) - before:
        del sys.modules[name]


def _registering(package_name: str, cls: str, name: str) -> str:
    return f"from {package_name} import registry\n\n\n@registry.register\n" + _PLUGIN.format(cls=cls, name=name)


def _class(cls_name: str, name: str, module: str) -> type:
    return type(cls_name, (), {"name": name, "__module__": module})


def _empty() -> Registry[type]:
    return Registry("thing", "ocrsynth.degrade.ops", "ocrsynth.no_such_group")


def test_an_unknown_name_is_refused_with_the_closest_known_one() -> None:
    known = ", ".join(sorted(OPS))
    text = f"degrade[2]: unknown degrade op 'motion_blurr'; did you mean 'motion_blur'? (known: {known})"
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        OPS.get("motion_blurr", "degrade[2]")


def test_a_part_of_several_names_leads_to_all_of_them() -> None:
    text = "NAME: unknown degrade op 'blur'; did you mean one of 'defocus_blur', 'gaussian_blur', 'motion_blur', 'zoom_blur'? ("
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}"):
        OPS.get("blur", "NAME")


def test_an_unknown_name_like_no_other_is_refused_with_the_known_ones() -> None:
    text = f"output.format: unknown format 'xyz'; known: {', '.join(sorted(FORMATS))}"
    with pytest.raises(RecipeError, match=f"^{re.escape(text)}$"):
        FORMATS.get("xyz", "output.format")


@pytest.mark.parametrize("registry", [OPS, SOURCES, FORMATS], ids=lambda r: r.kind)
def test_names_are_sorted_and_lead_to_classes_of_that_name(registry: Registry[type]) -> None:
    names = list(registry)
    assert names == sorted(set(names))
    assert names
    for name in names:
        assert name in registry
        assert registry.get(name, "here").name == name  # type: ignore[attr-defined]
    assert "no such name" not in registry


def test_a_second_plug_in_of_the_same_name_is_an_error() -> None:
    registry = _empty()
    registry.register(_class("Blur", "blur", "first.module"))
    text = "thing 'blur': registered twice, by first.module and second.module; rename one"
    with pytest.raises(OcrsynthError, match=f"^{re.escape(text)}$"):
        registry.register(_class("Blur", "blur", "second.module"))


def test_a_second_class_of_the_same_name_in_one_module_is_an_error() -> None:
    registry = _empty()
    registry.register(_class("Blur", "blur", "a.module"))
    with pytest.raises(OcrsynthError, match=re.escape("thing 'blur': registered twice, by a.module and a.module; rename one")):
        registry.register(_class("Other", "blur", "a.module"))


def test_the_same_class_may_register_again() -> None:
    registry = _empty()
    first = registry.register(_class("Blur", "blur", "a.module"))
    again = _class("Blur", "blur", "a.module")
    assert registry.register(again) is again
    assert registry.register(first) is first


def test_modules_of_the_package_and_entry_points_are_found(make: Make, tmp_path: Path) -> None:
    registry = make({}, {"zeta": "ext_one:Zeta", "eta": "ext_one:Eta", "iota": "ext_two:Iota"})
    assert list(registry) == ["eta", "iota", "zeta"]
    assert registry.get("eta", "here").__module__ == "ext_one"
    assert registry.get("iota", "here").__module__ == "ext_two"


def test_every_file_of_the_package_is_imported(make: Make, tmp_path: Path) -> None:
    registry = make({}, {})
    (tmp_path / registry.package / "__init__.py").write_text("registry = None\n")
    package = __import__(registry.package)
    package.registry = registry
    for name in ("beta", "alpha"):
        (tmp_path / registry.package / f"{name}.py").write_text(_registering(registry.package, name.title(), name))
    assert list(registry) == ["alpha", "beta"]


def test_an_entry_point_cannot_take_the_name_of_another_plug_in(make: Make) -> None:
    registry = make({}, {"one": "ext_one:Same", "two": "ext_two:Same"})
    with pytest.raises(OcrsynthError, match=re.escape("thing 'same': registered twice, by ext_one and ext_two; rename one")):
        list(registry)


def test_an_entry_point_of_another_name_than_its_class_is_an_error(make: Make) -> None:
    """Recipes know the class's name alone: under that of the entry point it would never be found."""
    registry = make({}, {"eta": "ext_one:Eta", "zeta_blur": "ext_one:Zeta"})
    text = "thing 'zeta_blur' of third-party: must be declared under the name of its class, got 'zeta'; make the two names one"
    for _ in range(2):
        with pytest.raises(AssetError, match=f"^{re.escape(text)}$"):
            registry.get("zeta", "here")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("import nothing_of_the_name\n", "ModuleNotFoundError: No module named 'nothing_of_the_name'"),
        ("Zeta = 5\n", "AttributeError: 'int' object has no attribute 'name'"),
        ("class Zeta:\n    pass\n", "AttributeError: type object 'Zeta' has no attribute 'name'"),
        ("def broken(:\n", "SyntaxError: "),
    ],
)
def test_a_plug_in_of_others_that_is_broken_is_named(make: Make, tmp_path: Path, content: str, fault: str) -> None:
    registry = make({}, {"zeta": "ext_one:Zeta"})
    (tmp_path / "ext_one.py").write_text(content)
    with pytest.raises(AssetError) as caught:
        list(registry)
    assert str(caught.value).startswith(f"thing 'zeta' of third-party: cannot be loaded, {fault}")
    assert str(caught.value).endswith("; update that package or uninstall it")


def test_a_plug_in_that_cannot_be_loaded_fails_every_time(make: Make) -> None:
    """A second question must not be answered from half a registry."""
    registry = make({"broken": "raise RuntimeError('no licence file')\n"}, {"zeta": "ext_one:Zeta"})
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no licence file"):
            registry.get("zeta", "here")
