"""What the aggregator no longer has is marked, never deleted, and only where it was asked about."""

import pytest

from apps.banking.factories import AccountFactory, TransactionFactory
from apps.banking.models import Transaction
from apps.banking.tombstones import tombstone, tombstone_missing

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return AccountFactory()


def of(account):
    return Transaction.objects.filter(account=account)


def alive(account) -> set[str]:
    return set(of(account).live().values_list("vendor_id", flat=True))


def test_named_rows_become_tombstones_once(account):
    made = TransactionFactory.create_batch(3, account=account)
    ids = [made[0].vendor_id, "not ours"]
    assert tombstone(of(account), ids) == 1
    when = of(account).get(pk=made[0].pk).deleted_at
    assert tombstone(of(account), ids) == 0
    assert of(account).get(pk=made[0].pk).deleted_at == when
    assert alive(account) == {row.vendor_id for row in made[1:]}


def test_rows_missing_from_a_full_list_become_tombstones(account):
    made = TransactionFactory.create_batch(5, account=account)
    other = TransactionFactory()
    seen = [made[0].vendor_id, made[1].vendor_id, made[1].vendor_id, "new\tid\\"]
    assert tombstone_missing(of(account), seen) == 3
    assert tombstone_missing(of(account), seen) == 0
    assert alive(account) == {made[0].vendor_id, made[1].vendor_id}
    assert alive(other.account) == {other.vendor_id}


def test_an_empty_list_takes_all(account):
    TransactionFactory.create_batch(2, account=account)
    assert tombstone_missing(of(account), iter(())) == 2


def test_only_the_rows_asked_about_are_compared(account):
    old = TransactionFactory(account=account, date="2026-01-01")
    TransactionFactory(account=account, date="2026-11-01")
    assert tombstone_missing(of(account).filter(date__gte="2026-10-01"), []) == 1
    assert alive(account) == {old.vendor_id}


def test_two_lists_in_one_transaction_do_not_mix(account):
    first, second = TransactionFactory.create_batch(2, account=account)
    assert tombstone_missing(of(account).filter(pk=first.pk), [first.vendor_id]) == 0
    assert tombstone_missing(of(account).filter(pk=first.pk), [second.vendor_id]) == 1


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_both_are_refused():
    for refused in (tombstone, tombstone_missing):
        with pytest.raises(RuntimeError, match="transaction"):
            refused(Transaction.objects.all(), [])
