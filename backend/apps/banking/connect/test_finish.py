"""Finishing believes the aggregator, not the browser, and may happen twice, late and before or after the webhooks."""

import threading
import uuid

import pytest
from django.db import connection as database

from apps.banking.connect import turns
from apps.banking.connect.disconnect import disconnect
from apps.banking.connect.errors import Disconnecting, NotYours
from apps.banking.connect.finish import find_existing, finish
from apps.banking.models import Account, Connection, SyncRun
from apps.banking.sync.adopt import OtherClient, adopt
from apps.banking.sync.reconcile import KIND
from apps.clients.factories import MembershipFactory
from apps.events.models import Event
from lib.errors import Temporary, Throttled
from lib.row_security import for_client

pytestmark = pytest.mark.django_db


def requests():
    return Event.objects.filter(kind=KIND)


def test_a_finished_item_has_a_connection_and_is_synced_at_once(bank, member, work):
    connection = finish(member, bank.connect(member))
    assert (connection.client, connection.member, connection.state) == (member.client, member, "connecting")
    assert connection.connector.vendor_id == "2"
    work()
    connection.refresh_from_db()
    assert connection.state == "active"
    assert Account.objects.filter(connection=connection).count() == 3


def test_finishing_twice_and_late_changes_nothing(bank, member, work):
    item = bank.connect(member)
    first = finish(member, item)
    assert finish(member, item) == first
    assert requests().count() == 1
    work()
    assert finish(member, item) == first
    work()
    assert list(SyncRun.objects.values_list("state", flat=True)) == ["done"]
    assert Connection.objects.count() == 1


def test_a_webhook_that_came_first_has_made_the_same_connection(bank, member, deliver, work):
    item = bank.connect(member)
    deliver(*bank.events(item))
    work()
    before = Connection.objects.get()
    assert finish(member, item) == before
    work()
    assert SyncRun.objects.filter(state="done", counts__transactions__created__gt=0).count() == 1


def test_a_webhook_that_comes_later_reads_nothing_twice(bank, member, deliver, work):
    item = bank.connect(member)
    finish(member, item)
    work()
    deliver(*bank.events(item))
    work()
    created = [run.counts.get("transactions", {}).get("created", 0) for run in SyncRun.objects.order_by("pk")]
    assert created[0] > 0
    assert not any(created[1:])


def test_events_that_wait_for_the_connection_are_enough(bank, member, deliver, work):
    item = bank.connect(uuid_member())
    deliver(*bank.events(item))
    work()
    bank.call("PATCH", f"/items/{item}", {"clientUserId": str(member.pk)})
    bank.settled(item)
    connection = finish(member, item)
    assert not requests().exists()
    work()
    connection.refresh_from_db()
    assert connection.state == "active"


def uuid_member():
    """Somebody whom Ponte does not know."""
    return type("Unknown", (), {"pk": uuid.uuid4()})()


def test_nobody_finishes_what_is_not_theirs_and_all_refusals_look_the_same(bank, member, stranger, work):
    theirs, nobodys = bank.connect(member), bank.connect(None, "user-ok-account-warning")
    fellow = MembershipFactory(client=member.client)
    refusals = []
    for who, item in (
        (stranger, theirs),
        (fellow, theirs),
        (stranger, nobodys),
        (stranger, str(uuid.uuid4())),
        (stranger, "../connectors"),
        (stranger, ""),
        (stranger, "x" * 500),
    ):
        with pytest.raises(NotYours) as refusal:
            finish(who, item)
        refusals.append((refusal.value.code, str(refusal.value)))
    assert len(set(refusals)) == 1
    assert not Connection.objects.exists()
    finish(member, theirs)
    for _ in range(2):
        with pytest.raises(NotYours):
            finish(stranger, theirs)
        work()
    # Now the item is the client's, whose members may all repair it.
    assert finish(fellow, theirs).member == member


def test_an_item_at_an_unknown_application_is_refused_in_the_same_way(bank, member):
    with pytest.raises(NotYours):
        finish(member, bank.connect(member), "own-of-another")


def test_an_aggregator_that_is_down_is_told_and_changes_nothing(bank, member):
    item = bank.connect(member)
    bank.fault("500", "GET /items/{id}")
    with pytest.raises(Temporary):
        finish(member, item)
    bank.mend()
    bank.fault("429", "GET /items/{id}", retry_after=1)
    with pytest.raises(Temporary):
        finish(member, item)
    bank.mend()
    assert not Connection.objects.exists()


def test_one_member_cannot_use_up_the_calls_of_all(bank, member, stranger, monkeypatch):
    monkeypatch.setattr(turns, "CALLS_A_MINUTE", 3)
    item = bank.connect(member)
    calls = bank.calls().get("GET /items/{id}", 0)
    for _ in range(6):
        with pytest.raises((NotYours, Throttled)):
            finish(stranger, str(uuid.uuid4()))
    assert bank.calls()["GET /items/{id}"] <= calls + 6
    with pytest.raises(Throttled):
        finish(stranger, item)
    assert finish(member, item)


def test_another_clients_member_does_not_get_the_connection_of_an_item(bank, member, stranger):
    connection = finish(member, bank.connect(member))
    from apps.banking.aggregators.mailboxes import read_mailbox_name

    with pytest.raises(OtherClient):
        adopt(read_mailbox_name(connection.mailbox), stranger)


def test_a_bank_that_is_already_connected_leads_to_its_connection(bank, member, stranger):
    item = bank.connect(member)
    unknown = str(uuid.uuid4())
    existing = find_existing(member, [unknown, item])
    assert existing == Connection.objects.get(vendor_id=item)
    assert find_existing(member, [item]) == existing
    assert find_existing(stranger, [unknown, item]) is None
    assert find_existing(member, []) is None


def test_a_connection_that_is_being_ended_is_not_finished(bank, member):
    item = bank.connect(member)
    disconnect(finish(member, item))
    with pytest.raises(Disconnecting):
        finish(member, item)


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_finish_at_the_same_time_make_one_connection(bank, member):
    item = bank.connect(member)
    barrier, found = threading.Barrier(4), []

    def tab():
        try:
            barrier.wait(10)
            with for_client(member.client_id):
                found.append(finish(member, item).pk)
        finally:
            database.close()

    tabs = [threading.Thread(target=tab) for _ in range(4)]
    for thread in tabs:
        thread.start()
    for thread in tabs:
        thread.join(30)
    assert len(found) == 4
    assert len(set(found)) == Connection.objects.count() == 1
