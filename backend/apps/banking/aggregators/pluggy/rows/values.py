"""Read Pluggy's values leniently: a value that does not fit its column goes into the row's `extra`, so it is not lost.

Every reader takes an object, the name of a field in it, and the row's `extra` (or an unused dict, if `extra` has the
whole object). A missing field is "" or None.
"""

import re
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from apps.banking.aggregators.pluggy.client.pages import Doc
from apps.banking.sizes import LINE, MONEY, QUANTITY, RATE, WORD, Digits
from lib.storable import storable, storable_text

BRAZIL = ZoneInfo("America/Sao_Paulo")
NO_CURRENCY = "XXX"
INTEGER_LIMIT = 2**31
FIRST_YEAR = 1970
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)
_ZONE = re.compile(r"(?:[zZ]|[+-]\d\d(?::?\d\d)?)\s*$")


def text(doc: Doc, name: str, extra: Doc, limit: int) -> str:
    """At most `limit` characters. A longer text is cut, and `extra` has the whole text."""
    value = doc.get(name)
    if value is None:
        return ""
    # Printable text needs no cleaning, and isprintable is faster than cleaning.
    if type(value) is str and len(value) <= limit and value.isprintable():
        return value
    return _cleaned_text(value, name, extra, limit)


def _cleaned_text(value: Any, name: str, extra: Doc, limit: int) -> str:
    if isinstance(value, dict | list | bool):
        extra[name] = value
        return ""
    cleaned = storable_text(str(value))
    if len(cleaned) > limit:
        extra[name] = value
    return cleaned[:limit]


def word(doc: Doc, name: str, extra: Doc) -> str:
    """The value of an enum, known or unknown."""
    return text(doc, name, extra, WORD["max_length"])


def line(doc: Doc, name: str, extra: Doc) -> str:
    """A line of text for people."""
    return text(doc, name, extra, LINE["max_length"])


def flag(doc: Doc, name: str, extra: Doc) -> bool | None:
    """True, False or None; anything else goes to `extra`."""
    value = doc.get(name)
    if value is None or isinstance(value, bool):
        return value
    extra[name] = value
    return None


def whole(doc: Doc, name: str, extra: Doc) -> int | None:
    """An integer of 32 bits, from a number or a text."""
    value = doc.get(name)
    if value is None:
        return None
    number = _number(value)
    if number is not None and number == number.to_integral_value() and abs(number) < INTEGER_LIMIT:
        return int(number)
    extra[name] = value
    return None


def money(doc: Doc, name: str, extra: Doc) -> Decimal | None:
    """An amount, rounded to eight decimals. If it has more than twenty digits before the point, it goes to `extra`."""
    return _decimal(doc, name, extra, _MONEY)


def quantity(doc: Doc, name: str, extra: Doc) -> Decimal | None:
    """A quantity, or the price of one unit, rounded to eighteen decimals."""
    return _decimal(doc, name, extra, _QUANTITY)


def rate(doc: Doc, name: str, extra: Doc) -> Decimal | None:
    """A rate, rounded to twelve decimals."""
    return _decimal(doc, name, extra, _RATE)


def _scale(kind: Digits) -> tuple[Decimal, Decimal]:
    """(the smallest step, the smallest number that is too large)"""
    return Decimal(1).scaleb(-kind["decimal_places"]), Decimal(10) ** (kind["max_digits"] - kind["decimal_places"])


_MONEY, _QUANTITY, _RATE = _scale(MONEY), _scale(QUANTITY), _scale(RATE)


def _decimal(doc: Doc, name: str, extra: Doc, scale: tuple[Decimal, Decimal]) -> Decimal | None:
    value = doc.get(name)
    if value is None:
        return None
    number = value if type(value) is Decimal else _number(value)
    step, limit = scale
    if number is not None and -limit < number < limit:
        rounded = number.quantize(step, context=_EXACT)
        if abs(rounded) < limit:
            return rounded
    extra[name] = value
    return None


def _number(value: Any) -> Decimal | None:
    """A finite number, from a number or a text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() else None


def currency(doc: Doc, name: str, extra: Doc) -> str:
    """Three capital letters; or XXX, and `extra` has the original."""
    value = doc.get(name)
    code = value.strip().upper() if isinstance(value, str) else ""
    if len(code) == 3 and code.isascii() and code.isalpha():
        return code
    if value is not None:
        extra[name] = value
    return NO_CURRENCY


def instant(doc: Doc, name: str, extra: Doc) -> datetime | None:
    """A moment in UTC. A moment without a time zone counts as UTC."""
    value = doc.get(name)
    if value is None:
        return None
    moment = parse(value) if isinstance(value, str) else None
    if moment is None:
        extra[name] = value
    return moment


def day(doc: Doc, name: str, extra: Doc) -> date | None:
    """The day in Brazil, by the rule of `day_of`."""
    value = doc.get(name)
    if value is None:
        return None
    result = day_of(value) if isinstance(value, str) else None
    if result is None:
        extra[name] = value
    return result


def month(doc: Doc, name: str, extra: Doc) -> date | None:
    """The first day of a month, from `YYYY-MM`. A month that no bill can have, such as 0001-01, goes to `extra`."""
    value = doc.get(name)
    if value is None:
        return None
    first = parse(f"{value[:7]}-01") if isinstance(value, str) else None
    if first is None or first.year < FIRST_YEAR:
        extra[name] = value
        return None
    return first.date()


@lru_cache(maxsize=8192)
def parse(value: str) -> datetime | None:
    """ISO 8601, with or without a time or a time zone, as an aware datetime in UTC. None for any other text."""
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=8192)
def day_of(value: str) -> date | None:
    """Midnight in UTC means the date itself; any other instant means its day in São Paulo. None for any other text.

    Pluggy sends both T00:00:00.000Z and T03:00:00.000Z (midnight in São Paulo) for a date without a time. A time
    without a zone is local, so its date stays.
    """
    moment = parse(value)
    if moment is None:
        return None
    if is_midnight(moment) or not _ZONE.search(value):
        return moment.date()
    return _in_brazil(moment).date()


def is_midnight(moment: datetime) -> bool:
    """Whether the clock shows 0:00 exactly."""
    return moment.time() == time.min


def _in_brazil(moment: datetime) -> datetime:
    try:
        return moment.astimezone(BRAZIL)
    except OverflowError:  # the first hours of the year 1
        return moment


@lru_cache(maxsize=8192)
def clock_time(value: str) -> datetime | None:
    """The instant. None if it is only a date: midnight in UTC or in São Paulo."""
    moment = parse(value)
    if moment is None or is_midnight(moment) or is_midnight(_in_brazil(moment)):
        return None
    return moment


def part(doc: Doc, name: str) -> Doc:
    """A nested object; empty if there is none."""
    value = doc.get(name)
    return value if isinstance(value, dict) else {}


def words(doc: Doc, name: str) -> list[str]:
    """A list of enum values. Entries that are not text are left out."""
    value = doc.get(name)
    return [storable(entry) for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
