"""manage.py replay_events: have finished events worked on once more. Who asked, and why, is kept."""

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

# Events of one transaction.
BATCH = 200
LIMIT = 1_000

_AGO = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime:
    """`90m`, `6h` or `3d` ago, or a date and time (`2026-11-20T14:00`), ours where no zone is given."""
    if ago := _AGO.fullmatch(text):
        return timezone.now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise ArgumentTypeError("give 90m, 6h, 3d or a date and time such as 2026-11-20T14:00")
    return found if timezone.is_aware(found) else timezone.make_aware(found)


class Command(BaseCommand):
    help = (
        "Replay finished events: they become pending again and are worked on as if they had just arrived. Conditions "
        "narrow each other; at least one is needed. --dry-run first says which. Exits with 1 when nothing matches."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", type=int, action="append", default=[], help="a row's number; may be repeated")
        parser.add_argument("--dead", action="store_true", help="dead events only (default: finished ones too)")
        parser.add_argument("--item", default="", help="the events of this item of Pluggy's")
        parser.add_argument("--mailbox", default="", help="the events of one mailbox, by its key")
        parser.add_argument("--kind", default="", help="the events of one kind, such as item/updated")
        parser.add_argument("--since", type=moment, help="received since: 90m, 6h, 3d, or a date and time")
        parser.add_argument("--until", type=moment, help="received before")
        parser.add_argument("--limit", type=int, default=LIMIT, help=f"at most so many, oldest first ({LIMIT})")
        parser.add_argument("--dry-run", action="store_true", help="list them (never what is in them), change nothing")
        parser.add_argument("--actor", default="", help="who asks for it; kept with each event")
        parser.add_argument("--reason", default="", help="why; kept with each event")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = list(_selection(options).events().defer("payload")[: _limit(options)])
        if not chosen:
            raise CommandError("Nothing that is finished or dead matches.")
        if options["dry_run"]:
            self._list(chosen)
            return
        if not options["actor"].strip():
            raise CommandError("--actor is needed: a replay is kept with the name of who asked for it.")
        replayed = _replay(chosen, options["actor"].strip(), options["reason"])
        self.stdout.write(f"{replayed} replayed, {len(chosen) - replayed} waited already")
        self._name_missing(options["id"], chosen)

    def _list(self, events: Sequence[Event]) -> None:
        for event in events:
            ended = event.error_code or event.outcome
            received = timezone.localtime(event.received_at).isoformat(timespec="seconds")
            self.stdout.write(
                f"{event.pk:>10}  {received}  {event.state}  {ended:<24} {event.kind:<28} {event.mailbox}"
            )
        self.stdout.write(f"{len(events)} would be replayed")

    def _name_missing(self, asked: Sequence[int], found: Sequence[Event]) -> None:
        missing = sorted(set(asked) - {event.pk for event in found})
        if missing:
            raise CommandError(f"Not there, or not finished: {', '.join(map(str, missing))}")


def _selection(options: dict[str, Any]) -> Selection:
    if options["item"] and options["mailbox"]:
        raise CommandError("Give --item or --mailbox: an item is a mailbox.")
    selection = Selection(
        ids=tuple(options["id"]),
        dead=options["dead"],
        mailbox=f"pluggy:item:{options['item']}" if options["item"] else options["mailbox"],
        kind=options["kind"],
        since=options["since"],
        until=options["until"],
    )
    if selection.empty:
        raise CommandError("Say which: --id, --dead, --item, --mailbox, --kind or --since.")
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
