"""scripts/bench_writes.py, which writes into the real tables: this test needs their database."""

import pytest

import bench_writes
from apps.banking.factories import TransferPairFactory
from apps.banking.models import Transaction

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def test_each_measurement_begins_without_transactions_though_pairs_refer_to_them():
    TransferPairFactory()
    bench_writes.empty()
    assert not Transaction.objects.exists()
