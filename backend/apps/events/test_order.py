"""Strict order: an event of such a kind runs after the earlier ones of its mailbox are done or dead."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from apps.clients.factories import ClientFactory
from apps.events import bell, ring
from apps.events.books import audit, read_books
from apps.events.discard import discard
from apps.events.emit import emit
from apps.events.kinds import Rules
from apps.events.lease import claim
from apps.events.models import LONG_AGO, Event, Mailbox, Tally
from apps.events.replay import replay
from apps.events.work import Park, process, unpark
from lib.errors import Permanent, Temporary, Throttled
from plugfn.resilience.retry import RetryPolicy

pytestmark = pytest.mark.django_db(transaction=True)

STRICT, LOOSE = "letter.requested", "letter.read"
BOX = "letters:1"
RETRY = RetryPolicy(attempts=4, base=1, cap=25, multiplier=5, jitter=0)


@pytest.fixture(autouse=True)
def _kinds(settings):
    settings.EVENT_TASKS = {STRICT: ("process_letter", "quick"), LOOSE: ("process_letter_read", "quick")}
    settings.EVENT_RULES = {STRICT: Rules(batch=1, retry=RETRY, strict=True)}
    yield
    assert read_books().balanced
    assert audit() == {}


@pytest.fixture
def rings(monkeypatch) -> list[bool]:
    """One entry for each ring: whether it came inside a transaction."""
    rung: list[bool] = []
    monkeypatch.setattr(bell, "ring_soon", lambda: rung.append(connection.in_atomic_block))
    return rung


def put(number: int, kind: str = STRICT, mailbox: str = BOX) -> Event:
    with transaction.atomic():
        emit(kind, mailbox=mailbox, client=None, payload={"letter": number})
    return Event.objects.latest("pk")


def run(error: Exception | None = None, kind: str = STRICT) -> list[int]:
    """One run of the task; the letters that it took."""
    taken: list[int] = []

    def handler(batch):
        taken.extend(event.data["letter"] for event in batch.events)
        if error:
            raise error
        return "sent"

    process(BOX, kind, handler)
    return taken


def away(retry_after: float = 60) -> Temporary:
    return Temporary("the post is away", retry_after=retry_after)


def pass_time(seconds: float) -> None:
    Event.objects.filter(state="pending").update(available_at=F("available_at") - timedelta(seconds=seconds))


def times(*events: Event) -> list:
    return [Event.objects.get(pk=event.pk).available_at for event in events]


def test_an_event_is_emitted_with_its_client_and_handled(settings):
    client = ClientFactory()
    with transaction.atomic():
        emit(STRICT, mailbox=BOX, client=client.pk, payload={"letter": 7})
    event = Event.objects.get()
    assert (event.state, event.client, event.mailbox, event.data) == ("pending", client, BOX, {"letter": 7})
    assert run() == [7]


def test_later_events_wait_as_long_as_the_first_and_those_of_other_kinds_and_mailboxes_do_not():
    first, later = put(1), put(2)
    elsewhere, loose = put(3, mailbox="letters:2"), put(4, LOOSE)
    assert run(away()) == [1]
    assert len({*times(first, later)}) == 1
    assert max(times(elsewhere, loose)) < timezone.now() < times(later)[0]
    assert run() == []
    assert run(kind=LOOSE) == [4]
    pass_time(60)
    assert [run(), run(), run()] == [[1], [2], []]


def test_an_event_that_arrives_while_another_waits_is_postponed_once_and_rung_for_no_more():
    first = put(1)
    run(away())
    arrived, loose = put(2), put(3, LOOSE)
    assert ring._stamp_due() == [(BOX, STRICT)]
    assert run() == []
    assert times(arrived) == times(first)
    assert ring._stamp_due() == [(BOX, LOOSE)]
    assert run(kind=LOOSE) == [3]
    assert ring._stamp_due() == []
    assert Event.objects.get(pk=loose.pk).state == "done"


def test_a_task_runs_its_events_although_those_of_a_strict_kind_before_them_must_wait():
    put(1)
    run(away())
    put(2), put(3, LOOSE)
    assert run(kind=LOOSE) == [3]


def test_a_later_event_keeps_a_wait_of_its_own_that_is_longer():
    first = put(1)
    run(Permanent("no such street"))
    second, third = put(2), put(3)
    run(away(3600))
    own = times(second)
    replay([first], actor="ana")
    assert run(away(60)) == [1]
    assert times(second, third) == own * 2
    pass_time(60)
    assert run(Permanent("no such street")) == [1]
    # The third never failed: it is due, but the second comes first.
    assert times(second)[0] > timezone.now() > times(third)[0]
    assert run() == []
    assert times(third) == times(second)


@pytest.mark.parametrize("end", ["done", "dead", "foreign"])
def test_the_later_events_are_due_when_the_first_has_ended_before_its_time(end):
    first, second = put(1), put(2)
    run(Park("no such address"))
    with transaction.atomic():
        unpark(BOX)
    assert times(second)[0] > timezone.now()
    if end == "foreign":
        Event.objects.filter(pk=first.pk).update(received_at=timezone.now() - timedelta(days=3))
    assert run({"done": None, "dead": Permanent("no"), "foreign": Park("no such address")}[end]) == [1]
    assert run() == [2]


def test_the_later_events_are_due_when_the_first_is_discarded(rings):
    first = put(1)
    second, elsewhere = put(2), put(3, mailbox="letters:2")
    run(away())
    pass_time(-60)
    rings.clear()
    assert discard([first]) == 1
    assert rings == [False]
    assert times(second)[0] <= timezone.now() < times(elsewhere)[0]
    assert run() == [2]


def test_discarding_an_event_that_nothing_waits_for_rings_for_nothing(rings):
    first, second, due = put(1), put(2), put(3)
    run(Permanent("no"))
    loose, later = put(4, LOOSE), put(5, LOOSE)
    Event.objects.filter(pk=later.pk).update(available_at=timezone.now() + timedelta(hours=1))
    before = times(due, later)
    rings.clear()
    assert discard([first, second, loose]) == 3
    assert (rings, times(due, later)) == ([], before)


def test_discarding_an_event_in_the_middle_lets_no_later_one_overtake_the_first():
    put(1), (second := put(2)), put(3)
    run(away())
    discard([second])
    assert run() == []
    assert ring._stamp_due() == []
    pass_time(60)
    assert [run(), run()] == [[1], [3]]


def test_a_replayed_event_takes_its_old_place():
    first, second = put(1), put(2)
    assert [run(Permanent("no")), run(Permanent("no"))] == [[1], [2]]
    put(3)
    run(away())
    replay([second], actor="ana")
    replay([first], actor="ana")
    assert [run(), run(), run()] == [[1], [2], []]


def test_a_replayed_event_waits_for_those_before_it_and_for_nothing_more():
    first, newest = put(1), put(2)
    discard([newest])
    run(away())
    replay([newest], actor="ana")
    assert run() == []
    discard([first])
    assert run() == [2]


def test_an_event_replayed_while_a_later_one_runs_does_not_wait_for_that_one():
    first = put(1)
    run(Permanent("no"))
    put(2)

    def handler(batch):
        replay([first], actor="ana")
        raise away()

    process(BOX, STRICT, handler)
    assert [run(), run()] == [[1], []]


def test_an_event_whose_worker_died_runs_before_later_ones():
    put(1), put(2)

    class Killed(BaseException):
        """Simulates SIGKILL: no code runs after it."""

    with pytest.raises(Killed):
        run(Killed())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_mailbox SET lease_until = now() - interval '1 s'")
    assert [run(), run()] == [[1], [2]]


def test_a_failure_and_what_it_postpones_are_stored_together_or_not_at_all():
    first, second = put(1), put(2)
    before = times(first, second)

    def taken_over(batch):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE events_mailbox SET lease_until = now() - interval '1 s'")
        assert claim(BOX) is not None
        raise away()

    process(BOX, STRICT, taken_over)
    assert times(first, second) == before


@pytest.mark.parametrize("error", [None, away()])
def test_a_kind_without_strict_order_costs_no_query_more(error):
    put(1, LOOSE), put(2, LOOSE)
    with CaptureQueriesContext(connection) as queries:
        assert run(error, LOOSE) == [1, 2]
    # The oldest, those like it, the attempts, and the outcome: of all at once, or of each.
    assert sum("events_event" in query["sql"] for query in queries) == (5 if error else 4)


ERRORS = {
    "sent": None,
    "fails": Temporary("away"),
    "must wait": Temporary("429", retry_after=40),
    "throttled": Throttled("budget", retry_after=3),
    "parked": Park("unknown"),
    "dies": Permanent("no"),
}
BOXES = ("letters:1", "letters:2")
STEP = st.one_of(
    st.tuples(st.just("arrive"), st.sampled_from(BOXES), st.sampled_from([STRICT, STRICT, STRICT, LOOSE])),
    st.tuples(st.just("work"), st.sampled_from(sorted(ERRORS))),
    st.tuples(st.just("wait"), st.sampled_from([1, 5, 30, 120])),
    st.tuples(st.sampled_from(["discard", "replay"]), st.integers(0, 9)),
    st.tuples(st.just("unpark"), st.sampled_from(BOXES)),
)


def work(error: Exception | None) -> list[int]:
    """One worker for each mailbox that is rung. The events that ran; each checked that it overtook none."""
    ran: list[int] = []

    def handler(batch):
        for event in batch.events:
            earlier = Event.objects.filter(mailbox=event.mailbox, kind=event.kind, pk__lt=event.pk, state="pending")
            assert event.kind != STRICT or not earlier.exists()
            ran.append(event.pk)
        if error:
            raise error
        return "sent"

    for mailbox, kind in ring._stamp_due():
        process(mailbox, kind, handler)
    return ran


def work_until_nothing_is_due(error: Exception | None) -> None:
    # Each round runs an event, or postpones one for good: it cannot go on for longer than there are events.
    for _ in range(2 * Event.objects.count() + 2):
        work(error)
        if not ring._stamp_due():
            return
        Mailbox.objects.update(rung_at=LONG_AGO)
    raise AssertionError("workers find nothing to do and are rung for again and again")


def take(step) -> None:
    what, *details = step
    match what:
        case "arrive":
            put(1, mailbox=details[0], kind=details[1])
        case "work":
            work(ERRORS[details[0]])
        case "wait":
            pass_time(details[0])
        case "unpark":
            with transaction.atomic():
                unpark(details[0])
        case _:
            chosen = list(Event.objects.order_by("pk"))[details[0] : details[0] + 1]
            discard(chosen) if what == "discard" else replay(chosen, actor="ana")


@examples(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(STEP, min_size=4, max_size=25))
def test_whatever_fails_waits_and_arrives_no_event_overtakes_another_and_none_is_lost(steps):
    Event.objects.all().delete()
    Tally.objects.all().delete()
    for step in steps:
        take(step)
        assert read_books().balanced
    for error in (*ERRORS.values(), None):
        pass_time(7 * 3600)
        work_until_nothing_is_due(error)
    pass_time(7 * 3600)
    work_until_nothing_is_due(None)
    assert not Event.objects.filter(state="pending").exists()
    assert read_books().accepted == sum(step[0] == "arrive" for step in steps)
    assert audit() == {}
