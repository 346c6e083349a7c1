"""manage.py replay_events makes the chosen events pending again and records who asked for it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.events.accept import Incoming, accept
from apps.events.books import read_books
from apps.events.models import Event, Replay
from apps.events.work import process
from lib.errors import ErrorType, Permanent

pytestmark = pytest.mark.django_db(transaction=True)

KIND, OTHER = "item/updated", "item/deleted"
ASK = ("--actor", "ana", "--reason", "the bank was down")


def put(event_id: str, kind: str = KIND, item: str = "i") -> Event:
    accept(Incoming("pluggy", event_id, kind, f"pluggy:item:{item}", b'{"secret": "of a person"}'))
    return Event.objects.get(event_id=event_id)


def finish(event: Event) -> Event:
    process(event.mailbox, event.kind, lambda batch: "synced")
    event.refresh_from_db()
    assert event.state == "done"
    return event


def bury(event: Event) -> Event:
    def fail(batch):
        raise Permanent("no", error_type=ErrorType.ITEM_ERROR, code="NO")

    process(event.mailbox, event.kind, fail)
    event.refresh_from_db()
    assert event.state == "dead"
    return event


def states() -> dict[str, str]:
    return dict(Event.objects.values_list("event_id", "state"))


def test_dead_events_become_pending_and_the_replay_records_who_asked(capsys):
    bury(put("1", item="a")), finish(put("2", item="b"))
    call_command("replay_events", "--dead", *ASK)
    assert states() == {"1": "pending", "2": "done"}
    audit = Replay.objects.get()
    assert (audit.actor, audit.reason) == ("ana", "the bank was down")
    assert (audit.was_state, audit.was_error_code) == ("dead", "NO")
    assert "1 replayed" in capsys.readouterr().out
    assert read_books().balanced
    finish(Event.objects.get(event_id="1"))


def test_a_dry_run_lists_the_events_without_their_payloads_and_changes_nothing(capsys):
    dead = bury(put("1"))
    call_command("replay_events", "--dead", "--dry-run")
    output = capsys.readouterr().out
    assert f"{dead.pk}" in output
    assert "NO" in output
    assert "1 would be replayed" in output
    assert "of a person" not in output
    assert states() == {"1": "dead"}
    assert not Replay.objects.exists()


def test_since_replays_the_recent_events_of_one_mailbox_even_finished_events():
    old, new, other = finish(put("old")), finish(put("new")), finish(put("other", item="another"))
    Event.objects.filter(pk=old.pk).update(
        received_at=timezone.now() - timedelta(hours=7), finished_at=timezone.now() - timedelta(hours=7)
    )
    call_command("replay_events", "--mailbox", "pluggy:item:i", "--since", "6h", *ASK)
    assert states() == {"old": "done", "new": "pending", "other": "done"}
    assert Replay.objects.get().event_id == new.pk != other.pk


def test_since_goes_by_when_an_event_was_received_not_by_when_it_finished():
    event = finish(put("1"))
    Event.objects.filter(pk=event.pk).update(received_at=timezone.now() - timedelta(days=2))
    with pytest.raises(CommandError, match="Nothing"):
        call_command("replay_events", "--since", "1d", *ASK)


def test_until_leaves_out_what_came_later():
    for hours in (1, 5, 9):
        finish(put(str(hours), item=str(hours)))
        Event.objects.filter(event_id=str(hours)).update(received_at=timezone.now() - timedelta(hours=hours))
    call_command("replay_events", "--kind", KIND, "--until", "4h", *ASK)
    assert states() == {"1": "done", "5": "pending", "9": "pending"}


def test_since_finds_dead_events_too():
    old, new = bury(put("old", item="a")), bury(put("new", item="b"))
    Event.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(hours=7))
    call_command("replay_events", "--since", "6h", *ASK)
    assert states() == {"old": "dead", "new": "pending"}
    assert Replay.objects.get().event_id == new.pk


def test_an_event_must_match_all_conditions():
    first = finish(put("1", KIND)), finish(put("2", OTHER)), finish(put("3", KIND, "another"))
    call_command("replay_events", "--kind", KIND, "--mailbox", "pluggy:item:i", *ASK)
    assert states() == {"1": "pending", "2": "done", "3": "done"}
    with pytest.raises(CommandError, match=f"Not replayed: {first[1].pk}\\."):
        call_command("replay_events", "--id", str(first[1].pk), "--id", str(first[2].pk), "--kind", KIND, *ASK)
    assert states() == {"1": "pending", "2": "done", "3": "pending"}


def test_numbers_leave_out_all_other_events():
    chosen, other = bury(put("1", item="a")), bury(put("2", item="b"))
    call_command("replay_events", "--id", str(chosen.pk), *ASK)
    assert states() == {"1": "pending", "2": "dead"}
    assert Event.objects.get(state="dead") == other


def test_the_limit_takes_the_oldest_events():
    # The youngest finishes first, so that the table does not hold them in their order by chance.
    for event in reversed([put(name, item=name) for name in ("1", "2", "3")]):
        finish(event)
    call_command("replay_events", "--kind", KIND, "--limit", "2", *ASK)
    assert states() == {"1": "pending", "2": "pending", "3": "done"}


def test_many_events_are_replayed_in_batches(monkeypatch):
    from apps.events.management.commands import replay_events

    monkeypatch.setattr(replay_events, "BATCH", 2)
    for number in range(5):
        finish(put(str(number), item=str(number)))
    call_command("replay_events", "--kind", KIND, *ASK)
    assert set(states().values()) == {"pending"}
    assert read_books().balanced


def test_a_pending_event_and_an_unknown_number_are_named_in_the_error():
    waiting, dead = put("1", item="a"), bury(put("2", item="b"))
    with pytest.raises(CommandError, match=f"Not replayed: {waiting.pk}, 999999\\."):
        call_command("replay_events", "--id", str(waiting.pk), "--id", str(dead.pk), "--id", "999999", *ASK)
    assert states() == {"1": "pending", "2": "pending"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say which"),
        (["--until", "1h"], "Say which"),
        (["--dead"], "--actor is needed"),
        (["--dead", "--actor", "  "], "--actor is needed"),
        (["--dead", "--limit", "0", "--actor", "ana"], "--limit"),
        (["--kind", "no/such", "--actor", "ana"], "Nothing"),
        (["--since", "yesterday", "--actor", "ana"], "give 90m, 6h, 3d"),
        (["--since", "2026-13-45T00:00", "--actor", "ana"], "give 90m, 6h, 3d"),
    ],
)
def test_wrong_options_are_refused_and_change_nothing(arguments, message):
    bury(put("1"))
    with pytest.raises(CommandError, match=message):
        call_command("replay_events", *arguments)
    assert states() == {"1": "dead"}
    assert not Replay.objects.exists()
