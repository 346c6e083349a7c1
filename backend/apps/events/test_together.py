"""Mailboxes run together: one transaction for all, and each event as if it had run by itself."""

from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from apps.clients.factories import ClientFactory
from apps.events import bell, ring
from apps.events.books import audit, read_books
from apps.events.emit import emit
from apps.events.kinds import Rules
from apps.events.lease import claim
from apps.events.models import LONG_AGO, Event, Mailbox, Tally
from apps.events.together import finish_together, process_together, write_together
from apps.events.work import LeaseLost, process
from lib.errors import Permanent, Temporary
from plugfn.resilience.retry import RetryPolicy

pytestmark = pytest.mark.django_db(transaction=True)

KIND, OTHER = "letter.requested", "letter.read"
BOXES = [f"letters:{number}" for number in range(5)]
RETRY = RetryPolicy(attempts=4, base=1, cap=25, multiplier=5, jitter=0)


@pytest.fixture(autouse=True)
def _kinds(settings, monkeypatch):
    settings.EVENT_TASKS = {KIND: ("process_letter", "quick"), OTHER: ("process_letter_read", "quick")}
    settings.EVENT_RULES = {KIND: Rules(batch=1, retry=RETRY, strict=True, together=len(BOXES))}
    monkeypatch.setattr(bell, "ring_soon", lambda: None)
    yield
    assert read_books().balanced
    assert audit() == {}


def put(number, mailbox, kind=KIND, client=None):
    with transaction.atomic():
        emit(kind, mailbox=mailbox, client=client, payload={"letter": number})
    # As the ring does before it sends a task.
    Mailbox.objects.get_or_create(key=mailbox)
    return Event.objects.latest("pk")


class Post:
    """What arrived: together and alone. `errors` says which letters do not."""

    def __init__(self, errors=None):
        self.errors = errors or {}
        self.together, self.alone = [], []

    def deliver_together(self, batches):
        with write_together(batches) as held:
            letters = {batch: batch.events[0].data["letter"] for batch in held}
        good = [batch for batch in held if letters[batch] not in self.errors]
        with finish_together(good, "sent") as finished:
            self.together.append([letters[batch] for batch in finished])
        return [(batch, self.deliver) for batch in batches if not batch.finished]

    def deliver(self, batch):
        letter = batch.events[0].data["letter"]
        self.alone.append(letter)
        if letter in self.errors:
            raise self.errors[letter]
        return "sent"

    def run(self, mailboxes=BOXES):
        process_together(mailboxes, KIND, self.deliver_together, self.deliver)
        return self.together, self.alone


def states():
    return [event.state for event in Event.objects.order_by("pk")]


def test_each_mailbox_gives_its_first_event_and_all_of_them_share_their_transactions():
    for number in range(10):
        put(number, BOXES[number % 5])
    with CaptureQueriesContext(connection) as queries:
        assert Post().run() == ([[0, 1, 2, 3, 4]], [])
    assert states() == ["done"] * 5 + ["pending"] * 5
    assert [query["sql"] for query in queries].count("COMMIT") == 3
    assert not Mailbox.objects.exclude(lease_until=LONG_AGO, rung_at=LONG_AGO).exists()
    assert Post().run() == ([[5, 6, 7, 8, 9]], [])
    assert Post().run() == ([], [])


def test_a_mailbox_that_another_worker_holds_or_writes_to_is_left_to_it():
    put(0, BOXES[0]), put(1, BOXES[1]), put(2, BOXES[2])
    with transaction.atomic():
        claim(BOXES[0])
    with connection.copy().cursor() as other:
        other.execute("BEGIN; SELECT FROM events_mailbox WHERE key = %s FOR UPDATE", [BOXES[1]])
        assert Post().run(BOXES[:3]) == ([[2]], [])
        other.execute("ROLLBACK")
        other.connection.close()
    assert states() == ["pending", "pending", "done"]


def test_a_mailbox_runs_alone_whose_first_event_has_failed_or_waits():
    failed, later = put(0, BOXES[0]), put(1, BOXES[0])
    process(BOXES[0], KIND, Post({0: Temporary("away")}).deliver)
    put(2, BOXES[1])
    assert Post().run() == ([[2]], [])
    assert states() == ["pending", "pending", "done"]
    Event.objects.filter(pk__in=[failed.pk, later.pk]).update(available_at=LONG_AGO)
    put(3, BOXES[1])
    assert Post().run() == ([[3]], [0])
    assert Post().run() == ([[1]], [])


def test_an_event_of_another_kind_is_left_to_its_own_task():
    put(0, BOXES[0], OTHER), put(1, BOXES[0]), put(2, BOXES[1])
    assert Post().run() == ([[2]], [])
    assert states() == ["pending", "pending", "done"]


def test_mailboxes_of_two_clients_never_run_together():
    own, other = ClientFactory().pk, ClientFactory().pk
    put(0, BOXES[0], client=own), put(1, BOXES[1], client=other), put(2, BOXES[2], client=own)
    together, alone = Post().run()
    assert {tuple(together[0]), tuple(alone)} in ({(0, 2), (1,)}, {(1,), (0, 2)})


def test_what_one_of_them_meets_concerns_it_alone():
    for number in range(5):
        put(number, BOXES[number])
    together, alone = Post({1: Temporary("away"), 3: Permanent("no such street")}).run()
    assert (together, sorted(alone)) == ([[0, 2, 4]], [1, 3])
    assert states() == ["done", "pending", "done", "dead", "done"]
    assert Event.objects.get(state="pending").attempts == 1


def test_after_an_error_that_concerns_them_all_each_runs_by_itself(caplog):
    post = Post()
    for number in range(3):
        put(number, BOXES[number])

    def fail(batches):
        raise ConnectionError("of a secret place")

    process_together(BOXES, KIND, fail, post.deliver)
    assert sorted(post.alone) == [0, 1, 2]
    assert states() == ["done"] * 3
    assert "3 mailboxes could not run together (ConnectionError)" in caplog.text
    assert "secret" not in caplog.text


def test_one_whose_lease_was_lost_writes_nothing_and_the_others_are_finished():
    for number in range(3):
        put(number, BOXES[number])
    post = Post()

    def taken_over(batches):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE events_mailbox SET lease_until = now() - interval '1 s' WHERE key = %s", [BOXES[1]])
        with transaction.atomic():
            assert claim(BOXES[1]) is not None
        return post.deliver_together(batches)

    process_together(BOXES, KIND, taken_over, post.deliver)
    assert (post.together, post.alone) == ([[0, 2]], [1])
    assert states() == ["done", "pending", "done"]


def test_a_run_that_cannot_store_that_it_is_finished_stores_nothing_of_it():
    put(0, BOXES[0]), put(1, BOXES[1])

    def steal(batches):
        with finish_together(batches, "sent"):
            Tally.objects.create(slot=-5, accepted=0, done=0, purged=0)
            with connection.cursor() as cursor:
                cursor.execute("UPDATE events_mailbox SET token = token + 1 WHERE key = %s", [BOXES[1]])
        return []

    post = Post()
    process_together(BOXES, KIND, steal, post.deliver)
    assert not Tally.objects.filter(slot=-5).exists()
    assert states() == ["done", "done"]
    assert sorted(post.alone) == [0, 1]


def test_an_event_that_killed_its_worker_together_with_others_runs_alone_then():
    for number in range(2):
        put(number, BOXES[number])

    class Killed(BaseException):
        """Simulates SIGKILL: no code runs after it."""

    def die(batches):
        raise Killed

    with pytest.raises(Killed):
        process_together(BOXES, KIND, die, Post().deliver)
    Mailbox.objects.update(lease_until=LONG_AGO)
    together, alone = Post().run()
    assert (together, sorted(alone)) == ([], [0, 1])
    assert states() == ["done", "done"]


LETTERS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["sent", "away", "no"])), min_size=1, max_size=15)


@examples(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LETTERS, st.randoms(use_true_random=False))
def test_whatever_fails_each_mailbox_keeps_its_order_and_nothing_is_lost_or_done_twice(letters, random):
    Event.objects.all().delete(), Mailbox.objects.all().delete(), Tally.objects.all().delete()
    sent, expected = defaultdict(list), defaultdict(list)
    fates = {}
    for number, (box, fate) in enumerate(letters):
        put(number, BOXES[box])
        fates[number] = fate
        if fate != "no":
            expected[BOXES[box]].append(number)
    for _ in range(12 * len(letters)):
        errors = {number: Permanent("no") for number, fate in fates.items() if fate == "no"}
        away = [number for number, fate in fates.items() if fate == "away"]
        errors |= {number: Temporary("away", retry_after=9) for number in away if random.random() < 0.3}
        post = Post(errors)
        for kind, mailboxes in ring.in_tasks(ring._stamp_due()):
            assert kind == KIND
            post.run(mailboxes)
        for number in [each for group in post.together for each in group] + post.alone:
            if number not in errors:
                sent[BOXES[letters[number][0]]].append(number)
        # A retry comes before the attempts are used up.
        Event.objects.filter(state="pending").update(available_at=LONG_AGO, attempts=0)
        Mailbox.objects.update(rung_at=LONG_AGO)
        if not Event.objects.filter(state="pending").exists():
            break
    assert sent == expected


def test_a_lease_that_is_lost_in_the_last_statement_is_an_error():
    put(0, BOXES[0])

    def lose(batches):
        with pytest.raises(LeaseLost), finish_together(batches, "sent"), connection.cursor() as cursor:
            cursor.execute("UPDATE events_mailbox SET token = token + 1")
        return []

    put(1, BOXES[1])
    process_together(BOXES[:2], KIND, lose, Post().deliver)
    assert states() == ["pending", "pending"]


def test_a_task_waits_for_a_moment_that_has_not_come():
    event = put(0, BOXES[0])
    Event.objects.update(available_at=event.available_at + timedelta(hours=1))
    put(1, BOXES[1])
    assert Post().run() == ([[1]], [])
