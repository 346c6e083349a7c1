"""A merge writes rows through COPY and one statement, and does not write equal rows."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.banking.aggregators.pluggy import rows
from apps.banking.factories import AccountFactory, CategoryFactory, ConnectionFactory, TransactionFactory
from apps.banking.models import Account, Category, Connector, Identity, Investment, InvestmentTransaction, Transaction
from apps.banking.rows import merge as merging
from apps.banking.rows.columns import columns
from apps.banking.rows.merge import Counts, merge
from apps.banking.rows.tombstones import tombstone

pytestmark = pytest.mark.django_db


def doc(number: int = 1, **changes) -> dict:
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "description": f"Compra {number}",
        "currencyCode": "BRL",
        "amount": Decimal("10.50"),
        "date": "2026-11-01T03:00:00.000Z",
        "type": "DEBIT",
        "status": "POSTED",
        "accountId": "11111111-1111-4111-8111-111111111111",
        "createdAt": "2026-11-01T10:00:00.000Z",
        "updatedAt": "2026-11-01T10:00:00.000Z",
        "paymentData": {"payer": {"name": "Maria da Silva"}, "paymentMethod": "PIX"},
        **changes,
    }


def scope(account: Account) -> dict:
    return {"client_id": account.client_id, "account_id": account.pk}


def merge_docs(account: Account, *docs: dict) -> Counts:
    return merge(Transaction, scope(account), map(rows.transaction, docs))


def writes(table: str = "banking_transaction") -> list:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables WHERE relname = %s", [table]
        )
        return list(cursor.fetchone())


def versions() -> list:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, xmin, ctid, updated_at FROM banking_transaction ORDER BY id")
        return cursor.fetchall()


def test_new_rows_are_created_with_every_column():
    account = AccountFactory()
    assert merge_docs(account, doc(1), doc(2)) == Counts(created=2)
    row = Transaction.objects.get(vendor_id=doc(1)["id"])
    assert row.amount == Decimal("-10.5")
    assert (row.client_id, row.account_id) == (account.client_id, account.pk)
    assert row.payment_method == "PIX"
    assert row.extra == {"paymentData": {"payer": {"name": "Maria da Silva"}, "paymentMethod": "PIX"}}
    assert (row.deleted_at, row.note, row.hidden, row.replaced_by_id) == (None, "", False, None)


def test_columns_that_a_row_leaves_out_are_empty():
    account = AccountFactory()
    least = {"vendor_id": "x", "amount": Decimal(1), "date": date(2026, 11, 1)}
    merge_docs(account, doc(1))
    assert merge(Transaction, scope(account), [least]) == Counts(created=1)
    row = Transaction.objects.get(vendor_id="x")
    assert (row.description, row.currency_code, row.balance, row.extra) == ("", "XXX", None, {})
    assert merge(Transaction, scope(account), [{**least, "vendor_id": doc(1)["id"]}]) == Counts(changed=1)
    assert Transaction.objects.get(vendor_id=doc(1)["id"]).description == ""


def test_sealed_values_are_nowhere_in_plain_text():
    merge_docs(AccountFactory(), doc(1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM banking_transaction t")
        stored = cursor.fetchone()[0]
    assert "Maria" not in stored
    assert b"Maria".hex() not in stored


def test_a_repeat_writes_no_row():
    account = AccountFactory()
    docs = [doc(n) for n in range(50)]
    merge_docs(account, *docs)
    before, counted = versions(), writes()
    assert merge_docs(account, *docs) == Counts(unchanged=50)
    assert (versions(), writes()) == (before, counted)


def test_a_row_that_another_session_stores_first_is_not_written_again(monkeypatch):
    account = AccountFactory()
    merge_docs(account, doc(1), doc(2))
    before = versions()
    monkeypatch.setattr(merging, "_digests", lambda *arguments: {})
    assert merge_docs(account, doc(1), doc(2, description="Outra")) == Counts(changed=1, unchanged=1)
    assert versions()[0] == before[0]


def test_only_the_rows_of_a_batch_are_read():
    account, other, parent = AccountFactory(), AccountFactory(), ConnectionFactory()
    merge_docs(account, doc(1), doc(2))
    merge_docs(other, doc(2), doc(3))
    shape = columns(Transaction, tuple(sorted(scope(account))))
    asked = [doc(number)["id"] for number in (1, 3)]
    own_scope = {"client_id": parent.client_id, "connection_id": parent.pk}
    merge(Identity, own_scope, [rows.identity({"id": "x"})])
    with connection.cursor() as cursor:
        assert list(merging._digests(cursor, shape, scope(account), asked)) == asked[:1]
        one_for_each = columns(Identity, tuple(sorted(own_scope)))
        assert list(merging._digests(cursor, one_for_each, own_scope, [None])) == [None]


def test_a_newer_timestamp_alone_writes_no_row():
    account = AccountFactory()
    merge_docs(account, doc(1))
    assert merge_docs(account, doc(1, updatedAt="2026-11-19T10:00:00.000Z")) == Counts(unchanged=1)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("10.51")},
        {"description": "Outra"},
        {"status": "PENDING"},
        {"type": "CREDIT"},
        {"date": "2026-11-02T03:00:00.000Z"},
        {"aFieldOfTomorrow": "x"},
        {"paymentData": {"payer": {"name": "Maria de Souza"}, "paymentMethod": "PIX"}},
    ],
)
def test_any_change_of_content_changes_one_row(change):
    account = AccountFactory()
    merge_docs(account, doc(1), doc(2))
    assert merge_docs(account, doc(1, **change), doc(2)) == Counts(changed=1, unchanged=1)
    assert merge_docs(account, doc(1, **change), doc(2)) == Counts(unchanged=2)


def test_a_users_edits_survive_a_change():
    account, category = AccountFactory(), CategoryFactory()
    merge_docs(account, doc(1))
    Transaction.objects.update(note="reembolsar", hidden=True, user_category=category)
    merge_docs(account, doc(1, description="Outra"))
    row = Transaction.objects.get()
    assert (row.description, row.note, row.hidden, row.user_category) == ("Outra", "reembolsar", True, category)


def test_a_tombstone_that_returns_comes_back_to_life():
    account = AccountFactory()
    merge_docs(account, doc(1))
    tombstone(Transaction.objects.filter(account=account), [doc(1)["id"]])
    assert merge_docs(account, doc(1)) == Counts(changed=1)
    assert Transaction.objects.live().count() == 1


def test_the_later_of_two_rows_with_one_id_wins():
    account = AccountFactory()
    assert merge_docs(account, doc(1), doc(2), doc(1, description="Depois")) == Counts(created=2)
    assert Transaction.objects.get(vendor_id=doc(1)["id"]).description == "Depois"


def test_ids_that_repeat_across_batches_do_no_harm():
    account = AccountFactory()
    new_rows = map(rows.transaction, [doc(1), doc(2), doc(1, description="Depois"), doc(3)])
    assert merge(Transaction, scope(account), new_rows, batch_size=2) == Counts(created=3, changed=1)


def test_the_same_id_under_another_client_is_another_row():
    ours, theirs = AccountFactory(), AccountFactory()
    merge_docs(theirs, doc(1))
    assert merge_docs(ours, doc(1, description="Nossa")) == Counts(created=1)
    assert Transaction.objects.get(account=theirs).description == "Compra 1"


@pytest.mark.django_db(transaction=True)
def test_rows_of_one_client_cannot_belong_to_an_account_of_another():
    ours, theirs = AccountFactory(), AccountFactory()
    wrong_scope = {"client_id": ours.client_id, "account_id": theirs.pk}
    with pytest.raises(IntegrityError, match="same_client"), transaction.atomic():
        merge(Transaction, wrong_scope, [rows.transaction(doc(1))])
    assert Transaction.objects.count() == 0


@pytest.mark.parametrize("text", ["a\tb", "\t", "a\nb", "a\rb", "a\\b", "\\N", "\\.", "\\t"])
def test_each_character_that_copy_treats_specially_is_stored_unchanged(text):
    """One at a time: where several stand together, one that is escaped hides another that is not."""
    account = AccountFactory()
    merge_docs(account, doc(1, description=text), doc(2, merchant={"name": text}), doc(3, extra_field=text))
    stored = {row.vendor_id: row for row in Transaction.objects.all()}
    assert stored[doc(1)["id"]].description == text
    assert (stored[doc(2)["id"]].description, stored[doc(2)["id"]].merchant_name) == ("Compra 2", text)
    assert stored[doc(3)["id"]].extra["extra_field"] == text


def test_unusual_text_is_stored_unchanged():
    account = AccountFactory()
    words = "a\tb\nc\rd\\e \\N \\. \u2028 “ç” 'x' \"y\" 🙂"
    merge_docs(account, doc(1, description=words), doc(2, description="\\N"))
    assert Transaction.objects.get(vendor_id=doc(1)["id"]).description == words
    assert Transaction.objects.get(vendor_id=doc(2)["id"]).description == "\\N"


def test_many_batches_in_one_transaction_share_one_table(monkeypatch):
    account = AccountFactory()
    merge(Transaction, scope(account), (rows.transaction(doc(n)) for n in range(10)), batch_size=3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'staged_%' AND relpersistence = 't'")
        assert cursor.fetchone()[0] == 1
    assert Transaction.objects.count() == 10


def test_a_merge_that_is_rolled_back_leaves_nothing_and_can_be_repeated():
    account = AccountFactory()
    with transaction.atomic():
        merge_docs(account, doc(1))
        transaction.set_rollback(True)
    assert Transaction.objects.count() == 0
    assert merge_docs(account, doc(1)) == Counts(created=1)


@pytest.mark.django_db(transaction=True)
def test_a_merge_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        merge(Category, {"aggregator": "pluggy"}, [])


def test_a_row_that_breaks_an_invariant_stores_nothing_of_its_batch():
    account = AccountFactory()
    bad = {**rows.transaction(doc(2)), "amount": Decimal(1)}
    with pytest.raises(DatabaseError), transaction.atomic():
        merge(Transaction, scope(account), [rows.transaction(doc(1)), bad])
    assert Transaction.objects.count() == 0


def test_counts_add_up():
    assert Counts(1, 2, 3, 4) + Counts(1, 1, 1, 1) == Counts(2, 3, 4, 5)
    assert not Counts(unchanged=5)
    assert all([Counts(created=1), Counts(changed=1), Counts(removed=1)])
    assert Counts(removed=1).as_dict() == {"created": 0, "changed": 0, "unchanged": 0, "removed": 1}


def test_a_catalogue_is_merged_without_a_client():
    docs = [{"id": "01000000", "description": "Income"}, {"id": "01010000", "parentId": "01000000"}]
    assert merge(Category, {"aggregator": "pluggy"}, map(rows.category, docs)) == Counts(created=2)
    assert merge(Category, {"aggregator": "pluggy"}, map(rows.category, docs)) == Counts(unchanged=2)
    document = {"id": 201, "name": "Itaú", "products": ["ACCOUNTS"], "health": {"status": "ONLINE", "incidents": [{}]}}
    assert merge(Connector, {"aggregator": "pluggy"}, [rows.connector(document)]) == Counts(created=1)
    row = Connector.objects.get()
    assert (row.vendor_id, row.products, row.incidents, row.health_status) == ("201", ["ACCOUNTS"], [{}], "ONLINE")


def test_names_in_another_order_are_no_change():
    """In jsonb and in sealed columns: an object has no order."""
    document = {"id": 1, "health": {"incidents": [{"a": 1, "b": 2}]}, "ofTomorrow": {"a": 1, "b": 2}}
    turned = {"ofTomorrow": {"b": 2, "a": 1}, "health": {"incidents": [{"b": 2, "a": 1}]}, "id": 1}
    merge(Connector, {"aggregator": "pluggy"}, [rows.connector(document)])
    assert merge(Connector, {"aggregator": "pluggy"}, [rows.connector(turned)]) == Counts(unchanged=1)


@pytest.mark.parametrize("model", [Account, Category, Connector, Identity, Investment, Transaction])
def test_the_order_of_the_columns_does_not_depend_on_the_order_in_the_model(model):
    """A digest of another order would rewrite every row of the installation."""
    shape = columns(model, ("client_id",))
    for group in (shape.texts, shape.values, shape.objects, shape.sealed, shape.indexed):
        assert list(group) == sorted(group)


def test_a_change_has_the_time_of_the_change_and_keeps_that_of_the_creation():
    account = AccountFactory()
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    merge_docs(account, doc(1), doc(2))
    Transaction.objects.update(created_at=long_ago, updated_at=long_ago)
    merge_docs(account, doc(1, description="Outra"), doc(2))
    changed, unchanged = Transaction.objects.order_by("vendor_id")
    assert changed.created_at == unchanged.created_at == unchanged.updated_at == long_ago
    assert changed.updated_at > long_ago


def test_two_merges_in_one_transaction_create_their_rows_at_different_times():
    account = AccountFactory()
    merge_docs(account, doc(1))
    merge_docs(account, doc(2))
    first, second = Transaction.objects.order_by("vendor_id").values_list("created_at", flat=True)
    assert first < second


def test_a_number_beyond_all_floats_goes_into_jsonb_as_text():
    document = {"id": 1, "credentials": [{"a": Decimal("1E+400"), "b": Decimal("1.5")}]}
    merge(Connector, {"aggregator": "pluggy"}, [rows.connector(document)])
    assert Connector.objects.get().credentials == [{"a": "1E+400", "b": 1.5}]


def test_an_account_is_found_by_a_number_that_is_sealed():
    parent = ConnectionFactory()
    document = {"id": "a", "number": "0001/12345-0", "taxNumber": "761.092.776-73", "owner": "Ana", "type": "BANK"}
    merge(Account, {"client_id": parent.client_id, "connection_id": parent.pk}, [rows.account(document)])
    row = Account.objects.having("tax_number", "76109277673").get()
    assert (row.number, row.tax_number, row.owner) == ("0001/12345-0", "761.092.776-73", "Ana")
    assert not Account.objects.having("tax_number", "")
    assert not Account.objects.having("tax_number", "76109277674")


def test_a_connection_has_one_identity_whatever_its_id():
    parent = ConnectionFactory()
    own_scope = {"client_id": parent.client_id, "connection_id": parent.pk}
    who = {"id": "x", "fullName": "Ana", "emails": [{"value": "ana@example.com"}]}
    assert merge(Identity, own_scope, [rows.identity(who)]) == Counts(created=1)
    assert merge(Identity, own_scope, [rows.identity(who)]) == Counts(unchanged=1)
    assert merge(Identity, own_scope, [rows.identity({**who, "id": "y", "fullName": "Ana B"})]) == Counts(changed=1)
    row = Identity.objects.get()
    assert (row.vendor_id, row.full_name, row.emails) == ("y", "Ana B", [{"value": "ana@example.com"}])


def test_investments_and_their_movements_are_merged():
    parent = ConnectionFactory()
    position = {"id": "i", "type": "EQUITY", "name": "PETR4", "quantity": Decimal("0.123456789012345678")}
    merge(Investment, {"client_id": parent.client_id, "connection_id": parent.pk}, [rows.investment(position)])
    row = Investment.objects.get()
    assert row.quantity == Decimal("0.123456789012345678")
    movement = {"id": "m", "type": "BUY", "date": "2026-11-01T00:00:00.000Z", "amount": 5}
    own_scope = {"client_id": parent.client_id, "investment_id": row.pk}
    assert merge(InvestmentTransaction, own_scope, [rows.investment_transaction(movement)]) == Counts(created=1)


def test_ciphertext_cannot_be_decrypted_in_another_row():
    account = AccountFactory()
    merge_docs(account, doc(1), doc(2))
    first, second = Transaction.objects.order_by("id")
    second.extra_sealed = first.extra_sealed
    with pytest.raises(ValueError, match="context"):
        _ = second.extra


def test_memory_is_bounded_by_the_batch(monkeypatch):
    sizes = []
    real = merging._merge_batch
    monkeypatch.setattr(merging, "_merge_batch", lambda *arguments: sizes.append(len(arguments[3])) or real(*arguments))
    merge(Transaction, scope(AccountFactory()), (rows.transaction(doc(n)) for n in range(7)), batch_size=3)
    assert sizes == [3, 3, 1]


def test_factories_create_rows_that_the_database_accepts():
    row = TransactionFactory()
    connection.check_constraints()
    assert row.client_id == row.account.connection.client_id
