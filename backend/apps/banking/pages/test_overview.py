"""The first page: sums that never mix currencies, this month's spending, and what needs the person."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.banking.factories import (
    AccountFactory,
    BalanceSnapshotFactory,
    CategoryFactory,
    ConnectionFactory,
    InvestmentFactory,
    LoanFactory,
    TransactionFactory,
)
from apps.banking.models import Connection
from apps.banking.pages.accounts import MOST_POINTS
from lib.pages.display import MINUS

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate()


def test_without_a_bank_the_page_teaches_how_to_connect_one(person, membership):
    answer = person.get("/")
    assert answer.context["is_empty"]
    assert "Connect your first bank" in answer.content.decode()
    membership.role = "viewer"
    membership.save()
    assert "/connections/connect/" not in person.get("/").content.decode()


def test_a_cards_balance_and_a_loan_are_debts_and_currencies_stay_apart(person, connection, account):
    AccountFactory(connection=connection, type="CREDIT", balance=Decimal(30))
    AccountFactory(connection=connection, balance=Decimal(7), currency_code="USD")
    AccountFactory(connection=connection, balance=None)
    InvestmentFactory(connection=connection, balance=Decimal(1000), currency_code="BRL")
    InvestmentFactory(connection=connection, balance=Decimal(5), currency_code="BRL", deleted_at=timezone.now())
    LoanFactory(connection=connection, contract_outstanding_balance=Decimal(200), currency_code="BRL")
    LoanFactory(contract_outstanding_balance=Decimal(999), currency_code="BRL")
    context = person.get("/").context
    assert context["total"] == [(Decimal(870), "BRL"), (Decimal(7), "USD")]
    assert [figure.sums for figure in context["figures"]] == [
        [(Decimal(100), "BRL"), (Decimal(7), "USD")],
        [(Decimal(-30), "BRL")],
        [(Decimal(1000), "BRL")],
        [(Decimal(-200), "BRL")],
    ]


def test_spending_is_this_months_by_top_category(person, account):
    food = CategoryFactory(vendor_id="10000000", description="Food")
    below = CategoryFactory(vendor_id="10010000", description="Bakery", parent_id=food.vendor_id)
    fun = CategoryFactory(vendor_id="11000000", description="Fun")
    month = today().replace(day=1)
    rows = [
        {"amount": "-10", "category_id": below.vendor_id},
        {"amount": "-5", "category_id": food.vendor_id},
        {"amount": "-40", "category_id": food.vendor_id, "user_category": fun},
        {"amount": "-1"},
        {"amount": "-1000", "date": month - timedelta(days=1)},
        {"amount": "-1000", "hidden": True},
        {"amount": "-1000", "deleted_at": timezone.now()},
        {"amount": "-1000", "kind": "bill_payment"},
        {"amount": "-1000", "kind": "own_transfer"},
        {"amount": "-1000", "status": "PENDING"},
        {"amount": "5000", "type": "CREDIT"},
    ]
    for row in rows:
        TransactionFactory(
            account=account, **{"date": month, "kind": "expense" if row["amount"] != "5000" else "income", **row}
        )
    TransactionFactory(amount="-77", date=month, kind="expense")
    spending = person.get("/").context["spending"]
    assert spending["totals"] == [(Decimal(56), "BRL")]
    assert [(bar.label, bar.text) for bar in spending["bars"]] == [
        ("Fun", "R$40.00"),
        ("Food", "R$15.00"),
        ("Without category", "R$1.00"),
    ]
    shown = person.get(spending["bars"][1].url).context["rows"]
    assert sum(len(day.rows) for day in shown) == 2


def test_banks_that_need_the_person_stand_first(person, connection):
    connection.last_updated_at = timezone.now()
    connection.save()
    ConnectionFactory(member=connection.member, state="outdated", action="wait")
    broken = ConnectionFactory(member=connection.member, state="needs_user", action="reconnect")
    cards = person.get("/").context["cards"]
    assert (cards[0].connection, len(cards)) == (broken, 2)
    Connection.objects.filter(pk=broken.pk).update(state="deleted", deleted_at=timezone.now())
    assert len(person.get("/").context["cards"]) == 1


def test_the_history_of_a_balance_is_thinned_out_but_ends_today(person, account):
    for days in range(400):
        BalanceSnapshotFactory(account=account, date=today() - timedelta(days=days), balance=Decimal(400 - days))
    points = person.get(f"/accounts/{account.pk}/").context["points"]
    assert len(points) <= MOST_POINTS
    assert points[-1].value == 400
    assert points[0].value < 50


def test_the_number_of_an_account_is_shown_on_request_alone(person, account):
    account.number = "1234-5/98765-4"
    account.save()
    address = f"/accounts/{account.pk}/"
    assert "98765" not in person.get(address).content.decode()
    assert "98765" not in person.get("/accounts/").content.decode()
    answer = person.post(address)
    assert "1234-5/98765-4" in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"


def test_the_history_of_a_card_is_that_of_a_debt(person, connection):
    card = AccountFactory(connection=connection, type="CREDIT")
    for days, balance in ((1, 50), (0, 70)):
        BalanceSnapshotFactory(account=card, date=today() - timedelta(days=days), balance=Decimal(balance))
    assert [point.value for point in person.get(f"/accounts/{card.pk}/").context["points"]] == [-50, -70]


@pytest.mark.parametrize(
    ("left", "above", "shown"),
    [("-50", Decimal(50), "R$50.00 above the limit"), ("0", None, "100% used"), ("250", None, "75% used")],
)
def test_a_card_above_its_limit_says_by_how_much(person, connection, left, above, shown):
    card = AccountFactory(
        connection=connection, type="CREDIT", credit_limit=Decimal(1000), available_credit_limit=Decimal(left)
    )
    answer = person.get(f"/accounts/{card.pk}/")
    assert answer.context["row"].above_limit == above
    text = answer.content.decode()
    assert shown in text
    assert ("above the limit" in person.get("/accounts/").content.decode()) is (above is not None)
    assert f"{MINUS}R$50.00 left" not in text
