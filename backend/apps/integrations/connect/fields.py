"""The fields of a provider's credentials, as its own model declares them: what a form asks for."""

from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cache
from typing import Any

from apps.integrations.catalogue import Entry
from apps.integrations.connect.words import FIELDS, Words

# pydantic's limit of every text of PlugFn's models that has none of its own.
_NO_LIMIT = 1_000_000
# A longer text than this, such as a certificate, has several lines.
_ONE_LINE = 5_000


class Kind(StrEnum):
    """What a person enters."""

    TEXT = auto()
    LONG_TEXT = auto()
    INTEGER = auto()
    NUMBER = auto()
    CHOICE = auto()
    SWITCH = auto()
    NAMES = auto()
    SECRET = auto()
    SECRETS = auto()
    SECRET_PAIRS = auto()


_OF_TYPE = {"integer": Kind.INTEGER, "number": Kind.NUMBER, "boolean": Kind.SWITCH}
_SECRET = frozenset({Kind.SECRET, Kind.SECRETS, Kind.SECRET_PAIRS})

# Where a provider's secrets go, for whom, and how they are protected on their way.
_PLACE = frozenset({"base_url", "host", "port", "root_certificate", "security", "sslmode", "url", "user", "username"})


@dataclass(frozen=True)
class Field:
    """One field. `least` and `most` limit a number, `longest` a text; `choices` are the values of a choice.

    `is_secret`: its stored value is never shown. `is_place`: stored secrets are kept only while it stays the same.
    """

    name: str
    kind: Kind
    words: Words
    is_required: bool
    is_secret: bool
    is_place: bool = False
    default: Any = None
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    choices: tuple[str, ...] = ()


@cache
def fields_of(entry: Entry) -> tuple[Field, ...]:
    """The fields in the order in which a form shows them. A provider with a sign-in of its own has none."""
    if entry.is_oauth:
        return ()
    schema = entry.definition.credentials.model_json_schema()
    words, required = FIELDS.get(entry.provider, {}), set(schema.get("required", ()))
    declared = schema["properties"]
    ordered = [name for name in words if name in declared] + [name for name in declared if name not in words]
    return tuple(_field(name, declared[name], words.get(name), name in required) for name in ordered)


def _field(name: str, declared: dict[str, Any], words: Words | None, is_required: bool) -> Field:
    plain, kind = _without_null(declared), _kind(_without_null(declared))
    shown = words or Words(str(declared.get("title", name)), str(declared.get("description", "")))
    longest = plain.get("maxLength")
    return Field(
        name,
        kind,
        shown,
        is_required,
        is_secret=kind in _SECRET or shown.is_secret,
        is_place=name in _PLACE,
        default=None if kind in _SECRET else declared.get("default"),
        least=plain.get("minimum"),
        most=plain.get("maximum"),
        longest=longest if kind in (Kind.TEXT, Kind.LONG_TEXT) and longest != _NO_LIMIT else None,
        choices=tuple(plain.get("enum", ())),
    )


def _without_null(declared: dict[str, Any]) -> dict[str, Any]:
    """The declaration of an optional value without its null."""
    options = [option for option in declared.get("anyOf", ()) if option.get("type") != "null"]
    return options[0] if options else declared


def _kind(declared: dict[str, Any]) -> Kind:
    kind = declared.get("type")
    if "enum" in declared:
        return Kind.CHOICE
    if kind == "array":
        return Kind.SECRETS if _is_password(declared.get("items", {})) else Kind.NAMES
    if kind == "object":
        return Kind.SECRET_PAIRS
    if kind in _OF_TYPE:
        return _OF_TYPE[kind]
    if _is_password(declared):
        return Kind.SECRET
    return Kind.LONG_TEXT if _ONE_LINE <= declared.get("maxLength", 0) < _NO_LIMIT else Kind.TEXT


def _is_password(declared: dict[str, Any]) -> bool:
    return declared.get("format") == "password"
