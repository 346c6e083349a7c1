"""manage.py replay_events: make finished events pending again, and record who asked for it and why."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.events.models import Event
from apps.events.replay import replay
from apps.events.selection import Selection

# Events replayed in one transaction.
BATCH = 200
# Events replayed by one call, unless --limit says otherwise.
LIMIT = 1_000

_AGO = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime:
    """The time `90m`, `6h` or `3d` ago, or a date and time (`2026-11-20T14:00`), in TIME_ZONE if it names no zone."""
    if ago := _AGO.fullmatch(text):
        return timezone.now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        parsed = parse_datetime(text)
    except ValueError:
        parsed = None
    if parsed is None:
        raise ArgumentTypeError("give 90m, 6h, 3d or a date and time such as 2026-11-20T14:00")
    return parsed if timezone.is_aware(parsed) else timezone.make_aware(parsed)


class Command(BaseCommand):
    help = (
        "Replay finished and dead events: they become pending again, and workers process them as if they had just "
        "arrived. An event must match all conditions; give at least one. Use --dry-run first to list the events. "
        "Exits with 1 if no event matches."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", type=int, action="append", default=[], help="the event with this id; repeatable")
        parser.add_argument("--dead", action="store_true", help="only dead events (default: finished events too)")
        parser.add_argument("--mailbox", default="", help="the events of this mailbox, such as pluggy:item:ID")
        parser.add_argument("--kind", default="", help="the events of this kind, such as item/updated")
        parser.add_argument("--since", type=moment, help="received since then: 90m, 6h or 3d ago, or a date and time")
        parser.add_argument("--until", type=moment, help="received before then: 90m, 6h or 3d ago, or a date and time")
        parser.add_argument(
            "--limit", type=int, default=LIMIT, help=f"at most this many, oldest first (default: {LIMIT})"
        )
        parser.add_argument("--dry-run", action="store_true", help="list the events without payloads; change nothing")
        parser.add_argument("--actor", default="", help="your name; stored with each replay")
        parser.add_argument("--reason", default="", help="why you replay them; stored with each replay")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = list(_selection(options).events().defer("payload")[: _limit(options)])
        if not chosen:
            raise CommandError("Nothing matches: no finished or dead event meets all conditions.")
        if options["dry_run"]:
            self._list(chosen)
            return
        if not options["actor"].strip():
            raise CommandError("--actor is needed: give your name, which is stored with each replay.")
        replayed = _replay(chosen, options["actor"].strip(), options["reason"])
        self.stdout.write(f"{replayed} replayed, {len(chosen) - replayed} already pending")
        self._name_missing(options["id"], chosen)

    def _list(self, events: Sequence[Event]) -> None:
        for event in events:
            ended = event.error_code or event.outcome
            received = timezone.localtime(event.received_at).isoformat(timespec="seconds")
            self.stdout.write(
                f"{event.pk:>10}  {received}  {event.state}  {ended:<24} {event.kind:<28} {event.mailbox}"
            )
        self.stdout.write(f"{len(events)} would be replayed")

    def _name_missing(self, ids: Sequence[int], chosen: Sequence[Event]) -> None:
        missing = sorted(set(ids) - {event.pk for event in chosen})
        if missing:
            names = ", ".join(map(str, missing))
            raise CommandError(f"Not replayed: {names}. These do not exist, are pending, or fail another condition.")


def _selection(options: dict[str, Any]) -> Selection:
    selection = Selection(
        ids=tuple(options["id"]),
        dead=options["dead"],
        mailbox=options["mailbox"],
        kind=options["kind"],
        since=options["since"],
        until=options["until"],
    )
    if selection.empty:
        raise CommandError("Say which events: give --id, --dead, --mailbox, --kind or --since.")
    return selection


def _limit(options: dict[str, Any]) -> int:
    limit: int = options["limit"]
    if limit < 1:
        raise CommandError("--limit must be at least 1.")
    return limit


def _replay(events: Sequence[Event], actor: str, reason: str) -> int:
    left, total = iter(events), 0
    while batch := list(islice(left, BATCH)):
        total += replay(batch, actor=actor, reason=reason)
    return total
