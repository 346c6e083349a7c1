"""Accepting: an event is committed once, before `accept` returns."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from apps.events import accept as accepting
from apps.events.accept import Committer, Incoming, Refused, Unavailable, accept
from apps.events.books import audit, read_books
from apps.events.models import Event
from apps.events.store import make_row

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def incoming(event_id="e-1", kind="item/updated", mailbox="m", payload=b"{}") -> Incoming:
    return Incoming("test", event_id, kind, mailbox, payload)


def test_an_accepted_event_is_one_pending_row():
    assert accept(incoming(payload=b'{"a": 1}')) == "accepted"
    event = Event.objects.get()
    assert (event.source, event.event_id, event.kind, event.mailbox) == ("test", "e-1", "item/updated", "m")
    assert (event.state, event.attempts, event.data) == ("pending", 0, {"a": 1})


def test_the_same_event_again_is_a_duplicate_and_changes_nothing():
    accept(incoming(payload=b'{"a": 1}'))
    assert accept(incoming(payload=b'{"a": 2}')) == "duplicate"
    assert Event.objects.get().data == {"a": 1}


def test_the_same_id_from_another_source_is_a_different_event():
    accept(incoming())
    assert accept(Incoming("other", "e-1", "item/updated", "m", b"{}")) == "accepted"


def test_a_thousand_parallel_deliveries_of_one_event_are_one_row():
    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(lambda _: accept(incoming()), range(1000)))
    assert sorted(outcomes).count("accepted") == 1
    assert Event.objects.count() == 1
    assert read_books().accepted == 1


def test_parallel_events_of_several_committers_are_all_stored_once():
    committers = [Committer() for _ in range(4)]
    rows = [make_row("test", f"e-{n}", "item/updated", f"m-{n % 7}", b"{}") for n in range(300)]

    def deliver(committer: Committer) -> list[str]:
        return [submission.result(10) for submission in [committer.submit(row) for row in rows]]

    with ThreadPoolExecutor(4) as pool:
        outcomes = [outcome for some in pool.map(deliver, committers) for outcome in some]
    assert outcomes.count("accepted") == 300
    assert outcomes.count("duplicate") == 900
    assert read_books().balanced
    assert audit() == {}


def test_an_event_whose_kind_has_no_handler_is_stored_as_unhandled():
    assert accept(incoming(kind="boleto/updated")) == "accepted"
    event = Event.objects.get()
    assert (event.state, event.outcome) == ("done", "unhandled")
    assert event.finished_at is not None
    assert read_books().balanced


def test_an_event_that_the_database_refuses_does_not_fail_the_rest_of_its_group():
    committer = Committer()
    bad = make_row("test", "bad\x00id", "item/updated", "m", b"{}")
    good = [make_row("test", f"e-{n}", "item/updated", "m", b"{}") for n in range(5)]
    submissions = [committer.submit(row) for row in (*good[:2], bad, *good[2:])]
    outcomes = []
    for submission in submissions:
        try:
            outcomes.append(submission.result(5))
        except Refused:
            outcomes.append("refused")
    assert outcomes == ["accepted", "accepted", "refused", "accepted", "accepted", "accepted"]
    assert Event.objects.count() == 5


def test_an_event_is_unavailable_when_too_many_wait(monkeypatch):
    monkeypatch.setattr(accepting, "WAITING_LIMIT", 0)
    with pytest.raises(Unavailable):
        accept(incoming())
    assert not Event.objects.exists()


def test_an_event_whose_sender_got_unavailable_is_not_stored_later(monkeypatch):
    class Stuck(Committer):
        def _keep_alive(self) -> None:
            """Start no thread, so that no row is committed."""

    stuck = Stuck()
    monkeypatch.setattr(accepting, "_committer", stuck)
    monkeypatch.setattr(accepting, "PATIENCE", 0.01)
    with pytest.raises(Unavailable):
        accept(incoming())
    Committer._keep_alive(stuck)
    assert stuck.submit(make_row("test", "e-2", "item/updated", "m", b"{}")).result(5) == "accepted"
    assert list(Event.objects.values_list("event_id", flat=True)) == ["e-2"]


def test_a_group_may_end_while_another_event_is_submitted():
    class Ending(Committer):
        """The group ends just after the code first reads when it began."""

        looks = 0

        @property
        def _busy_since(self) -> float | None:
            self.looks += 1
            return time.monotonic() if self.looks == 1 else None

        @_busy_since.setter
        def _busy_since(self, moment: float | None) -> None:
            """Ignore it."""

    assert Ending().submit(make_row("test", "e-1", "item/updated", "m", b"{}")).result(5) == "accepted"


def test_a_read_only_database_is_unavailable_until_it_is_writable_again(transactional_db):
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{owner.settings_dict["NAME"]}" SET default_transaction_read_only = on')
    try:
        with pytest.raises(Unavailable):
            Committer().submit(make_row("test", "e-1", "item/updated", "m", b"{}")).result(5)
    finally:
        with owner.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f'ALTER DATABASE "{owner.settings_dict["NAME"]}" RESET default_transaction_read_only')
        owner.close()
    assert Committer().submit(make_row("test", "e-1", "item/updated", "m", b"{}")).result(5) == "accepted"


def test_the_payload_is_not_readable_in_the_database():
    accept(incoming(payload=b'{"taxNumber": "761.092.776-73"}'))
    assert b"761" not in bytes(Event.objects.get().payload)


@pytest.mark.parametrize("payload", [b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'{"a": 1e200000}'])
def test_json_that_jsonb_would_refuse_is_stored_byte_for_byte(payload):
    accept(incoming(payload=payload))
    assert Event.objects.get().raw_payload == payload
