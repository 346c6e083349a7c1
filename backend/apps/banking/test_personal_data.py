"""An export holds everything of a client and nothing of another; erasing it leaves nothing, here and at Pluggy."""

import base64
import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.audit.models import Entry
from apps.banking import factories
from apps.banking.models import Account, ClientApplication, Connection, Identity, Transaction
from apps.banking.personal_data import ASK_AGAIN
from apps.clients import erasure
from apps.clients.export import write
from apps.clients.factories import MembershipFactory
from apps.clients.members import remove
from apps.clients.models import Client, Erasure, Membership
from apps.clients.personal_data import OF_CLIENTS
from apps.events.books import audit, read_books
from apps.events.emit import emit
from apps.events.lease import claim
from apps.events.models import Event, Replay

pytestmark = pytest.mark.django_db


def owner_of(client: Client) -> Membership:
    return MembershipFactory(client=client, role="owner")


def document(membership: Membership) -> dict:
    return json.loads(b"".join(write(membership)))


def left_of(client) -> dict[str, int]:
    """Rows of the client in every table that may not keep any."""
    counts = {}
    for holding in OF_CLIENTS:
        if holding.erase is not None:
            counts[holding.model._meta.label] = sum(rows.count() for rows in holding.pieces(client))
    return {label: number for label, number in counts.items() if number}


@pytest.fixture
def erased(work):
    """Erase a client to the end, with the workers' help."""

    def run(client):
        order = erasure.ask(owner_of(client), client.name)
        for _ in range(20):
            erasure.go_on()
            work()
            order.refresh_from_db()
            if order.finished_at:
                return order
        raise AssertionError(order.waits_for)

    return run


def test_an_export_is_complete_and_readable(connected):
    row = Connection.objects.get()
    found = document(owner_of(row.client))
    data = found["data"]
    assert found["client"] == {"id": str(row.client_id), "name": row.client.name}
    assert len(data["banking.transaction"]) == Transaction.objects.count() > 0
    assert {each["vendor_id"] for each in data["banking.account"]} == set(
        Account.objects.values_list("vendor_id", flat=True)
    )
    identity = Identity.objects.get()
    assert data["banking.identity"][0]["full_name"] == identity.full_name
    assert data["banking.account"][0]["number"]
    assert any("itemId" in str(each["payload"]) for each in data["events.event"])
    assert not [text for text in ("_sealed", "_index", "digest") if text in json.dumps(found)]


def test_an_export_holds_nothing_of_another_client(connected):
    mine = MembershipFactory(role="owner")
    found = document(mine)
    assert {label for label, rows in found["data"].items() if rows} <= {"clients.membership"}
    assert connected not in json.dumps(found)
    assert [each["id"] for each in found["data"]["clients.membership"]] == [str(mine.pk)]


def test_an_export_holds_no_secret():
    client = MembershipFactory(role="owner").client
    own = ClientApplication(client=client, label="ours", name="own-1", tested_at=timezone.now())
    own.key, own.secret = "the-key", "the-secret-of-it"
    own.save()
    text = json.dumps(document(owner_of(client)))
    assert "ours" in text
    assert "the-key" not in text
    assert "the-secret" not in text


def test_one_row_that_no_key_opens_does_not_cost_the_others(settings):
    first = factories.AccountFactory()
    first.number = "123"
    first.save()
    settings.ENCRYPTION_KEYS = [base64.b64encode(bytes(range(5, 37))).decode()]
    second = factories.AccountFactory(connection=first.connection)
    second.number = "456"
    second.save()
    rows = document(owner_of(first.client))["data"]["banking.account"]
    assert {"id": first.pk, "unreadable": True} in rows
    assert "456" in [row.get("number") for row in rows]


def test_an_export_reads_in_batches_and_needs_no_query_for_each_row(django_assert_max_num_queries):
    account = factories.AccountFactory()
    factories.TransactionFactory.create_batch(30, account=account)
    member = owner_of(account.client)
    with django_assert_max_num_queries(60):
        assert len(document(member)["data"]["banking.transaction"]) == 30


def test_erasing_a_client_deletes_its_items_at_the_vendor_and_every_row_here(bank, connected, erased):
    row = Connection.objects.get()
    other = factories.TransactionFactory()
    Event.objects.filter(state="done").update(attempts=1)
    event = Event.objects.filter(client=None, state="done").first()
    Replay.objects.create(event=event, kind=event.kind, actor="ana", was_state="dead")
    client, before = row.client, audit()
    order = erased(client)
    assert bank.session.get(f"{bank.url}/items/{connected}").status_code == 404
    assert not Client.objects.filter(pk=client.pk).exists()
    assert left_of(client.pk) == {}
    assert not Event.objects.filter(mailbox=row.mailbox).exists()
    assert list(Transaction.objects.all()) == [other]
    assert order.mailboxes == []
    assert audit() == before
    assert read_books().balanced
    actions = list(Entry.objects.filter(client=client.pk).order_by("pk").values_list("action", flat=True))
    assert actions[0] == "client.erase"
    assert actions[-1] == "client.erased"
    connection.check_constraints()


def test_an_item_that_the_vendor_does_not_delete_holds_the_erasure_up_and_is_asked_for_again(bank, connected, work):
    row = Connection.objects.get()
    bank.fault("500", "DELETE /items/*")
    order = erasure.ask(owner_of(row.client), row.client.name)
    erasure.go_on()
    work()
    erasure.go_on()
    order.refresh_from_db()
    assert order.waits_for == {"connections": 1}
    assert Event.objects.filter(kind="connection.disconnect").count() == 1
    Event.objects.filter(kind="connection.disconnect").update(
        state="dead", finished_at=timezone.now(), error_code="HTTP_500"
    )
    erasure.go_on()
    assert Event.objects.filter(kind="connection.disconnect").count() == 1
    Connection.objects.update(disconnect_asked_at=timezone.now() - ASK_AGAIN - timedelta(seconds=1))
    Client.objects.update(erasing_at=timezone.now() - timedelta(hours=3))
    erasure.go_on()
    assert Event.objects.filter(kind="connection.disconnect").count() == 2


def test_a_crash_between_steps_loses_nothing(connected, work, monkeypatch):
    row = Connection.objects.get()
    before = audit()
    order = erasure.ask(owner_of(row.client), row.client.name)
    for _ in range(500):
        # Each step could be the last before a crash.
        erasure.step(order.pk)
        work()
        order.refresh_from_db()
        if order.finished_at:
            break
    assert order.finished_at
    assert left_of(row.client_id) == {}
    assert audit() == before


def test_events_that_wait_are_given_up_before_they_are_erased(erased):
    client = MembershipFactory(role="owner").client
    emit("connection.reconcile", mailbox="m", client=client.pk, payload={"a": 1})
    erased(client)
    assert not Event.objects.exists()
    assert read_books().balanced


def test_an_erasure_waits_for_a_worker_that_has_an_event(erased):
    client = MembershipFactory(role="owner").client
    emit("connection.reconcile", mailbox="m", client=client.pk, payload={"a": 1})
    lease = claim("m")
    order = erasure.ask(owner_of(client), client.name)
    erasure.go_on()
    order.refresh_from_db()
    assert order.finished_at is None
    assert Event.objects.get().state == "pending"
    lease.free()
    erasure.go_on()
    order.refresh_from_db()
    assert order.finished_at


def test_only_an_owner_who_types_the_name_erases_a_client():
    owner = MembershipFactory(role="owner", client__name="Casa da Ana")
    for role in ("member", "viewer"):
        with pytest.raises(PermissionDenied):
            erasure.ask(MembershipFactory(client=owner.client, role=role), "Casa da Ana")
    for name in ("", "Casa", "casa da ana"):
        with pytest.raises(ValidationError):
            erasure.ask(owner, name)
    assert not Erasure.objects.exists()
    assert erasure.ask(owner, " Casa da  Ana ").asked_by == owner.user_id
    with pytest.raises(ValidationError):
        erasure.ask(owner, "Casa da Ana")


def test_what_would_be_gone_is_counted_to_a_limit(monkeypatch):
    monkeypatch.setattr(erasure, "COUNTED", 3)
    account = factories.AccountFactory()
    factories.TransactionFactory.create_batch(5, account=account)
    factories.TransactionFactory()
    counts = {str(label): number for label, number in erasure.would_be_gone(account.client_id)}
    assert 3 in counts.values()
    assert 5 not in counts.values()


def test_a_failing_order_does_not_hold_up_the_others(monkeypatch, erased):
    bad, good = (MembershipFactory(role="owner").client for _ in range(2))
    erasure.ask(owner_of(bad), bad.name)
    real = erasure._erase_some

    def fail(order):
        if order.client == bad.pk:
            raise DatabaseError("broken")
        return real(order)

    monkeypatch.setattr(erasure, "_erase_some", fail)
    erased(good)
    assert Client.objects.filter(pk=bad.pk).exists()


def test_members_keep_what_a_person_connected_when_the_person_leaves():
    row = factories.ConnectionFactory()
    remove(owner_of(row.client), row.member)
    row.refresh_from_db()
    assert (row.member_id, row.client_id) == (None, row.client_id)
