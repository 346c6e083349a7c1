"""How rows look in answers: as in the REST API, without what is empty, and with amounts in people's form too."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from rest_framework.serializers import BaseSerializer, Serializer

from apps.agents.failures import Refusal
from apps.api.fields import Money
from lib.keyset import BadCursor, Keyset, Page
from lib.pages import display

_EMPTY: tuple[Any, ...] = (None, "", [], {})
_MONEY = Money()


def compact(**columns: Any) -> dict[str, Any]:
    """The columns that are not empty: each costs the model's attention."""
    return {name: value for name, value in columns.items() if value not in _EMPTY}


def amounts(currency: str, **columns: Decimal | None) -> dict[str, str]:
    """Each amount as decimal text, and formatted in the person's language; none for an amount that is missing."""
    shown: dict[str, str] = {}
    for name, value in columns.items():
        if value is not None:
            shown[name] = _MONEY.to_representation(value)
            shown[f"{name}_formatted"] = display.money(value, currency)
    return shown


def sums(totals: Iterable[tuple[Decimal, str]], name: str = "total") -> list[dict[str, str]]:
    """A total for each currency."""
    return [{"currency_code": currency, **amounts(currency, **{name: total})} for total, currency in totals]


def rows_of(shape: type[Serializer[Any]], rows: Iterable[Any], currency: str = "") -> list[dict[str, Any]]:
    """The rows as the REST API has them. `currency` is that of rows without one of their own."""
    serializer = shape()
    return [
        dict(_columns(serializer, serializer.to_representation(row), currency or row.currency_code)) for row in rows
    ]


def _columns(shape: BaseSerializer[Any], data: Mapping[str, Any], currency: str) -> Iterator[tuple[str, Any]]:
    fields: Mapping[str, Any] = shape.fields  # type: ignore[attr-defined]
    for name, field in fields.items():
        value = data[name]
        if value in _EMPTY:
            continue
        if isinstance(field, Serializer):
            yield name, dict(_columns(field, value, currency))
            continue
        yield name, value
        if isinstance(field, Money):
            yield f"{name}_formatted", display.money(Decimal(value), currency)


def page_of(order: Keyset, rows: Any, asked: Any) -> Page[Any]:
    """A page of rows. Raises Refusal for a cursor of another list."""
    try:
        return order.page(rows, asked.cursor or "", size=asked.limit)
    except BadCursor:
        raise bad_cursor() from None


def bad_cursor() -> Refusal:
    """The error for a cursor that no answer gave out."""
    return Refusal("INVALID_INPUT", "The cursor is not of this list.", "Call again without it.", {"cursor": "unknown"})


def cut_after(number: int, more: object) -> str:
    """What an answer says if there is more; empty if it is complete."""
    return (
        f"CUT: only {number} rows are here, and there are more. Do not add them up as if they were all." if more else ""
    )


def one(rows: Any, pk: int, what: str) -> Any:
    """The row with this id. Raises Refusal, also for a row of another client."""
    row = rows.filter(pk=pk).first()
    if row is None:
        advice = f"List the {what}s, and use an id of that list."
        raise Refusal("NOT_FOUND", f"There is no such {what}.", advice, {"id": pk})
    return row


def day(value: date | None) -> str | None:
    """A day as ISO 8601."""
    return value.isoformat() if value else None
