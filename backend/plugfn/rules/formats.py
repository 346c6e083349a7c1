"""Writes numbers, money and dates: plainly, or in the Brazilian way."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

import babel
from babel.numbers import format_currency, get_currency_precision

from plugfn.rules.fields import finite

Locale = Literal["en", "pt-BR"]

LARGEST = 30
"""The largest number of digits before the point, or of zeros after it, in a number that is written out."""
LARGEST_AMOUNT = Decimal(10) ** 15

# International English, where the dollar sign says which dollar it is.
_CLDR: Mapping[Locale, babel.Locale] = {"en": babel.Locale.parse("en_001"), "pt-BR": babel.Locale.parse("pt_BR")}
_WITH_SYMBOL = frozenset({"BRL", "EUR", "GBP", "USD"})
# The currency code, a no-break space, the amount.
_WITH_CODE = "\u00a4\u00a4\u00a0#,##0.00"
_DAY_FORMAT: Mapping[Locale, str] = {"en": "%Y-%m-%d", "pt-BR": "%d/%m/%Y"}
_TIME_FORMAT: Mapping[Locale, str] = {"en": "%Y-%m-%d %H:%M", "pt-BR": "%d/%m/%Y %H:%M"}


@dataclass(frozen=True)
class Style:
    """How a workflow writes numbers and dates."""

    locale: Locale = "en"
    zone: tzinfo = UTC


def number(value: Any) -> str:
    """A number without exponent or grouping. Raises ValueError when it is not finite, or has too many digits."""
    decimal = finite(value)
    if decimal is None or (decimal and abs(decimal.adjusted()) > LARGEST):
        raise ValueError("is not a finite number, or has too many digits")
    return f"{decimal:f}"


def money(value: Any, currency: str, style: Style) -> str:
    """1234.5 → "R$ 1.234,50" (pt-BR) or "R$1,234.50". Raises ValueError."""
    try:
        amount = finite(Decimal(value.strip()) if isinstance(value, str) else value)
    except InvalidOperation:
        amount = None
    if amount is None or abs(amount) >= LARGEST_AMOUNT:
        raise ValueError("is not an amount")
    rounded = amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), rounding=ROUND_HALF_UP)
    pattern = None if currency in _WITH_SYMBOL else _WITH_CODE
    # Adding 0 removes the minus of a negative amount that rounds to zero.
    return format_currency(rounded + 0, currency, pattern, _CLDR[style.locale])


_PARTS: Mapping[str, Callable[[Any], str]] = {
    "%d": lambda when: f"{when.day:02}",
    "%m": lambda when: f"{when.month:02}",
    "%Y": lambda when: f"{when.year:04}",
    "%y": lambda when: f"{when.year % 100:02}",
    "%H": lambda when: f"{getattr(when, 'hour', 0):02}",
    "%M": lambda when: f"{getattr(when, 'minute', 0):02}",
    "%S": lambda when: f"{getattr(when, 'second', 0):02}",
    "%%": lambda when: "%",
}
_PART = re.compile("%.?", re.DOTALL)


def day_format_problem(pattern: str) -> str:
    """Why a date format is invalid; empty when it is valid."""
    if set(_PART.findall(pattern)) - _PARTS.keys():
        return f"may only have {' '.join(_PARTS)}"
    return ""


def day(value: Any, pattern: str | None, style: Style) -> str:
    """A date, or a time in the style's time zone; text is read as ISO 8601. Raises ValueError."""
    when = _read(value)
    if isinstance(when, datetime):
        when = _local(when, style.zone)
    form = _TIME_FORMAT if isinstance(when, datetime) else _DAY_FORMAT
    return _PART.sub(lambda part: _PARTS[part.group()](when), form[style.locale] if pattern is None else pattern)


def _read(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise ValueError("is not a date") from None


def _local(when: datetime, zone: tzinfo) -> datetime:
    try:
        return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).astimezone(zone)
    except OverflowError:
        raise ValueError("is a date out of range") from None


def text(value: Any) -> str:
    """A value as text. Raises ValueError for lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        raise ValueError("is a list or an object, which cannot be put into text")
    return number(value)
