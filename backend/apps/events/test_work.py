"""Working on a mailbox: one worker at a time, and a worker that lost the lease writes nothing."""

import contextlib
import threading
import uuid
from datetime import timedelta

import psycopg
import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.clients.factories import ClientFactory
from apps.events import bell, work
from apps.events.accept import Incoming, accept
from apps.events.books import audit, read_books
from apps.events.discard import discard
from apps.events.emit import DEPTH_LIMIT, TooDeep, emit
from apps.events.kinds import ALONE_AFTER_ATTEMPTS, BATCH_LIMIT, POLICY, Rules
from apps.events.lease import LEASE, LeaseLost, claim
from apps.events.models import LONG_AGO, Event, Mailbox, Tally
from apps.events.settle import PARKED_FOR
from apps.events.work import Park, process, unpark
from lib.errors import ErrorType, NeedsUser, Permanent, Temporary, Throttled, Unexpected

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "item/updated"
BOX = "pluggy:item:1"


@pytest.fixture(autouse=True)
def _books_balance_after_every_test():
    yield
    assert read_books().balanced
    assert audit() == {}


def put(event_id="e-1", kind=KIND, mailbox=BOX) -> Event:
    accept(Incoming("test", event_id, kind, mailbox, b"{}"))
    return Event.objects.get(event_id=event_id)


def do_nothing(batch) -> str:
    return "done"


def fail_with(error):
    def handler(batch):
        raise error

    return handler


def reloaded(event: Event) -> Event:
    event.refresh_from_db()
    return event


def make_due(*events: Event) -> None:
    Event.objects.filter(pk__in=[event.pk for event in events]).update(available_at=timezone.now())


def test_a_processed_event_is_done_with_its_outcome_and_its_mailbox_is_free():
    event = put()
    assert process(BOX, KIND, lambda batch: "synced") == "synced"
    event = reloaded(event)
    assert (event.state, event.outcome, event.attempts) == ("done", "synced", 1)
    assert claim(BOX) is not None


def test_a_run_is_logged_with_the_number_of_its_events_and_its_outcome(caplog):
    caplog.set_level("INFO")
    put("e-1"), put("e-2")
    process(BOX, KIND, lambda batch: "synced")
    begun, ended = [record for record in caplog.records if record.getMessage().startswith("[TASK]")]
    assert (begun.events, ended.outcome) == (2, "synced")


def test_a_run_counts_an_attempt_of_its_own_events_alone():
    ours, other = put("e-1"), put("e-2", mailbox="pluggy:item:2")
    process(BOX, KIND, do_nothing)
    assert (reloaded(ours).attempts, reloaded(other).attempts) == (1, 0)


@pytest.fixture
def rings(monkeypatch) -> list[bool]:
    """One entry for each ring: whether it came inside a transaction."""
    rung: list[bool] = []
    monkeypatch.setattr(bell, "ring_soon", lambda: rung.append(connection.in_atomic_block))
    return rung


def test_after_a_run_the_mailboxes_that_wait_are_rung_for(rings):
    put()
    rings.clear()
    process(BOX, KIND, do_nothing)
    assert rings == [False]


def test_a_task_that_finds_another_kind_first_rings_for_it(rings):
    put("e-1"), put("e-2", "transactions/deleted")
    rings.clear()
    assert process(BOX, "transactions/deleted", do_nothing) is None
    assert rings == [False]


def test_unpark_rings_when_it_has_committed_and_only_if_something_was_parked(rings):
    put()
    process(BOX, KIND, fail_with(Park("unknown item")))
    rings.clear()
    for mailbox in ("another", BOX):
        with transaction.atomic():
            unpark(mailbox)
        assert rings == ([False] if mailbox == BOX else [])


def test_a_take_that_fails_does_not_hold_the_mailbox(monkeypatch):
    put()
    monkeypatch.setattr(work, "_due", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        process(BOX, KIND, do_nothing)
    assert claim(BOX) is not None


def test_the_oldest_events_run_first_and_a_run_takes_as_many_as_the_rules_of_their_kind_say(settings):
    settings.EVENT_RULES = {KIND: Rules(batch=2)}
    oldest = put("e-1")
    put("e-2"), put("e-3")
    # Its newest version is the last one in the table, whose order would be used without the index.
    Event.objects.filter(pk=oldest.pk).update(outcome="")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off")
    runs = []
    process(BOX, KIND, lambda batch: runs.append([event.event_id for event in batch.events]) or "done")
    connection.close()
    assert runs == [["e-1", "e-2"]]


def test_events_whose_senders_proved_different_members_run_separately():
    one, other = uuid.uuid4(), uuid.uuid4()
    for number, member in enumerate((one, other, one, None)):
        accept(Incoming("test", f"e-{number}", KIND, BOX, b"{}", token_member=member))
    runs = []
    for _ in range(3):
        process(BOX, KIND, lambda batch: runs.append((batch.token_member, len(batch.events))) or "done")
    assert runs == [(one, 2), (other, 1), (None, 1)]


def test_an_event_without_a_handler_runs_in_the_task_for_those_alone(settings):
    put("e-1", "transactions/deleted"), put("e-2")
    assert process(BOX, None, do_nothing) is None
    settings.EVENT_TASKS = {kind: task for kind, task in settings.EVENT_TASKS.items() if kind == KIND}
    assert process(BOX, KIND, do_nothing) is None
    assert process(BOX, None, lambda batch: batch.kind) == "transactions/deleted"
    assert process(BOX, KIND, do_nothing) == "done"


def test_a_handler_may_store_a_failure_itself(caplog):
    event = put()

    def handler(batch):
        batch.fail(Temporary("the bank is away"))
        return "failed"

    assert process(BOX, KIND, handler) == "failed"
    assert "taken over" not in caplog.text
    assert (reloaded(event).state, reloaded(event).outcome) == ("pending", "failed")


def test_an_event_that_is_no_longer_pending_keeps_its_state():
    event = put()

    def handler(batch):
        Event.objects.filter(pk=event.pk).update(state="dead", finished_at=timezone.now())
        return "done"

    process(BOX, KIND, handler)
    assert reloaded(event).state == "dead"


@pytest.mark.parametrize(("attempts", "state", "error"), [
    (POLICY.attempts - 1, "done", ("", "")),
    (POLICY.attempts, "dead", ("internal_error", "worker_died")),
])  # fmt: skip
def test_an_event_whose_workers_all_died_is_dead_and_its_last_attempt_runs(attempts, state, error):
    event = put()
    Event.objects.update(attempts=attempts)
    process(BOX, KIND, do_nothing)
    event = reloaded(event)
    assert (event.state, (event.error_type, event.error_code)) == (state, error)


def test_pending_events_of_one_kind_cost_one_run():
    for n in range(5):
        put(f"e-{n}")
    runs = []
    process(BOX, KIND, lambda batch: runs.append([event.event_id for event in batch.events]) or "done")
    assert runs == [["e-0", "e-1", "e-2", "e-3", "e-4"]]
    assert Event.objects.filter(state="done").count() == 5


def test_events_of_different_kinds_run_separately_and_in_order():
    put("e-1"), put("e-2", "transactions/deleted"), put("e-3")
    seen = []

    def handler(batch):
        seen.append([event.event_id for event in batch.events])
        return "done"

    assert process(BOX, "transactions/deleted", handler) is None
    process(BOX, KIND, handler)
    process(BOX, "transactions/deleted", handler)
    assert seen == [["e-1", "e-3"], ["e-2"]]


def test_events_of_other_mailboxes_are_left_alone():
    put("e-1"), put("e-2", mailbox="pluggy:item:2")
    process(BOX, KIND, do_nothing)
    assert Event.objects.get(event_id="e-2").state == "pending"


def test_an_event_that_arrives_during_a_run_waits_for_the_next_run():
    put("e-1")
    runs = []

    def handler(batch):
        runs.append(len(batch.events))
        if len(runs) == 1:
            put("e-2"), put("e-3")
        return "done"

    process(BOX, KIND, handler)
    assert Event.objects.filter(state="pending").count() == 2
    process(BOX, KIND, handler)
    process(BOX, KIND, handler)
    assert runs == [1, 2]


def test_a_second_worker_does_nothing_while_the_first_holds_the_mailbox():
    put()
    inside, leave = threading.Event(), threading.Event()
    runs = []

    def slow(batch):
        runs.append("first")
        inside.set()
        leave.wait(5)
        return "done"

    def first():
        process(BOX, KIND, slow)
        connection.close()

    worker = threading.Thread(target=first)
    worker.start()
    inside.wait(5)
    assert process(BOX, KIND, lambda batch: runs.append("second") or "done") is None
    leave.set()
    worker.join()
    assert runs == ["first"]


def test_a_worker_whose_lease_was_taken_over_cannot_write():
    event = put()

    def frozen(batch):
        Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert claim(BOX) is not None
        with batch.write():
            Event.objects.filter(pk=event.pk).update(outcome="written by the stale worker")
        return "done"

    assert process(BOX, KIND, frozen) is None
    event = reloaded(event)
    assert (event.state, event.outcome) == ("pending", "")


def test_a_stale_worker_can_neither_finish_nor_fail_nor_renew():
    for action in (
        lambda batch: batch.renew(),
        lambda batch: batch.finish("done").__enter__(),
        lambda batch: batch.fail(Temporary("x")),
    ):
        Event.objects.all().delete()
        Tally.objects.all().delete()
        put()

        def frozen(batch, action=action):
            Mailbox.objects.update(token=99)
            with pytest.raises(LeaseLost):
                action(batch)
            raise LeaseLost

        assert process(BOX, KIND, frozen) is None
        assert Event.objects.get().state == "pending"
        Mailbox.objects.all().delete()


def test_the_rows_written_in_finish_and_done_commit_together_or_not_at_all():
    event = put()

    def handler(batch):
        with batch.finish("done"):
            emit("connection.updated", mailbox="connection:1", client=None, payload={})
            raise Temporary("the bank is away")

    process(BOX, KIND, handler)
    assert reloaded(event).state == "pending"
    assert not Event.objects.filter(kind="connection.updated").exists()


def test_newer_events_run_while_a_failed_event_waits_for_its_retry():
    failing = put("e-1")
    process(BOX, KIND, fail_with(Temporary("timeout", code="SITE_NOT_AVAILABLE")))
    failing = reloaded(failing)
    assert (failing.state, failing.attempts, failing.outcome) == ("pending", 1, "failed")
    assert (failing.error_type, failing.error_code) == ("connection_failure", "SITE_NOT_AVAILABLE")
    assert failing.available_at > timezone.now()
    put("e-2")
    process(BOX, KIND, do_nothing)
    assert Event.objects.get(event_id="e-2").state == "done"
    assert reloaded(failing).state == "pending"


def test_the_backoff_grows_and_after_the_last_attempt_the_event_is_dead():
    event = put()
    waits = []
    for _ in range(POLICY.attempts):
        make_due(event)
        process(BOX, KIND, fail_with(Temporary("timeout")))
        event = reloaded(event)
        waits.append((event.available_at - timezone.now()).total_seconds())
    assert (event.state, event.attempts) == ("dead", POLICY.attempts)
    assert event.finished_at is not None
    assert waits[1] > waits[0]
    assert process(BOX, KIND, do_nothing) is None


def test_retry_after_is_honoured_up_to_a_limit():
    event = put()
    process(BOX, KIND, fail_with(Temporary("429", retry_after=600)))
    assert reloaded(event).available_at > timezone.now() + timedelta(seconds=590)
    make_due(event)
    process(BOX, KIND, fail_with(Temporary("429", retry_after=10**9)))
    assert reloaded(event).available_at < timezone.now() + timedelta(hours=7)


def test_a_throttled_run_costs_no_attempt():
    event = put()
    for _ in range(POLICY.attempts + 3):
        make_due(event)
        process(BOX, KIND, fail_with(Throttled("budget", retry_after=30)))
    event = reloaded(event)
    assert (event.state, event.attempts) == ("pending", 0)


@pytest.mark.parametrize(
    ("asked", "shortest", "longest"),
    [(30, 29, 30), (5 * 3600, 5 * 3600 - 1, 5 * 3600), (10**9, 6 * 3600 - 1, 6 * 3600), (None, 0.9, 1), (0, 0.9, 1)],
)
def test_a_throttled_run_waits_as_long_as_the_error_says(asked, shortest, longest):
    event = put()
    before = timezone.now()
    process(BOX, KIND, fail_with(Throttled("budget", retry_after=asked)))
    event = reloaded(event)
    assert timedelta(seconds=shortest) < event.available_at - before
    assert event.available_at - timezone.now() <= timedelta(seconds=longest)
    assert event.outcome == "throttled"


@pytest.mark.parametrize("error", [Permanent("no"), NeedsUser("you")])
def test_an_error_that_a_retry_cannot_help_makes_the_event_dead_at_once(error):
    event = put()
    process(BOX, KIND, fail_with(error))
    assert reloaded(event).state == "dead"


def test_a_bug_is_retried_and_logged_with_its_traceback_but_stored_without_its_message(caplog):
    event = put()
    process(BOX, KIND, fail_with(KeyError("761.092.776-73")))
    event = reloaded(event)
    assert (event.state, event.error_type, event.error_code) == ("pending", "internal_error", "KeyError")
    assert any(record.exc_info for record in caplog.records)


def test_an_answer_that_breaks_the_contract_is_retried_and_logged_as_an_error(caplog):
    event = put()
    process(BOX, KIND, fail_with(Unexpected("what is this?")))
    assert reloaded(event).state == "pending"
    assert [record.levelname for record in caplog.records if "did not succeed" in record.getMessage()] == ["ERROR"]


def test_an_event_that_kills_its_worker_every_time_ends_as_dead():
    event = put()

    class Killed(BaseException):
        """Simulates SIGKILL: no code runs after it."""

    for _ in range(POLICY.attempts + 1):
        Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        try:
            process(BOX, KIND, fail_with(Killed()))
        except Killed:
            continue
    assert reloaded(event).state == "dead"


def test_an_event_that_failed_several_times_runs_alone():
    events = [put(f"e-{n}") for n in range(3)]
    for _ in range(ALONE_AFTER_ATTEMPTS):
        make_due(*events)
        process(BOX, KIND, fail_with(Temporary("timeout")))
    make_due(*events)
    runs = []
    process(BOX, KIND, lambda batch: runs.append(len(batch.events)) or "done")
    assert runs == [1]


def test_an_event_that_failed_several_times_does_not_join_newer_events():
    """The head of the mailbox may be a fresh event: the bad one must not fail it."""
    fresh, bad, newest = put("fresh"), put("bad"), put("newest")
    Event.objects.filter(pk=bad.pk).update(attempts=ALONE_AFTER_ATTEMPTS)
    runs = []

    def handler(batch):
        runs.append([event.pk for event in batch.events])
        return "done"

    process(BOX, KIND, handler)
    process(BOX, KIND, handler)
    assert runs == [[fresh.pk, newest.pk], [bad.pk]]


def test_many_events_of_one_mailbox_are_processed_in_bounded_runs():
    Event.objects.bulk_create(
        Event(source="t", event_id=str(n), kind=KIND, mailbox=BOX, payload=Event.seal("t", str(n), b"{}"))
        for n in range(BATCH_LIMIT + 1)
    )
    Tally.objects.create(slot=1, accepted=BATCH_LIMIT + 1)
    runs = []
    process(BOX, KIND, lambda batch: runs.append(len(batch.events)) or "done")
    process(BOX, KIND, lambda batch: runs.append(len(batch.events)) or "done")
    assert runs == [BATCH_LIMIT, 1]


def test_a_parked_event_costs_no_attempt_and_runs_after_unpark():
    event = put()
    process(BOX, KIND, fail_with(Park("unknown item")))
    event = reloaded(event)
    assert (event.state, event.outcome, event.attempts) == ("pending", "parked", 0)
    assert event.available_at > timezone.now() + timedelta(seconds=30)
    with transaction.atomic():
        unpark(BOX)
    assert process(BOX, KIND, do_nothing) == "done"


def test_unpark_makes_the_parked_events_of_its_mailbox_due_and_no_others():
    parked, elsewhere = put("parked"), put("elsewhere", mailbox="pluggy:item:2")
    process(BOX, KIND, fail_with(Park("unknown item")))
    process("pluggy:item:2", KIND, fail_with(Park("unknown item")))
    failed = put("failed")
    process(BOX, KIND, fail_with(Temporary("timeout")))
    with transaction.atomic():
        unpark(BOX)
    due = Event.objects.filter(available_at__lte=timezone.now() + timedelta(seconds=1))
    assert [event.pk for event in due] == [parked.pk]
    assert {reloaded(failed).outcome, reloaded(elsewhere).outcome} == {"failed", "parked"}


@pytest.mark.parametrize(("waited", "wait"), [(0, 60), (59, 60), (1800, 1800), (7200, 7200), (36_000, 7200)])
def test_a_parked_event_waits_as_long_again_within_limits(waited, wait):
    event = put()
    before = timezone.now()
    Event.objects.update(received_at=before - timedelta(seconds=waited))
    process(BOX, KIND, fail_with(Park("unknown item")))
    event = reloaded(event)
    took = (timezone.now() - before).total_seconds()
    assert 0 <= (event.available_at - before).total_seconds() - wait <= 2 * took
    assert event.finished_at is None


@pytest.mark.parametrize(("code", "named"), [("NO_SUCH_BANK", "NO_SUCH_BANK"), ("", "item_error")])
def test_the_log_names_a_dead_event_and_why(code, named, caplog):
    event = put()
    process(BOX, KIND, fail_with(Permanent("no", error_type=ErrorType.ITEM_ERROR, code=code)))
    assert f"Event {event.pk} ({KIND}) is dead: {named}." in caplog.text


def test_a_short_retry_after_does_not_shorten_the_backoff():
    event = put()
    Event.objects.update(attempts=5)
    process(BOX, KIND, fail_with(Temporary("429", retry_after=1)))
    assert reloaded(event).available_at > timezone.now() + timedelta(seconds=600)


def test_a_dead_event_has_the_type_and_the_code_of_its_error():
    event = put()
    before = timezone.now()
    process(BOX, KIND, fail_with(Permanent("no", error_type=ErrorType.ITEM_ERROR, code="C" * 100)))
    event = reloaded(event)
    assert (event.state, event.outcome, event.error_type, event.error_code) == ("dead", "dead", "item_error", "C" * 80)
    assert before < event.finished_at <= timezone.now()


def test_an_event_that_succeeds_after_a_failure_has_no_error_any_more():
    event = put()
    process(BOX, KIND, fail_with(Temporary("timeout", code="SITE_NOT_AVAILABLE")))
    make_due(event)
    before = timezone.now()
    process(BOX, KIND, lambda batch: "x" * 50)
    event = reloaded(event)
    assert (event.error_type, event.error_code, event.outcome, event.attempts) == ("", "", "x" * 40, 2)
    assert before < event.finished_at <= timezone.now()


@pytest.mark.parametrize(
    ("error", "level", "text"),
    [
        (Park("unknown item"), "INFO", "waits: Park"),
        (Throttled("budget", retry_after=1), "INFO", "waits: Throttled"),
        (Temporary("timeout", code="SITE_NOT_AVAILABLE"), "WARNING", "did not succeed: SITE_NOT_AVAILABLE"),
        (Permanent("no"), "WARNING", "did not succeed: Permanent"),
    ],
)
def test_an_expected_error_is_one_line_in_the_log_without_a_traceback(error, level, text, caplog):
    caplog.set_level("INFO")
    put()
    process(BOX, KIND, fail_with(error))
    (line,) = [record for record in caplog.records if text in record.getMessage()]
    assert line.levelname == level
    assert not line.exc_info
    assert f"{KIND} for {BOX}" in line.getMessage()


def test_a_mailbox_that_is_claimed_again_is_held_for_a_whole_lease():
    claim(BOX)
    Mailbox.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    before = timezone.now()
    assert claim(BOX).token == 2
    assert Mailbox.objects.get().lease_until > before + timedelta(seconds=LEASE - 1)


def test_a_write_that_fails_halfway_leaves_nothing():
    with contextlib.suppress(KeyError), claim(BOX).write():
        Mailbox.objects.create(key="half")
        raise KeyError
    assert not Mailbox.objects.filter(key="half").exists()


def test_a_worker_that_renews_its_lease_keeps_it():
    put()
    ends = []

    def handler(batch):
        Mailbox.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
        before = timezone.now()
        batch.renew()
        ends.append(Mailbox.objects.get().lease_until - before)
        return "done"

    process(BOX, KIND, handler)
    assert timedelta(seconds=LEASE - 1) < ends[0] < timedelta(seconds=LEASE + 5)


def test_a_finished_run_leaves_the_mailbox_as_if_it_had_never_rung():
    put()
    Mailbox.objects.create(key=BOX, token=5, rung_at=timezone.now())
    process(BOX, KIND, do_nothing)
    box = Mailbox.objects.get()
    # One for the claim, and one that ends the run's right to write.
    assert (box.token, box.rung_at, box.lease_until) == (7, LONG_AGO, LONG_AGO)


def test_after_three_days_a_parked_event_is_finished_as_foreign():
    event = put()
    Event.objects.update(received_at=timezone.now() - PARKED_FOR)
    process(BOX, KIND, fail_with(Park("unknown item")))
    event = reloaded(event)
    assert (event.state, event.outcome) == ("done", "foreign")


def test_an_event_whose_kind_lost_its_handler_is_finished_as_unhandled(settings):
    event = put()
    settings.EVENT_TASKS = {}
    assert process(BOX, None, lambda batch: "unhandled") == "unhandled"
    assert reloaded(event).outcome == "unhandled"


def test_an_emitted_event_exists_if_and_only_if_its_transaction_commits():
    with transaction.atomic():
        emit("transactions.synced", mailbox="connection:1", client=None, payload={"created": 3})
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    with transaction.atomic():
        emit("transactions.synced", mailbox="connection:1", client=None, payload={"created": 3})
    assert Event.objects.get().data == {"created": 3}
    assert (Event.objects.get().depth, Event.objects.get().caused_by) == (0, None)


def test_emitting_outside_a_transaction_is_refused():
    with pytest.raises(transaction.TransactionManagementError):
        emit("transactions.synced", mailbox="connection:1", client=None, payload={})


def test_an_emitted_event_names_its_cause_and_a_loop_of_causes_raises():
    cause = put()
    with transaction.atomic():
        emit("transactions.synced", mailbox="connection:1", client=None, payload={}, caused_by=cause)
    child = Event.objects.get(kind="transactions.synced")
    assert (child.caused_by, child.depth) == (cause.pk, 1)
    assert (child.source, child.mailbox, child.client_id) == ("ponte", "connection:1", None)
    child.depth = DEPTH_LIMIT
    with pytest.raises(TooDeep), transaction.atomic():
        emit("transactions.synced", mailbox="connection:1", client=None, payload={}, caused_by=child)


def test_the_deepest_event_of_a_chain_is_stored_with_its_client():
    cause, client = put(), ClientFactory()
    cause.depth = DEPTH_LIMIT - 1
    with transaction.atomic():
        emit("transactions.synced", mailbox="connection:1", client=client.pk, payload={}, caused_by=cause)
    child = Event.objects.get(kind="transactions.synced")
    assert (child.depth, child.client_id) == (DEPTH_LIMIT, client.pk)


def test_a_lease_is_renewed_and_freed_for_its_own_mailbox_alone():
    ours, other = claim(BOX), claim("other")
    assert ours.token == other.token
    held = Mailbox.objects.get(key="other")
    ours.renew()
    ours.free()
    left = Mailbox.objects.get(key="other")
    assert (left.token, left.lease_until) == (held.token, held.lease_until)
    assert claim("other") is None


def test_a_worker_that_lost_its_lease_frees_nothing():
    ours = claim(BOX)
    Mailbox.objects.update(lease_until=LONG_AGO)
    theirs = claim(BOX)
    with pytest.raises(LeaseLost):
        ours.free()
    assert claim(BOX) is None
    theirs.free()


def test_an_event_whose_mailbox_is_being_written_to_is_not_discarded():
    put()
    Mailbox.objects.create(key=BOX)
    with psycopg.connect(**connection.get_connection_params()) as holder:
        holder.execute("SELECT FROM events_mailbox WHERE key = %s FOR UPDATE", [BOX])
        assert not discard(Event.objects.all())
    assert process(BOX, KIND, lambda batch: "ok") == "ok"


def test_a_failed_event_is_stored_without_writing_its_payload_again():
    put()
    with CaptureQueriesContext(connection) as queries:
        process(BOX, KIND, fail_with(Temporary("timeout")))
    updates = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "events_event"')]
    assert updates
    assert not [sql for sql in updates if "payload" in sql]


def test_a_worker_waits_at_most_two_seconds_for_a_locked_mailbox():
    put()
    inside, leave = threading.Event(), threading.Event()

    def holder():
        with transaction.atomic():
            Mailbox.objects.select_for_update().get(key=BOX)
            inside.set()
            leave.wait(10)
        connection.close()

    Mailbox.objects.create(key=BOX)
    thread = threading.Thread(target=holder)
    thread.start()
    inside.wait(5)
    assert process(BOX, KIND, do_nothing) is None
    leave.set()
    thread.join()
    assert process(BOX, KIND, do_nothing) == "done"


def test_a_worker_whose_clock_is_slow_sees_due_events():
    put()
    with time_machine.travel(timezone.now() - timedelta(minutes=5)):
        assert process(BOX, KIND, do_nothing) == "done"


def test_an_error_after_the_last_commit_does_not_undo_it():
    event = put()

    def handler(batch):
        with batch.finish("synced"):
            pass
        raise RuntimeError("a time limit, a moment too late")

    assert process(BOX, KIND, handler) is None
    event = reloaded(event)
    assert (event.state, event.outcome) == ("done", "synced")


def test_after_finish_nothing_more_can_be_written():
    put()

    def handler(batch):
        with batch.finish("synced"):
            pass
        with pytest.raises(LeaseLost), batch.write():
            pass
        return "synced"

    assert process(BOX, KIND, handler) == "synced"


def test_a_commit_whose_answer_is_lost_does_not_count_as_a_failure(monkeypatch):
    event = put()
    commit = connection._commit

    def handler(batch):
        def lose_the_answer() -> None:
            commit()
            monkeypatch.undo()
            connection.connection.close()
            raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(connection, "_commit", lose_the_answer)
        return "synced"

    with contextlib.suppress(OperationalError):
        process(BOX, KIND, handler)
    connection.close()
    assert reloaded(event).state == "done"
