"""An entry of the audit is written with the action, and the application cannot change it afterwards."""

import uuid

import pytest
from django.db import ProgrammingError, transaction

from apps.audit.models import Entry
from apps.audit.record import record
from apps.clients.factories import ClientFactory

pytestmark = pytest.mark.django_db


def test_an_entry_names_its_actor_its_subject_and_its_way():
    client = ClientFactory()
    entry = record("client.rename", actor=7, subject=client, client=client.pk, reason="asked to", length=12)
    entry.refresh_from_db()
    assert (entry.action, entry.actor, entry.via, entry.client) == ("client.rename", 7, "session", client.pk)
    assert (entry.subject, entry.reason, entry.details) == (f"clients.client:{client.pk}", "asked to", {"length": 12})


def test_an_entry_outlives_what_it_is_about():
    client = ClientFactory()
    record("client.erase", subject=client, client=client.pk)
    client.delete()
    assert Entry.objects.get().subject.startswith("clients.client:")


def test_an_entry_goes_away_with_the_action_that_fails():
    with transaction.atomic():
        record("client.rename", client=uuid.uuid4())
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("change", [lambda rows: rows.update(reason="another"), lambda rows: rows.delete()])
def test_the_application_can_neither_change_nor_delete_an_entry(change):
    record("event.replay")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        change(Entry.objects.all())
    assert Entry.objects.get().reason == ""
