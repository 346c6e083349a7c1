"""The fields of answers, which say their form in the schema, and those of bodies, which coerce nothing."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import Field

_CENTS = Decimal("0.01")


class Shown(Field[Any, Any, Any, Any]):
    """A field that is only read."""

    def __init__(self, help_text: str = "", *, null: bool = False, **more: Any) -> None:
        super().__init__(help_text=help_text, read_only=True, allow_null=null, **more)

    def to_representation(self, value: Any) -> Any:
        """The value as JSON has it."""
        return value


@extend_schema_field({"type": "string"})
class Text(Shown):
    """Text; empty if the bank says nothing."""


@extend_schema_field({"type": "integer", "format": "int64"})
class Number(Shown):
    """A whole number."""


@extend_schema_field({"type": "boolean"})
class YesNo(Shown):
    """True or false."""


@extend_schema_field({"type": "string", "format": "uuid"})
class Id(Shown):
    """A UUID."""

    def to_representation(self, value: UUID) -> str:
        """As text."""
        return str(value)


@extend_schema_field({"type": "string", "format": "date", "example": "2026-11-21"})
class Day(Shown):
    """A day in Brazil."""

    def to_representation(self, value: date) -> str:
        """As ISO 8601."""
        return value.isoformat()


@extend_schema_field({"type": "string", "format": "date-time", "example": "2026-11-21T09:12:04.511Z"})
class Moment(Shown):
    """A moment, in UTC."""

    def to_representation(self, value: datetime) -> str:
        """As ISO 8601 with its zone."""
        return value.isoformat().replace("+00:00", "Z")


@extend_schema_field({"type": "string", "pattern": r"^-?\d+\.\d{2,}$", "example": "-135.42"})
class Money(Shown):
    """An amount as text with at least two decimals, because a float cannot hold money."""

    def to_representation(self, value: Decimal) -> str:
        """Without the zeros that only the column has."""
        plain = value.normalize()
        # The exponent of a finite number is a number.
        return format(plain if int(plain.as_tuple().exponent) < -2 else value.quantize(_CENTS), "f")


@extend_schema_field({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "example": "10.5"})
class Quantity(Shown):
    """A number with a fraction as text: shares, rates, prices of a unit."""

    def to_representation(self, value: Decimal) -> str:
        """Without the zeros that only the column has."""
        return format(value.normalize(), "f")


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class Words(Shown):
    """A list of words."""


@extend_schema_field({"type": "object", "additionalProperties": True})
class Anything(Shown):
    """An object whose fields the vendor chooses."""


class StrictText(serializers.CharField):
    """Text, kept as it is. A number is no text, and PostgreSQL cannot store U+0000."""

    def __init__(self, *, form: str = r"^[^\x00]*$", **more: Any) -> None:
        super().__init__(trim_whitespace=False, **more)
        self.validators.append(RegexValidator(form, _("This text has a form or a sign that is not allowed.")))

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ValidationError."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictBoolean(serializers.BooleanField):
    """true or false. Neither 1 nor "yes"."""

    def to_internal_value(self, data: Any) -> bool:
        """The value. Raises ValidationError."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictInteger(serializers.IntegerField):
    """A whole number. Neither "1" nor true."""

    def to_internal_value(self, data: Any) -> int:
        """The number. Raises ValidationError."""
        if isinstance(data, float) and data.is_integer():
            data = int(data)  # JSON Schema takes 1.0 for whole
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictNumber(serializers.FloatField):
    """A number, with a fraction or without. Neither "0.5" nor true."""

    def to_internal_value(self, data: Any) -> float:
        """The number. Raises ValidationError."""
        if type(data) not in (int, float):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictUUID(serializers.UUIDField):
    """A UUID as text with hyphens."""

    def to_internal_value(self, data: Any) -> UUID:
        """The UUID. Raises ValidationError."""
        if not isinstance(data, str) or len(data) != 36:
            self.fail("invalid", value=data)
        return super().to_internal_value(data)
