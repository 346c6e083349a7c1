"""Find charges that come again and again: subscriptions, rent, bills of the house. No database here.

Charges belong together if they have the same words and the same currency. They recur if their days are a week, a month
or a year apart, most of the time; a bank may book a charge some days later than usual.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from statistics import median, median_low

from apps.banking.cards.words import letters

# Of the gaps between charges, so many must fit.
FITTING = 0.75


class Every(StrEnum):
    """How often a charge comes."""

    WEEK = "weekly"
    MONTH = "monthly"
    YEAR = "yearly"


@dataclass(frozen=True)
class Rhythm:
    """Days between two charges, how far off they may be, and how many charges prove it."""

    days: float
    off: int
    least: int


RHYTHMS = {Every.WEEK: Rhythm(7, 2, 4), Every.MONTH: Rhythm(30.44, 7, 3), Every.YEAR: Rhythm(365.25, 20, 2)}


@dataclass(frozen=True)
class Charge:
    """One transaction. `amount` is positive for money that went out."""

    id: int
    name: str
    day: date
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Recurring:
    """Charges that come again. `amount` is the usual one, of the last charges; `charges` are the oldest first."""

    every: Every
    charges: tuple[Charge, ...]

    @property
    def last(self) -> Charge:
        """The newest one."""
        return self.charges[-1]

    @property
    def amount(self) -> Decimal:
        """What it usually costs."""
        return median_low(charge.amount for charge in self.charges[-3:])

    @property
    def is_fixed(self) -> bool:
        """Whether it always costs the same."""
        return len({charge.amount for charge in self.charges[-3:]}) == 1

    @property
    def next_day(self) -> date:
        """When it is expected again."""
        return self.last.day + timedelta(days=round(RHYTHMS[self.every].days))

    def is_running(self, today: date) -> bool:
        """Whether the next one is not long overdue."""
        return today <= self.next_day + timedelta(days=2 * RHYTHMS[self.every].off)


def recurring(charges: Iterable[Charge]) -> list[Recurring]:
    """The charges that recur, the most expensive first."""
    groups: dict[tuple[str, str], list[Charge]] = defaultdict(list)
    for charge in charges:
        if look := _look(charge.name):
            groups[look, charge.currency].append(charge)
    found = [one for group in groups.values() if (one := _recurring(group))]
    return sorted(found, key=lambda one: (one.amount * _per_year(one.every), one.last.id), reverse=True)


def _look(name: str) -> str:
    """The words without digits, which are often a date or a number of the charge."""
    return "".join(sign for sign in letters(name) if not sign.isdigit())


def _recurring(group: list[Charge]) -> Recurring | None:
    by_day = {charge.day: charge for charge in sorted(group, key=lambda charge: (charge.day, charge.id))}
    days = sorted(by_day)
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    if not gaps:
        return None
    for every, rhythm in RHYTHMS.items():
        fitting = sum(abs(gap - rhythm.days) <= rhythm.off for gap in gaps)
        is_usual = abs(median(gaps) - rhythm.days) <= rhythm.off
        if len(days) >= rhythm.least and is_usual and fitting >= FITTING * len(gaps):
            return Recurring(every, tuple(by_day[day] for day in days))
    return None


def _per_year(every: Every) -> int:
    return round(365.25 / RHYTHMS[every].days)
