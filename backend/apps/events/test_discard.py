"""Discarding an event keeps the books, and leaves alone what a worker is processing."""

import pytest
from django.db import transaction
from django.utils import timezone

from apps.events.accept import Incoming, accept
from apps.events.books import read_books
from apps.events.discard import discard
from apps.events.lease import claim
from apps.events.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def put(number: int, mailbox: str = "m", kind: str = "item/updated") -> Event:
    accept(Incoming("test", f"e-{number}", kind, mailbox, b"{}"))
    return Event.objects.get(event_id=f"e-{number}")


def bury(event: Event) -> Event:
    Event.objects.filter(pk=event.pk).update(state="dead", outcome="dead", finished_at=timezone.now())
    return event


def test_dead_and_waiting_events_become_done_and_the_books_stay_balanced():
    dead, waiting = bury(put(1)), put(2, "other")
    assert discard([dead, waiting]) == 2
    states = set(Event.objects.values_list("state", "outcome"))
    assert states == {("done", "discarded")}
    books = read_books()
    assert (books.done, books.dead, books.pending, books.balanced) == (2, 0, 0, True)


def test_a_done_event_is_left_alone():
    done = put(1, kind="payment_intent/created")
    assert discard([done]) == 0
    assert Event.objects.get().outcome == "unhandled"
    assert read_books().balanced


def test_an_event_that_a_worker_holds_is_left_to_it():
    waiting = put(1)
    with transaction.atomic():
        lease = claim("m")
    assert discard([waiting]) == 0
    assert Event.objects.get().state == "pending"
    with transaction.atomic():
        lease.free()
    assert discard([waiting]) == 1


def test_a_worker_whose_event_was_discarded_cannot_finish_it():
    from apps.events.work import process

    waiting = put(1)
    assert discard([waiting]) == 1
    assert process("m", "item/updated", lambda batch: "synced") is None
    assert Event.objects.get().outcome == "discarded"
    assert read_books().balanced
