"""Value types of recipe fields, and the one validator that turns YAML into models with readable errors."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import date
from numbers import Integral
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeGuard, TypeVar, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from ocrsynth.errors import RecipeError, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from ocrsynth.seeding import Stream

_PAIR = 2


MOST_WEIGHT = 1e12
"""Sums of weights stay numbers that can be told apart."""


def weight_fault(value: Any) -> str | None:
    """Return what is wrong with the weight of a member of a list, with what to do, or None."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if 0 < value <= MOST_WEIGHT:
            return None
        what = f"must be at most {MOST_WEIGHT:.0e}" if value > 0 else "must be a number above 0"
        # An integer of hundreds of digits is no help to read.
        shown = repr(value) if -MOST_WEIGHT <= value <= MOST_WEIGHT or isinstance(value, float) else "a larger one"
        return f"{what}, got {shown}; leave it out for 1"
    advice = "leave it out for 1"
    if isinstance(value, str):
        with suppress(ValueError):
            advice = f"YAML takes that for text, write {float(value)}"
    return f"must be a number above 0, got {value!r}; {advice}"


def is_whole(value: object, least: int, most: int) -> TypeGuard[int]:
    """Tell whether *value* is a whole number from *least* to *most*, of Python or of NumPy; truth values are none."""
    return isinstance(value, Integral) and not isinstance(value, bool) and least <= int(value) <= most


def _no_is_a_language(value: Any) -> Any:
    if value is False:
        raise PydanticCustomError("language", "must be text", {"advice": NO_IN_QUOTES})
    return value


def _no_is_one_language(value: Any) -> Any:
    if value is False:
        raise PydanticCustomError("languages", "must be a list", {"advice": "write ['no'], for YAML takes no for false"})
    return value


NO_IN_QUOTES = "put no in quotes, for YAML takes it for false"
"""What to do where a language is false: it was to be Norwegian."""
LanguageTag = Annotated[str, BeforeValidator(_no_is_a_language)]
"""A language, as a tag or an alphabet's id."""
LanguageTags = Annotated[tuple[LanguageTag, ...], BeforeValidator(_no_is_one_language)]


class Section(BaseModel):
    """Base of every validated part of a recipe: frozen, defaults checked, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_number_is_made(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what would silently become a number, or true or false: ``true``, which YAML makes of ``yes``, and text."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        if fault := _no_number(value, annotation):
            raise fault
        if isinstance(value, dict) and get_origin(annotation) is dict:
            of = get_args(annotation)[1]
            faults = [
                InitErrorDetails(type=fault, loc=(str(key),), input=member)
                for key, member in value.items()
                if (fault := _no_number(member, of))
            ]
            if faults:
                raise ValidationError.from_exception_data(cls.__name__, faults)
        return value


def _no_number(value: Any, annotation: Any) -> PydanticCustomError | None:
    """Return why *value* is no number, or no truth value, where a field takes one, as far as its type shows it, or None."""
    if annotation is bool and isinstance(value, (str, float, int)) and not isinstance(value, bool):
        return PydanticCustomError("bool", "must be true or false", {"advice": "write true or false, without quotes"})
    kinds = (annotation, *get_args(annotation))
    if not isinstance(value, (bool, str)) or not (int in kinds or float in kinds):
        return None
    if isinstance(value, bool):
        return PydanticCustomError("bool", "must not be a truth value")
    whole = int in kinds
    return PydanticCustomError(
        "text", "must be a whole number" if whole else "must be a number", {"advice": number_advice(value, whole=whole)}
    )


def number_advice(value: object, otherwise: str = "", *, whole: bool = False) -> str:
    """Return what to do with *value* where a number is due: *otherwise*, unless it is text that says such a number."""
    if not isinstance(value, str):
        return otherwise
    if _NUMBER.fullmatch(value) and not (whole and float(value) % 1):
        return "take the quotes away"
    with suppress(ValueError):
        number = float(value)
        # Of 1e3 and the like YAML makes no number.
        if _LEAST_WRITTEN <= abs(number) <= MOST_WEIGHT and not (whole and number % 1):
            return f"YAML takes that for text, write {f'{number:.9f}'.rstrip('0').rstrip('.')}"
    return otherwise


_NUMBER = re.compile(r"[-+]?([0-9]{1,15}\.?[0-9]{0,15}|\.[0-9]{1,15})")
_LEAST_WRITTEN = 1e-9


class Range(NamedTuple):
    """A closed range ``[low, high]`` of which a value is drawn per sample; a constant is ``[x, x]``."""

    low: float
    high: float

    def draw(self, stream: Stream) -> float:
        """Return a number uniform in the range."""
        return self.low + (self.high - self.low) * stream.unit()

    def draw_int(self, stream: Stream) -> int:
        """Return an integer uniform in the range, both ends included."""
        return stream.between(math.ceil(self.low), math.floor(self.high))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Accept exactly a list of two numbers, low first."""
        return core_schema.no_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(list, return_schema=core_schema.list_schema()),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the range to editors."""
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}

    @classmethod
    def _validate(cls, value: Any) -> Range:
        good = isinstance(value, (list, tuple)) and len(value) == _PAIR
        if not good or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in value):
            one = isinstance(value, (int, float)) and not isinstance(value, bool)
            advice = next((text for v in value if (text := number_advice(v))), "") if good else ""
            advice = f"write it as [{value}, {value}]" if one else advice
            raise PydanticCustomError("range", "must be a range [low, high] of two numbers", {"advice": advice})
        low, high = value
        if not abs(low) < float("inf") or not abs(high) < float("inf"):
            raise PydanticCustomError("range", "must be a range [low, high] of two finite numbers")
        if low > high:
            raise PydanticCustomError("range", "range is reversed", {"advice": f"write it as [{high}, {low}]"})
        # [0, 1] and [0.0, 1.0] are one range, and make one fingerprint.
        return cls(*(int(v) if v == int(v) else v for v in (low, high)))


class Within:
    """Annotation of a `Range` field: both ends must lie between *low* and *high*, and be whole numbers if *whole*."""

    def __init__(self, low: float, high: float, *, whole: bool = False) -> None:
        self.low = low
        self.high = high
        self.whole = whole

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Check the bounds after the range itself."""
        return core_schema.no_info_after_validator_function(self._validate, handler(source))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the bounds to editors."""
        described = handler(schema)
        number = {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}
        return {**described, "items": number}

    def _validate(self, value: Range) -> Range:
        if self.whole and (value.low % 1 or value.high % 1):
            raise PydanticCustomError("range", "must be a range of whole numbers")
        if value.low < self.low or value.high > self.high:
            raise PydanticCustomError("range", "must lie within [{low}, {high}]", {"low": self.low, "high": self.high})
        return value


M = TypeVar("M", bound=Section)
UNKNOWN_KEY = "unknown_key"
"""Kind of the fault that a validator tells with the ``key`` and those that are ``known``."""
_OF_KEY = "[key]"
"""Last step of pydantic's path to a fault of a key."""


_PLAIN = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "must be a number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "must be true or false"),
    "string_type": "must be text",
    "finite_number": "must be a finite number",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "literal_error": "must be {expected}",
    "tuple_type": "must be a list",
    **dict.fromkeys(("dict_type", "model_type"), "must be a mapping of keys to values"),
}
"""Faults in the words of the other messages, by their kinds in pydantic."""
_ADVICE = {
    "greater_than_equal": "give a larger one",
    "greater_than": "give a larger one",
    "less_than_equal": "give a smaller one",
    "less_than": "give a smaller one",
    "literal_error": "choose one of these",
    "tuple_type": "write [first, second]",
    "dict_type": "write 'key: value' pairs",
    "model_type": "write 'key: value' pairs",
}


def validate(model: type[M], data: Any, where: str) -> M:
    """Return *data* as a *model*; every fault is a `RecipeError` that begins with the path of the key."""
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise RecipeError(f"{where}: must be a mapping of keys to values, got {data!r}; write 'key: value' lines")
    for key in data:
        if key not in model.model_fields:
            raise RecipeError(f"{where}: unknown key {key!r}; {suggest(str(key), model.model_fields)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise RecipeError(_told(model, data, where, error.errors(include_url=False)[0])) from None


def _told(model: type[BaseModel], data: Any, where: str, fault: ErrorDetails) -> str:
    """Return the message of a fault that pydantic found in *data*."""
    kind, loc = fault["type"], fault["loc"]
    context = fault.get("ctx", {})
    known: Iterable[str] | None = None
    if kind in ("extra_forbidden", "invalid_key"):
        inner = _model_at(model, loc[:-1])
        # A key that is no text is not in pydantic's path as it is.
        key = fault["input"] if kind == "invalid_key" else loc[-1]
        loc, known = loc[:-1], inner.model_fields if inner else ()
    elif kind == UNKNOWN_KEY:
        key, known = context["key"], context["known"]
    elif kind == "literal_error" and loc[-1] == _OF_KEY:
        loc, key, known = loc[:-2], loc[-2], _keys_at(model, loc[:-2])
    path = where + _path(model, data, fault, loc)
    if known is not None:
        return f"{path}: unknown key {key!r}; {suggest(str(key), known)}"
    # Bounds as people write them: 1 for 1.0.
    bounds = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in context.items()}
    plain = _PLAIN.get(kind)
    text = fault["msg"][:1].lower() + fault["msg"][1:] if plain is None else plain.format(**bounds)
    advice = bounds.get("advice", _ADVICE.get(kind))
    if kind == "string_type" and isinstance(fault["input"], (int, float, date)):
        advice = "put it in quotes"
    return f"{path}: {text}, got {fault['input']!r}" + (f"; {advice}" if advice else "")


def _path(model: type[BaseModel], data: Any, fault: ErrorDetails, loc: tuple[int | str, ...]) -> str:
    """Return the place of a fault as it stands in *data*: pydantic also names what it took a value for."""
    path = ""
    for i, step in enumerate(loc):
        inner = _model_at(model, loc[:i])
        if isinstance(data, dict) and any(str(key) == str(step) for key in data):
            path += f".{step}"
            data = next(value for key, value in data.items() if str(key) == str(step))
        elif isinstance(data, (list, tuple)) and isinstance(step, int):
            path += f"[{step}]"
            data = data[step]
        elif fault["type"] == "missing" or (inner and step in inner.model_fields):
            path += f".{step}"
            data = None
    return path


def _keys_at(model: type[BaseModel], path: tuple[Any, ...]) -> tuple[str, ...]:
    """Return the keys of a mapping, of which the type names all."""
    inner = _model_at(model, path[:-1])
    return get_args(get_args(inner.model_fields[path[-1]].annotation)[0]) if inner else ()


def _model_at(model: type[BaseModel], path: tuple[Any, ...]) -> type[BaseModel] | None:
    for part in path:
        field = model.model_fields.get(part)
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return None
        model = field.annotation
    return model
