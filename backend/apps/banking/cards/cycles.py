"""The cycles of a card: from which day to which day each bill runs, and when it is due. No database here.

The bank's bills say it where there are any. Between and after them a cycle is a month long, on the same day. Banks send
closed bills only, and not all of them send the closing day, so a bill without one closes as many days before its due
date as the others do.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import median_low

# Days from closing to due date, if the bank says nothing. Brazilian cards have 5 to 10.
USUAL_GAP = 7
WIDEST_GAP = 25
# Two closings further apart than this have a month without a bill between them.
LONGEST = timedelta(days=45)
HALF = timedelta(days=15)
# Without bills, cycles go back as far as Pluggy's history. Instalments reach at most so far ahead.
BACK, AHEAD = 12, 100
# A day farther away than this is an error of the bank's.
FARTHEST = timedelta(days=20 * 365)
LAST_DAY = 31


class State(StrEnum):
    """Closed: the bank's bill is there. Awaited: the cycle has ended, and the bank has not sent the bill yet."""

    CLOSED = "closed"
    AWAITED = "awaited"
    OPEN = "open"
    FUTURE = "future"


@dataclass(frozen=True)
class BankBill:
    """A bill as the bank sent it."""

    pk: int
    vendor_id: str
    due: date | None
    closes: date | None
    total: Decimal | None


@dataclass(frozen=True)
class Cycle:
    """The days of one bill, both included, and its due date. `key` names it in an address: the month it is due in."""

    opens: date
    closes: date
    due: date
    state: State
    bill: BankBill | None = None
    key: str = ""

    @property
    def month(self) -> date:
        """The first day of the month in which the bill is due."""
        return self.due.replace(day=1)


@dataclass(frozen=True)
class Cycles:
    """All cycles of a card, oldest first. `open` is the place of the open one."""

    all: tuple[Cycle, ...]
    open: int

    def find(self, key: str) -> int | None:
        """The place of the cycle with that key."""
        return next((n for n, cycle in enumerate(self.all) if cycle.key == key), None)


def add_months(day: date, months: int, on: int = 0) -> date:
    """The same day (or day `on`) so many months later; the last day of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(on or day.day, monthrange(year, month + 1)[1]))


def make_cycles(bills: Iterable[BankBill], closes: date | None, due: date | None, today: date) -> Cycles:
    """The cycles of a card by its bills and by the dates that its account names for the bill that comes."""
    bills = [bill for bill in bills if all(_is_sane(day, today) for day in (bill.due, bill.closes))]
    closes, due = (day if _is_sane(day, today) else None for day in (closes, due))
    gap = _gap(bills, closes, due)
    past = _filled(_known(bills, gap), gap)
    cycles = _numbered(_opened(_extended(past, closes, due, gap, today)))
    first_open = next(n for n, cycle in enumerate(cycles) if cycle.closes >= today)
    return Cycles(tuple(_stated(cycle, n, first_open) for n, cycle in enumerate(cycles)), first_open)


def _is_sane(day: date | None, today: date) -> bool:
    return day is None or abs(day - today) < FARTHEST


def _gap(bills: list[BankBill], closes: date | None, due: date | None) -> int:
    pairs = [(bill.closes, bill.due) for bill in bills] + [(closes, due)]
    gaps = [(end - start).days for start, end in pairs if start and end and 0 < (end - start).days <= WIDEST_GAP]
    return median_low(gaps) if gaps else USUAL_GAP


def _known(bills: list[BankBill], gap: int) -> list[Cycle]:
    cycles = []
    for bill in bills:
        closes = bill.closes or (bill.due - timedelta(gap) if bill.due else None)
        if closes:
            due = bill.due or closes + timedelta(gap)
            cycles.append(Cycle(closes, closes, due, State.CLOSED, bill))
    return sorted(cycles, key=lambda cycle: (cycle.closes, cycle.due, cycle.bill.pk if cycle.bill else 0))


def _filled(known: list[Cycle], gap: int) -> list[Cycle]:
    """The bank sends no bill for a month without purchases; that month is a cycle nevertheless."""
    cycles: list[Cycle] = []
    for cycle in known:
        while cycles and cycle.closes - cycles[-1].closes > LONGEST:
            cycles.append(_plain(add_months(cycles[-1].closes, 1), gap))
        cycles.append(cycle)
    return cycles


def _plain(closes: date, gap: int, due: date | None = None) -> Cycle:
    return Cycle(closes, closes, due or closes + timedelta(gap), State.OPEN)


def _extended(past: list[Cycle], closes: date | None, due: date | None, gap: int, today: date) -> list[Cycle]:
    """With the cycles after the last bill, up to AHEAD months after today."""
    if past:
        start, day = past[-1].closes, _usual_day(past)
    else:
        day = closes.day if closes else LAST_DAY
        start = add_months(today, -BACK, day)
    cycles, count = list(past), 1
    while len(cycles) < AHEAD or cycles[-AHEAD].closes < today:
        end = add_months(start, count, day)
        is_named = (
            closes is not None and abs(closes - end) < timedelta(15) and (not cycles or closes > cycles[-1].closes)
        )
        named = closes if is_named and closes else end
        cycles.append(_plain(named, gap, due if is_named and due and due > named else None))
        count += 1
    return cycles


def _usual_day(past: list[Cycle]) -> int:
    """The day on which most of the last bills closed; weekends and holidays move some of them."""
    days = Counter(cycle.closes.day for cycle in past[-6:])
    return max(days, key=lambda day: (days[day], day))


def _opened(cycles: list[Cycle]) -> list[Cycle]:
    opens = [add_months(cycles[0].closes, -1) + timedelta(1), *(cycle.closes + timedelta(1) for cycle in cycles)]
    return [replace(cycle, opens=start) for cycle, start in zip(cycles, opens, strict=False)]


def _numbered(cycles: list[Cycle]) -> list[Cycle]:
    """Two bills can be due in one month, when the bank moves the due date: the second one's key is 2026-11.2."""
    seen: Counter[str] = Counter()
    keyed = []
    for cycle in cycles:
        name = f"{cycle.due:%Y-%m}"
        seen[name] += 1
        keyed.append(replace(cycle, key=name if seen[name] == 1 else f"{name}.{seen[name]}"))
    return keyed


def _stated(cycle: Cycle, n: int, first_open: int) -> Cycle:
    if n >= first_open:
        return replace(cycle, state=State.OPEN if n == first_open else State.FUTURE)
    return replace(cycle, state=State.CLOSED if cycle.bill else State.AWAITED)
