"""Activity is one list of three tables, in order, without gap or repetition."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.audit.models import Entry
from apps.audit.record import record
from apps.banking.announce import announce
from apps.banking.factories import ConnectionFactory, SyncRunFactory
from apps.banking.pages.activity import PAGE
from apps.clients.factories import ClientFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db


def titles(person) -> list[str]:
    found, address = [], "/activity/"
    while address:
        context = person.get("/activity/" + address.removeprefix("/activity/")).context
        found += [(row.at, row.title) for row in context["rows"]]
        address = context["next"]
    assert [at for at, _title in found] == sorted((at for at, _title in found), reverse=True)
    return [title for _at, title in found]


def test_what_happened_stands_in_one_order_over_all_pages(person, connection):
    now = timezone.now()
    for number in reversed(range(PAGE + 15)):
        SyncRunFactory(connection=connection, started_at=now - timedelta(minutes=2 * number))
    with transaction.atomic():
        for _ in range(PAGE + 5):
            announce("connection.recovered", connection)
        announce("connection.needs_user", connection, {"action": "reconnect"})
        announce("connection.updated", connection)
    for number, event in enumerate(Event.objects.order_by("-id")):
        Event.objects.filter(pk=event.pk).update(received_at=now - timedelta(minutes=3 * number))
    record("transactions.export", client=connection.client_id)
    found = titles(person)
    assert len(found) == PAGE + 15 + PAGE + 6 + 1
    assert found.count("Banco do Vale · Needs you") == 1
    assert "Transactions were downloaded" in found


def test_nothing_of_another_client_is_told(person, connection):
    other = ConnectionFactory()
    SyncRunFactory(connection=other)
    with transaction.atomic():
        announce("connection.recovered", other)
    record("transactions.export", client=ClientFactory().pk)
    record("transactions.export")
    assert titles(person) == []


def test_the_reader_is_you_and_staff_are_staff(person, membership):
    record("identity.reveal", client=membership.client_id, actor=membership.user_id)
    record("edits.drop", client=membership.client_id, via=Entry.Via.ADMIN, reason="asked for")
    rows = person.get("/activity/").context["rows"]
    assert [row.text for row in rows] == ["by staff · asked for", "You"]


@pytest.mark.parametrize("cursor", ["1", "1-2", "a-b-c", "1-2-3-4", "-1-2-3", "1-2-" + "9" * 30, "²-1-1"])
def test_a_strange_place_is_not_found(person, connection, cursor):
    assert person.get("/activity/", {"after": cursor}).status_code == 404
