"""One balance a day for each account."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models.functions import Now

from apps.banking.balances import record_balances
from apps.banking.factories import AccountFactory, ConnectionFactory
from apps.banking.models import Account, BalanceSnapshot

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


def test_gone_accounts_and_unknown_balances_make_no_point():
    parent = ConnectionFactory()
    AccountFactory(connection=parent, balance=None)
    AccountFactory(connection=parent, deleted_at=Now())
    AccountFactory(balance=Decimal(1))
    assert record_balances(parent.pk, DAY, "BANK") == 0
