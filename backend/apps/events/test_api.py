"""Staff look at events and replay them by the API; other people see none."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from apps.audit.models import Entry
from apps.clients.factories import MembershipFactory
from apps.events.accept import accept_here
from apps.events.api import EventsView
from apps.events.models import Event, Replay
from apps.events.store import make_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _required(settings):
    settings.STAFF_MFA_REQUIRED = True


@pytest.fixture
def event():
    accept_here(make_row("pluggy", "an-id", "item/updated", "pluggy:item:x", b'{"secret": "payload"}'))
    event = Event.objects.get()
    event.state, event.finished_at = Event.State.DEAD, event.received_at
    event.save()
    return event


def staff_with(*permissions: str):
    member = MembershipFactory(user__is_staff=True)
    TOTP.activate(member.user, generate_totp_secret())
    member.user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return member


def test_staff_list_events_by_state_kind_and_mailbox(caller, event, django_assert_num_queries):
    program = caller(staff_with("view_event"), "staff")
    for query in ({}, {"state": "dead"}, {"kind": "item/updated"}, {"mailbox": "pluggy:item:x"}):
        (row,) = program.get("/api/events/", **query)[1]["events"]
        assert row["id"] == event.pk
        assert "payload" not in str(row)
    assert program.get("/api/events/", state="done")[1]["events"] == []
    # The token, the second factor, the two sources of permissions, the events.
    with django_assert_num_queries(5):
        program.get("/api/events/")
    assert program.get(f"/api/events/{event.pk}/")[1]["event"]["state"] == "dead"
    assert program.get(f"/api/events/{event.pk + 1}/")[0] == 404


@pytest.mark.django_db(transaction=True)
def test_the_events_of_a_mailbox_are_found_by_an_index(analyze):
    done = {"source": "test", "kind": "item/updated", "state": Event.State.DONE, "finished_at": timezone.now()}
    Event.objects.bulk_create(Event(event_id=str(n), mailbox=f"m-{n % 500}", **done) for n in range(5000))
    analyze("events_event")
    page = EventsView().find({"mailbox": "m-1"}).order_by(*EventsView.order.order)[:51]
    sql, parameters = page.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "event_mailbox_done" in plan, plan


def test_an_event_is_replayed_once_with_a_reason(caller, event):
    member = staff_with("view_event", "replay_event")
    program = caller(member, "staff")
    path = f"/api/events/{event.pk}/replay/"
    assert program.post(path, {})[0] == 400
    status, answer = program.post(path, {"reason": "the bank is back"})
    assert (status, answer["event"]["state"]) == (202, "pending")
    assert program.post(path, {"reason": "again"})[1]["error_code"] == "PENDING"
    assert Replay.objects.get().reason == "the bank is back"
    entry = Entry.objects.get(action="event.replay")
    assert (entry.actor, entry.via, entry.reason) == (member.user_id, "token", "the bank is back")


def test_support_that_may_only_look_does_not_replay(caller, event):
    program = caller(staff_with("view_event"), "staff")
    assert program.post(f"/api/events/{event.pk}/replay/", {"reason": "x"})[1]["error_code"] == "FORBIDDEN"
    assert Event.objects.get().state == "dead"


def test_only_staff_with_the_permission_and_the_scope_see_events(caller, stranger, event):
    assert stranger.get("/api/events/")[0] == 401
    assert caller(MembershipFactory()).get("/api/events/")[1]["error_code"] == "SCOPE_MISSING"
    assert caller(staff_with(), "staff").get("/api/events/")[1]["error_code"] == "FORBIDDEN"
    assert caller(staff_with("view_event"), "read").get("/api/events/")[1]["error_code"] == "SCOPE_MISSING"


def test_staff_without_a_second_factor_see_no_events_where_one_is_required(caller, event, settings):
    member = staff_with("view_event")
    member.user.authenticator_set.all().delete()
    program = caller(member, "staff")
    assert program.get("/api/events/")[1]["error_code"] == "SECOND_FACTOR_NEEDED"
    settings.STAFF_MFA_REQUIRED = False
    assert program.get("/api/events/")[0] == 200
