"""The days of each bill: by the bank's bills, by the account's dates, and by neither."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.banking.cards.cycles import BankBill, State, add_months, make_cycles

TODAY = date(2026, 11, 22)


def bank_bill(pk: int, due: date | None, closes: date | None = None) -> BankBill:
    return BankBill(pk, f"bill-{pk}", due, closes, Decimal(100))


def test_closed_bills_come_from_the_bank_and_the_open_one_follows():
    bills = [bank_bill(1, date(2026, 10, 10), date(2026, 10, 3)), bank_bill(2, date(2026, 11, 10), date(2026, 11, 3))]
    cycles = make_cycles(bills, None, None, TODAY)
    first, second, open_one, future = cycles.all[:4]
    assert (first.key, first.opens, first.closes, first.state) == (
        "2026-10",
        date(2026, 9, 4),
        date(2026, 10, 3),
        "closed",
    )
    assert (second.opens, second.closes, second.bill) == (date(2026, 10, 4), date(2026, 11, 3), bills[1])
    assert (open_one.key, open_one.opens, open_one.closes) == ("2026-12", date(2026, 11, 4), date(2026, 12, 3))
    assert (open_one.due, open_one.state, open_one.bill) == (date(2026, 12, 10), State.OPEN, None)
    assert (future.key, future.state) == ("2027-01", State.FUTURE)
    assert cycles.open == 2
    assert cycles.find("2026-12") == 2
    assert cycles.find("2019-01") is None


def test_a_bill_without_a_closing_day_closes_as_long_before_its_due_date_as_the_others():
    bills = [bank_bill(1, date(2026, 10, 15), date(2026, 10, 5)), bank_bill(2, date(2026, 11, 16))]
    cycles = make_cycles(bills, None, None, TODAY)
    assert cycles.all[1].closes == date(2026, 11, 6)
    assert make_cycles([bank_bill(1, date(2026, 11, 15))], None, None, TODAY).all[0].closes == date(2026, 11, 8)


def test_a_bill_that_the_bank_sends_before_it_closes_is_open():
    cycles = make_cycles([bank_bill(1, date(2026, 12, 10), date(2026, 12, 3))], None, None, TODAY)
    assert (cycles.all[0].state, cycles.open) == (State.OPEN, 0)


def test_on_its_closing_day_a_bill_is_still_open():
    bills = [bank_bill(1, date(2026, 11, 29), TODAY)]
    assert make_cycles(bills, None, None, TODAY).all[0].state == State.OPEN
    assert make_cycles(bills, None, None, TODAY + timedelta(1)).all[0].state == State.CLOSED


def test_a_bill_that_has_closed_and_is_not_there_yet_is_awaited():
    cycles = make_cycles([bank_bill(1, date(2026, 10, 10), date(2026, 10, 3))], None, None, TODAY)
    assert [cycle.state for cycle in cycles.all[:3]] == [State.CLOSED, State.AWAITED, State.OPEN]


def test_a_month_without_a_bill_is_a_cycle():
    bills = [bank_bill(1, date(2026, 8, 10), date(2026, 8, 3)), bank_bill(2, date(2026, 11, 10), date(2026, 11, 3))]
    cycles = make_cycles(bills, None, None, TODAY)
    assert [cycle.key for cycle in cycles.all[:4]] == ["2026-08", "2026-09", "2026-10", "2026-11"]
    assert [cycle.bill is None for cycle in cycles.all[:4]] == [False, True, True, False]


def test_the_accounts_dates_say_when_the_next_bill_closes():
    bills = [bank_bill(1, date(2026, 11, 10), date(2026, 11, 3))]
    cycles = make_cycles(bills, date(2026, 12, 5), date(2026, 12, 15), TODAY)
    assert (cycles.all[1].closes, cycles.all[1].due) == (date(2026, 12, 5), date(2026, 12, 15))
    stale = make_cycles(bills, date(2026, 11, 3), date(2026, 11, 10), TODAY)
    assert stale.all[1].closes == date(2026, 12, 3)


def test_a_card_without_bills_has_the_cycles_of_its_accounts_dates_or_of_the_months():
    cycles = make_cycles([], date(2026, 12, 3), date(2026, 12, 10), TODAY)
    assert (cycles.all[cycles.open].opens, cycles.all[cycles.open].due) == (date(2026, 11, 4), date(2026, 12, 10))
    months = make_cycles([], None, None, TODAY)
    assert (months.all[months.open].opens, months.all[months.open].closes) == (date(2026, 11, 1), date(2026, 11, 30))
    assert months.open >= 11


def test_two_bills_that_are_due_in_one_month_have_two_names():
    bills = [bank_bill(1, date(2026, 11, 1), date(2026, 10, 25)), bank_bill(2, date(2026, 11, 28), date(2026, 11, 20))]
    assert [cycle.key for cycle in make_cycles(bills, None, None, TODAY).all[:2]] == ["2026-11", "2026-11.2"]


def test_months_are_added_to_days_that_some_months_lack():
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 2, 28), 1, 31) == date(2026, 3, 31)
    assert add_months(date(2026, 1, 15), -1) == date(2025, 12, 15)


def test_a_bill_of_an_impossible_year_is_left_out():
    bills = [bank_bill(n, day) for n, day in enumerate([date(1, 1, 5), date(9999, 12, 31), date(2026, 11, 10)])]
    assert [cycle.bill for cycle in make_cycles(bills, None, None, TODAY).all if cycle.bill] == bills[2:]
    assert make_cycles([], date(9999, 12, 31), date(9999, 12, 31), TODAY).all[0].due == date(2026, 1, 7)


days = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@given(st.lists(st.tuples(st.none() | days, st.none() | days), max_size=6), st.none() | days, st.none() | days)
def test_whatever_dates_a_bank_sends_the_cycles_follow_each_other(pairs, closes, due):
    bills = [bank_bill(n, due_day, close) for n, (due_day, close) in enumerate(pairs)]
    cycles = make_cycles(bills, closes, due, TODAY)
    for one, other in pairwise(cycles.all):
        assert other.opens == one.closes + timedelta(1)
        assert other.closes >= one.closes
    assert cycles.all[cycles.open].closes >= TODAY
    assert len({cycle.key for cycle in cycles.all}) == len(cycles.all)
    assert make_cycles(bills[::-1], closes, due, TODAY) == cycles
