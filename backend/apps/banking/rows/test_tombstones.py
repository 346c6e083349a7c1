"""Rows that the aggregator no longer has become tombstones and are never deleted."""

import pytest

from apps.banking.factories import AccountFactory, TransactionFactory
from apps.banking.models import Transaction
from apps.banking.rows.tombstones import tombstone

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return AccountFactory()


def of(account):
    return Transaction.objects.filter(account=account)


def alive(account) -> set[str]:
    return set(of(account).live().values_list("vendor_id", flat=True))


def test_named_rows_become_tombstones_once(account):
    rows = TransactionFactory.create_batch(3, account=account)
    ids = [rows[0].vendor_id, "not ours"]
    assert tombstone(of(account), ids) == 1
    when = of(account).get(pk=rows[0].pk).deleted_at
    assert of(account).get(pk=rows[0].pk).updated_at == when > rows[0].updated_at
    assert tombstone(of(account), ids) == 0
    assert of(account).get(pk=rows[0].pk).deleted_at == when
    assert alive(account) == {row.vendor_id for row in rows[1:]}


def test_only_the_rows_asked_about_are_touched(account):
    row, other = TransactionFactory(account=account), TransactionFactory()
    assert tombstone(of(account), [row.vendor_id, other.vendor_id]) == 1
    assert alive(other.account) == {other.vendor_id}


@pytest.mark.django_db(transaction=True)
def test_a_tombstone_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        tombstone(Transaction.objects.all(), [])
