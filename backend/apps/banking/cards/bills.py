"""The bills of a card: closed ones with their proof, the open one as an estimate; and what is owed in coming months.

Hidden rows count here, because they count for the bank.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from apps.banking.cards.cycles import Cycle, State
from apps.banking.cards.lines import Card, LinePage, Sums, bill_lines, instalments, read_card, sums
from apps.banking.cards.proof import Cause, Part, Proof, prove
from apps.banking.cards.series import Series, expect, link
from apps.banking.models import Account, CreditCardBill, Transaction

NOTHING = Decimal(0)
# So many bills before the open one are listed, and so many after it.
BEFORE, AFTER = 24, 24


@dataclass(frozen=True)
class Bill:
    """One bill of a card. `expected` is what instalments will add that the bank has not posted yet.

    `proof` is None unless the bill is closed and the bank sent its total.
    """

    account: Account
    place: int
    cycle: Cycle
    sums: Sums
    expected: Decimal = NOTHING
    proof: Proof | None = None

    @property
    def key(self) -> str:
        """The bill's name in an address: 2026-11."""
        return self.cycle.key

    @property
    def is_estimate(self) -> bool:
        """Whether the amount is not the bank's own."""
        return self.cycle.state is not State.CLOSED or self.bank_total is None

    @property
    def bank_total(self) -> Decimal | None:
        """The total that the bank sent."""
        return self.cycle.bill.total if self.cycle.bill else None

    @property
    def amount(self) -> Decimal:
        """The bank's total of a closed bill; else the rows so far, and the instalments that are expected."""
        if self.bank_total is not None and not self.is_estimate:
            return self.bank_total
        return self.sums.owed + self.expected


@dataclass(frozen=True)
class Month:
    """What is owed in one month, over all cards: posted rows, expected instalments, and closed bills still to pay."""

    month: date
    posted: Decimal = NOTHING
    expected: Decimal = NOTHING
    to_pay: Decimal = NOTHING
    cards: dict[int, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.posted + self.expected + self.to_pay


def bills_of(account: Account, today: date | None = None) -> list[Bill]:
    """The bills of a card, newest first: those ahead that have rows or instalments, the open one, 24 before it."""
    card = read_card(account, today)
    first = max(0, card.cycles.open - BEFORE)
    added, ahead = sums(card, first), _ahead(series_of_card(card))
    bills = [
        Bill(account, place, cycle, added.get(place, Sums()), ahead.get(place, NOTHING))
        for place, cycle in enumerate(card.cycles.all[: card.cycles.open + AFTER])
        if place >= first and _is_shown(card, place, added, ahead)
    ]
    return bills[::-1]


def _is_shown(card: Card, place: int, added: dict[int, Sums], ahead: dict[int, Decimal]) -> bool:
    return place == card.cycles.open or card.cycles.all[place].bill is not None or place in added or place in ahead


def find_bill(account: Account, key: str, today: date | None = None) -> tuple[Card, Bill] | None:
    """The bill with that key, proved if it is closed; None if the card has none."""
    card = read_card(account, today)
    place = card.cycles.find(key)
    if place is None:
        return None
    first = max(0, place - 1)
    added, ahead = sums(card, first), _ahead(series_of_card(card))
    if not _is_shown(card, place, added, ahead):
        return None
    bill = Bill(account, place, card.cycles.all[place], added.get(place, Sums()), ahead.get(place, NOTHING))
    return card, replace(bill, proof=_prove(card, bill, added.get(place - 1, Sums())))


def lines_of(card: Card, bill: Bill, after: str = "", size: int = 50) -> LinePage:
    """The bill's rows, newest first, from `after`. Raises ValueError for an `after` that no page gave out."""
    return bill_lines(card, bill.place, after, size)


def _prove(card: Card, bill: Bill, before: Sums) -> Proof | None:
    total = bill.bank_total
    if total is None or bill.is_estimate or bill.cycle.bill is None:
        return None
    places = card.cycles.all[max(0, bill.place - 1) : bill.place + 1]
    rows = CreditCardBill.objects.in_bulk([cycle.bill.pk for cycle in places if cycle.bill])
    extra = rows[bill.cycle.bill.pk].extra
    parts = [
        Part(Cause.CHARGES, _sum(extra.get("financeCharges"))),
        Part(Cause.CARRIED, _carried(card, bill, rows, _sum(extra.get("payments")))),
        Part(Cause.PAID, -bill.sums.payments),
        Part(Cause.UNCONFIRMED, -bill.sums.without_bill),
    ]
    return prove(total, bill.sums.owed, parts, bill.sums.unconverted)


def _carried(card: Card, bill: Bill, rows: dict[int, CreditCardBill], paid: Decimal) -> Decimal:
    """What the bill before left: its total without the payments of this cycle, which the bank lists with this bill."""
    previous = card.cycles.all[bill.place - 1].bill if bill.place else None
    if previous is None or previous.total is None or previous.pk not in rows:
        return NOTHING
    early = _sum(rows[previous.pk].extra.get("payments"))
    return previous.total - (max(paid, bill.sums.payments) or early)


def _sum(entries: Any) -> Decimal:
    """The amounts of charges or payments, as the bank sent them."""
    amounts = [entry.get("amount") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    good = [Decimal(amount) for amount in amounts if isinstance(amount, int | Decimal) and not isinstance(amount, bool)]
    return sum(good, NOTHING)


def series_of_card(card: Card, of: int = 0) -> list[Series]:
    """All instalment purchases of the card, with the instalments that are expected."""
    cycles = card.cycles
    closed = [place for place, cycle in enumerate(cycles.all) if cycle.state is State.CLOSED]
    # A bill that the bank has not sent a month after its closing will not come.
    closed_before = max(closed[-1] + 1 if closed else 0, cycles.open - 1)
    found = [expect(series, closed_before, len(cycles.all) - 1) for series in link(instalments(card, of))]
    for series in found:
        series.expected = [replace(one, month=cycles.all[one.place].month) for one in series.expected]
    return found


def series_of(row: Transaction, today: date | None = None) -> Series | None:
    """The purchase of which `row` is an instalment; None if it is none."""
    if not row.total_installments or row.total_installments < 2 or not row.account.is_card:
        return None
    found = series_of_card(read_card(row.account, today), of=row.total_installments)
    return next((series for series in found if row.pk in {part.id for part in series.parts}), None)


def _ahead(found: Iterable[Series]) -> dict[int, Decimal]:
    """What the expected instalments add to each cycle."""
    added: dict[int, Decimal] = defaultdict(Decimal)
    for series in found:
        for one in series.expected:
            added[one.place] += one.owed
    return added


def coming_months(accounts: Iterable[Account], today: date | None = None) -> list[Month]:
    """What is owed in each month from now on, over these cards. Months without anything owed are left out.

    A posted row counts in its bill; an instalment is expected only if it has no row; a closed bill counts with what is
    left to pay, until its due date. So nothing counts twice.
    """
    months: dict[date, Month] = {}
    for account in accounts:
        for month in _months_of(read_card(account, today)):
            months[month.month] = _joined(months.get(month.month), month)
    return [months[key] for key in sorted(months) if months[key].total]


def _joined(one: Month | None, other: Month) -> Month:
    if one is None:
        return other
    cards = dict(one.cards)
    for pk, amount in other.cards.items():
        cards[pk] = cards.get(pk, NOTHING) + amount
    added = (one.posted + other.posted, one.expected + other.expected, one.to_pay + other.to_pay)
    return Month(one.month, *added, cards)


def _months_of(card: Card) -> Iterable[Month]:
    first = max(0, card.cycles.open - 2)
    added, ahead = sums(card, first), _ahead(series_of_card(card))
    for place in range(first, len(card.cycles.all)):
        cycle, of_cycle = card.cycles.all[place], added.get(place, Sums())
        if cycle.state is State.CLOSED:
            month = Month(cycle.month, to_pay=_left_to_pay(card, place, added))
        elif cycle.due >= card.today:
            month = Month(cycle.month, of_cycle.owed, ahead.get(place, NOTHING))
        else:
            continue
        if month.total:
            yield replace(month, cards={card.account.pk: month.total})


def _left_to_pay(card: Card, place: int, added: dict[int, Sums]) -> Decimal:
    """What is left of a closed bill that is not due yet: payments arrive in the cycles after it."""
    cycle = card.cycles.all[place]
    if cycle.due < card.today or cycle.bill is None or cycle.bill.total is None:
        return NOTHING
    paid = sum((added[n].payments for n in added if n > place), NOTHING)
    return max(NOTHING, cycle.bill.total - paid)
