"""Search by words: what is typed and what is indexed are folded alike, and no input is an error."""

import pytest
from django.db import connection
from django.db.transaction import atomic as transaction_of_database
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.edits import edit_transaction
from apps.banking.factories import AccountFactory, TransactionFactory
from apps.banking.models import Transaction, TransactionWords, transaction
from apps.banking.models.words import fold, query
from apps.banking.rows.words import index_words
from lib.row_security import client_rows, for_client

pytestmark = pytest.mark.django_db


def found(account, text):
    index_words()
    with for_client(account.client_id):
        return set(Transaction.objects.matching(account.client_id, text).values_list("description", flat=True))


@pytest.fixture
def account():
    account = AccountFactory()
    for words in ("PÃO DE AÇÚCAR - São Paulo", "UBER *TRIP HELP.UBER.COM", "MERCADOLIVRE*LOJA 3/12", "McDonald's"):
        TransactionFactory(account=account, description=words)
    return account


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("pao", "PÃO DE AÇÚCAR - São Paulo"),
        ("AÇUCAR são", "PÃO DE AÇÚCAR - São Paulo"),
        ("merc", "MERCADOLIVRE*LOJA 3/12"),
        ("3/12", "MERCADOLIVRE*LOJA 3/12"),
        ("help.uber", "UBER *TRIP HELP.UBER.COM"),
        ("mcdonalds", "McDonald's"),
        ("pa\u0303o", "PÃO DE AÇÚCAR - São Paulo"),
    ],
)
def test_words_are_found_by_their_beginning_without_accents_and_punctuation(account, typed, expected):
    assert found(account, typed) == {expected}


@pytest.mark.parametrize("typed", ["ercado", "pao uber", "***", "' | x", "a" * 3000])
def test_what_has_no_such_words_is_not_found(account, typed):
    assert found(account, typed) == set()


def test_merchant_and_note_are_searched_too(account):
    TransactionFactory(account=account, description="x", merchant_name="Padaria Ipê", note="com a Tânia")
    assert found(account, "ipe") == found(account, "tania padaria") == {"x"}


def test_changed_rows_get_new_words_and_equal_ones_are_left_alone(account):
    assert (index_words(), index_words()) == (4, 0)
    row = Transaction.objects.get(description="McDonald's")
    Transaction.objects.filter(pk=row.pk).update(description="Burger", updated_at=timezone.now())
    assert index_words() == 1
    assert (found(account, "burger"), found(account, "mcdonalds")) == ({"Burger"}, set())


def test_any_number_of_rows_of_one_moment_are_indexed_in_batches(account):
    assert index_words(batch=2) == 4
    assert found(account, "uber")
    assert found(account, "pao")


def test_an_edited_note_is_found_at_once(account):
    index_words()
    row = Transaction.objects.first()
    edit_transaction(row, note="reembolsar")
    with for_client(account.client_id):
        assert list(Transaction.objects.matching(account.client_id, "reemb")) == [row]


def test_the_words_go_with_their_transaction(account):
    index_words()
    Transaction.objects.all().delete()
    assert not TransactionWords.objects.exists()


def test_rows_of_other_clients_and_tombstones_are_not_found(account):
    TransactionFactory(description="pão de outro")
    Transaction.objects.filter(description__startswith="PÃO").update(deleted_at="2026-11-01T00:00Z")
    assert found(account, "pao") == set()


@given(st.text())
def test_no_input_is_an_error(text):
    client = "00000000-0000-4000-8000-000000000000"
    with for_client(client):
        list(Transaction.objects.matching(client, text))


@pytest.mark.parametrize("between", ["", "a"])
def test_the_database_and_python_fold_every_character_alike(between):
    """Rows with ASCII letters alone take another way than the others."""
    for codes in (range(1, 0x80), (*range(1, 0x600), *range(0x1E00, 0x2100), *range(0xFB00, 0xFB10), 0x1F600)):
        text = " ".join(f"a{chr(code)}{between}" for code in codes)
        # A note of any length costs no more than its first letters.
        assert words_of(text, "y" * 3000) == {f"00000000{word}" for word in (*fold(text), "y" * 500)}


def words_of(description, note):
    with connection.cursor() as cursor:
        client = "00000000-0000-4000-8000-000000000000"
        cursor.execute("SELECT tsvector_to_array(banking_words(%s, %s, '', %s))", [client, description, note])
        return set(cursor.fetchone()[0]) - {"00000000"}


@pytest.mark.django_db(transaction=True)
def test_the_index_serves_a_search_among_many_rows(account, analyze):
    rows = [TransactionFactory.build(account=account, client=account.client) for _ in range(3000)]
    Transaction.objects.bulk_create(rows)
    index_words()
    analyze("banking_transaction")
    analyze("banking_transactionwords")
    with client_rows(account.client_id):
        before = scans()
        assert len(Transaction.objects.matching(account.client_id, "pao acucar").newest_first()[:50]) == 1
        after = scans()
    assert (after[0] - before[0], after[1] - before[1]) == (1, 0)


def test_words_that_many_rows_have_are_found_like_those_of_few(account, monkeypatch):
    rows = [TransactionFactory(account=account, description=f"UBER {number}") for number in range(5)]
    TransactionFactory(description="UBER of another")
    assert len(found(account, "uber")) == 6
    monkeypatch.setattr(transaction, "FEW", 2)
    assert len(found(account, "uber")) == 6
    with for_client(account.client_id):
        mine = Transaction.objects.matching(account.client_id, "uber").newest_first()
        assert [row.description for row in mine[:2]] == [row.description for row in rows[:2:-1]]
        assert "transaction_list_client" in without_scans(mine[:2])
    assert found(account, "mcdonalds") == {"McDonald's"}


def without_scans(rows):
    """The plan where PostgreSQL reads no table from its beginning to its end, as it would do with so few rows."""
    with transaction_of_database(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
        return rows.explain()


def scans():
    """How often this session read the words by an index, and how often from the beginning to the end."""
    query = "SELECT idx_scan, seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'banking_transactionwords'"
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def test_a_client_finds_none_of_anothers_rows_by_its_words(account):
    index_words()
    other = AccountFactory().client_id
    with for_client(other), connection.cursor() as cursor:
        assert not Transaction.objects.matching(account.client_id, "pao").exists()
        wanted = query(account.client_id, "pao")
        cursor.execute("SELECT banking_transactions_with(%s, 9)", [wanted])
        assert cursor.fetchall() == []
        cursor.execute("SELECT id FROM generate_series(1, 99) id WHERE banking_transaction_has(id, %s)", [wanted])
        assert cursor.fetchall() == []
