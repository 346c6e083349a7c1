"""The rows of a card, and the cycle into which each falls; sums of them are made in the database.

1. The bill that the bank names (billId) is the truth, if the bank sent that bill.
2. Else the month in which the bank expects the row to be due (billForecastDate).
3. Else the day of posting (billPostDate, else the row's day) between the closings. The day of closing belongs to the
   bill that closes. An instalment that the bank posted with the purchase counts as many months later as its number is.

A row without a billId that would fall into the last five days of a closed bill whose other rows have one came too late
for it, and falls into the next.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from apps.banking.cards.cycles import BankBill, Cycles, State, make_cycles
from apps.banking.cards.instalments import look
from apps.banking.cards.series import Part
from apps.banking.models import Account, CreditCardBill, Transaction

BRAZIL = ZoneInfo("America/Sao_Paulo")
# A row this close before the closing may be too late for the bill.
LATE = timedelta(days=5)
# The rows of a bill can be dated this long before it opens: the bank posts some of them late.
EARLIER = timedelta(days=45)


@dataclass(frozen=True)
class Card:
    """A card account with its cycles, and with which closed bills the bank names in their rows."""

    account: Account
    cycles: Cycles
    tagged: frozenset[str]
    today: date

    @property
    def parameters(self) -> dict[str, Any]:
        """The cycles as arrays, for the expressions below."""
        cycles = self.cycles.all
        is_tagged = [cycle.bill.vendor_id in self.tagged if cycle.bill else False for cycle in cycles]
        closed = [cycle.state is State.CLOSED for cycle in cycles]
        return {
            "account": self.account.pk,
            "ids": [cycle.bill.vendor_id if cycle.bill else "" for cycle in cycles],
            "months": [cycle.month for cycle in cycles],
            "opens": [cycle.opens for cycle in cycles],
            "late": [
                cycle.closes - LATE if tagged and shut else date.max
                for cycle, tagged, shut in zip(cycles, is_tagged, closed, strict=True)
            ],
            "currency": self.account.currency_code,
        }


@dataclass(frozen=True)
class Sums:
    """What the rows of one cycle add up to. Amounts are positive where the client owes them.

    `owed` counts all rows but payments, so refunds reduce it. `without_bill` is the part of it that no billId
    confirms. `unconverted` rows are in a foreign currency, and the bank sent no amount in the account's.
    """

    owed: Decimal = Decimal(0)
    count: int = 0
    refunds: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    payments: Decimal = Decimal(0)
    pending: Decimal = Decimal(0)
    without_bill: Decimal = Decimal(0)
    without_bill_count: int = 0
    unconverted: int = 0


@dataclass(frozen=True)
class Line:
    """A row of a bill. `day` is the day that decides its bill; `owed` is None if the bank did not convert it."""

    row: Transaction
    day: date
    owed: Decimal | None
    is_payment: bool


@dataclass(frozen=True)
class LinePage:
    """Some lines of a bill. `next` is where the next page begins; empty on the last page."""

    lines: list[Line]
    next: str = ""


def today_in_brazil() -> date:
    """The day in São Paulo."""
    return timezone.localdate(timezone=BRAZIL)


def read_card(account: Account, today: date | None = None) -> Card:
    """The card's cycles, by the bills that the bank has sent."""
    today = today or today_in_brazil()
    rows = CreditCardBill.objects.live().filter(account=account)
    bills = [BankBill(*row) for row in rows.values_list("pk", "vendor_id", "due_date", "closing_date", "total_amount")]
    cycles = make_cycles(bills, account.balance_close_date, account.balance_due_date, today)
    return Card(account, cycles, _tagged(account, [bill.vendor_id for bill in bills]), today)


def _tagged(account: Account, ids: list[str]) -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(_TAGGED, {"account": account.pk, "ids": ids})
        return frozenset(row[0] for row in cursor.fetchall())


def sums(card: Card, first: int = 0) -> dict[int, Sums]:
    """The sums of each cycle from the place `first`, by its place. A cycle without rows is missing."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {**card.parameters, **_reach(card, first)})
        return {n - 1: Sums(*figures) for n, *figures in cursor.fetchall() if n and n > first}


def bill_lines(card: Card, place: int, after: str = "", size: int = 50) -> LinePage:
    """The rows of one cycle, payments included, newest first. `after` is the `next` of the page before.

    Raises ValueError for an `after` that no page gave out.
    """
    day, pk = _read_cursor(after)
    given = {**card.parameters, **_reach(card, place), "number": place + 1, "day": day, "pk": pk, "size": size + 1}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, given)
        found = cursor.fetchall()
    rows = Transaction.objects.select_related("user_category").in_bulk([row[0] for row in found[:size]])
    lines = [Line(rows[row_id], day, owed, is_payment) for row_id, day, owed, is_payment in found[:size]]
    last = found[size - 1] if len(found) > size else None
    return LinePage(lines, f"{last[1].isoformat()}_{last[0]}" if last else "")


def _read_cursor(after: str) -> tuple[date, int]:
    if not after:
        return date.max, 0
    day, _, pk = after.partition("_")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        raise ValueError("not a place in this list")
    return date.fromisoformat(day), int(pk)


def instalments(card: Card, of: int = 0) -> list[Part]:
    """The rows of the card that are instalments, with their cycles; or only those of `of` instalments."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, {**card.parameters, "of": of})
        rows = cursor.fetchall()
    return [
        Part(pk, number, total, owed, look(text), day, place, purchase, name)
        for pk, number, total, owed, text, day, place, purchase, name in rows
    ]


def _reach(card: Card, first: int) -> dict[str, Any]:
    """The rows that can fall into the cycle `first` or a later one."""
    cycles = card.cycles.all[first:]
    ids = [cycle.bill.vendor_id for cycle in cycles if cycle.bill]
    return {"since": cycles[0].opens - EARLIER, "named": ids}


_DAY = """(CASE
    WHEN installment_number BETWEEN 2 AND 99 AND coalesce(bill_post_date, date)
         < purchase_date + make_interval(months => installment_number - 1) - interval '15 days'
    THEN (purchase_date + make_interval(months => installment_number - 1))::date
    ELSE coalesce(bill_post_date, date) END)"""

_BY_RULE = f"""coalesce(
    array_position(%(months)s::date[], bill_month),
    nullif(width_bucket({_DAY}, %(opens)s::date[]), 0))"""

_NUMBER = f"""coalesce(
    array_position(%(ids)s::text[], nullif(bill_id, '')::text),
    {_BY_RULE} + ({_DAY} >= (%(late)s::date[])[{_BY_RULE}])::int)"""

_VALUE = """(CASE
    WHEN amount_in_account_currency IS NOT NULL THEN amount_in_account_currency
    WHEN currency_code IN (%(currency)s, 'XXX') THEN amount END)"""

_KIND = "coalesce(nullif(user_kind, ''), kind)"

# Instalments are dated far from their bills, so all of them are looked at. Each condition has an index.
_NEAR = """account_id = %(account)s AND deleted_at IS NULL
    AND (date >= %(since)s OR (bill_id <> '' AND bill_id = ANY(%(named)s)) OR total_installments > 1)"""

_TAGGED = """
    SELECT name FROM unnest(%(ids)s::text[]) AS name WHERE EXISTS (
        SELECT FROM banking_transaction WHERE account_id = %(account)s AND bill_id = name AND bill_id <> ''
        AND deleted_at IS NULL
    )
"""

# Built from the constants above; all values are parameters.
_SUMS = f"""
    WITH line AS (
        SELECT {_NUMBER} AS number, -{_VALUE} AS owed, {_KIND} AS said, status, bill_id = '' AS is_free
        FROM banking_transaction WHERE {_NEAR}
    )
    SELECT number,
           coalesce(sum(owed) FILTER (WHERE said <> 'bill_payment'), 0),
           count(*) FILTER (WHERE said <> 'bill_payment'),
           coalesce(-sum(owed) FILTER (WHERE said = 'refund'), 0),
           coalesce(sum(owed) FILTER (WHERE said = 'fee'), 0),
           coalesce(-sum(owed) FILTER (WHERE said = 'bill_payment'), 0),
           coalesce(sum(owed) FILTER (WHERE said <> 'bill_payment' AND status = 'PENDING'), 0),
           coalesce(sum(owed) FILTER (WHERE said <> 'bill_payment' AND is_free), 0),
           count(*) FILTER (WHERE said <> 'bill_payment' AND is_free),
           count(*) FILTER (WHERE said <> 'bill_payment' AND owed IS NULL)
    FROM line GROUP BY number
"""  # noqa: S608

_LINES = f"""
    SELECT id, day, owed, said = 'bill_payment' FROM (
        SELECT id, {_DAY} AS day, -{_VALUE} AS owed, {_KIND} AS said
        FROM banking_transaction WHERE {_NEAR} AND {_NUMBER} = %(number)s
    ) AS line
    WHERE (day, -id) < (%(day)s::date, -%(pk)s::bigint) OR %(pk)s = 0
    ORDER BY day DESC, id ASC LIMIT %(size)s
"""  # noqa: S608

_PARTS = f"""
    SELECT id, installment_number, total_installments, -{_VALUE}, description, {_DAY}, coalesce({_NUMBER}, 0) - 1,
           purchase_date, vendor_id
    FROM banking_transaction
    WHERE account_id = %(account)s AND deleted_at IS NULL AND total_installments > 1
      AND total_installments <= 99 AND installment_number BETWEEN 1 AND total_installments
      AND {_KIND} <> 'bill_payment' AND {_VALUE} IS NOT NULL AND (%(of)s = 0 OR total_installments = %(of)s)
"""  # noqa: S608
