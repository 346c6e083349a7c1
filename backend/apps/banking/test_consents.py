"""Reminders of consents that end: once seven days, once three days and once one day before."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.banking import consents
from apps.banking.factories import ConnectionFactory
from apps.events.models import Event

pytestmark = pytest.mark.django_db

END = datetime(2026, 12, 31, 12, tzinfo=UTC)


def reminders_at(moment: datetime) -> int:
    with time_machine.travel(moment, tick=False):
        return consents.remind()


def test_a_reminder_is_sent_seven_three_and_one_day_before_and_each_once():
    connection = ConnectionFactory(consent_expires_at=END)
    sent = []
    moment = END - timedelta(days=9)
    while moment < END + timedelta(days=1):
        if reminders_at(moment):
            sent.append((END - moment) / timedelta(days=1))
        moment += timedelta(hours=3)
    assert sent == [7, 3, 1]
    events = Event.objects.filter(kind="consent.expiring").order_by("pk")
    assert [event.data["days_left"] for event in events] == [7, 3, 1]
    assert {event.mailbox for event in events} == {f"connection:{connection.pk}"}
    assert {event.client_id for event in events} == {connection.client_id}


def test_reminders_stop_when_the_consent_is_renewed_and_start_again_before_its_new_end():
    connection = ConnectionFactory(consent_expires_at=END)
    assert reminders_at(END - timedelta(days=7)) == 1
    type(connection).objects.update(consent_expires_at=END + timedelta(days=365))
    assert reminders_at(END - timedelta(days=3)) == 0
    assert reminders_at(END - timedelta(hours=1)) == 0
    assert reminders_at(END + timedelta(days=358)) == 1


def test_after_a_pause_only_the_latest_reminder_is_sent():
    ConnectionFactory(consent_expires_at=END)
    assert reminders_at(END - timedelta(days=2)) == 1
    assert reminders_at(END - timedelta(days=2)) == 0
    assert Event.objects.get(kind="consent.expiring").data["days_left"] == 2


def test_deleted_connections_and_endless_consents_get_no_reminder():
    ConnectionFactory(consent_expires_at=None)
    ConnectionFactory(consent_expires_at=END, state="deleted", deleted_at=END)
    assert reminders_at(END - timedelta(days=1)) == 0
    assert reminders_at(END + timedelta(days=1)) == 0
