"""Accounts close and reopen, and a balance belongs to a day."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.banking.aggregators.contract import Product
from apps.banking.aggregators.pluggy import item_state
from apps.banking.aggregators.pluggy.source import PluggySource
from apps.banking.factories import AccountFactory
from apps.banking.models import Account, BalanceSnapshot, Connection, Mark, Transaction
from apps.banking.sync import reconcile

pytestmark = pytest.mark.django_db


def test_a_closed_account_is_tombstoned_with_its_rows_and_keeps_its_balances(bank, deliver, work, connected):
    stray = Account.objects.order_by("pk").first()
    Account.objects.filter(pk=stray.pk).update(vendor_id="22222222-2222-4222-8222-222222222222")
    event = bank.events(connected, "item/created")[0]
    deliver({**event, "event": "item/updated", "eventId": "again"})
    work()
    stray.refresh_from_db()
    assert stray.deleted_at
    assert not Mark.objects.filter(scope=stray.vendor_id).exists()
    assert not Transaction.objects.filter(account=stray, deleted_at=None).exists()
    assert stray.balance != Decimal(0)
    assert BalanceSnapshot.objects.filter(account=stray).exists()
    assert Account.objects.filter(deleted_at=None).count() == 3


def test_a_card_that_is_missing_is_looked_up_as_a_card(connected, work, monkeypatch):
    connection = Connection.objects.get(vendor_id=connected)
    AccountFactory(connection=connection, type="CREDIT")
    asked = []
    monkeypatch.setattr(PluggySource, "is_gone", lambda source, product, *ids: asked.append(product))
    reconcile.request(connection, full=True)
    work()
    assert asked == [Product.CARDS]


def test_an_account_that_reopens_gets_its_transactions_back(bank, deliver, work, connected, differences):
    account = Account.objects.filter(vendor_id__in=Mark.objects.values("scope")).order_by("pk").first()
    real, other = account.vendor_id, "22222222-2222-4222-8222-222222222222"
    event = {**bank.events(connected, "item/created")[0], "event": "item/updated"}
    Account.objects.filter(pk=account.pk).update(vendor_id=other)
    deliver({**event, "eventId": "closed"})
    work()
    Account.objects.filter(vendor_id=real).delete()
    Account.objects.filter(pk=account.pk).update(vendor_id=real)
    assert not Transaction.objects.filter(account=account, deleted_at=None).exists()
    deliver({**event, "eventId": "reopened"})
    work()
    assert differences(connected) == {}
    assert Transaction.objects.filter(account=account, deleted_at=None).exists()


def test_a_balance_belongs_to_the_day_on_which_the_bank_sent_it(bank, connected, deliver, work, monkeypatch):

    before = BalanceSnapshot.objects.count()
    # Half past one in the morning in UTC is the evening before in Brazil.
    moment = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
    monkeypatch.setattr(item_state, "as_of", lambda item: moment)
    monkeypatch.setattr(item_state, "_products_as_of", lambda detail: {})
    deliver({**bank.events(connected, "item/created")[0], "event": "item/updated", "eventId": "old"})
    work()
    assert BalanceSnapshot.objects.filter(date="2026-03-04").count() == 3
    assert BalanceSnapshot.objects.count() == before + 3
