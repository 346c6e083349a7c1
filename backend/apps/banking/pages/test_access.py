"""Every page is for the members of a client alone, and shows no row of another client."""

import pytest
from django.urls import reverse

from apps.banking.factories import (
    AccountFactory,
    ConnectionFactory,
    CreditCardBillFactory,
    IdentityFactory,
    InvestmentFactory,
    InvestmentTransactionFactory,
    LoanFactory,
    SyncRunFactory,
    TransactionFactory,
)
from apps.banking.models import Transaction
from apps.clients.factories import MembershipFactory

pytestmark = pytest.mark.django_db

LISTS = ("connections", "accounts", "transactions", "investments", "loans", "identity", "activity", "open-edits")
DETAILS = {
    "connection": ConnectionFactory,
    "account": AccountFactory,
    "transaction": TransactionFactory,
    "edit": TransactionFactory,
    "investment": InvestmentFactory,
    "loan": LoanFactory,
}
SECRET = "Segredo-de-outro"


def fill(connection):
    """A row of everything, each with the secret in what it shows."""
    account = AccountFactory(connection=connection, name=SECRET)
    TransactionFactory(account=account, description=SECRET, note=SECRET)
    investment = InvestmentFactory(connection=connection, name=SECRET)
    InvestmentTransactionFactory(investment=investment, description=SECRET, date="2026-11-01")
    LoanFactory(connection=connection, product_name=SECRET)
    identity = IdentityFactory(connection=connection)
    identity.job_title = SECRET
    identity.save()
    CreditCardBillFactory(account=account)
    SyncRunFactory(connection=connection)


def fill_twins(connection):
    """Two connections of one bank, which need a query more than two of two banks."""
    fill(connection)
    fill(ConnectionFactory(member=connection.member, connector=connection.connector))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_shown_empty_and_full(person, connection, name):
    assert person.get(reverse(f"banking:{name}")).status_code == 200
    fill(connection)
    answer = person.get(reverse(f"banking:{name}"))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_no_row_of_another_client(person, name):
    fill(ConnectionFactory())
    assert SECRET not in person.get(reverse(f"banking:{name}")).content.decode()
    assert SECRET not in person.get("/").content.decode()


@pytest.mark.parametrize("name", DETAILS)
def test_a_row_is_shown_to_its_own_client_alone(person, connection, account, name):
    factory = DETAILS[name]
    parent = {"account": account} if factory is TransactionFactory else {"connection": connection}
    own = connection if factory is ConnectionFactory else factory(**parent)
    assert person.get(reverse(f"banking:{name}", args=[own.pk])).status_code == 200
    assert person.get(reverse(f"banking:{name}", args=[factory().pk])).status_code == 404


@pytest.mark.parametrize("name", [*LISTS, *DETAILS])
def test_a_stranger_must_sign_in(client, name):
    arguments = [1] if name in DETAILS else []
    assert "account/login" in client.get(reverse(f"banking:{name}", args=arguments))["Location"]


def test_a_viewer_looks_and_changes_nothing(client, connection, account):
    row = TransactionFactory(account=account)
    client.force_login(MembershipFactory(client=connection.client, role="viewer").user)
    pages = {
        reverse("banking:transaction", args=[row.pk]): {"note": "x", "hidden": "on"},
        reverse("banking:edit", args=[row.pk]): {"note": "x"},
        reverse("banking:sync", args=[connection.pk]): {},
        reverse("banking:account", args=[account.pk]): {},
        reverse("banking:identity"): {"identity": "1"},
        reverse("banking:open-edits"): {"old": row.pk, "answer": "drop"},
    }
    for address, data in pages.items():
        assert client.post(address, data).status_code == 403
        assert client.get(address).status_code in (200, 405)
    assert list(Transaction.objects.values_list("note", "hidden")) == [("", False)]


def test_another_clients_rows_are_not_changed(person, account):
    other = TransactionFactory()
    for name in ("transaction", "edit"):
        assert person.post(reverse(f"banking:{name}", args=[other.pk]), {"note": "x"}).status_code == 404
    assert person.post(reverse("banking:sync", args=[other.account.connection_id])).status_code == 404
    assert person.post(reverse("banking:account", args=[other.account_id])).status_code == 404
    identity = IdentityFactory()
    assert person.post(reverse("banking:identity"), {"identity": identity.pk}).status_code == 404


@pytest.mark.parametrize("name", [name for name in LISTS if name != "open-edits"])
def test_the_number_of_queries_does_not_grow_with_the_rows(person, connection, name, django_assert_max_num_queries):
    fill_twins(connection)
    address = reverse(f"banking:{name}")
    person.get(address)
    with django_assert_max_num_queries(20) as few:
        person.get(address)
    for _ in range(4):
        other = ConnectionFactory(member=connection.member)
        fill(other)
        fill_account = AccountFactory(connection=other)
        TransactionFactory.create_batch(5, account=fill_account)
    with django_assert_max_num_queries(len(few)):
        person.get(address)


def test_the_overview_has_a_fixed_number_of_queries(person, connection, django_assert_max_num_queries):
    fill_twins(connection)
    with django_assert_max_num_queries(20) as few:
        person.get("/")
    for _ in range(4):
        fill(ConnectionFactory(member=connection.member, state="needs_user", action="reconnect"))
    with django_assert_max_num_queries(len(few)):
        assert person.get("/").status_code == 200
