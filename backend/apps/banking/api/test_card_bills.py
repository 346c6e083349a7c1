"""The bills of a card by month, through the API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.banking import factories as f
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MembershipFactory()


@pytest.fixture
def program(caller, member):
    return caller(member, "read")


@pytest.fixture
def card(member):
    today = timezone.localdate()
    closed = today - timedelta(days=12)
    card = f.AccountFactory(
        connection__member=member,
        type="CREDIT",
        subtype="CREDIT_CARD",
        balance_close_date=today + timedelta(days=18),
        balance_due_date=today + timedelta(days=25),
    )
    dates = {"closing_date": closed, "due_date": closed + timedelta(days=7)}
    f.CreditCardBillFactory(account=card, vendor_id="a-bill", total_amount=Decimal("110.00"), **dates)
    f.TransactionFactory(account=card, amount=-100, date=closed - timedelta(days=5), bill_id="a-bill", kind="expense")
    f.TransactionFactory(account=card, amount=-30, date=today - timedelta(days=2), kind="expense")
    return card


def test_a_closed_bill_has_the_banks_total_and_its_difference_and_the_open_one_is_an_estimate(program, card):
    status, answer = program.get(f"/api/accounts/{card.pk}/bills/")
    assert status == 200
    bills = {bill["state"]: bill for bill in answer["bills"]}
    assert (bills["closed"]["amount"], bills["closed"]["lines_total"]) == ("110.00", "100.00")
    assert bills["closed"]["is_estimate"] is False
    assert (bills["open"]["amount"], bills["open"]["is_estimate"]) == ("30.00", True)
    proof = program.get(f"/api/accounts/{card.pk}/bills/{bills['closed']['key']}/")[1]["bill"]["proof"]
    assert (proof["total"], proof["lines"], proof["difference"]) == ("110.00", "100.00", "10.00")
    assert proof["unexplained"] == "10.00"
    assert program.get(f"/api/accounts/{card.pk}/bills/{bills['open']['key']}/")[1]["bill"]["proof"] is None


def test_what_is_owed_in_coming_months_is_listed(program, card):
    months = program.get("/api/card-months/")[1]["months"]
    assert "30.00" in {month["posted"] for month in months}


def test_an_account_that_is_no_card_and_a_month_without_a_bill_are_404(program, card, member):
    account = f.AccountFactory(connection__member=member)
    other = f.AccountFactory(type="CREDIT")
    assert program.get(f"/api/accounts/{account.pk}/bills/")[0] == 404
    assert program.get(f"/api/accounts/{other.pk}/bills/")[0] == 404
    for key in ("1999-01", "x", "2026-13", "..", "%00"):
        assert program.get(f"/api/accounts/{card.pk}/bills/{key}/")[0] == 404


def test_the_bills_take_the_same_queries_for_few_lines_and_for_many(program, card, django_assert_max_num_queries):
    program.get(f"/api/accounts/{card.pk}/bills/")
    for _ in range(10):
        f.TransactionFactory(account=card, amount=-5, date=timezone.localdate(), kind="expense")
    with django_assert_max_num_queries(8):
        program.get(f"/api/accounts/{card.pk}/bills/")
