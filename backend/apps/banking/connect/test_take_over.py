"""An item that was connected elsewhere is taken over only by those who may have it."""

import uuid

import pytest

from apps.banking.connect.conftest import CLIENT_ID, CLIENT_SECRET
from apps.banking.connect.credentials import save
from apps.banking.connect.errors import NotYours
from apps.banking.connect.finish import finish
from apps.banking.connect.take_over import take_over
from apps.banking.models import Connection
from apps.clients.factories import MembershipFactory
from lib.errors import Temporary

pytestmark = pytest.mark.django_db


def elsewhere(bank, **more):
    """An item whose `clientUserId` is another program's."""
    return bank.connect(None, clientUserId="user-of-another-program", **more)


def refused(*arguments, **options):
    with pytest.raises(NotYours) as refusal:
        take_over(*arguments, **options)
    return str(refusal.value)


def test_with_its_own_credentials_a_client_takes_over_what_nobody_has_here(bank, member, own, work):
    nameless = bank.connect(None, "user-ok-account-warning")
    for item in (elsewhere(bank), nameless):
        connection = take_over(member, item, own.name)
        assert (connection.client, connection.application) == (member.client, own.name)
        assert take_over(member, item, own.name) == connection
        work()
        connection.refresh_from_db()
        assert connection.state == "active"


def test_with_the_installations_credentials_only_staff_may(bank, member, work):
    item = elsewhere(bank)
    refused(member, item)
    connection = take_over(member, item, staff=True)
    work()
    connection.refresh_from_db()
    assert (connection.client, connection.state) == (member.client, "active")


def test_an_item_of_this_member_is_theirs_whoever_asks(bank, member):
    assert take_over(member, bank.connect(member)).member == member


def test_an_item_of_another_member_is_refused_to_all(bank, member, stranger):
    theirs = bank.connect(stranger)
    mine = save(member.client, "own", CLIENT_ID, CLIENT_SECRET).name
    fellow = MembershipFactory(client=stranger.client)
    unknown = refused(member, str(uuid.uuid4()), staff=True)
    assert refused(member, theirs) == refused(member, theirs, staff=True) == refused(member, theirs, mine) == unknown
    assert refused(fellow, theirs, staff=True) == unknown
    assert not Connection.objects.exists()


def test_an_item_that_another_client_has_is_refused_under_other_credentials_too(bank, member, stranger):
    item = elsewhere(bank)
    take_over(stranger, item, staff=True)
    # These are of the same application at Pluggy.
    mine = save(member.client, "own", CLIENT_ID, CLIENT_SECRET).name
    refused(member, item, mine)
    refused(member, item, staff=True)


def test_anothers_credentials_cannot_be_used(bank, member, stranger):
    theirs = save(stranger.client, "own", CLIENT_ID, CLIENT_SECRET).name
    item = elsewhere(bank)
    assert refused(member, item, theirs) == refused(member, item, "own-0000000000000000")
    refused(member, item, theirs, staff=True)


def test_a_member_is_not_pulled_into_anothers_application(bank, member, stranger, deliver, work):
    """The owner of an application can give its items any member's id."""
    theirs = save(stranger.client, "own", CLIENT_ID, CLIENT_SECRET).name
    planted = bank.connect(member)
    from apps.banking.sync.reconcile import request_new

    request_new(f"pluggy@{theirs}:item:{planted}")
    work()
    assert not Connection.objects.exists()
    with pytest.raises(NotYours):
        finish(member, planted, theirs)
    refused(stranger, planted, theirs)


def test_an_aggregator_that_is_down_is_told(bank, member):
    item = elsewhere(bank)
    bank.fault("500", "GET /items/{id}")
    with pytest.raises(Temporary):
        take_over(member, item, staff=True)
    bank.mend()
    assert not Connection.objects.exists()
