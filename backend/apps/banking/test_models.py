"""The database refuses invalid rows, and its indexes serve the lists that grow to millions."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.banking import factories
from apps.banking.exports.batches import NEWEST_FIRST
from apps.banking.factories import (
    AccountFactory,
    BalanceSnapshotFactory,
    ConnectionFactory,
    SyncRunFactory,
    TransactionFactory,
)
from apps.banking.models import Account, Category, Connection, Connector, SyncRun, Transaction
from apps.banking.models.base import ClientRow

pytestmark = pytest.mark.django_db


def refused(make, **columns) -> None:
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        make(**columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"type": "DEBIT", "amount": Decimal(1)},
        {"type": "CREDIT", "amount": Decimal(-1)},
        {"currency_code": "brl"},
        {"currency_code": "R$"},
        {"vendor_id": ""},
        {"digest": b""},
        {"digest": b"too short"},
        {"amount": Decimal("1e20"), "type": "CREDIT"},
        {"amount": None},
        {"date": None},
        {"description": None},
        {"description": "x" * 501},
    ],
)
def test_the_database_refuses_an_invalid_transaction(columns):
    refused(TransactionFactory, **columns)


def test_only_a_tombstone_is_replaced():
    row = TransactionFactory()
    refused(TransactionFactory, account=row.account, replaced_by=row)


def test_unknown_enum_values_are_stored():
    assert TransactionFactory(type="REVERSAL", amount=Decimal(-1), status="OF_TOMORROW").pk
    assert AccountFactory(type="CRYPTO", subtype="COLD_WALLET").pk


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "happy"},
        {"state": "deleted"},
        {"deleted_at": timezone.now()},
        {"vendor_id": ""},
    ],
)
def test_the_database_refuses_an_invalid_connection(columns):
    refused(ConnectionFactory, **columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "done"},
        {"finished_at": timezone.now()},
        {"state": "failed", "finished_at": timezone.now() + timedelta(1)},
        {"state": "done", "finished_at": timezone.now() - timedelta(1)},
        {"error_type": "bad_luck"},
        {"state": "odd", "finished_at": timezone.now() + timedelta(1)},
    ],
)
def test_the_database_refuses_an_invalid_sync_run(columns):
    refused(SyncRunFactory, **columns)


def test_a_run_lasts_from_its_start_to_its_end():
    run = SyncRunFactory()
    run.refresh_from_db()
    assert run.duration is None
    run.state, run.finished_at = SyncRun.State.DONE, run.started_at + timedelta(seconds=3)
    run.save()
    assert run.duration == timedelta(seconds=3)


def test_a_day_has_one_balance():
    point = BalanceSnapshotFactory()
    refused(BalanceSnapshotFactory, account=point.account, date=point.date)


@pytest.mark.parametrize("model", [*ClientRow.__subclasses__(), Category, Connector], ids=lambda m: m.__name__)
def test_a_vendor_id_is_stored_once_under_its_parent(model):
    factory = getattr(factories, f"{model.__name__}Factory")
    row = factory()
    parent = model.natural_key[0].removesuffix("_id")
    refused(factory, **{"vendor_id": row.vendor_id, parent: getattr(row, parent)})


@pytest.mark.parametrize("amount", ["0.00000001", "-12345678901234567890.12345678", "0.123", "1000"])
def test_amounts_are_exact(amount):
    row = TransactionFactory(amount=-abs(Decimal(amount)))
    row.refresh_from_db()
    assert row.amount == -abs(Decimal(amount))


def test_names_of_rows_show_only_ids():
    account = AccountFactory(name="Conta da Maria")
    assert str(account) == f"account {account.vendor_id}"
    assert "Maria" not in str(TransactionFactory(description="Pix Maria"))


def test_a_list_continues_after_a_row_without_gaps_or_repeats():
    account = AccountFactory()
    for n in range(12):
        TransactionFactory(account=account, date=date(2026, 11, 1 + n % 3))
    everything = list(Transaction.objects.newest_first())
    page = NEWEST_FIRST.page(Transaction.objects.all(), size=5)
    rows = page.rows
    while page.next:
        page = NEWEST_FIRST.page(Transaction.objects.all(), page.next, size=5)
        rows += page.rows
    assert rows == everything
    assert [row.date for row in rows] == sorted((row.date for row in rows), reverse=True)


@pytest.mark.parametrize(("number", "total", "text"), [(3, 12, "3/12"), (None, 12, ""), (3, None, ""), (1, 1, "")])
def test_an_instalment_is_named_if_the_bank_says_which_it_is(number, total, text):
    assert Transaction(installment_number=number, total_installments=total).installment == text


def test_hidden_rows_and_tombstones_are_not_shown():
    row = TransactionFactory()
    TransactionFactory(account=row.account, hidden=True)
    TransactionFactory(account=row.account, deleted_at=timezone.now())
    assert list(Transaction.objects.shown()) == [row]


def plan(queryset, after=None) -> str:
    """The plan that PostgreSQL would use for a page of a large table: the first, or the one after a row."""
    with CaptureQueriesContext(connection) as queries:
        NEWEST_FIRST.page(queryset, NEWEST_FIRST.cursor(after) if after else "", size=50)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_the_lists_that_grow_are_read_from_their_index():
    row = TransactionFactory()
    lists = Transaction.objects.shown()
    of_account, of_client = lists.filter(account=row.account), lists.filter(client=row.client)
    for queryset, index in ((of_account, "transaction_list_account"), (of_client, "transaction_list_client")):
        for after in (None, row):
            assert f"Index Scan using {index}" in plan(queryset, after)
            assert "Sort" not in plan(queryset, after)


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (Transaction, "account_id, vendor_id"),
        (Account, "vendor_id"),
        (Account, "tax_number_index"),
        (Connection, "aggregator, application, vendor_id"),
    ],
)
def test_lookups_by_id_and_by_blind_index_have_an_index(model, columns):
    # Not the planner's choice: in a small table it may prefer another index, and skip that index's first column.
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [model._meta.db_table])
        definitions = [row[0] for row in cursor.fetchall()]
    assert [each for each in definitions if f" USING btree ({columns}" in each and " WHERE " not in each]
