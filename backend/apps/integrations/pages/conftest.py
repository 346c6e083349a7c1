"""People who look at the pages of integrations. Models are imported when Django has started."""

import pytest


@pytest.fixture
def tenant(membership):
    """The client of the person who looks, to which the emulators' fixtures connect."""
    return membership.client


@pytest.fixture
def membership(transactional_db):
    from apps.clients.factories import MembershipFactory

    return MembershipFactory(role="member")


@pytest.fixture
def supabase(emulators, loopback):
    return emulators("supabase")


@pytest.fixture
def person(client, membership):
    """A browser in which the member is signed in; it asks for English."""
    client.force_login(membership.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client
