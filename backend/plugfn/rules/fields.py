"""The fields that conditions and placeholders may use: declared by a pydantic model, addressed by a dotted path.

Nothing else can be named. What a workflow sees of an event or of a result is a flat dict, path → plain value, made once
from the declared fields; no object of any library is reachable from it. Secrets are never declared.
"""

import math
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from plugfn.errors import suggestion

DEEPEST = 6
MOST_FIELDS = 500
MOST_NAMED = 20


class FieldType(StrEnum):
    """The type of a field decides which operators and filters it takes."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    DATE = "date"
    LIST = "list"
    OBJECT = "object"
    ANY = "any"


@dataclass(frozen=True)
class Field:
    """One declared field."""

    path: str
    type: FieldType
    label: str
    safe: bool = False
    """Whether a trace may show its value.

    Always for choices and booleans, else if the model declares `Field(json_schema_extra={"safe": True})`."""
    choices: tuple[str, ...] = ()


Catalogue = Mapping[str, Field]
Values = Mapping[str, Any]
"""Plain values by path. A path that is absent is missing."""

_PLAIN: tuple[tuple[type, FieldType], ...] = (
    (bool, FieldType.BOOLEAN),
    (int, FieldType.NUMBER),
    (float, FieldType.NUMBER),
    (Decimal, FieldType.NUMBER),
    (datetime, FieldType.DATETIME),
    (date, FieldType.DATE),
    (str, FieldType.STRING),
    (list, FieldType.LIST),
    (tuple, FieldType.LIST),
    (set, FieldType.LIST),
    (frozenset, FieldType.LIST),
    (BaseModel, FieldType.OBJECT),
)
_NAMED = {"UUID": FieldType.STRING, "AnyUrl": FieldType.STRING, "HttpUrl": FieldType.STRING}
_OF_ORIGIN = {"Sequence": FieldType.LIST, "Mapping": FieldType.OBJECT, "dict": FieldType.OBJECT}


_IN_COLUMNS = frozenset({FieldType.STRING, FieldType.NUMBER, FieldType.BOOLEAN})


def catalogue(model: type[BaseModel], prefix: str = "") -> dict[str, Field]:
    """The fields of a model and of the models in it, by path, at most 6 levels deep."""
    return dict(_catalogue(model, prefix))


@lru_cache(maxsize=1024)
def _catalogue(model: type[BaseModel], prefix: str) -> Catalogue:
    fields: dict[str, Field] = {}
    for field in _fields(model, prefix, 1):
        if len(fields) < MOST_FIELDS:
            fields[field.path] = field
    return fields


def _fields(model: type[BaseModel], prefix: str, depth: int) -> Iterator[Field]:
    for name, info in model.model_fields.items():
        members = members_of(info.annotation)
        if any(_is(member, (SecretStr, SecretBytes)) for member in members):
            continue
        path = f"{prefix}{name}"
        if len(members) == 1 and _is(members[0], (BaseModel,)):
            yield Field(path, FieldType.OBJECT, _label(name, info))
            if depth < DEEPEST:
                yield from _fields(members[0], f"{path}.", depth + 1)
        else:
            yield _leaf(path, name, info, members)
            yield from _columns(path, members)


def _columns(path: str, members: list[Any]) -> Iterator[Field]:
    """For a list of models, a list field for each plain field: `issue.labels.name` has the names of all labels."""
    inner = members_of(get_args(members[0])[0]) if len(members) == 1 and _is_list(members[0]) else []
    if len(inner) != 1 or not _is(inner[0], (BaseModel,)):
        return
    for name, info in inner[0].model_fields.items():
        parts = members_of(info.annotation)
        if parts and all(_is_choice(part) or _type(part) in _IN_COLUMNS for part in parts):
            yield Field(f"{path}.{name}", FieldType.LIST, _label(name, info))


def _is_list(member: Any) -> bool:
    return get_origin(member) in (list, tuple) and bool(get_args(member))


def _leaf(path: str, name: str, info: FieldInfo, members: list[Any]) -> Field:
    choices = _choices(members)
    kinds = {FieldType.STRING if _is_choice(member) else _type(member) for member in members}
    kind = _common(kinds)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    safe = bool(choices) or kind is FieldType.BOOLEAN or extra.get("safe") is True
    return Field(path, kind, _label(name, info), safe, choices)


def _label(name: str, info: FieldInfo) -> str:
    return info.title or info.description or name.replace("_", " ")


def members_of(annotation: Any) -> list[Any]:
    """The types that an annotation allows, without None: `Annotated[str, …] | None` gives [str]."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return members_of(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [member for part in get_args(annotation) for member in members_of(part)]
    return [] if annotation is type(None) else [annotation]


def _is(annotation: Any, classes: tuple[type, ...]) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, classes)


def _is_choice(member: Any) -> bool:
    return get_origin(member) is Literal or _is(member, (Enum,))


def _choices(members: list[Any]) -> tuple[str, ...]:
    if not members or not all(_is_choice(member) for member in members):
        return ()
    values = [
        get_args(member) if get_origin(member) is Literal else [entry.value for entry in member] for member in members
    ]
    return tuple(str(choice) for choices in values for choice in choices)


def _type(member: Any) -> FieldType:
    origin = get_origin(member) or member
    for kind, field_type in _PLAIN:
        if _is(origin, (kind,)):
            return field_type
    name = getattr(origin, "__name__", "")
    return _NAMED.get(name) or _OF_ORIGIN.get(name) or FieldType.ANY


def _common(kinds: set[FieldType]) -> FieldType:
    if len(kinds) == 1:
        return kinds.pop()
    if kinds == {FieldType.STRING, FieldType.NUMBER}:  # ids that are sometimes text and sometimes a number
        return FieldType.STRING
    return FieldType.DATETIME if kinds == {FieldType.DATE, FieldType.DATETIME} else FieldType.ANY


def unknown_field(name: str, known: Catalogue) -> str:
    """Why a path is wrong: a suggestion, or the list of fields."""
    if not known:
        return "no such field: there are none"
    hint = suggestion(name[:200], sorted(known))
    if not hint.startswith("did you mean"):
        hint = f"use one of {', '.join(sorted(known)[:MOST_NAMED])}" + (", …" if len(known) > MOST_NAMED else "")
    return f"no such field: {hint}"


def values_of(instance: BaseModel, known: Catalogue, prefix: str = "") -> dict[str, Any]:
    """The declared fields of an instance, as text, numbers, booleans, dates, and JSON for lists and objects.

    Missing values and None are left out."""
    dumped = instance.model_dump(warnings=False)
    raw = ((path, field, _at(dumped, path.removeprefix(prefix))) for path, field in known.items())
    values = {path: plain(field, value) for path, field, value in raw if value is not None}
    return {path: value for path, value in values.items() if value is not None}


def _at(dumped: Any, path: str) -> Any:
    part, _, rest = path.partition(".")
    if isinstance(dumped, (list, tuple)):
        parts = [_at(item, path) for item in dumped]
        return [value for value in parts if value is not None]
    if not isinstance(dumped, dict):
        return None
    return _at(dumped.get(part), rest) if rest else dumped.get(part)


def plain(field: Field, value: Any) -> Any:
    """A value in its field's type; None for an invalid number. Lists, objects and other types become JSON."""
    value = valid_text(value.value if isinstance(value, Enum) else value)
    if field.type is FieldType.STRING:
        return str(value)
    if field.type is FieldType.DATETIME and isinstance(value, date):
        return aware(value)
    if field.type is FieldType.NUMBER:
        return None if finite(value) is None else value
    if field.type in (FieldType.BOOLEAN, FieldType.DATE):
        return value
    return to_jsonable_python(value, fallback=str, inf_nan_mode="null")


def valid_text(value: Any) -> Any:
    """Replaces unpaired surrogates, which JSON may contain but nothing can store or send."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {valid_text(key): valid_text(part) for key, part in value.items()}
    return [valid_text(part) for part in value] if isinstance(value, (list, tuple, set, frozenset)) else value


def finite(value: Any) -> Decimal | None:
    """A number as a decimal: 0.1 becomes exactly 0.1. None when it is not a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    number = Decimal(value)
    return number if number.is_finite() else None


def aware(value: date) -> datetime:
    """A time with a fixed offset. A date is its first moment, and a time without a zone is UTC.

    With a named zone Python would compare clock times, and treat no two times of a repeated hour as equal."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
    offset = moment.utcoffset()
    return moment.replace(tzinfo=UTC if offset is None else timezone(offset))


def stored(values: Values) -> dict[str, Any]:
    """Values as JSON can hold them."""
    return {path: to_jsonable_python(value, inf_nan_mode="strings") for path, value in values.items()}


def restored(values: Mapping[str, Any], known: Catalogue) -> dict[str, Any]:
    """The values from `stored`'s JSON. A path that is no longer declared, or has another type, is left out."""
    pairs = ((path, _restore(known[path].type, value)) for path, value in values.items() if path in known)
    return {path: value for path, value in pairs if value is not None}


def _restore(kind: FieldType, value: Any) -> Any:
    try:
        if kind is FieldType.DATETIME:
            return aware(datetime.fromisoformat(value))
        if kind is FieldType.DATE:
            return date.fromisoformat(value)
        if kind is FieldType.NUMBER and isinstance(value, str):
            return Decimal(value)
    except (ValueError, TypeError, InvalidOperation):
        return None
    return value


_SAMPLES: Mapping[FieldType, Any] = {
    FieldType.STRING: "text",
    FieldType.NUMBER: 1,
    FieldType.BOOLEAN: True,
    FieldType.DATETIME: datetime(2026, 1, 2, 15, 4, 5, tzinfo=UTC),
    FieldType.DATE: date(2026, 1, 2),
    FieldType.LIST: ["text"],
    FieldType.OBJECT: {"name": "text"},
    FieldType.ANY: "text",
}


def samples(known: Catalogue) -> dict[str, Any]:
    """A made-up value for every field."""
    return {path: field.choices[0] if field.choices else _SAMPLES[field.type] for path, field in known.items()}
