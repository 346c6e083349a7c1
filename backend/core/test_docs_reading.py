"""The SQL and the Python of docs/reading.md run, over rows, and find what they say."""

import re

import pytest
from django.db import connection
from django.utils import timezone

from apps.banking import factories
from apps.banking.models import Account
from apps.clients.factories import MembershipFactory
from core.documents import document

pytestmark = pytest.mark.django_db

PAGE = document("docs/reading.md")
ACCOUNTS, SPENDING, CHANGES = PAGE.blocks("sql")


def rows(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@pytest.fixture
def account() -> Account:
    return factories.AccountFactory(name="Conta Corrente")


def test_the_query_of_accounts_leaves_out_what_is_gone(account: Account):
    factories.AccountFactory(name="gone", deleted_at=timezone.now())
    assert [row[0] for row in rows(ACCOUNTS)] == ["Conta Corrente"]


def test_the_query_of_spending_adds_up_this_month_without_what_is_hidden_gone_or_income(account: Account):
    today = timezone.localdate()
    more = {"account": account, "date": today, "category": "Groceries"}
    factories.TransactionFactory(**more, amount=-10)
    factories.TransactionFactory(**more, amount=-5)
    factories.TransactionFactory(**more, amount=-1000, hidden=True)
    factories.TransactionFactory(**more, amount=-1000, deleted_at=timezone.now())
    factories.TransactionFactory(**more, amount=1000, type="CREDIT")
    factories.TransactionFactory(**{**more, "date": "2020-01-01"}, amount=-1000)
    assert [(name, int(spent)) for name, spent in rows(SPENDING)] == [("Groceries", 15)]


def test_the_query_of_changes_lists_a_new_row(account: Account):
    row = factories.TransactionFactory(account=account)
    assert [found[0] for found in rows(CHANGES)] == [row.pk]


def test_the_role_that_only_reads_gets_tables_that_exist():
    tables = re.findall(r"\bbanking_\w+", "".join(PAGE.blocks("")))
    assert len(tables) == 9
    assert set(tables) <= set(connection.introspection.table_names())


def test_the_python_shows_a_member_the_clients_accounts_and_nobody_else(account: Account, capsys):
    account.number = "1234-5"
    account.save()
    (code,) = PAGE.blocks("python")
    exec(code, {"user": account.connection.member.user, "client": account.client})
    assert "Conta Corrente 1234-5" in capsys.readouterr().out
    exec(code, {"user": MembershipFactory().user, "client": account.client})
    assert capsys.readouterr().out == ""
