"""What the shell offers behind options: names read off files, for no heavy package may be imported between two key strokes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click
    from click.shell_completion import CompletionItem

_PACKAGE = Path(__file__).resolve().parent.parent
_NAME = re.compile(r'^    name(?:: ClassVar\[str\])? = "([^"]+)"', re.MULTILINE)
_FIRST_LINE = re.compile(r'^@\w+\.register\n(?:@.*\n)*class [^\n]*\n    r?"""([^"\n]+)', re.MULTILINE)

_TAG = 2
"""Letters of most tags."""


def languages(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer tags of languages that have a file; ids, and all others that are known, to those who type more than that."""
    del ctx, param
    from ocrsynth import assets

    curated = assets.names("alphabets")
    languages_of = [name.partition("_")[0] for name in curated]
    tags = {
        name: language if languages_of.count(language) == 1 else name.replace("_", "-")
        for name, language in zip(curated, languages_of, strict=True)
    }
    offered = {tag: name for name, tag in tags.items()}
    if len(incomplete) > _TAG or (incomplete and not any(tag.startswith(incomplete) for tag in offered)):
        offered |= {name: name for name in curated}
        offered |= {name: "" for name in _others() if name not in offered}
    kept = [tag for tag in sorted(offered) if tag.startswith(incomplete)]
    folder = assets.folder("alphabets")
    return _items((tag, _name_in(folder / f"{offered[tag]}.yaml") if offered[tag] else "") for tag in kept)


def presets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer degradation presets."""
    del ctx, param
    from ocrsynth.degrade.presets import preset_names, preset_summary

    return _items((name, preset_summary(name)) for name in preset_names() if name.startswith(incomplete))


def formats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer data set formats."""
    del ctx, param
    return _plug_ins("write/formats", "ocrsynth.formats", incomplete)


def ops(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer degradation ops."""
    del ctx, param
    return _plug_ins("degrade/ops", "ocrsynth.ops", incomplete)


def _plug_ins(folder: str, group: str, incomplete: str) -> list[CompletionItem]:
    """Offer what a registry would find, from the text of its modules and the names of entry points."""
    from importlib.metadata import entry_points

    found = {entry.name: "" for entry in entry_points(group=group)}
    for path in (_PACKAGE / folder).glob("*.py"):
        source = path.read_text(encoding="utf-8")
        if name := _NAME.search(source):
            first = _FIRST_LINE.search(source)
            found[name[1]] = first[1] if first else ""
    return _items((name, found[name]) for name in sorted(found) if name.startswith(incomplete))


def _others() -> list[str]:
    """Return the ids of languages that package gflanguages knows; its import is slow, so only its folder is looked at."""
    from importlib.util import find_spec

    spec = find_spec("gflanguages")
    if spec is None or spec.origin is None:
        return []
    return sorted(path.stem for path in (Path(spec.origin).parent / "data" / "languages").glob("*.textproto"))


def _name_in(path: Path) -> str:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("name:"):
            return line.removeprefix("name:").strip().strip("\"'")
    return ""


def _items(found: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(value, help=text or None) for value, text in found]
