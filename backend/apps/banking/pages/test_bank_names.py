"""Two connections of one bank do not look alike in any list."""

import pytest
from django.utils import timezone

from apps.banking.factories import AccountFactory, ConnectionFactory, ConnectorFactory, InvestmentFactory, LoanFactory
from apps.banking.models import Connection
from apps.banking.pages.bank_names import bank_names
from lib.pages import display

pytestmark = pytest.mark.django_db
CHECKING, CARD = "0001/12345-0", "4321"


def with_number(connection, number, **more):
    account = AccountFactory(connection=connection, **more)
    account.number = number
    account.save()
    return account


@pytest.fixture
def twin(connection):
    """A second connection of the same bank and member."""
    return ConnectionFactory(member=connection.member, connector=connection.connector)


def names(*connections):
    found = bank_names(connections)
    return [found[connection.pk] for connection in connections]


def test_the_only_connection_of_a_bank_has_the_banks_name(connection, django_assert_num_queries):
    other = ConnectionFactory(connector=ConnectorFactory(name="Banco da Serra"))
    with_number(connection, CHECKING)
    with django_assert_num_queries(0):
        assert names(connection, other) == ["Banco do Vale", "Banco da Serra"]


def test_two_of_one_bank_have_the_last_digits_of_their_accounts(connection, twin, django_assert_num_queries):
    with_number(connection, CARD, type="CREDIT")
    with_number(connection, CHECKING)
    with_number(twin, CARD, type="CREDIT")
    with django_assert_num_queries(1):
        assert names(connection, twin) == ["Banco do Vale, ending in 3450", "Banco do Vale, ending in 4321"]


def test_a_closed_account_counts_after_the_others(connection, twin):
    with_number(twin, CHECKING)
    with_number(connection, "1111-1111", deleted_at=timezone.now())
    assert names(connection, twin)[0] == "Banco do Vale, ending in 1111"
    with_number(connection, "2222-2222")
    assert names(connection, twin)[0] == "Banco do Vale, ending in 2222"


def test_a_short_number_is_not_shown_whole(connection, twin):
    with_number(connection, "12-3")
    with_number(twin, CHECKING)
    assert names(connection, twin)[0] == "Banco do Vale, ending in 3"


def test_where_digits_do_not_tell_two_apart_the_moment_of_connecting_does(connection, twin):
    Connection.objects.filter(pk=twin.pk).update(created_at="2026-03-04T05:06:00Z")
    twin.refresh_from_db()
    since = [display.moment(each.created_at) for each in (connection, twin)]
    assert names(connection, twin) == [f"Banco do Vale, connected {each}" for each in since]
    for each in (connection, twin):
        with_number(each, CHECKING)
    assert names(connection, twin) == [f"Banco do Vale, ending in 3450, connected {each}" for each in since]
    assert len(set(names(connection, twin))) == 2


@pytest.mark.parametrize("address", ["/", "/connections/", "/accounts/", "/transactions/", "/investments/", "/loans/"])
def test_every_list_tells_them_apart(person, connection, twin, address):
    Connection.objects.update(state="outdated", action="wait")
    for each, number in ((connection, "1111-1111"), (twin, "2222-2222")):
        with_number(each, number)
        InvestmentFactory(connection=each)
        LoanFactory(connection=each)
    text = person.get(address).content.decode()
    assert "Banco do Vale, ending in 1111" in text
    assert "Banco do Vale, ending in 2222" in text
    assert "1111-1111" not in text
