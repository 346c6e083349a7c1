"""Search by words: what is typed and what is indexed are folded alike, and no input is an error."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from apps.banking.factories import AccountFactory, TransactionFactory
from apps.banking.models import Transaction
from apps.banking.models.words import FOLDED, fold

pytestmark = pytest.mark.django_db


def found(account, text):
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


def test_rows_of_other_clients_and_tombstones_are_not_found(account):
    TransactionFactory(description="pão de outro")
    Transaction.objects.filter(description__startswith="PÃO").update(deleted_at="2026-11-01T00:00Z")
    assert found(account, "pao") == set()


@given(st.text())
def test_no_input_is_an_error(text):
    list(Transaction.objects.matching("00000000-0000-4000-8000-000000000000", text))


def test_the_database_and_python_fold_every_character_alike():
    text = " ".join(f"a{chr(code)}b" for code in (*range(1, 0x180), *range(0x2000, 0x2070), *range(0x300, 0x370)))
    assert len(FOLDED) > 400
    key = "0" * 8
    with connection.cursor() as cursor:
        # A note of any length costs no more than its first letters.
        cursor.execute(
            "SELECT tsvector_to_array(banking_words(%s, %s, '', repeat('y', 3000)))",
            ["00000000-0000-4000-8000-000000000000", text],
        )
        words = set(cursor.fetchone()[0]) - {key, key + "y" * 500}
    assert words == {key + word for word in fold(text)}


@pytest.mark.django_db(transaction=True)
def test_the_index_serves_a_search_among_many_rows(account, analyze):
    rows = [TransactionFactory.build(account=account, client=account.client) for _ in range(3000)]
    Transaction.objects.bulk_create(rows)
    analyze("banking_transaction")
    plan = Transaction.objects.matching(account.client_id, "pao acucar").newest_first()[:50].explain()
    assert "transaction_words" in plan
