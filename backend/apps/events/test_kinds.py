"""The rules of a kind: how many events one run takes, and its own policy of retries."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.utils import timezone

from apps.events import bell
from apps.events.books import audit, read_books
from apps.events.checks import check_handlers
from apps.events.emit import emit
from apps.events.kinds import ALONE_AFTER_ATTEMPTS, BATCH_LIMIT, POLICY, Rules
from apps.events.models import Event
from apps.events.settle import WAIT_LIMIT
from apps.events.work import process
from lib.errors import Temporary, Throttled
from plugfn.resilience.retry import RetryPolicy

pytestmark = pytest.mark.django_db(transaction=True)

KIND, OTHER = "letter.requested", "letter.read"
BOX = "letters:1"
RETRY = RetryPolicy(attempts=4, base=1, cap=25, multiplier=5, jitter=0)


@pytest.fixture(autouse=True)
def _books_balance_after_every_test(settings):
    settings.EVENT_TASKS = {KIND: ("process_letter", "quick"), OTHER: ("process_letter_read", "quick")}
    settings.EVENT_RULES = {KIND: Rules(retry=RETRY)}
    yield
    assert read_books().balanced
    assert audit() == {}


@pytest.fixture
def planned(monkeypatch) -> list[tuple[float, bool]]:
    """The rings that were asked for in some seconds: when, and whether inside a transaction."""
    rings: list[tuple[float, bool]] = []
    monkeypatch.setattr(bell, "ring_in", lambda seconds: rings.append((seconds, connection.in_atomic_block)))
    return rings


def put(number: int = 1, kind: str = KIND) -> Event:
    with transaction.atomic():
        emit(kind, mailbox=BOX, client=None, payload={"letter": number})
    return Event.objects.latest("pk")


def run(error: Exception | None = None, kind: str = KIND) -> list[int]:
    """One run of the task; the letters that it took. Every event that waits is due."""
    Event.objects.filter(state="pending").update(available_at=timezone.now() - timedelta(seconds=1))
    taken: list[int] = []

    def handler(batch):
        taken.extend(event.data["letter"] for event in batch.events)
        if error:
            raise error
        return "sent"

    process(BOX, kind, handler)
    return taken


def wait() -> float:
    return (Event.objects.get().available_at - timezone.now()).total_seconds()


@pytest.mark.parametrize("batch", [1, 2])
def test_one_run_takes_as_many_events_as_the_rules_of_their_kind_say(settings, batch):
    settings.EVENT_RULES = {KIND: Rules(batch=batch)}
    for number in range(3):
        put(number)
    runs = [run() for _ in range(3)]
    assert runs == ([[0], [1], [2]] if batch == 1 else [[0, 1], [2], []])


def test_a_rule_that_takes_several_events_of_several_mailboxes_is_refused():
    with pytest.raises(ImproperlyConfigured, match="set its batch to 1"):
        Rules(batch=2, together=2)


def test_a_kind_without_rules_runs_as_most_do():
    assert Rules() == Rules(batch=BATCH_LIMIT, retry=POLICY, strict=False)
    put(kind=OTHER)
    run(Temporary("away"), OTHER)
    assert 3.9 < wait() < 6


def test_a_kind_with_a_policy_of_its_own_waits_as_that_says_and_is_then_dead(planned):
    put()
    for seconds in (1, 5, 25):
        run(Temporary("away"))
        assert seconds - 0.9 < wait() <= seconds
        at, inside = planned.pop()
        assert seconds - 0.9 < at <= seconds
        assert not inside
    run(Temporary("away"))
    event = Event.objects.get()
    assert (event.state, event.attempts, planned) == ("dead", 4, [])


def test_a_ring_is_planned_for_the_first_of_several_events(planned):
    put(1)
    run(Temporary("away"))
    put(2)
    assert run(Temporary("away")) == [1, 2]
    assert 0 < planned[-1][0] <= 1


def test_no_ring_is_planned_for_a_kind_that_waits_as_most_do(planned):
    put(kind=OTHER)
    run(Temporary("away"), OTHER)
    assert planned == []


@pytest.mark.parametrize(("asked", "expected"), [(0.5, 1), (600, 600), (10**9, WAIT_LIMIT.total_seconds())])
def test_retry_after_is_honoured_beyond_the_cap_of_the_policy_up_to_the_limit(asked, expected):
    put()
    run(Temporary("429", retry_after=asked))
    assert expected - 0.9 < wait() <= expected


def test_a_throttled_run_costs_no_attempt_of_a_short_policy():
    put()
    for _ in range(RETRY.attempts + 2):
        run(Throttled("the breaker is open", retry_after=30))
    event = Event.objects.get()
    assert (event.state, event.attempts, event.outcome) == ("pending", 0, "throttled")


@pytest.mark.parametrize(("attempts", "state"), [(RETRY.attempts - 1, "done"), (RETRY.attempts, "dead")])
def test_an_event_whose_workers_all_died_is_dead_after_the_attempts_of_its_kind(attempts, state):
    put()
    Event.objects.update(attempts=attempts)
    run()
    event = Event.objects.get()
    assert (event.state, event.error_code) == (state, "worker_died" if state == "dead" else "")


def test_the_last_attempt_of_a_short_policy_is_made_alone(settings):
    settings.EVENT_RULES = {KIND: Rules(retry=RetryPolicy(attempts=2, base=1, cap=1, multiplier=1, jitter=0))}
    put(1), put(2)
    assert run(Temporary("away")) == [1, 2]
    put(3)
    assert [run(), run(), run()] == [[1], [2], [3]]
    one_attempt = RetryPolicy(attempts=1, base=0, cap=0, multiplier=1, jitter=0)
    assert [Rules(retry=each).alone_after for each in (one_attempt, RETRY, POLICY)] == [0, 3, ALONE_AFTER_ATTEMPTS]


@pytest.mark.parametrize(
    ("rules", "reason"), [({"batch": 0}, "no event"), ({"strict": True, "batch": 2}, "one by one")]
)
def test_rules_that_make_no_sense_are_refused(rules, reason):
    with pytest.raises(ImproperlyConfigured, match=reason):
        Rules(**rules)
    assert Rules(batch=1, strict=True).strict


def test_rules_for_a_kind_without_a_task_are_reported(settings):
    assert check_handlers() == []
    settings.EVENT_RULES = {KIND: Rules(), "letter.reqested": Rules(batch=1)}
    (message,) = check_handlers()
    assert message.id == "events.E002"
    assert "letter.reqested" in message.msg
