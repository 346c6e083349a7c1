"""Instalments of one purchase are linked over the bills, and those to come are expected once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.banking.cards.cycles import add_months
from apps.banking.cards.series import CROWD, Part, expect, link

BOUGHT = date(2026, 8, 15)


def part(number: int, total: int = 3, bought: date | None = BOUGHT, owed: str = "33.33", **more) -> Part:
    months = number - 1
    given = {"look": "loja", "date": add_months(BOUGHT, months), "place": 10 + months, "purchase": bought, **more}
    return Part(given.pop("id", number), number, total, Decimal(owed), given.pop("look"), **given)


def numbers(parts: list[Part]) -> list[list[int]]:
    return sorted([one.number for one in series.parts] for series in link(parts))


def test_monthly_instalments_are_one_purchase():
    assert numbers([part(3), part(1, owed="33.34"), part(2)]) == [[1, 2, 3]]


def test_without_a_day_of_purchase_the_months_between_the_rows_decide():
    assert numbers([part(n, bought=None) for n in (1, 2, 3)]) == [[1, 2, 3]]
    other = part(2, bought=None, id=9, date=date(2026, 12, 15))
    assert numbers([part(1, bought=None), other]) == [[1], [2]]


def test_instalments_that_the_bank_posts_at_once_are_one_purchase():
    assert numbers([part(n, bought=None, date=BOUGHT) for n in (1, 2, 3)]) == [[1, 2, 3]]
    assert numbers([part(n, date=BOUGHT) for n in (1, 2, 3)]) == [[1, 2, 3]]


def test_a_day_of_the_charge_in_place_of_the_purchase_is_not_trusted():
    rows = [part(n) for n in (1, 2, 3)]
    assert numbers([replace(row, purchase=row.date) for row in rows]) == [[1, 2, 3]]


@pytest.mark.parametrize(
    "other",
    [
        part(2, total=4),
        part(2, look="outra"),
        part(2, owed="34.00"),
        part(2, owed="-33.33"),
        part(2, bought=date(2026, 8, 20)),
        part(1, id=7),
    ],
)
def test_these_are_two_purchases(other):
    assert len(link([part(1), other])) == 2


def test_two_equal_purchases_of_one_day_are_two_series():
    rows = [part(n, id=10 * twin + n) for n in (1, 2, 3) for twin in (1, 2)]
    assert numbers(rows) == [[1, 2, 3], [1, 2, 3]]


def test_instalments_to_come_are_expected_after_the_last_that_has_a_row():
    series = expect(link([part(1, 5), part(2, 5)])[0], closed_before=11, last=100)
    assert [(one.number, one.place) for one in series.expected] == [(3, 12), (4, 13), (5, 14)]
    assert series.amount == Decimal("166.65")


def test_an_instalment_that_has_a_row_is_never_expected():
    series = expect(link([part(n, 5) for n in range(1, 6)])[0], closed_before=11, last=100)
    assert series.expected == []
    assert series.amount == Decimal("166.65")


def test_where_the_bank_posts_only_the_current_one_the_others_are_expected():
    series = expect(link([part(4, 6)])[0], closed_before=14, last=100)
    assert [(one.number, one.place) for one in series.expected] == [(5, 14), (6, 15)]


def test_a_purchase_whose_next_instalment_is_in_no_closed_bill_has_ended():
    series = expect(link([part(1, 5), part(2, 5)])[0], closed_before=13, last=100)
    assert (series.stopped, series.expected) == (True, [])
    assert series.amount == Decimal("66.66")


def test_nothing_is_expected_after_the_last_cycle():
    series = expect(link([part(1, 99)])[0], closed_before=10, last=12)
    assert [one.place for one in series.expected] == [11, 12]


def test_a_crowd_of_alike_rows_takes_linear_time():
    rows = [part(n % 3 + 1, id=n, name=str(n)) for n in range(CROWD * 50)]
    assert sum(len(series.parts) for series in link(rows)) == len(rows)


drawn = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 2), st.sampled_from(["10.00", "10.01", "50.00"]), st.booleans()),
    max_size=14,
)


@settings(max_examples=200)
@given(drawn, st.randoms(use_true_random=False))
def test_each_row_is_in_one_series_whatever_the_order(rows, dice):
    parts = [
        part(
            number,
            4,
            add_months(BOUGHT, shift) if says else None,
            owed,
            id=n,
            name=str(n),
            date=add_months(BOUGHT, number - 1 + shift),
        )
        for n, (number, shift, owed, says) in enumerate(rows)
    ]
    found = link(parts)
    assert sorted(one.id for series in found for one in series.parts) == list(range(len(parts)))
    for series in found:
        assert len(series.numbers) == len(series.parts)
    shuffled = list(parts)
    dice.shuffle(shuffled)
    again = link(shuffled)
    assert {frozenset(one.id for one in s.parts) for s in again} == {
        frozenset(one.id for one in s.parts) for s in found
    }
    for series in found:
        expect(series, 0, 200)
        assert not series.numbers & {one.number for one in series.expected}
