"""Accepting: an event is committed once, before `accept` returns."""

import asyncio
import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections

from apps.clients.factories import ClientFactory
from apps.events import accept as accepting
from apps.events.accept import PATIENCE, Committer, Incoming, Refused, Submission, Unavailable, accept
from apps.events.books import audit, read_books
from apps.events.models import Event, Tally
from apps.events.store import make_row, store_parameters
from lib.background_loop import run

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def incoming(event_id="e-1", kind="item/updated", mailbox="m", payload=b"{}") -> Incoming:
    return Incoming("test", event_id, kind, mailbox, payload)


def row(event_id, mailbox="m", payload=b"{}"):
    return make_row("test", event_id, "item/updated", mailbox, payload)


async def submit(committer, *rows) -> list:
    """The outcome or the error of each row, submitted in one turn of the loop."""

    async def outcome(one):
        return await committer.submit(one)

    return await asyncio.gather(*map(outcome, rows), return_exceptions=True)


def event_ids() -> set[str]:
    return set(Event.objects.values_list("event_id", flat=True))


def test_an_accepted_event_is_one_pending_row():
    assert accept(incoming(payload=b'{"a": 1}')) == "accepted"
    event = Event.objects.get()
    assert (event.source, event.event_id, event.kind, event.mailbox) == ("test", "e-1", "item/updated", "m")
    assert (event.state, event.attempts, event.data) == ("pending", 0, {"a": 1})


def test_an_event_is_stored_with_its_client_and_whose_proof_its_sender_had():
    client, member = ClientFactory(), uuid.uuid4()
    accept(replace(incoming(), client_id=client.pk, token_member=member))
    event = Event.objects.get()
    assert (event.client, event.token_member) == (client, member)


def test_no_text_about_an_event_shows_its_payload():
    event = incoming(payload=b'{"owner": "Maria"}')
    assert "Maria" not in f"{event!r} {row('e-1', payload=b'Maria')!r}"


def test_duplicates_alone_write_nothing_in_the_books():
    for outcome in ("accepted", "duplicate"):
        assert run(submit(Committer(), row("e-1"))) == [outcome]  # each committer has an entry of its own
    assert Tally.objects.count() == 1


def test_the_same_event_again_is_a_duplicate_and_changes_nothing():
    accept(incoming(payload=b'{"a": 1}'))
    assert accept(incoming(payload=b'{"a": 2}')) == "duplicate"
    assert Event.objects.get().data == {"a": 1}


def test_the_same_id_from_another_source_is_a_different_event():
    accept(incoming())
    assert accept(Incoming("other", "e-1", "item/updated", "m", b"{}")) == "accepted"


def test_a_thousand_parallel_deliveries_of_one_event_are_one_row():
    late: list[Unavailable] = []

    def deliver(_: int) -> str:
        while True:
            try:
                return accept(incoming())
            except Unavailable as error:  # a machine that stands still; senders retry
                late.append(error)

    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(deliver, range(1000)))
    # A row that is committed too late for its sender is a duplicate for everybody.
    assert outcomes.count("accepted") == 1 or (late and "accepted" not in outcomes)
    assert Event.objects.count() == 1
    assert read_books().accepted == 1


def test_events_of_several_committers_at_once_are_all_stored_once():
    rows = [row(f"e-{n}", mailbox=f"m-{n % 7}") for n in range(300)]

    async def deliver() -> list:
        committers = [Committer() for _ in range(4)]
        # Two groups with the same events in different order would wait for each other, if the statement did not sort.
        orders = [rows, rows[::-1], rows, rows[::-1]]
        submitted = [
            committer.submit(one)
            for some in zip(*orders, strict=True)
            for committer, one in zip(committers, some, strict=True)
        ]
        return await asyncio.gather(*submitted, return_exceptions=True)

    outcomes = run(deliver())
    # A machine that stands still makes some late, which may be the accepted ones.
    late = [type(outcome) for outcome in outcomes if outcome not in ("accepted", "duplicate")]
    assert set(late) <= {Unavailable}
    assert 300 - len(late) <= outcomes.count("accepted") <= 300
    assert Event.objects.count() == 300
    assert read_books().balanced
    assert audit() == {}


def test_an_event_whose_kind_has_no_handler_is_stored_as_unhandled():
    assert accept(incoming(kind="boleto/updated")) == "accepted"
    event = Event.objects.get()
    assert (event.state, event.outcome) == ("done", "unhandled")
    assert event.finished_at is not None
    assert read_books().balanced


def test_the_books_count_each_event_that_is_done_when_it_is_stored():
    for event_id in ("e-1", "e-2"):
        accept(incoming(event_id, kind="boleto/updated"))
    assert (read_books().accepted, read_books().done) == (2, 2)
    assert audit() == {}


def test_an_event_that_the_database_refuses_does_not_fail_the_rest_of_its_group():
    rows = [row(name) for name in ("e-0", "e-1", "bad\x00id", "e-2", "e-3")]
    outcomes = run(submit(Committer(), *rows))
    assert [str(one) for one in outcomes[:2] + outcomes[3:]] == ["accepted"] * 4
    assert isinstance(outcomes[2], Refused)
    assert Event.objects.count() == 4


@pytest.mark.parametrize(("limit", "value"), [("WAITING_LIMIT", 3), ("WAITING_BYTES", 3 * len(b"{}"))])
def test_an_event_is_unavailable_when_too_much_waits(monkeypatch, limit, value):
    monkeypatch.setattr(accepting, limit, value)
    committer = Committer()
    outcomes = run(submit(committer, *[row(f"e-{n}") for n in range(5)]))
    assert [type(one) for one in outcomes] == [str, str, str, Unavailable, Unavailable]
    assert run(submit(committer, row("e-9"))) == ["accepted"]
    assert Event.objects.count() == 4


def test_no_group_is_larger_than_its_limits(monkeypatch):
    sizes = []

    class Counting(accepting._Session):
        async def store(self, rows):
            sizes.append(len(rows))
            return await super().store(rows)

    monkeypatch.setattr(accepting, "_Session", Counting)
    big = b"{" + b" " * (accepting.GROUP_BYTES // 4) + b"}"
    rows = [row(f"small-{n}") for n in range(accepting.GROUP_LIMIT + 1)] + [
        row(f"big-{n}", payload=big) for n in range(9)
    ]
    assert set(run(submit(Committer(), *rows))) == {"accepted"}
    assert sizes[0] == accepting.GROUP_LIMIT
    assert max(sizes[1:]) <= 5
    assert sum(sizes) == len(rows)


def test_the_loop_goes_on_while_large_payloads_are_encrypted(monkeypatch):
    encrypting = threading.Event()
    encrypted = threading.Event()

    def slow(rows, slot):
        encrypting.set()
        assert encrypted.wait(5)
        return store_parameters(rows, slot)

    monkeypatch.setattr(accepting, "store_parameters", slow)

    async def submit_and_look() -> str:
        submitted = Committer().submit(row("large", payload=b" " * (accepting.INLINE_BYTES + 1)))
        while not encrypting.is_set():
            await asyncio.sleep(0.001)
        encrypted.set()
        return await submitted

    assert run(submit_and_look()) == "accepted"


def test_an_event_whose_sender_got_unavailable_is_not_stored_later(monkeypatch):
    monkeypatch.setattr(accepting, "GATHER", 0.3)
    monkeypatch.setattr(accepting, "PATIENCE", 0.1)
    committer = Committer()
    assert [type(one) for one in run(submit(committer, row("late")))] == [Unavailable]
    monkeypatch.undo()
    assert run(submit(committer, row("e-2"))) == ["accepted"]
    assert event_ids() == {"e-2"}


def test_an_event_whose_sender_went_away_before_its_group_began_is_not_stored(monkeypatch):
    monkeypatch.setattr(accepting, "GATHER", 0.2)

    async def go_away_and_come_again() -> str:
        committer = Committer()
        gone = asyncio.ensure_future(committer.submit(row("gone")))
        gone.cancel()
        return await committer.submit(row("stays"))

    assert run(go_away_and_come_again()) == "accepted"
    assert event_ids() == {"stays"}


def test_a_connection_that_hangs_is_replaced_and_costs_no_sender_more_than_the_promise(line):
    committer = Committer()
    assert run(submit(committer, row("before"))) == ["accepted"]
    line.hang()
    began = time.monotonic()
    assert [type(one) for one in run(submit(committer, row("hung-1"), row("hung-2")))] == [Unavailable, Unavailable]
    # Far more than the promise, because the machine may be busy. A vendor waits 5 s for an answer.
    assert time.monotonic() - began < 5
    line.mend()
    assert run(submit(committer, row("after"))) == ["accepted"]
    assert event_ids() >= {"before", "after"}


def test_a_server_that_hangs_while_it_is_connected_to_is_unavailable_and_then_replaced(line):
    committer = Committer()
    line.hang()
    assert [type(one) for one in run(submit(committer, row("hung")))] == [Unavailable]
    line.mend()
    assert run(submit(committer, row("after"))) == ["accepted"]


def test_a_row_that_waits_behind_a_hung_group_waits_no_longer_than_the_promise(line):
    committer = Committer()
    run(submit(committer, row("before")))
    line.hang()

    async def one_after_another() -> tuple[list, float]:
        first = committer.submit(row("hung"))
        await asyncio.sleep(PATIENCE / 2)
        second, began = committer.submit(row("behind")), time.monotonic()
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
        return outcomes, time.monotonic() - began

    outcomes, waited = run(one_after_another())
    assert [type(one) for one in outcomes] == [Unavailable, Unavailable]
    assert waited < 2 * PATIENCE


def test_a_connection_that_died_while_it_was_idle_is_replaced_and_no_event_is_refused(line):
    committer = Committer()
    run(submit(committer, row("before")))
    line.cut()
    assert run(submit(committer, row("after"))) == ["accepted"]
    assert event_ids() == {"before", "after"}


def test_an_event_whose_commit_was_not_confirmed_is_a_duplicate_when_it_is_sent_again(line):
    committer = Committer()
    run(submit(committer, row("before")))
    line.lose_answers()
    assert [type(one) for one in run(submit(committer, row("lost")))] == [Unavailable]
    line.mend()
    assert run(submit(committer, row("lost"), row("after"))) == ["duplicate", "accepted"]
    assert read_books().balanced
    assert audit() == {}


def test_a_committer_that_fails_unexpectedly_answers_its_group_and_goes_on(monkeypatch, caplog):
    def broken(rows, slot):
        raise MemoryError

    committer = Committer()
    with monkeypatch.context() as patch:
        patch.setattr(accepting, "store_parameters", broken)
        assert [type(one) for one in run(submit(committer, row("e-1")))] == [Unavailable]
    assert "The committer failed: MemoryError" in caplog.text
    assert run(submit(committer, row("e-1"))) == ["accepted"]


def test_when_the_loop_ends_every_waiting_sender_is_told():
    async def end_while_one_waits() -> list:
        committer = Committer()
        waiting = asyncio.ensure_future(committer.submit(row("e-1")))
        await asyncio.sleep(0)
        committer._task.cancel()
        return await asyncio.gather(waiting, return_exceptions=True)

    (outcome,) = run(end_while_one_waits())
    assert isinstance(outcome, Unavailable)


def test_a_forked_process_accepts_over_a_connection_of_its_own():
    assert accept(incoming("parent")) == "accepted"
    if not (child := os.fork()):
        # Without the fork's care it would wait for a thread that only the parent has, or write into its connection.
        os._exit(0 if accept(incoming("child")) == "accepted" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert accept(incoming("parent again")) == "accepted"
    assert event_ids() == {"parent", "child", "parent again"}


def test_a_read_only_database_is_unavailable_until_it_is_writable_again(transactional_db, monkeypatch):
    monkeypatch.setattr(accepting, "PATIENCE", 600)  # a sender is told at once, and not when the promise ends
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{owner.settings_dict["NAME"]}" SET default_transaction_read_only = on')
    try:
        (refused,) = run(asyncio.wait_for(submit(Committer(), row("e-1")), 60))
        assert repr(refused) == "Unavailable('the database is not available')"
    finally:
        with owner.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f'ALTER DATABASE "{owner.settings_dict["NAME"]}" RESET default_transaction_read_only')
        owner.close()
    assert run(submit(Committer(), row("e-1"))) == ["accepted"]


def test_an_answered_submission_leaves_no_timer_in_the_loop():
    async def submitted():
        loop = asyncio.get_running_loop()
        stored, refused = Submission(row("e-1"), loop), Submission(row("e-2"), loop)
        stored.answer("accepted")
        refused.fail(Unavailable("no"))
        await asyncio.gather(stored.outcome, refused.outcome, return_exceptions=True)
        return stored, refused

    assert [one._timer.cancelled() for one in run(submitted())] == [True, True]


def test_the_payload_is_not_readable_in_the_database():
    accept(incoming(payload=b'{"taxNumber": "761.092.776-73"}'))
    assert b"761" not in bytes(Event.objects.get().payload)


@pytest.mark.parametrize("payload", [b'{"a": "\\u0000"}', b'{"a": "\\ud800"}', b'{"a": 1e200000}'])
def test_json_that_jsonb_would_refuse_is_stored_byte_for_byte(payload):
    accept(incoming(payload=payload))
    assert Event.objects.get().raw_payload == payload
