"""Which charges recur, how often, and when the next one is due."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from apps.banking.cards.recurring import Charge, Every, recurring

TODAY = date(2026, 11, 22)


def charges(days, name="Streaming 12/34", amount="10.00", currency="BRL"):
    return [Charge(number, name, day, Decimal(amount), currency) for number, day in enumerate(days, 1)]


def months(day, number):
    return [date(2026, month, day) for month in range(11 - number, 11)]


@pytest.mark.parametrize(
    ("days", "every"),
    [
        (months(5, 3), Every.MONTH),
        ([date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 28), date(2026, 11, 2)], Every.MONTH),
        ([TODAY - timedelta(weeks=n) for n in range(4)], Every.WEEK),
        ([date(2024, 11, 20), date(2025, 11, 21)], Every.YEAR),
        (months(5, 2), None),
        ([TODAY - timedelta(days=n) for n in (0, 3, 30, 41, 90)], None),
        ([TODAY] * 5, None),
        ([TODAY - timedelta(days=n) for n in range(10)], None),
    ],
)
def test_a_rhythm_is_found(days, every):
    found = recurring(charges(days))
    assert [one.every for one in found] == ([every] if every else [])


def test_a_month_that_was_left_out_is_forgiven_once_there_are_enough():
    days = [date(2026, month, 5) for month in (1, 2, 3, 5, 6, 7, 8)]
    assert recurring(charges(days))[0].every is Every.MONTH
    assert not recurring(charges(days[:4]))


def test_the_usual_amount_and_the_next_day():
    rows = charges(months(5, 4))
    rows[-1] = Charge(9, "Streaming", rows[-1].day, Decimal("12.00"), "BRL")
    (found,) = recurring(rows)
    assert (found.amount, found.last.amount, found.is_fixed) == (Decimal("10.00"), Decimal("12.00"), False)
    assert found.next_day == date(2026, 11, 4)
    assert found.is_running(date(2026, 11, 18))
    assert not found.is_running(date(2026, 11, 19))


def test_other_words_and_other_currencies_are_other_charges():
    rows = (
        charges(months(5, 3))
        + charges(months(6, 3), name="Academia", amount="90")
        + charges(months(7, 3), currency="USD")
    )
    found = recurring(rows)
    assert (found[0].last.name, found[0].last.currency) == ("Academia", "BRL")
    assert len(found) == 3
    assert not recurring(charges(months(5, 3), name="123"))
