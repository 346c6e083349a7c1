"""How numbers, money and dates are written: plainly, or as people in Brazil write them."""

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
"""Digits before the point, or zeros behind it, that a number may have to be written out."""
LARGEST_AMOUNT = Decimal(10) ** 15

# International English: there a dollar says whose it is.
_CLDR: Mapping[Locale, babel.Locale] = {"en": babel.Locale.parse("en_001"), "pt-BR": babel.Locale.parse("pt_BR")}
_WITH_SYMBOL = frozenset({"BRL", "EUR", "GBP", "USD"})
# Its code, a no-break space, the amount.
_WITH_CODE = "\u00a4\u00a4\u00a0#,##0.00"
_DAY_FORMAT: Mapping[Locale, str] = {"en": "%Y-%m-%d", "pt-BR": "%d/%m/%Y"}
_TIME_FORMAT: Mapping[Locale, str] = {"en": "%Y-%m-%d %H:%M", "pt-BR": "%d/%m/%Y %H:%M"}


@dataclass(frozen=True)
class Style:
    """How a workflow writes what it puts into text."""

    locale: Locale = "en"
    zone: tzinfo = UTC


def number(value: Any) -> str:
    """A number without exponent or grouping. Raises ValueError: not finite, or absurdly big or small."""
    found = finite(value)
    if found is None or (found and abs(found.adjusted()) > LARGEST):
        raise ValueError("is not a number that can be written out")
    return f"{found:f}"


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
    # Plus nothing, so that what rounds to nothing has no minus.
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
    """Why a format of dates cannot be used; empty when it can."""
    if set(_PART.findall(pattern)) - _PARTS.keys():
        return f"knows {' '.join(_PARTS)}"
    return ""


def day(value: Any, pattern: str | None, style: Style) -> str:
    """A date, or a moment in the style's time zone; text is read as ISO 8601. Raises ValueError."""
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
        raise ValueError("is not a date that can be written") from None


def text(value: Any) -> str:
    """A value inside text. Raises ValueError for lists and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, dict)):
        raise ValueError("is a list or an object, which cannot be put into text")
    return number(value)
