"""People who look at pages. Models are imported when Django has started, which is after this file is read."""

import pytest


@pytest.fixture
def membership():
    from apps.clients.factories import MembershipFactory

    return MembershipFactory(role="member")


@pytest.fixture
def person(client, membership):
    """A browser in which the member is signed in; it asks for English."""
    client.force_login(membership.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def connection(membership):
    from apps.banking.factories import ConnectionFactory, ConnectorFactory

    return ConnectionFactory(member=membership, connector=ConnectorFactory(name="Banco do Vale"))


@pytest.fixture
def account(connection):
    from apps.banking.factories import AccountFactory

    return AccountFactory(connection=connection)
