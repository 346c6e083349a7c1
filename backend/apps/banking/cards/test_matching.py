"""Rows are paired one to one, in any order; and nothing is paired on its amount alone."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.banking.cards.matching import NEAR, Match, Movement, match
from apps.banking.models import Kind

DAY = date(2026, 11, 10)


def movement(number: int, amount: int, account: int = 1, days: int = 0, kind: str = Kind.TRANSFER, **more) -> Movement:
    more = {"is_card": False, **more}
    return Movement(number, account, more.pop("is_card"), DAY + timedelta(days), Decimal(amount), "BRL", kind, **more)


def pairs(*rows: Movement) -> set[tuple[int, int]]:
    return {(found.outgoing, found.incoming) for found in match(rows)}


def test_opposite_transfers_of_two_accounts_are_one():
    assert match([movement(1, -500), movement(2, 500, 2, 1)]) == {Match(1, 2, Kind.OWN_TRANSFER)}


@pytest.mark.parametrize(
    "other",
    [
        movement(2, 500, 1),
        movement(2, 501, 2),
        movement(2, -500, 2),
        movement(2, 500, 2, 4),
        movement(2, 500, 2, -4),
        movement(2, 500, 2, kind=Kind.INCOME),
        movement(2, 500, 2, kind=Kind.REFUND),
        movement(2, 500, 2, is_own=False),
        replace(movement(2, 500, 2), currency_code="USD"),
        movement(2, 500, 2, is_card=True),
        movement(2, 500, 2, is_card=True, kind=Kind.REFUND),
    ],
)
def test_these_are_no_pair(other):
    assert pairs(movement(1, -500), other) == set()


def test_a_purchase_and_a_friends_pix_of_the_same_amount_are_no_pair():
    purchase = movement(1, -80, kind=Kind.EXPENSE)
    on_card = movement(2, -80, 3, kind=Kind.EXPENSE, is_card=True)
    assert pairs(purchase, on_card, movement(3, 80, 2)) == set()


def test_a_document_of_somebody_else_forbids_a_pair_and_an_own_one_decides():
    assert pairs(movement(1, -80, is_own=False), movement(2, 80, 2, is_own=True)) == set()
    rows = [movement(1, -80, is_own=True), movement(2, 80, 2, 1), movement(3, 80, 3, 2, is_own=True)]
    assert pairs(*rows) == {(1, 3)}


def test_where_several_fit_and_nothing_says_which_none_is_paired():
    assert pairs(movement(1, -80), movement(2, 80, 2), movement(3, 80, 3)) == set()
    assert pairs(movement(1, -80), movement(2, -80, 3), movement(3, 80, 2)) == set()


def test_rows_that_look_alike_are_paired_each_with_one():
    rows = [movement(n, -80) for n in (1, 2)] + [movement(n, 80, 2) for n in (3, 4, 5)]
    found = pairs(*rows)
    assert len(found) == 2
    assert len({row for both in found for row in both}) == 4


def test_the_payment_of_a_bill_is_paired_with_the_cards_row():
    paid = movement(2, 900, 2, 1, Kind.BILL_PAYMENT, is_card=True)
    for kind in (Kind.BILL_PAYMENT, Kind.TRANSFER, Kind.EXPENSE):
        # Who receives the money is the card's bank, so the document is somebody else's.
        assert match([movement(1, -900, kind=kind, is_own=False), paid]) == {Match(1, 2, Kind.BILL_PAYMENT)}


def test_a_payment_that_the_card_shows_twice_is_paired_once():
    rows = [movement(n, 900, 2, 1, Kind.BILL_PAYMENT, is_card=True) for n in (2, 3)]
    assert len(pairs(movement(1, -900, kind=Kind.BILL_PAYMENT), *rows)) == 1


def test_the_bank_s_word_counts_more_than_the_nearer_day():
    paid = movement(3, 900, 2, 0, Kind.BILL_PAYMENT, is_card=True)
    assert pairs(movement(1, -900), movement(2, -900, 1, -2, Kind.BILL_PAYMENT), paid) == {(2, 3)}


def test_of_alike_days_the_nearest_is_taken():
    rows = [movement(1, -900, 1, 0, Kind.BILL_PAYMENT), movement(2, -900, 1, 3, Kind.BILL_PAYMENT)]
    rows += [
        movement(3, 900, 2, 1, Kind.BILL_PAYMENT, is_card=True),
        movement(4, 900, 2, 3, Kind.BILL_PAYMENT, is_card=True),
    ]
    assert pairs(*rows) == {(1, 3), (2, 4)}


def test_a_card_pays_nothing():
    assert pairs(movement(1, -80, is_card=True), movement(2, 80, 2)) == set()


def test_a_crowd_is_not_compared_and_costs_nothing():
    rows = [movement(n, -80 if n % 2 else 80, n % 3) for n in range(20_000)]
    assert pairs(*rows) == set()


rows_of = st.builds(
    lambda account, amount, days, kind, own: (account, amount, days, kind, own),
    st.integers(1, 3),
    st.sampled_from([-50, 50, -80, 80]),
    st.integers(0, 9),
    st.sampled_from([Kind.TRANSFER, Kind.OWN_TRANSFER, Kind.BILL_PAYMENT, Kind.EXPENSE]),
    st.sampled_from([None, True, False]),
)


@settings(max_examples=200)
@given(st.lists(rows_of, max_size=12), st.randoms(use_true_random=False))
def test_pairs_are_one_to_one_and_do_not_depend_on_the_order(drawn, dice):
    rows = [
        movement(n, amount, account, days, kind, is_own=own, is_card=account == 3, name=str(n))
        for n, (account, amount, days, kind, own) in enumerate(drawn)
    ]
    found = match(rows)
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert match(shuffled) == found
    used = [row for both in found for row in (both.outgoing, both.incoming)]
    assert len(used) == len(set(used))
    by_id = {row.id: row for row in rows}
    for both in found:
        out, into = by_id[both.outgoing], by_id[both.incoming]
        assert out.amount == -into.amount < 0
        assert out.account_id != into.account_id
        assert abs(out.date - into.date) <= NEAR


@given(st.lists(rows_of, max_size=12))
def test_the_rows_of_the_pairs_alone_are_paired_in_the_same_way(drawn):
    rows = [
        movement(n, amount, account, days, kind, is_own=own, is_card=account == 3, name=str(n))
        for n, (account, amount, days, kind, own) in enumerate(drawn)
    ]
    found = match(rows)
    used = {row for both in found for row in (both.outgoing, both.incoming)}
    assert match(row for row in rows if row.id in used) == found
