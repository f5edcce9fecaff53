"""What the fields of models mean, in the words of the models themselves.

Editors' schemas, starter recipes and the reference all take their texts from here, so none can drift from the code.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticUndefined

if TYPE_CHECKING:
    from ocrsynth.fields import Section

REQUIRED = PydanticUndefined
"""In place of the default of a field that has none."""


@cache
def meanings(model: type[Section]) -> dict[str, str]:
    """Return what each field of a model means, on one line: its description, or the string that stands below it."""
    below: dict[str, str] = {}
    for cls in reversed(model.__mro__):
        if cls.__module__.partition(".")[0] in ("builtins", "pydantic", "typing", "abc"):
            continue
        below |= _strings_below(cls)
    return {name: " ".join((info.description or below.get(name, "")).split()) for name, info in model.model_fields.items()}


def defaults(model: type[Section]) -> dict[str, Any]:
    """Return the default of each field as plain JSON values; `REQUIRED` where there is none."""
    found: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        value = info.get_default(call_default_factory=True, validated_data={})
        found[name] = value if value is REQUIRED else plain(value)
    return found


def plain(value: Any) -> Any:
    """Return a field's value as YAML and JSON know it: sections as mappings, tuples as lists."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    return value


def first_line(item: Any) -> str:
    """Return the first line of a docstring, or an empty string."""
    return (inspect.getdoc(item) or "").partition("\n")[0]


def _strings_below(cls: type) -> dict[str, str]:
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):  # A plug-in made at run time has no source.
        return {}
    [body] = [node for node in ast.parse(textwrap.dedent(source)).body if isinstance(node, ast.ClassDef)]
    found = {}
    for node, following in zip(body.body, body.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(following, ast.Expr):
            text = following.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[node.target.id] = inspect.cleandoc(text.value)
    return found
