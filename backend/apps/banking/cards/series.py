"""Link the instalments of one purchase over all bills. Banks post all of them at once, month by month, or only the one
that is due; so some numbers have a row, and those after the last one are expected. No database here.

Rows are of one series if the card, the sign, the number of instalments and the words without the "3/5" are the same,
the amounts differ by rounding at most, no number occurs twice, and they are of one purchase: the bank names the same
day of purchase, or their days are as many months apart as their numbers, or all have one day.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import groupby

CENT = Decimal("0.01")
MONTH = 30.44
# Bills of one purchase come a month apart, but closings move; and zones move a day of purchase.
DAYS_OFF = 12
PURCHASE_OFF = 1
# More rows alike than this are linked by their day of purchase alone.
CROWD = 400

# A field of a class below is called `date`.
Day = date


@dataclass(frozen=True)
class Part:
    """A row that is one instalment. `owed` is positive for a purchase. `place` is the place of its cycle."""

    id: int
    number: int
    total: int
    owed: Decimal
    look: str
    date: Day
    place: int
    purchase: Day | None = None
    name: str = ""


@dataclass(frozen=True)
class Expected:
    """An instalment that the bank has not posted yet. `month` is when its bill is due, once the cycles say it."""

    number: int
    place: int
    owed: Decimal
    month: date | None = None


@dataclass
class Series:
    """The instalments of one purchase, by number, and those that are expected."""

    total: int
    parts: list[Part] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    stopped: bool = False

    @property
    def numbers(self) -> set[int]:
        """The numbers that have a row."""
        return {part.number for part in self.parts}

    @property
    def amount(self) -> Decimal:
        """What the purchase costs: all rows, and for each number without one the usual amount."""
        missing = 0 if self.stopped else self.total - len(self.parts)
        return sum((part.owed for part in self.parts), Decimal(0)) + missing * self.parts[-1].owed

    def misfit(self, part: Part) -> float | None:
        """How badly the part fits the series; None if it does not belong to it."""
        first = self.parts[0]
        if part.number in self.numbers or abs(part.owed - first.owed) > self.total * CENT:
            return None
        near = min(self.parts, key=lambda other: (abs(other.number - part.number), other.number))
        if _says(part) and _says(first):
            off = abs((part.purchase - first.purchase).days)  # type: ignore[operator]
            return off if off <= PURCHASE_OFF else None
        days = (part.date - near.date).days
        off_months = abs(days - MONTH * (part.number - near.number))
        if days == 0:
            return DAYS_OFF
        return off_months if off_months <= DAYS_OFF else None


def _says(part: Part) -> bool:
    """Whether the bank names the day of purchase. Some banks put the day of the charge there."""
    return part.purchase is not None and (part.number == 1 or part.purchase != part.date)


def link(parts: Iterable[Part]) -> list[Series]:
    """The series of these rows. The order of the rows makes no difference."""
    groups: dict[tuple[int, bool, str], list[Part]] = defaultdict(list)
    for part in parts:
        groups[part.total, part.owed > 0, part.look].append(part)
    return [series for group in groups.values() for series in _link_group(group)]


def _order(part: Part) -> tuple[int, date, Decimal, str, int]:
    return (part.number, part.date, part.owed, part.name, part.id)


def _link_group(group: list[Part]) -> list[Series]:
    group.sort(key=_order)
    if len(group) > CROWD:
        return _link_crowd(group)
    found: list[Series] = []
    for part in group:
        fits = [(off, n) for n, series in enumerate(found) if (off := series.misfit(part)) is not None]
        if fits:
            found[min(fits)[1]].parts.append(part)
        else:
            found.append(Series(part.total, [part]))
    return found


def _link_crowd(group: list[Part]) -> list[Series]:
    def key(part: Part) -> tuple[str, Decimal]:
        return (part.purchase.isoformat() if part.purchase else "", part.owed)

    found = []
    for _, alike in groupby(sorted(group, key=lambda part: (key(part), _order(part))), key=key):
        once: dict[int, Part] = {}
        for part in alike:
            if once.setdefault(part.number, part) is not part:
                found.append(Series(part.total, [part]))
        found.append(Series(group[0].total, sorted(once.values(), key=_order)))
    return found


def expect(series: Series, closed_before: int, last: int) -> Series:
    """Add the instalments that have no row yet. `closed_before` is the first cycle that is not closed.

    If the next one should have been in a closed bill and is not there, the purchase was cancelled or paid in advance,
    and none is expected. Missing numbers before the last one were due before the bank's history begins.
    """
    series.parts.sort(key=_order)
    top = series.parts[-1]
    series.stopped = top.number < series.total and top.place + 1 < closed_before
    if not series.stopped:
        ahead = range(top.number + 1, series.total + 1)
        every = [Expected(number, top.place + number - top.number, top.owed) for number in ahead]
        series.expected = [one for one in every if one.place <= last]
    return series
