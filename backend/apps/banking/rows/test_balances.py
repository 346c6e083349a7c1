"""Each account has one balance a day."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db.models.functions import Now

from apps.banking.aggregators.contract import ACCOUNT_TYPES
from apps.banking.aggregators.pluggy.item_state import item_state
from apps.banking.factories import AccountFactory, ConnectionFactory
from apps.banking.models import Account, BalanceSnapshot
from apps.banking.rows.balances import record_balances
from apps.banking.sync.accounts import balance_day

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def test_a_day_has_one_point_and_its_last_balance_wins():
    account = AccountFactory(balance=Decimal(10))
    assert record_balances(account.connection_id, DAY, account.type) == 1
    assert record_balances(account.connection_id, DAY, account.type) == 0
    Account.objects.update(balance=Decimal("12.5"))
    assert record_balances(account.connection_id, DAY, account.type) == 1
    assert record_balances(account.connection_id, date(2026, 11, 21), account.type) == 1
    points = BalanceSnapshot.objects.order_by("date").values_list("date", "balance", "client_id")
    assert list(points) == [
        (DAY, Decimal("12.5"), account.client_id),
        (date(2026, 11, 21), Decimal("12.5"), account.client_id),
    ]


def test_another_currency_overwrites_the_balance_of_the_day():
    account = AccountFactory(balance=Decimal(10), currency_code="BRL")
    record_balances(account.connection_id, DAY, account.type)
    Account.objects.update(currency_code="USD")
    assert record_balances(account.connection_id, DAY, account.type) == 1
    assert list(BalanceSnapshot.objects.values_list("balance", "currency_code")) == [(Decimal(10), "USD")]
    Account.objects.update(balance=Decimal(11), currency_code="EUR")
    record_balances(account.connection_id, DAY, account.type)
    assert list(BalanceSnapshot.objects.values_list("balance", "currency_code")) == [(Decimal(11), "EUR")]


def test_a_balance_that_changes_has_the_time_of_the_change():
    account = AccountFactory(balance=Decimal(10))
    record_balances(account.connection_id, DAY, account.type)
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    BalanceSnapshot.objects.update(taken_at=long_ago)
    record_balances(account.connection_id, DAY, account.type)
    assert BalanceSnapshot.objects.get().taken_at == long_ago
    Account.objects.update(balance=Decimal(11))
    record_balances(account.connection_id, DAY, account.type)
    assert BalanceSnapshot.objects.get().taken_at > long_ago


@pytest.mark.django_db(transaction=True)
def test_balances_outside_a_transaction_are_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        record_balances(1, DAY, "BANK")


def test_closed_accounts_and_unknown_balances_are_not_recorded():
    parent = ConnectionFactory()
    AccountFactory(connection=parent, balance=None)
    AccountFactory(connection=parent, deleted_at=Now())
    AccountFactory(balance=Decimal(1))
    assert record_balances(parent.pk, DAY, "BANK") == 0


def test_old_balances_are_not_recorded_under_a_new_day():
    parent = ConnectionFactory()
    bank = AccountFactory(connection=parent, type="BANK", balance=Decimal(1))
    card = AccountFactory(connection=parent, type="CREDIT", balance=Decimal(2))
    detail = {
        "accounts": {"isUpdated": False, "lastUpdatedAt": "2026-11-01T12:00:00.000Z"},
        "creditCards": {"isUpdated": True, "lastUpdatedAt": "2026-11-20T12:00:00.000Z"},
    }
    item = {"id": "i", "statusDetail": detail, "lastUpdatedAt": "2026-11-20T12:00:00.000Z"}
    for product, kind in ACCOUNT_TYPES.items():
        record_balances(parent.pk, balance_day(item_state(item), product), kind)
    points = dict(BalanceSnapshot.objects.values_list("account_id", "date"))
    assert points == {bank.pk: date(2026, 11, 1), card.pk: DAY}
